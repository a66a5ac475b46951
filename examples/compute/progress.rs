//! How long it takes, and how far it is: on stderr, so that stdout stays the result.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::report::grouped;

/// How often a terminal's line is rewritten.
const TERMINAL: Duration = Duration::from_millis(200);
/// How often a log gets a line.
const LOG: Duration = Duration::from_secs(5);
/// Items between two looks at the clock.
const STRIDE: usize = 2_048;

/// A stopwatch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch(Instant);

impl Watch {
    /// Starts.
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub(crate) fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// How much of some known amount of work is done.
#[derive(Debug)]
pub(crate) struct Progress {
    label: &'static str,
    items: &'static str,
    total: usize,
    watch: Watch,
    shown: Instant,
    /// How much must be done before the clock is looked at again.
    next: usize,
    terminal: bool,
    /// Whether a line stands on the terminal that must go.
    dirty: bool,
}

impl Progress {
    /// Starts work on `total` items.
    pub(crate) fn new(label: &'static str, items: &'static str, total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { label, items, total, watch: Watch::new(), shown: Instant::now(), next: STRIDE, terminal, dirty: false }
    }

    /// Says that a step without countable parts has begun; only a terminal is told.
    pub(crate) fn begin(&mut self) {
        if self.terminal {
            self.put(&format!("{}: {} {} at once ...", self.label, grouped(self.total), self.items));
        }
    }

    /// Takes note that `done` items are done; mostly costs a comparison.
    #[inline]
    pub(crate) fn at(&mut self, done: usize) {
        if done >= self.next {
            self.next = done + STRIDE;
            self.look(done);
        }
    }

    fn look(&mut self, done: usize) {
        if self.shown.elapsed() < if self.terminal { TERMINAL } else { LOG } {
            return;
        }
        self.shown = Instant::now();
        let percent = 100.0 * done as f64 / self.total.max(1) as f64;
        let rate = done as f64 / self.watch.seconds().max(1e-9);
        let (total, rate) = (grouped(self.total), grouped(rate as usize));
        self.put(&format!("{}: {percent:.0} % of {total} {}, {rate}/s", self.label, self.items));
    }

    fn put(&mut self, line: &str) {
        let mut err = std::io::stderr().lock();
        // Nobody is left to be told that stderr is closed.
        let _ = if self.terminal { write!(err, "\r\x1b[2K{line}") } else { writeln!(err, "{line}") };
        let _ = err.flush();
        self.dirty = self.terminal;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.dirty {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[2K");
            let _ = err.flush();
        }
    }
}
