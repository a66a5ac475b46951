//! The one hash: seeded xxh3, whose output for given bytes is specified and frozen.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Changing this changes every fingerprint: it is the version of what a definition means.
const MEANING: u64 = 1;

/// The identity of a definition, 16 hexadecimal digits when shown.
///
/// It covers everything that can change a value: names, kinds, filters, windows, aggregates, defaults,
/// and the version of this crate's rules. It is in every stored state, and two different ones never merge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn of(canonical: &str) -> Self {
        Self(xxh3_64_with_seed(canonical.as_bytes(), MEANING))
    }

    pub(crate) const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// The bare number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Four bytes that a damaged blob does not match.
pub(crate) fn checksum(seed: u64, bytes: &[u8]) -> [u8; 4] {
    (xxh3_64_with_seed(bytes, seed) as u32).to_le_bytes()
}

/// Starting point and step for hashing a key of several parts in memory; never stored.
pub(crate) fn mix(seed: u64, tag: u8, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed.rotate_left(17) ^ u64::from(tag))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_the_frozen_one() {
        assert_eq!(xxhash_rust::xxh3::xxh3_64(b"feature"), 0x061e_a212_90a5_a07a);
    }
}
