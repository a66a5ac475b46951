//! A definition in canonical JSON: what the fingerprint is taken of, and what can be read back.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::builder::Builder;
use super::feature::{Feature, Source};
use crate::record::Column;
use crate::window::{Base, Hop, Window};

/// A definition whose defaults are all known.
pub(super) struct Canonical<'a> {
    pub(super) builder: &'a Builder,
    pub(super) columns: &'a [Column],
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

/// A feature in canonical JSON.
impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match &self.source {
            Source::Builtin(aggregate) => match &self.inputs[..] {
                [] => {
                    let filters: Vec<_> = self.conditions.iter().map(|filter| &filter.0).collect();
                    map.serialize_entry(aggregate.name, &filters)?;
                }
                [one] => map.serialize_entry(aggregate.name, one)?,
                several => map.serialize_entry(aggregate.name, several)?,
            },
            Source::Custom(make) => map.serialize_entry(&make(None).id(), &self.inputs)?,
        }
        for (name, value) in &self.parameters {
            map.serialize_entry(name, value)?;
        }
        if let Some((column, buckets)) = &self.by {
            map.serialize_entry("by", column)?;
            map.serialize_entry("buckets", buckets)?;
        }
        if let Some(filter) = &self.filter {
            map.serialize_entry("where", &filter.0)?;
        }
        if let Some(retract) = &self.retract {
            map.serialize_entry("retract", &retract.0)?;
        }
        map.serialize_entry("over", &self.window)?;
        if let Some((steps, step)) = &self.series {
            map.serialize_entry("series", &Series { steps: *steps, step: *step })?;
        }
        if let Some(tie) = &self.tie_break {
            map.serialize_entry("tie_break", tie)?;
        }
        if let Some(default) = &self.default {
            map.serialize_entry("default", default)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Series {
    steps: u32,
    step: crate::time::Span,
}

/// A window in canonical JSON.
impl Serialize for Window {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match &self.base {
            Base::Lifetime => map.serialize_entry("lifetime", &true)?,
            Base::Tumbling { size } => map.serialize_entry("tumbling", size)?,
            Base::Sliding { size, hop } => {
                map.serialize_entry("sliding", size)?;
                match hop {
                    Hop::Every(hop) => map.serialize_entry("hop", hop)?,
                    Hop::Exact | Hop::Default => map.serialize_entry("hop", "exact")?,
                }
            }
            Base::Session { gap, activity, within } => {
                map.serialize_entry("session", gap)?;
                if let Some(activity) = activity {
                    map.serialize_entry("activity", &activity.0)?;
                }
                if let Some(within) = within {
                    map.serialize_entry("within", within)?;
                }
            }
        }
        if let Some(since) = &self.since {
            map.serialize_entry("since", &since.0)?;
        }
        if !self.offset.is_zero() {
            map.serialize_entry("offset", &self.offset)?;
        }
        map.end()
    }
}
