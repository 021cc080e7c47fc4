//! What scripts add to a record that is decided: what they give for a redemption, a tier that has changed, a schedule that came
//! round. They are asked outside; here their intents become effects of the same record, on the member as it left them.

use super::super::apply::apply_to_member;
use super::super::event::{Context, Event, EventKind};
use super::super::member::Member;
use super::super::proposal::Proposal;
use super::super::record::{Record, ScriptFault, Status};
use super::super::reject::Reject;
use super::super::types::{MemberKey, Text, TimeMs};
use super::event::Work;
use super::schedule::next_index;
use super::{Books, Draft};

/// The member a record is about first, as the record would leave them; nothing where it is about nobody.
#[must_use]
pub fn left(books: &Books<'_>, record: &Record) -> Option<Member> {
    let party = record.parties.first()?;
    let key = MemberKey { program: books.program, id: party.member.clone() };
    let mut member = books.state.member(&key).map_or_else(Member::default, |member| (**member).clone());
    apply_to_member(&mut member, record, 0, false);
    Some(member)
}

/// Adds what scripts ask for because of a posted record. What would pass the largest amount is left out, and the record says so:
/// what happened is not refused for a gift.
pub fn scripted(books: &Books<'_>, record: &mut Record, mut proposal: Proposal) {
    record.operations = record.operations.saturating_add(proposal.operations);
    record.faults.append(&mut proposal.faults);
    let raised = proposal.raised.iter().map(|reason| reason.verdict);
    record.fraud.verdict = raised.fold(record.fraud.verdict, Ord::max);
    record.fraud.reasons.append(&mut proposal.raised);
    if record.status != Status::Posted || proposal.intents.is_empty() {
        return;
    }
    let Some(member) = left(books, record) else { return };
    let at = record.occurred_at;
    match follow(books, (&member, at), record, &proposal) {
        Ok(draft) => {
            record.effects.extend(draft.effects);
            record.clipped.extend(draft.clipped);
        }
        Err(reject) => {
            let message = format!("what the scripts gave was left out: {reject}");
            record.faults.push(ScriptFault { at: Text::new_static("scripts"), message });
        }
    }
}

/// The effects of intents beside an event.
fn follow(
    books: &Books<'_>,
    (member, at): (&Member, TimeMs),
    record: &Record,
    proposal: &Proposal,
) -> Result<Draft, Reject> {
    let id = record.parties.first().map_or_else(Text::default, |party| party.member.clone());
    let event = moment(id, at);
    let (day, status, earned_at) = (books.terms.zone.day(at), Status::Posted, at);
    let work = Work { books, event: &event, member: Some(member), day, status, earned_at };
    let mut draft = Draft { next_index: next_index(&record.effects), ..Draft::default() };
    draft.keep_days(books, (0, member));
    work.follow(&mut draft, &proposal.intents)?;
    work.move_tier(&mut draft);
    Ok(draft)
}

/// An instant of a member's, told as an event without anything else.
fn moment(member: Text, at: TimeMs) -> Event {
    Event {
        id: Text::default(),
        source: Text::default(),
        kind: EventKind::Custom(Text::default()),
        member,
        occurred_at: at,
        order: None,
        currency: None,
        given_amount: None,
        items: Vec::new(),
        tenders: Vec::new(),
        context: Context::default(),
        membership: None,
        personal: None,
        attributes: Vec::new(),
    }
}
