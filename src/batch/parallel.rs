//! Several threads, where the host calls from a pool of its own; one otherwise.
//!
//! A call from outside of any pool never starts a thread: the flag is on as soon as anyone in the dependency graph
//! wants it.

/// How many threads there are to work on.
pub(super) fn threads() -> usize {
    #[cfg(feature = "parallel")]
    if rayon::current_thread_index().is_some() {
        return rayon::current_num_threads();
    }
    1
}

/// What `work` makes of each item, in their order.
pub(super) fn each<T: Send, R: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if threads() > 1 {
        use rayon::prelude::*;
        return items.collect::<Vec<_>>().into_par_iter().map(&work).collect();
    }
    items.map(work).collect()
}

/// Both.
pub(super) fn both<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "parallel")]
    if threads() > 1 {
        return rayon::join(a, b);
    }
    (a(), b())
}
