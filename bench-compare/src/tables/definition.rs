//! What everybody computes: eight features, and the two questions asked of them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use skewless::FeatureSet;

/// An hour and a day in microseconds.
pub const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;

/// The whole numbers, the doubles, and the text among the features.
pub const WHOLE: [&str; 3] = ["click_7d", "nuniq_1d", "cnt_1h"];
pub const REAL: [&str; 4] = ["sum_7d", "sum_1d", "mean_1d", "max_30d"];
pub const LAST: &str = "last_cat";

/// Ours counts exactly up to here; one more means more.
pub const LIMIT: i64 = 10_000;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Every event is a query: the features of its entity before its time.
    Pit,
    /// The features of every entity just after the last event.
    Snapshot,
}

impl Task {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Pit, Self::Snapshot].into_iter().find(|task| task.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pit => "pit",
            Self::Snapshot => "snapshot",
        }
    }

    /// The column that says which answer a row is.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pit => "row",
            Self::Snapshot => "entity",
        }
    }
}

/// The definition in our own words; `click` is the event type that `click_7d` counts.
pub fn features(click: &str) -> FeatureSet {
    let exact = |days: &str| json!({"sliding": days, "hop": "exact"});
    let definition = json!({
        "name": "peers", "version": 1, "entity": "entity", "time": "ts",
        "features": {
            "click_7d": {"count": "*", "where": {"event_type": click}, "over": exact("7d")},
            "sum_7d": {"sum": "amount", "over": exact("7d")},
            "sum_1d": {"sum": "amount", "over": exact("1d")},
            "mean_1d": {"mean": "amount", "over": exact("1d")},
            "max_30d": {"max": "amount", "over": exact("30d")},
            "nuniq_1d": {"count_distinct": "item", "limit": LIMIT, "over": exact("1d")},
            LAST: {"last": "category", "over": "lifetime"},
            "cnt_1h": {"count": "*", "over": exact("1h")},
        }
    });
    FeatureSet::from_json(&definition.to_string()).expect("a definition of ours")
}
