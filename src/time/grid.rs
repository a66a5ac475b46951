//! Panes: which stretch of time an event below the frontier folds into.

use super::{BEGINNING, floor, gcd};

/// Which pane an event time belongs to, at one frontier: stretches of time, each with a pane width.
///
/// A stretch starts where an older window can still look and ends where a shorter one begins, so a pane
/// is as coarse as the windows that can still cut it allow. Time before the first stretch is in no pane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grid {
    /// `(from, width)` in rising order of `from`; width 0 stands for one pane without a start.
    stretches: Vec<(i64, i64)>,
}

impl Grid {
    /// Starts a stretch at each `(from, step)`: its panes are as wide as all steps up to there allow.
    pub(crate) fn lay(&mut self, steps: impl Iterator<Item = (i64, i64)>) {
        self.stretches.clear();
        self.stretches.extend(steps);
        self.stretches.sort_unstable();
        let mut common = 0;
        for (_, width) in &mut self.stretches {
            common = gcd(common, *width);
            *width = common;
        }
    }

    /// The width of panes at `t`: 0 for the pane without a start, `None` where there is no pane.
    pub(crate) fn width(&self, t: i64) -> Option<i64> {
        self.stretches.iter().rev().find(|(from, _)| *from <= t).map(|(_, width)| *width)
    }

    /// The start of the pane of `t`.
    pub(crate) fn pane(&self, t: i64) -> Option<i64> {
        self.width(t).map(|width| pane_start(t, width))
    }

    /// The times whose panes `later`, the same grid at a later frontier, may have made coarser: one stretch
    /// of time `[from, until)` for each window but the longest, whose own is what it lets go.
    pub(crate) fn aged<'g>(&'g self, later: &'g Self) -> impl Iterator<Item = (i64, i64)> + 'g {
        let bounds = self.stretches.iter().zip(&later.stretches).skip(1);
        bounds.map(|((from, _), (until, _))| (*from, *until)).filter(|(from, until)| from < until)
    }

    /// Where panes begin.
    pub(crate) fn reach(&self) -> i64 {
        self.stretches.first().map_or(i64::MAX, |(from, _)| *from)
    }

    /// A cursor for times that mostly come in order.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        Cursor { grid: self, start: 0, from: 0, until: 0 }
    }
}

/// Finds panes without dividing while the times stay in one pane.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    grid: &'a Grid,
    start: i64,
    /// The times `[from, until)` are known to be in the pane at `start`.
    from: i64,
    until: i64,
}

impl Cursor<'_> {
    /// The pane of `t`: its start, and the first time that is not in it.
    #[inline]
    pub(crate) fn seek(&mut self, t: i64) -> Option<(i64, i64)> {
        if self.from <= t && t < self.until || self.find(t) { Some((self.start, self.until)) } else { None }
    }

    fn find(&mut self, t: i64) -> bool {
        let stretches = &self.grid.stretches;
        let above = stretches.partition_point(|(from, _)| *from <= t);
        let Some((from, width)) = above.checked_sub(1).and_then(|i| stretches.get(i)).copied() else { return false };
        let next = stretches.get(above).map_or(i64::MAX, |(from, _)| *from);
        if width == 0 {
            (self.start, self.until) = (BEGINNING, next);
        } else {
            // The end is counted from `t`: a start that saturated says nothing of it.
            let past = t.rem_euclid(width);
            self.start = t.saturating_sub(past);
            self.until = t.saturating_add(width - past).min(next);
        }
        self.from = self.start.max(from);
        true
    }
}

const fn pane_start(t: i64, width: i64) -> i64 {
    if width == 0 { BEGINNING } else { floor(t, width) }
}
