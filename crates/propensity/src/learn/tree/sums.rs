//! Sums of gradients in fixed point: exact, hence the same in any order.
//!
//! A sum of floats depends on the order of its terms. Integers do not: histograms come out the
//! same whatever the order of rows, and a parent minus one child is exactly the other child. They
//! are also faster to add than f64.

/// What is summed over rows: the gradient, and hessian and count packed into one word.
pub(crate) type Cell = [i64; 2];

/// Gradient and hessian of one row in units of a [`Scale`].
pub(crate) type Pair = [i32; 2];

/// Rows that can be summed at most: beyond, hessians would be too coarse.
pub(crate) const MAX_ROWS: usize = 1 << 24;

/// Units of a gradient in `[-1, 1]`.
const GRADIENT: f64 = (1u64 << 30) as f64;

/// How sums over rows are packed.
///
/// The upper bits of the second word count rows, the lower hold hessians. A hessian is at most
/// 1/4, so `shift` bits hold all of them: at 500,000 rows in units of 2^-25.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    shift: u32,
    hessian: f64,
}

impl Scale {
    pub(crate) fn new(rows: usize) -> Self {
        let bits = usize::BITS - rows.leading_zeros();
        let shift = 62 - bits;
        // The sum of hessians is at most rows / 4, below 2^(bits - 2).
        let unit = (shift - (bits.max(2) - 2) - 1).min(31);
        Self {
            shift,
            hessian: (1u64 << unit) as f64,
        }
    }

    /// Packs a gradient in `[-1, 1]` and a hessian in `[0, 1/4]`.
    pub(crate) fn pack(self, gradient: f64, hessian: f64) -> Pair {
        [
            rounded(gradient * GRADIENT),
            rounded(hessian * self.hessian),
        ]
    }

    /// What one row adds to a sum.
    pub(crate) fn cell(self, pair: Pair) -> Cell {
        [
            i64::from(pair[0]),
            (1i64 << self.shift) | i64::from(pair[1]),
        ]
    }

    /// Sum of gradients.
    pub(crate) fn gradient(self, sum: Cell) -> f64 {
        sum[0] as f64 * (1.0 / GRADIENT)
    }

    /// Sum of hessians.
    pub(crate) fn hessian(self, sum: Cell) -> f64 {
        (sum[1] & ((1i64 << self.shift) - 1)) as f64 / self.hessian
    }

    /// Number of rows.
    pub(crate) fn count(self, sum: Cell) -> u32 {
        (sum[1] >> self.shift) as u32
    }
}

/// The nearest integer. Adding 1.5 * 2^52 rounds, and leaves the integer in the lowest bits: one
/// instruction everywhere, where `round` may be a call.
fn rounded(value: f64) -> i32 {
    (value + 1.5 * (1u64 << 52) as f64).to_bits() as i32
}

/// Adds; sums cannot overflow (see [`Scale`]), so nothing is checked.
pub(crate) fn add(sum: &mut Cell, cell: Cell) {
    sum[0] = sum[0].wrapping_add(cell[0]);
    sum[1] = sum[1].wrapping_add(cell[1]);
}

/// The difference of a sum and a part of it.
pub(crate) fn minus(sum: Cell, part: Cell) -> Cell {
    [sum[0].wrapping_sub(part[0]), sum[1].wrapping_sub(part[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_sums_come_back() {
        for rows in [1usize, 2, 3, 1000, 500_000, MAX_ROWS] {
            let scale = Scale::new(rows);
            for gradient in [-1.0, 1.0] {
                let cell = scale.cell(scale.pack(gradient, 0.25));
                let sum = cell.map(|word| word * rows as i64);
                assert_eq!(scale.count(sum) as usize, rows);
                assert_eq!(scale.gradient(sum), gradient * rows as f64);
                assert_eq!(scale.hessian(sum), 0.25 * rows as f64);
            }
        }
    }

    #[test]
    fn hessians_of_unlikely_rows_keep_their_digits() {
        let scale = Scale::new(500_000);
        let sum = scale.cell(scale.pack(0.0, 0.001)).map(|word| word * 1000);
        // Half a unit of 2^-25 for each of the thousand.
        assert!((scale.hessian(sum) - 1.0).abs() < 1.5e-5);
    }

    #[test]
    fn a_part_and_the_rest_make_the_whole() {
        let scale = Scale::new(10);
        let (mut sum, mut part) = ([0; 2], [0; 2]);
        for row in 0..10 {
            let cell = scale.cell(scale.pack(0.1 * f64::from(row) - 0.4, 0.02));
            add(&mut sum, cell);
            if row < 3 {
                add(&mut part, cell);
            }
        }
        assert_eq!(scale.count(minus(sum, part)), 7);
        let mut whole = minus(sum, part);
        add(&mut whole, part);
        assert_eq!(whole, sum);
    }
}
