//! A count and an exact sum: what sums and means are read off.

use serde::{Deserialize, Serialize};

use super::ExactSum;

/// How many values, and their exact sum.
///
/// A group like its parts: adding and removing, merging and order never show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    count: u64,
    sum: ExactSum,
}

impl Tally {
    /// No values.
    pub const fn new() -> Self {
        Self { count: 0, sum: ExactSum::new() }
    }

    /// Adds a value; NaN is ignored.
    #[inline]
    pub fn add(&mut self, x: f64) {
        if !x.is_nan() {
            // Wrapping keeps the group laws even for counts made up by hostile bytes.
            self.count = self.count.wrapping_add(1);
            self.sum.add(x);
        }
    }

    /// Takes a value back out; NaN is ignored.
    #[inline]
    pub fn remove(&mut self, x: f64) {
        if !x.is_nan() {
            self.count = self.count.wrapping_sub(1);
            self.sum.remove(x);
        }
    }

    /// Adds all values of another tally.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum.merge(&other.sum);
    }

    /// How many values are in; zero while more were taken out than put in.
    pub fn count(&self) -> u64 {
        // A count below zero has wrapped.
        if i64::try_from(self.count).is_ok() { self.count } else { 0 }
    }

    /// The exact sum.
    pub const fn sum(&self) -> &ExactSum {
        &self.sum
    }

    /// The sum rounded once; `None` for infinities of both signs. 0 when empty.
    pub fn value(&self) -> Option<f64> {
        self.sum.value()
    }

    /// The mean rounded once; `None` when empty, for infinities of both signs, and while more values were taken out
    /// than put in.
    pub fn mean(&self) -> Option<f64> {
        self.sum.mean(self.count())
    }
}
