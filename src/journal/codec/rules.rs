//! The format of changes to which rules decide, and of what they have come to.
//!
//! Field orders and tags are frozen; see [`super`].

use super::wire::{Reader, Wire, Writer, wire_enum, wire_struct};
use crate::journal::Error;
use crate::ledger::rollout::{Partial, Planned, Reach, Rollout, RulesChange, Signature, Version};

// Tags are never changed and never reused.
wire_enum!(RulesChange, "rules change" {
    100 = Draft { files, by },
    101 = Activate { version, reach, by },
    102 = Rollback { from, to, automatic, by },
    103 = Shadow { version, on, by },
    104 = Plan { version, reach, at, by },
    105 = Unplan { version, by },
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

wire_struct!(Planned { at, version, reach, by });

// What is planned came later, and is kept beside: see the registry.
impl Wire for Rollout {
    fn put(&self, out: &mut Writer<'_>) {
        let Self { versions, in_force, partial, shadow, folder_hash, planned: _ } = self;
        versions.put(out);
        in_force.put(out);
        partial.put(out);
        shadow.put(out);
        folder_hash.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            versions: Wire::take(from)?,
            in_force: Wire::take(from)?,
            partial: Wire::take(from)?,
            shadow: Wire::take(from)?,
            folder_hash: Wire::take(from)?,
            planned: Vec::new(),
        })
    }
}
