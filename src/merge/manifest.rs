//! What a batch view says of itself: [`Manifest`].

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash::{Checksum, Fingerprint};
use crate::log::Cut;
use crate::time::Timestamp;
use crate::value::Kind;

/// What a batch view says of itself; written last, so that a view whose job died has none.
///
/// The [`Gate`](super::Gate) holds it against the parts that were found and against the view before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The view's name, such as the time of its run: no two views have the same.
    pub view: String,
    /// The view it was meant to follow.
    pub parent: Option<String>,
    /// Which events it has.
    pub cut: Cut,
    /// The definition it was computed with.
    pub fingerprint: Fingerprint,
    /// How many entities are in it.
    pub entities: u64,
    /// How many events were folded into it.
    pub events: u64,
    /// A moment that none of its events is after.
    pub latest: Option<Timestamp>,
    /// The frontier of its states: it answers exactly at and after this.
    pub frontier: Option<Timestamp>,
    /// The external values it has, in the order of its records.
    pub externals: Vec<ExternalCount>,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// When it was made, by the clock of whoever made it.
    pub made_at: Timestamp,
}

/// One external value of a batch view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalCount {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many entities have one.
    pub entities: u64,
}

/// One file or blob of a batch view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which one: 0, 1, 2 and so on.
    pub id: u32,
    /// How many entities are in it.
    pub entities: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// The checksum of those bytes.
    pub checksum: Checksum,
}

impl Part {
    /// What the bytes of part `id` are, as they were found: to be held against the manifest.
    ///
    /// The number of entities is the part's own claim, and 0 for bytes that are no part; the checksum tells.
    pub fn of(id: u32, bytes: &[u8]) -> Self {
        let entities = super::view::entities_in(bytes).unwrap_or(0);
        Self { id, entities, bytes: bytes.len() as u64, checksum: Checksum::of(bytes) }
    }
}

/// A manifest as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    manifest: Manifest,
    seal: Checksum,
}

impl Manifest {
    /// The time its data is of: the cut, or where that is positions the frontier, or the latest event.
    pub fn data_time(&self) -> Timestamp {
        match (&self.cut, self.frontier.or(self.latest)) {
            (Cut::EventTime(at), _) => *at,
            (Cut::Positions(_), at) => at.unwrap_or(self.made_at),
        }
    }

    /// What it says of the external value called `name`.
    pub fn external(&self, name: &str) -> Option<&ExternalCount> {
        self.externals.iter().find(|external| external.name == name)
    }

    /// The manifest as JSON, with a seal by which a changed or truncated one is known.
    pub fn to_json(&self) -> String {
        let sealed = Sealed { manifest: self.clone(), seal: self.seal() };
        // Strings, numbers and maps by strings: JSON has a form for all of it.
        serde_json::to_string_pretty(&sealed).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) for text that is no manifest, or one that was changed since
    /// it was sealed.
    pub fn from_json(text: &str) -> Result<Self> {
        let sealed: Sealed =
            serde_json::from_str(text).map_err(|why| Error::corrupt(format!("not a manifest: {why}")))?;
        let seal = sealed.manifest.seal();
        if seal != sealed.seal {
            let found = sealed.seal;
            return Err(Error::corrupt(format!("the manifest's seal is {found}, but what it says gives {seal}")));
        }
        Ok(sealed.manifest)
    }

    /// The checksum of everything the manifest says.
    pub fn seal(&self) -> Checksum {
        Checksum::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}
