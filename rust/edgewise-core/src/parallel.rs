//! Threads: one pool per requested size, never the global one, and none at all for one thread.
//!
//! A rayon pool does not survive `fork`: the child has the pool's memory but not its threads, and the first job would wait for ever. Pools
//! are therefore kept per process id, and those of a parent process are leaked, because dropping one would join threads that do not exist.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::ThreadPool;

type Pools = Mutex<HashMap<(u32, usize), &'static Arc<ThreadPool>>>;

fn pool(threads: usize) -> Option<&'static Arc<ThreadPool>> {
    static POOLS: OnceLock<Pools> = OnceLock::new();
    let mut pools =
        POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let key = (std::process::id(), threads);
    if let Some(found) = pools.get(&key) {
        return Some(found);
    }
    let built = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("edgewise-{i}"))
        .build()
        .ok()?;
    let leaked: &'static Arc<ThreadPool> = Box::leak(Box::new(Arc::new(built)));
    pools.insert(key, leaked);
    Some(leaked)
}

/// Run `work` where rayon's parallel iterators use `threads` threads.
///
/// With one thread the caller's own thread does it all: `work` must then not call into rayon, which would move it to the global pool; it gets
/// `parallel = false` and is expected to iterate serially. The result of `work` must not depend on the argument.
pub fn install<R: Send>(threads: usize, work: impl FnOnce(bool) -> R + Send) -> R {
    if threads <= 1 {
        return work(false);
    }
    match pool(threads) {
        Some(pool) => pool.install(|| work(true)),
        None => work(false), // the system refused more threads: slower, not wrong
    }
}

/// The threads that so many voxels are worth: waking one costs as much as the work on a few ten thousand.
pub(crate) fn worthwhile(threads: usize, voxels: usize) -> usize {
    const GRAIN: usize = 1 << 15;
    threads.min(voxels.div_ceil(GRAIN))
}

/// Do tasks 0, 1, ... of `count` in turn, as threads of the current pool get free if `parallel`; their results in order. Tasks may use the
/// same pool: threads that find no task left help those that work on the last ones.
pub(crate) fn in_turn<R: Send>(
    count: usize,
    parallel: bool,
    task: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    if !parallel || count < 2 {
        return (0..count).map(task).collect();
    }
    let next = AtomicUsize::new(0);
    let parts = rayon::broadcast(|_| {
        let mut done = Vec::new();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            if turn >= count {
                return done;
            }
            done.push((turn, task(turn)));
        }
    });
    let mut done: Vec<_> = parts.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(turn, _)| *turn);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_done_once_each_whoever_does_them() {
        for threads in [1, 2, 5] {
            let nested = |turn| {
                install(
                    threads,
                    |parallel| {
                        if parallel { rayon::join(|| turn, || turn).1 } else { turn }
                    },
                )
            };
            let found = install(threads, |parallel| in_turn(100, parallel, nested));
            assert_eq!(found, (0..100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_thread_stays_on_the_callers_thread() {
        let caller = std::thread::current().id();
        assert_eq!(install(1, |_| std::thread::current().id()), caller);
        assert_ne!(install(2, |_| std::thread::current().id()), caller);
    }
}
