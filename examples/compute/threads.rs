//! A batch pass on several threads.

use crate::fail::{Failure, Outcome};

/// Does `work` on so many threads.
#[cfg(feature = "parallel")]
pub(crate) fn on<T: Send>(threads: usize, work: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
    if threads == 1 {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|why| Failure::input(format!("{threads} threads cannot be had: {why}")))?.install(work)
}

/// Does `work` on one thread.
#[cfg(not(feature = "parallel"))]
pub(crate) fn on<T>(threads: usize, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    if threads == 1 {
        return work();
    }
    Err(Failure::input(format!("--threads {threads} needs the flag `parallel`: run with --features arrow,parallel")))
}
