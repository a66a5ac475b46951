//! Features computed from other features of the same vector.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::value::{Kind, Value};

/// A feature made of features: `ratio`, `difference`, `sum`, `log1p`, `coalesce`.
///
/// Never an error and never NaN: what has no answer is null.
///
/// | | is | null when |
/// | --- | --- | --- |
/// | `ratio [a, b]` | `a / b` | either is null, `b` is 0, or both are infinite |
/// | `difference [a, b]` | `a - b` | either is null, or the same infinity twice |
/// | `sum [a, b, ..]` | `a + b + ..`, left to right | any is null, or opposite infinities |
/// | `log1p a` | `ln(1 + a)` | `a` is null or at most -1 |
/// | `coalesce [a, b, ..]` | the first that is not null | all are null |
///
/// All but `coalesce` read integers as doubles and give `f64`; `coalesce` gives the kind its parts share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    pub(crate) op: Term,
    pub(crate) parts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Ratio,
    Difference,
    Sum,
    Log1p,
    Coalesce,
}

impl Term {
    pub(crate) const NAMED: [(&'static str, Self); 5] = [
        ("ratio", Self::Ratio),
        ("difference", Self::Difference),
        ("sum", Self::Sum),
        ("log1p", Self::Log1p),
        ("coalesce", Self::Coalesce),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, op)| *op == self).map_or("?", |(name, _)| name)
    }

    /// How many parts are allowed: least and most.
    pub(crate) fn arity(self) -> (usize, usize) {
        match self {
            Self::Ratio | Self::Difference => (2, 2),
            Self::Log1p => (1, 1),
            Self::Sum | Self::Coalesce => (1, usize::MAX),
        }
    }

    /// The kind of the answer for parts of these kinds; `None` if they do not go together.
    pub(crate) fn kind(self, parts: &[Kind]) -> Option<Kind> {
        let numbers = parts.iter().all(|kind| matches!(kind, Kind::F64 | Kind::I64));
        match (self, parts) {
            (Self::Coalesce, [first, rest @ ..]) if rest.iter().all(|kind| kind == first) => Some(*first),
            _ => numbers.then_some(Kind::F64),
        }
    }

    /// The answer. `kind` is what [`Term::kind`] gave for the parts.
    pub(crate) fn output(self, kind: Kind, parts: &[Value]) -> Value {
        let numbers = || parts.iter().map(|value| value.as_f64());
        match (self, parts) {
            (Self::Coalesce, _) => {
                let first = parts.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null);
                if kind == Kind::F64 { first.as_f64().map_or(first, Value::from) } else { first }
            }
            (_, parts) if parts.iter().any(|value| matches!(value, Value::Overflow)) => Value::Overflow,
            (Self::Ratio, [a, b]) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) if b != 0.0 => Value::from(a / b),
                _ => Value::Null,
            },
            (Self::Difference, [a, b]) => a.as_f64().zip(b.as_f64()).map(|(a, b)| a - b).into(),
            (Self::Log1p, [a]) => a.as_f64().filter(|a| *a > -1.0).map(crate::math::log1p).into(),
            // Starts from +0.0: an empty f64 sum in std is -0.0.
            (Self::Sum, _) => numbers().try_fold(0.0, |sum, x| x.map(|x| sum + x)).into(),
            _ => Value::Null,
        }
    }
}

impl Derived {
    fn new(op: Term, parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { op, parts: parts.into_iter().map(Into::into).collect() }
    }

    /// `numerator / denominator`; null when the denominator is 0.
    pub fn ratio(numerator: impl Into<String>, denominator: impl Into<String>) -> Self {
        Self::new(Term::Ratio, [numerator.into(), denominator.into()])
    }
    /// `a - b`.
    pub fn difference(a: impl Into<String>, b: impl Into<String>) -> Self {
        Self::new(Term::Difference, [a.into(), b.into()])
    }
    /// The sum of `parts`, from left to right.
    pub fn sum(parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Term::Sum, parts)
    }
    /// `ln(1 + part)`, from the portable `libm`, so that all machines agree on the last bit.
    pub fn log1p(part: impl Into<String>) -> Self {
        Self::new(Term::Log1p, [part.into()])
    }
    /// The first of `parts` that is not null.
    pub fn coalesce(parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Term::Coalesce, parts)
    }
}

impl Serialize for Derived {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(self.op.name(), &self.parts)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_derived_is_ever_nan() {
        let (inf, one) = (Value::F64(f64::INFINITY), Value::F64(1.0));
        assert_eq!(Term::Ratio.output(Kind::F64, &[inf.clone(), inf.clone()]), Value::Null);
        assert_eq!(Term::Ratio.output(Kind::F64, &[one.clone(), Value::I64(0)]), Value::Null);
        assert_eq!(Term::Difference.output(Kind::F64, &[inf.clone(), inf.clone()]), Value::Null);
        assert_eq!(Term::Log1p.output(Kind::F64, &[Value::F64(-1.0)]), Value::Null);
        assert_eq!(Term::Sum.output(Kind::F64, &[one, Value::Null]), Value::Null);
        assert_eq!(Term::Coalesce.output(Kind::F64, &[Value::Null, Value::I64(2)]), Value::F64(2.0));
    }
}
