//! The words for time: [`Timestamp`], [`Span`], and the only rounding in the crate.
//!
//! Everything is whole microseconds in an `i64`, every interval is `[start, end)`, and every
//! rounding is floor, toward minus infinity, for negative times too.

mod grid;
mod interval;
mod tail;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::grid::Grid;
pub use self::interval::Interval;
pub(crate) use self::tail::{Bounds, Tail};
use crate::error::{Error, Result};

/// Before every event: where `lifetime` windows start.
pub(crate) const BEGINNING: i64 = i64::MIN;

/// How a door hands over a moment that no [`Timestamp`] can hold.
pub(crate) const OUT_OF_RANGE: &str = "a timestamp out of range";

/// A moment: microseconds since 1970-01-01T00:00:00Z; may be negative.
///
/// # Bounds
/// [`Timestamp::MIN`] to [`Timestamp::MAX`], the range of [`chrono::DateTime`] (about 262,000 years
/// either side of the epoch), so converting to chrono cannot fail and window arithmetic cannot wrap.
///
/// # Examples
/// ```
/// use skewless::Timestamp;
/// let t = Timestamp::from_micros(-1)?;
/// assert_eq!(t.to_string(), "1969-12-31T23:59:59.999999Z");
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest moment an event may have.
    pub const MIN: Self = Self(DateTime::<Utc>::MIN_UTC.timestamp_micros());
    /// The latest moment an event may have.
    pub const MAX: Self = Self(DateTime::<Utc>::MAX_UTC.timestamp_micros());
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Takes microseconds since the epoch.
    ///
    /// # Errors
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) outside [`Timestamp::MIN`]`..=`[`Timestamp::MAX`]:
    /// `0` and `-1` are accepted, `i64::MAX` is not.
    #[inline]
    pub fn from_micros(micros: i64) -> Result<Self> {
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(Error::time(format!("{micros} us is outside {}..={} us", Self::MIN.0, Self::MAX.0)))
        }
    }

    /// Takes a count of some other unit: `per_second` of them make a second.
    ///
    /// A finer unit than the microsecond is floored; `-1 ns` is `-1 us`.
    ///
    /// # Errors
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) when the moment is out of range; never a wrap.
    pub fn from_units(count: i64, per_second: i64) -> Result<Self> {
        let micros = (i128::from(count) * 1_000_000).div_euclid(i128::from(per_second.max(1)));
        i64::try_from(micros)
            .map_err(|_| Error::time(format!("{count}/{per_second} s is out of range")))
            .and_then(Self::from_micros)
    }

    /// Microseconds since the epoch.
    #[inline]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment moved later by `span`, stopping at [`Timestamp::MAX`].
    #[must_use]
    pub const fn saturating_add(self, span: Span) -> Self {
        Self::clamped(self.0.saturating_add(span.0))
    }

    /// This moment moved earlier by `span`, stopping at [`Timestamp::MIN`].
    #[must_use]
    pub const fn saturating_sub(self, span: Span) -> Self {
        Self::clamped(self.0.saturating_sub(span.0))
    }

    /// How long before this moment `earlier` was; no time at all if it was not before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        let span = self.0.saturating_sub(earlier.0);
        Span(if span < 0 { 0 } else { span })
    }

    /// The last multiple of `span` at or before this moment (floor, for negative times too).
    #[must_use]
    pub const fn floor(self, span: Span) -> Self {
        Self::clamped(floor(self.0, span.0))
    }

    #[inline]
    pub(crate) const fn clamped(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self::clamped(at.timestamp_micros())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        DateTime::from_timestamp_micros(at.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from(*self);
        write!(f, "{}", at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339, `2026-11-23T02:30:00Z` or with any other offset.
    fn from_str(text: &str) -> Result<Self> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::from(at.with_timezone(&Utc)))
            .map_err(|why| Error::time(format!("`{text}` is not an RFC 3339 time: {why}")))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Self::from_micros(i64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// A length of time: whole microseconds, never negative.
///
/// Written as a number and a unit, `us ms s m h d w`: `7d`, `90m`, `1500ms`. A day is 24 hours and a
/// week 7 days, both counted from the epoch in UTC; there are no calendar months.
///
/// # Examples
/// ```
/// use skewless::Span;
/// assert_eq!("7d".parse::<Span>()?, Span::days(7));
/// assert_eq!(Span::hours(48).to_string(), "2d");
/// assert!("7 fortnights".parse::<Span>().is_err());
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

/// Unit names with their microseconds, largest first.
const UNITS: [(&str, i64); 7] = [
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `n` microseconds.
    pub const fn micros(n: u32) -> Self {
        Self(n as i64)
    }
    /// `n` milliseconds.
    pub const fn millis(n: u32) -> Self {
        Self(n as i64 * 1_000)
    }
    /// `n` seconds.
    pub const fn seconds(n: u32) -> Self {
        Self(n as i64 * 1_000_000)
    }
    /// `n` minutes.
    pub const fn minutes(n: u32) -> Self {
        Self(n as i64 * 60_000_000)
    }
    /// `n` hours of 60 minutes.
    pub const fn hours(n: u32) -> Self {
        Self((n as i64).saturating_mul(3_600_000_000))
    }
    /// `n` days of 24 hours.
    pub const fn days(n: u32) -> Self {
        Self((n as i64).saturating_mul(86_400_000_000))
    }
    /// `n` weeks of 7 days.
    pub const fn weeks(n: u32) -> Self {
        Self((n as i64).saturating_mul(604_800_000_000))
    }

    /// A span of `n` microseconds given as `i64`.
    ///
    /// # Errors
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) when `n` is negative: `0` is accepted, `-1` is not.
    pub fn from_micros(n: i64) -> Result<Self> {
        if n < 0 { Err(Error::time(format!("a span of {n} us is negative"))) } else { Ok(Self(n)) }
    }

    /// The length in microseconds.
    #[inline]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whether this is [`Span::ZERO`].
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this span is a whole number of `part`s.
    pub(crate) const fn is_multiple_of(self, part: Self) -> bool {
        part.0 > 0 && self.0 % part.0 == 0
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = text.split_at(digits);
        let per = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, per)| *per);
        match (count.parse::<i64>(), per) {
            (Ok(count), Some(per)) => count
                .checked_mul(per)
                .map(Self)
                .ok_or_else(|| Error::time(format!("`{text}` is longer than {} us", i64::MAX))),
            _ => Err(Error::time(format!(
                "`{text}` is not a duration; write a whole number and one of us, ms, s, m, h, d, w, like `7d`"
            ))),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Weeks are accepted but not written: `14d` reads better than `2w` beside `30d`.
        let (unit, per) =
            UNITS.into_iter().skip(1).find(|(_, per)| self.0 != 0 && self.0 % per == 0).unwrap_or(("s", 1_000_000));
        write!(f, "{}{unit}", self.0 / per)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl TryFrom<TimeDelta> for Span {
    type Error = Error;

    fn try_from(delta: TimeDelta) -> Result<Self> {
        let micros = delta.num_microseconds().ok_or_else(|| Error::time(format!("{delta} is out of range")))?;
        if TimeDelta::microseconds(micros) != delta {
            return Err(Error::time(format!("{delta} is not a whole number of microseconds")));
        }
        Self::from_micros(micros)
    }
}

impl From<Span> for TimeDelta {
    fn from(span: Span) -> Self {
        Self::microseconds(span.0)
    }
}

/// The greatest step that divides both; 0 stands for a step without end.
pub(crate) const fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The last multiple of `step` at or before `t`; [`BEGINNING`] where that does not exist.
#[inline]
pub(crate) const fn floor(t: i64, step: i64) -> i64 {
    if step <= 1 { t } else { t.saturating_sub(t.rem_euclid(step)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_of_a_negative_time_goes_down() {
        assert_eq!(floor(-1, 10), -10);
        assert_eq!(floor(-10, 10), -10);
        assert_eq!(floor(9, 10), 0);
        assert_eq!(floor(i64::MIN + 1, 1 << 40), i64::MIN);
    }

    #[test]
    fn nanoseconds_are_floored_and_seconds_do_not_wrap() {
        assert_eq!(Timestamp::from_units(-1, 1_000_000_000).unwrap().as_micros(), -1);
        assert_eq!(Timestamp::from_units(1_999, 1_000_000_000).unwrap().as_micros(), 1);
        assert!(Timestamp::from_units(i64::MAX, 1).is_err());
        assert!(Timestamp::from_micros(i64::MAX).is_err());
    }

    #[test]
    fn spans_print_in_the_largest_unit_below_a_week_that_fits() {
        for (text, shown) in [("0s", "0s"), ("2w", "14d"), ("90m", "90m"), ("60m", "1h"), ("7us", "7us")] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), shown);
        }
        for bad in ["", "d", "7", "7D", "-7d", "7.5d", "99999999999999999999d", "999999999999w"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_time_survive_chrono() {
        for t in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            assert_eq!(Timestamp::from(DateTime::<Utc>::from(t)), t);
        }
    }
}
