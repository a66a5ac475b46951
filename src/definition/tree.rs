//! A JSON-like tree that keeps the order of fields and refuses a field written twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::error::{Error, Result};
use crate::value::Value;

/// Any self-describing data, fields in the order written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Leaf(Value),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|why| Error::definition("definition", why.to_string()))
    }

    /// What this is, for a message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Leaf(value) => value.as_ref().to_string(),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Object(fields) if fields.is_empty() => "an empty object".into(),
            Self::Object(fields) => {
                let names: Vec<_> = fields.iter().map(|(name, _)| format!("`{name}`")).collect();
                format!("an object with {}", names.join(", "))
            }
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(to),
            Self::List(items) => to.collect_seq(items),
            Self::Object(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, field) in fields {
                    map.serialize_entry(name, field)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a definition")
    }
    fn visit_unit<E>(self) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }
    fn visit_bool<E>(self, x: bool) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(x.into()))
    }
    fn visit_i64<E>(self, x: i64) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(x.into()))
    }
    fn visit_u64<E: serde::de::Error>(self, x: u64) -> std::result::Result<Tree, E> {
        i64::try_from(x).map(|x| Tree::Leaf(x.into())).map_err(|_| E::custom(format!("{x} is outside i64")))
    }
    fn visit_f64<E>(self, x: f64) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(x.into()))
    }
    fn visit_str<E>(self, x: &str) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(x.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> std::result::Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> std::result::Result<Tree, A::Error> {
        let mut fields: Vec<(String, Tree)> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some((name, field)) = from.next_entry::<String, Tree>()? {
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("`{name}` is written twice in one object")));
            }
            fields.push((name, field));
        }
        Ok(Tree::Object(fields))
    }
}
