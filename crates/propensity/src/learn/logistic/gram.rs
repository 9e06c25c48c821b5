//! `Z' D Z`, the sum over rows of `d z z'`, in cache-sized blocks.
//!
//! A block of rows is scaled by `sqrt(d)` and packed in groups of eight columns; an 8 x 4 tile of
//! the product then stays in registers while a block streams by. Plain multiplications and
//! additions in a fixed order: the compiler vectorises them for any processor, and every processor
//! gives the same bits. f32 within a block and f64 across blocks is precise enough, since Newton
//! needs only a good curvature: what it converges to is decided by the f64 gradient.

use crate::error::Error;

/// Columns per group: two registers of four f32.
const GROUP: usize = 8;

/// Rows per block: two groups of it are 16 kB.
const BLOCK: usize = 256;

type Lanes = [f32; GROUP];

/// Sums of products of `columns` columns and a last column of ones.
pub(super) struct Gram {
    columns: usize,
    groups: usize,
    /// `groups x BLOCK`: the packed block.
    block: Vec<Lanes>,
    /// `size x size`, tiles on and above the diagonal only.
    sums: Vec<f64>,
}

impl Gram {
    pub(super) fn new(columns: usize) -> Result<Self, Error> {
        let groups = (columns + 1).div_ceil(GROUP);
        let mut block = Vec::new();
        block.try_reserve_exact(groups * BLOCK)?;
        block.resize(groups * BLOCK, [0.0; GROUP]);
        let cells = (groups * GROUP).pow(2);
        let mut sums = Vec::new();
        sums.try_reserve_exact(cells)?;
        sums.resize(cells, 0.0);
        Ok(Self {
            columns,
            groups,
            block,
            sums,
        })
    }

    /// Sums `root^2 z z'` over some rows of `values`; `roots` has one entry for each of them.
    pub(super) fn compute(
        &mut self,
        values: &[f32],
        rows: &[u32],
        roots: &[f32],
        poll: &mut dyn FnMut(),
    ) {
        self.sums.fill(0.0);
        for (rows, roots) in rows.chunks(BLOCK).zip(roots.chunks(BLOCK)) {
            poll();
            self.pack(values, rows, roots);
            for right in 0..self.groups {
                for left in 0..=right {
                    self.tile::<0>(left, right, roots.len());
                    self.tile::<4>(left, right, roots.len());
                }
            }
        }
    }

    /// The sum of products of two columns; column `columns` is the ones.
    pub(super) fn get(&self, one: usize, other: usize) -> f64 {
        self.sums[one.min(other) * self.groups * GROUP + one.max(other)]
    }

    fn pack(&mut self, values: &[f32], rows: &[u32], roots: &[f32]) {
        let (last, ones) = (self.columns / GROUP, self.columns % GROUP);
        for (row, (&number, &root)) in rows.iter().zip(roots).enumerate() {
            let values = &values[number as usize * self.columns..][..self.columns];
            let (whole, rest) = values.as_chunks::<GROUP>();
            for (group, values) in whole.iter().enumerate() {
                self.block[group * BLOCK + row] = values.map(|value| value * root);
            }
            let lanes = &mut self.block[last * BLOCK + row];
            for (lane, value) in lanes.iter_mut().zip(rest) {
                *lane = value * root;
            }
            lanes[ones] = root;
        }
    }

    /// Adds the products of four columns of one group, from `FIRST` on, with those of another.
    fn tile<const FIRST: usize>(&mut self, left: usize, right: usize, rows: usize) {
        let lefts = &self.block[left * BLOCK..][..rows];
        let rights = &self.block[right * BLOCK..][..rows];
        let products = products::<FIRST>(lefts, rights);
        for (i, products) in products.iter().enumerate() {
            let start = (left * GROUP + FIRST + i) * self.groups * GROUP + right * GROUP;
            for (sum, &product) in self.sums[start..][..GROUP].iter_mut().zip(products) {
                *sum += f64::from(product);
            }
        }
    }
}

/// Sums over rows of the products of four columns of `lefts` with all of `rights`.
///
/// Never inlined: beside other code the compiler runs out of registers, at half the speed.
#[inline(never)]
fn products<const FIRST: usize>(lefts: &[Lanes], rights: &[Lanes]) -> [Lanes; 4] {
    let mut products = [[0.0; GROUP]; 4];
    for (a, b) in lefts.iter().zip(rights) {
        for (i, products) in products.iter_mut().enumerate() {
            for (product, b) in products.iter_mut().zip(b) {
                *product += a[FIRST + i] * b;
            }
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_definition() {
        let rows = 2 * BLOCK + 7;
        for columns in [1, 7, 8, 9, 21] {
            let value = |i: usize| ((i * i + 3 * i) % 17) as f32 / 8.0 - 1.0;
            let values: Vec<f32> = (0..rows * columns).map(value).collect();
            let roots: Vec<f32> = (0..rows).map(|row| (row % 5) as f32 / 4.0).collect();
            let mut gram = Gram::new(columns).unwrap();
            // Every other row, twice: what is left of the last block must not count.
            let every: Vec<u32> = (0..rows as u32).step_by(2).collect();
            let its: Vec<f32> = roots.iter().copied().step_by(2).collect();
            gram.compute(&values, &every, &its, &mut || ());
            gram.compute(&values, &every, &its, &mut || ());
            for i in 0..=columns {
                for j in 0..=columns {
                    let cell = |row: usize, column: usize| match column {
                        ones if ones == columns => 1.0,
                        column => f64::from(values[row * columns + column]),
                    };
                    let expected: f64 = (0..rows)
                        .step_by(2)
                        .map(|row| f64::from(roots[row]).powi(2) * cell(row, i) * cell(row, j))
                        .sum();
                    assert!(
                        (gram.get(i, j) - expected).abs() < 1e-3,
                        "{columns} {i} {j}"
                    );
                }
            }
        }
    }
}
