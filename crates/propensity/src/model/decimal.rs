//! Numbers as people read them: six significant digits, in decimal.

/// Powers of ten that an f64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// From here on all digits of a whole number are no longer those of the value.
const LARGE: f64 = 1e15;

/// `digits / 10^decimals`, negative or not; no zeros end it that say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Never with 0.
    pub negative: bool,
    /// At most 17 decimal digits.
    pub digits: u64,
    /// Digits after the point; below 0, zeros before it.
    pub decimals: i32,
}

impl Decimal {
    /// A finite number with 6 significant digits, but never less than its whole part.
    pub fn of(value: f64) -> Self {
        let size = value.abs();
        if size >= LARGE {
            return Self::large(value);
        }
        // The first power of ten above the size says how many digits are before the point.
        let mut decimals = if size >= 1.0 {
            let whole = POWERS.iter().position(|&power| size < power).unwrap_or(16);
            6_usize.saturating_sub(whole)
        } else {
            let zeros = POWERS[1..].iter().position(|&power| size * power >= 1.0);
            zeros.map_or(POWERS.len() - 1, |zeros| (zeros + 6).min(POWERS.len() - 1))
        };
        let mut digits = (size * POWERS[decimals]).round() as u64;
        while decimals > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            decimals -= 1;
        }
        Self {
            negative: value < 0.0 && digits > 0,
            digits,
            decimals: decimals as i32,
        }
    }

    /// The shortest decimal of a large number.
    fn large(value: f64) -> Self {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, rest)| rest.len());
        let digits = mantissa.chars().filter_map(|digit| digit.to_digit(10));
        let digits = digits.fold(0, |number, digit| 10 * number + u64::from(digit));
        Self {
            negative: value < 0.0,
            digits,
            decimals: decimals as i32 - exponent.parse().unwrap_or(0),
        }
    }

    /// Appends it as JSON and SQL write numbers.
    pub fn write(self, out: &mut String) {
        // The longest are a sign, a point, 23 digits, and an exponent of 4 bytes.
        let mut bytes = [0; 32];
        let mut start = bytes.len();
        let mut put = |byte| {
            start -= 1;
            bytes[start] = byte;
        };
        let mut rest = self.digits;
        if self.decimals < 0 {
            let mut exponent = self.decimals.unsigned_abs();
            while exponent > 0 {
                put(b'0' + (exponent % 10) as u8);
                exponent /= 10;
            }
            put(b'e');
        }
        let mut written = 0;
        while rest > 0 || written <= self.decimals.max(0) {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            written += 1;
            if written == self.decimals {
                put(b'.');
            }
        }
        if self.negative {
            put(b'-');
        }
        // Only ASCII was put.
        out.push_str(std::str::from_utf8(&bytes[start..]).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn written(value: f64) -> String {
        let mut out = String::new();
        Decimal::of(value).write(&mut out);
        out
    }

    #[test]
    fn six_significant_digits_and_the_whole_part() {
        let found = [
            0.0,
            -0.0,
            0.051_234_567,
            1.0,
            1_234_567.89,
            -2.5e-9,
            3e20,
            -1e-30,
            0.999_999_9,
            -17.25,
            1.5e300,
        ];
        let expected = [
            "0",
            "0",
            "0.0512346",
            "1",
            "1234568",
            "-0.0000000025",
            "3e20",
            "0",
            "1",
            "-17.25",
            "15e299",
        ];
        assert_eq!(found.map(written), expected);
    }

    #[test]
    fn what_is_written_reads_back_within_six_digits() {
        let mut rng = Rng::new(7);
        for _ in 0..20_000 {
            let value = (rng.unit() - 0.5) * 10_f64.powi((rng.unit() * 30.0) as i32 - 12);
            let read: f64 = written(value).parse().unwrap();
            let exponent = format!("{value:e}");
            let exponent: i32 = exponent.split_once('e').unwrap().1.parse().unwrap();
            let unit = if exponent >= 15 {
                0
            } else {
                exponent.min(5) - 5
            };
            let most = if exponent >= 15 { 0.0 } else { 0.500_001 };
            let error = (read - value).abs();
            assert!(error <= most * 10_f64.powi(unit), "{value}: {read}");
        }
    }
}
