//! A fitted forest: one flat array of nodes, valid by construction.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::tree::Node;

/// Splits from root to leaf at most. Shapley tables double with each level.
pub const MAX_DEPTH: usize = 8;

/// What a forest is made of; [`Forest::new`] checks it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForestParts {
    /// Log-odds that the trees are added to.
    pub base: f64,
    /// Columns of the rows that the forest reads.
    pub columns: usize,
    /// Index of each tree's root, increasing from 0.
    pub roots: Vec<u32>,
    /// The nodes of all trees, tree after tree, parents before their children.
    pub nodes: Vec<Node>,
}

impl ForestParts {
    /// No trees yet.
    pub(super) fn new(base: f64, columns: usize) -> Self {
        Self {
            base,
            columns,
            ..Self::default()
        }
    }

    /// Keeps the first trees only.
    pub(super) fn truncate(&mut self, trees: usize) {
        if let Some(&end) = self.roots.get(trees) {
            self.nodes.truncate(end as usize);
            self.roots.truncate(trees);
        }
    }

    /// Appends a tree whose child indices count from its own root, unless it is a single leaf: that
    /// one has nothing to say beyond the base.
    pub(super) fn push(&mut self, tree: Vec<Node>) -> Result<(), Error> {
        if tree.len() == 1 {
            return Ok(());
        }
        self.roots.try_reserve(1)?;
        self.nodes.try_reserve(tree.len())?;
        let root = self.nodes.len() as u32;
        self.roots.push(root);
        self.nodes.extend(tree.into_iter().map(|mut node| {
            if !node.is_leaf() {
                node.left += root;
                node.right += root;
            }
            node
        }));
        Ok(())
    }
}

/// Boosted trees: the log-odds of a row are `base` plus one leaf value per tree.
///
/// Can only be made from parts that are valid, also by deserialisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ForestParts", into = "ForestParts")]
pub struct Forest(ForestParts);

impl Forest {
    /// A forest of valid parts.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] unless all of these hold: numbers are finite; roots increase from 0;
    /// every node but the roots is the child of exactly one node before it, in the same tree;
    /// columns are below `columns`; no leaf is deeper than [`MAX_DEPTH`]; covers are above 0 and
    /// those of two children add up to their parent's.
    pub fn new(parts: ForestParts) -> Result<Self, Error> {
        validate(&parts)?;
        Ok(Self(parts))
    }

    /// The parts, for storing.
    pub fn parts(&self) -> &ForestParts {
        &self.0
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        self.0.roots.len()
    }

    /// Number of columns of a row.
    pub fn columns(&self) -> usize {
        self.0.columns
    }

    /// Log-odds that the trees are added to.
    pub fn base(&self) -> f64 {
        self.0.base
    }

    /// The nodes of one tree; child indices count from the first node of the forest.
    pub fn tree(&self, tree: usize) -> &[Node] {
        let start = self.0.roots[tree] as usize;
        let end = self.0.roots.get(tree + 1);
        &self.0.nodes[start..end.map_or(self.0.nodes.len(), |&end| end as usize)]
    }

    /// Log-odds of a row of `columns` values, NaN = missing.
    pub fn logit(&self, row: &[f32]) -> f64 {
        let nodes = &self.0.nodes;
        let mut sum = self.0.base;
        for &root in &self.0.roots {
            let mut node = &nodes[root as usize];
            while !node.is_leaf() {
                let left = node.goes_left(row[node.column as usize]);
                node = &nodes[if left { node.left } else { node.right } as usize];
            }
            sum += node.value;
        }
        sum
    }
}

impl TryFrom<ForestParts> for Forest {
    type Error = Error;

    fn try_from(parts: ForestParts) -> Result<Self, Error> {
        Self::new(parts)
    }
}

impl From<Forest> for ForestParts {
    fn from(forest: Forest) -> Self {
        forest.0
    }
}

fn validate(parts: &ForestParts) -> Result<(), Error> {
    let corrupted = |reason| Err(Error::Corrupted { reason });
    if !parts.base.is_finite() {
        return corrupted("the forest's base is not finite");
    }
    let starts_at_zero = parts.roots.first().is_none_or(|&root| root == 0);
    let increasing = parts.roots.is_sorted_by(|a, b| a < b);
    let inside = parts.roots.last().map_or(parts.nodes.is_empty(), |&root| {
        (root as usize) < parts.nodes.len()
    });
    if !(starts_at_zero && increasing && inside) {
        return corrupted("the roots of the trees are out of order");
    }
    if parts.nodes.len() > u32::MAX as usize {
        return corrupted("the forest has too many nodes");
    }
    // Depth of each node, 0 until its parent is seen; a root has 1.
    let mut depths: Vec<u8> = Vec::new();
    depths.try_reserve_exact(parts.nodes.len())?;
    depths.resize(parts.nodes.len(), 0);
    let ends = parts.roots.iter().skip(1).map(|&root| root as usize);
    let ends = ends.chain([parts.nodes.len()]);
    for (&root, end) in parts.roots.iter().zip(ends) {
        depths[root as usize] = 1;
        for index in root as usize..end {
            validate_node(parts, index, end, &mut depths)
                .map_err(|reason| Error::Corrupted { reason })?;
        }
    }
    Ok(())
}

/// Checks a node of a tree that ends before `end`.
fn validate_node(
    parts: &ForestParts,
    index: usize,
    end: usize,
    depths: &mut [u8],
) -> Result<(), &'static str> {
    let node = &parts.nodes[index];
    let depth = depths[index];
    if depth == 0 {
        return Err("a node has no parent");
    }
    if usize::from(depth) > MAX_DEPTH + 1 {
        return Err("a tree is too deep");
    }
    if !node.value.is_finite() || !node.threshold.is_finite() {
        return Err("a node has a number that is not finite");
    }
    if node.cover == 0 {
        return Err("a node has no rows");
    }
    if node.left == 0 && node.right == 0 {
        return Ok(());
    }
    if node.column as usize >= parts.columns {
        return Err("a node reads a column that does not exist");
    }
    let mut cover = 0;
    for child in [node.left as usize, node.right as usize] {
        if child <= index || child >= end || depths[child] != 0 {
            return Err("a child is out of place");
        }
        depths[child] = depth + 1;
        cover += u64::from(parts.nodes[child].cover);
    }
    if cover != u64::from(node.cover) {
        return Err("the rows of two children do not add up");
    }
    Ok(())
}
