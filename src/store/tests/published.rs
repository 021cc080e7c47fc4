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
    let views = Views::new(10);
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

#[test]
fn only_what_the_store_has_is_forgotten() {
    let views = Views::new(100);
    for n in 1..=150 {
        views.publish(member(&format!("m{n}")), at(n));
    }
    assert_eq!(views.shrink(Seq::new(0)), 0);
    assert_eq!(views.len(), 150);
    let forgotten = views.shrink(Seq::new(120));
    assert_eq!((forgotten, views.len()), (60, 90));
    for n in 121..=150 {
        assert!(views.get(&member(&format!("m{n}"))).is_some(), "{n}");
    }
    assert_eq!(views.shrink(Seq::new(150)), 0);
}
