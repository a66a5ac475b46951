//! Events by time: [`Rate`].

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{fitting, micros, span};
use crate::error::{Error, Result};
use crate::time::Span;

/// How many events come, or are processed, in what time.
///
/// A fraction, not a number of events a second: a thousand million a day are not a whole number of those.
///
/// # Examples
/// ```
/// use skewless::{Span, plan::Rate};
/// let rate = Rate::per_day(1_000_000_000);
/// assert_eq!(rate.to_string(), "11574/s");
/// assert_eq!(rate.events_in(Span::minutes(10))?, 6_944_444);
/// assert_eq!(rate.time_for(10_000)?, Some(Span::millis(864)));
/// assert_eq!(Rate::per_second(10), Rate::per_day(864_000));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Rate {
    events: u64,
    per: u64,
}

/// A rate as it is written: `{"events": 1000, "per": "1s"}`.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Rate", deny_unknown_fields)]
struct Parts {
    events: u64,
    per: Span,
}

impl Rate {
    /// No events at all.
    pub const ZERO: Self = Self { events: 0, per: 1 };

    /// `events` in the time of `per`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for no time at all: `1us` is accepted, `0s` is not.
    pub fn new(events: u64, per: Span) -> Result<Self> {
        if per.is_zero() {
            return Err(Error::parameter("per", per, "a time longer than none"));
        }
        Ok(Self::reduced(events, per.as_micros().unsigned_abs()))
    }

    /// `events` a second.
    pub const fn per_second(events: u64) -> Self {
        Self::reduced(events, 1_000_000)
    }

    /// `events` a day of 24 hours.
    pub const fn per_day(events: u64) -> Self {
        Self::reduced(events, 86_400_000_000)
    }

    /// A rate that was measured, such as [`processed_rate`](crate::lag::PartitionLag::processed_rate), in events a second and
    /// to a thousandth.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for what is no rate: `0.5` is accepted, `-1.0`, NaN and infinity are
    /// not.
    pub fn observed(per_second: f64) -> Result<Self> {
        let thousandths = (per_second * 1_000.0).round();
        if (0.0..u64::MAX as f64).contains(&thousandths) {
            Ok(Self::reduced(thousandths as u64, 1_000_000_000))
        } else {
            Err(Error::parameter("per_second", per_second, "between 0 and 18446744073709550"))
        }
    }

    /// How many events that is in `time`, without the last one if it is not whole.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if they are more than `u64::MAX`.
    pub fn events_in(self, time: Span) -> Result<u64> {
        fitting(u128::from(self.events) * micros(time) / u128::from(self.per), "events")
    }

    /// How long `events` take, rounded up to a microsecond; `None` if they never come.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if that is longer than a [`Span`] can be.
    pub fn time_for(self, events: u64) -> Result<Option<Span>> {
        match (events, self.events) {
            (0, _) => Ok(Some(Span::ZERO)),
            (_, 0) => Ok(None),
            (events, ours) => {
                let time = (u128::from(events) * u128::from(self.per)).div_ceil(u128::from(ours));
                span(time, "time").map(Some)
            }
        }
    }

    /// How long it takes until `events` are gone, if they go at this rate while others come; `None` if they never are.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if that is longer than a [`Span`] can be.
    pub fn time_to_drain(self, events: u64, coming: Self) -> Result<Option<Span>> {
        if events == 0 {
            return Ok(Some(Span::ZERO));
        }
        // Both rates over the product of their times: of two numbers of 64 bits each, which fit.
        let (ours, theirs) = (u128::from(self.per), u128::from(coming.per));
        let going = u128::from(self.events) * theirs;
        let Some(shrinks) = going.checked_sub(u128::from(coming.events) * ours).filter(|shrinks| *shrinks > 0) else {
            return Ok(None);
        };
        let time = (ours * theirs).checked_mul(u128::from(events)).map(|product| product.div_ceil(shrinks));
        span(time.unwrap_or(u128::MAX), "time").map(Some)
    }

    /// In events a second.
    pub fn as_per_second(self) -> f64 {
        self.events as f64 * 1e6 / self.per as f64
    }

    const fn reduced(events: u64, per: u64) -> Self {
        let (mut a, mut b) = (events, per);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // `per` is never 0, so neither is what divides both.
        Self { events: events / a, per: per / a }
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let product = |events: u64, per: u64| u128::from(events) * u128::from(per);
        product(self.events, other.per).cmp(&product(other.events, self.per))
    }
}

impl fmt::Display for Rate {
    /// In whole events of the greatest of second, minute, hour and day in which there are ten; otherwise of a day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000u128)];
        let in_unit = |unit: u128| u128::from(self.events) * unit / u128::from(self.per);
        let fits = units.into_iter().find(|(_, unit)| in_unit(*unit) >= 10).unwrap_or(("d", 86_400_000_000));
        write!(f, "{}/{}", in_unit(fits.1), fits.0)
    }
}

impl TryFrom<Parts> for Rate {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self> {
        Self::new(parts.events, parts.per)
    }
}

impl From<Rate> for Parts {
    fn from(rate: Rate) -> Self {
        // What a rate was made from was a span.
        Self { events: rate.events, per: span(u128::from(rate.per), "per").unwrap_or(Span::ZERO) }
    }
}
