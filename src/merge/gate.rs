//! Whether a batch view may be served: [`Gate`].

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::manifest::{Manifest, Part};
use crate::definition::FeatureSet;
use crate::hash::Fingerprint;
use crate::log::Cut;
use crate::stream::Gap;
use crate::value::Kind;

/// What becomes of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be served.
    Accept,
    /// Nothing is wrong with it in itself, but someone should look at it first; the view before stays.
    Quarantine,
    /// It must not be served; the view before stays.
    Reject,
}

/// One thing that was noticed about a view.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// It was computed with another definition.
    OtherDefinition {
        /// The one it names.
        found: Fingerprint,
        /// The one that is served.
        expected: Fingerprint,
    },
    /// A part that the manifest lists was not found.
    PartMissing {
        /// Which.
        part: u32,
    },
    /// A part was found that the manifest does not list, or lists or was found twice.
    PartUnexpected {
        /// Which.
        part: u32,
    },
    /// A part is not what the manifest says: cut short, changed, or of another run.
    PartDiffers {
        /// Which.
        part: u32,
        /// How many bytes were found.
        bytes: u64,
        /// How many the manifest says.
        expected: u64,
    },
    /// The parts' entities do not add up to the view's.
    TotalsDiffer {
        /// What they add up to.
        found: u64,
        /// What the manifest says.
        expected: u64,
    },
    /// Its cut is before that of the view in service, or ahead in one partition and behind in another.
    CutBackward {
        /// The cut it has.
        found: Cut,
        /// The cut of the view in service.
        previous: Cut,
    },
    /// Its cut is of another sort than that of the view in service.
    CutOfOtherSort,
    /// There was a view of this name with other content.
    NameTaken,
    /// It is the view in service.
    AlreadyServed,
    /// It was meant to follow another view than the one in service. A view is whole in itself, so this is only noted.
    OtherParent {
        /// The one it names.
        found: Option<String>,
        /// The one in service.
        previous: String,
    },
    /// It has an external value of another kind than is served under that name.
    OtherKind {
        /// Which.
        external: String,
        /// What it is in the view.
        found: Kind,
        /// What it is served as.
        expected: Kind,
    },
    /// It has no entities.
    Empty,
    /// A count is out of proportion to that of the view in service.
    Volume {
        /// What was counted: `entities`, `events`, `bytes`, or `externals.` and a name.
        what: String,
        /// How many there are.
        found: u64,
        /// How many the view in service has.
        previous: u64,
    },
    /// An external value is there for a smaller share of the entities than in the view in service.
    ExternalCoverage {
        /// Which.
        external: String,
        /// The share of entities that have it.
        found: f64,
        /// The share in the view in service.
        previous: f64,
    },
    /// It is of a time after the time it says it was made at.
    CutInFuture,
    /// Part of the log is neither in it nor in the stream.
    Gap(Gap),
}

impl Finding {
    /// The decision this alone leads to.
    pub fn decision(&self) -> Decision {
        match self {
            Self::OtherDefinition { .. }
            | Self::PartMissing { .. }
            | Self::PartUnexpected { .. }
            | Self::PartDiffers { .. }
            | Self::TotalsDiffer { .. }
            | Self::CutBackward { .. }
            | Self::CutOfOtherSort
            | Self::OtherKind { .. }
            | Self::NameTaken => Decision::Reject,
            Self::Empty | Self::Volume { .. } | Self::ExternalCoverage { .. } | Self::CutInFuture | Self::Gap(_) => {
                Decision::Quarantine
            }
            Self::AlreadyServed | Self::OtherParent { .. } => Decision::Accept,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherDefinition { found, expected } => write!(f, "computed with definition {found}, not {expected}"),
            Self::PartMissing { part } => write!(f, "part {part} is missing"),
            Self::PartUnexpected { part } => write!(f, "part {part} is not in the manifest, or is there twice"),
            Self::PartDiffers { part, bytes, expected } => {
                write!(f, "part {part} has {bytes} bytes and another checksum than the {expected} bytes listed")
            }
            Self::TotalsDiffer { found, expected } => {
                write!(f, "the parts have {found} entities, the manifest says {expected}")
            }
            Self::CutBackward { found, previous } => write!(f, "cut at {found}, but one at {previous} is in service"),
            Self::CutOfOtherSort => {
                f.write_str("cut by event time where the view in service is cut by position, or the other way")
            }
            Self::NameTaken => f.write_str("there was a view of this name with other content"),
            Self::AlreadyServed => f.write_str("this is the view in service"),
            Self::OtherParent { found, previous } => {
                write!(f, "follows {}, not {previous}", found.as_deref().unwrap_or("nothing"))
            }
            Self::OtherKind { external, found, expected } => write!(f, "`{external}` is {found}, served as {expected}"),
            Self::Empty => f.write_str("no entities"),
            Self::Volume { what, found, previous } => write!(f, "{found} {what} where there were {previous}"),
            Self::ExternalCoverage { external, found, previous } => {
                write!(
                    f,
                    "`{external}` for {:.1} % of the entities where it was {:.1} %",
                    found * 100.0,
                    previous * 100.0
                )
            }
            Self::CutInFuture => f.write_str("cut after the time it was made at"),
            Self::Gap(gap) => write!(f, "{gap}: in neither the view nor the stream"),
        }
    }
}

