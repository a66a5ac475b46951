//! The law of serving: a view up to a cut and a stream after it are one fold over the whole log.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::events::{Event, events, moment};
use super::oracle;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::log::{Cut, Positions};
use crate::merge::{BatchView, Decision, Part, Reason, Serving, Status, ViewBuilder};
use crate::state::State;
use crate::stream::{Entity, Stream};
use crate::time::Timestamp;

/// Where each event of a log is, and what happens while it is read.
#[derive(Clone, Debug)]
struct Story {
    log: Vec<Event>,
    /// For each event its partition, how many offsets are passed over before it, and whether an earlier one is
    /// delivered again after it.
    places: Vec<(u32, u64, Option<prop::sample::Index>)>,
    /// Two cuts by time; or by position, as shares of each partition in sixteenths.
    times: (Timestamp, Timestamp),
    shares: Vec<(usize, usize)>,
    by_time: bool,
    /// Whether the stream is told of the cuts before it has read anything, or when it is there.
    early: bool,
    /// After how many events the views land, and the frontier moves.
    lands: (prop::sample::Index, prop::sample::Index),
    moves: (prop::sample::Index, Timestamp),
    /// The frontier of views that are cut at positions.
    frontier: Option<Timestamp>,
    asked: Vec<Timestamp>,
}

fn story(set: &FeatureSet) -> impl Strategy<Value = Story> + use<> {
    let index = || any::<prop::sample::Index>();
    let place = (0u32..3, prop_oneof![8 => Just(0u64), 1 => 1u64..4], prop::option::weighted(0.2, index()));
    let shares = vec((0usize..17, 0usize..17), 3);
    let log = (events(set, 30), vec(place, 40), shares, any::<bool>(), any::<bool>());
    let rest = (
        (moment(), moment()),
        (index(), index()),
        (index(), moment()),
        prop::option::of(moment()),
        vec(moment(), 1..5),
    );
    (log, rest).prop_map(|((log, places, shares, by_time, early), (times, lands, moves, frontier, asked))| {
        let times = (times.0.min(times.1), times.0.max(times.1));
        let shares = shares.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
        Story { log, places, times, shares, by_time, early, lands, moves, frontier, asked }
    })
}

/// Holds a definition to the law of [`Serving`] on `cases` generated logs.
///
/// For each log, with ties, late and redelivered events, and two random cuts, by time or by position: what is served
/// of either view and the stream, whenever the views land and while the log is still being read, is what the oracle
/// says of all events that either side was given, bit for bit; also after falling back to the first view, after a
/// restart, and after a rollback. Nothing is degraded but what the stream has yet to read. Below the frontier it
/// answers right or says that it cannot.
///
/// # Errors
/// [`ErrorKind::Law`](crate::ErrorKind::Law) with the smallest log found that breaks it.
pub fn check_serving(set: &FeatureSet, cases: u32) -> Result<()> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&story(set), |story| told(set, &story).map_err(TestCaseError::fail));
    outcome.map_err(|why| {
        let message = match why {
            TestError::Fail(reason, story) => format!("{reason}; {story:#?}"),
            TestError::Abort(reason) => reason.to_string(),
        };
        Error::law("serving", set.name(), message)
    })
}

type Checked = std::result::Result<(), String>;

/// An event with its place in the log.
type Placed<'a> = ((u32, u64), &'a Event);

fn told(set: &FeatureSet, story: &Story) -> Checked {
    let log = placed(story);
    let cuts = cuts(story, &log);
    let views = [0, 1].map(|i| view(set, story, &log, i, &cuts[i]));
    let [first, second] = views;
    let (first, second) = (first?, second?);
    let mut stream = Stream::new(set);
    if !story.by_time {
        // The first offset of a partition may be passed over too.
        stream = stream.starting_at(Positions::new()).map_err(|why| why.to_string())?;
    }
    let mut serving = Serving::new(stream);
    if story.early {
        for cut in &cuts {
            serving.announce(cut.clone()).map_err(|why| format!("announce {cut}: {why}"))?;
        }
    }
    let order = order(story, &log, &cuts);
    let (lands, moves) = (&story.lands, &story.moves);
    let end = order.len() + 1;
    let (mut one, mut two) = (lands.0.index(end), lands.1.index(end));
    (one, two) = (one.min(two), one.max(two));
    // A cut that the stream is not told of early is one that it is at, or that its frontier has not passed.
    let frontier = if story.early { moves.1 } else { moves.1.min(story.times.0) };
    for read in 0..=order.len() {
        if !story.early && !story.by_time {
            for cut in &cuts {
                if reached(&order[..read], &log, cut) {
                    serving.announce(cut.clone()).map_err(|why| format!("announce {cut} when there: {why}"))?;
                }
            }
        }
        if moves.0.index(end) == read {
            serving.advance(frontier);
        }
        let given = &order[..read];
        if one == read {
            land(&mut serving, &first)?;
            agrees(set, story, &serving, &first, given, &log)?;
        }
        if two == read {
            land(&mut serving, &second)?;
            land(&mut serving, &second)?;
            agrees(set, story, &serving, &second, given, &log)?;
            agrees(set, story, &serving, &first, given, &log)?;
        }
        if let Some(at) = order.get(read) {
            feed(&mut serving, story, &log, *at, given)?;
        }
    }
    agrees(set, story, &serving, &second, &order, &log)?;
    agrees(set, story, &serving, &first, &order, &log)?;
    let bytes = serving.snapshot();
    let mut again =
        Serving::restore(set, &crate::Externals::default(), &bytes).map_err(|why| format!("restore: {why}"))?;
    agrees(set, story, &again, &second, &order, &log)?;
    if again.views().count() > 1 {
        again.rollback(Timestamp::EPOCH).map_err(|why| format!("rollback: {why}"))?;
        agrees(set, story, &again, &first, &order, &log)?;
    }
    Ok(())
}

