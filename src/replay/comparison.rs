//! Two versions' answers side by side: [`Comparison`].

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::stream::{Entity, Stream};
use crate::time::Timestamp;
use crate::value::Value;

/// How many examples are kept of each feature.
const EXAMPLES: usize = 5;

/// One entity for which two versions have two values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Which entity; written as it is shown.
    #[serde(serialize_with = "shown")]
    pub entity: Entity,
    /// What the old version says.
    pub old: Value,
    /// What the new one says.
    pub new: Value,
}

/// How one feature compares.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FeatureComparison {
    /// Entities with the same bits in both versions.
    pub equal: u64,
    /// Entities with others.
    pub different: u64,
    /// Entities of which only the old version has this feature: all or none.
    pub only_old: u64,
    /// Entities of which only the new version has this feature: all or none.
    pub only_new: u64,
    /// The first five that differ, in order of entity.
    pub examples: Vec<Difference>,
}

/// What two versions say of the same entities at the same time.
///
/// # Bounds
/// Counts are of entities that both have; five examples a feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The time both were asked for.
    pub as_of: Timestamp,
    /// Whether both have read the log up to the same positions: differences are then the definitions' alone. Otherwise
    /// some may be of events that only one of them has had so far.
    pub same_positions: bool,
    /// Entities that both have.
    pub entities: u64,
    /// Entities that only the old version has.
    pub only_old: u64,
    /// Entities that only the new version has.
    pub only_new: u64,
    /// Entities for which one of the two has no answer at this time any more; see
    /// [`ErrorKind::Unanswerable`](crate::ErrorKind::Unanswerable). They are in no other count.
    pub unanswered: u64,
    /// Every feature of either version, by name.
    pub features: BTreeMap<String, FeatureComparison>,
}

impl Comparison {
    /// Compares two versions as of one time, of the entities that `which` picks: a sample, where there are many.
    ///
    /// Ask as of a time that both have had all events before: the controller's
    /// [`common_cut`](super::Controller::common_cut), or any time at or after both frontiers where both have read the
    /// same positions.
    pub fn of(old: &Stream, new: &Stream, as_of: Timestamp, which: impl Fn(&Entity) -> bool) -> Self {
        let positions = old.positions();
        let mut comparison = Self {
            as_of,
            same_positions: !positions.is_empty() && positions == new.positions(),
            entities: 0,
            only_old: 0,
            only_new: 0,
            unanswered: 0,
            features: BTreeMap::new(),
        };
        for name in old.set().names().iter().chain(new.set().names()) {
            comparison.features.entry(name.clone()).or_default();
        }
        for (entity, _) in old.iter().filter(|(entity, _)| which(entity)) {
            comparison.add(entity, old, new);
        }
        let new_entities = new.iter().map(|(entity, _)| entity).filter(|entity| which(entity));
        comparison.only_new = new_entities.filter(|entity| old.state(entity).is_none()).count() as u64;
        comparison
    }

    fn add(&mut self, entity: &Entity, old: &Stream, new: &Stream) {
        if new.state(entity).is_none() {
            self.only_old += 1;
            return;
        }
        let (Ok(theirs), Ok(ours)) = (old.vector(entity, self.as_of), new.vector(entity, self.as_of)) else {
            self.unanswered += 1;
            return;
        };
        self.entities += 1;
        for (name, feature) in &mut self.features {
            match (theirs.get(name), ours.get(name)) {
                (Some(old), Some(new)) if old == new => feature.equal += 1,
                (Some(old), Some(new)) => feature.differ(entity, old, new),
                (Some(_), None) => feature.only_old += 1,
                (None, _) => feature.only_new += 1,
            }
        }
    }

    /// The features that differ though they should not: that are not in `expected`. One that only one version has was
    /// added or removed, and is not among them.
    pub fn unexpected<'a>(&'a self, expected: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a FeatureComparison)> {
        let features = self.features.iter().map(|(name, feature)| (name.as_str(), feature));
        features.filter(|(name, feature)| feature.different > 0 && !expected.contains(name))
    }
}

impl FeatureComparison {
    fn differ(&mut self, entity: &Entity, old: &Value, new: &Value) {
        self.different += 1;
        let at = self.examples.partition_point(|example| example.entity < *entity);
        if at < EXAMPLES {
            self.examples.insert(at, Difference { entity: entity.clone(), old: old.clone(), new: new.clone() });
            self.examples.truncate(EXAMPLES);
        }
    }
}

impl fmt::Display for Comparison {
    /// A line for the whole, and one for each feature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { as_of, entities, only_old, only_new, unanswered, .. } = self;
        write!(f, "{entities} entities as of {as_of}")?;
        f.write_str(if self.same_positions { ", both at the same positions" } else { ", at different positions" })?;
        for (number, what) in [(only_old, "only old"), (only_new, "only new"), (unanswered, "unanswered")] {
            if *number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        for (name, feature) in &self.features {
            write!(f, "\n  {name:<20} ")?;
            match feature {
                FeatureComparison { only_old: 1.., .. } => f.write_str("only old")?,
                FeatureComparison { only_new: 1.., .. } => f.write_str("only new")?,
                FeatureComparison { equal, different, examples, .. } => {
                    write!(f, "{equal} equal, {different} different")?;
                    if let Some(Difference { entity, old, new }) = examples.first() {
                        write!(f, ", as for {entity}: {old}, then {new}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn shown<S: serde::Serializer>(entity: &Entity, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(entity)
}
