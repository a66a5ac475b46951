//! A definition compiled: columns with kinds, filters as bits, folds shared between features.

use std::sync::Arc;

use crate::computer::Accuracy;
use crate::expr::{Filters, Predicate, Term};
use crate::fold::Fold;
use crate::record::Column;
use crate::rows::Select;
use crate::time::{Bounds, Grid, Tail};
use crate::value::{Kind, Shape, Value};
use crate::vector::Layout;

/// The most distinct filters one set may have: each is a bit of a row's mask.
pub const MAX_FILTERS: usize = 64;

/// A compiled definition.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Entity columns, the time column, then the others by name.
    pub(crate) columns: Vec<Column>,
    pub(crate) entities: usize,
    /// Whether a filter or an aggregate reads an entity column.
    pub(crate) reads_entity: bool,
    /// Columns whose values rows keep, and the filter bits whose folds read them.
    pub(crate) kept: Vec<(usize, u64)>,
    /// Bit `i` of a mask tells whether filter `i` passed.
    pub(crate) filters: Vec<Predicate>,
    /// The same, to ask all at once.
    pub(crate) asked: Filters,
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
    /// For one window of a series: how much earlier than the last it starts, and how long it is.
    pub(crate) slice: Option<(i64, i64)>,
    /// Which window of the distinct ones this is; equal windows have equal ranges.
    pub(crate) id: usize,
}

impl WindowPlan {
    /// Where the window starts and ends, as far as that does not depend on events.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { tail: self.tail, offset: self.offset, slice: self.slice }
    }
}

#[derive(Debug)]
pub(crate) struct FeaturePlan {
    /// The window; for a series, all that its windows can see.
    pub(crate) window: WindowPlan,
    /// The windows of a series, earliest first; empty if it is none.
    pub(crate) series: Vec<WindowPlan>,
    /// Who reads the answer off the fold's state, if not the fold's own computer.
    pub(crate) reader: Option<Arc<dyn Fold>>,
    pub(crate) default: Option<Value>,
    /// The shape of the answer.
    pub(crate) shape: Shape,
    /// How many items the answer has, if it is a list that is held to a length.
    pub(crate) length: Option<usize>,
    pub(crate) nullable: bool,
    pub(crate) accuracy: Accuracy,
}

impl FeaturePlan {
    /// The shape of one window's answer.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn item(&self) -> &Shape {
        match &self.shape {
            Shape::List(item) if !self.series.is_empty() => item,
            shape => shape,
        }
    }

    /// The windows to read: those of the series, or the one.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn windows(&self) -> &[WindowPlan] {
        if self.series.is_empty() { std::slice::from_ref(&self.window) } else { &self.series }
    }
}

#[derive(Debug)]
pub(crate) struct DerivedPlan {
    pub(crate) op: Term,
    pub(crate) parts: Vec<usize>,
    pub(crate) kind: Kind,
}

impl Plan {
    pub(crate) fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.features.iter().map(|f| f.shape.clone()).chain(self.derived.iter().map(|d| d.kind.into()))
    }

    pub(crate) fn layouts(&self) -> impl Iterator<Item = Layout> + '_ {
        let features = self.features.iter().map(|f| Layout { shape: f.shape.clone(), length: f.length });
        features.chain(self.derived.iter().map(|d| Layout::of(d.kind)))
    }

    pub(crate) fn is_nullable(&self, i: usize) -> bool {
        self.features.get(i).is_none_or(|feature| feature.nullable)
    }

    /// Before this time no value of a kept column has a part in an answer as of `time` or later.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn reach(&self, place: usize, time: i64) -> i64 {
        let folds = self.folds.iter().filter(|fold| fold.select.args.contains(&place));
        let features = folds.flat_map(|fold| &fold.features).filter_map(|at| self.features.get(*at));
        let starts = features.flat_map(FeaturePlan::windows).map(|window| window.bounds().at(time).0);
        starts.min().unwrap_or(time)
    }

    /// Whether the values of a kept column have no other part in an answer than to be picked.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn is_only_picked(&self, place: usize) -> bool {
        let mut folds = self.folds.iter().filter(|fold| fold.select.args.contains(&place));
        folds.all(|fold| fold.computer.columnar().picks())
    }

    /// Whether a list is as long as those of its column must be.
    pub(crate) fn fits_length(&self, column: usize, value: &Value) -> bool {
        match (self.columns.get(column).and_then(Column::length), value) {
            (Some(length), Value::List(list)) => list.len() == length,
            _ => true,
        }
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
        let mut grid = Grid::default();
        self.lay(frontier, &mut grid).then_some(grid)
    }

    /// Makes `grid` the panes at frontier `frontier`; false where only instants are kept.
    pub(crate) fn lay(&self, frontier: i64, grid: &mut Grid) -> bool {
        let Storage::Panes(tails) = &self.storage else { return false };
        let at = frontier.saturating_sub(self.offset);
        grid.lay(tails.iter().map(|tail| (tail.start(at), tail.step)));
        true
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
