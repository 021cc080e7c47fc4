//! Where something was done, as far as it says so: one list of channels for all detectors. It knows no member and no ring.

use crate::ledger::record::{Input, KeyField};
use crate::ledger::terms::Fields;

/// Done where the merchant could see the member: at a till or a counter, so that its device and its address are the shop's.
///
/// What names another channel was not, whatever store it names (who orders ahead, who sends a receipt in from home). What names
/// no channel that is known was where a terminal or an employee is named. A store alone says it of what names no channel and bears
/// no receipt: a receipt says in which store it was printed, wherever it is brought.
pub(super) fn is_in_person(input: &Input) -> bool {
    is_in_person_of(input, Fields::of(input))
}

/// The same of an input that has these fields.
pub(super) fn is_in_person_of(input: &Input, fields: Fields) -> bool {
    let has = |field| fields.has(field);
    match input.key_field(KeyField::Channel).map(smol_str::SmolStr::as_str) {
        Some("web" | "app" | "online" | "mobile" | "phone" | "mail" | "email" | "social" | "marketplace") => false,
        Some("store" | "pos" | "in_store" | "instore" | "kiosk" | "till") => true,
        named => {
            let by_staff = has(KeyField::Terminal) || has(KeyField::Staff);
            by_staff || named.is_none() && has(KeyField::Store) && !has(KeyField::Receipt)
        }
    }
}
