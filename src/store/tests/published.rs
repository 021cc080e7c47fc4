//! The published views.

use super::super::views::Views;
use super::member;
use crate::ledger::member::Member;
use crate::ledger::types::Seq;
use std::sync::Arc;

fn at(last: u64) -> Arc<Member> {
    Arc::new(Member { last: Seq::new(last), ..Member::default() })
}

#[test]
fn the_latest_state_is_published() {
    let views = Views::default();
    let ann = member("ann");
    assert!(views.get(&ann).is_none() && views.is_empty());
    views.publish(ann.clone(), at(5));
    views.publish(ann.clone(), at(7));
    views.publish(ann.clone(), at(6));
    assert_eq!(views.get(&ann).unwrap().last, Seq::new(7));
    assert_eq!(views.len(), 1);
    views.remove(&ann);
    assert!(views.get(&ann).is_none());
}
