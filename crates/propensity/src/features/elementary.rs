//! The exponential, the same to the last bit on every machine: that of the C library
//! differs from one version and processor to the next, and a foreign server's features must equal
//! ours.

use std::f64::consts::LN_2;

/// Terms of the series of 2^x for |x| <= 1/2: the first one left out is below 4e-18.
const TERMS: usize = 14;

/// (ln 2)^n / n!
const EXP2: [f64; TERMS] = {
    let mut terms = [1.0; TERMS];
    let mut n = 1;
    while n < TERMS {
        terms[n] = terms[n - 1] * LN_2 / n as f64;
        n += 1;
    }
    terms
};

/// 2^x for x < 1024, to two units in the last place; 0 below 2^-1022.
#[inline]
pub(super) fn exp2(x: f64) -> f64 {
    // Adding it rounds to a whole number, which the low bits of the sum then hold.
    const ROUND: f64 = 1.5 * (1_u64 << 52) as f64;
    let sum = x + ROUND;
    let r = x - (sum - ROUND);
    let (r2, c) = (r * r, &EXP2);
    let (r4, pair) = (r2 * r2, |n: usize| c[n] + c[n + 1] * r);
    let low = (pair(0) + pair(2) * r2) + (pair(4) + pair(6) * r2) * r4;
    let high = (pair(8) + pair(10) * r2) + pair(12) * r4;
    let power = sum.to_bits().wrapping_add(1023) << 52;
    let found = (low + high * (r4 * r4)) * f64::from_bits(power);
    if x < -1022.0 { 0.0 } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_agree_with_the_library() {
        for step in -1_022_000..1_000_000 {
            let x = f64::from(step) / 1000.0 + 1e-5;
            let (found, exact) = (exp2(x), x.exp2());
            assert!(
                (found / exact - 1.0).abs() <= 4.5e-16,
                "2^{x}: {found}, {exact}"
            );
        }
        for whole in -1022..1024 {
            assert_eq!(exp2(whole.into()), f64::from(whole).exp2());
        }
    }

    #[test]
    fn what_is_too_small_is_nothing() {
        for x in [-1022.5, -1e5, -1e300, f64::NEG_INFINITY] {
            assert_eq!(exp2(x), 0.0);
        }
        assert_eq!((exp2(0.0), exp2(-0.0), exp2(1e-300)), (1.0, 1.0, 1.0));
        assert!(exp2(f64::NAN).is_nan());
    }
}
