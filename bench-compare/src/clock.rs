//! Time that this thread had a core, and rounds in which all contestants take turns.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of processor time that this thread has used so far.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// What `work` takes, in nanoseconds of processor time.
pub fn spent<R>(work: impl FnOnce() -> R) -> f64 {
    let start = now();
    black_box(work());
    now() - start
}

/// What `work` takes for each of what `make` makes, in nanoseconds; making and dropping are not counted.
pub fn each<S>(make: impl Fn() -> S, mut work: impl FnMut(&mut S)) -> f64 {
    const COPIES: usize = 64;
    let mut total = 0.0;
    let mut done = 0;
    while total < 2e6 {
        let mut copies = (0..COPIES).map(|_| make()).collect::<Vec<S>>();
        total += spent(|| copies.iter_mut().for_each(&mut work));
        done += COPIES;
        black_box(copies);
    }
    total / done as f64
}

/// What `work` takes when it is done again and again, in nanoseconds.
pub fn repeated<R>(mut work: impl FnMut() -> R) -> f64 {
    let (mut times, mut total) = (8, 0.0);
    while total < 2e6 {
        times *= 2;
        total = spent(|| (0..times).for_each(|_| drop(black_box(work()))));
    }
    total / f64::from(times)
}

/// One measure of one contestant: runs it once and says what it took.
pub type Run<'r> = Box<dyn FnMut() -> f64 + 'r>;

/// The median of each measure of each contestant. Contestants take turns within a round, so that a noisy moment
/// does not hit one of them alone.
pub fn medians(contestants: &mut [Vec<Run<'_>>], rounds: usize) -> Vec<Vec<f64>> {
    let mut found: Vec<Vec<Vec<f64>>> = contestants.iter().map(|runs| vec![Vec::new(); runs.len()]).collect();
    for _ in 0..rounds {
        for measure in 0..contestants.iter().map(Vec::len).max().unwrap_or(0) {
            for (runs, found) in contestants.iter_mut().zip(&mut found) {
                if let (Some(run), Some(found)) = (runs.get_mut(measure), found.get_mut(measure)) {
                    found.push(run());
                }
            }
        }
    }
    found.into_iter().map(|measures| measures.into_iter().map(median).collect()).collect()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
