//! A fresh process for each contestant, stopped when its time is up.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::contestants::{Contestant, Home};
use super::measure::{Job, Measured, Report};

/// A job and who does it.
pub struct Launch<'a> {
    pub job: Job,
    pub contestant: &'a Contestant,
    pub python: &'a str,
}

/// What came of it.
pub enum Outcome {
    Measured(Measured),
    Failed(String),
    Absent(String),
}

impl Launch<'_> {
    /// Runs the process; `scratch` is where its words go.
    ///
    /// What is written in Rust runs in a second one for its memory, where the allocator gives back at once what is freed:
    /// else what was freed while the table was loaded would be taken for memory that the run did without.
    pub fn run(&self, scratch: &Path) -> Outcome {
        let outcome = self.once(scratch, &self.job, &[]);
        let (Outcome::Measured(measured), Home::Rust(_)) = (&outcome, &self.contestant.home) else { return outcome };
        let job = Job { reps: 0, answers: None, ..self.job.clone() };
        match self.once(scratch, &job, &[("MIMALLOC_PURGE_DELAY", "0")]) {
            Outcome::Measured(again) => {
                Outcome::Measured(Measured { before: again.before, peak: again.peak, ..measured.clone() })
            }
            other => other,
        }
    }

    fn once(&self, scratch: &Path, job: &Job, variables: &[(&str, &str)]) -> Outcome {
        let Some(mut command) = self.command(job) else {
            return Outcome::Absent("not built; `--features peers` builds it".into());
        };
        command.envs(variables.iter().copied());
        let (said, complained) = (scratch.join("stdout"), scratch.join("stderr"));
        command.stdout(File::create(&said).expect("a file can be made"));
        command.stderr(File::create(&complained).expect("a file can be made"));
        if let Some(answers) = &job.answers {
            // Nobody is to be judged by the answers of somebody else.
            let _ = std::fs::remove_file(answers);
        }
        match within(&mut command, Duration::from_secs_f64(job.limit)) {
            Err(why) => Outcome::Absent(format!("{}: {why}", command.get_program().display())),
            Ok(None) => Outcome::Failed(format!("not done after {} s", job.limit)),
            Ok(Some(status)) => report(status, &text(&said), &text(&complained)),
        }
    }

    fn command(&self, job: &Job) -> Option<Command> {
        let mut command = match self.contestant.home {
            Home::Rust(_) => {
                let mut command = Command::new(std::env::current_exe().expect("this program is a file"));
                command.arg("child");
                command
            }
            Home::Python => {
                let mut command = Command::new(self.python);
                command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python/peers.py"));
                command
            }
            #[cfg(not(feature = "peers"))]
            Home::NotBuilt => return None,
        };
        // No traces beside the sources.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.arg(serde_json::to_string(job).expect("plain values"));
        let threads = job.threads.to_string();
        for pool in ["POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"] {
            command.env(pool, &threads);
        }
        Some(command)
    }
}

/// How a process ends, or none if it had to be stopped.
fn within(command: &mut Command, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// The last line a process printed, if it is a report; libraries may have printed others before it.
fn report(status: ExitStatus, said: &str, complained: &str) -> Outcome {
    let report = said.lines().last().and_then(|line| serde_json::from_str(line).ok());
    match report.filter(|_| status.success()) {
        Some(Report::Measured(measured)) => Outcome::Measured(measured),
        Some(Report::Absent { absent }) => Outcome::Absent(absent),
        None => {
            let why = complained.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no word");
            Outcome::Failed(format!("{status}: {}", why.chars().take(200).collect::<String>()))
        }
    }
}

fn text(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
