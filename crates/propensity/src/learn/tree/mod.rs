//! One regression tree: grown leaf by leaf on binned rows.

mod histogram;
mod split;
pub(crate) mod sums;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::binning::{Bins, MISSING};
use histogram::Histograms;
use split::{Rules, Split};
use sums::{Cell, Pair, Scale, add, minus};

/// Rows partitioned between two polls.
const BLOCK: usize = 1 << 16;

/// A node of a tree in a flat array.
///
/// A split sends a row left if `value <= threshold`, or if the value is missing (NaN) and
/// `missing_left` says so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Column of the matrix that is looked at.
    pub column: u32,
    /// The largest value that goes left, finite.
    pub threshold: f32,
    /// Where missing values go.
    pub missing_left: bool,
    /// Index of the left child, larger than the node's own; 0 for a leaf.
    pub left: u32,
    /// Index of the right child, larger than the node's own; 0 for a leaf.
    pub right: u32,
    /// What a leaf adds to the log-odds; 0 for a split.
    pub value: f64,
    /// Training rows that came here, at least 1.
    pub cover: u32,
}

impl Node {
    /// Whether the node has no children.
    pub fn is_leaf(&self) -> bool {
        self.left == 0
    }

    /// Whether a value goes left.
    pub fn goes_left(&self, value: f32) -> bool {
        value <= self.threshold || (value.is_nan() && self.missing_left)
    }

    fn leaf(cover: u32) -> Self {
        Self {
            column: 0,
            threshold: 0.0,
            missing_left: false,
            left: 0,
            right: 0,
            value: 0.0,
            cover,
        }
    }
}

/// Limits of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) leaves: usize,
    pub(crate) depth: usize,
    pub(crate) min_rows: u32,
    pub(crate) l2: f64,
    /// What leaf values are multiplied by.
    pub(crate) rate: f64,
}

/// Rows of a tree: those learned from, and those that only follow its splits.
pub(crate) struct Rows<'a> {
    pub(crate) learned: &'a mut [u32],
    pub(crate) followers: &'a mut [u32],
}

/// A grown tree.
pub(crate) struct Tree {
    /// The root first, children after their parents.
    pub(crate) nodes: Vec<Node>,
    /// Per leaf its node and where its rows are after growing.
    pub(crate) leaves: Vec<Leaf>,
}

/// A leaf while a tree grows, and after.
pub(crate) struct Leaf {
    pub(crate) node: usize,
    /// Where its rows are among those learned from.
    pub(crate) learned: Range<usize>,
    /// Where its rows are among the followers.
    pub(crate) followers: Range<usize>,
    depth: usize,
    total: Cell,
    /// Slot of its histogram, while it may be split.
    slot: Option<usize>,
    split: Option<Split>,
}

/// Grows trees on the same bins, keeping buffers between them.
pub(crate) struct Grower<'a> {
    bins: &'a Bins,
    limits: Limits,
    histograms: Histograms,
    /// Rows that go right while the others move left.
    right: Vec<u32>,
}

impl<'a> Grower<'a> {
    /// `rows`: how many rows a tree has at most, learned from or following.
    pub(crate) fn new(bins: &'a Bins, limits: Limits, rows: usize) -> Result<Self, Error> {
        let mut right = Vec::new();
        right.try_reserve_exact(rows)?;
        right.resize(rows, 0);
        Ok(Self {
            bins,
            limits,
            histograms: Histograms::new()?,
            right,
        })
    }