/// What the gate says of a view: the decision, and everything that was noticed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The strictest that any finding leads to.
    pub decision: Decision,
    /// Everything, not only the first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        let decision = findings.iter().map(Finding::decision).max().unwrap_or(Decision::Accept);
        Self { decision, findings }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.decision {
            Decision::Accept => "accept",
            Decision::Quarantine => "quarantine",
            Decision::Reject => "reject",
        })?;
        self.findings
            .iter()
            .enumerate()
            .try_for_each(|(i, finding)| write!(f, "{} {finding}", if i == 0 { ":" } else { ";" }))
    }
}

/// What a batch view must be to be served: whole, of this definition, not older than what is served, and of a
/// size that is in proportion.
///
/// # Bounds
/// The defaults: entities, events and each external's count between 0.8 and 1.25 times those of the view in service,
/// and the share of entities with an external value at most 0.05 less. A first view has nothing to be compared with.
///
/// # Examples
/// ```
/// use skewless::merge::{Decision, Part};
/// use skewless::{Entity, Feature, FeatureSet, Gate, State, Timestamp, ViewBuilder, Window};
///
/// let set = FeatureSet::builder("s").entity("user").time("ts")
///     .feature("n", Feature::count().over(Window::lifetime())).build()?;
/// let midnight: Timestamp = "2026-11-23T00:00:00Z".parse()?;
/// let mut builder = ViewBuilder::new(&set, "2026-11-23", midnight, midnight);
/// builder.put(Entity::from("ada"), &State::new(&set), 0)?;
/// let view = builder.build()?;
///
/// let mut files: Vec<(u32, Vec<u8>)> = view.parts().collect();
/// let found = |files: &[(u32, Vec<u8>)]| files.iter().map(|(id, bytes)| Part::of(*id, bytes)).collect::<Vec<_>>();
/// let gate = Gate::new(&set);
/// assert_eq!(gate.evaluate(view.manifest(), &found(&files), None).decision, Decision::Accept);
///
/// files[0].1.truncate(20);
/// assert_eq!(gate.evaluate(view.manifest(), &found(&files), None).decision, Decision::Reject);
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    fingerprint: Fingerprint,
    volume: (f64, f64),
    coverage: f64,
}

impl Gate {
    /// A gate for views of `set`, with the default bounds.
    pub fn new(set: &FeatureSet) -> Self {
        Self { fingerprint: set.fingerprint(), volume: (0.8, 1.25), coverage: 0.05 }
    }

    /// By what factor entities, events and external values may shrink or grow from one view to the next.
    #[must_use]
    pub fn volume(mut self, least: f64, most: f64) -> Self {
        self.volume = (least, most);
        self
    }

    /// How much smaller the share of entities with an external value may become: 0.05 for five in a hundred.
    #[must_use]
    pub fn coverage(mut self, drop: f64) -> Self {
        self.coverage = drop;
        self
    }

