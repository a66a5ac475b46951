//! Filters as they run: columns by place, literals of the columns' kinds.

use std::cmp::Ordering;

use super::filter::{Node, Op};
use crate::value::{Value, ValueRef};

/// A filter whose columns are places and whose literals are of the columns' kinds.
#[derive(Clone, Debug)]
pub(crate) enum Predicate {
    Always,
    Compare(usize, Op, Value),
    In(usize, Vec<Value>),
    IsNull(usize, bool),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
}

impl Predicate {
    /// Binds a settled filter, looking columns up with `place`.
    pub(crate) fn bind(node: &Node, place: &impl Fn(&str) -> usize) -> Self {
        let many = |nodes: &[Node]| nodes.iter().map(|node| Self::bind(node, place)).collect();
        match node {
            Node::Compare(column, op, value) => Self::Compare(place(column), *op, value.clone()),
            Node::In(column, values) => Self::In(place(column), values.clone()),
            Node::IsNull(column, is) => Self::IsNull(place(column), *is),
            Node::All(nodes) => Self::All(many(nodes)),
            Node::Any(nodes) => Self::Any(many(nodes)),
            Node::Not(node) => Self::Not(Box::new(Self::bind(node, place))),
        }
    }

    /// Whether an event passes: only if the condition is true, not if it is unknown.
    #[inline]
    pub(crate) fn passes(&self, cells: &[ValueRef<'_>]) -> bool {
        match self {
            Self::Always => true,
            Self::Compare(at, op, value) => {
                let cell = cells.get(*at).copied().unwrap_or(ValueRef::Null);
                compare(cell, value).is_some_and(|order| op.holds(order))
            }
            _ => self.truth(cells) == Some(true),
        }
    }

    /// Calls `see` with every column place and literal.
    #[cfg(feature = "testing")]
    pub(crate) fn visit(&self, see: &mut impl FnMut(usize, &Value)) {
        match self {
            Self::Compare(at, _, value) => see(*at, value),
            Self::In(at, values) => values.iter().for_each(|value| see(*at, value)),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|part| part.visit(see)),
            Self::Not(inner) => inner.visit(see),
            Self::Always | Self::IsNull(..) => {}
        }
    }

    /// Calls `see` with the place of every column it asks for.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn places(&self, see: &mut impl FnMut(usize)) {
        match self {
            Self::Compare(at, ..) | Self::In(at, _) | Self::IsNull(at, _) => see(*at),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|part| part.places(see)),
            Self::Not(inner) => inner.places(see),
            Self::Always => {}
        }
    }

    /// The column and the text, if all it asks is whether they are equal, or whether they are not.
    #[cfg(any(feature = "arrow", feature = "polars"))]
    pub(crate) fn text(&self) -> Option<(usize, &str, bool)> {
        match self {
            Self::Compare(at, Op::Eq, Value::Str(text)) => Some((*at, text, true)),
            Self::Compare(at, Op::Ne, Value::Str(text)) => Some((*at, text, false)),
            _ => None,
        }
    }

    pub(super) fn truth(&self, cells: &[ValueRef<'_>]) -> Option<bool> {
        let cell = |at: &usize| cells.get(*at).copied().unwrap_or(ValueRef::Null);
        match self {
            Self::Always => Some(true),
            Self::Compare(at, op, value) => compare(cell(at), value).map(|order| op.holds(order)),
            Self::In(at, values) => match cell(at) {
                ValueRef::Null => None,
                cell => Some(values.iter().any(|value| compare(cell, value) == Some(Ordering::Equal))),
            },
            Self::IsNull(at, is) => Some(cell(at).is_null() == *is),
            Self::Not(inner) => inner.truth(cells).map(|truth| !truth),
            Self::All(inner) => connect(inner, cells, false),
            Self::Any(inner) => connect(inner, cells, true),
        }
    }
}

/// *and* and *or*: the first `decisive` part decides, an unknown one leaves it open.
fn connect(inner: &[Predicate], cells: &[ValueRef<'_>], decisive: bool) -> Option<bool> {
    let mut open = Some(!decisive);
    for part in inner {
        match part.truth(cells) {
            Some(truth) if truth == decisive => return Some(decisive),
            Some(_) => {}
            None => open = None,
        }
    }
    open
}

#[inline]
fn compare(cell: ValueRef<'_>, value: &Value) -> Option<Ordering> {
    match (cell, value) {
        (ValueRef::Str(a), Value::Str(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (ValueRef::F64(a), Value::F64(b)) => a.partial_cmp(b),
        (ValueRef::I64(a), Value::I64(b)) => Some(a.cmp(b)),
        (ValueRef::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (ValueRef::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