    /// Grows a tree, always splitting the leaf that gains most (ties: the older leaf).
    ///
    /// * `gradients`: a pair per row of the bins, of which those learned from are read.
    /// * `columns`: the columns that may be split on, increasing.
    /// * `rows`: reordered such that every leaf has its rows side by side, in their old order.
    pub(crate) fn grow(
        &mut self,
        gradients: (&[Pair], Scale),
        columns: &[u32],
        rows: &mut Rows<'_>,
        poll: &mut dyn FnMut(),
    ) -> Result<Tree, Error> {
        self.histograms.start(columns.len());
        let mut growth = Growth {
            gradients,
            columns,
            rules: Rules {
                l2: self.limits.l2,
                min_rows: self.limits.min_rows,
                scale: gradients.1,
            },
        };
        let mut tree = growth.root(rows, poll);
        self.prepare(&mut growth, &mut tree.leaves[0], rows, poll)?;
        while tree.leaves.len() < self.limits.leaves {
            let Some(best) = best_leaf(&tree.leaves) else {
                break;
            };
            let [left, right] = self.split(&growth, &mut tree, best, rows, poll);
            if tree.leaves.len() < self.limits.leaves {
                self.prepare_children(&mut growth, &mut tree.leaves, [left, right], rows, poll)?;
            }
        }
        for leaf in &tree.leaves {
            tree.nodes[leaf.node].value = growth.rules.leaf(leaf.total) * self.limits.rate;
        }
        Ok(tree)
    }

    /// Counts a leaf's histogram and finds its best split.
    fn prepare(
        &mut self,
        growth: &mut Growth<'_>,
        leaf: &mut Leaf,
        rows: &Rows<'_>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        if self.may_split(growth, leaf) {
            let rows = &rows.learned[leaf.learned.clone()];
            let (columns, gradients) = (growth.columns, growth.gradients);
            let slot = self
                .histograms
                .count(self.bins, columns, rows, gradients, poll)?;
            leaf.slot = Some(slot);
            self.search(growth, leaf);
        }
        Ok(())
    }

    /// The same for the two children of a split leaf, whose histogram the left one still holds:
    /// only the smaller child's rows are counted.
    fn prepare_children(
        &mut self,
        growth: &mut Growth<'_>,
        leaves: &mut [Leaf],
        children: [usize; 2],
        rows: &Rows<'_>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let Ok([left, right]) = leaves.get_disjoint_mut(children) else {
            return Ok(());
        };
        let parent = left.slot.take();
        let (small, large) = if left.learned.len() < right.learned.len() {
            (left, right)
        } else {
            (right, left)
        };
        let Some(parent) = parent else {
            return Ok(());
        };
        if !self.may_split(growth, large) {
            // Nor may the smaller one: it is as deep and has fewer rows.
            self.histograms.release(parent);
            return Ok(());
        }
        let (columns, gradients) = (growth.columns, growth.gradients);
        let counted = &rows.learned[small.learned.clone()];
        let slot = self
            .histograms
            .count(self.bins, columns, counted, gradients, poll)?;
        self.histograms.subtract(self.bins, columns, parent, slot);
        large.slot = Some(parent);
        self.search(growth, large);
        small.slot = Some(slot);
        if self.may_split(growth, small) {
            self.search(growth, small);
        } else {
            self.drop_histogram(small);
        }
        poll();
        Ok(())
    }

    fn may_split(&self, growth: &Growth<'_>, leaf: &Leaf) -> bool {
        let rows = growth.rules.scale.count(leaf.total);
        leaf.depth < self.limits.depth && rows / 2 >= self.limits.min_rows
    }

    fn search(&mut self, growth: &Growth<'_>, leaf: &mut Leaf) {
        let Some(slot) = leaf.slot else { return };
        let sums = self.histograms.get(slot);
        leaf.split = growth
            .rules
            .best(self.bins, growth.columns, sums, leaf.total);
        match &mut leaf.split {
            Some(split) => {
                let missing = sums[split.sampled][usize::from(MISSING)];
                let scale = growth.rules.scale;
                split.missing_left = split.missing_left(scale, missing, leaf.total);
            }
            None => self.drop_histogram(leaf),
        }
    }

    fn drop_histogram(&mut self, leaf: &mut Leaf) {
        if let Some(slot) = leaf.slot.take() {
            self.histograms.release(slot);
        }
    }

    /// Splits a leaf into two: the left one takes its place and keeps its histogram.
    fn split(
        &mut self,
        growth: &Growth<'_>,
        tree: &mut Tree,
        leaf: usize,
        rows: &mut Rows<'_>,
        poll: &mut dyn FnMut(),
    ) -> [usize; 2] {
        let parent = &mut tree.leaves[leaf];
        let Some(split) = parent.split.take() else {
            return [leaf, leaf];
        };
        let column = growth.columns[split.sampled];
        let cells = self.bins.column(column as usize);
        let learned = &mut rows.learned[parent.learned.clone()];
        let learned =
            parent.learned.start + partition(learned, cells, &split, &mut self.right, poll);
        let followers = &mut rows.followers[parent.followers.clone()];
        let followers =
            parent.followers.start + partition(followers, cells, &split, &mut self.right, poll);
        let right = Leaf {
            node: tree.nodes.len() + 1,
            learned: learned..parent.learned.end,
            followers: followers..parent.followers.end,
            depth: parent.depth + 1,
            total: minus(parent.total, split.left),
            slot: None,
            split: None,
        };
        let node = &mut tree.nodes[parent.node];
        node.column = column;
        node.threshold = self.bins.threshold(column as usize, split.bin);
        node.missing_left = split.missing_left;
        (node.left, node.right) = (right.node as u32 - 1, right.node as u32);
        parent.node = right.node - 1;
        parent.learned.end = learned;
        parent.followers.end = followers;
        parent.depth += 1;
        parent.total = split.left;
        for total in [parent.total, right.total] {
            tree.nodes.push(Node::leaf(growth.rules.scale.count(total)));
        }
        tree.leaves.push(right);
        [leaf, tree.leaves.len() - 1]
    }
}

