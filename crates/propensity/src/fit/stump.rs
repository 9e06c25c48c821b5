//! What one feature alone tells: a shallow tree on its values, or the rates of the values of a category.

/// Levels of the tree: up to eight leaves, enough for "missing" and for thresholds on both sides.
const DEPTH: usize = 3;
/// The fewest rows of a leaf.
const FEWEST_ROWS: usize = 5;
/// So many rows of the base rate are added to each leaf, so that a small one is not certain.
const PRIOR_ROWS: f64 = 2.0;

/// A shallow tree on one number, missing values being below all others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShallowTree {
    /// The first value of every leaf but the first, ascending.
    starts: Vec<f32>,
    /// The rate of each leaf.
    rates: Vec<f64>,
    /// Area under the ROC curve of the rates on the rows that it was learned from.
    area: f64,
}

impl ShallowTree {
    /// Learns from values, in any order, with their outcomes.
    pub fn fit(mut rows: Vec<(f32, bool)>) -> Self {
        for (value, _) in &mut rows {
            *value = number(*value);
        }
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut positives = Vec::with_capacity(rows.len() + 1);
        positives.push(0_u32);
        let mut seen = 0;
        for (_, outcome) in &rows {
            seen += u32::from(*outcome);
            positives.push(seen);
        }
        let mut borders = vec![0, rows.len()];
        for _ in 0..DEPTH {
            let found: Vec<usize> = borders
                .windows(2)
                .filter_map(|leaf| best_split(&rows, &positives, leaf[0], leaf[1]))
                .collect();
            borders.extend(found);
            borders.sort_unstable();
        }
        let base = f64::from(seen) / rows.len().max(1) as f64;
        let leaf = |leaf: &[usize]| {
            let found = f64::from(positives[leaf[1]] - positives[leaf[0]]);
            rate(found, (leaf[1] - leaf[0]) as f64, base)
        };
        let rates: Vec<f64> = borders.windows(2).map(leaf).collect();
        let counts = borders.windows(2).map(|leaf| {
            let found = f64::from(positives[leaf[1]] - positives[leaf[0]]);
            (found, (leaf[1] - leaf[0]) as f64 - found)
        });
        Self {
            area: area(rates.iter().copied().zip(counts).collect()),
            rates,
            starts: borders[1..borders.len() - 1]
                .iter()
                .map(|&row| rows[row].0)
                .collect(),
        }
    }

    /// Area under the ROC curve on the rows that it was learned from; one half if they have one class.
    pub fn area(&self) -> f64 {
        self.area
    }

    /// The rate of the leaf that a value is in.
    pub fn rate(&self, value: f32) -> f64 {
        let value = number(value);
        let leaf = self.starts.partition_point(|&start| start <= value);
        self.rates[leaf]
    }
}

/// Area under the ROC curve of leaves: rate, positives and negatives of each.
fn area(mut leaves: Vec<(f64, (f64, f64))>) -> f64 {
    leaves.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won, mut all) = (0.0, 0.0, 0.0);
    for (_, (positives, negatives)) in leaves {
        won += positives * (below + negatives / 2.0);
        below += negatives;
        all += positives;
    }
    if below * all > 0.0 {
        won / (below * all)
    } else {
        0.5
    }
}

/// Rates of the groups of rows, the group of each row given with its outcome.
pub(super) fn group_rates(rows: impl Iterator<Item = (usize, bool)>, groups: usize) -> Vec<f64> {
    let mut counts = vec![(0.0, 0.0); groups]; // rows, positives
    for (group, outcome) in rows {
        counts[group].0 += 1.0;
        counts[group].1 += f64::from(u8::from(outcome));
    }
    let total: f64 = counts.iter().map(|(rows, _)| rows).sum();
    let positives: f64 = counts.iter().map(|(_, positives)| positives).sum();
    let base = positives / total.max(1.0);
    let group = |&(rows, positives): &(f64, f64)| rate(positives, rows, base);
    counts.iter().map(group).collect()
}

fn rate(positives: f64, rows: f64, base: f64) -> f64 {
    (positives + PRIOR_ROWS * base) / (rows + PRIOR_ROWS)
}

fn number(value: f32) -> f32 {
    if value.is_nan() {
        f32::NEG_INFINITY
    } else {
        value
    }
}

/// The first row of the right side of the split with the least squared error, between different values.
fn best_split(rows: &[(f32, bool)], positives: &[u32], start: usize, end: usize) -> Option<usize> {
    let part = |from: usize, to: usize| {
        let found = f64::from(positives[to] - positives[from]);
        found * found / (to - from) as f64
    };
    let (first, last) = (start + FEWEST_ROWS, end.checked_sub(FEWEST_ROWS)?);
    let mut best = (part(start, end.max(start + 1)) + 1e-9, None);
    for row in first..=last {
        if rows[row].0 > rows[row - 1].0 {
            let gain = part(start, row) + part(row, end);
            if gain > best.0 {
                best = (gain, Some(row));
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_on_both_sides_are_found() {
        let outcome = |value: usize| (40..60).contains(&value);
        let rows = (0..100).map(|value| (value as f32, outcome(value)));
        let tree = ShallowTree::fit(rows.rev().collect());
        assert_eq!(tree.area(), 1.0);
        for value in 0..100 {
            assert_eq!(tree.rate(value as f32) > 0.5, outcome(value), "{value}");
        }
    }

    #[test]
    fn missing_values_have_a_leaf() {
        let missing = (0..20).map(|_| (f32::NAN, true));
        let present = (0..80).map(|value| (value as f32 - 40.0, false));
        let tree = ShallowTree::fit(missing.chain(present).collect());
        assert!(tree.rate(f32::NAN) > 0.9);
        assert!(tree.rate(-40.0) < 0.1);
    }

    #[test]
    fn one_value_is_one_leaf() {
        let tree = ShallowTree::fit(vec![(1.0, true); 30]);
        assert_eq!((tree.starts.len(), tree.rates.as_slice()), (0, &[1.0][..]));
        assert_eq!(ShallowTree::fit(Vec::new()).rates, [0.0]);
    }

    #[test]
    fn rates_of_groups_are_drawn_to_the_base() {
        let rows = [(0, true), (0, true), (2, false), (2, false)];
        assert_eq!(group_rates(rows.into_iter(), 3), [0.75, 0.5, 0.25]);
    }
}
