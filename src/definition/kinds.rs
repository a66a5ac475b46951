//! What every column holds, found out from how it is used.

use super::builder::Builder;
use super::feature::{Feature, Source};
use crate::computer::Arg;
use crate::error::{Error, Result};
use crate::expr::Filter;
use crate::features::{CATEGORIES, NUMBERS, Reads};
use crate::value::{Kind, Value};
use crate::window::Base;

/// The kinds of all columns, in the plan's order.
pub(super) struct Kinds(pub(super) Vec<(String, Option<Kind>)>);

impl Kinds {
    /// Finds out every column's kind.
    pub(super) fn infer(builder: &Builder) -> Result<Self> {
        let mut kinds = Self(Vec::new());
        let declared = |column: &str| builder.columns.iter().find(|(name, _)| name == column).map(|(_, kind)| *kind);
        for column in &builder.entity {
            kinds.see(column, declared(column), "entity")?;
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
        let given = |column: &str| {
            if builder.time.as_deref() == Some(column) { Some(Kind::Time) } else { declared(column) }
        };
        // An entity is never a double: compared with a number it is an integer, else it is text.
        let is_entity = |column: &str| builder.entity.iter().any(|entity| entity == column);
        let whole = |column: &str, kind: Kind| if kind == Kind::F64 && is_entity(column) { Kind::I64 } else { kind };
        // A filter's literal tells most, then an aggregate that takes one kind, then one that takes any.
        for (name, feature) in &builder.features {
            let at = format!("features.{name}");
            for (_, filter) in filters_of(feature) {
                let mut problem = Ok(());
                filter.0.visit(&mut |column, literals| {
                    let hint = given(column)
                        .or_else(|| literals.first().and_then(literal_kind).map(|kind| whole(column, kind)));
                    if problem.is_ok() {
                        problem = kinds.see(column, hint, &at);
                    }
                });
                problem?;
            }
        }
        // An aggregate that takes one kind settles it; then those that take numbers first; then those that take
        // text first; then tie breaks. So the order in which features are written decides nothing.
        let rank = |allowed: &[Kind]| match allowed {
            [] => None,
            [_] => Some(0),
            [Kind::F64, ..] => Some(1),
            [Kind::Str, ..] => Some(2),
            _ => Some(3),
        };
        for pass in 0..4 {
            for (name, feature) in &builder.features {
                for (column, allowed) in feature_kinds(feature) {
                    let open = pass == 0 || kinds.get(&column).is_none();
                    let hint = allowed.first().filter(|_| open && rank(&allowed) == Some(pass));
                    let hint = match hint {
                        Some(_) if is_entity(&column) && allowed.contains(&Kind::Str) => Some(Kind::Str),
                        hint => hint.map(|kind| whole(&column, *kind)),
                    };
                    let hint = given(&column).or(hint);
                    kinds.see(&column, hint, &format!("features.{name}"))?;
                }
            }
        }
        kinds.check(builder)?;
        // By name, so that neither the order of features nor that of conditions shows.
        if let Some(others) = kinds.0.get_mut(builder.entity.len() + 1..) {
            others.sort_unstable();
        }
        for (column, _) in &builder.columns {
            let at = format!("columns.{column}");
            if builder.columns.iter().filter(|(name, _)| name == column).count() > 1 {
                return Err(Error::definition(at, "declared twice"));
            }
        }
        Ok(kinds)
    }

    /// Makes sure that every aggregate takes the kinds its columns turned out to have.
    fn check(&self, builder: &Builder) -> Result<()> {
        for (name, feature) in &builder.features {
            for (column, allowed) in feature_kinds(feature) {
                let Some(kind) = self.get(&column).filter(|kind| !allowed.is_empty() && !allowed.contains(kind)) else {
                    continue;
                };
                let allowed: Vec<_> = allowed.iter().map(Kind::to_string).collect();
                let message = format!("column `{column}` is {kind}; allowed: {}", allowed.join(", "));
                return Err(Error::definition(format!("features.{name}"), message));
            }
        }
        Ok(())
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

    /// A column's place and kind.
    pub(super) fn place(&self, column: &str) -> (usize, Option<Kind>) {
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
    let filters = [
        ("where", feature.filter.as_ref()),
        ("retract", feature.retract.as_ref()),
        ("over.activity", activity),
        ("over.since", since),
    ];
    let filters = filters.into_iter().filter_map(|(what, filter)| filter.map(|filter| (what, filter)));
    filters.chain(feature.conditions.iter().map(|filter| ("conditions", filter))).collect()
}

/// The columns a feature reads with the kinds allowed; empty for any, the first is the default.
fn feature_kinds(feature: &Feature) -> Vec<(String, Vec<Kind>)> {
    let of_arg = |arg: &Arg| match arg {
        Arg::Kind(Kind::F64) => NUMBERS.to_vec(),
        Arg::Kind(kind) => vec![*kind],
        Arg::Any => Vec::new(),
    };
    let inputs: Vec<Vec<Kind>> = match &feature.source {
        Source::Builtin(aggregate) => match aggregate.reads {
            Reads::Columns(columns) => columns.iter().map(|kinds| kinds.to_vec()).collect(),
            Reads::Events | Reads::Conditions(_) => vec![Vec::new(); feature.columns().len()],
        },
        Source::Custom(make) => make(None).args().iter().map(of_arg).collect(),
    };
    let by = feature.by.iter().map(|_| CATEGORIES.to_vec());
    let tie = vec![Kind::I64, Kind::F64, Kind::Str, Kind::Time, Kind::Bool];
    feature.args().iter().map(ToString::to_string).zip(by.chain(inputs).chain([tie])).collect()
}
