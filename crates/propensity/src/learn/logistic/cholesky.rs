//! Linear systems of a symmetric positive definite matrix.

/// How often the diagonal is raised, a hundredfold each time, before giving up.
const ATTEMPTS: i32 = 8;

/// `L` with `L L' = A`, or of `A` plus the least of a few multiples of the identity that makes it
/// positive definite in f64, as for collinear columns that are hardly shrunk.
pub(super) struct Cholesky {
    size: usize,
    /// `size x size`, row after row, on and below the diagonal.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factorises `A`, given as `size x size` values of which the lower triangle is read; `None` if
    /// it is not finite.
    pub(super) fn new(matrix: &[f64], size: usize, poll: &mut dyn FnMut()) -> Option<Self> {
        let mean = (0..size).map(|i| matrix[i * size + i]).sum::<f64>() / size as f64;
        let raises = (0..ATTEMPTS).map(|attempt| mean * 1e-14 * 100f64.powi(attempt));
        std::iter::once(0.0).chain(raises).find_map(|raise| {
            let mut lower = matrix.to_vec();
            (0..size).for_each(|i| lower[i * size + i] += raise);
            factorise(&mut lower, size, poll).then_some(Self { size, lower })
        })
    }

    /// Solves `A x = b`; `x` replaces `b`.
    pub(super) fn solve(&self, b: &mut [f64]) {
        let row = |i: usize| &self.lower[i * self.size..][..=i];
        for i in 0..self.size {
            let known = dot(&row(i)[..i], &b[..i]);
            b[i] = (b[i] - known) / row(i)[i];
        }
        for i in (0..self.size).rev() {
            b[i] /= row(i)[i];
            let x = b[i];
            for (b, l) in b[..i].iter_mut().zip(row(i)) {
                *b -= l * x;
            }
        }
    }
}

/// Replaces the lower triangle by its factor, row by row; false if it is not positive definite.
fn factorise(lower: &mut [f64], size: usize, poll: &mut dyn FnMut()) -> bool {
    for i in 0..size {
        poll();
        let (above, rest) = lower.split_at_mut(i * size);
        for j in 0..i {
            let factor = &above[j * size..][..=j];
            let known = dot(&rest[..j], &factor[..j]);
            rest[j] = (rest[j] - known) / factor[j];
        }
        let pivot = rest[i] - dot(&rest[..i], &rest[..i]);
        // A pivot that is lost in the rounding of what was taken off is no pivot.
        if !(pivot > rest[i].abs() * 1e-15 && pivot.is_finite()) {
            return false;
        }
        rest[i] = pivot.sqrt();
    }
    true
}

/// Eight partial sums in a fixed order, which vectorise.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest);
    sums.iter().sum::<f64>() + rest.map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_hand_made_system() {
        let factor = Cholesky::new(&[4.0, 2.0, 2.0, 3.0], 2, &mut || ()).unwrap();
        let mut b = [10.0, 9.0];
        factor.solve(&mut b);
        assert!((b[0] - 1.5).abs() < 1e-12 && (b[1] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn solves_what_was_multiplied() {
        let size = 37;
        // Diagonally dominant, so positive definite.
        let cell = |i: usize, j: usize| {
            if i == j {
                40.0
            } else {
                1.0 / (1 + i + j) as f64
            }
        };
        let matrix: Vec<f64> = (0..size * size).map(|k| cell(k / size, k % size)).collect();
        let x: Vec<f64> = (0..size).map(|i| i as f64 - 18.0).collect();
        let times = |i: usize| (0..size).map(|j| cell(i, j) * x[j]).sum();
        let mut b: Vec<f64> = (0..size).map(times).collect();
        Cholesky::new(&matrix, size, &mut || ())
            .unwrap()
            .solve(&mut b);
        assert!(b.iter().zip(&x).all(|(found, x)| (found - x).abs() < 1e-12));
    }

    #[test]
    fn a_singular_matrix_is_raised_until_it_can_be_solved() {
        let factor = Cholesky::new(&[1.0, 1.0, 1.0, 1.0], 2, &mut || ()).unwrap();
        let mut b = [2.0, 2.0];
        factor.solve(&mut b);
        assert!((b[0] + b[1] - 2.0).abs() < 1e-6);
    }

    #[test]
    fn a_matrix_that_is_not_finite_has_no_factor() {
        assert!(Cholesky::new(&[f64::NAN], 1, &mut || ()).is_none());
        assert!(Cholesky::new(&[f64::INFINITY], 1, &mut || ()).is_none());
    }
}
