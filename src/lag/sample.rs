//! What a [`Lag`] has to report.

use super::{Lag, PartitionLag, Status};
use crate::samples::{Labels, Metric, Sample, Unit};
use crate::time::{Span, Timestamp};

const EVENTS: Metric =
    Metric::gauge("skewless_consumer_lag_events", Unit::Count, "Events in the log that are not processed");
const EVENT_TIME: Metric = Metric::gauge(
    "skewless_consumer_event_time_lag_seconds",
    Unit::Seconds,
    "How much later the last event in the log is than the last one processed",
);
const FRESHNESS: Metric = Metric::gauge(
    "skewless_consumer_freshness_seconds",
    Unit::Seconds,
    "How long ago, in event time, the last event processed was",
);
const PROCESSED: Metric = Metric::gauge(
    "skewless_consumer_processed_events_per_second",
    Unit::CountPerSecond,
    "At what rate events are processed",
);
const ARRIVED: Metric =
    Metric::gauge("skewless_consumer_arrived_events_per_second", Unit::CountPerSecond, "At what rate events come");
const DRAIN: Metric = Metric::gauge(
    "skewless_consumer_drain_seconds",
    Unit::Seconds,
    "How long until the consumer has caught up, at these rates",
);
const HEADROOM: Metric = Metric::gauge(
    "skewless_consumer_retention_headroom_events",
    Unit::Count,
    "Events before the position that are still kept",
);
const HEADROOM_TIME: Metric = Metric::gauge(
    "skewless_consumer_retention_headroom_seconds",
    Unit::Seconds,
    "How long until retention reaches the position, at these rates",
);
const STATUS: Metric =
    Metric::gauge("skewless_consumer_status", Unit::One, "1 for the status that the consumer has, 0 for the others");
const PARTITIONS: Metric =
    Metric::gauge("skewless_consumer_partitions", Unit::Count, "Partitions that the consumer is expected to read");
const UNKNOWN: Metric = Metric::gauge(
    "skewless_consumer_unknown_partitions",
    Unit::Count,
    "Partitions of which the events that are not processed are not known",
);
const OBSERVATIONS: Metric =
    Metric::counter("skewless_consumer_observations_total", "Observations of the log, by what became of them");

impl Lag {
    /// What there is to report at `now`: of every partition what is known, and how many there are.
    ///
    /// `labels` say whose lag it is, such as `topic` and `version`; `partition`, `status` and `outcome` are added.
    ///
    /// # Examples
    /// ```
    /// use skewless::samples::{self, Labels};
    /// use skewless::{Lag, Observation, Timestamp};
    ///
    /// let now: Timestamp = "2026-11-23T10:00:00Z".parse()?;
    /// let mut lag = Lag::of_partitions([0]);
    /// lag.observe(Observation::new(0, now).with_log(0, 5_000).with_next(4_000));
    /// let text = samples::encode(&lag.samples(&Labels::new().with("topic", "clicks").with("version", 2), now));
    /// assert!(text.contains("skewless_consumer_lag_events{partition=\"0\",topic=\"clicks\",version=\"2\"} 1000\n"));
    /// # Ok::<(), skewless::Error>(())
    /// ```
    pub fn samples(&self, labels: &Labels, now: Timestamp) -> Vec<Sample> {
        let partitions = self.partitions(now);
        let mut out = Vec::new();
        for lag in &partitions {
            partition(lag, &labels.clone().with("partition", lag.partition), &mut out);
        }
        let unknown = partitions.iter().filter(|lag| lag.events.is_none()).count();
        out.push(PARTITIONS.sample(labels, partitions.len() as f64));
        out.push(UNKNOWN.sample(labels, unknown as f64));
        let counted = self.counters();
        let outcomes = [
            ("taken", counted.taken.saturating_sub(counted.restarted)),
            ("restarted", counted.restarted),
            ("repeated", counted.repeated),
            ("out_of_order", counted.out_of_order),
        ];
        let outcomes =
            outcomes.map(|(outcome, n)| OBSERVATIONS.sample(&labels.clone().with("outcome", outcome), n as f64));
        out.extend(outcomes);
        out
    }
}

fn partition(lag: &PartitionLag, labels: &Labels, out: &mut Vec<Sample>) {
    let count = |events: Option<u64>| events.map(|events| events as f64);
    let seconds = |span: Option<Span>| span.map(|span| span.as_micros() as f64 / 1e6);
    let known = [
        (EVENTS, count(lag.events)),
        (EVENT_TIME, seconds(lag.event_time)),
        (FRESHNESS, seconds(lag.freshness)),
        (PROCESSED, lag.processed_rate),
        (ARRIVED, lag.arrival_rate),
        (DRAIN, seconds(lag.drain)),
        (HEADROOM, count(lag.headroom)),
        (HEADROOM_TIME, seconds(lag.headroom_time)),
    ];
    out.extend(known.into_iter().filter_map(|(metric, value)| Some(metric.sample(labels, value?))));
    for status in Status::ALL {
        let is = if status == lag.status { 1.0 } else { 0.0 };
        out.push(STATUS.sample(&labels.clone().with("status", status.name()), is));
    }
}
