//! Who is known with which identifiers, for whoever asks: read from rings and clusters in block order, so that an answer is never
//! ahead of the sync. It decides nothing.

use std::sync::Arc;

use super::Error;
use super::cache::Cache;
use super::handle::{Handle, Request, SubmitError};
use super::pipeline::Pipeline;
use crate::fraud::identity::ring_key;
use crate::ledger::clusters::{Cluster, Hub};
use crate::ledger::kin::fingerprint;
use crate::ledger::record::KeyField;
use crate::ledger::types::{MemberKey, ProgramId, Seq, Text, TimeMs};
use crate::limits::LIST_LIMIT_MAX;

/// Members seen with an identifier, newest first: fingerprint, the record that saw them, and when.
pub type SeenWith = Vec<(i64, Seq, TimeMs)>;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct KinQuestion {
    /// Whose cluster.
    pub member: Option<Text>,
    /// Who is known with these identifiers.
    pub idents: Vec<(KeyField, Text)>,
    /// Whether the program's hubs are wanted.
    pub hubs: bool,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct KinView {
    /// The member's cluster.
    pub cluster: Option<Arc<Cluster>>,
    /// For each identifier asked for: who is known with it.
    pub seen: Vec<SeenWith>,
    /// The program's hubs, the first ones.
    pub hubs: Vec<Hub>,
}

impl Handle {
    /// Who is tied to whom.
    ///
    /// # Errors
    /// Where the engine has stopped or is overloaded.
    pub async fn kin(&self, program: ProgramId, question: KinQuestion) -> Result<KinView, SubmitError> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.send(Request::Kin { program, question, reply })?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }
}

impl Pipeline {
    /// Answers who is tied to whom.
    pub(super) fn kin(&mut self, program: ProgramId, question: &KinQuestion) -> Result<KinView, Error> {
        let keys: Vec<_> =
            question.idents.iter().map(|(kind, value)| ring_key(program, *kind, value.clone())).collect();
        Cache::fetch_rings(&mut self.core, &self.shared.store, keys.iter().cloned())?;
        let seen = keys.iter().map(|key| {
            let mut with: SeenWith = Vec::new();
            for entry in self.core.rings.get(key).into_iter().flat_map(|ring| ring.entries().rev()) {
                if !with.iter().any(|(member, ..)| *member == entry.value) {
                    with.push((entry.value, entry.seq, entry.at));
                }
            }
            with
        });
        let seen = seen.collect();
        let clusters = &self.core.state.desk.clusters;
        let cluster = question.member.as_ref().and_then(|id| clusters.of(program, fingerprint(id))).cloned();
        let hubs =
            if question.hubs { clusters.hubs(program).take(LIST_LIMIT_MAX).cloned().collect() } else { Vec::new() };
        Ok(KinView { cluster, seen, hubs })
    }

    /// Brings the friends of a referrer into memory whom a purchase may have paid: what they did since says what to think of
    /// the next one.
    pub(super) fn fetch_friends(&mut self, referrer: &MemberKey) -> Result<(), Error> {
        let program = referrer.program;
        let kin = self.core.state.member(referrer).and_then(|member| member.kin.as_deref());
        let friends = kin.map_or(&[][..], |kin| kin.friends.as_slice());
        let keys: Vec<MemberKey> =
            friends.iter().map(|friend| MemberKey { program, id: friend.member.clone() }).collect();
        if keys.is_empty() {
            return Ok(());
        }
        self.cache.fetch_members(&mut self.core, &self.shared.store, keys.into_iter())
    }
}

#[cfg(test)]
mod tests;