    /// Looks at a view: `found` are its parts [as they were found](Part::of), `previous` is the view in service.
    pub fn evaluate(&self, manifest: &Manifest, found: &[Part], previous: Option<&Manifest>) -> Verdict {
        let mut findings = Vec::new();
        let (expected, theirs) = (self.fingerprint, manifest.fingerprint);
        if theirs != expected {
            findings.push(Finding::OtherDefinition { found: theirs, expected });
        }
        parts(manifest, found, &mut findings);
        if previous == Some(manifest) {
            findings.push(Finding::AlreadyServed);
            return Verdict::of(findings);
        }
        if manifest.entities == 0 {
            findings.push(Finding::Empty);
        }
        if matches!(manifest.cut, Cut::EventTime(at) if at > manifest.made_at) {
            findings.push(Finding::CutInFuture);
        }
        if let Some(previous) = previous {
            succession(manifest, previous, &mut findings);
            self.proportion(manifest, previous, &mut findings);
        }
        Verdict::of(findings)
    }

    fn proportion(&self, manifest: &Manifest, previous: &Manifest, findings: &mut Vec<Finding>) {
        let mut volume = |what: String, found: u64, previous: u64| {
            let ratio = found as f64 / previous as f64;
            // Nothing before and nothing now is in proportion; anything instead of nothing is growth without bound.
            if previous != found && !(self.volume.0..=self.volume.1).contains(&ratio) {
                findings.push(Finding::Volume { what, found, previous });
            }
        };
        volume("entities".into(), manifest.entities, previous.entities);
        volume("events".into(), manifest.events, previous.events);
        let count = |name: &str| manifest.external(name).map_or(0, |external| external.entities);
        for before in &previous.externals {
            volume(format!("externals.{}", before.name), count(&before.name), before.entities);
        }
        for before in &previous.externals {
            let share = |count: u64, of: u64| if of == 0 { 0.0 } else { count as f64 / of as f64 };
            let found = share(count(&before.name), manifest.entities);
            let previous = share(before.entities, previous.entities);
            // Five in a hundred are five in a hundred, whatever the division made of them.
            // Bounds that are no numbers let nothing pass.
            let passes = previous - found <= self.coverage + 1e-9;
            if !passes {
                findings.push(Finding::ExternalCoverage { external: before.name.clone(), found, previous });
            }
        }
    }
}

/// Whether the parts are those of the manifest.
fn parts(manifest: &Manifest, found: &[Part], findings: &mut Vec<Finding>) {
    let (mut listed, mut there) = (BTreeMap::new(), BTreeSet::new());
    for part in &manifest.parts {
        if listed.insert(part.id, part).is_some() {
            findings.push(Finding::PartUnexpected { part: part.id });
        }
    }
    for part in found {
        let once = there.insert(part.id);
        match listed.get(&part.id).filter(|_| once) {
            Some(listed) if *listed == part => {}
            Some(listed) => {
                findings.push(Finding::PartDiffers { part: part.id, bytes: part.bytes, expected: listed.bytes })
            }
            None => findings.push(Finding::PartUnexpected { part: part.id }),
        }
    }
    let missing = listed.keys().filter(|id| !there.contains(id));
    findings.extend(missing.map(|id| Finding::PartMissing { part: *id }));
    let total = manifest.parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.entities));
    if total != manifest.entities {
        findings.push(Finding::TotalsDiffer { found: total, expected: manifest.entities });
    }
}

/// Whether a view can follow the one in service.
fn succession(manifest: &Manifest, previous: &Manifest, findings: &mut Vec<Finding>) {
    if manifest.view == previous.view {
        findings.push(Finding::NameTaken);
    }
    let one_sort = std::mem::discriminant(&manifest.cut) == std::mem::discriminant(&previous.cut);
    if !one_sort {
        findings.push(Finding::CutOfOtherSort);
    } else if !matches!(manifest.cut.partial_cmp(&previous.cut), Some(Ordering::Equal | Ordering::Greater)) {
        findings.push(Finding::CutBackward { found: manifest.cut.clone(), previous: previous.cut.clone() });
    }
    if manifest.parent.as_ref() != Some(&previous.view) && manifest.view != previous.view {
        findings.push(Finding::OtherParent { found: manifest.parent.clone(), previous: previous.view.clone() });
    }
}
