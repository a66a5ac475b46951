//! Filters: which events a feature counts.
//!
//! SQL's three-valued logic: comparing null gives *unknown*, `not` keeps it unknown, and an event passes
//! only if the whole filter is *true*. So `ne` does not pass null, and neither does `not(eq)`.

use std::cmp::Ordering;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::value::{Kind, Value, ValueRef};

/// How deep `all`, `any` and `not` may be nested in a filter.
pub const MAX_DEPTH: usize = 32;

/// How a column is compared with a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(crate) const NAMED: [(&'static str, Self); 5] =
        [("gt", Self::Gt), ("ge", Self::Ge), ("lt", Self::Lt), ("le", Self::Le), ("ne", Self::Ne)];

    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }

    fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, op)| *op == self).map_or("eq", |(name, _)| name)
    }
}

/// A condition on one event's columns. Start with [`col`].
///
/// # Examples
/// ```
/// use skewless::{Filter, col};
/// let paid = col("event_type").eq("purchase").and(col("amount").gt(0.0));
/// let seen = Filter::any([col("event_type").eq("view"), col("event_type").eq("click")]);
/// # let _ = (paid, seen);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(pub(crate) Node);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Compare(String, Op, Value),
    In(String, Vec<Value>),
    IsNull(String, bool),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

/// A column to be compared; made by [`col`].
#[derive(Clone, Debug)]
pub struct Col(String);

/// Names a column in a filter.
pub fn col(name: impl Into<String>) -> Col {
    Col(name.into())
}

impl Col {
    fn compare(self, op: Op, value: impl Into<Value>) -> Filter {
        Filter(Node::Compare(self.0, op, value.into()))
    }

    /// Equal to `value`.
    #[allow(clippy::should_implement_trait, reason = "it builds a filter; the name is SQL's")]
    pub fn eq(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Eq, value)
    }
    /// Not equal to `value`, and not null.
    #[allow(clippy::should_implement_trait, reason = "it builds a filter; the name is SQL's")]
    pub fn ne(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Ne, value)
    }
    /// Less than `value`.
    pub fn lt(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Lt, value)
    }
    /// Less than or equal to `value`.
    pub fn le(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Le, value)
    }
    /// Greater than `value`.
    pub fn gt(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Gt, value)
    }
    /// Greater than or equal to `value`.
    pub fn ge(self, value: impl Into<Value>) -> Filter {
        self.compare(Op::Ge, value)
    }
    /// Equal to one of `values`.
    pub fn is_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter {
        Filter(Node::In(self.0, values.into_iter().map(Into::into).collect()))
    }
    /// Null, or NaN.
    pub fn is_null(self) -> Filter {
        Filter(Node::IsNull(self.0, true))
    }
    /// Neither null nor NaN.
    pub fn is_not_null(self) -> Filter {
        Filter(Node::IsNull(self.0, false))
    }
}

impl Filter {
    /// The same filter without needless nesting.
    pub(crate) fn simplified(self) -> Self {
        Self(self.0.simplify())
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(match self.0 {
            Node::All(mut nodes) => {
                nodes.push(other.0);
                Node::All(nodes)
            }
            node => Node::All(vec![node, other.0]),
        })
    }

    /// At least one of `filters` holds.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Any(filters.into_iter().map(|filter| filter.0).collect()))
    }

    /// All of `filters` hold.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::All(filters.into_iter().map(|filter| filter.0).collect()))
    }

    /// This does not hold; unknown stays unknown.
    #[allow(clippy::should_implement_trait, reason = "`!filter` would read like a bool")]
    #[must_use]
    pub fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }
}

