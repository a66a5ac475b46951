//! A definition compiled: columns with kinds, filters as bits, folds shared between features.

use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::FeatureSet;
use super::builder::{Builder, Feature, Source};
use crate::computer::Arg;
use crate::error::{Error, Result};
use crate::expr::{Filter, Predicate, Term};
use crate::features::Reads;
use crate::fold::Fold;
use crate::pane::Activity;
use crate::record::Column;
use crate::rows::Select;
use crate::time::Grid;
use crate::value::{Kind, Value};
use crate::window::{Base, Hop, Tail, Window};

/// The most distinct filters one set may have: each is a bit of a row's mask.
pub const MAX_FILTERS: usize = 64;

/// A compiled definition.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Entity columns, the time column, then the others in order of first use.
    pub(crate) columns: Vec<Column>,
    pub(crate) entities: usize,
    /// Whether a filter or an aggregate reads an entity column.
    pub(crate) reads_entity: bool,
    /// Columns whose values rows keep, and the filter bits whose folds read them.
    pub(crate) kept: Vec<(usize, u64)>,
    /// Bit `i` of a mask tells whether filter `i` passed.
    pub(crate) filters: Vec<Predicate>,
    pub(crate) folds: Vec<FoldPlan>,
    pub(crate) features: Vec<FeaturePlan>,
    pub(crate) derived: Vec<DerivedPlan>,
}

/// One computer over one filter, with what its windows need kept.
#[derive(Debug)]
pub(crate) struct FoldPlan {
    pub(crate) computer: Arc<dyn Fold>,
    pub(crate) select: Select,
    pub(crate) offset: i64,
    pub(crate) storage: Storage,
    /// The features read off this fold.
    pub(crate) features: Vec<usize>,
}

/// What is kept of events below the frontier.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Storage {
    /// Panes fine enough for these tails.
    Panes(Vec<Tail>),
    /// The events themselves: as far back as the tails look, and not before the latest `reset`.
    Instants { tails: Vec<Tail>, reset: Option<u64> },
}

/// Where a feature is read.
#[derive(Clone, Debug)]
pub(crate) struct WindowPlan {
    pub(crate) tail: Tail,
    pub(crate) offset: i64,
    /// For sessions: the gap, and the fold that keeps the activity.
    pub(crate) session: Option<(i64, usize)>,
    /// The bit of the reset filter.
    pub(crate) reset: Option<u64>,
    /// Which window of the distinct ones this is; equal windows have equal ranges.
    pub(crate) id: usize,
}

#[derive(Debug)]
pub(crate) struct FeaturePlan {
    pub(crate) window: WindowPlan,
    /// Who reads the answer off the fold's state, if not the fold's own computer.
    pub(crate) reader: Option<Arc<dyn Fold>>,
    pub(crate) default: Option<Value>,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

#[derive(Debug)]
pub(crate) struct DerivedPlan {
    pub(crate) op: Term,
    pub(crate) parts: Vec<usize>,
    pub(crate) kind: Kind,
}

impl Plan {
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.features.iter().map(|f| f.kind).chain(self.derived.iter().map(|d| d.kind))
    }

    pub(crate) fn is_nullable(&self, i: usize) -> bool {
        self.features.get(i).is_none_or(|feature| feature.nullable)
    }

    /// The literals that filters compare columns with.
    #[cfg(feature = "testing")]
    pub(crate) fn literals(&self) -> Vec<(usize, Value)> {
        let mut found = Vec::new();
        for filter in &self.filters {
            filter.visit(&mut |column, value| found.push((column, value.clone())));
        }
        found
    }

    /// Fills in the derived values behind the features.
    pub(crate) fn derive(&self, values: &mut Vec<Value>) {
        for derived in &self.derived {
            let parts: Vec<Value> = derived.parts.iter().filter_map(|part| values.get(*part)).cloned().collect();
            let value = derived.op.output(derived.kind, &parts);
            values.push(value);
        }
    }
}

