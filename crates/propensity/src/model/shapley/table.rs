//! Tables of contributions by pattern of decisions.

use super::BLOCK;
use crate::error::Error;
use crate::learn::boosting::{Forest, MAX_DEPTH};
use crate::learn::tree::Node;

/// Decisions of a table at most. A leaf must fit: `MAX_DEPTH`.
const DECISIONS: usize = 8;
const _: () = assert!(MAX_DEPTH <= DECISIONS);
/// Patterns of eight decisions: a byte is one, so that no look-up can miss.
const PATTERNS: usize = 1 << DECISIONS;

/// Nodes and weights on `[0, 1]` of the Gauss-Legendre rule that is exact up to degree 7, which a
/// leaf of at most 8 columns needs.
const RULE: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_93),
];

/// One step from the root to a leaf.
#[derive(Clone, Copy)]
struct Step {
    /// Index of the split.
    node: u32,
    decision: Decision,
    /// Whether the leaf is on the left.
    left: bool,
    /// Share of the split's training rows that took the step.
    share: f64,
}

/// A yes-or-no question about a row.
#[derive(Clone, Copy, Default)]
struct Decision {
    column: u32,
    threshold: f32,
    missing_left: bool,
}

/// A leaf with its path.
pub(super) struct Leaf {
    value: f64,
    path: Vec<Step>,
}

/// The leaves of a tree from left to right, so that neighbours share most of their paths.
pub(super) fn leaves_of(forest: &Forest, tree: usize) -> Vec<Leaf> {
    let nodes = &forest.parts().nodes;
    let mut leaves = Vec::new();
    let mut open = vec![(forest.parts().roots[tree], Vec::<Step>::new())];
    while let Some((index, path)) = open.pop() {
        let node = &nodes[index as usize];
        if node.is_leaf() {
            let value = node.value;
            leaves.push(Leaf { value, path });
            continue;
        }
        for (child, left) in [(node.right, false), (node.left, true)] {
            let mut path = path.clone();
            path.push(Step::new(index, node, &nodes[child as usize], left));
            open.push((child, path));
        }
    }
    leaves
}

impl Step {
    fn new(index: u32, node: &Node, child: &Node, left: bool) -> Self {
        Self {
            node: index,
            decision: Decision {
                column: node.column,
                threshold: node.threshold,
                missing_left: node.missing_left,
            },
            left,
            share: f64::from(child.cover) / f64::from(node.cover),
        }
    }
}

/// A column on the path of a leaf.
struct Player {
    column: u32,
    /// Chance that a row of which the column is unknown passes its conditions.
    share: f64,
    /// Bits of the decisions on the column, and what they must be.
    mask: usize,
    wanted: usize,
}

impl Leaf {
    /// What the leaf adds to the mean prediction.
    pub(super) fn expected(&self) -> f64 {
        self.path
            .iter()
            .fold(self.value, |value, step| value * step.share)
    }

    /// Whether rows of a pattern of decisions end here.
    fn is_reached(&self, splits: &[Step], pattern: usize) -> bool {
        self.path.iter().all(|step| {
            let bit = splits.iter().position(|split| split.node == step.node);
            bit.is_some_and(|bit| (pattern >> bit & 1 == 1) == step.left)
        })
    }

    /// The columns of the path; `splits` are the decisions of the table in the order of its bits.
    fn players(&self, splits: &[Step]) -> Vec<Player> {
        let mut players: Vec<Player> = Vec::new();
        for step in &self.path {
            let column = step.decision.column;
            let bit = splits.iter().position(|split| split.node == step.node);
            let bit = 1 << bit.unwrap_or(0);
            let wanted = if step.left { bit } else { 0 };
            match players.iter_mut().find(|player| player.column == column) {
                Some(player) => {
                    player.share *= step.share;
                    player.mask |= bit;
                    player.wanted |= wanted;
                }
                None => players.push(Player {
                    column,
                    share: step.share,
                    mask: bit,
                    wanted,
                }),
            }
        }
        players
    }

