//! Who is in service, who replays, and what comes next: [`Controller`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decision::{Action, Decision, Phase, Reason, Side};
use super::failure::Failure;
use super::rules::Rules;
use crate::error::{Error, Result};
use crate::hash::Fingerprint;
use crate::lag::{Lag, Observation, Observed, PartitionLag};
use crate::time::{Span, Timestamp};

/// How many changes of phase are kept to be looked at.
const KEPT: usize = 100;

/// What is to be replayed of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The partition.
    pub partition: u32,
    /// The first offset that is read: usually the first that is still kept.
    pub start: u64,
    /// The end of the log when the replay was planned. What lies before it is history.
    pub end: u64,
}

/// A stretch, and how far both versions are known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) start: u64,
    pub(super) end: u64,
    /// What the new version reads next.
    pub(super) next: Option<u64>,
    /// The event time of the last event that the old version and the new one processed.
    pub(super) times: [Option<Timestamp>; 2],
}

/// When which phase began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The phase.
    pub phase: Phase,
    /// When, by the host's clock.
    pub at: Timestamp,
}

/// The handover from a version that is in service to a new one that replays the log beside it.
///
/// The host looks at the log and at both versions and brings [`Observation`]s; it says what people decided; and it
/// asks what is [to be done](Self::decide), which says why it is no more. The controller reads no clock and does nothing
/// itself. It is plain data: written before actions are carried out, and read after a restart, it goes on as if nothing had
/// happened.
///
/// ```text
/// planned -> replaying -> catching up <-> ready -> live -> draining -> retired
///    |           |             |            |        |
///    +-----------+-> failed <--+------------+        +-> rolled back
/// ```
///
/// A new version is as far behind as its worst partition, and one of which nothing is known could be anywhere: nothing
/// is promoted past it. What has failed is discarded; half a replay is never gone on with.
///
/// # Examples
/// ```
/// use skewless::replay::{Action, Controller, Phase, Rules, Side, Stretch};
/// use skewless::{Feature, FeatureSet, Observation, Span, Timestamp, Window};
///
/// let set = |hours| FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::sliding(Span::hours(hours)))).build();
/// let (v1, v2) = (set(1)?.fingerprint(), set(2)?.fingerprint());
/// let mut now: Timestamp = "2026-11-23T10:00:00Z".parse()?;
/// let history = [Stretch { partition: 0, start: 0, end: 500 }];
/// let mut controller = Controller::new(v1, v2, 7, history, Rules::new().comparison(false))?;
/// assert_eq!(controller.start(now)?.phase, Phase::Replaying);
///
/// for next in [100, 500, 600, 600, 600] {
///     now = now.saturating_add(Span::seconds(30));
///     for (side, next) in [(Side::Old, 600), (Side::New, next)] {
///         controller.observe(side, Observation::new(0, now).with_log(0, 600).with_next(next));
///     }
///     let _ = controller.decide(now);
/// }
/// let decision = controller.promote(now)?;
/// assert_eq!(decision.phase, Phase::Ready);
/// assert!(decision.actions.contains(&Action::Swap { to: Side::New, expected: 7 }));
/// // The host swaps, and says what came of it.
/// assert_eq!(controller.swapped(8, now)?.phase, Phase::Live);
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Controller {
    pub(super) rules: Rules,
    /// Of the old version and of the new one.
    pub(super) definitions: [Fingerprint; 2],
    /// The epoch in service, as far as is known.
    pub(super) epoch: u64,
    pub(super) phase: Phase,
    pub(super) courses: BTreeMap<u32, Course>,
    pub(super) old: Lag,
    pub(super) new: Lag,
    /// What makes the new version useless, as soon as that can be decided.
    pub(super) failure: Option<Failure>,
    pub(super) started: Option<Timestamp>,
    /// In how many checks in a row the lag was small enough, and of when the oldest look of the last one was.
    pub(super) checks: u32,
    pub(super) checked: Option<Timestamp>,
    pub(super) compared: bool,
    /// The version that a swap is out for.
    pub(super) swap: Option<Side>,
    /// The epoch that was found instead of the expected one.
    pub(super) lost: Option<u64>,
    /// Since when the new version is in service and was never seen unwell.
    pub(super) well_since: Option<Timestamp>,
    pub(super) pins: Option<usize>,
    pub(super) entered: Vec<Entered>,
}

impl Controller {
    /// A handover from the definition `old`, which is in service as `epoch`, to `new`.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) if the two are one: there is nothing to hand over.
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for no partitions, one that is there twice, or a stretch that
    /// ends before it starts; an empty one is accepted.
    pub fn new(
        old: Fingerprint,
        new: Fingerprint,
        epoch: u64,
        history: impl IntoIterator<Item = Stretch>,
        rules: Rules,
    ) -> Result<Self> {
        if old == new {
            return Err(Error::mismatch(format!("both versions are of definition {old}; the new one must be another")));
        }
        let courses = courses(history)?;
        let lag = Lag::of_partitions(courses.keys().copied()).with_limits(rules.limits);
        let mut replaying = lag.clone();
        replaying.set_replaying(true);
        Ok(Self {
            rules,
            definitions: [old, new],
            epoch,
            phase: Phase::Planned,
            courses,
            old: lag,
            new: replaying,
            failure: None,
            started: None,
            checks: 0,
            checked: None,
            compared: false,
            swap: None,
            lost: None,
            well_since: None,
            pins: None,
            entered: Vec::new(),
        })
    }

