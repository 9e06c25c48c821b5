//! What an aggregate over the events of one profile answers: bytes that travel from where the events
//! are to where the run is.
//!
//! ```text
//! format:u8  eligible:u8  events  future  no_time  not_finite  long_text (each 1 to 10 bytes)
//! then, of an eligible profile
//!     features  f64 each
//!     score     probability:f64  score:i16  factors as JSON, NUL
//! or, of any profile, its history: what `portable` writes
//! ```

use std::ffi::CStr;

use super::counts::ReadCounts;
use crate::error::Error;

/// The format that is written and read. Machines of one run have the same version of the library.
const FORMAT: u8 = 2;

/// A prediction on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored<'a> {
    /// Probability of what is predicted.
    pub probability: f64,
    /// From 0 to 100.
    pub score: i16,
    /// The strongest factors, as JSON.
    pub factors: &'a CStr,
}

/// An answer, read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer<'a> {
    /// What was read and left out.
    pub counts: ReadCounts,
    /// What was asked for, of an eligible profile.
    body: Option<&'a [u8]>,
}

/// Begins an answer; its body must follow if the profile is eligible.
pub fn write_head(out: &mut Vec<u8>, eligible: bool, counts: ReadCounts) {
    out.extend_from_slice(&[FORMAT, u8::from(eligible)]);
    counts.push(out);
}

/// The body of an answer about features.
pub fn write_features(out: &mut Vec<u8>, features: &[f64]) {
    for feature in features {
        out.extend_from_slice(&feature.to_le_bytes());
    }
}

/// The body of an answer about a score; `factors` is JSON.
pub fn write_score(out: &mut Vec<u8>, probability: f64, score: i16, factors: &str) {
    out.extend_from_slice(&probability.to_le_bytes());
    out.extend_from_slice(&score.to_le_bytes());
    out.extend_from_slice(factors.as_bytes());
    out.push(0);
}

impl<'a> Answer<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] for bytes that are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse(bytes).ok_or(Error::BadRecord)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[format, eligible], mut rest) = bytes.split_first_chunk()?;
        let counts = ReadCounts::take(&mut rest).ok()?;
        let body = match (format, eligible) {
            (FORMAT, 0) if rest.is_empty() => None,
            (FORMAT, 1) => Some(rest),
            _ => return None,
        };
        Some(Self { counts, body })
    }

    /// What an answer that is a history has after its head, for [`crate::event::portable::read`].
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there is nothing.
    pub fn history(&self) -> Result<&'a [u8], Error> {
        self.body.ok_or(Error::BadRecord)
    }

    /// Writes the features to `row` and returns true; false if the profile is not eligible.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] unless there are as many as `row` holds.
    pub fn features(&self, row: &mut [f64]) -> Result<bool, Error> {
        let Some(body) = self.body else {
            return Ok(false);
        };
        let (values, rest) = body.as_chunks();
        if values.len() != row.len() || !rest.is_empty() {
            return Err(Error::BadRecord);
        }
        for (cell, &value) in row.iter_mut().zip(values) {
            *cell = f64::from_le_bytes(value);
        }
        Ok(true)
    }

    /// The score; none if the profile is not eligible.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if the body is no score.
    pub fn scored(&self) -> Result<Option<Scored<'a>>, Error> {
        self.body
            .map(|body| parse_score(body).ok_or(Error::BadRecord))
            .transpose()
    }
}

fn parse_score(body: &[u8]) -> Option<Scored<'_>> {
    let (probability, rest) = body.split_first_chunk()?;
    let (score, factors) = rest.split_first_chunk()?;
    let scored = Scored {
        probability: f64::from_le_bytes(*probability),
        score: i16::from_le_bytes(*score),
        factors: CStr::from_bytes_with_nul(factors).ok()?,
    };
    let sound = (0.0..=1.0).contains(&scored.probability) && (0..=100).contains(&scored.score);
    sound.then_some(scored)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: ReadCounts = ReadCounts {
        events: 300,
        null_profile: 0,
        future: 0,
        no_time: u64::MAX,
        not_finite: 127,
        long_text: 1,
    };

    #[test]
    fn answers_read_back() {
        let mut bytes = Vec::new();
        write_head(&mut bytes, false, COUNTS);
        let answer = Answer::read(&bytes).unwrap();
        assert_eq!(answer.counts, COUNTS);
        assert_eq!(
            (answer.features(&mut [0.0]), answer.scored()),
            (Ok(false), Ok(None))
        );

        let features = [-0.0, f64::NAN, 1e300];
        bytes.clear();
        write_head(&mut bytes, true, COUNTS);
        write_features(&mut bytes, &features);
        let mut row = [0.0; 3];
        assert_eq!(Answer::read(&bytes).unwrap().features(&mut row), Ok(true));
        assert_eq!(row.map(f64::to_bits), features.map(f64::to_bits));
        assert_eq!(
            Answer::read(&bytes).unwrap().features(&mut [0.0; 2]),
            Err(Error::BadRecord)
        );

        bytes.clear();
        write_head(&mut bytes, true, COUNTS);
        write_score(&mut bytes, 0.25, 50, "[]");
        let scored = Answer::read(&bytes).unwrap().scored().unwrap().unwrap();
        assert_eq!(
            (scored.probability, scored.score, scored.factors),
            (0.25, 50, c"[]")
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let mut head = Vec::new();
        write_head(&mut head, true, COUNTS);
        for end in 0..head.len() {
            assert_eq!(Answer::read(&head[..end]), Err(Error::BadRecord));
        }
        for (byte, value) in [(0, FORMAT + 1), (1, 2), (1, 0)] {
            let mut odd = head.clone();
            odd.push(0);
            odd[byte] = value;
            assert_eq!(Answer::read(&odd), Err(Error::BadRecord));
        }
        for (probability, score, factors) in [
            (f64::NAN, 50, "[]"),
            (1.5, 50, "[]"),
            (0.5, 101, "[]"),
            (0.5, 50, "\0"),
        ] {
            let mut odd = head.clone();
            write_score(&mut odd, probability, score, factors);
            assert_eq!(Answer::read(&odd).unwrap().scored(), Err(Error::BadRecord));
        }
    }
}