    /// Contributions of the players, per pattern of players whose conditions the row passes.
    ///
    /// If player `j` passes with chance `a_j` (1 or 0 when known, its share when not), the value
    /// of the leaf is `value * prod a_j`: a multilinear function. Its Shapley values are the
    /// integral of its gradient along the diagonal from all unknown to all known:
    /// `value * (known_i - share_i) * integral of prod_{j != i} ((1 - t) share_j + t known_j) dt`,
    /// a polynomial in `t` that a Gauss-Legendre rule integrates exactly.
    ///
    /// # Source
    ///
    /// Owen, "Multilinear extensions of games", Management Science 18 (1972).
    fn contributions(&self, players: &[Player]) -> Vec<f64> {
        let mut out = vec![0.0; players.len() << players.len()];
        for (pattern, out) in out.chunks_exact_mut(players.len().max(1)).enumerate() {
            let known = |player: usize| (pattern >> player & 1) as f64;
            for (at, weight) in RULE {
                let chance = |(index, player): (usize, &Player)| {
                    (1.0 - at) * player.share + at * known(index)
                };
                // Shares are above 0, so no chance is 0 and one factor can be divided out.
                let all: f64 = players.iter().enumerate().map(chance).product();
                for (index, player) in players.iter().enumerate() {
                    out[index] += weight * all / chance((index, player));
                }
            }
            for (index, player) in players.iter().enumerate() {
                out[index] *= self.value * (known(index) - player.share);
            }
        }
        out
    }
}

/// All tables of a forest. What every row reads lies together: for a row alone the time goes into fetching it from far
/// memory.
#[derive(Clone, Default)]
pub(super) struct Tables {
    heads: Vec<Head>,
    /// Which leaf of a table each pattern reaches.
    reached: Vec<[u8; PATTERNS]>,
    /// What each pattern adds to the factors of a table.
    values: Vec<[[f32; DECISIONS]; PATTERNS]>,
}

/// What some neighbouring leaves of a tree contribute, by their decisions.
struct Table {
    head: Head,
    reached: [u8; PATTERNS],
    values: [[f32; DECISIONS]; PATTERNS],
}

/// What is asked of a row, and about what.
#[derive(Clone)]
struct Head {
    decisions: [Decision; DECISIONS],
    splits: usize,
    /// The factors that the leaves have a say on.
    factors: [u32; DECISIONS],
    width: usize,
    /// Values of the leaves, and behind them 0 for none of them.
    leaves: [f64; DECISIONS + 2],
}

impl Tables {
    /// Adds the tables of a tree.
    pub(super) fn add(&mut self, leaves: &[Leaf], factor_of: &[u32]) -> Result<(), Error> {
        let mut start = 0;
        let mut splits: Vec<Step> = Vec::new();
        for (index, leaf) in leaves.iter().enumerate() {
            let known = |splits: &[Step], step: &Step| splits.iter().any(|s| s.node == step.node);
            let new = leaf.path.iter().filter(|step| !known(&splits, step));
            if splits.len() + new.count() > DECISIONS {
                self.push(Table::new(&leaves[start..index], &splits, factor_of)?)?;
                splits.clear();
                start = index;
            }
            for step in &leaf.path {
                if !known(&splits, step) {
                    splits.push(*step);
                }
            }
        }
        self.push(Table::new(&leaves[start..], &splits, factor_of)?)
    }

    fn push(&mut self, table: Table) -> Result<(), Error> {
        self.heads.try_reserve(1)?;
        self.reached.try_reserve(1)?;
        self.values.try_reserve(1)?;
        self.heads.push(table.head);
        self.reached.push(table.reached);
        self.values.push(table.values);
        Ok(())
    }

