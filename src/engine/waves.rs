//! Cutting a block into waves: runs of commands, in order of arrival, that touch no member twice.
//!
//! Within a wave the rules of all commands can run at once, since none can see another's effect; across waves each sees all
//! before it. The outcome is therefore the same as one at a time, however the queue was cut into blocks.

use hashbrown::HashSet;

use super::core::Core;
use super::handle::Command;
use crate::ledger::event::EventKind;
use crate::ledger::types::{MemberKey, ProgramId, Text};

/// Everyone a command may change or read, as far as the command itself says.
pub(super) fn named(program: ProgramId, command: &Command) -> [Option<MemberKey>; 2] {
    let key = |id: &Text| Some(MemberKey { program, id: id.clone() });
    match command {
        Command::Event(event) => {
            let referrer = event.personal.as_deref().and_then(|personal| personal.referrer.as_ref());
            [key(&event.member), referrer.and_then(key)]
        }
        Command::Adjust(adjustment, _) => [key(&adjustment.member), None],
        Command::Transfer(transfer, _) => [key(&transfer.from), key(&transfer.to)],
        Command::List(_) => [None, None],
    }
}

/// The referrer whom a purchase may pay: known only once the member is in memory.
pub(super) fn payee(core: &Core, program: ProgramId, command: &Command) -> Option<MemberKey> {
    let Command::Event(event) = command else { return None };
    if event.kind != EventKind::Purchase || core.compiled(program).terms.referral.is_none() {
        return None;
    }
    let member = core.member(program, &event.member).filter(|member| !member.referral_paid)?;
    member.profile.referrer.as_ref().map(|id| MemberKey { program, id: id.clone() })
}

/// The members of the wave in the making.
#[derive(Debug, Default)]
pub(super) struct Wave {
    touched: HashSet<MemberKey>,
}

impl Wave {
    /// Adds a command's members, or says that one of them is in the wave already and adds none.
    pub(super) fn admit(&mut self, core: &Core, program: ProgramId, command: &Command) -> bool {
        let [first, second] = named(program, command);
        let third = payee(core, program, command);
        if [&first, &second, &third].into_iter().flatten().any(|key| self.touched.contains(key)) {
            return false;
        }
        self.touched.extend([first, second, third].into_iter().flatten());
        true
    }

    pub(super) fn clear(&mut self) {
        self.touched.clear();
    }

    /// The members of the wave.
    pub(super) fn members(&self) -> impl Iterator<Item = &MemberKey> {
        self.touched.iter()
    }
}
