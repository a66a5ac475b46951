//! The merge itself: two states into one vector, and what can have had a part in each value.

use std::borrow::Cow;
use std::sync::Arc;

use super::manifest::Manifest;
use super::served::{Age, Provenance, Reason, Seen, Served, Source, Status};
use crate::definition::FeatureSet;
use crate::error::Result;
use crate::log::Cut;
use crate::state::State;
use crate::stream::Gap;
use crate::time::{Span, Timestamp};
use crate::value::Value;
use crate::vector::{Header, Vector};

/// What is known of both sides beside their states.
pub(super) struct Context<'a> {
    pub(super) set: &'a FeatureSet,
    pub(super) as_of: Timestamp,
    /// The view whose record was found, or would have been.
    pub(super) view: Option<&'a Manifest>,
    /// Why the batch side says nothing, if it does not.
    pub(super) batch_failed: Option<Reason>,
    pub(super) realtime_failed: Option<Reason>,
    /// No event of the batch side is after this; `None` if it has none at all.
    pub(super) batch_until: Option<i64>,
    /// No event of the real-time side is before this.
    pub(super) realtime_from: i64,
    pub(super) realtime_age: Option<Span>,
    pub(super) gaps: &'a [Gap],
    /// Why the real-time side is not up to date, if it is not.
    pub(super) lagging: Option<Reason>,
    /// The stream's frontier: an entity it let go of must answer as one it kept.
    pub(super) frontier: Option<Timestamp>,
    /// Whether values that are not whole become null.
    pub(super) withhold: bool,
    /// The names of the result, if they are more than those of the set.
    pub(super) names: Option<&'a Arc<Header>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(set: &'a FeatureSet, view: Option<&'a Manifest>, as_of: Timestamp) -> Self {
        let cut = view.map(|view| &view.cut);
        Self {
            set,
            as_of,
            view,
            batch_failed: None,
            realtime_failed: None,
            batch_until: view.map_or(Some(i64::MAX), |view| view.latest.map(Timestamp::as_micros)),
            realtime_from: if let Some(Cut::EventTime(at)) = cut { at.as_micros() } else { i64::MIN },
            realtime_age: None,
            gaps: &[],
            lagging: None,
            frontier: None,
            withhold: false,
            names: None,
        }
    }
}

/// Merges both sides and reads all features.
pub(super) fn fold(
    context: &Context<'_>,
    batch: Option<Cow<'_, State>>,
    realtime: Option<Cow<'_, State>>,
) -> Result<Served> {
    let has = (batch.is_some(), realtime.is_some());
    let mut state = match (batch, realtime) {
        (Some(batch), Some(realtime)) => {
            let mut both = batch.into_owned();
            both.merge(&realtime)?;
            Cow::Owned(both)
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => Cow::Owned(State::new(context.set)),
    };
    if let Some(frontier) =
        context.frontier.filter(|frontier| context.as_of < *frontier && state.frontier() < Some(*frontier))
    {
        state.to_mut().advance(frontier);
    }
    let vector = state.vector(context.as_of)?;
    let provenance = provenance(context, &state, has);
    let failed = context.batch_failed.is_some() || context.realtime_failed.is_some() || !context.gaps.is_empty();
    let seen = match (vector.is_seen(), failed) {
        (true, _) => Seen::Yes,
        (false, true) => Seen::Unknown,
        (false, false) => Seen::No,
    };
    let (mut values, is_seen) = (vector.into_values(), seen == Seen::Yes);
    if context.withhold {
        for (value, _) in values.iter_mut().zip(&provenance).filter(|(_, provenance)| !provenance.is_complete()) {
            *value = Value::Null;
        }
    }
    let names = context.names.unwrap_or(context.set.shared_names());
    let vector = Vector::new(names.clone(), values, context.as_of, is_seen);
    Ok(Served { vector, provenance, view: None, seen, problem: None })
}

/// Where each value came from: features, then derived ones.
fn provenance(context: &Context<'_>, state: &State, has: (bool, bool)) -> Vec<Provenance> {
    let plan = context.set.plan();
    let t = context.as_of.as_micros();
    let down = context.batch_failed.is_some() || context.realtime_failed.is_some();
    let batch_age = context.view.filter(|_| has.0).map(|view| context.as_of.since(view.data_time()));
    let age = Age { batch: batch_age, realtime: context.realtime_age.filter(|_| has.1) };
    let mut all: Vec<Provenance> = Vec::with_capacity(
        context.names.map_or(0, |names| names.names().len()).max(plan.features.len() + plan.derived.len()),
    );
    for place in 0..plan.features.len() {
        // Where both sides answered, it does not matter where exactly a session began.
        let (start, end) = state.looks_at(place, t, down);
        let batch = context.batch_until.is_some_and(|until| until >= start);
        let realtime = end > context.realtime_from;
        let source = Source::of(batch && has.0, realtime && has.1);
        let reason = context.batch_failed.filter(|_| batch);
        let reason = reason.or(context.realtime_failed.filter(|_| realtime));
        let reason =
            reason.or_else(|| context.gaps.iter().any(|gap| concerns(gap, start, end)).then_some(Reason::CoverageGap));
        let reason = reason.or(context.lagging.filter(|_| realtime));
        all.push(Provenance { source, status: reason.map_or(Status::Complete, Status::Degraded), age });
    }
    for derived in &plan.derived {
        let none = Provenance { source: Source::Default, status: Status::Complete, age };
        let parts = derived.parts.iter().filter_map(|part| all.get(*part));
        let merged = parts.fold(none, |sum, part| Provenance {
            source: sum.source.and(part.source),
            status: sum.status.and(part.status),
            age,
        });
        all.push(merged);
    }
    all
}

/// Whether events of a gap may be in a window.
fn concerns(gap: &Gap, start: i64, end: i64) -> bool {
    match gap {
        Gap::Offsets { .. } | Gap::Unplaced => true,
        Gap::Times { from, to } => from.as_micros() < end && to.is_none_or(|to| to.as_micros() > start),
    }
}
