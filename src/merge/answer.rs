//! One question to the serving layer, answered.

use std::borrow::Cow;

use super::Lookup;
use super::context::{Context, fold};
use super::external::Dated;
use super::record::{self, Record};
use super::served::{Reason, Served, Status};
use super::serving::{Retained, Serving};
use crate::error::{Error, Result};
use crate::log::Cut;
use crate::state::State;
use crate::stream::Entity;
use crate::time::{Span, Timestamp};
use crate::value::Value;
use crate::vector::Vector;

impl Serving {
    /// The values of `entity` at `as_of`, of what the host found of it in the view in service, or in one before it.
    ///
    /// Not found means that the view in service was asked and has nothing of this entity.
    ///
    /// The ladder, each rung taken only where the one above is not there:
    ///
    /// 1. the record of the view in service, merged with all that came after its cut;
    /// 2. the record of a view before it, merged with all that came after *that* cut: as complete as the first;
    /// 3. the stream alone, with all that it still has: values whose window lies within that are complete, others say
    ///    that they are not, or are [withheld](Self::withhold_incomplete);
    /// 4. for external values, the other side, then the default.
    ///
    /// Where the real-time side is kept elsewhere and can fail, [`merge()`](super::merge()) has the rung of the batch
    /// view alone.
    ///
    /// # Errors
    /// [`ErrorKind::Unanswerable`](crate::ErrorKind::Unanswerable) for a time before the frontier that can no longer
    /// be answered; keep the frontier behind the questions that are under way. Failed sides, damaged records and
    /// unknown views are no errors: the values say so.
    pub fn vector(&self, entity: &Entity, as_of: Timestamp, batch: Lookup<&[u8]>) -> Result<Served> {
        let asked = self.open(entity, batch);
        let (view, from) = match asked.failed {
            None => (asked.view, asked.view),
            Some(_) => (self.alone(), self.views.first()),
        };
        let mut context = Context::new(self.set(), view.map(|view| &view.manifest), as_of);
        context.batch_failed = asked.failed;
        if asked.failed.is_some() && !self.views.is_empty() {
            // What any view kept is known to have may be missing here, unless the stream has it.
            let until = |view: &Retained| view.manifest.latest.map(Timestamp::as_micros);
            let known = view.is_some_and(|view| self.views.first().is_some_and(|oldest| view.tag == oldest.tag));
            context.batch_until = if known { view.and_then(until) } else { self.views.iter().filter_map(until).max() };
        }
        context.realtime_age = self.stream.latest_event().map(|latest| as_of.since(latest));
        context.gaps = view.map_or(&[], |view| &view.gaps);
        context.lagging = self.lagging(context.realtime_age);
        context.frontier = self.stream.frontier();
        context.withhold = self.withhold;
        context.names = Some(&self.names);
        let realtime = from.map_or(Some(0), |view| view.after).and_then(|place| self.stream.merged(entity, place));
        let named = asked.record.as_ref().and(view).map(|view| view.name.clone());
        let (state, externals) = asked.record.map_or((None, Vec::new()), |record| (record.state, record.externals));
        let mut served = fold(&context, state.map(Cow::Owned), realtime)?;
        (served.view, served.problem) = (named, asked.problem);
        Ok(self.with_externals(served, entity, as_of, &externals, asked.failed))
    }