    /// Adds to the contributions and the log-odds of a block of rows, all of which come column after column, or factor
    /// after factor. Leaf by leaf in the order of the trees, as [`Forest::logit`] does.
    pub(super) fn add_to(&self, block: &[f32], contributions: &mut [f64], logits: &mut [f64]) {
        let count = logits.len();
        let mut patterns = [0; BLOCK];
        // Of a block one table at a time; of a row alone all of them, so that what it reads there is fetched together.
        let at_once = BLOCK / count;
        let heads = self.heads.chunks(at_once);
        let reached = self.reached.chunks(at_once);
        for ((heads, reached), values) in heads.zip(reached).zip(self.values.chunks(at_once)) {
            for (head, patterns) in heads.iter().zip(patterns.chunks_exact_mut(count)) {
                head.patterns(block, patterns);
            }
            let tables = heads.iter().zip(reached).zip(values);
            for (((head, reached), values), patterns) in tables.zip(patterns.chunks_exact(count)) {
                for (&pattern, logit) in patterns.iter().zip(&mut *logits) {
                    *logit += head.leaves[usize::from(reached[usize::from(pattern as u8)])];
                }
                // One factor after the other, so that what is read and written stays in the nearest cache.
                for (place, &factor) in head.factors[..head.width].iter().enumerate() {
                    let of_factor = &mut contributions[factor as usize * count..][..count];
                    for (&pattern, contribution) in patterns.iter().zip(of_factor) {
                        *contribution += f64::from(values[usize::from(pattern as u8)][place]);
                    }
                }
            }
        }
    }
}

impl Table {
    fn new(leaves: &[Leaf], splits: &[Step], factor_of: &[u32]) -> Result<Self, Error> {
        let mut factors: Vec<u32> = splits
            .iter()
            .map(|split| factor_of[split.decision.column as usize])
            .collect();
        factors.sort_unstable();
        factors.dedup();
        let width = factors.len();
        let patterns = 1 << splits.len();
        let mut sums: Vec<f64> = Vec::new();
        sums.try_reserve_exact(width * patterns)?;
        sums.resize(width * patterns, 0.0);
        for leaf in leaves {
            let players = leaf.players(splits);
            let contributions = leaf.contributions(&players);
            let places: Vec<usize> = players
                .iter()
                .map(|player| factor_of[player.column as usize])
                .map(|factor| factors.partition_point(|&f| f < factor))
                .collect();
            for (pattern, sums) in sums.chunks_exact_mut(width.max(1)).enumerate() {
                let passed = players
                    .iter()
                    .enumerate()
                    .fold(0, |passed, (index, player)| {
                        passed | usize::from(pattern & player.mask == player.wanted) << index
                    });
                let contributions = &contributions[passed * players.len()..];
                for (&place, contribution) in places.iter().zip(contributions) {
                    sums[place] += contribution;
                }
            }
        }
        let mut head = Head {
            decisions: [Decision::default(); DECISIONS],
            splits: splits.len(),
            factors: [0; DECISIONS],
            width,
            leaves: [0.0; DECISIONS + 2],
        };
        for (decision, split) in head.decisions.iter_mut().zip(splits) {
            *decision = split.decision;
        }
        head.factors[..width].copy_from_slice(&factors);
        for (value, leaf) in head.leaves.iter_mut().zip(leaves) {
            *value = leaf.value;
        }
        let mut values = [[0.0; DECISIONS]; PATTERNS];
        for (values, sums) in values.iter_mut().zip(sums.chunks_exact(width.max(1))) {
            for (value, &sum) in values.iter_mut().zip(sums) {
                *value = sum as f32;
            }
        }
        let mut reached = [leaves.len() as u8; PATTERNS];
        for (pattern, reached) in reached[..patterns].iter_mut().enumerate() {
            let mut leaves = leaves.iter();
            if let Some(leaf) = leaves.position(|leaf| leaf.is_reached(splits, pattern)) {
                *reached = leaf as u8;
            }
        }
        Ok(Self {
            head,
            reached,
            values,
        })
    }
}

impl Head {
    /// The decisions of rows as bits: 1 = goes left.
    fn patterns(&self, block: &[f32], patterns: &mut [u32]) {
        patterns.fill(0);
        for (bit, decision) in self.decisions[..self.splits].iter().enumerate() {
            let column = &block[decision.column as usize * patterns.len()..][..patterns.len()];
            let bit = 1 << bit;
            let threshold = decision.threshold;
            // Two loops without branches in them: a missing value compares false.
            if decision.missing_left {
                for (pattern, &value) in patterns.iter_mut().zip(column) {
                    *pattern |= if value > threshold { 0 } else { bit };
                }
            } else {
                for (pattern, &value) in patterns.iter_mut().zip(column) {
                    *pattern |= if value <= threshold { bit } else { 0 };
                }
            }
        }
    }
}
