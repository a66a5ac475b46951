//! Catches a merge that, after any history, counts an event twice or not at all, or calls a value whole that is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use skewless::merge::{Decision, Part, Reason, Seen, Source, Status};
use skewless::testing::{Event, events::events, events::moment, oracle};
use skewless::{BatchView, Cut, Entity, ErrorKind, FeatureSet, FrontierPolicy, Gate, Lookup, Manifest, Outcome};
use skewless::{Positions, Serving, Span, State, Stream, Timestamp, ViewBuilder};

/// Every sort of window, and aggregates that notice order, ties and doubles.
const FEATURES: &str = r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
    "columns": {"amount": "f64", "word": "string", "qty": "i64"},
    "features": {
        "sum_exact": {"sum": "amount", "over": {"sliding": "1h", "hop": "exact"}},
        "sum_hop": {"sum": "amount", "where": {"word": "a"}, "over": {"sliding": "1d", "hop": "1h"}},
        "n_day": {"count": "*", "over": {"tumbling": "1d"}},
        "n_all": {"count": "*", "over": "lifetime"},
        "words": {"count_distinct": "word", "over": "lifetime"},
        "first": {"first": "qty", "over": {"sliding": "7d", "hop": "1d"}},
        "last": {"last": "qty", "over": "lifetime"},
        "session": {"sum": "amount", "over": {"session": "30m"}},
        "within": {"count": "*", "over": {"session": "10m", "within": "2h"}},
        "active": {"count": "*", "over": {"session": "1h", "activity": {"word": "b"}}},
        "since": {"sum": "qty", "over": {"sliding": "6h", "hop": "exact", "since": {"word": "b"}}},
        "before": {"sum": "amount", "over": {"sliding": "2h", "hop": "10m", "offset": "1h"}},
        "rate": {"rate": "*", "over": {"session": "30m"}},
        "rate_since": {"rate": "*", "over": {"sliding": "6h", "hop": "exact", "since": {"word": "b"}}},
        "reset": {"count": "*", "over": {"session": "1h", "since": {"word": "b"}}},
        "idle": {"first": "word", "over": {"session": "30m", "offset": "10m"}},
        "faded": {"count_distinct": "amount", "over": {"sliding": "1d", "hop": "1h"}},
        "top": {"max": "qty", "over": {"tumbling": "1h", "offset": "30m"}},
        "ever": {"sum": "amount", "over": {"lifetime": true, "since": {"word": "b"}}},
        "past": {"count": "*", "over": {"sliding": "2h", "hop": "1h"}, "series": {"steps": 4, "step": "1h"}},
        "week": {"count": "*", "over": {"tumbling": "1d"}, "series": {"steps": 3, "step": "1d"}}},
    "derived": {"share": {"ratio": ["sum_exact", "n_all"]}}}"#;

/// One thing that happens: which, where, when.
type Step = (u8, Index, Timestamp);

/// A view as the machine remembers it: the events that are in it.
struct Made {
    view: BatchView,
    has: Vec<bool>,
}

/// Dumber than the code: all events with their places, and who has which.
struct Machine {
    set: FeatureSet,
    by_time: bool,
    log: Vec<(u32, u64, Event)>,
    delivered: Vec<bool>,
    made: Vec<Made>,
    serving: Serving,
    /// The frontier when entities were last forgotten.
    forgotten: Option<Timestamp>,
    /// How many whole values both sides had a part in.
    both: Cell<usize>,
}

impl Machine {
    fn new(set: &FeatureSet, by_time: bool, events: Vec<Event>) -> Self {
        // Two partitions; of the second every other offset was compacted away.
        let place = |i: usize| ((i % 2) as u32, (i / 2 * (i % 2 + 1)) as u64);
        let log: Vec<_> = events.into_iter().enumerate().map(|(i, event)| (place(i).0, place(i).1, event)).collect();
        let gate = Gate::new(set).volume(0.0, f64::INFINITY);
        let policy = FrontierPolicy::Lateness { lateness: Span::hours(2), jump: Span::days(1), witnesses: 2 };
        let policy = if log.len() % 4 == 0 { policy } else { FrontierPolicy::Host };
        let serving = Serving::new(Stream::with_policy(set, policy)).gate(gate).retain(1 + log.len() % 3);
        let delivered = vec![false; log.len()];
        Self {
            set: set.clone(),
            by_time,
            log,
            delivered,
            made: Vec::new(),
            serving,
            forgotten: None,
            both: Cell::new(0),
        }
    }

