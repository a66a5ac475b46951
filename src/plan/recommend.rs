//! Which of the two architectures a workload wants: [`recommend`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::about;
use super::finding::Finding;
use super::rate::Rate;
use super::replay::ReplayPlan;
use crate::error::Result;
use crate::time::Span;

/// At most so many people cannot be expected to run two systems.
const SMALL_TEAM: u32 = 5;

/// How values are brought up to date when a definition changes, and how history gets into them.
///
/// Either way there is one definition, and the answers have the same bits; they differ in what has to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Batch views with a stream on top ([`Serving`](crate::Serving)).
    Lambda,
    /// One stream; a new version replays the log beside the old one.
    Kappa,
}

/// What is to be computed, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// At what rate events come.
    pub arrival: Rate,
    /// How far back windows and training data reach.
    pub history: Span,
    /// How long the log keeps events; `None` for ever.
    pub retention: Option<Span>,
    /// At what rate a job goes through the log.
    pub replay: Rate,
    /// How long it may take until a changed definition is live.
    pub rebuild_within: Span,
    /// How often training goes over the history: 1 to write a training set once, more for what goes back to the events each time.
    pub training_passes: u32,
    /// How old the latest event in a served value may be.
    pub freshness: Span,
    /// How often a batch job could run.
    pub batch_every: Span,
    /// How many people run it.
    pub team: u32,
}

/// Something that speaks for one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Consideration {
    /// The replay that kappa would need cannot be done.
    ReplayNotFeasible(Finding),
    /// The replay that kappa needs can be done in time.
    ReplayInTime {
        /// How long it takes.
        takes: Span,
        /// How long it may take.
        within: Span,
    },
    /// Training goes over the history more than once, which a table is for and a log is not.
    TrainingPasses {
        /// How often.
        passes: u32,
    },
    /// A batch job alone would be fresh enough.
    BatchIsFreshEnough {
        /// How often it could run.
        every: Span,
        /// How fresh values have to be.
        freshness: Span,
    },
    /// A stream has to be run in any case.
    StreamIsNeeded {
        /// How often a batch job could run.
        every: Span,
        /// How fresh values have to be.
        freshness: Span,
    },
    /// There are too few people for two systems.
    SmallTeam {
        /// How many.
        team: u32,
    },
}

impl Consideration {
    /// Which of the two it speaks for.
    pub fn favours(&self) -> Architecture {
        match self {
            Self::ReplayNotFeasible(_) | Self::TrainingPasses { .. } | Self::BatchIsFreshEnough { .. } => {
                Architecture::Lambda
            }
            Self::ReplayInTime { .. } | Self::StreamIsNeeded { .. } | Self::SmallTeam { .. } => Architecture::Kappa,
        }
    }

    /// Whether it decides, whatever speaks for the other.
    pub fn is_decisive(&self) -> bool {
        matches!(self, Self::ReplayNotFeasible(_) | Self::TrainingPasses { .. })
    }
}

/// Which of the two, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Which.
    pub architecture: Architecture,
    /// Everything that was considered, also what speaks for the other.
    pub considerations: Vec<Consideration>,
}

/// Which of lambda and kappa a workload wants.
///
/// Two things decide against kappa, whatever speaks for it: a replay that cannot be done, or not in time; and training
/// that goes over the history again and again. Otherwise the more considerations have it, and kappa if there are as many,
/// since it is one system rather than two.
///
/// # Errors
/// As [`ReplayPlan::evaluate`].
///
/// # Examples
/// ```
/// use skewless::Span;
/// use skewless::plan::{Architecture, Rate, Workload, recommend};
///
/// let mut workload = Workload {
///     arrival: Rate::per_day(1_000_000_000),
///     history: Span::days(30),
///     retention: Some(Span::days(45)),
///     replay: Rate::per_second(200_000),
///     rebuild_within: Span::days(3),
///     training_passes: 1,
///     freshness: Span::minutes(1),
///     batch_every: Span::days(1),
///     team: 3,
/// };
/// let kappa = recommend(&workload)?;
/// assert_eq!(kappa.architecture, Architecture::Kappa);
/// assert_eq!(kappa.to_string(), "kappa: the log is replayed in 44h, and may take 3d; \
///     a stream has to be run in any case, since values may be 1m old and a batch job runs every 1d; \
///     a team of 3 is too small for two systems");
///
/// workload.training_passes = 20;
/// assert_eq!(recommend(&workload)?.architecture, Architecture::Lambda);
/// # Ok::<(), skewless::Error>(())
/// ```
pub fn recommend(workload: &Workload) -> Result<Recommendation> {
    let mut plan = ReplayPlan::new(workload.history, workload.arrival, workload.replay);
    (plan.retention, plan.within) = (workload.retention, Some(workload.rebuild_within));
    let replay = plan.evaluate()?;
    let fatal = replay.findings.iter().copied().filter(Finding::is_fatal);
    let mut considerations: Vec<_> = fatal.map(Consideration::ReplayNotFeasible).collect();
    if let (Some(takes), true) = (replay.takes, replay.is_feasible()) {
        considerations.push(Consideration::ReplayInTime { takes, within: workload.rebuild_within });
    }
    if workload.training_passes > 1 {
        considerations.push(Consideration::TrainingPasses { passes: workload.training_passes });
    }
    let (every, freshness) = (workload.batch_every, workload.freshness);
    considerations.push(if freshness < every {
        Consideration::StreamIsNeeded { every, freshness }
    } else {
        Consideration::BatchIsFreshEnough { every, freshness }
    });
    if workload.team <= SMALL_TEAM {
        considerations.push(Consideration::SmallTeam { team: workload.team });
    }
    let decisive = considerations.iter().find(|one| one.is_decisive()).map(Consideration::favours);
    let kappa = considerations.iter().filter(|one| one.favours() == Architecture::Kappa).count();
    let most = if 2 * kappa >= considerations.len() { Architecture::Kappa } else { Architecture::Lambda };
    Ok(Recommendation { architecture: decisive.unwrap_or(most), considerations })
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lambda => "lambda",
            Self::Kappa => "kappa",
        })
    }
}

impl fmt::Display for Consideration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReplayNotFeasible(finding) => write!(f, "a replay {finding}"),
            Self::ReplayInTime { takes, within } => {
                write!(f, "the log is replayed in {}, and may take {within}", about(*takes))
            }
            Self::TrainingPasses { passes } => {
                write!(f, "training goes over the history {passes} times, which a table is for and a log is not")
            }
            Self::BatchIsFreshEnough { every, freshness } => {
                write!(f, "a batch job every {every} is enough, since values may be {freshness} old")
            }
            Self::StreamIsNeeded { every, freshness } => write!(
                f,
                "a stream has to be run in any case, since values may be {freshness} old and a batch job runs every {every}"
            ),
            Self::SmallTeam { team } => write!(f, "a team of {team} is too small for two systems"),
        }
    }
}

impl fmt::Display for Recommendation {
    /// What speaks for it, and then, after `although`, what speaks against it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.architecture)?;
        let speaks_for = |one: &&Consideration| one.favours() == self.architecture;
        let (pro, con): (Vec<_>, Vec<&Consideration>) = self.considerations.iter().partition(speaks_for);
        for (all, start) in [(pro, ": "), (con, "; although ")] {
            for (i, one) in all.into_iter().enumerate() {
                write!(f, "{}{one}", if i == 0 { start } else { "; " })?;
            }
        }
        Ok(())
    }
}