/// The log with offsets.
fn placed(story: &Story) -> Vec<Placed<'_>> {
    let mut next = [0u64; 3];
    let places = story.log.iter().zip(story.places.iter().cycle()).map(|(event, (partition, passed, _))| {
        let slot = &mut next[*partition as usize];
        let offset = *slot + passed;
        *slot = offset + 1;
        ((*partition, offset), event)
    });
    places.collect()
}

fn cuts(story: &Story, log: &[Placed<'_>]) -> [Cut; 2] {
    if story.by_time {
        return [story.times.0.into(), story.times.1.into()];
    }
    let cut = |pick: fn(&(usize, usize)) -> usize| {
        let next = |(partition, shares): (u32, &(usize, usize))| {
            let offsets = log.iter().filter(|((at, _), _)| *at == partition).map(|((_, offset), _)| offset + 1);
            let offsets: Vec<u64> = offsets.collect();
            let count = offsets.len() * pick(shares) / 16;
            (partition, count.checked_sub(1).and_then(|last| offsets.get(last)).copied().unwrap_or(0))
        };
        (0..).zip(&story.shares).map(next).collect::<Positions>()
    };
    [cut(|shares| shares.0).into(), cut(|shares| shares.1).into()]
}

/// In which order the stream reads: partition by partition in order of offsets; if it is to be told of a position
/// when it is there, what lies before the cuts first.
fn order(story: &Story, log: &[Placed<'_>], cuts: &[Cut; 2]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..log.len()).collect();
    if !story.early && !story.by_time {
        let after = |at: &usize| cuts.iter().filter(|cut| !cut.covers(Some(log[*at].0), log[*at].1.time())).count();
        order.sort_by_key(after);
    }
    order
}

/// Whether everything before a cut was read, and nothing after it.
fn reached(read: &[usize], log: &[Placed<'_>], cut: &Cut) -> bool {
    (0..log.len()).all(|at| read.contains(&at) == cut.covers(Some(log[at].0), log[at].1.time()))
}

fn view(
    set: &FeatureSet,
    story: &Story,
    log: &[Placed<'_>],
    number: usize,
    cut: &Cut,
) -> std::result::Result<BatchView, String> {
    let mut builder = ViewBuilder::new(set, format!("view-{number}"), cut.clone(), Timestamp::MAX).parts(2);
    if let (Some(frontier), Cut::Positions(_)) = (story.frontier, cut) {
        builder = builder.frontier(frontier);
    }
    let covered: Vec<&Event> =
        log.iter().filter(|(place, event)| cut.covers(Some(*place), event.time())).map(|(_, event)| *event).collect();
    for entity in entities(covered.iter().copied()) {
        let mut state = State::new(set);
        let mine: Vec<_> = covered.iter().filter(|event| event.entity() == entity).collect();
        let good = mine.iter().filter(|event| state.update(**event).is_ok()).count();
        builder.put(entity, &state, good as u64).map_err(|why| format!("put: {why}"))?;
    }
    let view = builder.build().map_err(|why| format!("build: {why}"))?;
    BatchView::open(set, view.manifest(), view.parts()).map_err(|why| format!("open: {why}"))
}

fn entities<'e>(events: impl Iterator<Item = &'e Event>) -> Vec<Entity> {
    let mut all: Vec<Entity> = events.map(Event::entity).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Lands a view, whatever its size.
fn land(serving: &mut Serving, view: &BatchView) -> Checked {
    let found: Vec<Part> = view.parts().map(|(id, bytes)| Part::of(id, &bytes)).collect();
    let verdict = serving.offer(view.manifest(), &found, Timestamp::EPOCH);
    match verdict.decision {
        Decision::Accept => Ok(()),
        Decision::Quarantine => {
            serving.approve(&view.manifest().view, Timestamp::EPOCH).map_err(|why| format!("{verdict}, approve: {why}"))
        }
        Decision::Reject => Err(format!("offer: {verdict}")),
    }
}

fn feed(serving: &mut Serving, story: &Story, log: &[Placed<'_>], at: usize, before: &[usize]) -> Checked {
    let ((partition, offset), event) = log[at];
    let _ = serving.update_at(partition, offset, event);
    let again = story.places.iter().cycle().nth(at).and_then(|(_, _, again)| *again);
    if let Some(again) = again.filter(|_| !before.is_empty()) {
        let ((partition, offset), event) = log[before[again.index(before.len())]];
        match serving.update_at(partition, offset, event) {
            Ok(crate::Outcome::Redelivered) => {}
            other => return Err(format!("offset {offset} of {partition} delivered again: {other:?}")),
        }
    }
    Ok(())
}

/// Without the batch side, what is said to be whole is what the oracle says of everything that was given.
fn agrees_alone(set: &FeatureSet, story: &Story, serving: &Serving, read: &[usize], log: &[Placed<'_>]) -> Checked {
    let Some(current) = serving.view() else { return Ok(()) };
    // The frontier is the host's word that what is before it was read; late events are not part of that.
    let late = |at: usize| {
        !read.contains(&at) && serving.stream().frontier().is_some_and(|frontier| log[at].1.time() < frontier)
    };
    if story.by_time && (0..log.len()).any(late) {
        return Ok(());
    }
    let given = |at: &usize| read.contains(at) || current.cut.covers(Some(log[*at].0), log[*at].1.time());
    let known: Vec<Event> = (0..log.len()).filter(given).map(|at| log[at].1.clone()).collect();
    for entity in entities(story.log.iter()) {
        for t in &story.asked {
            let Ok(served) = serving.vector(&entity, *t, crate::Lookup::Failed) else { continue };
            let truth = oracle::vector(set, &known, &entity, *t);
            for ((name, value, provenance), truth) in served.iter().zip(&truth) {
                if provenance.is_complete() && value != truth {
                    let read = read.len();
                    return Err(format!(
                        "{entity} at {t} without the batch side, {read} events read, view at {}: `{name}` is {value},                          said to be whole ({provenance}); the oracle has {truth}",
                        current.cut
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Everything served of `view`'s records is what the oracle says of the events that either side was given.
fn agrees(
    set: &FeatureSet,
    story: &Story,
    serving: &Serving,
    view: &BatchView,
    read: &[usize],
    log: &[Placed<'_>],
) -> Checked {
    agrees_alone(set, story, serving, read, log)?;
    let cut = &view.manifest().cut;
    let given = |at: &usize| read.contains(at) || cut.covers(Some(log[*at].0), log[*at].1.time());
    let known: Vec<Event> = (0..log.len()).filter(given).map(|at| log[at].1.clone()).collect();
    let frontier = serving.stream().frontier().max(view.manifest().frontier);
    for entity in entities(story.log.iter()) {
        for t in &story.asked {
            let truth = oracle::vector(set, &known, &entity, *t);
            // A record that is not there says nothing of which view it is missing from.
            let lookup = view.lookup(&entity);
            if lookup == crate::Lookup::NotFound && serving.view() != Some(view.manifest()) {
                continue;
            }
            let here = format!("{entity} at {t}, {} of {} events read, view at {cut}", read.len(), log.len());
            match serving.vector(&entity, *t, lookup) {
                Err(_) if Some(*t) < frontier => continue,
                Err(why) => return Err(format!("{here}: {why}")),
                Ok(served) if served.vector().values() != truth => {
                    return Err(format!("{here}: {served:?}, the oracle has {truth:?}"));
                }
                Ok(served) => {
                    let behind = serving.coverage().is_some_and(|coverage| coverage.is_behind());
                    let lags = Status::Degraded(Reason::RealtimeBehind);
                    let bad = |status| status != Status::Complete && !(behind && status == lags);
                    if let Some((name, _, from)) = served.iter().find(|(.., from)| bad(from.status)) {
                        return Err(format!("{here}: `{name}` is {from}"));
                    }
                    let seen = known.iter().any(|event| event.entity() == entity && event.time() < *t);
                    if served.vector().is_seen() != seen {
                        return Err(format!("{here}: seen is {:?}", served.seen()));
                    }
                }
            }
        }
    }
    Ok(())
}
