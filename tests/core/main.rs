//! Catches what goes wrong in one definition, one entity or one stream: spellings, types, windows, vectors.

mod definition;
#[cfg(feature = "derive")]
mod derive;
mod record;
mod regressions;
mod stream;
mod vector;
mod windows;