    /// Takes the batch side's answer apart.
    fn open(&self, entity: &Entity, batch: Lookup<&[u8]>) -> Asked<'_> {
        let current = self.views.last();
        let failed = |reason, problem| Asked { view: None, record: None, failed: Some(reason), problem };
        let bytes = match batch {
            _ if current.is_none() => {
                let reason = (!self.stream.is_from_the_beginning()).then_some(Reason::NoView);
                return Asked { view: None, record: None, failed: reason, problem: None };
            }
            Lookup::Failed => return failed(Reason::BatchFailed, None),
            Lookup::NotFound => return Asked { view: current, record: None, failed: None, problem: None },
            Lookup::Found(bytes) => bytes,
        };
        let view = match record::view_of(bytes) {
            Ok(tag) => self.views.iter().rev().find(|view| view.tag == tag),
            Err(why) => return failed(Reason::BatchCorrupt, Some(why)),
        };
        let Some(known) = view else { return failed(Reason::OtherView, None) };
        let fields = &known.manifest.externals;
        match record::decode(self.set(), fields, entity, bytes, State::decode_own) {
            Ok(mut record) => {
                record.externals =
                    known.places.iter().map(|place| record.externals.get_mut((*place)?)?.take()).collect();
                Asked { view, record: Some(record), failed: None, problem: None }
            }
            Err(why) => failed(Reason::BatchCorrupt, Some(why)),
        }
    }

    /// The view whose cut the stream can be taken to have everything after, when no view can be asked.
    ///
    /// What lies between the cuts of two views is in the stream, once it has read that far. Positions tell;
    /// with event times the frontier does, the host's word that all but late events are in.
    fn alone(&self) -> Option<&Retained> {
        let current = self.views.last()?;
        match &current.manifest.cut {
            Cut::EventTime(cut) if self.stream.frontier().is_none_or(|frontier| frontier < *cut) => Some(current),
            _ => self.views.first(),
        }
    }

    /// Why the real-time side is not up to date, if it is not: measured against the view in service, whichever view
    /// a record is of.
    fn lagging(&self, age: Option<Span>) -> Option<Reason> {
        let reached = self.stream.reached();
        let behind = self.views.last().is_some_and(|view| match &view.manifest.cut {
            Cut::Positions(_) => !view.behind.is_empty(),
            Cut::EventTime(cut) => reached.is_none_or(|reached| reached < *cut),
        });
        if behind {
            return Some(Reason::RealtimeBehind);
        }
        let stale = self.stale_after.is_some_and(|limit| age.is_none_or(|age| age > limit));
        stale.then_some(Reason::RealtimeStale)
    }

    /// Puts the external values behind the features.
    fn with_externals(
        &self,
        served: Served,
        entity: &Entity,
        as_of: Timestamp,
        batch: &[Option<Dated>],
        failed: Option<Reason>,
    ) -> Served {
        if self.fields.is_empty() {
            return served;
        }
        let Served { vector, mut provenance, view, seen, problem } = served;
        let is_seen = vector.is_seen();
        let mut values: Vec<Value> = vector.into_values();
        values.reserve_exact(self.fields.len());
        let realtime = self.externals.find(entity.hash(), |(known, _)| known == entity).map(|(_, values)| values);
        for (place, field) in self.fields.iter().enumerate() {
            let theirs = batch.get(place).and_then(Option::as_ref).map(|(value, at)| (value, *at));
            let theirs = if failed.is_some() { Lookup::Failed } else { Lookup::from(theirs) };
            let ours = realtime.and_then(|values| values.get(place)?.as_ref()).map(|(value, at)| (value, *at));
            let (value, mut from) = field.resolve(theirs, Lookup::from(ours), as_of);
            // What was fresh before the frontier may have been let go of since.
            let past = self.stream.frontier().is_some_and(|frontier| as_of < frontier);
            if past && ours.is_none() && field.expires() && from.status == Status::Complete {
                from.status = Status::Degraded(Reason::NotKept);
            }
            if let (Status::Degraded(Reason::BatchFailed), Some(reason)) = (from.status, failed) {
                from.status = Status::Degraded(reason);
            }
            values.push(value);
            provenance.push(from);
        }
        let vector = Vector::new(self.names.clone(), values, as_of, is_seen);
        Served { vector, provenance, view, seen, problem }
    }
}

/// What came of asking the batch side.
struct Asked<'a> {
    view: Option<&'a Retained>,
    record: Option<Record>,
    failed: Option<Reason>,
    problem: Option<Error>,
}
