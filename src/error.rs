//! The one error: [`Error`], its [`ErrorKind`], and what went wrong in words.

use std::fmt;

use crate::time::Timestamp;

/// Shorthand for a result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in one word. Match on this; show the [`Error`] itself to people.
///
/// Errors arise where a definition is built, where an event or a batch enters, where bytes are decoded, where
/// two states meet, where a question is asked that has no answer: below the frontier
/// ([`Unanswerable`](Self::Unanswerable)), or an integer beyond `i64` ([`Overflow`](Self::Overflow)); and where a
/// replay is told to do what it cannot.
/// Folding cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A feature set cannot mean anything as it is written.
    Definition,
    /// A parameter, such as a sketch's precision, is out of range.
    Parameter,
    /// A column is missing from an event or a batch.
    Missing,
    /// A value is of a kind that its column, or whoever asked for it, does not have.
    Type,
    /// A time or a span is out of range or unreadable.
    Time,
    /// Two definitions that must be one are not, or events are not what a definition reads.
    Mismatch,
    /// Bytes do not start like what was to be read.
    Magic,
    /// Bytes are of a format this version does not read.
    Format,
    /// Bytes were cut short or damaged on the way.
    Corrupt,
    /// Bytes decode, but are not what the encoder writes for that state.
    NotCanonical,
    /// The answer at this time is no longer kept; [`Error::nearest`] names one that is.
    Unanswerable,
    /// An integer result does not fit into an `i64`.
    Overflow,
    /// What lies before a cut cannot be told from what lies after it, or a view is not there to be served.
    Coverage,
    /// A replay met more bad events than are tolerated; it has failed and gives no result.
    Tolerance,
    /// A step that is not possible in the phase a replay is in.
    Transition,
    /// A law of [`FeatureComputer`](crate::FeatureComputer) does not hold.
    Law,
}

/// Anything that can go wrong in this crate.
///
/// `Display` says what was found and what is allowed; [`Error::kind`] is for programs.
///
/// # Examples
/// ```
/// use skewless::{ErrorKind, Span};
/// let error = "7 days".parse::<Span>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Time);
/// assert!(error.to_string().contains("like `7d`"));
/// ```
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum Inner {
    #[error("{at}: {message}")]
    Definition { at: String, message: String },
    #[error("`{name}`: found {found}, allowed: {allowed}")]
    Parameter { name: &'static str, found: String, allowed: String },
    #[error("column `{column}` is {what}")]
    Missing { column: String, what: String },
    #[error("column `{column}`: found {found}, expected {expected}")]
    Type { column: String, expected: String, found: String },
    #[error("{at}: {message}")]
    Answer { at: String, message: String },
    #[error("{0}")]
    Time(String),
    #[error("{0}")]
    Mismatch(String),
    #[error("not bytes of this kind: starts with {found:02x?}, expected {expected:02x?}")]
    Magic { found: Vec<u8>, expected: [u8; 4] },
    #[error("format {found} is not readable here; this version reads format {expected}")]
    Format { found: u8, expected: u8 },
    #[error("corrupt bytes: {0}")]
    Corrupt(String),
    #[error("bytes are not canonical: {0}")]
    NotCanonical(String),
    #[error("{0}")]
    Coverage(String),
    #[error("{0}")]
    Tolerance(String),
    #[error("{0}")]
    Transition(String),
    #[error("the answer at {asked} is no longer kept (frontier {frontier}); a time near it that is: {nearest}")]
    Unanswerable { asked: Timestamp, frontier: Timestamp, nearest: Timestamp },
    #[error(
        "feature `{feature}`: the integer result is outside {}..={}; declare its input column f64",
        i64::MIN,
        i64::MAX
    )]
    Overflow { feature: String },
    #[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "only the test kit checks laws"))]
    #[error("law `{law}` broken by {computer}: {message}")]
    Law { law: &'static str, computer: String, message: String },
    #[error("{context}: {error}")]
    Context { context: String, error: Error },
}

