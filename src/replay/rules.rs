//! When a new version may take over, and when the old one may go: [`Rules`].

use serde::{Deserialize, Serialize};

use crate::lag::Limits;
use crate::time::Span;

/// When a new version is ready, may be promoted, and may be relied on.
///
/// # Bounds
/// By default it is ready at an event-time lag of 10 minutes in its worst partition, in 3 checks with looks at least
/// 20 seconds apart, and is so until the lag is beyond 3 times that; it may be promoted while it is no more than 10 minutes
/// behind the old version, and after a comparison; the old version is held for 24 hours, and may be gone back to at
/// 10 minutes' lag. A replay may take any time.
///
/// Ten minutes of a log of a thousand million events a day are seven million events. Where the old version is seconds
/// behind, a [`regression`](Self::regression) of a minute is what a reader would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    pub(super) ready: Span,
    pub(super) checks: u32,
    pub(super) spacing: Span,
    pub(super) leave: u32,
    pub(super) regression: Span,
    pub(super) comparison: bool,
    pub(super) hold: Span,
    pub(super) rollback: Span,
    pub(super) longest: Option<Span>,
    pub(super) limits: Limits,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            ready: Span::minutes(10),
            checks: 3,
            spacing: Span::seconds(20),
            leave: 3,
            regression: Span::minutes(10),
            comparison: true,
            hold: Span::hours(24),
            rollback: Span::minutes(10),
            longest: None,
            limits: Limits::new(),
        }
    }
}

impl Rules {
    /// The default rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// The event-time lag of the worst partition at which the new version has caught up.
    #[must_use]
    pub const fn ready(mut self, lag: Span) -> Self {
        self.ready = lag;
        self
    }

    /// In how many checks in a row, and how far apart the looks must be that they are of. Asking more often than one
    /// looks makes no more checks.
    #[must_use]
    pub const fn checks(mut self, checks: u32, spacing: Span) -> Self {
        (self.checks, self.spacing) = (checks, spacing);
        self
    }

    /// By what factor the lag must grow beyond that at which the new version is ready before it is not any more, or once in
    /// service not well; at least 1.
    #[must_use]
    pub const fn leave(mut self, factor: u32) -> Self {
        self.leave = factor;
        self
    }

    /// How much more event-time lag than the old version the new one may have in a partition when it is promoted.
    #[must_use]
    pub const fn regression(mut self, span: Span) -> Self {
        self.regression = span;
        self
    }

    /// Whether the two must have been compared before the new one is promoted.
    #[must_use]
    pub const fn comparison(mut self, required: bool) -> Self {
        self.comparison = required;
        self
    }

    /// For how long the new version must have been in service and well before the old one goes.
    #[must_use]
    pub const fn hold(mut self, span: Span) -> Self {
        self.hold = span;
        self
    }

    /// The event-time lag up to which the old version may be gone back to.
    #[must_use]
    pub const fn rollback(mut self, lag: Span) -> Self {
        self.rollback = lag;
        self
    }

    /// How long the new version may take to become ready before it has failed.
    #[must_use]
    pub const fn longest(mut self, span: Span) -> Self {
        self.longest = Some(span);
        self
    }

    /// How lag is measured: after which time a look is stale, for one.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The lag beyond which the new version is not ready any more.
    pub(super) fn beyond(&self) -> Span {
        let micros = self.ready.as_micros().saturating_mul(i64::from(self.leave.max(1)));
        Span::from_micros(micros).unwrap_or(self.ready)
    }
}
