//! What people tell a [`Controller`], and what stands against it.

use super::controller::Controller;
use super::decision::{Decision, Phase, Reason, Side};
use super::failure::Failure;
use crate::error::{Error, Result};
use crate::time::Timestamp;

impl Controller {
    /// Begins the replay.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) if it has begun already.
    pub fn start(&mut self, now: Timestamp) -> Result<Decision> {
        self.only_in(&[Phase::Planned], "started")?;
        self.started = Some(now);
        self.enter(Phase::Replaying, now);
        Ok(self.decide(now))
    }

    /// Says that somebody looked at the [comparison](super::Comparison) of the two versions, and that the differences are
    /// those that the new definition was made for. It holds until the new version is no longer ready.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) unless the new version is ready.
    pub fn accept_comparison(&mut self, now: Timestamp) -> Result<Decision> {
        let _ = self.decide(now);
        self.only_in(&[Phase::Ready], "compared")?;
        self.compared = true;
        Ok(self.decide(now))
    }

    /// Says that the comparison shows that the new version is wrong: it has failed.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) unless the new version is ready or catching up.
    pub fn reject_comparison(&mut self, why: impl Into<String>, now: Timestamp) -> Result<Decision> {
        self.only_in(&[Phase::CatchingUp, Phase::Ready], "compared")?;
        self.fail(Failure::ComparisonRejected { why: why.into() });
        Ok(self.decide(now))
    }

    /// Gives the new version up. Also for a [`Replay`](super::Replay) that has failed.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) if it has been in service: that is for
    /// [`rollback`](Self::rollback).
    pub fn abort(&mut self, why: impl Into<String>, now: Timestamp) -> Result<Decision> {
        self.only_in(&[Phase::Planned, Phase::Replaying, Phase::CatchingUp, Phase::Ready], "given up")?;
        self.fail(Failure::Aborted { why: why.into() });
        Ok(self.decide(now))
    }

    /// Has the new version put into service, if nothing stands against it: the decision then has an
    /// [`Action::Swap`](super::Action::Swap), and otherwise says what does.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) unless it is ready.
    pub fn promote(&mut self, now: Timestamp) -> Result<Decision> {
        let _ = self.decide(now);
        self.only_in(&[Phase::Ready], "promoted")?;
        if self.against_promotion(now).is_empty() {
            self.swap = Some(Side::New);
        }
        Ok(self.decide(now))
    }

    /// Has the old version put into service again, if it is as fresh as the rules ask: the decision then has an
    /// [`Action::Swap`](super::Action::Swap), and otherwise says why not.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) unless the new version is in service and the old one held.
    pub fn rollback(&mut self, now: Timestamp) -> Result<Decision> {
        self.back(now, false)
    }

    /// The same however old the values of the old version are.
    ///
    /// # Errors
    /// As [`rollback`](Self::rollback).
    pub fn rollback_forced(&mut self, now: Timestamp) -> Result<Decision> {
        self.back(now, true)
    }

    fn back(&mut self, now: Timestamp, forced: bool) -> Result<Decision> {
        // Not moved on first: a hold that ends this moment must not be what stops a rollback.
        self.only_in(&[Phase::Live], "rolled back")?;
        if forced || self.against_rollback(now).next().is_none() {
            self.swap = Some(Side::Old);
        }
        Ok(self.decide(now))
    }

    /// Says that the swap that was out was done, and is in service as `epoch`.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) if none was out;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for an epoch that is not after the one before.
    pub fn swapped(&mut self, epoch: u64, now: Timestamp) -> Result<Decision> {
        let to = self.swap_out()?;
        if epoch <= self.epoch {
            return Err(Error::parameter("epoch", epoch, format!("more than {}, which it replaced", self.epoch)));
        }
        (self.swap, self.lost, self.epoch) = (None, None, epoch);
        self.enter(if to == Side::New { Phase::Live } else { Phase::RolledBack }, now);
        Ok(self.decide(now))
    }

