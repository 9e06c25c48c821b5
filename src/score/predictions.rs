//! The predictions of a run: made in blocks, spooled until the percentiles are known, read back.

use std::ffi::CStr;

use propensity::model::{Explanation, Scorer};
use propensity::score::{Bucket, Buckets};

use crate::catalog::Definition;
use crate::error::Error;
use crate::laps::{Spent, Watch};
use crate::memory::poll;
use crate::stream::Spool;

/// Profiles predicted at once, so that one tree's tables stay in cache.
const BLOCK: usize = 256;
/// Bytes of a spooled row before key and factors: their lengths, probability, score.
const HEAD: usize = 18;

/// One profile's prediction, read back.
pub struct Row<'a> {
    pub key: &'a [u8],
    pub probability: f64,
    pub score: i16,
    pub bucket: Bucket,
    /// JSON.
    pub factors: &'a CStr,
}

/// All predictions of a run.
pub struct Predictions {
    buckets: Buckets,
    counts: [i64; 3],
    most_factors: usize,
    /// Of all profiles, for the percentiles.
    pub probabilities: Vec<f64>,
    /// What predicting took.
    pub spent: Spent,
    rows: Spool,
    /// Features and keys of the block that waits to be predicted.
    features: Vec<f64>,
    keys: Vec<u8>,
    key_ends: Vec<usize>,
}

impl Predictions {
    pub fn new(definition: &Definition, features: usize) -> Result<Self, Error> {
        let (medium, high) = definition.options.buckets;
        Ok(Self {
            buckets: Buckets::new(medium, high)?,
            counts: [0; 3],
            most_factors: definition.options.factors,
            probabilities: Vec::new(),
            spent: Spent::default(),
            rows: Spool::new(),
            features: Vec::with_capacity(BLOCK * features),
            keys: Vec::new(),
            key_ends: Vec::with_capacity(BLOCK),
        })
    }

    /// Number of profiles predicted.
    pub fn profiles(&self) -> i64 {
        self.probabilities.len() as i64
    }

    /// Number of profiles in the low, medium and high bucket.
    pub fn buckets(&self) -> [i64; 3] {
        self.counts
    }

    /// Adds a profile, which is predicted with its block.
    pub fn add(&mut self, key: &[u8], features: &[f64], scorer: &mut Scorer) -> Result<(), Error> {
        self.features.extend_from_slice(features);
        self.keys.extend_from_slice(key);
        self.key_ends.push(self.keys.len());
        if self.key_ends.len() == BLOCK {
            self.predict(scorer)
        } else {
            Ok(())
        }
    }

    /// Predicts for the profiles that wait.
    pub fn predict(&mut self, scorer: &mut Scorer) -> Result<(), Error> {
        let watch = Watch::start();
        self.probabilities
            .try_reserve(self.key_ends.len())
            .map_err(propensity::Error::from)?;
        let features = std::mem::take(&mut self.features);
        let (mut json, mut start) = (String::new(), 0);
        let mut keep = |row: usize, explanation: &Explanation| {
            let end = self.key_ends[row];
            let range = start..end;
            start = end;
            self.keep(range, explanation, &mut json);
            Ok(())
        };
        scorer.explain_rows(&features, &mut keep, &mut poll)?;
        self.features = features;
        self.features.clear();
        self.keys.clear();
        self.key_ends.clear();
        self.spent += watch.spent();
        Ok(())
    }

    /// Spools one prediction, that of the key at `range` of the waiting keys.
    fn keep(
        &mut self,
        range: std::ops::Range<usize>,
        explanation: &Explanation,
        json: &mut String,
    ) {
        let prediction = &explanation.prediction;
        self.probabilities.push(prediction.probability);
        self.counts[self.buckets.bucket(prediction.score) as usize] += 1;
        json.clear();
        explanation
            .grouping
            .write_json(explanation.factors, self.most_factors, json);
        json.push('\0');
        let key = &self.keys[range];
        let buffer = self.rows.buffer();
        buffer.extend_from_slice(&(key.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&(json.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&prediction.probability.to_le_bytes());
        buffer.extend_from_slice(&prediction.score.to_le_bytes());
        buffer.extend_from_slice(key);
        buffer.extend_from_slice(json.as_bytes());
        self.rows.settle();
    }

    /// Reads all predictions back, in the order they were added.
    pub fn read(&mut self, visit: &mut dyn FnMut(&Row)) -> Result<(), Error> {
        self.rows.finish();
        let (mut head, mut body) = ([0; HEAD], Vec::new());
        for _ in 0..self.probabilities.len() {
            self.rows.fill(&mut head)?;
            let [
                a,
                b,
                c,
                d,
                e,
                f,
                g,
                h,
                p0,
                p1,
                p2,
                p3,
                p4,
                p5,
                p6,
                p7,
                s0,
                s1,
            ] = head;
            let key = u32::from_le_bytes([a, b, c, d]) as usize;
            let json = u32::from_le_bytes([e, f, g, h]) as usize;
            body.resize(key + json, 0);
            self.rows.fill(&mut body)?;
            let (key, json) = body.split_at(key);
            let score = i16::from_le_bytes([s0, s1]);
            visit(&Row {
                key,
                probability: f64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
                score,
                bucket: self.buckets.bucket(score),
                factors: CStr::from_bytes_with_nul(json)
                    .map_err(|_| propensity::Error::BadRecord)?,
            });
        }
        Ok(())
    }
}
