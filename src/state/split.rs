//! A state in two, and which times its windows look at.

use super::State;
use crate::definition::WindowPlan;
use crate::time::Timestamp;

impl State {
    /// Takes out the events at or after `time`, which must not be before the frontier: those are whole.
    ///
    /// Merging the two gives this state again, but that the later one may not know its first event where the
    /// earlier one has some.
    pub(crate) fn split_off(&mut self, time: Timestamp) -> Self {
        let t = time.as_micros();
        let mut later = Self::new(&self.set);
        if self.first >= t {
            std::mem::swap(self, &mut later);
        } else {
            self.settle();
            later.rows = self.rows.split_off(t);
            later.first = later.rows.heads().first().map_or(i64::MAX, |head| head.time);
            later.settled = self.settled;
            later.tidy = false;
            self.tidy = false;
        }
        self.frontier = self.frontier.max(later.frontier);
        later.frontier = self.frontier;
        later
    }

    /// The latest event that is kept whole.
    pub(crate) fn latest_whole(&self) -> Option<Timestamp> {
        self.rows.heads().last().map(|head| Timestamp::clamped(head.time))
    }

    /// The latest event kept, or a moment that none is after; `None` if nothing is kept.
    pub(crate) fn known_until(&self) -> Option<Timestamp> {
        let aged = self.lanes.iter().any(Option::is_some);
        self.latest_whole().max(self.frontier().filter(|_| aged))
    }

    /// The earliest and the latest moment that can have a part in feature `place` at `t`: `[start, end)`.
    ///
    /// `found` tells whether sessions and resets are looked up in the events kept here; else they are taken to
    /// reach as far as they may.
    pub(crate) fn looks_at(&self, place: usize, t: i64, found: bool) -> (i64, i64) {
        let Some(feature) = self.set.plan().features.get(place) else { return (i64::MIN, t) };
        if feature.series.is_empty() {
            return self.window_looks_at(&feature.window, t, found);
        }
        let windows = feature.series.iter().map(|window| self.window_looks_at(window, t, found));
        windows.fold((i64::MAX, i64::MIN), |all, one| (all.0.min(one.0), all.1.max(one.1)))
    }

    fn window_looks_at(&self, window: &WindowPlan, t: i64, found: bool) -> (i64, i64) {
        let (base, end) = window.bounds().at(t);
        if !found || window.session.is_none() && window.reset.is_none() {
            // What held a session open up to a gap before its bound moves where it is meant to start.
            return (base.saturating_sub(window.session.map_or(0, |(gap, _)| gap)), end);
        }
        // One more event up to a gap before the first would join the run, and move its start; a run that reaches
        // back to where the window can begin cannot be moved, and nothing before a reset counts.
        let (run, joined) = match self.run(window, base, end) {
            Some((gap, run, _)) if run > base => (run, run.saturating_sub(gap)),
            _ => (base, base),
        };
        let reset = window.reset.and_then(|reset| self.latest(reset, run, end));
        (reset.map_or(joined, |reset| reset.saturating_add(1)), end)
    }
}
