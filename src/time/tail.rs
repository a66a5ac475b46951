//! Where windows begin and end, as far as that does not depend on events.

use super::{BEGINNING, floor};

/// What a window needs of the past, seen from any `T >= frontier`, before its offset is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tail {
    /// How far back from `T`; `None` for ever.
    pub(crate) back: Option<i64>,
    /// The step the tail moves in; 0 where there is no tail.
    pub(crate) step: i64,
}

impl Tail {
    /// Where the tail stands at `t`.
    #[inline]
    pub(crate) fn start(self, t: i64) -> i64 {
        self.back.map_or(BEGINNING, |back| {
            let start = t.saturating_sub(back);
            // Every moment is an edge then, which spares a division.
            if self.step == 1 { start } else { floor(start, self.step) }
        })
    }
}

/// A window's start and end at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) tail: Tail,
    pub(crate) offset: i64,
    /// For one window of a series: how much earlier than the last it starts, and how long it is.
    pub(crate) slice: Option<(i64, i64)>,
}

impl Bounds {
    /// Where the window starts and ends at `t`.
    #[inline]
    pub(crate) fn at(&self, t: i64) -> (i64, i64) {
        let end = t.saturating_sub(self.offset);
        let start = self.tail.start(end);
        match self.slice {
            None => (start, end),
            Some((earlier, size)) => {
                let start = start.saturating_sub(earlier);
                (start, start.saturating_add(size).min(end))
            }
        }
    }
}
