//! The parameters of an aggregate: what each may be, and reading them.

use crate::time::Span;
use crate::value::{Items, Value};

/// One parameter of an aggregate, as definitions write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
}

/// What a parameter may be, and what it is when it is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// A whole number; without a default it must be given.
    Whole { least: i64, most: i64, default: Option<i64> },
    /// A number.
    Number { least: f64, most: f64, default: f64 },
    /// A duration of at least a microsecond; must be given.
    Span,
    /// A list of numbers, at least one; must be given.
    Numbers { least: f64, most: f64 },
    /// A list of values of the input's kind, at least one; must be given.
    Values,
}

/// The most items a list of numbers or values may have.
const MAX_ITEMS: usize = 1_000;

impl Parameter {
    pub(crate) const fn whole(name: &'static str, least: i64, most: i64, default: Option<i64>) -> Self {
        Self { name, takes: Takes::Whole { least, most, default } }
    }

    pub(crate) const fn number(name: &'static str, least: f64, most: f64, default: f64) -> Self {
        Self { name, takes: Takes::Number { least, most, default } }
    }

    pub(crate) const fn numbers(name: &'static str, least: f64, most: f64) -> Self {
        Self { name, takes: Takes::Numbers { least, most } }
    }

    pub(crate) const fn values(name: &'static str) -> Self {
        Self { name, takes: Takes::Values }
    }

    pub(crate) const fn span(name: &'static str) -> Self {
        Self { name, takes: Takes::Span }
    }

    /// The value to use for what was written: in the parameter's own form, the default if nothing was.
    ///
    /// The error says what was found and what is allowed.
    pub(crate) fn settle(&self, written: Option<&Value>) -> Result<Value, String> {
        let allowed = self.takes.to_string();
        let refused = |found: &Value| {
            let found = if let Value::Items(items) = found { items.to_string() } else { found.as_ref().to_string() };
            format!("found {found}, expected {allowed}")
        };
        match (self.takes, written) {
            (Takes::Whole { default: Some(default), .. }, None) => Ok(Value::I64(default)),
            (Takes::Number { default, .. }, None) => Ok(Value::F64(default)),
            (_, None) => Err(format!("is missing, expected {allowed}")),
            (Takes::Whole { least, most, .. }, Some(Value::I64(n))) if (least..=most).contains(n) => Ok(Value::I64(*n)),
            (Takes::Number { least, most, .. }, Some(found)) => match found.as_f64() {
                Some(x) if (least..=most).contains(&x) => Ok(Value::from(x)),
                _ => Err(refused(found)),
            },
            (Takes::Span, Some(Value::Str(text))) => match text.parse::<Span>() {
                Ok(span) if !span.is_zero() => Ok(Value::from(span.to_string())),
                _ => Err(refused(&Value::Str(text.clone()))),
            },
            (Takes::Numbers { least, most }, Some(found)) => {
                let items: Option<Vec<f64>> = match found {
                    Value::List(list) => Some(list.to_vec()),
                    Value::Items(items) => items.iter().map(Value::as_f64).collect(),
                    other => other.as_f64().map(|x| vec![x]),
                };
                let fits =
                    |x: &Vec<f64>| (1..=MAX_ITEMS).contains(&x.len()) && x.iter().all(|x| (least..=most).contains(x));
                items.filter(fits).map(Value::from).ok_or_else(|| refused(found))
            }
            (Takes::Values, Some(found)) => {
                let items: Items = match found {
                    Value::Items(items) => items.clone(),
                    Value::List(list) => list.iter().map(|x| Value::from(*x)).collect(),
                    one => std::iter::once(one.clone()).collect(),
                };
                let fits = (1..=MAX_ITEMS).contains(&items.len()) && items.iter().all(plain);
                if fits { Ok(Value::Items(items)) } else { Err(refused(found)) }
            }
            (_, Some(found)) => Err(refused(found)),
        }
    }
}

/// Whether a value is one that JSON can say.
fn plain(value: &Value) -> bool {
    match value {
        Value::F64(x) => x.is_finite(),
        value => value.kind().is_some(),
    }
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole { least, most, .. } => write!(f, "a whole number from {least} to {most}"),
            Self::Number { least, most, .. } => write!(f, "a number from {least:?} to {most:?}"),
            Self::Span => f.write_str("a duration of at least 1us, like \"7d\""),
            Self::Numbers { least, most } => write!(f, "1 to {MAX_ITEMS} numbers from {least:?} to {most:?}"),
            Self::Values => write!(f, "1 to {MAX_ITEMS} values"),
        }
    }
}
