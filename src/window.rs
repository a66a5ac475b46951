//! Windows: which stretch of time before `as_of` a feature looks at.

use crate::error::{Error, Result};
use crate::expr::Filter;
use crate::time::{Span, Tail, floor};

/// A window: the interval `[start, as_of)` a feature is folded over.
///
/// | window | interval at `T` |
/// | --- | --- |
/// | [`lifetime`](Self::lifetime) | `[-inf, T)` |
/// | [`sliding(size)`](Self::sliding) `.hop(h)` | `[floor(T - size, h), T)`: the head is exact, the tail moves in steps |
/// | [`sliding(size)`](Self::sliding) `.exact()` | `[T - size, T)` |
/// | [`tumbling(size)`](Self::tumbling) | `[floor(T, size), T)` |
/// | [`session(gap)`](Self::session) | from the first event of the last run whose neighbours are at most `gap` apart; empty once `T - last > gap` |
/// | `.since(reset)` | the same, but not before, and not at, the latest event that passes `reset` |
/// | `.offset(d)` | the same window at `T - d` |
///
/// An event at exactly `T` is not in: what is being scored does not leak into its own features.
///
/// # Units
/// Whole microseconds in UTC; `floor` counts from 1970-01-01T00:00Z, so a week starts on a Thursday.
///
/// # Sessions
/// A session is held together by all events of the entity, whatever the feature's filter takes, unless
/// [`activity`](Self::activity) says otherwise.
///
/// # Bounds
/// A sliding `size` is a whole number of hops: 7 days with a hop of 1 hour is accepted, 90 minutes is not.
///
/// # Cost
/// A state keeps one pane a hop, and sliding windows can share panes. `exact()`, `since` and `activity`
/// keep the events themselves for as long as the window can see them; `session` keeps one pane a gap
/// that had events, for ever unless bounded by [`within`](Self::within), because a late event may still
/// join two old runs.
///
/// # Source
/// The sawtooth window of Chronon, with floors that hold for negative times; gaps join inclusively as in
/// Flink, Kafka Streams and Spark.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub(crate) base: Base,
    pub(crate) since: Option<Filter>,
    pub(crate) offset: Span,
    /// An option that was given to a window that does not have it.
    misuse: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Base {
    Lifetime,
    Sliding { size: Span, hop: Hop },
    Tumbling { size: Span },
    Session { gap: Span, activity: Option<Filter>, within: Option<Span> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    Default,
    Exact,
    Every(Span),
}

/// The hop a sliding window gets when it names none: `(least size, hop)`, largest first.
///
/// A hop is at most a twelfth of its size and divides it; where it does not divide, the next finer one
/// that does is taken.
pub const DEFAULT_HOPS: [(Span, Span); 5] = [
    (Span::days(12), Span::days(1)),
    (Span::hours(12), Span::hours(1)),
    (Span::hours(1), Span::minutes(5)),
    (Span::minutes(12), Span::minutes(1)),
    (Span::seconds(12), Span::seconds(1)),
];

impl Window {
    fn new(base: Base) -> Self {
        Self { base, since: None, offset: Span::ZERO, misuse: None }
    }

    /// Everything before `as_of`.
    pub fn lifetime() -> Self {
        Self::new(Base::Lifetime)
    }

    /// The last `size`, with the [default hop](DEFAULT_HOPS) for that size.
    pub fn sliding(size: Span) -> Self {
        Self::new(Base::Sliding { size, hop: Hop::Default })
    }

    /// From the last multiple of `size` on: the day so far, the hour so far.
    pub fn tumbling(size: Span) -> Self {
        Self::new(Base::Tumbling { size })
    }

    /// The run of events that is still going on: neighbours at most `gap` apart, exactly `gap` joins.
    pub fn session(gap: Span) -> Self {
        Self::new(Base::Session { gap, activity: None, within: None })
    }

    /// Moves the tail of a sliding window in steps of `hop`.
    #[must_use]
    pub fn hop(mut self, hop: Span) -> Self {
        if let Base::Sliding { hop: slot, .. } = &mut self.base {
            *slot = Hop::Every(hop);
        } else {
            self.misuse = Some("`hop` goes with sliding windows only");
        }
        self
    }

    /// Cuts the tail of a sliding window at exactly `as_of - size`; keeps events, not panes.
    #[must_use]
    pub fn exact(mut self) -> Self {
        if let Base::Sliding { hop, .. } = &mut self.base {
            *hop = Hop::Exact;
        } else {
            self.misuse = Some("`exact` goes with sliding windows only");
        }
        self
    }

    /// Lets only events that pass `filter` hold a session together; keeps events, not panes.
    #[must_use]
    pub fn activity(mut self, filter: Filter) -> Self {
        if let Base::Session { activity, .. } = &mut self.base {
            *activity = Some(filter);
        } else {
            self.misuse = Some("`activity` goes with sessions only");
        }
        self
    }

    /// Bounds a session: it starts at `floor(as_of - span, gap)` or later. `span` is a multiple of the gap.
    #[must_use]
    pub fn within(mut self, span: Span) -> Self {
        if let Base::Session { within, .. } = &mut self.base {
            *within = Some(span);
        } else {
            self.misuse = Some("`within` goes with sessions only");
        }
        self
    }

    /// Starts just after the latest event that passes `reset`; keeps events, not panes, back to that event.
    #[must_use]
    pub fn since(mut self, reset: Filter) -> Self {
        self.since = Some(reset);
        self
    }

    /// The same window as of `d` earlier.
    #[must_use]
    pub fn offset(mut self, d: Span) -> Self {
        self.offset = d;
        self
    }

    /// Checks the sizes and writes the default hop in.
    pub(crate) fn resolve(mut self, at: &str) -> Result<Self> {
        if let Some(misuse) = self.misuse {
            return Err(Error::definition(at, misuse));
        }
        match &mut self.base {
            Base::Lifetime => {}
            Base::Tumbling { size } => positive(*size, &format!("{at}.tumbling"))?,
            Base::Sliding { size, hop } => {
                positive(*size, &format!("{at}.sliding"))?;
                match hop {
                    Hop::Default => *hop = default_hop(*size),
                    Hop::Every(every) => {
                        positive(*every, &format!("{at}.hop"))?;
                        whole(*size, *every, &format!("{at}.hop"), "size", "hop")?;
                        if *every == Span::micros(1) {
                            *hop = Hop::Exact;
                        }
                    }
                    Hop::Exact => {}
                }
            }
            Base::Session { gap, within, .. } => {
                positive(*gap, &format!("{at}.session"))?;
                if let Some(within) = within {
                    positive(*within, &format!("{at}.within"))?;
                    whole(*within, *gap, &format!("{at}.within"), "within", "session gap")?;
                }
            }
        }
        Ok(self)
    }
}

fn positive(span: Span, at: &str) -> Result<()> {
    if span.is_zero() { Err(Error::definition(at, "is 0s; at least 1us is needed")) } else { Ok(()) }
}

fn whole(size: Span, hop: Span, at: &str, size_name: &str, hop_name: &str) -> Result<()> {
    if size.is_multiple_of(hop) {
        return Ok(());
    }
    let below = floor(size.as_micros(), hop.as_micros());
    let above = below.saturating_add(hop.as_micros());
    let fits = [below, above].map(|n| Span::from_micros(n).unwrap_or(Span::ZERO));
    let fits = if below > 0 { format!("{} and {}", fits[0], fits[1]) } else { fits[1].to_string() };
    Err(Error::definition(
        at,
        format!("{size_name} {size} is not a whole number of {hop_name}s of {hop}; the nearest that fit: {fits}"),
    ))
}

fn default_hop(size: Span) -> Hop {
    DEFAULT_HOPS
        .into_iter()
        .find(|(least, hop)| size >= *least && size.is_multiple_of(*hop))
        .map_or(Hop::Exact, |(_, hop)| Hop::Every(hop))
}

impl Base {
    /// The tail of this window; for a session, of the stretch it may lie in.
    pub(crate) fn tail(&self) -> Tail {
        match self {
            Self::Lifetime => Tail { back: None, step: 0 },
            Self::Sliding { size, hop: Hop::Every(hop) } => {
                Tail { back: Some(size.as_micros()), step: hop.as_micros() }
            }
            Self::Sliding { size, .. } => Tail { back: Some(size.as_micros()), step: 1 },
            Self::Tumbling { size } => Tail { back: Some(0), step: size.as_micros() },
            Self::Session { gap, within, .. } => Tail { back: within.map(Span::as_micros), step: gap.as_micros() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_hops_are_at_most_a_twelfth_and_divide_the_size() {
        for size in [1, 11, 12, 59, 60, 719, 720, 3_600, 5_000, 86_400, 90_000, 604_800, 2_592_000] {
            let size = Span::seconds(size);
            if let Hop::Every(hop) = default_hop(size) {
                assert!(size.is_multiple_of(hop) && hop.as_micros() * 12 <= size.as_micros(), "{size} {hop}");
            }
        }
        assert_eq!(default_hop(Span::days(30)), Hop::Every(Span::days(1)));
        assert_eq!(default_hop(Span::days(7)), Hop::Every(Span::hours(1)));
        assert_eq!(default_hop(Span::hours(1)), Hop::Every(Span::minutes(5)));
    }

    #[test]
    fn a_size_that_is_no_multiple_of_its_hop_says_which_sizes_fit() {
        let error = Window::sliding(Span::minutes(90)).hop(Span::hours(1)).resolve("w").unwrap_err();
        assert!(error.to_string().contains("1h and 2h"), "{error}");
    }
}
