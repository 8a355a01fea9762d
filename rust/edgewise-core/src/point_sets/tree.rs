//! A tree of boxes over points: halves of halves along the longest side, down to as many points as are compared at once.

use super::blocks::{Blocks, LEAF};

/// A box; its points are the halves in the next node and in node `second`, or the leaf where that is 0.
#[derive(Debug, Clone, Copy)]
struct Node {
    second: u32,
    leaf: u32,
}

/// Points by place.
pub(super) struct Tree {
    axes: usize,
    nodes: Vec<Node>,
    /// The low and the high ends of each node's box.
    boxes: Vec<f64>,
    leaves: Blocks,
}

/// Boxes to be looked into, with the least squared distance to anything in them.
pub(super) type Stack = Vec<(f64, u32)>;

impl Tree {
    /// At least one point, fewer than 2^32, all coordinates finite.
    #[inline(always)]
    pub(super) fn new(points: &[f64], axes: usize) -> Self {
        let count = points.len() / axes;
        let mut numbers: Vec<u32> = (0..count as u32).collect();
        let mut tree =
            Self { axes, nodes: Vec::new(), boxes: Vec::new(), leaves: Blocks::new(axes) };
        // ranges of numbers that have no node yet, and the node whose second half they are
        let mut todo = vec![(0, count, None::<usize>)];
        while let Some((start, stop, parent)) = todo.pop() {
            if let Some(parent) = parent {
                tree.nodes[parent].second = tree.nodes.len() as u32;
            }
            let own = &mut numbers[start..stop];
            let place = |number: u32| &points[number as usize * axes..][..axes];
            let longest = tree.surround(own.iter().map(|&number| place(number)));
            let leaf = tree.leaves.count() as u32;
            let node = tree.nodes.len();
            tree.nodes.push(Node { second: 0, leaf });
            if own.len() <= LEAF {
                tree.leaves.push(points, own);
                continue;
            }
            let middle = (own.len() / 2).next_multiple_of(LEAF).min(own.len() - 1);
            let by_place = |&a: &u32, &b: &u32| place(a)[longest].total_cmp(&place(b)[longest]);
            own.select_nth_unstable_by(middle, by_place);
            todo.push((start + middle, stop, Some(node)));
            todo.push((start, start + middle, None));
        }
        tree
    }

    /// Add the box around points; returns its longest axis.
    #[inline(always)]
    fn surround<'p>(&mut self, points: impl Iterator<Item = &'p [f64]>) -> usize {
        let axes = self.axes;
        let first = self.boxes.len();
        self.boxes.resize(first + axes, f64::INFINITY);
        self.boxes.resize(first + 2 * axes, f64::NEG_INFINITY);
        let (low, high) = self.boxes[first..].split_at_mut(axes);
        for point in points {
            for ((low, high), &value) in low.iter_mut().zip(high.iter_mut()).zip(point) {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
        let side = |axis: usize| high[axis] - low[axis];
        (0..axes).max_by(|&a, &b| side(a).total_cmp(&side(b))).unwrap_or(0)
    }

    /// Squared distance to the nearest point, or `None` as soon as a point is found whose squared distance is `enough`.
    #[inline(always)]
    pub(super) fn nearest(
        &self,
        own: &[f64],
        stack: &mut Stack,
        enough: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let mut least = f64::INFINITY;
        stack.clear();
        stack.push((0.0, 0));
        while let Some((bound, mut at)) = stack.pop() {
            if bound >= least {
                continue;
            }
            let mut node = self.nodes[at as usize];
            while node.second != 0 {
                let (near, far) = (at + 1, node.second);
                let bounds = [self.bound(own, near), self.bound(own, far)];
                let (first, second) = if bounds[1] < bounds[0] {
                    ((bounds[1], far), (bounds[0], near))
                } else {
                    ((bounds[0], near), (bounds[1], far))
                };
                if second.0 < least {
                    stack.push(second);
                }
                at = first.1;
                node = self.nodes[at as usize];
            }
            let found = self.leaves.least(own, node.leaf as usize);
            if enough(found) {
                return None;
            }
            least = least.min(found);
        }
        Some(least)
    }

    /// No point in the box of a node is nearer: rounding is monotonic, and the sum is taken as that of points.
    #[inline(always)]
    fn bound(&self, own: &[f64], node: u32) -> f64 {
        let ends = &self.boxes[node as usize * 2 * self.axes..][..2 * self.axes];
        let (low, high) = ends.split_at(self.axes);
        let mut sum = 0.0;
        for ((&value, &low), &high) in own.iter().zip(low).zip(high) {
            let gap = (low - value).max(value - high).max(0.0);
            sum += gap * gap;
        }
        sum
    }
}
