//! Catches an event that is counted twice or not at all where a batch view meets a stream, and a bad view served.

mod hostile;
mod model;
mod regressions;
mod situations;
