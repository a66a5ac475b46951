//! The two ways this tool ends badly, and their exit codes.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Why there is no good result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that was given cannot be used: exit code 2.
    Input(String),
    /// The ways disagree, or one of them cannot give what it promises: exit code 1.
    Differs(String),
}

/// Shorthand for a result of this tool.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure of the input, in words.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// A failure of one file.
    pub(crate) fn file(path: &Path, what: &str, why: impl fmt::Display) -> Self {
        Self::Input(format!("{}: {what}: {why}", path.display()))
    }

    /// What the shell gets.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Differs(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // One line, whatever a library put into its message.
            Self::Input(message) => write!(f, "error: {}", message.split_whitespace().collect::<Vec<_>>().join(" ")),
            Self::Differs(message) => f.write_str(message),
        }
    }
}

impl From<arrow_schema::ArrowError> for Failure {
    fn from(why: arrow_schema::ArrowError) -> Self {
        Self::Input(why.to_string())
    }
}

impl From<skewless::Error> for Failure {
    fn from(why: skewless::Error) -> Self {
        Self::Input(why.to_string())
    }
}