/// What stays the same while one tree grows.
struct Growth<'a> {
    gradients: (&'a [Pair], Scale),
    columns: &'a [u32],
    rules: Rules,
}

impl Growth<'_> {
    fn root(&self, rows: &Rows<'_>, poll: &mut dyn FnMut()) -> Tree {
        let (pairs, scale) = self.gradients;
        let mut total = [0; 2];
        for rows in rows.learned.chunks(BLOCK) {
            for &row in rows {
                add(&mut total, scale.cell(pairs[row as usize]));
            }
            poll();
        }
        let root = Leaf {
            node: 0,
            learned: 0..rows.learned.len(),
            followers: 0..rows.followers.len(),
            depth: 0,
            total,
            slot: None,
            split: None,
        };
        Tree {
            nodes: vec![Node::leaf(scale.count(total))],
            leaves: vec![root],
        }
    }
}

/// The leaf whose split gains most, the first of equals.
fn best_leaf(leaves: &[Leaf]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (leaf, split) in leaves
        .iter()
        .enumerate()
        .filter_map(|(n, l)| Some((n, l.split?)))
    {
        if best.is_none_or(|(_, gain)| split.gain > gain) {
            best = Some((leaf, split.gain));
        }
    }
    best.map(|(leaf, _)| leaf)
}

/// Moves the rows that go left to the front, both sides in their old order; how many go left.
fn partition(
    rows: &mut [u32],
    cells: &[u8],
    split: &Split,
    right: &mut [u32],
    poll: &mut dyn FnMut(),
) -> usize {
    let (mut left, mut rights) = (0, 0);
    let length = rows.len();
    for start in (0..length).step_by(BLOCK) {
        for index in start..(start + BLOCK).min(length) {
            let row = rows[index];
            let bin = cells[row as usize];
            let goes_left = bin <= split.bin || (bin == MISSING && split.missing_left);
            // Both are written and one is kept: no branch to mispredict.
            rows[left] = row;
            right[rights] = row;
            left += usize::from(goes_left);
            rights += usize::from(!goes_left);
        }
        poll();
    }
    rows[left..].copy_from_slice(&right[..rights]);
    left
}
