//! Union-find over numbered runs.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

/// Trees of joined nodes; the root of a tree is its smallest node.
///
/// Node 0 is not a run but stands for what the caller joins to it: the seeds of a region, or the outside of the array.
#[derive(Debug)]
pub(crate) struct Forest {
    parents: Vec<u32>,
}

impl Forest {
    /// Nodes 0 to `runs`, each alone.
    pub(crate) fn new(runs: u32) -> Self {
        Self { parents: (0..=runs).collect() }
    }

    /// All nodes, to join them.
    #[inline(always)]
    pub(crate) fn all(&mut self) -> Grove<'_> {
        Grove { first: 0, parents: &mut self.parents }
    }

    /// Consecutive ranges of nodes that cover all but node 0, to join them within each range.
    pub(crate) fn split(&mut self, ranges: &[Range<u32>]) -> Vec<Grove<'_>> {
        let mut rest = &mut self.parents[1..];
        let mut groves = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (parents, after) = rest.split_at_mut(range.len());
            groves.push(Grove { first: range.start, parents });
            rest = after;
        }
        groves
    }

    /// Number the trees 1 to n in the order of their roots, that of node 0 with 0; every node gets the number of its tree.
    pub(crate) fn number(mut self) -> (Vec<u32>, u32) {
        let mut count = 0;
        for node in 1..self.parents.len() {
            let parent = self.parents[node] as usize;
            self.parents[node] = if parent == node {
                count += 1;
                count
            } else {
                self.parents[parent] // an earlier node, numbered already
            };
        }
        (self.parents, count)
    }

    /// The root of every node.
    pub(crate) fn roots(mut self) -> Vec<u32> {
        for node in 1..self.parents.len() {
            self.parents[node] = self.parents[self.parents[node] as usize];
        }
        self.parents
    }
}

/// Consecutive nodes of a forest.
#[derive(Debug)]
pub(crate) struct Grove<'a> {
    first: u32,
    parents: &'a mut [u32],
}

impl Grove<'_> {
    #[inline(always)]
    fn parent(&mut self, node: u32) -> &mut u32 {
        &mut self.parents[(node - self.first) as usize]
    }

    /// The root of the tree, halving the path to it.
    #[inline(always)]
    fn find(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = *self.parent(node);
            if parent == node {
                return node;
            }
            let above = *self.parent(parent);
            if above == parent {
                return parent;
            }
            *self.parent(node) = above;
            node = above;
        }
    }

    /// Make one tree of those of two nodes.
    #[inline(always)]
    pub(crate) fn join(&mut self, a: u32, b: u32) {
        if *self.parent(a) == *self.parent(b) {
            return;
        }
        let (a, b) = (self.find(a), self.find(b));
        *self.parent(a.max(b)) = a.min(b);
    }
}