impl FoldPlan {
    /// The panes at frontier `frontier`; `None` where only instants are kept.
    pub(crate) fn grid(&self, frontier: i64) -> Option<Grid> {
        let Storage::Panes(tails) = &self.storage else { return None };
        let at = frontier.saturating_sub(self.offset);
        let mut starts: Vec<(i64, i64)> = tails.iter().map(|tail| (tail.start(at), tail.step)).collect();
        starts.sort_unstable();
        let mut width = 0;
        let stretches = starts.into_iter().map(|(from, step)| {
            width = gcd(width, step);
            (from, width)
        });
        Some(Grid::new(stretches.collect()))
    }

    /// How far back instants are kept at `frontier`, resets aside.
    pub(crate) fn reach(&self, frontier: i64) -> i64 {
        let at = frontier.saturating_sub(self.offset);
        match &self.storage {
            Storage::Panes(_) => at,
            Storage::Instants { tails, .. } => tails.iter().map(|tail| tail.start(at)).min().unwrap_or(at),
        }
    }
}

/// The greatest step that divides both; 0 stands for a step without end.
fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Finds out every column's kind, then compiles.
pub(super) fn compile(builder: Builder) -> Result<FeatureSet> {
    let columns = Kinds::infer(&builder)?;
    let mut compiler = Compiler::new(&builder, columns);
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

/// The kinds of all columns, in the plan's order.
struct Kinds(Vec<(String, Option<Kind>)>);

impl Kinds {
    fn infer(builder: &Builder) -> Result<Self> {
        let mut kinds = Self(Vec::new());
        for column in &builder.entity {
            kinds.see(column, None, "entity")?;
        }
        kinds.see(builder.time.as_deref().unwrap_or_default(), Some(Kind::Time), "time")?;
        for (column, kind) in &builder.columns {
            if *kind != Kind::Time && Some(column) == builder.time.as_ref() {
                return Err(Error::definition(format!("columns.{column}"), "the time column is always a timestamp"));
            }
            if builder.entity.contains(column) && matches!(kind, Kind::F64 | Kind::List) {
                return Err(Error::definition(format!("columns.{column}"), format!("{kind} cannot be an entity")));
            }
        }
        let declared = |column: &str| builder.columns.iter().find(|(name, _)| name == column).map(|(_, kind)| *kind);
        // A filter's literal tells most, then an aggregate that takes one kind, then one that takes any.
        for (name, feature) in &builder.features {
            let at = format!("features.{name}");
            for (_, filter) in filters_of(feature) {
                let mut problem = Ok(());
                filter.0.visit(&mut |column, literals| {
                    let hint = declared(column).or_else(|| literals.first().and_then(literal_kind));
                    if problem.is_ok() {
                        problem = kinds.see(column, hint, &at);
                    }
                });
                problem?;
            }
        }
        for any in [false, true] {
            for (name, feature) in &builder.features {
                let at = format!("features.{name}");
                for (column, allowed) in feature_kinds(feature) {
                    if let Some(kind) = declared(&column) {
                        kinds.see(&column, Some(kind), &at)?;
                    } else if allowed.len() == 1 || (any && kinds.get(&column).is_none()) {
                        kinds.see(&column, allowed.first().copied(), &at)?;
                    } else {
                        kinds.see(&column, None, &at)?;
                    }
                    if let Some(kind) =
                        kinds.get(&column).filter(|kind| any && !allowed.is_empty() && !allowed.contains(kind))
                    {
                        let allowed: Vec<_> = allowed.iter().map(Kind::to_string).collect();
                        return Err(Error::definition(
                            &at,
                            format!("column `{column}` is {kind}; allowed: {}", allowed.join(", ")),
                        ));
                    }
                }
            }
        }
        Ok(kinds)
    }

    fn get(&self, column: &str) -> Option<Kind> {
        self.0.iter().find(|(name, _)| name == column).and_then(|(_, kind)| *kind)
    }

    fn see(&mut self, column: &str, kind: Option<Kind>, at: &str) -> Result<()> {
        let Some((_, known)) = self.0.iter_mut().find(|(name, _)| name == column) else {
            self.0.push((column.to_owned(), kind));
            return Ok(());
        };
        match (*known, kind) {
            (Some(a), Some(b)) if a != b => Err(Error::definition(
                at,
                format!("column `{column}` is used as {a} and as {b}; declare it in `columns`, or use two columns"),
            )),
            (None, Some(_)) => {
                *known = kind;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn place(&self, column: &str) -> (usize, Option<Kind>) {
        let at = self.0.iter().position(|(name, _)| name == column).unwrap_or(usize::MAX);
        (at, self.0.get(at).and_then(|(_, kind)| *kind))
    }
}

fn literal_kind(value: &Value) -> Option<Kind> {
    match value.kind() {
        Some(Kind::I64 | Kind::F64) => Some(Kind::F64),
        kind => kind,
    }
}

/// The filters of a feature, with what they are for.
fn filters_of(feature: &Feature) -> Vec<(&'static str, &Filter)> {
    let window = feature.window.as_ref();
    let activity = window.and_then(|window| match &window.base {
        Base::Session { activity, .. } => activity.as_ref(),
        _ => None,
    });
    let since = window.and_then(|window| window.since.as_ref());
    [("where", feature.filter.as_ref()), ("over.activity", activity), ("over.since", since)]
        .into_iter()
        .filter_map(|(what, filter)| filter.map(|filter| (what, filter)))
        .collect()
}

/// The columns a feature reads with the kinds allowed; empty for any, the first is the default.
fn feature_kinds(feature: &Feature) -> Vec<(String, Vec<Kind>)> {
    let of_arg = |arg: &Arg| match arg {
        Arg::Kind(kind) => vec![*kind],
        Arg::Any => Vec::new(),
    };
    let inputs: Vec<Vec<Kind>> = match &feature.source {
        Source::Builtin(aggregate) => vec![aggregate.input.kinds().to_vec()],
        Source::Custom(fold) => fold.args().iter().map(of_arg).collect(),
    };
    let tie = vec![Kind::I64, Kind::F64, Kind::Str, Kind::Time, Kind::Bool];
    feature.args().iter().map(ToString::to_string).zip(inputs.into_iter().chain([tie])).collect()
}

struct Compiler<'a> {
    builder: &'a Builder,
    kinds: Kinds,
    sources: Vec<Option<Filter>>,
    windows: Vec<Window>,
    /// What the features' computers call themselves: parameters and versions that JSON does not show.
    ids: Vec<String>,
    plan: Plan,
}

impl<'a> Compiler<'a> {
    fn new(builder: &'a Builder, kinds: Kinds) -> Self {
        let columns = kinds.0.iter().enumerate().map(|(i, (name, kind))| Column::new(name, *kind, i)).collect();
        let (kept, filters, folds, features, derived) = Default::default();
        let entities = builder.entity.len();
        let plan = Plan { columns, entities, reads_entity: false, kept, filters, folds, features, derived };
        Self { builder, kinds, sources: Vec::new(), windows: Vec::new(), ids: Vec::new(), plan }
    }

    /// The bit of a filter; equal filters share one.
    fn bit(&mut self, filter: Option<&Filter>, at: &str) -> Result<u64> {
        let known = self.sources.iter().position(|source| source.as_ref() == filter);
        let place = match known {
            Some(place) => place,
            None => {
                let predicate = match filter {
                    None => Predicate::Always,
                    Some(filter) => Predicate::bind(&filter.0, &|column| self.kinds.place(column)).map_err(
                        |(column, kind, found)| {
                            Error::definition(at, format!("column `{column}` is {kind}, found {found}"))
                        },
                    )?,
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
    fn fold(&mut self, computer: Arc<dyn Fold>, select: Select, offset: i64, storage: Storage) -> usize {
        let id = computer.state_id();
        let same = self.plan.folds.iter_mut().position(|fold| {
            fold.computer.state_id() == id
                && fold.offset == offset
                && (fold.select.bit, &fold.select.args) == (select.bit, &select.args)
                && share(&mut fold.storage, &storage)
        });
        same.unwrap_or_else(|| {
            self.plan.folds.push(FoldPlan { computer, select, offset, storage, features: Vec::new() });
            self.plan.folds.len() - 1
        })
    }

    fn feature(&mut self, name: &str, feature: &Feature) -> Result<()> {
        let at = format!("features.{name}");
        let Some(window) = &feature.window else { return Ok(()) };
        let computer = match &feature.source {
            Source::Custom(fold) => Arc::clone(fold),
            Source::Builtin(aggregate) => {
                let kind = feature.args().first().map(|column| self.kinds.place(column).1.unwrap_or(Kind::F64));
                (aggregate.bind)(kind)
                    .ok_or_else(|| Error::definition(&at, "its column is of a kind it does not take"))?
            }
        };
        let bit = self.bit(feature.filter.as_ref(), &at)?;
        let select = Select { bit, args: self.keep(&feature.args(), bit) };
        let reset = window.since.as_ref().map(|filter| self.bit(Some(filter), &at)).transpose()?;
        let offset = window.offset.as_micros();
        let tail = window.base.tail();
        let mut instants = reset.is_some() || matches!(window.base, Base::Sliding { hop: Hop::Exact, .. });
        let mut session = None;
        if let Base::Session { gap, activity, .. } = &window.base {
            instants |= activity.is_some();
            let kept = if activity.is_some() {
                Storage::Instants { tails: vec![tail], reset: None }
            } else {
                Storage::Panes(vec![tail])
            };
            let bit = self.bit(activity.as_ref(), &at)?;
            let fold = self.fold(Arc::new(Activity), Select { bit, args: Vec::new() }, offset, kept);
            session = Some((gap.as_micros(), fold));
        }
        let storage =
            if instants { Storage::Instants { tails: vec![tail], reset } } else { Storage::Panes(vec![tail]) };
        let kind = computer.output_kind();
        let default = self.default(feature, kind, &at)?;
        // Sums and counts answer with a number even when nothing came in.
        let never_null = matches!(&feature.source, Source::Builtin(a) if a.input == Reads::StarOrColumn || (a.name == "sum" && kind == Kind::I64));
        let nullable = !never_null || default.as_ref().is_some_and(Value::is_null);
        self.ids.push(computer.id());
        let fold = self.fold(Arc::clone(&computer), select, offset, storage);
        let mut reader = None;
        if let Some(fold) = self.plan.folds.get_mut(fold) {
            fold.features.push(self.plan.features.len());
            reader = (fold.computer.id() != computer.id()).then_some(computer);
        }
        let id = self.windows.iter().position(|known| known == window).unwrap_or_else(|| {
            self.windows.push(window.clone());
            self.windows.len() - 1
        });
        let window = WindowPlan { tail, offset, session, reset, id };
        self.plan.features.push(FeaturePlan { window, reader, default, kind, nullable });
        Ok(())
    }

    fn default(&self, feature: &Feature, kind: Kind, at: &str) -> Result<Option<Value>> {
        let Some(default) = &feature.default else { return Ok(None) };
        let value = default.as_ref().to_kind(kind).map(|value| value.to_value());
        value
            .map(Some)
            .map_err(|found| Error::definition(format!("{at}.default"), format!("found {found}, expected {kind}")))
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
            let all: Vec<Kind> = self.plan.kinds().collect();
            let kinds: Vec<Kind> = parts.iter().filter_map(|part| all.get(*part)).copied().collect();
            let kind = derived.op.kind(&kinds).ok_or_else(|| {
                let kinds: Vec<_> = kinds.iter().map(Kind::to_string).collect();
                Error::definition(&at, format!("`{}` does not take {}", derived.op.name(), kinds.join(", ")))
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

struct Canonical<'a> {
    builder: &'a Builder,
    columns: &'a [Column],
}

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("name", &self.builder.name)?;
        map.serialize_entry("version", &self.builder.version)?;
        map.serialize_entry("entity", &self.builder.entity)?;
        map.serialize_entry("time", &self.builder.time)?;
        let kinds = self.columns.iter().filter_map(|column| Some((column.name(), column.kind()?)));
        map.serialize_entry("columns", &Fields(kinds.collect()))?;
        let features = self.builder.features.iter().map(|(name, feature)| (name.as_str(), feature));
        map.serialize_entry("features", &Fields(features.collect()))?;
        let derived = self.builder.derived.iter().map(|(name, derived)| (name.as_str(), derived));
        map.serialize_entry("derived", &Fields(derived.collect()))?;
        map.end()
    }
}

/// An object whose fields keep their order.
struct Fields<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Fields<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
