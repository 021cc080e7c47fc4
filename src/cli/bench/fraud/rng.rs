//! Chance from a seed: `SplitMix64`, the same numbers on every machine. It is no secret and no statistics: it makes lives differ.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of a name and a number below a seed: each actor has one of its own, so that one more of them changes nobody
    /// else.
    pub fn new(seed: u64, name: &str, number: u64) -> Self {
        let named = name.bytes().fold(seed, |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(named ^ mix(number)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        finish(self.0)
    }

    /// A number from 0 to `end`, `end` not included; 0 where `end` is not above it.
    pub fn below(&mut self, end: i64) -> i64 {
        let Some(end) = u64::try_from(end).ok().filter(|end| *end > 0) else { return 0 };
        // The excess of the low numbers is one in 2^40 for the small numbers that are asked for.
        i64::try_from(self.next() % end).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

fn mix(number: u64) -> u64 {
    finish(number.wrapping_add(0x9E37_79B9_7F4A_7C15))
}

/// The finalizer of `SplitMix64`: every bit of the input changes half of the output's.
const fn finish(number: u64) -> u64 {
    let a = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}
