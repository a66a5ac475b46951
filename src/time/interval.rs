//! The stretch of time an answer is about.

use super::{BEGINNING, Timestamp};

/// What a window was at one moment: `[start, end)`.
///
/// `end` is the time asked for, moved back by the window's offset. `start` is where the window begins, not the
/// first event in it, except for sessions, which begin with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    start: i64,
    end: i64,
}

impl Interval {
    /// From `start`, or from ever, to just before `end`.
    pub fn new(start: Option<Timestamp>, end: Timestamp) -> Self {
        Self { start: start.map_or(BEGINNING, Timestamp::as_micros), end: end.as_micros() }
    }

    #[inline]
    pub(crate) const fn raw(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// Where it starts; `None` if it has no start, or one before [`Timestamp::MIN`].
    pub fn start(self) -> Option<Timestamp> {
        (self.start >= Timestamp::MIN.as_micros()).then(|| Timestamp::clamped(self.start))
    }

    /// Where it ends; nothing at or after this is in.
    pub fn end(self) -> Timestamp {
        Timestamp::clamped(self.end)
    }

    /// How long it is, in microseconds; `None` if it has no start.
    pub fn micros(self) -> Option<u64> {
        (self.start != BEGINNING && self.start <= self.end).then(|| self.end.abs_diff(self.start))
    }
}
