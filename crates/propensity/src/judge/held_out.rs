//! The held-out rows of a version in few bytes, so that a version can be judged without its events: the base rate, the
//! number of rows, their log-odds as f32 in ascending order, and a bit for each outcome. 4.1 bytes a row. Those of a past
//! run are kept as they are: the probabilities themselves, 8.1 bytes a row.

use super::Judged;
use crate::error::Error;
use crate::model::sigmoid;

/// The first byte: another layout has another number.
const FORMAT: u8 = 1;
/// The same of a layout with probabilities.
const EXACT: u8 = 2;
const HEAD: usize = 1 + 8 + 4;

impl Judged {
    /// Writes log-odds with their outcomes, in any order.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn encode(log_odds: &[f64], outcomes: &[bool], base_rate: f64) -> Result<Vec<u8>, Error> {
        let mut rows: Vec<(f32, bool)> = Vec::new();
        rows.try_reserve_exact(log_odds.len())?;
        rows.extend(
            log_odds
                .iter()
                .map(|&z| z as f32)
                .zip(outcomes.iter().copied()),
        );
        rows.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length(4, rows.len()))?;
        bytes.push(FORMAT);
        bytes.extend_from_slice(&base_rate.to_le_bytes());
        bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
        for (z, _) in &rows {
            bytes.extend_from_slice(&z.to_le_bytes());
        }
        push_bits(rows.iter().map(|(_, outcome)| *outcome), &mut bytes);
        Ok(bytes)
    }

    /// Writes these very rows.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn encode_exact(&self) -> Result<Vec<u8>, Error> {
        let rows = self.probabilities.len();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length(8, rows))?;
        bytes.push(EXACT);
        bytes.extend_from_slice(&self.base_rate.to_le_bytes());
        bytes.extend_from_slice(&(rows as u32).to_le_bytes());
        for probability in &self.probabilities {
            bytes.extend_from_slice(&probability.to_le_bytes());
        }
        push_bits(self.outcomes.iter().copied(), &mut bytes);
        Ok(bytes)
    }

    /// Reads what [`Judged::encode`] or [`Judged::encode_exact`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] if it is something else, [`Error::NoRows`], [`Error::OutOfMemory`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let corrupted = || Error::Corrupted {
            reason: "the held-out rows cannot be read",
        };
        let (head, body) = bytes.split_at_checked(HEAD).ok_or_else(corrupted)?;
        let base_rate = number(&head[1..9]);
        let rows = u32::from_le_bytes([head[9], head[10], head[11], head[12]]) as usize;
        let width = match head[0] {
            FORMAT => 4,
            EXACT => 8,
            _ => return Err(corrupted()),
        };
        if bytes.len() != length(width, rows) || !(base_rate > 0.0 && base_rate < 1.0) {
            return Err(corrupted());
        }
        let (numbers, bits) = body.split_at(width * rows);
        let mut probabilities = Vec::new();
        probabilities.try_reserve_exact(rows)?;
        if width == 8 {
            probabilities.extend(numbers.as_chunks().0.iter().map(|&p| f64::from_le_bytes(p)));
        } else {
            let log_odds = numbers.as_chunks().0.iter().map(|&z| f32::from_le_bytes(z));
            let of = |z: f32| {
                if z.is_finite() {
                    sigmoid(f64::from(z))
                } else {
                    f64::NAN
                }
            };
            probabilities.extend(log_odds.map(of));
        }
        if !probabilities.iter().all(|p| (0.0..=1.0).contains(p)) {
            return Err(corrupted());
        }
        let mut outcomes = Vec::new();
        outcomes.try_reserve_exact(rows)?;
        outcomes.extend((0..rows).map(|row| bits[row / 8] >> (row % 8) & 1 == 1));
        Self::new(&probabilities, &outcomes, base_rate)
    }
}

/// Bytes that `rows` rows take, with numbers of `width` bytes.
fn length(width: usize, rows: usize) -> usize {
    HEAD + width * rows + rows.div_ceil(8)
}

/// Appends a bit for each outcome.
fn push_bits(outcomes: impl Iterator<Item = bool>, bytes: &mut Vec<u8>) {
    for (row, outcome) in outcomes.enumerate() {
        if row % 8 == 0 {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(outcome) << (row % 8);
        }
    }
}

fn number(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(f64::NAN, f64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let log_odds = [2.0, -1.5, 0.25, 0.25, -9.0, 3.0, 1.0, 1.0, 0.0];
        let outcomes = [true, false, true, false, false, true, true, true, false];
        let bytes = Judged::encode(&log_odds, &outcomes, 0.4).unwrap();
        assert_eq!(bytes.len(), 13 + 36 + 2);
        let probabilities = log_odds.map(sigmoid);
        let expected = Judged::new(&probabilities, &outcomes, 0.4);
        assert_eq!(Judged::decode(&bytes), expected);
    }

    #[test]
    fn probabilities_come_back_as_they_are() {
        let probabilities = [0.1, 0.3, 0.3, 1.0 / 3.0, 0.0, 1.0, 0.7, 0.7, 0.7];
        let outcomes = [true, false, true, false, false, true, true, false, true];
        let judged = Judged::new(&probabilities, &outcomes, 0.4).unwrap();
        let bytes = judged.encode_exact().unwrap();
        assert_eq!(bytes.len(), 13 + 72 + 2);
        assert_eq!(Judged::decode(&bytes), Ok(judged));
        for wrong in [f64::NAN, 1.5, -0.1] {
            let mut spoilt = bytes.clone();
            spoilt[13..21].copy_from_slice(&wrong.to_le_bytes());
            let found = Judged::decode(&spoilt);
            assert!(matches!(found, Err(Error::Corrupted { .. })), "{wrong}");
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = Judged::encode(&[1.0, 2.0], &[true, false], 0.5).unwrap();
        let mut other_format = bytes.clone();
        other_format[0] = 3;
        let mut more_rows = bytes.clone();
        more_rows[9] = 3;
        let mut no_rate = bytes.clone();
        no_rate[1..9].copy_from_slice(&1.5_f64.to_le_bytes());
        let mut not_a_number = bytes.clone();
        not_a_number[13..17].copy_from_slice(&f32::NAN.to_le_bytes());
        let short = bytes[..5].to_vec();
        for wrong in [
            other_format,
            more_rows,
            no_rate,
            not_a_number,
            short,
            Vec::new(),
        ] {
            assert!(matches!(
                Judged::decode(&wrong),
                Err(Error::Corrupted { .. })
            ));
        }
        let none = Judged::encode(&[], &[], 0.5).unwrap();
        assert_eq!(Judged::decode(&none), Err(Error::NoRows));
    }
}
