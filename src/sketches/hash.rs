//! How a value becomes 64 bits.

use serde::{Deserialize, Deserializer, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, Result};
use crate::value::ValueRef;

/// The one way values are hashed so far.
const ID: u8 = 1;
/// 2^64 over the golden ratio: moves the seed far from itself for each kind of value.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes values for sketches: the same value gives the same 64 bits on every machine and in every version.
///
/// Two sketches can be merged only if their hashes are the same; the id and the seed are in a sketch's bytes.
/// A seed nobody else knows keeps an adversary from choosing values that collide.
///
/// # Format
/// Hash 1 is `xxh3_64(payload, seed + tag * 0x9e3779b97f4a7c15)`, wrapping, over
///
/// | value | tag | payload |
/// | --- | ---: | --- |
/// | bool | 1 | one byte, 0 or 1 |
/// | i64 | 2 | 8 bytes, little-endian |
/// | f64 | 3 | the 8 bytes of its bits, little-endian; `-0.0` as `0.0`, every NaN as `0x7ff8000000000000` |
/// | string | 4 | its UTF-8 bytes |
/// | timestamp | 5 | its microseconds as an i64 |
/// | list | 6 | its doubles one after another |
/// | null | 7 | nothing |
///
/// So `5` and `5.0` are two values; a definition's columns have one kind, so this never shows there.
///
/// # Examples
/// ```
/// use skewless::sketches::ValueHash;
/// assert_eq!(ValueHash::new(0).hash("feature"), ValueHash::new(0).hash("feature"));
/// assert_ne!(ValueHash::new(0).hash(5i64), ValueHash::new(0).hash(5.0));
/// assert_ne!(ValueHash::new(0).hash("feature"), ValueHash::new(1).hash("feature"));
/// ```
///
/// # Source
/// XXH3, whose output for given bytes is frozen since XXH 0.8.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueHash {
    seed: u64,
}

impl ValueHash {
    /// The hash with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The hash of one value.
    #[inline]
    pub fn hash<'a>(self, value: impl Into<ValueRef<'a>>) -> u64 {
        match value.into() {
            ValueRef::Bool(x) => self.bytes(1, &[u8::from(x)]),
            ValueRef::I64(x) => self.bytes(2, &x.to_le_bytes()),
            ValueRef::F64(x) => self.bytes(3, &plain(x).to_le_bytes()),
            ValueRef::Str(x) => self.bytes(4, x.as_bytes()),
            ValueRef::Time(x) => self.bytes(5, &x.as_micros().to_le_bytes()),
            ValueRef::List(x) => self.list(x),
            ValueRef::Null | ValueRef::Other(_) => self.bytes(7, &[]),
        }
    }

    #[inline]
    fn bytes(self, tag: u64, payload: &[u8]) -> u64 {
        xxh3_64_with_seed(payload, self.seed.wrapping_add(tag.wrapping_mul(STEP)))
    }

    #[cold]
    fn list(self, items: &[f64]) -> u64 {
        let payload: Vec<u8> = items.iter().flat_map(|x| plain(*x).to_le_bytes()).collect();
        self.bytes(6, &payload)
    }

    /// Succeeds if `other` is the same hash.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch): seed 0 with seed 0 is accepted, with seed 1 not.
    pub(crate) fn check_same(self, other: Self) -> Result<()> {
        if self == other {
            return Ok(());
        }
        Err(Error::mismatch(format!("sketches hash differently: seed {} and seed {}", self.seed, other.seed)))
    }
}

/// The bits of a double, with one zero and one NaN.
#[inline]
fn plain(x: f64) -> u64 {
    if x.is_nan() { 0x7ff8_0000_0000_0000 } else { (x + 0.0).to_bits() }
}

impl Serialize for ValueHash {
    /// The id of the hash, then the seed.
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        (ID, self.seed).serialize(to)
    }
}

impl<'de> Deserialize<'de> for ValueHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let (id, seed) = <(u8, u64)>::deserialize(from)?;
        if id != ID {
            return Err(serde::de::Error::custom(format!("hash {id} is not known here; this version knows {ID}")));
        }
        Ok(Self { seed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_hash_of_each_kind_is_the_documented_one() {
        let hash = ValueHash::new(42);
        let by_hand = |tag: u64, bytes: &[u8]| xxh3_64_with_seed(bytes, 42u64.wrapping_add(tag.wrapping_mul(STEP)));
        assert_eq!(hash.hash(true), by_hand(1, &[1]));
        assert_eq!(hash.hash(-2i64), by_hand(2, &(-2i64).to_le_bytes()));
        assert_eq!(hash.hash(1.5), by_hand(3, &1.5f64.to_bits().to_le_bytes()));
        assert_eq!(hash.hash("ab"), by_hand(4, b"ab"));
        assert_eq!(hash.hash(Timestamp::clamped(7)), by_hand(5, &7i64.to_le_bytes()));
        assert_eq!(hash.hash(&[1.0, 2.0][..]), by_hand(6, &[1f64.to_le_bytes(), 2f64.to_le_bytes()].concat()));
        assert_eq!(hash.hash(ValueRef::Null), by_hand(7, b""));
    }

    #[test]
    fn zeros_are_one_value_and_so_are_nans() {
        let hash = ValueHash::default();
        assert_eq!(hash.hash(0.0), hash.hash(-0.0));
        assert_eq!(hash.hash(f64::NAN), hash.hash(-f64::NAN));
    }
}
