//! The records that the evidence of open cases names: points that came of them are looked at before they move on. Built from
//! records alone, like the [`desk`](super::desk) it belongs to. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::types::{ProgramId, Seq};
use crate::limits::CLAW_BACK_RECORDS_MAX;

/// What one case names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The case.
    pub case: Seq,
    /// Whose program.
    pub program: ProgramId,
    /// The records, sorted, so many as a claw-back looks at; none once the case is closed.
    pub records: Vec<Seq>,
}

/// What all open cases name.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspects {
    cases: BTreeMap<Seq, Arc<Named>>,
    /// The same by record: which cases name it.
    by_record: BTreeSet<(Seq, Seq)>,
    touched: BTreeMap<Seq, Arc<Named>>,
}

impl Suspects {
    pub(super) fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    /// The cases that name a record.
    pub(super) fn cases(&self, record: Seq) -> impl Iterator<Item = Seq> + '_ {
        self.by_record.range((record, Seq::ZERO)..).take_while(move |(of, _)| *of == record).map(|(_, case)| *case)
    }

    /// A case names more.
    pub(super) fn name(&mut self, (case, program): (Seq, ProgramId), records: impl Iterator<Item = Seq>) {
        for seq in records {
            let named =
                self.cases.entry(case).or_insert_with(|| Arc::new(Named { case, program, records: Vec::new() }));
            let Err(at) = named.records.binary_search(&seq) else { continue };
            if named.records.len() >= CLAW_BACK_RECORDS_MAX {
                return;
            }
            Arc::make_mut(named).records.insert(at, seq);
            self.by_record.insert((seq, case));
            self.touched.insert(case, Arc::clone(named));
        }
    }

    /// A case is closed.
    pub(super) fn forget(&mut self, case: Seq) {
        let Some(named) = self.cases.remove(&case) else { return };
        for seq in &named.records {
            self.by_record.remove(&(*seq, case));
        }
        self.touched.insert(case, Arc::new(Named { case, program: named.program, records: Vec::new() }));
    }

    /// The rows that changed since this was asked last, as they are now.
    pub(super) fn take_touched(&mut self) -> Vec<Arc<Named>> {
        std::mem::take(&mut self.touched).into_values().collect()
    }

    /// Puts in a row that was read from disk.
    pub(super) fn restore(&mut self, named: Arc<Named>) {
        if !named.records.is_empty() {
            self.by_record.extend(named.records.iter().map(|seq| (*seq, named.case)));
            self.cases.insert(named.case, named);
        }
    }

    /// Every row of an open case.
    pub(super) fn iter(&self) -> impl Iterator<Item = Arc<Named>> + '_ {
        self.cases.values().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(suspects: &Suspects, record: u64) -> Vec<u64> {
        suspects.cases(Seq::new(record)).map(Seq::get).collect()
    }

    #[test]
    fn what_two_cases_name_stays_named_until_both_are_closed_and_rows_bring_it_back() {
        let program = ProgramId::new(0);
        let mut suspects = Suspects::default();
        suspects.name((Seq::new(10), program), [3, 5, 3].into_iter().map(Seq::new));
        suspects.name((Seq::new(12), program), [5, 9].into_iter().map(Seq::new));
        assert_eq!((of(&suspects, 3), of(&suspects, 5), of(&suspects, 4)), (vec![10], vec![10, 12], vec![]));

        let mut again = Suspects::default();
        for row in suspects.take_touched() {
            again.restore(row);
        }
        assert_eq!(again.by_record, suspects.by_record);
        assert!(suspects.take_touched().is_empty());

        suspects.forget(Seq::new(10));
        assert_eq!((of(&suspects, 3), of(&suspects, 5)), (vec![], vec![12]));
        let mut later = Suspects::default();
        for row in suspects.take_touched() {
            assert_eq!((row.case, row.records.len()), (Seq::new(10), 0), "the row of a closed case names nothing");
            later.restore(row);
        }
        assert!(later.is_empty());
        suspects.forget(Seq::new(12));
        assert!(suspects.is_empty());
    }
}
