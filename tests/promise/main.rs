//! Catches a computer that breaks a law and a definition that breaks the promise: every one in the catalogue is held to both.

mod laws;
mod sets;