    /// Says that the swap that was out was not done, since epoch `found` is in service.
    ///
    /// That is somebody else's doing: what was compared is no longer what would be replaced. Nothing is promoted or rolled
    /// back any more; a new version that is not in service can be [given up](Self::abort).
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) if none was out;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for the epoch that was expected.
    pub fn swap_lost(&mut self, found: u64, now: Timestamp) -> Result<Decision> {
        let _ = self.swap_out()?;
        if found == self.epoch {
            return Err(Error::parameter("found", found, "another epoch than the expected one"));
        }
        (self.swap, self.lost) = (None, Some(found));
        Ok(self.decide(now))
    }

    /// Says how many requests still have the old version pinned, as [`Slot::pins`](super::Slot::pins) knows.
    ///
    /// # Errors
    /// [`ErrorKind::Transition`](crate::ErrorKind::Transition) unless the old version drains.
    pub fn pinned(&mut self, pins: usize, now: Timestamp) -> Result<Decision> {
        self.only_in(&[Phase::Draining], "drained")?;
        self.pins = Some(pins);
        Ok(self.decide(now))
    }

    fn swap_out(&self) -> Result<Side> {
        self.swap.ok_or_else(|| Error::transition(format!("no swap is out; the replay is {}", self.phase)))
    }

    fn only_in(&self, phases: &[Phase], what: &str) -> Result<()> {
        if let Some(to) = self.swap {
            return Err(Error::transition(format!(
                "a swap to {to} is out; first it is to be told what came of it, then a replay can be {what}"
            )));
        }
        if phases.contains(&self.phase) {
            return Ok(());
        }
        let allowed: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
        Err(Error::transition(format!(
            "a replay that is {} cannot be {what}; one can that is {}",
            self.phase,
            allowed.join(" or ")
        )))
    }

    /// What stands against the new version coming into service.
    fn against_promotion(&self, now: Timestamp) -> Vec<Reason> {
        let mut against: Vec<Reason> = self.lost().into_iter().collect();
        let limit = self.rules.regression;
        for lag in self.new.partitions(now) {
            let (partition, why) = (lag.partition, lag.reason);
            let Some(new) = lag.event_time else {
                against.push(Reason::Unknown { side: Side::New, partition, why });
                continue;
            };
            let old = self.old.partition(partition, now).and_then(|lag| lag.event_time);
            // What is not known could be nothing at all, which asks most of the new version.
            let most = old.map_or(0, |old| old.as_micros()).saturating_add(limit.as_micros());
            if new.as_micros() > most {
                against.push(Reason::Regression { partition, new, old, limit });
            }
        }
        if self.rules.comparison && !self.compared {
            against.push(Reason::NotCompared);
        }
        against
    }

    /// What stands against going back.
    fn against_rollback(&self, now: Timestamp) -> impl Iterator<Item = Reason> {
        self.lost().into_iter().chain(self.far(Side::Old, self.rules.rollback, now))
    }

    fn lost(&self) -> Option<Reason> {
        self.lost.map(|found| Reason::SwapLost { expected: self.epoch, found })
    }

    /// Why it is no other phase.
    pub(super) fn reasons(&self, now: Timestamp) -> Vec<Reason> {
        if let Some(to) = self.swap {
            return vec![Reason::SwapOut { to }];
        }
        match self.phase {
            Phase::Replaying => self.history_left().chain(self.retention(now)).collect(),
            Phase::CatchingUp => {
                let mut reasons: Vec<Reason> = self.far(Side::New, self.rules.ready, now).collect();
                if reasons.is_empty() {
                    reasons.push(Reason::Settling { checks: self.checks, of: self.rules.checks });
                }
                reasons.extend(self.retention(now));
                reasons
            }
            Phase::Ready => self.against_promotion(now),
            Phase::Live => {
                let unwell = self.far(Side::New, self.rules.beyond(), now);
                let holding = Reason::Holding { left: self.hold_left(now) };
                unwell.chain(self.against_rollback(now)).chain([holding]).collect()
            }
            Phase::Draining => vec![Reason::Pinned { pins: self.pins }],
            Phase::Failed => self.failure.clone().into_iter().map(Reason::Failed).collect(),
            Phase::Planned | Phase::Retired | Phase::RolledBack => Vec::new(),
        }
    }

    /// Where retention is faster than the new version.
    fn retention(&self, now: Timestamp) -> impl Iterator<Item = Reason> {
        let closing = self.new.partitions(now).into_iter().filter(|lag| lag.events != Some(0));
        closing.filter_map(|lag| {
            let within = lag.headroom_time.filter(|within| lag.drain.is_none_or(|drain| *within < drain))?;
            Some(Reason::RetentionCloses { partition: lag.partition, within })
        })
    }
}
