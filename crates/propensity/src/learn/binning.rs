//! Bins: every column of a matrix as one byte per row, for trees to count.

use crate::error::Error;
use crate::learn::dataset::Matrix;

/// The bin of a missing value.
pub const MISSING: u8 = 255;

/// The most bins a column can have, the one for missing values included.
pub const MAX_BINS: usize = 255;

/// Rows that edges are chosen from, at most: quantiles of this many are those of all.
const EDGE_ROWS: usize = 1 << 14;

/// Rows binned between two polls.
const BLOCK: usize = 2048;

/// A matrix in bins: `rows x columns` bytes, column after column.
///
/// Bin `b` of a column holds the values `v` with `edge[b - 1] < v <= edge[b]`, so that deciding
/// by bin (`bin <= b`) and by value (`v <= edge[b]`) is the same bit by bit.
#[derive(Clone, Debug)]
pub struct Bins {
    rows: usize,
    cells: Vec<u8>,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    /// Upper bounds of all bins but the last, increasing, finite.
    edges: Vec<f32>,
    /// Whether any row of the matrix misses the value.
    missing: bool,
}

impl Bins {
    /// Chooses edges from some rows and bins all rows.
    ///
    /// * `edge_rows`: the rows that edges are learned from; of more than 16,384 of them
    ///   between 8,192 and 16,384 evenly spaced ones are used.
    /// * `max_bins`: bins of a column at most, in `2..=255`; one of them is for missing values.
    ///
    /// A column of few distinct values gets a bin for each, otherwise bins hold about equally
    /// many rows and a value frequent enough has its own. Edges lie midway between values.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for `max_bins` out of range or a row that is not in the matrix,
    /// [`Error::LengthMismatch`] for a matrix whose values do not fit its shape,
    /// [`Error::OutOfMemory`].
    pub fn new(
        x: &Matrix,
        edge_rows: &[u32],
        max_bins: usize,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        check(x, edge_rows, max_bins)?;
        let mut columns = Vec::new();
        columns.try_reserve_exact(x.columns)?;
        let mut sorted = Vec::new();
        sorted.try_reserve_exact(edge_rows.len().min(EDGE_ROWS))?;
        for column in 0..x.columns {
            sorted_values(x, edge_rows, column, &mut sorted);
            poll();
            columns.push(Column {
                edges: edges(&sorted, max_bins - 1),
                missing: false,
            });
        }
        let mut bins = Self {
            rows: x.rows,
            cells: Vec::new(),
            columns,
        };
        bins.fill(x, poll)?;
        Ok(bins)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The bins of a column, one per row.
    pub fn column(&self, column: usize) -> &[u8] {
        &self.cells[column * self.rows..][..self.rows]
    }

    /// How many bins hold values; their numbers are below.
    pub fn values(&self, column: usize) -> usize {
        self.columns[column].edges.len() + 1
    }

    /// Whether any row misses the column's value.
    pub fn has_missing(&self, column: usize) -> bool {
        self.columns[column].missing
    }

    /// The value that decides like a bin: `bin <= b` if and only if `value <= threshold(b)`.
    /// After the last bin it is `f32::MAX`, at or above every finite value.
    pub fn threshold(&self, column: usize, bin: u8) -> f32 {
        let edges = &self.columns[column].edges;
        edges.get(usize::from(bin)).copied().unwrap_or(f32::MAX)
    }

    /// Writes the cells, in blocks of rows that stay in the cache for all columns.
    fn fill(&mut self, x: &Matrix, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let cells = self.rows.checked_mul(x.columns).ok_or(Error::OutOfMemory)?;
        self.cells.try_reserve_exact(cells)?;
        for column in 1..=x.columns {
            self.cells.resize(column * self.rows, 0);
            poll();
        }
        for start in (0..self.rows).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows);
            let block = &x.values[start * x.columns..end * x.columns];
            for (index, column) in self.columns.iter_mut().enumerate() {
                let cells = &mut self.cells[index * self.rows..][start..end];
                let values = block.iter().skip(index).step_by(x.columns);
                for (cell, &value) in cells.iter_mut().zip(values) {
                    *cell = column.bin(value);
                    column.missing |= *cell == MISSING;
                }
            }
            poll();
        }
        Ok(())
    }
}

impl Column {
    fn bin(&self, value: f32) -> u8 {
        if value.is_nan() {
            return MISSING;
        }
        self.edges.partition_point(|&edge| edge < value) as u8
    }
}