impl Node {
    /// Calls `see` with every column and what the filter says about its kind.
    pub(crate) fn visit<'n>(&'n self, see: &mut impl FnMut(&'n str, &'n [Value])) {
        match self {
            Self::Compare(column, _, value) => see(column, std::slice::from_ref(value)),
            Self::In(column, values) => see(column, values),
            Self::IsNull(column, _) => see(column, &[]),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.visit(see)),
            Self::Not(node) => node.visit(see),
        }
    }

    /// Refuses what a definition in JSON could not say.
    pub(crate) fn check(&self, depth: usize) -> Result<(), String> {
        let inner = |node: &Self| match depth.checked_sub(1) {
            Some(depth) => node.check(depth),
            None => Err(format!("conditions are nested too deep; {MAX_DEPTH} levels are allowed")),
        };
        let literal = |value: &Value| match value {
            Value::F64(x) if !x.is_finite() => Err(format!("compares with {x:?}; a number must be finite")),
            Value::Null => Err("compares with null or NaN; use is_null".into()),
            Value::List(_) | Value::Overflow => Err("compares with a list; only single values are compared".into()),
            _ => Ok(()),
        };
        match self {
            Self::Compare(column, ..) | Self::In(column, _) | Self::IsNull(column, _)
                if matches!(column.as_str(), "all" | "any" | "not") =>
            {
                Err(format!("a column called `{column}` cannot be filtered on: the name is a word of filters"))
            }
            Self::In(_, values) if values.is_empty() => Err("an empty list of values".into()),
            Self::All(nodes) | Self::Any(nodes) if nodes.is_empty() => {
                Err("an empty filter; leave it out to take every event".into())
            }
            Self::Compare(_, _, value) => literal(value),
            Self::In(_, values) => values.iter().try_for_each(literal),
            Self::IsNull(..) => Ok(()),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().try_for_each(inner),
            Self::Not(node) => inner(node),
        }
    }

    /// Brings every literal to its column's kind and every list into order, so that filters that say the same
    /// in other words are the same.
    pub(crate) fn settle(&mut self, kind_of: &impl Fn(&str) -> Option<Kind>) -> Result<(), (String, Kind, String)> {
        let settle = |column: &str, value: &mut Value| {
            let kind = kind_of(column).unwrap_or(Kind::F64);
            let settled = value.as_ref().to_kind(kind).map(ValueRef::to_value);
            *value = settled.map_err(|found| (column.to_owned(), kind, found))?;
            Ok(())
        };
        match self {
            Self::Compare(column, _, value) => settle(column, value),
            Self::In(column, values) => {
                let column = column.clone();
                values.iter_mut().try_for_each(|value| settle(&column, value))?;
                values.sort_unstable();
                values.dedup();
                Ok(())
            }
            Self::IsNull(..) => Ok(()),
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter_mut().try_for_each(|node| node.settle(kind_of))?;
                nodes.sort_by_cached_key(|node| serde_json::to_string(node).unwrap_or_default());
                nodes.dedup();
                Ok(())
            }
            Self::Not(node) => node.settle(kind_of),
        }
    }

    /// The same condition with fewer words, so that equal filters have equal fingerprints.
    pub(crate) fn simplify(self) -> Self {
        let flat = |nodes: Vec<Self>, all: bool| {
            let mut out = Vec::with_capacity(nodes.len());
            for node in nodes.into_iter().map(Self::simplify) {
                match (node, all) {
                    (Self::All(inner), true) | (Self::Any(inner), false) => out.extend(inner),
                    (node, _) => out.push(node),
                }
            }
            out
        };
        match self {
            Self::All(nodes) => one_or(flat(nodes, true), Self::All),
            Self::Any(nodes) => one_or(flat(nodes, false), Self::Any),
            Self::Not(node) => Self::Not(Box::new(node.simplify())),
            Self::In(column, mut values) if values.len() == 1 => {
                Self::Compare(column, Op::Eq, values.pop().unwrap_or(Value::Null))
            }
            node => node,
        }
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        last => {
            nodes.extend(last);
            many(nodes)
        }
    }
}

impl Serialize for Node {
    /// The shape of `where` in a definition, always with one condition an object.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        match self {
            Self::Compare(column, Op::Eq, value) => map.serialize_entry(column, value)?,
            Self::Compare(column, op, value) => map.serialize_entry(column, &Single(op.name(), value))?,
            Self::In(column, values) => map.serialize_entry(column, values)?,
            Self::IsNull(column, is) => map.serialize_entry(column, &Single("is_null", is))?,
            Self::All(nodes) => map.serialize_entry("all", nodes)?,
            Self::Any(nodes) => map.serialize_entry("any", nodes)?,
            Self::Not(node) => map.serialize_entry("not", node)?,
        }
        map.end()
    }
}

struct Single<'a, T>(&'a str, &'a T);

impl<T: Serialize> Serialize for Single<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Predicate;
    use super::*;

    fn truth(filter: Filter, cell: ValueRef<'_>) -> Option<bool> {
        let mut node = filter.0.simplify();
        node.settle(&|_| Some(Kind::F64)).unwrap();
        Predicate::bind(&node, &|_| 0).truth(&[cell])
    }

    #[test]
    fn null_is_neither_equal_nor_different() {
        for filter in [col("x").eq(1.0), col("x").ne(1.0), col("x").eq(1.0).not(), col("x").is_in([1.0, 2.0])] {
            assert_eq!(truth(filter, ValueRef::Null), None);
        }
        assert_eq!(truth(col("x").is_null(), ValueRef::Null), Some(true));
    }

    #[test]
    fn a_decided_part_outweighs_an_unknown_one() {
        let any = Filter::any([col("x").gt(1.0), col("x").is_null()]);
        assert_eq!(truth(any, ValueRef::Null), Some(true));
        let all = Filter::all([col("x").gt(1.0), col("x").is_not_null()]);
        assert_eq!(truth(all, ValueRef::Null), Some(false));
    }

    #[test]
    fn an_integer_literal_fits_a_double_column() {
        assert_eq!(truth(col("x").gt(0), ValueRef::F64(0.5)), Some(true));
    }
}
