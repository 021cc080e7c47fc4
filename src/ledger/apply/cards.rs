//! Applying stamps: marks on cards, full cards that wait with their reward, and stamps that go back.
//!
//! What a card shows and how it came to it are kept apart: records of the first version know only the count.

use super::super::calendar::Day;
use super::super::member::{CardState, Member};
use super::super::provenance::{Cycle, Mark};
use super::super::record::Effect;
use super::super::types::{LotId, NameId, TimeMs};
use super::When;

/// Stamps without detail, as records of the first version give them.
pub(super) fn stamp(member: &mut Member, card: NameId, count: u32, (of, stamps, day): (u32, u32, Day), at: TimeMs) {
    let known = card_mut(member, card);
    known.of = of;
    known.stamps = stamps;
    if count == 0 {
        return;
    }
    known.last_at = known.last_at.max(Some(at));
    if day > known.day || known.day_count == 0 {
        known.day = day;
        known.day_count = count;
    } else if day == known.day {
        known.day_count += count;
    }
}

/// Stamps with detail: those owed are paid first, the rest go on the card, and full cards become cycles.
pub(super) fn punch(member: &mut Member, effect: &Effect, when: When) {
    let Effect::Punch { card, day, of, marks, repaid, filled, stamps, .. } = effect else { return };
    let count = u32::try_from(marks.len()).expect("stamps of one record are bounded");
    stamp(member, *card, count, (*of, *stamps, *day), when.occurred_at);
    let standing = member.standing.get_or_insert_default();
    if *repaid > 0 {
        let owed = standing.stamps_owed.iter_mut().find(|(name, _)| name == card).expect("stamps repaid were owed");
        owed.1 = owed.1.checked_sub(*repaid).expect("no more is repaid than is owed");
        standing.stamps_owed.retain(|(_, owed)| *owed > 0);
    }
    for (index, of) in (0u16..).zip(marks).skip(usize::try_from(*repaid).unwrap_or(usize::MAX)) {
        standing.marks.push(Mark { card: *card, id: LotId { seq: when.seq, index }, of: *of });
    }
    for grant in filled {
        let mut left = *of;
        let mut taken = Vec::new();
        standing.marks.retain(|mark| {
            let take = mark.card == *card && left > 0;
            if take {
                left -= 1;
                taken.push(*mark);
            }
            !take
        });
        standing.cycles.push(Cycle { grant: LotId { seq: when.seq, index: *grant }, marks: taken });
    }
}

/// Stamps that leave a card, or are owed because they were spent; and cards that are open again.
pub(super) fn unpunch(member: &mut Member, effect: &Effect) {
    let Effect::Unpunch { card, marks, owed, reopened, stamps, .. } = effect else { return };
    card_mut(member, *card).stamps = *stamps;
    let standing = member.standing.get_or_insert_default();
    for grant in reopened {
        if let Some(at) = standing.cycles.iter().position(|cycle| cycle.grant == *grant) {
            let cycle = standing.cycles.remove(at);
            standing.marks.splice(0..0, cycle.marks);
        }
    }
    standing.marks.retain(|mark| mark.card != *card || !marks.contains(&mark.id));
    if *owed > 0 {
        match standing.stamps_owed.iter_mut().find(|(name, _)| name == card) {
            Some((_, known)) => *known += *owed,
            None => standing.stamps_owed.push((*card, *owed)),
        }
    }
}

fn card_mut(member: &mut Member, card: NameId) -> &mut CardState {
    let index = member.cards.iter().position(|known| known.card == card).unwrap_or_else(|| {
        member.cards.push(CardState { card, ..CardState::default() });
        member.cards.len() - 1
    });
    member.cards.get_mut(index).expect("found or made")
}