    fn step(&mut self, (what, which, time): &Step) -> Result<(), TestCaseError> {
        match what % 16 {
            0..=5 => self.deliver(which)?,
            6 => drop(self.serving.announce(self.cut(which, *time))),
            7 | 8 => self.publish(which, *time)?,
            9 => drop(self.serving.rollback(*time)),
            10 => {
                let bytes = self.serving.snapshot();
                let restored = Serving::restore(&self.set, &skewless::Externals::default(), &bytes);
                let restored = restored.map_err(|why| TestCaseError::fail(why.to_string()))?;
                prop_assert_eq!(restored.snapshot(), bytes);
                let gate = Gate::new(&self.set).volume(0.0, f64::INFINITY);
                self.serving = restored.gate(gate).retain(1 + self.log.len() % 3);
            }
            11 => self.serving.advance(*time),
            12 if which.index(4) == 0 => {
                self.forgotten = self.serving.stream().frontier();
                let _ = self.serving.evict();
            }
            12 => {
                let waiting: Vec<String> = self.serving.quarantined().iter().map(|view| view.view.clone()).collect();
                if let Some(name) = waiting.get(which.index(waiting.len().max(1))) {
                    let _ = self.serving.approve(name, *time);
                }
            }
            _ => {}
        }
        self.ask(which, *time)
    }

    /// Reads one event, perhaps again, perhaps out of order; the first of a partition first.
    fn deliver(&mut self, which: &Index) -> Result<(), TestCaseError> {
        if self.log.is_empty() {
            return Ok(());
        }
        let mut i = which.index(self.log.len());
        if self.serving.stream().positions().next(self.log[i].0) == 0 {
            i %= 2;
        }
        let (partition, offset, event) = &self.log[i];
        let outcome = self.serving.update_at(*partition, *offset, event);
        let known = std::mem::replace(&mut self.delivered[i], true);
        prop_assert!(!known || outcome == Ok(Outcome::Redelivered), "{:?} of a known event", outcome);
        if let (Ok(outcome), false) = (outcome, known) {
            let below = |view: &Manifest| self.by_time && view.cut.covers(None, self.log[i].2.time());
            let expected = self.serving.view().is_some_and(below);
            prop_assert_eq!(outcome == Outcome::BelowCut, expected, "{:?}", outcome);
        }
        Ok(())
    }

    /// A cut: in the past, now or to come.
    fn cut(&self, which: &Index, time: Timestamp) -> Cut {
        if self.by_time {
            return time.into();
        }
        let now = self.serving.stream().positions();
        let shift = which.index(7) as i64 - 2;
        let moved =
            [0, 1].map(|p| (p, now.next(p).saturating_add_signed(if time.as_micros() % 2 == 0 { 0 } else { shift })));
        Cut::Positions(moved.into_iter().collect::<Positions>().with(0, moved[0].1.max(1)))
    }

    /// Runs the batch job and offers what it made.
    fn publish(&mut self, which: &Index, time: Timestamp) -> Result<(), TestCaseError> {
        let cut = match self.serving.view() {
            // Sometimes the same cut again, with what has come late in it.
            Some(current) if which.index(5) == 0 => current.cut.clone(),
            _ => self.cut(which, time),
        };
        if self.serving.clone().announce(cut.clone()).is_err() {
            return Ok(());
        }
        // By time, what comes later in the log may not have been there when the job ran.
        let until = if self.by_time { self.log.len() - which.index(self.log.len() / 2 + 1) } else { self.log.len() };
        let has: Vec<bool> = (self.log.iter().enumerate())
            .map(|(i, (partition, offset, event))| i < until && cut.covers(Some((*partition, *offset)), event.time()))
            .collect();
        let mut builder = ViewBuilder::new(&self.set, format!("v{}", self.made.len()), cut, time).parts(2);
        if !self.by_time && which.index(3) == 0 {
            builder = builder.frontier(time);
        }
        for entity in self.entities() {
            let mut state = State::new(&self.set);
            let mine = self.log.iter().zip(&has).filter(|((.., event), has)| **has && event.entity() == entity);
            let count = mine.filter(|((.., event), _)| state.update(event).is_ok()).count();
            if count > 0 {
                builder.put(entity, &state, count as u64).map_err(|why| TestCaseError::fail(why.to_string()))?;
            }
        }
        let view = builder.build().unwrap();
        let before = self.serving.view().cloned();
        let mut found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
        if which.index(6) == 1 {
            let _ = found.pop();
            prop_assert_eq!(self.serving.offer(view.manifest(), &found, time).decision, Decision::Reject);
            prop_assert_eq!(self.serving.view(), before.as_ref());
            return Ok(());
        }
        let verdict = self.serving.offer(view.manifest(), &found, time);
        let now = self.serving.view();
        prop_assert_eq!(verdict.decision == Decision::Accept, now == Some(view.manifest()), "{}", verdict);
        prop_assert!(verdict.decision == Decision::Accept || now == before.as_ref());
        // Once more changes nothing.
        if verdict.decision == Decision::Accept {
            let (bytes, verdict) = (self.serving.snapshot(), self.serving.offer(view.manifest(), &found, time));
            prop_assert_eq!((verdict.decision, self.serving.snapshot()), (Decision::Accept, bytes));
        }
        self.made.push(Made { view, has });
        Ok(())
    }

