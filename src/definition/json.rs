//! The JSON form of a definition, read with the place of every mistake.

use super::Computers;
use super::builder::Builder;
use super::feature::{BUCKETS, Feature, Source};
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::expr::{Derived, Filter, Term, col};
use crate::features::{self, Reads};
use crate::time::Span;
use crate::value::{Items, Kind, Pairs, Value};
use crate::window::Window;

/// Reads a definition from text.
pub(super) fn read(text: &str, computers: &Computers) -> Result<Builder> {
    read_tree(&Tree::parse(text)?, computers)
}

/// Reads a definition from any tree.
pub(super) fn read_tree(tree: &Tree, computers: &Computers) -> Result<Builder> {
    let top = Place { at: "definition".into(), tree };
    let mut builder = None;
    let fields = top.object("an object with `name`, `version`, `entity`, `time`, `features`")?;
    for needed in ["name", "version", "entity", "time", "features"] {
        if !fields.iter().any(|(name, _)| name == needed) {
            return Err(top.error(format!("`{needed}` is missing")));
        }
    }
    if let Some((name, tree)) = fields.iter().find(|(name, _)| name == "name") {
        let name = Place { at: name.clone(), tree };
        builder = Some(Builder::new(name.text("a name")?.to_owned()));
    }
    let mut builder = builder.ok_or_else(|| top.error("`name` is missing"))?;
    for (name, tree) in fields {
        let place = Place { at: name.clone(), tree };
        builder = match name.as_str() {
            "name" => builder,
            "version" => builder.version(place.version()?),
            "entity" => builder.entity(place.names("a column or a list of columns")?),
            "time" => builder.time(place.text("a column")?),
            "columns" => place
                .fields("an object of kinds")?
                .try_fold(builder, |builder, (column, kind)| Ok(builder.column(column, kind.kind()?)))?,
            "features" => place
                .fields("an object of features")?
                .try_fold(builder, |builder, (name, feature)| Ok(builder.feature(name, feature.feature(computers)?)))?,
            "derived" => place
                .fields("an object of derived features")?
                .try_fold(builder, |builder, (name, derived)| Ok(builder.derive(name, derived.derived()?)))?,
            other => return Err(top.unknown(other, "name, version, entity, time, columns, features, derived")),
        };
    }
    Ok(builder)
}

/// The fields a feature has besides its aggregate and the aggregate's parameters.
const FIELDS: [&str; 8] = ["where", "over", "by", "buckets", "retract", "series", "tie_break", "default"];

/// A tree and where it stands.
struct Place<'a> {
    at: String,
    tree: &'a Tree,
}

impl<'a> Place<'a> {
    fn error(&self, message: impl Into<String>) -> Error {
        Error::definition(self.at.clone(), message)
    }

    fn expected(&self, what: &str) -> Error {
        self.error(format!("found {}, expected {what}", self.tree.describe()))
    }

    fn unknown(&self, field: &str, allowed: &str) -> Error {
        self.error(format!("unknown field `{field}`; allowed: {allowed}"))
    }