fn check(x: &Matrix, edge_rows: &[u32], max_bins: usize) -> Result<(), Error> {
    if !(2..=MAX_BINS).contains(&max_bins) {
        return Err(Error::Parameter {
            name: "max_bins",
            found: max_bins.to_string(),
            required: "between 2 and 255",
        });
    }
    let required = x.rows.checked_mul(x.columns).ok_or(Error::OutOfMemory)?;
    if x.values.len() != required {
        return Err(Error::LengthMismatch {
            found: x.values.len(),
            required,
        });
    }
    match edge_rows.iter().find(|&&row| row as usize >= x.rows) {
        Some(row) => Err(Error::Parameter {
            name: "edge_rows",
            found: row.to_string(),
            required: "rows of the matrix",
        }),
        None => Ok(()),
    }
}

/// The finite values of a column in some rows, as integers in the order of the values.
fn sorted_values(x: &Matrix, rows: &[u32], column: usize, sorted: &mut Vec<u32>) {
    sorted.clear();
    let step = rows.len().div_ceil(EDGE_ROWS).max(1);
    let values = rows
        .iter()
        .step_by(step)
        .map(|&row| x.values[row as usize * x.columns + column]);
    sorted.extend(values.filter(|value| value.is_finite()).map(ordered));
    sorted.sort_unstable();
}

/// An integer that orders like the value: IEEE 754 bits, the negative ones flipped.
/// -0.0 becomes 0.0, as they are equal.
fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    }
}

/// The value of [`ordered`].
fn value(ordered: u32) -> f32 {
    f32::from_bits(if ordered >> 31 == 1 {
        ordered & !(1 << 31)
    } else {
        !ordered
    })
}

/// At most `limit - 1` edges between sorted values: the upper bounds of all bins but the last.
fn edges(sorted: &[u32], limit: usize) -> Vec<f32> {
    let runs = || sorted.chunk_by(|a, b| a == b);
    let mut edges = Vec::with_capacity(limit);
    let distinct = runs().take(limit + 1).count();
    let mut plan = Plan::new(sorted, limit, distinct);
    let mut previous: Option<&[u32]> = None;
    for run in runs() {
        if let Some(before) = previous
            && edges.len() + 1 < limit
            && plan.closes(before.len(), run.len())
        {
            edges.push(midpoint(value(before[0]), value(run[0])));
        }
        previous = Some(run);
    }
    edges
}

/// Decides after which values a bin ends: equal counts, but frequent values apart.
struct Plan {
    /// A value of this many rows has a bin of its own.
    own: f64,
    /// Rows that are to come and bins that are left for them, without values that have their own.
    rows: f64,
    bins: f64,
    /// Rows that the bin being filled has, and should get.
    filled: f64,
    share: f64,
}

impl Plan {
    fn new(sorted: &[u32], limit: usize, distinct: usize) -> Self {
        let own = if distinct <= limit {
            0.0
        } else {
            sorted.len() as f64 / limit as f64
        };
        let frequent = sorted
            .chunk_by(|a, b| a == b)
            .map(|run| run.len() as f64)
            .filter(|&rows| rows >= own);
        let (count, rows) = frequent.fold((0.0, 0.0), |(n, sum), rows| (n + 1.0, sum + rows));
        let rows = sorted.len() as f64 - rows;
        let bins = (limit as f64 - count).max(1.0);
        Self {
            own,
            rows,
            bins,
            filled: 0.0,
            share: rows / bins,
        }
    }

    /// Whether the bin ends between a value and the next, given how many rows have each.
    fn closes(&mut self, rows: usize, next: usize) -> bool {
        let (rows, next) = (rows as f64, next as f64);
        let alone = rows >= self.own;
        self.filled += rows;
        if !alone {
            self.rows -= rows;
        }
        // A bin that a frequent value cuts short should at least be half full.
        let cut = next >= self.own && self.filled >= self.share / 2.0;
        let closes = alone || cut || self.filled >= self.share;
        if closes {
            if !alone {
                self.bins = (self.bins - 1.0).max(1.0);
                self.share = self.rows / self.bins;
            }
            self.filled = 0.0;
        }
        closes
    }
}

/// A number in `[low, high)`, midway if f32 has one there.
fn midpoint(low: f32, high: f32) -> f32 {
    let middle = ((f64::from(low) + f64::from(high)) / 2.0) as f32;
    if middle < high { middle } else { low }
}
