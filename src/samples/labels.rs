//! What a sample is of: [`Labels`].

use std::collections::BTreeMap;

use serde::Serialize;

/// Names and values that tell the samples of a metric apart, sorted by name.
///
/// Names are made valid where they are not: any character but ASCII letters, digits and `_` becomes `_`, and so does a
/// digit at the start. Values may be anything. A name that is set again has its last value.
///
/// # Examples
/// ```
/// use skewless::samples::Labels;
/// let labels = Labels::new().with("topic", "clicks").with("data-centre", "ams");
/// assert_eq!(labels.iter().collect::<Vec<_>>(), [("data_centre", "ams"), ("topic", "clicks")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// None.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The same and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(valid(name), value.to_string());
        self
    }

    /// The names and their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn valid(name: &str) -> String {
    let keep = |(at, c): (usize, char)| {
        let kept = c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit();
        if kept { c } else { '_' }
    };
    let name: String = name.char_indices().map(keep).collect();
    if name.is_empty() { "_".into() } else { name }
}
