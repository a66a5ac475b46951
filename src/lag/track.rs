//! One partition's latest looks, and what can be measured over them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::observation::{Observation, Observed};
use crate::plan::Rate;
use crate::time::{Span, Timestamp};

/// How many looks in a row, each of before the latest one, it takes to believe that the host's clock went back.
const WITNESSES: u32 = 3;

/// The latest looks at one partition, oldest first; the last is the latest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    looks: VecDeque<Observation>,
    /// How many looks in a row were of before the latest one, and when the last of them was.
    before: Option<(u32, Timestamp)>,
}

/// By how much a number grew, and in what time, which is not none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Advance {
    pub(super) by: u64,
    pub(super) over: Span,
}

impl Advance {
    pub(super) fn rate(self) -> Option<Rate> {
        Rate::new(self.by, self.over).ok()
    }
}

impl Track {
    pub(super) fn observe(&mut self, look: Observation, limits: &Limits) -> Observed {
        let Some(latest) = self.looks.back() else {
            self.looks.push_back(look);
            return Observed::Taken;
        };
        if look == *latest {
            return Observed::Repeated;
        }
        if look.at < latest.at {
            let count = match self.before {
                Some((count, at)) if at < look.at => count.saturating_add(1),
                _ => 1,
            };
            if count < WITNESSES {
                self.before = Some((count, look.at));
                return Observed::OutOfOrder;
            }
            *self = Self { looks: VecDeque::from([look]), before: None };
            return Observed::Restarted;
        }
        self.before = None;
        self.take(look, limits);
        Observed::Taken
    }

    /// Looks that are too close are one: the latest takes the place of the one before it.
    fn take(&mut self, look: Observation, limits: &Limits) {
        let mut latest = self.looks.iter().rev().map(|look| look.at);
        let close = match (latest.next(), latest.next()) {
            (Some(last), Some(before)) => last == look.at || last.since(before) < limits.least_spacing(),
            (Some(last), None) => last == look.at,
            _ => false,
        };
        if close {
            self.looks.pop_back();
        }
        self.looks.push_back(look);
        while self.looks.len() > limits.looks() {
            self.looks.pop_front();
        }
    }

    /// The latest look, if there was one.
    pub(super) fn latest(&self) -> Option<&Observation> {
        self.looks.back()
    }

    /// The looks that know how many events there are to process, oldest first.
    pub(super) fn complete(&self) -> impl DoubleEndedIterator<Item = (&Observation, u64)> {
        self.looks.iter().filter_map(|look| Some((look, look.events()?)))
    }

    /// How far `offset` advanced since it was last set back, as far as these looks go.
    pub(super) fn advance(&self, limits: &Limits, offset: impl Fn(&Observation) -> Option<u64>) -> Option<Advance> {
        let mut known = self.looks.iter().rev().filter_map(|look| Some((look.at, offset(look)?)));
        let (until, last) = known.next()?;
        let (mut since, mut first) = (until, last);
        for (at, offset) in known {
            if offset > first {
                break;
            }
            (since, first) = (at, offset);
        }
        let over = until.since(since);
        let measured = !over.is_zero() && over >= limits.least_spacing();
        measured.then(|| Advance { by: last.saturating_sub(first), over })
    }
}
