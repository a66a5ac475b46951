//! When the frontier moves: [`FrontierPolicy`].

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Who moves the frontier of a [`Stream`](crate::Stream).
///
/// No policy changes an answer at or after the frontier; it decides how long events stay whole, and so how
/// much is kept and how far back an exact answer can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrontierPolicy {
    /// Only the host, with [`Stream::advance`](crate::Stream::advance).
    Host,
    /// `latest event - lateness`, guarded against clocks that run ahead.
    ///
    /// An event more than `jump` ahead of the latest one is folded in but not believed: it moves nothing
    /// and is counted as `ahead`. When `witnesses` events in a row have been that far ahead, time really
    /// did move on, and the earliest of them becomes the latest. A stream begins the same way, though
    /// nothing is counted then: before its first `witnesses` events it has no frontier.
    Lateness {
        /// How late an event may be and still find its instant.
        lateness: Span,
        /// How far ahead of the latest event one may be and still be believed.
        jump: Span,
        /// How many events in a row it takes to believe a greater jump; at least 1.
        witnesses: u16,
    },
}

impl FrontierPolicy {
    /// `latest event - lateness`, believing jumps of up to a day, or greater ones that 16 events agree on.
    pub const fn lateness(lateness: Span) -> Self {
        Self::Lateness { lateness, jump: Span::days(1), witnesses: 16 }
    }
}

/// A policy at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clock {
    policy: FrontierPolicy,
    frontier: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// How many events in a row were ahead, and the earliest of them.
    ahead: Option<(u16, Timestamp)>,
}

impl Clock {
    pub(super) fn new(policy: FrontierPolicy) -> Self {
        Self { policy, frontier: None, latest: None, ahead: None }
    }

    pub(super) fn frontier(&self) -> Option<Timestamp> {
        self.frontier
    }

    pub(super) fn advance(&mut self, frontier: Timestamp) {
        self.frontier = self.frontier.max(Some(frontier));
    }

    /// Takes note of an event; tells whether it was too far ahead to be believed.
    pub(super) fn observe(&mut self, at: Timestamp) -> bool {
        let FrontierPolicy::Lateness { lateness, jump, witnesses } = self.policy else { return false };
        let believed = self.latest.is_some_and(|latest| at <= latest.saturating_add(jump));
        if believed {
            self.ahead = None;
            self.latest = self.latest.max(Some(at));
        } else {
            let (count, earliest) =
                self.ahead.map_or((1, at), |(count, least)| (count.saturating_add(1), least.min(at)));
            self.ahead = Some((count, earliest));
            if count < witnesses {
                return self.latest.is_some();
            }
            self.latest = self.latest.max(Some(earliest));
            self.ahead = None;
        }
        if let Some(latest) = self.latest {
            self.advance(latest.saturating_sub(lateness));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_units(seconds, 1).unwrap()
    }

    #[test]
    fn one_event_from_the_far_future_does_not_move_the_frontier() {
        let mut clock = Clock::new(FrontierPolicy::lateness(Span::seconds(10)));
        for second in 0..16 {
            assert!(!clock.observe(at(second)));
        }
        assert_eq!(clock.frontier(), Some(at(-10)));
        assert!(!clock.observe(at(15)));
        assert!(clock.observe(at(3_000_000_000)));
        assert!(!clock.observe(at(16)));
        assert_eq!(clock.frontier(), Some(at(6)));
    }

    #[test]
    fn a_quiet_night_is_believed_once_enough_events_agree() {
        let policy = FrontierPolicy::Lateness { lateness: Span::ZERO, jump: Span::hours(1), witnesses: 3 };
        let mut clock = Clock::new(policy);
        for second in [0, 1, 2, 50_000, 50_001] {
            clock.observe(at(second));
        }
        assert_eq!(clock.frontier(), Some(at(0)));
        clock.observe(at(50_002));
        assert_eq!(clock.frontier(), Some(at(50_000)));
    }
}
