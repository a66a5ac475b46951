//! A handover and a replay, as metric samples.

use super::controller::Controller;
use super::decision::Phase;
use super::progress::Progress;
use crate::samples::{Labels, Metric, Sample, Unit};

const PHASE: Metric = Metric::gauge("skewless_replay_phase", Unit::One, "1 for the phase a handover is in, by phase");
const EPOCH: Metric = Metric::gauge("skewless_replay_epoch", Unit::One, "Epoch of the version in service");
const SWAP: Metric = Metric::gauge("skewless_replay_swap_out", Unit::One, "1 while a swap is out");
const EVENTS: Metric = Metric::counter("skewless_replay_events_total", "Events read by a replay, bad ones included");
const BAD: Metric = Metric::counter("skewless_replay_bad_events_total", "Events that a replay could not fold in");
const REMAINING: Metric =
    Metric::gauge("skewless_replay_remaining_events", Unit::Count, "Offsets of history that are not read yet");
const RATE: Metric =
    Metric::gauge("skewless_replay_events_per_second", Unit::CountPerSecond, "Offsets of history read in a second");
const ETA: Metric = Metric::gauge("skewless_replay_eta_seconds", Unit::Seconds, "Time until history is read");

impl Controller {
    /// The phase, the epoch, and whether a swap is out. How far behind a version is, is for its own labels:
    /// `controller.lag(side).samples(..)`.
    pub fn samples(&self, labels: &Labels) -> Vec<Sample> {
        let flag = |is_so: bool| if is_so { 1.0 } else { 0.0 };
        let phase = |phase: Phase| PHASE.sample(&labels.clone().with("phase", phase), flag(phase == self.phase()));
        let others = [EPOCH.sample(labels, self.epoch() as f64), SWAP.sample(labels, flag(self.swap.is_some()))];
        Phase::ALL.into_iter().map(phase).chain(others).collect()
    }
}

impl Progress {
    /// How far it is. What is not known is not there, and by partition there is the
    /// [lag](crate::Lag::samples).
    pub fn samples(&self, labels: &Labels) -> Vec<Sample> {
        let known = [EVENTS.sample(labels, self.events as f64), BAD.sample(labels, self.bad as f64)];
        let remaining = REMAINING.sample(labels, self.remaining() as f64);
        let rate = self.rate.map(|rate| RATE.sample(labels, rate));
        let eta = self.eta.map(|eta| ETA.sample(labels, eta.as_micros() as f64 / 1e6));
        known.into_iter().chain([remaining]).chain(rate).chain(eta).collect()
    }
}
