//! How far one consumer is behind in one partition: [`PartitionLag`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::limits::{Limit, Limits};
use super::observation::Observation;
use super::status::{Found, Reason, Status};
use super::track::{Advance, Track};
use crate::plan::Rate;
use crate::time::{Span, Timestamp};

/// How far a consumer is behind in one partition, and how it is doing.
///
/// What is not known is `None`: never 0, never a number made up from what was not observed. All of it is as of the latest
/// look, but for [`freshness`](Self::freshness) and the reasons that name a span, which are as of the time asked for.
///
/// # Units
/// Events are offsets, markers among them; rates are events a second, over the looks in the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionLag {
    /// Which partition.
    pub partition: u32,
    /// When the latest look was, stale or not.
    pub observed_at: Option<Timestamp>,
    /// How many events are in the log and not processed. None of a position beyond the end of the log.
    pub events: Option<u64>,
    /// How much later the last event in the log is than the last one processed; zero for a consumer that has
    /// caught up, so it does not grow while a topic is quiet.
    ///
    /// Where event times are not known, or contradict the offsets: how long ago the next event to process came, by
    /// the rate at which events came, if that was within the window. It is then [`estimated`](Self::estimated).
    pub event_time: Option<Span>,
    /// Whether [`event_time`](Self::event_time) is such an estimate.
    pub estimated: bool,
    /// How long ago, in event time, the last event processed was. It does grow while a topic is quiet.
    pub freshness: Option<Span>,
    /// At what rate events are processed.
    pub processed_rate: Option<f64>,
    /// At what rate events come.
    pub arrival_rate: Option<f64>,
    /// When the consumer will have caught up, at these rates; `None` if it will not.
    pub drain: Option<Span>,
    /// How many events before the position are still kept.
    pub headroom: Option<u64>,
    /// When retention will have reached the position, if the log goes on to lose events as fast as they come; `None`
    /// if the consumer is at least as fast, or the log has not lost any.
    pub headroom_time: Option<Span>,
    /// The limit it is beyond, the one in events if it is beyond both.
    pub exceeded: Option<Limit>,
    /// How the consumer is doing.
    pub status: Status,
    /// What decided that.
    pub reason: Reason,
}

impl PartitionLag {
    /// A partition of which nothing is known.
    fn unknown(partition: u32, observed_at: Option<Timestamp>, reason: Reason) -> Self {
        Self {
            partition,
            observed_at,
            events: None,
            event_time: None,
            estimated: false,
            freshness: None,
            processed_rate: None,
            arrival_rate: None,
            drain: None,
            headroom: None,
            headroom_time: None,
            exceeded: None,
            status: Status::Unknown,
            reason,
        }
    }

    pub(super) fn of(partition: u32, track: &Track, now: Timestamp, limits: &Limits, replaying: bool) -> Self {
        let Some(look) = track.latest() else { return Self::unknown(partition, None, Reason::NeverObserved) };
        let age = now.since(look.at).max(look.at.since(now));
        if age > limits.stale_after() {
            return Self::unknown(partition, Some(look.at), Reason::Stale { age });
        }
        let (event_time, estimated) = event_time(track, look, limits);
        let (status, reason) = Found { track, latest: look, event_time, now }.judge(limits, replaying);
        // A position that is not in this log has no distance from its end.
        let events = look.events().filter(|_| status != Status::Ahead);
        let processed = track.advance(limits, |look| look.next);
        let arrived = track.advance(limits, |look| look.log_end);
        let (processed, arrived) = (processed.and_then(Advance::rate), arrived.and_then(Advance::rate));
        let drain = match events {
            Some(events) if limits.caught_up(events) => Some(Span::ZERO),
            Some(events) => until_gone(events, processed, arrived),
            None => None,
        };
        let headroom = look.log_start.and_then(|start| Some(look.next?.saturating_sub(start)));
        let loses = look.log_start.is_some_and(|start| start > 0);
        Self {
            partition,
            observed_at: Some(look.at),
            events,
            event_time: event_time.filter(|_| events.is_some()),
            estimated: estimated && events.is_some(),
            freshness: look.processed_time.map(|time| now.since(time)),
            processed_rate: processed.map(Rate::as_per_second),
            arrival_rate: arrived.map(Rate::as_per_second),
            drain,
            headroom,
            headroom_time: headroom.filter(|_| loses).and_then(|events| until_gone(events, arrived, processed)),
            exceeded: events.and_then(|events| limits.exceeded(events, event_time)),
            status,
            reason,
        }
    }
}

/// The event-time lag of a look, and whether it is an estimate.
fn event_time(track: &Track, look: &Observation, limits: &Limits) -> (Option<Span>, bool) {
    let Some(events) = look.events() else { return (None, false) };
    let found = measured(look, events, limits);
    let estimate = || {
        let arrived = track.advance(limits, |look| look.log_end)?;
        // What came before the window came at a rate that nobody observed.
        let observed = arrived.by > 0 && events <= arrived.by;
        let micros = u128::from(events) * u128::from(arrived.over.as_micros().unsigned_abs());
        observed.then(|| micros.div_ceil(u128::from(arrived.by)))
    };
    match found {
        Some(span) => (Some(span), false),
        None => {
            let span = estimate().and_then(|micros| Span::from_micros(i64::try_from(micros).ok()?).ok());
            (span, span.is_some())
        }
    }
}

/// The event-time lag that a look found.
///
/// Where the last event processed is later than the last in the log, and yet there are events to process, event
/// times are out of order and say nothing.
pub(super) fn measured(look: &Observation, events: u64, limits: &Limits) -> Option<Span> {
    if limits.caught_up(events) {
        return Some(Span::ZERO);
    }
    let (head, processed) = (look.head_time?, look.processed_time?);
    (processed <= head).then(|| head.since(processed))
}

/// How long it takes until `events` are gone, if they go at one rate and come at another; `None` if they never are, or
/// not before the end of time.
fn until_gone(events: u64, going: Option<Rate>, coming: Option<Rate>) -> Option<Span> {
    let (going, coming) = (going?, coming?);
    // Not even none are gone at once of what grows.
    if going <= coming {
        return None;
    }
    going.time_to_drain(events, coming).ok().flatten()
}

impl fmt::Display for PartitionLag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {}: {}, {}", self.partition, self.status, self.reason)?;
        if let Some(events) = self.events {
            write!(f, "; {events} events")?;
        }
        if let Some(lag) = self.event_time {
            write!(f, "; {}{lag}", if self.estimated { "about " } else { "" })?;
        }
        Ok(())
    }
}
