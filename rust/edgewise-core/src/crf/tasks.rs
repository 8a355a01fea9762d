//! Tasks of one step, in turn or side by side.
//!
//! Rayon's machinery is compiled once, for tasks that have no type, not for every kernel and every number of planes.
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// Do all tasks.
pub(super) fn each<T: Send>(tasks: Vec<T>, parallel: bool, work: impl Fn(T) + Sync) {
    each_with(tasks, parallel, || (), |(), task| work(task));
}

/// The same with working memory, which one task hands on to the next.
pub(super) fn each_with<T: Send, S: Send>(
    tasks: Vec<T>,
    parallel: bool,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) + Sync,
) {
    if !parallel {
        let mut memory = start();
        for task in tasks {
            work(&mut memory, task);
        }
        return;
    }
    let (count, left, spare) = (tasks.len(), Mutex::new(tasks.into_iter()), Mutex::new(Vec::new()));
    side_by_side(count, &|| {
        let task = left.lock().unwrap_or_else(PoisonError::into_inner).next();
        if let Some(task) = task {
            let found = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = found.unwrap_or_else(&start);
            work(&mut memory, task);
            spare.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
    });
}

fn side_by_side(count: usize, next: &(dyn Fn() + Sync)) {
    (0..count).into_par_iter().with_max_len(1).for_each(|_| next());
}
