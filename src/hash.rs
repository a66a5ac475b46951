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

/// What whole files are compared by: xxh3_64 of their bytes, 16 hexadecimal digits when shown.
///
/// Finds damage, not forgery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Checksum(u64);

impl Checksum {
    /// The checksum of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_64_with_seed(bytes, 0))
    }
}

/// Shows and stores a 64-bit hash as sixteen hexadecimal digits.
macro_rules! shown_in_hex {
    ($($type:ident),+) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                read_hex(from).map(Self)
            }
        }
    )+};
}

shown_in_hex!(Fingerprint, Checksum);

/// Sixteen lowercase hexadecimal digits.
fn read_hex<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = <String as serde::Deserialize>::deserialize(from)?;
    let good = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = u64::from_str_radix(&text, 16).ok().filter(|_| good);
    number.ok_or_else(|| serde::de::Error::custom(format!("found `{text}`, expected 16 hexadecimal digits")))
}

/// What names a batch view in each of its records.
pub(crate) fn tag(view: &str) -> u64 {
    xxh3_64_with_seed(view.as_bytes(), MEANING)
}

/// Where the checksum of one entity's record starts.
pub(crate) fn seed(bytes: &[u8], tag: u64) -> u64 {
    xxh3_64_with_seed(bytes, tag)
}

/// Four bytes that a damaged blob does not match.
pub(crate) fn checksum(seed: u64, bytes: &[u8]) -> [u8; 4] {
    (xxh3_64_with_seed(bytes, seed) as u32).to_le_bytes()
}

/// Spreads the bits of a number over all of a hash; never stored.
#[inline]
pub(crate) fn fold(bits: u64) -> u64 {
    let product = u128::from(bits ^ 0x9e37_79b9_7f4a_7c15) * 0xe703_7ed1_a0b4_28db;
    (product >> 64) as u64 ^ product as u64
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
