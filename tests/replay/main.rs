//! Catches a replay, a handover, a lag or a plan that is not what its documentation says.

mod controller;
mod controller_model;
mod driver;
mod lag;
mod lag_model;
#[cfg(feature = "metrics")]
mod metrics;
mod plan;
mod samples;
mod slot;
