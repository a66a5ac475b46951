//! From a definition as written to one that can run.

use std::sync::Arc;

use super::FeatureSet;
use super::builder::Builder;
use super::canonical::Canonical;
use super::feature::Feature;
use super::kinds::Kinds;
use super::plan::{DerivedPlan, FeaturePlan, FoldPlan, MAX_FILTERS, Plan, Storage, WindowPlan};
use crate::error::{Error, Result};
use crate::expr::{Filter, Filters, Predicate};
use crate::fold::Fold;
use crate::pane::Activity;
use crate::record::Column;
use crate::rows::Select;
use crate::time::{Span, Tail};
use crate::value::{Kind, Shape, Value};
use crate::window::{Base, Hop, Window};

/// Finds out every column's kind, then compiles.
pub(super) fn compile(mut builder: Builder) -> Result<FeatureSet> {
    let columns = Kinds::infer(&builder)?;
    settle(&mut builder, &columns)?;
    let mut compiler = Compiler::new(&builder, columns);
    compiler.lengths()?;
    for (name, feature) in &builder.features {
        compiler.feature(name, feature)?;
    }
    compiler.derived()?;
    let names = builder.features.iter().map(|(name, _)| name).chain(builder.derived.iter().map(|(name, _)| name));
    let names = names.cloned().collect();
    let (plan, ids) = compiler.finish();
    let json = serde_json::to_string(&Canonical { builder: &builder, columns: &plan.columns })
        .map_err(|why| Error::definition("definition", why.to_string()))?;
    Ok(FeatureSet::assemble(json, ids.join(","), builder.name, builder.version, names, plan))
}

/// Brings all literals to their columns' kinds and conditions into order, so that spelling does not show.
fn settle(builder: &mut Builder, kinds: &Kinds) -> Result<()> {
    for (name, feature) in &mut builder.features {
        let window = feature.window.as_mut();
        let (since, base) = window.map(|window| (window.since.as_mut(), &mut window.base)).unzip();
        let activity = match base {
            Some(Base::Session { activity, .. }) => activity.as_mut(),
            _ => None,
        };
        let own = feature.filter.iter_mut().chain(&mut feature.retract).chain(&mut feature.conditions);
        for filter in own.chain(since.flatten()).chain(activity) {
            filter.0.settle(&|column| kinds.place(column).1).map_err(|(column, kind, found)| {
                Error::definition(format!("features.{name}"), format!("column `{column}` is {kind}, found {found}"))
            })?;
        }
        let shape = computer_of(name, feature, kinds)?.output_shape();
        let answers = feature.answers();
        if let Some(default) = &mut feature.default {
            let at = || format!("features.{name}.default");
            if !is_finite(default) {
                return Err(Error::definition(at(), format!("found {default}; a number must be finite")));
            }
            let settled = shape.settle(default);
            *default = settled.map_err(|found| Error::definition(at(), format!("found {found}, expected {shape}")))?;
            if let (Value::List(list), Some(length)) = (default, answers)
                && list.len() != length
            {
                return Err(Error::definition(at(), format!("found {} items, expected {length}", list.len())));
            }
        }
    }
    Ok(())
}

/// Whether every number in an answer is one that JSON can say.
fn is_finite(value: &Value) -> bool {
    match value {
        Value::F64(x) => x.is_finite(),
        Value::List(list) => list.iter().all(|x| x.is_finite()),
        Value::Items(items) => items.iter().all(is_finite),
        Value::Map(pairs) => pairs.iter().all(|(_, value)| is_finite(value)),
        _ => true,
    }
}

/// The computer of a feature, its columns' kinds being known.
fn computer_of(name: &str, feature: &Feature, kinds: &Kinds) -> Result<Arc<dyn Fold>> {
    let computer = feature.computer(|column| kinds.place(column).1);
    computer.map_err(|why| Error::definition(format!("features.{name}"), why))
}

/// A window, and which part of which series of it.
type WindowKey = (Window, Option<(u32, Span, u32)>);

