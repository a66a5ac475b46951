//! What a computer is made from, once a definition's columns and parameters are known.

use std::sync::Arc;

use super::By;
use crate::computer::FeatureComputer;
use crate::fold::Fold;
use crate::time::Span;
use crate::value::{Kind, Value};

/// What a computer is made from.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    /// The kinds of the input columns; `None` for one of which only the presence counts. None at all for `*`.
    pub(crate) kinds: &'a [Option<Kind>],
    /// The parameters, settled.
    pub(crate) values: &'a [(&'static str, Value)],
    /// Whether the answers are to be by the value of a column, and the most values kept apart.
    pub(crate) by: Option<(Kind, usize)>,
}

impl Given<'_> {
    /// The kind of input column `i`.
    pub(crate) fn kind(&self, i: usize) -> Kind {
        self.kinds.get(i).copied().flatten().unwrap_or(Kind::F64)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A whole number.
    pub(crate) fn whole(&self, name: &str) -> usize {
        self.value(name).and_then(Value::as_i64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.value(name).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// A duration.
    pub(crate) fn span(&self, name: &str) -> Span {
        self.value(name).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(Span::ZERO)
    }

    /// A list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.value(name).and_then(Value::as_list).map(<[f64]>::to_vec).unwrap_or_default()
    }

    /// A list of values.
    pub(crate) fn values(&self, name: &str) -> &[Value] {
        self.value(name).and_then(Value::as_items).unwrap_or(&[])
    }

    /// The computer at work, once or once a bucket.
    pub(crate) fn make<C: FeatureComputer>(&self, computer: C) -> Result<Arc<dyn Fold>, String> {
        Ok(apart(computer, self.by))
    }
}

/// The computer at work, alone or once for every value of a column.
pub(crate) fn apart<C: FeatureComputer>(computer: C, by: Option<(Kind, usize)>) -> Arc<dyn Fold> {
    match by {
        None => Arc::new(computer),
        Some((key, limit)) => Arc::new(By::new(computer, key, limit)),
    }
}
