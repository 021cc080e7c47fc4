//! A member and their lots.

use super::Names;
use super::balance::snapshot;
use crate::http::json::Json;
use crate::ledger::member::{Lot, Member};
use crate::ledger::standing::Standing;
use crate::ledger::types::{NameId, TimeMs};

/// Writes a member, settled by `at`.
pub fn member(out: &mut Json, id: &str, member: &Member, names: Names<'_>, at: TimeMs) {
    let profile = &member.profile;
    out.begin_object();
    out.field("member", id);
    out.time_field("enrolled_at", member.enrolled_at);
    out.int_field("last_seq", member.last.get());
    for (key, value) in [
        ("referrer", &profile.referrer),
        ("email_hash", &profile.email_hash),
        ("phone_hash", &profile.phone_hash),
        ("address_hash", &profile.address_hash),
    ] {
        if let Some(value) = value {
            out.field(key, value);
        }
    }
    if let Some(birthday) = profile.birthday {
        let day = format!("{:02}-{:02}", birthday.month, birthday.day);
        out.key("birthday");
        match birthday.year {
            Some(year) => out.prefixed(&format!("{year:04}-"), &day),
            None => out.string(&day),
        }
    }
    out.key("attributes");
    out.begin_object();
    for (name, value) in &profile.attributes {
        out.text_key(name);
        out.string(value);
    }
    out.end_object();
    match member.standing() {
        Some(standing) => of_standing(out, standing),
        None => of_standing(out, &Standing::default()),
    }
    out.key("counters");
    out.begin_object();
    // What caps have given is the ledger's own bookkeeping.
    let of_a_cap = |name: NameId| names.terms.caps.iter().any(|cap| cap.counter == name);
    for counter in member.counters.iter().filter(|counter| !of_a_cap(counter.name)) {
        out.text_key(names.state.name_of(counter.name));
        out.int(counter.ever);
    }
    out.end_object();
    out.key("balance");
    out.begin_object();
    snapshot(out, &member.snapshot(at), names);
    out.end_object();
    out.end_object();
}

/// What few members have: choices, a household, marks of their life cycle.
fn of_standing(out: &mut Json, standing: &Standing) {
    out.key("choices");
    out.begin_object();
    for (name, value) in &standing.choices {
        out.text_key(name);
        out.string(value);
    }
    out.end_object();
    out.key("frozen");
    out.bool(standing.frozen);
    if standing.erased {
        out.key("erased");
        out.bool(true);
    }
    if let Some(into) = &standing.merged_into {
        out.field("merged_into", into);
    }
    if let Some((household, members)) = &standing.household {
        out.key("household");
        out.begin_object();
        out.field("id", household);
        out.key("members");
        out.begin_array();
        for member in members {
            out.string(member);
        }
        out.end_array();
        out.end_object();
    }
}

/// Writes rows of lots into an open array.
pub fn lots(out: &mut Json, rows: &[(NameId, &Lot)], names: Names<'_>, at: TimeMs) {
    for (pool, lot) in rows {
        out.begin_object();
        out.key("lot");
        out.lot_id("lot", lot.id);
        out.field("pool", names.state.name_of(*pool));
        out.int_field("amount", lot.amount.get());
        out.int_field("remaining", lot.remaining.get());
        let for_review = lot.available_at == TimeMs::NEVER;
        out.field(
            "state",
            if for_review {
                "held"
            } else if lot.available_at > at {
                "pending"
            } else {
                "available"
            },
        );
        out.time_field("earned_at", lot.earned_at);
        out.time_field("available_at", lot.available_at);
        out.key("expires_at");
        match lot.expires_at {
            Some(expires) => out.time(expires),
            None => out.null(),
        }
        out.end_object();
    }
}
