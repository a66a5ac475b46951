//! What several aggregates are built from.

mod arg_extreme;
mod buckets;
mod by;
mod decay;
mod given;
mod k_by_time;
mod k_extreme;
mod parameter;
mod presence;
mod runs;
mod sessions;
mod sorted;
mod time_since;

pub use self::arg_extreme::{ArgExtreme, Extreme};
pub use self::buckets::Buckets;
pub use self::by::{By, Keyed};
pub use self::decay::Decay;
pub(crate) use self::given::{Given, apart};
pub use self::k_by_time::KByTime;
pub use self::k_extreme::KExtreme;
pub(crate) use self::parameter::Parameter;
pub use self::presence::{Every, NotNull, Presence};
pub use self::runs::Runs;
pub use self::sessions::{SessionAnswer, Sessions};
pub(crate) use self::sorted::{End, all_of};
pub use self::sorted::{Moment, Sorted};
pub use self::time_since::TimeSince;