    fn object(&self, what: &str) -> Result<&'a [(String, Tree)]> {
        if let Tree::Object(fields) = self.tree { Ok(fields) } else { Err(self.expected(what)) }
    }

    fn fields(&self, what: &str) -> Result<impl Iterator<Item = (&'a str, Place<'a>)> + use<'a>> {
        let at = self.at.clone();
        let fields = self.object(what)?.iter();
        Ok(fields.map(move |(name, tree)| (name.as_str(), Place { at: format!("{at}.{name}"), tree })))
    }

    fn field(&self, name: &str) -> Option<Place<'a>> {
        let Tree::Object(fields) = self.tree else { return None };
        let (_, tree) = fields.iter().find(|(n, _)| n == name)?;
        Some(Place { at: format!("{}.{name}", self.at), tree })
    }

    fn text(&self, what: &str) -> Result<&'a str> {
        if let Tree::Leaf(Value::Str(text)) = self.tree { Ok(text) } else { Err(self.expected(what)) }
    }

    fn names(&self, what: &str) -> Result<Vec<String>> {
        match self.tree {
            Tree::List(items) => {
                items.iter().map(|tree| Place { at: self.at.clone(), tree }.text(what).map(str::to_owned)).collect()
            }
            _ => Ok(vec![self.text(what)?.to_owned()]),
        }
    }

    fn version(&self) -> Result<u32> {
        match self.tree {
            Tree::Leaf(Value::I64(n)) => u32::try_from(*n).map_err(|_| self.expected("a whole number below 2^32")),
            _ => Err(self.expected("a whole number below 2^32")),
        }
    }

    fn kind(&self) -> Result<Kind> {
        let names: Vec<_> = Kind::ALL.iter().map(|(_, name)| *name).collect();
        let expected = || format!("one of {}", names.join(", "));
        Kind::from_name(self.text(&expected())?).ok_or_else(|| self.expected(&expected()))
    }

    fn span(&self) -> Result<Span> {
        self.text("a duration like \"7d\"")?.parse().map_err(|why: Error| self.error(why.to_string()))
    }

    fn value(&self, what: &str) -> Result<Value> {
        match self.tree {
            Tree::Leaf(value) => Ok(value.clone()),
            Tree::List(items) => {
                let items = items.iter().map(|tree| Place { at: self.at.clone(), tree }.value(what));
                items.collect::<Result<Items>>().map(Value::Items)
            }
            Tree::Object(_) => {
                let fields = self.fields(what)?.map(|(name, place)| Ok((Value::from(name), place.value(what)?)));
                fields.collect::<Result<Pairs>>().map(Value::Map)
            }
        }
    }

    fn feature(&self, computers: &Computers) -> Result<Feature> {
        let fields = self.object("an object like {\"count\": \"*\", \"over\": {\"sliding\": \"7d\"}}")?;
        let (name, source) = self.aggregate(fields, computers)?;
        let place = self.field(name).unwrap_or(Place { at: self.at.clone(), tree: self.tree });
        let conditions = matches!(&source, Source::Builtin(a) if matches!(a.reads, Reads::Conditions(_)));
        let parameters: Vec<&str> = match &source {
            Source::Builtin(aggregate) => aggregate.parameters.iter().map(|p| p.name).collect(),
            Source::Custom(_) => Vec::new(),
        };
        let mut feature = if conditions {
            let mut feature = Feature::new(source, Vec::new());
            feature.conditions = place.filters()?;
            feature
        } else {
            Feature::new(source, place.names("a column, or a list of columns")?)
        };
        let over = self.field("over").ok_or_else(|| self.error("`over` is missing; \"lifetime\" takes all events"))?;
        feature = feature.over(over.window()?);
        for (field, place) in self.fields("an object")? {
            feature = match field {
                "where" => feature.filter(place.filter()?),
                "retract" => feature.retract(place.filter()?),
                "tie_break" => feature.tie_break(place.text("a column")?),
                "default" => feature.default(place.value("a value")?),
                "by" => {
                    let buckets = self.field("buckets").map_or(Ok(BUCKETS), |place| place.whole())?;
                    feature.by = Some((place.text("a column")?.to_owned(), buckets));
                    feature
                }
                "buckets" if self.field("by").is_some() => feature,
                "buckets" => return Err(place.error("goes with `by` only")),
                "series" => place.series(feature)?,
                "over" => feature,
                field if field == name => feature,
                field if parameters.contains(&field) => feature.with(field, place.value("a value")?),
                field => {
                    let all = FIELDS.iter().chain(&parameters).copied().collect::<Vec<_>>().join(", ");
                    return Err(self.error(format!("unknown field `{field}`; fields of `{name}`: {all}")));
                }
            };
        }
        Ok(feature)
    }

    /// The aggregate among a feature's fields.
    fn aggregate(&self, fields: &'a [(String, Tree)], computers: &Computers) -> Result<(&'a str, Source)> {
        let find = |name: &str| match (computers.find(name), features::find(name)) {
            (Some(make), _) => Some(Source::Custom(make)),
            (None, Some(aggregate)) => Some(Source::Builtin(aggregate)),
            (None, None) => None,
        };
        let names = fields.iter().map(|(name, _)| name.as_str()).filter(|name| !FIELDS.contains(name));
        let mut known = names.clone().filter_map(|name| Some((name, find(name)?)));
        let catalogue = || {
            let own = computers.names().map(str::to_owned);
            own.chain(features::names().map(str::to_owned)).collect::<Vec<_>>().join(", ")
        };
        match (known.next(), known.next(), names.clone().next()) {
            (Some((first, _)), Some((second, _)), _) => {
                Err(self.error(format!("two aggregates: `{first}` and `{second}`")))
            }
            (Some(found), None, _) => Ok(found),
            (None, _, Some(name)) => Err(self.error(format!(
                "unknown aggregate or field `{name}`; aggregates: {}; fields: {}",
                catalogue(),
                FIELDS.join(", ")
            ))),
            (None, _, None) => Err(self.error(format!("no aggregate; one of {} is needed", catalogue()))),
        }
    }

    fn whole(&self) -> Result<i64> {
        if let Tree::Leaf(Value::I64(n)) = self.tree { Ok(*n) } else { Err(self.expected("a whole number")) }
    }

    fn series(&self, feature: Feature) -> Result<Feature> {
        const WHAT: &str = "an object like {\"steps\": 7, \"step\": \"1d\"}";
        let (mut steps, mut step) = (None, None);
        for (name, place) in self.fields(WHAT)? {
            match name {
                "steps" => {
                    let found = place.whole()?;
                    steps = Some(u32::try_from(found).map_err(|_| place.expected("a whole number of steps"))?);
                }
                "step" => step = Some(place.span()?),
                other => return Err(self.unknown(other, "steps, step")),
            }
        }
        match (steps, step) {
            (Some(steps), Some(step)) => Ok(feature.series(steps, step)),
            _ => Err(self.expected(WHAT)),
        }
    }

    fn window(&self) -> Result<Window> {
        const ALLOWED: &str = "lifetime, sliding, hop, tumbling, session, activity, within, since, offset";
        if let Tree::Leaf(Value::Str(word)) = self.tree {
            return if &**word == "lifetime" {
                Ok(Window::lifetime())
            } else {
                Err(self.expected("\"lifetime\" or an object"))
            };
        }
        let fields: Vec<_> = self.fields("\"lifetime\" or an object like {\"sliding\": \"7d\"}")?.collect();
        let mut base: Option<(&str, Window)> = None;
        for (name, place) in &fields {
            let window = match *name {
                "lifetime" if place.tree == &Tree::Leaf(Value::Bool(true)) => Window::lifetime(),
                "lifetime" => return Err(place.expected("true")),
                "sliding" => Window::sliding(place.span()?),
                "tumbling" => Window::tumbling(place.span()?),
                "session" => Window::session(place.span()?),
                "hop" | "activity" | "within" | "since" | "offset" => continue,
                other => return Err(self.unknown(other, ALLOWED)),
            };
            if let Some((first, _)) = base.replace((name, window)) {
                return Err(self.error(format!("both `{first}` and `{name}`; a window is one of them")));
            }
        }
        let (kind, mut window) = base.unwrap_or(("lifetime", Window::lifetime()));
        for (name, place) in fields {
            window = match (name, kind) {
                ("hop", "sliding") if place.tree == &Tree::Leaf("exact".into()) => window.exact(),
                ("hop", "sliding") => window.hop(place.span()?),
                ("activity", "session") => window.activity(place.filter()?),
                ("within", "session") => window.within(place.span()?),
                ("since", _) => window.since(place.filter()?),
                ("offset", _) => window.offset(place.span()?),
                ("hop" | "activity" | "within", _) => {
                    return Err(self.error(format!("`{name}` does not go with `{kind}`")));
                }
                _ => window,
            };
        }
        Ok(window)
    }

    fn filter(&self) -> Result<Filter> {
        let parts = self.fields("an object like {\"event_type\": \"click\"}")?;
        let filters = parts.map(|(name, place)| match name {
            "all" => Ok(Filter::all(place.filters()?)),
            "any" => Ok(Filter::any(place.filters()?)),
            "not" => Ok(place.filter()?.not()),
            column => place.condition(column),
        });
        let filters = filters.collect::<Result<Vec<_>>>()?;
        if filters.is_empty() {
            Err(self.error("an empty filter; leave it out to take every event"))
        } else {
            Ok(Filter::all(filters))
        }
    }

    fn filters(&self) -> Result<Vec<Filter>> {
        match self.tree {
            Tree::List(items) if !items.is_empty() => items
                .iter()
                .enumerate()
                .map(|(i, tree)| Place { at: format!("{}[{i}]", self.at), tree }.filter())
                .collect(),
            _ => Err(self.expected("a list of filters")),
        }
    }

    fn condition(&self, column: &str) -> Result<Filter> {
        const ALLOWED: &str = "a value, a list of values, or an object of gt, ge, lt, le, ne, is_null";
        match self.tree {
            Tree::Leaf(Value::Null) => Err(self.error("found null; write {\"is_null\": true}")),
            Tree::Leaf(value) => Ok(col(column).eq(value.clone())),
            Tree::List(items) => {
                let values = items.iter().map(|item| match item {
                    Tree::Leaf(value) if !value.is_null() => Ok(value.clone()),
                    other => Err(self.error(format!("found {} in a list of values", other.describe()))),
                });
                let values = values.collect::<Result<Vec<_>>>()?;
                if values.is_empty() { Err(self.expected(ALLOWED)) } else { Ok(col(column).is_in(values)) }
            }
            Tree::Object(fields) if fields.is_empty() => Err(self.expected(ALLOWED)),
            Tree::Object(_) => {
                let parts = self.fields(ALLOWED)?.map(|(op, place)| place.comparison(column, op));
                Ok(Filter::all(parts.collect::<Result<Vec<_>>>()?))
            }
        }
    }

    fn comparison(&self, column: &str, op: &str) -> Result<Filter> {
        let value = || match self.tree {
            Tree::Leaf(value) if !value.is_null() => Ok(value.clone()),
            _ => Err(self.expected("a value")),
        };
        let column = col(column);
        Ok(match (op, self.tree) {
            ("gt", _) => column.gt(value()?),
            ("ge", _) => column.ge(value()?),
            ("lt", _) => column.lt(value()?),
            ("le", _) => column.le(value()?),
            ("ne", _) => column.ne(value()?),
            ("is_null", Tree::Leaf(Value::Bool(true))) => column.is_null(),
            ("is_null", Tree::Leaf(Value::Bool(false))) => column.is_not_null(),
            ("is_null", _) => return Err(self.expected("true or false")),
            _ => return Err(self.error(format!("unknown comparison `{op}`; allowed: gt, ge, lt, le, ne, is_null"))),
        })
    }

    fn derived(&self) -> Result<Derived> {
        let allowed = || Term::NAMED.map(|(name, _)| name).join(", ");
        let fields = self.object("an object like {\"ratio\": [\"a\", \"b\"]}")?;
        let [(name, tree)] = fields else {
            return Err(self.error(format!("found {}, expected one of {}", self.tree.describe(), allowed())));
        };
        let Some((_, op)) = Term::NAMED.into_iter().find(|(n, _)| n == name) else {
            return Err(self.error(format!("unknown derivation `{name}`; allowed: {}", allowed())));
        };
        let parts = Place { at: format!("{}.{name}", self.at), tree }.names("a feature or a list of features")?;
        Ok(Derived { op, parts })
    }
}
