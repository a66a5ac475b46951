//! Owned values with one form each: what a state may keep without saying the same thing in two ways.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;

/// Text; up to 23 bytes are held inline, longer text is shared. Ordered by bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(SmolStr);

impl Text {
    /// Keeps `text`.
    #[inline]
    pub fn new(text: &str) -> Self {
        Self(SmolStr::new(text))
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// A double that is neither NaN nor `-0.0`, so that equal ones are equal bits.
///
/// Deserialising refuses both.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Double(f64);

impl Double {
    /// Takes a double: `-0.0` becomes `0.0`; NaN gives `None`.
    #[inline]
    pub fn new(x: f64) -> Option<Self> {
        (!x.is_nan()).then_some(Self(x + 0.0))
    }

    /// Takes a double that came in through a column and so is plain already.
    #[inline]
    pub(crate) const fn plain(x: f64) -> Self {
        Self(x)
    }

    /// The bare double.
    #[inline]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Double {}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let x = f64::deserialize(from)?;
        if x.is_nan() || (x == 0.0 && x.is_sign_negative()) {
            return Err(serde::de::Error::custom(format!("{x:?} is not kept; NaN is null and -0.0 is 0.0")));
        }
        Ok(Self(x))
    }
}

/// A list of doubles, shared when cloned; every NaN in it is the same NaN and no zero is negative.
///
/// Ordered item by item; a list that is the beginning of another comes before it.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct List(Arc<[f64]>);

impl List {
    /// Keeps `items`.
    pub fn new(items: &[f64]) -> Self {
        Self(items.iter().map(|x| plain(*x)).collect())
    }

    /// How this list compares with a borrowed one.
    pub(crate) fn compare(&self, other: &[f64]) -> Ordering {
        let by_item = self.0.iter().zip(other).map(|(x, y)| x.total_cmp(&plain(*y))).find(|order| order.is_ne());
        by_item.unwrap_or_else(|| self.0.len().cmp(&other.len()))
    }
}

/// One NaN and one zero.
fn plain(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x + 0.0 }
}

impl Deref for List {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.0
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl Eq for List {}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<f64>::deserialize(from)?;
        let list = Self::new(&items);
        if list.iter().zip(&items).any(|(kept, found)| kept.to_bits() != found.to_bits()) {
            return Err(serde::de::Error::custom("a list with a negative zero or an odd NaN is not kept"));
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_not_read_either() {
        for x in [f64::NAN, -f64::NAN, -0.0] {
            assert!(postcard::from_bytes::<Double>(&x.to_le_bytes()).is_err());
        }
        assert_eq!(postcard::from_bytes::<Double>(&1.5f64.to_le_bytes()).unwrap().get(), 1.5);
        let odd = f64::from_bits(0x7ff8_0000_0000_0001);
        assert!(postcard::from_bytes::<List>(&postcard::to_allocvec(&[odd][..]).unwrap()).is_err());
        assert_eq!(List::new(&[odd]), List::new(&[f64::NAN]));
    }
}