struct Compiler<'a> {
    builder: &'a Builder,
    kinds: Kinds,
    sources: Vec<Option<Filter>>,
    windows: Vec<WindowKey>,
    /// What the features' computers call themselves: parameters and versions that JSON does not show.
    ids: Vec<String>,
    plan: Plan,
}

impl<'a> Compiler<'a> {
    fn new(builder: &'a Builder, kinds: Kinds) -> Self {
        let columns = kinds.0.iter().enumerate().map(|(i, (name, kind))| Column::new(name, *kind, i)).collect();
        let (kept, filters, folds, features, derived) = Default::default();
        let entities = builder.entity.len();
        let (reads_entity, asked) = (false, Filters::default());
        let plan = Plan { columns, entities, reads_entity, kept, filters, asked, folds, features, derived };
        Self { builder, kinds, sources: Vec::new(), windows: Vec::new(), ids: Vec::new(), plan }
    }

    /// Notes how long the lists of a column must be.
    fn lengths(&mut self) -> Result<()> {
        for (name, feature) in &self.builder.features {
            let Some((column, length)) = feature.length() else { continue };
            let (place, _) = self.kinds.place(column);
            let Some(column) = self.plan.columns.get_mut(place) else { continue };
            if let Some(known) = column.length().filter(|known| *known != length) {
                return Err(Error::definition(
                    format!("features.{name}.length"),
                    format!("found {length}, but lists of `{}` have a length of {known} elsewhere", column.name()),
                ));
            }
            column.set_length(length);
        }
        Ok(())
    }

    /// The bit of a filter; equal filters share one.
    fn bit(&mut self, filter: Option<&Filter>, at: &str) -> Result<u64> {
        let known = self.sources.iter().position(|source| source.as_ref() == filter);
        let place = match known {
            Some(place) => place,
            None => {
                let predicate = match filter {
                    None => Predicate::Always,
                    Some(filter) => Predicate::bind(&filter.0, &|column| self.kinds.place(column).0),
                };
                self.plan.filters.push(predicate);
                self.sources.push(filter.cloned());
                self.sources.len() - 1
            }
        };
        if place >= MAX_FILTERS {
            return Err(Error::definition(at, format!("more than {MAX_FILTERS} distinct filters; split the set")));
        }
        Ok(1 << place)
    }