    /// Takes a look at a partition into account. What it means is decided when [`decide`](Self::decide) is next called.
    ///
    /// A look that finds nothing at all to read from the start on needs no position: a consumer that was given nothing has
    /// none.
    pub fn observe(&mut self, side: Side, mut look: Observation) -> Observed {
        let course = self.courses.get(&look.partition).copied();
        if let Some(Course { start, .. }) = course.filter(|course| look.log_end == Some(course.start)) {
            look.next = look.next.or(Some(start));
        }
        let observed = match side {
            Side::Old => self.old.observe(look),
            Side::New => self.new.observe(look),
        };
        let Some(course) = self.courses.get_mut(&look.partition) else {
            self.fail(Failure::PartitionsChanged { partition: look.partition });
            return observed;
        };
        if matches!(observed, Observed::Taken | Observed::Restarted) {
            course.times[side as usize] = look.processed_time.or(course.times[side as usize]);
            if side == Side::New {
                course.next = look.next.or(course.next);
                let next = course.next.unwrap_or(course.start);
                if let Some(log_start) = look.log_start.filter(|log_start| *log_start > next) {
                    self.fail(Failure::DataLoss { partition: look.partition, next, log_start });
                }
            }
        }
        observed
    }

    /// Says which definition a version really runs with, as after a restart. Another than was planned is a failure, as long
    /// as the new version is not in service.
    pub fn confirm(&mut self, side: Side, found: Fingerprint) {
        let expected = self.definitions[side as usize];
        if found != expected {
            self.fail(Failure::DefinitionChanged { side, found, expected });
        }
    }

    /// Moves on as far as what is known allows, and says what has to be so.
    ///
    /// Calling it again, with nothing new, changes nothing.
    pub fn decide(&mut self, now: Timestamp) -> Decision {
        while let Some(next) = self.next(now) {
            self.enter(next, now);
        }
        Decision { phase: self.phase, actions: self.actions(), reasons: self.reasons(now) }
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The epoch in service, as far as the controller was told.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When which phase began; of the last hundred.
    pub fn entered(&self) -> &[Entered] {
        &self.entered
    }

    /// How far a version is behind.
    pub fn lag(&self, side: Side) -> &Lag {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// What is to be replayed.
    pub fn history(&self) -> impl Iterator<Item = Stretch> + '_ {
        let stretch = |(partition, course): (&u32, &Course)| Stretch {
            partition: *partition,
            start: course.start,
            end: course.end,
        };
        self.courses.iter().map(stretch)
    }

    /// The latest time up to which both versions have had every event that came in order: the least event time of
    /// the last events that they processed, over all partitions that have any. `None` where one is not known.
    ///
    /// As of then two versions differ by their definitions alone, and by events that came late. Two
    /// [streams](crate::Stream) that have read the same positions differ by their definitions alone at any time.
    pub fn common_cut(&self) -> Option<Timestamp> {
        // A partition that never had an event keeps nobody waiting.
        let courses = self.courses.values().filter(|course| course.end > course.start || course.times != [None; 2]);
        let times: Option<Vec<Timestamp>> = courses.flat_map(|course| course.times).collect();
        times?.into_iter().min()
    }

    /// Takes note of what makes the new version useless; only the first counts, and only before it is in service.
    pub(super) fn fail(&mut self, failure: Failure) {
        if self.phase.is_before_live() && self.failure.is_none() {
            self.failure = Some(failure);
        }
    }

    pub(super) fn enter(&mut self, phase: Phase, now: Timestamp) {
        match phase {
            // What was found out before counts no more.
            Phase::CatchingUp => (self.checks, self.checked, self.compared) = (0, None, false),
            Phase::Live => {
                (self.well_since, self.pins) = (Some(now), None);
                self.new.set_replaying(false);
            }
            _ => {}
        }
        self.phase = phase;
        if self.entered.len() >= KEPT {
            self.entered.remove(0);
        }
        self.entered.push(Entered { phase, at: now });
    }

    /// The phase that comes next, if its time has come.
    fn next(&mut self, now: Timestamp) -> Option<Phase> {
        // While a swap is out nobody knows who is in service.
        if self.swap.is_some() || self.phase.is_final() {
            return None;
        }
        self.watch_the_clock(now);
        if self.phase.is_before_live() && self.failure.is_some() {
            return Some(Phase::Failed);
        }
        match self.phase {
            Phase::Replaying => self.history_left().next().is_none().then_some(Phase::CatchingUp),
            Phase::CatchingUp => self.check(now).then_some(Phase::Ready),
            Phase::Ready => self.far(Side::New, self.rules.beyond(), now).any(is_known).then_some(Phase::CatchingUp),
            // After a lost swap it may be the old version that is in service.
            Phase::Live => (self.lost.is_none() && self.hold_left(now).is_zero()).then_some(Phase::Draining),
            Phase::Draining => (self.pins == Some(0)).then_some(Phase::Retired),
            _ => None,
        }
    }

    /// What time alone brings about.
    fn watch_the_clock(&mut self, now: Timestamp) {
        let too_long = |longest: &Span| self.started.is_some_and(|started| now.since(started) > *longest);
        if let Some(longest) = self.rules.longest.filter(too_long)
            && matches!(self.phase, Phase::Replaying | Phase::CatchingUp)
        {
            self.fail(Failure::TooLong { longest });
        }
        if self.phase == Phase::Live {
            let unwell = self.far(Side::New, self.rules.beyond(), now).next().is_some();
            // A clock that was set back has not counted the time since.
            if unwell || self.well_since.is_none_or(|since| now < since) {
                self.well_since = Some(now);
            }
        }
    }

    /// Whether the new version has caught up in enough checks; each is of newer looks at every partition.
    fn check(&mut self, now: Timestamp) -> bool {
        if self.far(Side::New, self.rules.ready, now).next().is_some() {
            (self.checks, self.checked) = (0, None);
            return false;
        }
        let Some(oldest) = self.new.partitions(now).iter().filter_map(|lag| lag.observed_at).min() else {
            return false;
        };
        match self.checked {
            Some(last) if oldest < last => (self.checks, self.checked) = (1, Some(oldest)),
            Some(last) if oldest.since(last) < self.rules.spacing || oldest == last => {}
            _ => (self.checks, self.checked) = (self.checks.saturating_add(1), Some(oldest)),
        }
        self.checks >= self.rules.checks
    }

    /// What of history is not read yet.
    pub(super) fn history_left(&self) -> impl Iterator<Item = Reason> + '_ {
        self.courses.iter().filter_map(|(partition, course)| {
            let left = course.next.unwrap_or(course.start) < course.end;
            left.then_some(Reason::History { partition: *partition, next: course.next, end: course.end })
        })
    }

