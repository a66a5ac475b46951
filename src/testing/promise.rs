//! The promise: any order, any partition, any merge tree, any frontier, the same bits.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::events::{Event, events, moment};
use super::oracle;
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::state::State;
use crate::time::Timestamp;
use crate::value::Value;

/// Holds a definition to the promise on `cases` generated logs.
///
/// For each log: one state fed in order and one fed backward are equal byte for byte, so are the parts of a
/// random partition merged in a random tree with random frontiers along the way; decoding gives the state
/// back; and at random times at or after the frontier every one of them, and the oracle, give the same
/// values bit for bit. Below the frontier a state answers right or says that it cannot. Events at or after
/// the time asked for change nothing.
///
/// # Errors
/// [`ErrorKind::Law`](crate::ErrorKind::Law) with the smallest log found that breaks it.
pub fn check_set(set: &FeatureSet, cases: u32) -> Result<()> {
    let parts = vec((0usize..4, prop::option::of(moment())), 40);
    let strategy = (events(set, 40), parts, moment(), vec(moment(), 1..6));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |(log, parts, frontier, times)| {
        keeps(set, &log, &parts, frontier, &times).map_err(TestCaseError::fail)
    });
    outcome.map_err(|why| {
        let message = match why {
            TestError::Fail(reason, (log, parts, frontier, times)) => {
                let parts: Vec<_> = parts.iter().take(log.len()).collect();
                format!("{reason}; log {log:#?}, parts {parts:?}, frontier {frontier}, times {times:?}")
            }
            TestError::Abort(reason) => reason.to_string(),
        };
        Error::law("promise", set.name(), message)
    })
}

type Checked = std::result::Result<(), String>;

fn keeps(
    set: &FeatureSet,
    log: &[Event],
    parts: &[(usize, Option<Timestamp>)],
    frontier: Timestamp,
    times: &[Timestamp],
) -> Checked {
    let mut entities: Vec<_> = log.iter().map(Event::entity).collect();
    entities.sort_unstable();
    entities.dedup();
    for entity in entities {
        let mine: Vec<(&Event, &(usize, Option<Timestamp>))> =
            log.iter().zip(parts.iter().cycle()).filter(|(event, _)| event.entity() == entity).collect();
        let events: Vec<&Event> = mine.iter().map(|(event, _)| *event).collect();
        let straight = folded(set, &events, frontier);
        let backward = folded(set, &events.iter().rev().copied().collect::<Vec<_>>(), frontier);
        same_bytes("backward", &straight, &backward)?;
        let merged = merged(set, &mine, frontier)?;
        same_bytes("merged", &straight, &merged)?;
        let decoded = State::decode(set, &straight.encode()).map_err(|why| format!("decode: {why}"))?;
        same_bytes("decoded", &straight, &decoded)?;
        for t in times {
            let truth = oracle::vector(set, log, &entity, *t);
            for (how, state) in [("straight", &straight), ("merged", &merged), ("decoded", &decoded)] {
                answers(how, state, *t, frontier, &truth)?;
            }
            future(set, &events, *t, &truth)?;
        }
    }
    Ok(())
}

/// Every event, then the frontier.
fn folded(set: &FeatureSet, events: &[&Event], frontier: Timestamp) -> State {
    let mut state = State::new(set);
    for event in events {
        let _ = state.update(*event);
    }
    state.advance(frontier);
    state
}

/// Each event into its part, whose frontier moves in between, but not beyond the last one; then all merged.
fn merged(
    set: &FeatureSet,
    events: &[(&Event, &(usize, Option<Timestamp>))],
    frontier: Timestamp,
) -> std::result::Result<State, String> {
    let mut parts = vec![State::new(set); 4];
    for (event, (part, moved)) in events {
        let part = &mut parts[*part];
        if let Some(moved) = moved {
            part.advance((*moved).min(frontier));
        }
        let _ = part.update(*event);
    }
    let [mut a, mut b, c, d]: [State; 4] = parts.try_into().map_err(|_| "four parts".to_owned())?;
    b.merge(&c).map_err(|why| why.to_string())?;
    a.merge(&d).map_err(|why| why.to_string())?;
    a.merge(&b).map_err(|why| why.to_string())?;
    a.advance(frontier);
    Ok(a)
}

fn same_bytes(how: &str, a: &State, b: &State) -> Checked {
    let (bytes_a, bytes_b) = (a.encode(), b.encode());
    if bytes_a == bytes_b { Ok(()) } else { Err(format!("{how}: bytes differ: {bytes_a:02x?} and {bytes_b:02x?}")) }
}

fn answers(how: &str, state: &State, t: Timestamp, frontier: Timestamp, truth: &[Value]) -> Checked {
    match state.vector(t) {
        Ok(vector) if vector.values() == truth => Ok(()),
        Ok(vector) => Err(format!("{how} at {t}: {:?}, the oracle has {truth:?}", vector.values())),
        Err(why) if t >= frontier => Err(format!("{how} at {t}, frontier {frontier}: {why}")),
        Err(why) => match why.nearest().map(|nearest| state.vector(nearest)) {
            Some(Ok(_)) => Ok(()),
            other => Err(format!("{how} at {t}: the nearest time does not work: {other:?}")),
        },
    }
}

/// What happens at or after `t` has no part in the answer at `t`.
fn future(set: &FeatureSet, events: &[&Event], t: Timestamp, truth: &[Value]) -> Checked {
    let past: Vec<&Event> = events.iter().filter(|event| event.time() < t).copied().collect();
    answers("without the future", &folded(set, &past, t), t, t, truth)
}
