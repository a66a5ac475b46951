//! Sums that lose half their weight every half-life, and yet depend on no order.

use serde::{Deserialize, Deserializer, Serialize};

use crate::exact::{ExactSum, Tally};
use crate::math::{exp2, scale};

/// Exact sums by half-life: each value weighted by how far into its half-life it came.
///
/// With `t = q * half_life + r`, a value enters the sum of `q` as `value * 2^(r / half_life - 1)`, rounded, with a
/// weight from a half to 1. What was rounded depends on the event alone and the sums are exact, so the order
/// does not show. All weights are brought to the moment asked for only when read. Kept are
/// the half-life of the latest event and the `keep - 1` before it, which depends on the set of events alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Decay(Vec<(i64, Tally)>);

impl Decay {
    /// No values.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many half-lives are kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing came in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all that is kept lies within `keep` half-lives.
    pub(crate) fn fits(&self, keep: i64) -> bool {
        let full = self.0.iter().all(|(_, sum)| sum.count() > 0);
        full && match (self.0.first(), self.0.last()) {
            (Some((first, _)), Some((last, _))) => last.checked_sub(*first).is_some_and(|span| span < keep),
            _ => true,
        }
    }

    /// Adds a value at a moment.
    #[inline]
    pub(crate) fn add(&mut self, at: i64, value: f64, half_life: i64, keep: i64) {
        let (period, weight) = split(at, half_life);
        if self.0.last().is_some_and(|(last, _)| last.saturating_sub(period) >= keep) {
            return;
        }
        let place = match self.0.binary_search_by_key(&period, |(known, _)| *known) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (period, Tally::new()));
                place
            }
        };
        if let Some((_, sum)) = self.0.get_mut(place) {
            sum.add(value * weight);
        }
        self.cut(keep);
    }

    /// Merges other sums in.
    pub(crate) fn merge(&mut self, other: &Self, keep: i64) {
        for (period, sum) in &other.0 {
            match self.0.binary_search_by_key(period, |(known, _)| *known) {
                Ok(place) => {
                    if let Some((_, into)) = self.0.get_mut(place) {
                        into.merge(sum);
                    }
                }
                Err(place) => self.0.insert(place, (*period, sum.clone())),
            }
        }
        self.cut(keep);
    }

    fn cut(&mut self, keep: i64) {
        if let Some((last, _)) = self.0.last() {
            let gone = self.0.partition_point(|(period, _)| last.saturating_sub(*period) >= keep);
            self.0.drain(..gone);
        }
    }

    /// The sum with the weights as of a moment; `None` for infinities of both signs.
    pub(crate) fn value(&self, at: i64, half_life: i64) -> Option<f64> {
        let (now, weight) = split(at, half_life);
        let over_power = |power: u32| {
            let mut all = ExactSum::new();
            for (period, sum) in &self.0 {
                // A power of two: exact but for what is too small to matter.
                all.add(scale(sum.sum().mean(1 << power)?, period.saturating_sub(now)));
            }
            all.value().map(|sum| sum / weight)
        };
        // A half-life may sum to more than a double holds and have decayed since.
        over_power(0).filter(|sum| sum.is_finite()).or_else(|| over_power(62).map(|sum| scale(sum, 62)))
    }
}

/// Which half-life a moment is in, and the weight of a value there: from a half to 1, so that none overflows.
#[inline]
fn split(at: i64, half_life: i64) -> (i64, f64) {
    let half_life = half_life.max(1);
    let into = at.rem_euclid(half_life) as f64 / half_life as f64;
    (at.div_euclid(half_life), exp2(into) * 0.5)
}

impl<'de> Deserialize<'de> for Decay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let sums = Vec::<(i64, Tally)>::deserialize(from)?;
        if sums.is_sorted_by(|a, b| a.0 < b.0) {
            Ok(Self(sums))
        } else {
            Err(serde::de::Error::custom("half-lives are not in order"))
        }
    }
}