    /// The partitions in which a version is further behind than `limit`, or nobody knows how far.
    pub(super) fn far(&self, side: Side, limit: Span, now: Timestamp) -> impl Iterator<Item = Reason> + use<> {
        let far = move |PartitionLag { partition, event_time, reason: why, .. }| match event_time {
            None => Some(Reason::Unknown { side, partition, why }),
            Some(lag) => (lag > limit).then_some(Reason::Lagging { side, partition, lag, limit }),
        };
        self.lag(side).partitions(now).into_iter().filter_map(far)
    }

    /// For how much longer the old version is held.
    pub(super) fn hold_left(&self, now: Timestamp) -> Span {
        let end = self.well_since.unwrap_or(now).saturating_add(self.rules.hold);
        end.since(now)
    }

    fn actions(&self) -> Vec<Action> {
        let from = || self.courses.iter().map(|(partition, course)| (*partition, course.start)).collect();
        let mut actions = match self.phase {
            Phase::Planned => Vec::new(),
            Phase::Replaying | Phase::CatchingUp | Phase::Ready => vec![Action::Replay { from: from() }],
            Phase::Live => vec![Action::Hold(Side::Old)],
            Phase::Draining => vec![Action::Stop(Side::Old)],
            Phase::Retired => vec![Action::Delete(Side::Old)],
            Phase::RolledBack => vec![Action::Stop(Side::New)],
            Phase::Failed => vec![Action::Delete(Side::New)],
        };
        if self.phase == Phase::Ready && self.rules.comparison && !self.compared {
            actions.push(Action::Compare { as_of: self.common_cut() });
        }
        if let Some(to) = self.swap {
            actions.push(Action::Swap { to, expected: self.epoch });
        }
        actions
    }
}

/// Where every partition begins; refuses what is no plan.
fn courses(history: impl IntoIterator<Item = Stretch>) -> Result<BTreeMap<u32, Course>> {
    let mut courses = BTreeMap::new();
    for Stretch { partition, start, end } in history {
        if end < start {
            return Err(Error::parameter("end", end, format!("the start, {start}, or more")));
        }
        if courses.insert(partition, Course { start, end, next: None, times: [None; 2] }).is_some() {
            return Err(Error::parameter("partition", partition, "each partition once"));
        }
    }
    if courses.is_empty() {
        return Err(Error::parameter("history", "no partitions", "at least one"));
    }
    Ok(courses)
}

/// Whether a partition is known to be too far behind.
fn is_known(reason: Reason) -> bool {
    matches!(reason, Reason::Lagging { .. })
}