    fn entities(&self) -> Vec<Entity> {
        let mut all: Vec<Entity> = self.log.iter().map(|(.., event)| event.entity()).collect();
        all.sort();
        all.dedup();
        all
    }

    fn made(&self, manifest: &Manifest) -> &Made {
        self.made.iter().find(|made| made.view.manifest() == manifest).unwrap()
    }

    /// The events that count beside a view: its own and the stream's on the other side of its cut.
    fn given(&self, made: Option<&Made>) -> Vec<Event> {
        let counts = |i: usize| {
            let (partition, offset, event) = &self.log[i];
            let behind = |made: &Made| made.view.manifest().cut.covers(Some((*partition, *offset)), event.time());
            made.is_some_and(|made| made.has[i]) || self.delivered[i] && !made.is_some_and(behind)
        };
        (0..self.log.len()).filter(|i| counts(*i)).map(|i| self.log[i].2.clone()).collect()
    }

    /// Whether the stream has not come as far as a view.
    fn is_behind(&self, made: &Made) -> bool {
        let stream = self.serving.stream();
        match &made.view.manifest().cut {
            Cut::EventTime(cut) => stream.latest_event().max(stream.frontier()).is_none_or(|reached| reached < *cut),
            Cut::Positions(cut) => cut.iter().any(|(partition, next)| stream.positions().next(partition) < next),
        }
    }

    /// Asks for somebody, by the view in service, the one before, one long gone, or without an answer.
    fn ask(&self, which: &Index, as_of: Timestamp) -> Result<(), TestCaseError> {
        let entities = self.entities();
        let Some(entity) = entities.get(which.index(entities.len().max(1))) else { return Ok(()) };
        let views: Vec<&Made> = self.serving.views().map(|manifest| self.made(manifest)).collect();
        for way in 0..4 {
            let asked = match way {
                0 => views.last().copied(),
                1 => views.first().copied(),
                2 => self.made.get(which.index(self.made.len().max(1))),
                _ => None,
            };
            let batch = asked.map_or(Lookup::Failed, |made| made.view.lookup(entity));
            // Not found is of the view in service only.
            if batch == Lookup::NotFound && way > 0 {
                continue;
            }
            let known = asked.filter(|made| views.iter().any(|view| view.view.manifest() == made.view.manifest()));
            let used = known.or(views.first().copied());
            self.compare(entity, as_of, batch, used, known.is_some() || views.is_empty())?;
        }
        Ok(())
    }

    fn compare(
        &self,
        entity: &Entity,
        as_of: Timestamp,
        batch: Lookup<&[u8]>,
        used: Option<&Made>,
        answered: bool,
    ) -> Result<(), TestCaseError> {
        if self.forgotten.is_some_and(|frontier| as_of < frontier) {
            return Ok(());
        }
        let served = match self.serving.vector(entity, as_of, batch) {
            Ok(served) => served,
            Err(why) => {
                prop_assert_eq!(why.kind(), ErrorKind::Unanswerable);
                let frontier = used.and_then(|made| made.view.manifest().frontier);
                prop_assert!(Some(as_of) < self.serving.stream().frontier().max(frontier), "{}", why);
                return Ok(());
            }
        };
        let given = self.given(used);
        let truth = oracle::vector(&self.set, &given, entity, as_of);
        // What the view in service has is part of the whole, whichever view was asked.
        let behind = self.serving.view().is_some_and(|current| self.is_behind(self.made(current)));
        for ((name, value, provenance), truth) in served.iter().zip(&truth) {
            match provenance.status {
                Status::Complete => {
                    prop_assert_eq!(value, truth, "{} as of {}, {:?}", name, as_of, provenance);
                    self.both.set(self.both.get() + usize::from(provenance.source == Source::Both));
                }
                Status::Degraded(Reason::RealtimeBehind) => prop_assert!(behind, "{} is not behind", name),
                Status::Degraded(reason) => {
                    prop_assert!(!answered, "{} as of {} degraded: {:?}, but nothing is missing", name, as_of, reason);
                    let latest = self.serving.views().filter_map(|manifest| manifest.latest).max();
                    let reach = as_of.saturating_sub(Span::hours(1));
                    prop_assert!(name != "sum_exact" || latest >= Some(reach), "no event of the view is in {}", name);
                }
            }
        }
        if answered && self.forgotten.is_none() {
            let any = given.iter().any(|event| event.entity() == *entity && event.time() < as_of);
            prop_assert_eq!(served.seen() == Seen::Yes, any);
        }
        Ok(())
    }
}

