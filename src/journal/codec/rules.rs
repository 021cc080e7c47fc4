//! The format of changes to which rules decide, and of what they have come to.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{wire_enum, wire_struct};
use crate::ledger::rollout::{Partial, Reach, Rollout, RulesChange, Signature, Version};

// Tags are never changed and never reused.
wire_enum!(RulesChange, "rules change" {
    100 = Draft { files, by },
    101 = Activate { version, reach, by },
    102 = Rollback { from, to, automatic, by },
    103 = Shadow { version, on, by },
});

// Tags are never changed and never reused.
wire_enum!(Reach, "reach" {
    100 = All,
    101 = Share(share),
    102 = Stores(stores),
});

wire_struct!(Signature { author, message });

wire_struct!(Version { version, hash, seq, created_at, from_folder, by, activated_at, left });

wire_struct!(Partial { version, reach });

wire_struct!(Rollout { versions, in_force, partial, shadow, folder_hash });