impl Error {
    /// Which sort of error this is.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Inner::Definition { .. } => ErrorKind::Definition,
            Inner::Parameter { .. } => ErrorKind::Parameter,
            Inner::Missing { .. } => ErrorKind::Missing,
            Inner::Type { .. } | Inner::Answer { .. } => ErrorKind::Type,
            Inner::Time(_) => ErrorKind::Time,
            Inner::Mismatch(_) => ErrorKind::Mismatch,
            Inner::Magic { .. } => ErrorKind::Magic,
            Inner::Format { .. } => ErrorKind::Format,
            Inner::Corrupt(_) => ErrorKind::Corrupt,
            Inner::NotCanonical(_) => ErrorKind::NotCanonical,
            Inner::Unanswerable { .. } => ErrorKind::Unanswerable,
            Inner::Overflow { .. } => ErrorKind::Overflow,
            Inner::Coverage(_) => ErrorKind::Coverage,
            Inner::Tolerance(_) => ErrorKind::Tolerance,
            Inner::Transition(_) => ErrorKind::Transition,
            Inner::Law { .. } => ErrorKind::Law,
            Inner::Context { error, .. } => error.kind(),
        }
    }

    /// For [`ErrorKind::Unanswerable`]: a time near the one asked for that can be answered.
    ///
    /// The frontier always can; below it the pane edges around the time asked for, and around the times the
    /// oldest tails allow, are tried, and the nearest of those that work is named.
    pub fn nearest(&self) -> Option<Timestamp> {
        match &*self.0 {
            Inner::Unanswerable { nearest, .. } => Some(*nearest),
            Inner::Context { error, .. } => error.nearest(),
            _ => None,
        }
    }

    /// For [`ErrorKind::Definition`]: where in the definition, like `features.clicks_7d.over.hop`.
    pub fn at(&self) -> Option<&str> {
        match &*self.0 {
            Inner::Definition { at, .. } => Some(at),
            Inner::Context { error, .. } => error.at(),
            _ => None,
        }
    }

    /// The same error with a word on where it came from in front.
    #[must_use]
    pub fn context(self, context: impl Into<String>) -> Self {
        Self::new(Inner::Context { context: context.into(), error: self })
    }

    #[cold]
    fn new(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    pub(crate) fn definition(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Inner::Definition { at: at.into(), message: message.into() })
    }
    pub(crate) fn parameter(name: &'static str, found: impl fmt::Display, allowed: impl fmt::Display) -> Self {
        Self::new(Inner::Parameter { name, found: found.to_string(), allowed: allowed.to_string() })
    }
    pub(crate) fn missing(column: &str, what: impl Into<String>) -> Self {
        Self::new(Inner::Missing { column: column.into(), what: what.into() })
    }
    pub(crate) fn column(column: &str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::new(Inner::Type { column: column.into(), expected: expected.to_string(), found: found.to_string() })
    }
    /// A value that is not what was asked for.
    pub(crate) fn answer(feature: &str, message: impl Into<String>) -> Self {
        Self::new(Inner::Answer { at: format!("feature `{feature}`"), message: message.into() })
    }
    /// A vector that is not what was asked for.
    pub(crate) fn vector(message: impl Into<String>) -> Self {
        Self::new(Inner::Answer { at: "the vector".into(), message: message.into() })
    }
    pub(crate) fn time(message: impl Into<String>) -> Self {
        Self::new(Inner::Time(message.into()))
    }
    pub(crate) fn mismatch(message: impl Into<String>) -> Self {
        Self::new(Inner::Mismatch(message.into()))
    }
    pub(crate) fn magic(found: &[u8], expected: [u8; 4]) -> Self {
        Self::new(Inner::Magic { found: found.iter().take(4).copied().collect(), expected })
    }
    pub(crate) fn format(found: u8, expected: u8) -> Self {
        Self::new(Inner::Format { found, expected })
    }
    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Inner::Corrupt(message.into()))
    }
    pub(crate) fn not_canonical(message: impl Into<String>) -> Self {
        Self::new(Inner::NotCanonical(message.into()))
    }
    pub(crate) fn coverage(message: impl Into<String>) -> Self {
        Self::new(Inner::Coverage(message.into()))
    }
    pub(crate) fn tolerance(message: impl Into<String>) -> Self {
        Self::new(Inner::Tolerance(message.into()))
    }
    pub(crate) fn transition(message: impl Into<String>) -> Self {
        Self::new(Inner::Transition(message.into()))
    }
    pub(crate) fn unanswerable(asked: Timestamp, frontier: Timestamp, nearest: Timestamp) -> Self {
        Self::new(Inner::Unanswerable { asked, frontier, nearest })
    }
    pub(crate) fn overflow(feature: &str) -> Self {
        Self::new(Inner::Overflow { feature: feature.into() })
    }
    #[cfg(feature = "testing")]
    pub(crate) fn law(law: &'static str, computer: &str, message: impl Into<String>) -> Self {
        Self::new(Inner::Law { law, computer: computer.into(), message: message.into() })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.kind(), self.0)
    }
}

impl std::error::Error for Error {}