fn run(by_time: bool, cases: u32) {
    let set = FeatureSet::from_json(FEATURES).unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let steps = vec((any::<u8>(), any::<Index>(), moment()), 1..60);
    let both = Cell::new(0);
    let outcome = runner.run(&(events(&set, 30), steps), |(log, steps)| {
        let mut machine = Machine::new(&set, by_time, log);
        steps.iter().try_for_each(|step| machine.step(step))?;
        both.set(both.get() + machine.both.get());
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
    assert!(both.get() > cases as usize, "{} values of both sides", both.get());
}

#[test]
fn whatever_happens_what_is_served_is_the_fold_of_the_log_cut_by_positions() {
    run(false, 120);
}

#[test]
fn whatever_happens_what_is_served_is_the_fold_of_the_log_cut_by_time() {
    run(true, 120);
}

/// One event's columns: user, time, amount, partition and offset.
#[cfg(feature = "arrow")]
type Row = (&'static str, i64, f64, u32, u64);

#[cfg(feature = "arrow")]
fn table(rows: &[Row], unsigned: bool) -> arrow_array::RecordBatch {
    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
    use std::sync::Arc;
    let user: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let ts: Int64Array = rows.iter().map(|row| Some(row.1)).collect();
    let amount: Float64Array = rows.iter().map(|row| Some(row.2)).collect();
    let (partition, offset): (ArrayRef, ArrayRef) = if unsigned {
        let partition: UInt32Array = rows.iter().map(|row| Some(row.3)).collect();
        (Arc::new(partition), Arc::new(rows.iter().map(|row| Some(row.4)).collect::<UInt64Array>()))
    } else {
        let partition: Int64Array = rows.iter().map(|row| Some(i64::from(row.3))).collect();
        (Arc::new(partition), Arc::new(rows.iter().map(|row| Some(row.4 as i64)).collect::<Int64Array>()))
    };
    let columns = [("user", Arc::new(user) as _), ("ts", Arc::new(ts) as _), ("amount", Arc::new(amount) as _)];
    RecordBatch::try_from_iter(columns.into_iter().chain([("partition", partition), ("offset", offset)])).unwrap()
}

#[cfg(feature = "arrow")]
#[test]
fn a_view_of_tables_takes_each_place_of_the_log_once_however_the_rows_come() {
    let set = FeatureSet::from_json(
        r#"{"name": "s", "version": 1, "entity": "user", "time": "ts",
            "features": {"sum": {"sum": "amount", "over": "lifetime"}}}"#,
    );
    let set = set.unwrap();
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let place = (0u32..3, 0u64..6);
    let strategy = (vec(place, 0..40), vec(any::<Index>(), 0..4), (0u64..8, 0u64..8), any::<bool>());
    let outcome = runner.run(&strategy, |(places, cuts, (a, b), unsigned)| {
        // What is at a place is always the same event.
        let event = |&(partition, offset): &(u32, u64)| {
            let n = i64::from(partition) * 10 + offset as i64;
            (["ada", "bob", "eve"][(n % 3) as usize], n, n as f64 / 10.0, partition, offset)
        };
        let rows: Vec<Row> = places.iter().map(event).collect();
        let mut edges: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).chain([0, rows.len()]).collect();
        edges.sort_unstable();
        let tables: Vec<_> = edges.windows(2).map(|pair| table(&rows[pair[0]..pair[1]], unsigned)).collect();
        let cut = Positions::new().with(0, a).with(2, b);
        let builder = || ViewBuilder::new(&set, "v", cut.clone(), Timestamp::EPOCH);
        let found =
            skewless::batch::view(builder(), &tables, &[]).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let once: std::collections::BTreeSet<(u32, u64)> = places.iter().copied().collect();
        let mut expected = builder();
        for (user, ts, amount, ..) in once.iter().filter(|(p, o)| cut.covers(*p, *o)).map(event) {
            let mut state = State::new(&set);
            let _ = state.update(&serde_json::json!({"user": user, "ts": ts, "amount": amount})).unwrap();
            expected.put(Entity::from(user), &state, 1).unwrap();
        }
        let expected = expected.build().unwrap();
        prop_assert_eq!(found.manifest(), expected.manifest());
        prop_assert!(found.records().eq(expected.records()));
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}