    /// The places among kept values of these columns.
    fn keep(&mut self, columns: &[&str], bit: u64) -> Vec<usize> {
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let (column, _) = self.kinds.place(column);
            let place = self.plan.kept.iter().position(|(kept, _)| *kept == column).unwrap_or_else(|| {
                self.plan.kept.push((column, 0));
                self.plan.kept.len() - 1
            });
            if let Some((_, bits)) = self.plan.kept.get_mut(place) {
                *bits |= bit;
            }
            places.push(place);
        }
        places
    }

    /// The fold for this computer, filter, offset and storage; features that can share one do.
    fn fold(
        &mut self,
        computer: &Arc<dyn Fold>,
        select: Select,
        offset: i64,
        storage: Storage,
        at: &str,
    ) -> Result<usize> {
        for fold in &self.plan.folds {
            let known = &fold.computer;
            let clash = |what: &str, name: String| {
                Err(Error::definition(
                    at,
                    format!("two different computers give `{name}` as their {what}; it must tell them apart"),
                ))
            };
            if known.id() == computer.id() && known.types().0 != computer.types().0 {
                return clash("id", known.id());
            }
            if known.state_id() == computer.state_id() && known.types().1 != computer.types().1 {
                return clash("state id", known.state_id());
            }
        }
        let id = computer.state_id();
        let same = self.plan.folds.iter_mut().position(|fold| {
            fold.computer.state_id() == id
                && fold.offset == offset
                && fold.select == select
                && share(&mut fold.storage, &storage)
        });
        Ok(same.unwrap_or_else(|| {
            let computer = Arc::clone(computer);
            self.plan.folds.push(FoldPlan { computer, select, offset, storage, features: Vec::new() });
            self.plan.folds.len() - 1
        }))
    }

    fn feature(&mut self, name: &str, feature: &Feature) -> Result<()> {
        let at = format!("features.{name}");
        let Some(window) = &feature.window else { return Ok(()) };
        let computer = computer_of(name, feature, &self.kinds)?;
        let select = self.select(feature, &*computer, &at)?;
        let reset = window.since.as_ref().map(|filter| self.bit(Some(filter), &at)).transpose()?;
        let offset = window.offset.as_micros();
        let mut tail = window.base.tail();
        let (slices, shape) = match feature.series {
            None => (Vec::new(), computer.output_shape()),
            Some((steps, step)) => {
                let slices = self.slices(feature, window, steps, step);
                let back = tail.back.unwrap_or(0).saturating_add(step.as_micros().saturating_mul(i64::from(steps) - 1));
                tail.back = Some(back);
                (slices, Shape::list(computer.output_shape()))
            }
        };
        let mut instants = reset.is_some() || matches!(window.base, Base::Sliding { hop: Hop::Exact, .. });
        let mut session = None;
        if let Base::Session { gap, activity, .. } = &window.base {
            instants |= activity.is_some();
            // One gap more than the window, to see whether its run began before the tail.
            let run = Tail { back: tail.back.map(|back| back.saturating_add(gap.as_micros())), ..tail };
            let kept = if activity.is_some() {
                Storage::Instants { tails: vec![run], reset: None }
            } else {
                Storage::Panes(vec![run])
            };
            let bit = self.bit(activity.as_ref(), &at)?;
            let keeper: Arc<dyn Fold> = Arc::new(Activity);
            let fold = self.fold(&keeper, Select::rows(bit), offset, kept, &at)?;
            session = Some((gap.as_micros(), fold));
        }
        let storage =
            if instants { Storage::Instants { tails: vec![tail], reset } } else { Storage::Panes(vec![tail]) };
        let default = feature.default.clone();
        let nullable = slices.is_empty() && (computer.is_nullable() || default.as_ref().is_some_and(Value::is_null));
        let length = feature.series.map_or(feature.answers(), |(steps, _)| usize::try_from(steps).ok());
        let accuracy = computer.accuracy();
        self.ids.push(computer.id());
        let fold = self.fold(&computer, select, offset, storage, &at)?;
        let mut reader = None;
        if let Some(fold) = self.plan.folds.get_mut(fold) {
            fold.features.push(self.plan.features.len());
            reader = (fold.computer.id() != computer.id()).then_some(computer);
        }
        let id = self.window_id(window, feature.series, 0);
        let window = WindowPlan { tail, offset, session, reset, slice: None, id };
        let series = slices;
        self.plan.features.push(FeaturePlan { window, series, reader, default, shape, length, nullable, accuracy });
        Ok(())
    }

    /// Which rows a feature takes, and what of them.
    fn select(&mut self, feature: &Feature, computer: &dyn Fold, at: &str) -> Result<Select> {
        let also = |filter: &Filter| match &feature.filter {
            None => filter.clone(),
            Some(own) => Filter::all([own.clone(), filter.clone()]).simplified(),
        };
        // Rows that meet no condition change nothing, so they are not taken.
        let rows = if feature.conditions.is_empty() {
            feature.filter.clone()
        } else {
            Some(also(&Filter::any(feature.conditions.clone())).simplified())
        };
        let bit = self.bit(rows.as_ref(), at)?;
        let conditions = feature.conditions.iter().map(|filter| self.bit(Some(&also(filter)), at));
        let conditions = conditions.collect::<Result<Vec<_>>>()?;
        let mut retract = 0;
        if let Some(filter) = &feature.retract {
            if !computer.is_group() {
                let why = match feature.by {
                    Some(_) => "an aggregate kept apart by a column",
                    None => "this aggregate",
                };
                return Err(Error::definition(
                    format!("{at}.retract"),
                    format!("{why} cannot take an input back out; the table in `skewless::features` says which can"),
                ));
            }
            retract = self.bit(Some(&also(filter)), at)?;
        }
        Ok(Select { bit, args: self.keep(&feature.args(), bit), conditions, retract })
    }

    /// The windows of a series, earliest first.
    fn slices(&mut self, feature: &Feature, window: &Window, steps: u32, step: Span) -> Vec<WindowPlan> {
        let tail = window.base.tail();
        let size = tail.back.filter(|back| *back > 0).unwrap_or(tail.step);
        let offset = window.offset.as_micros();
        let slice = |back: u32| {
            let id = self.window_id(window, feature.series, back + 1);
            let slice = Some((step.as_micros().saturating_mul(i64::from(back)), size));
            // The last one ends at the time asked for, not on an edge.
            let slice = if back == 0 { None } else { slice };
            WindowPlan { tail, offset, session: None, reset: None, slice, id }
        };
        (0..steps).rev().map(slice).collect()
    }

    /// The number of a window, or of one of a series of it; equal ones share a number.
    fn window_id(&mut self, window: &Window, series: Option<(u32, Span)>, part: u32) -> usize {
        let key = (window.clone(), series.map(|(steps, step)| (steps, step, part)));
        self.windows.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.windows.push(key);
            self.windows.len() - 1
        })
    }

    fn derived(&mut self) -> Result<()> {
        for (name, derived) in &self.builder.derived {
            let at = format!("derived.{name}");
            let (least, most) = derived.op.arity();
            if !(least..=most).contains(&derived.parts.len()) {
                let allowed = if most == least { least.to_string() } else { format!("at least {least}") };
                return Err(Error::definition(at, format!("{} parts, {allowed} allowed", derived.parts.len())));
            }
            let features = self.builder.features.iter().map(|(name, _)| name);
            let before = self.builder.derived.iter().map(|(name, _)| name).take(self.plan.derived.len());
            let known: Vec<&String> = features.chain(before).collect();
            let place = |part: &String| {
                known.iter().position(|name| *name == part).ok_or_else(|| {
                    let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
                    Error::definition(&at, format!("no feature `{part}` before it; known: {}", known.join(", ")))
                })
            };
            let parts = derived.parts.iter().map(place).collect::<Result<Vec<_>>>()?;
            let all: Vec<Shape> = self.plan.shapes().collect();
            let shapes: Vec<&Shape> = parts.iter().filter_map(|part| all.get(*part)).collect();
            let kinds: Option<Vec<Kind>> = shapes.iter().map(|shape| shape.kind()).collect();
            let kind = kinds.and_then(|kinds| derived.op.kind(&kinds)).ok_or_else(|| {
                let shapes: Vec<_> = shapes.iter().map(ToString::to_string).collect();
                Error::definition(&at, format!("`{}` does not take {}", derived.op.name(), shapes.join(", ")))
            })?;
            self.plan.derived.push(DerivedPlan { op: derived.op, parts, kind });
        }
        Ok(())
    }

    fn finish(mut self) -> (Plan, Vec<String>) {
        let entities = self.plan.entities;
        let mut used = self.plan.kept.iter().any(|(column, _)| *column < entities);
        for filter in self.sources.iter().flatten() {
            filter.0.visit(&mut |column, _| used |= self.kinds.place(column).0 < entities);
        }
        self.plan.reads_entity = used;
        self.plan.asked = Filters::new(&self.plan.filters);
        (self.plan, self.ids)
    }
}

/// Lets `other` use `storage` too, if keeping both in one place costs neither anything.
fn share(storage: &mut Storage, other: &Storage) -> bool {
    let add = |tails: &mut Vec<Tail>, more: &[Tail]| {
        tails.extend(more);
        tails.sort_unstable();
        tails.dedup();
    };
    match (storage, other) {
        // Session panes are kept for ever; sharing them would keep every other window's for ever too.
        (Storage::Panes(a), Storage::Panes(b)) if a == b || (!endless(a) && !endless(b)) => {
            add(a, b);
            true
        }
        (Storage::Instants { tails: a, reset: ra }, Storage::Instants { tails: b, reset: rb }) if ra == rb => {
            add(a, b);
            true
        }
        _ => false,
    }
}

fn endless(tails: &[Tail]) -> bool {
    tails.iter().any(|tail| tail.back.is_none() && tail.step > 0)
}
