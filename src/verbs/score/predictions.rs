//! The predictions of a run: spooled until the percentiles are known, and read back.

use propensity::judge::{Distribution, Figures};
use propensity::model::percentile::Percentiles;
use propensity::model::score::{Bucket, Buckets};

use crate::error::Error;
use crate::feed::stream::Spool;
use crate::feed::{HEAD, Predicted};
use crate::pg::memory::poll;
use crate::pg::timings::{Spent, Watch};

/// Probabilities read at once.
const BLOCK: usize = 4096;

/// One profile's prediction, read back.
pub struct Row<'a> {
    pub key: &'a [u8],
    pub probability: f64,
    pub score: i16,
    pub bucket: Bucket,
    /// Bytes of jsonb.
    pub factors: &'a [u8],
}

/// All predictions of a run.
pub struct Predictions {
    buckets: Buckets,
    counts: [i64; 3],
    figures: Figures,
    /// Of all profiles, by themselves: percentiles are found by reading them several times.
    probabilities: Spool,
    rows: Spool,
}

impl Predictions {
    pub fn new(buckets: Buckets) -> Self {
        Self {
            buckets,
            counts: [0; 3],
            figures: Figures::new(&Distribution::default()),
            probabilities: Spool::default(),
            rows: Spool::default(),
        }
    }

    /// Number of profiles predicted.
    pub fn profiles(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// Number of profiles in the low, medium and high bucket.
    pub fn buckets(&self) -> [i64; 3] {
        self.counts
    }

    /// What all predictions are summed up in: their reasons too, unless they were made elsewhere.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Takes over predictions. Returns what that took.
    pub fn take(&mut self, made: &Predicted) -> Spent {
        let watch = Watch::thread();
        for &(probability, score) in &made.scores {
            self.probabilities.append(&probability.to_le_bytes());
            self.counts[self.buckets.bucket(score) as usize] += 1;
            self.figures.add(probability, score);
        }
        if let Some(figures) = &made.figures {
            let mut all = figures.clone();
            all.merge(&self.figures);
            self.figures = all;
        }
        self.rows.append(&made.rows);
        watch.spent()
    }

    /// The percentiles of all predictions.
    pub fn percentiles(&mut self) -> Result<Percentiles, Error> {
        let profiles = self.profiles() as usize;
        let mut bytes = [0; 8 * BLOCK];
        Percentiles::of(&mut |visit: &mut dyn FnMut(f64)| {
            self.probabilities.rewind();
            for start in (0..profiles).step_by(BLOCK) {
                let bytes = &mut bytes[..8 * BLOCK.min(profiles - start)];
                self.probabilities.fill(bytes)?;
                for &probability in bytes.as_chunks().0 {
                    visit(f64::from_le_bytes(probability));
                }
                poll();
            }
            Ok(())
        })
    }

    /// Reads all predictions back, in the order they were added.
    pub fn read(&mut self, visit: &mut dyn FnMut(&Row)) -> Result<(), Error> {
        self.rows.rewind();
        let (mut head, mut body) = ([0; HEAD], Vec::new());
        for _ in 0..self.profiles() {
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
            let factors = u32::from_le_bytes([e, f, g, h]) as usize;
            body.resize(key + factors, 0);
            self.rows.fill(&mut body)?;
            let (key, factors) = body.split_at(key);
            let score = i16::from_le_bytes([s0, s1]);
            visit(&Row {
                key,
                probability: f64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
                score,
                bucket: self.buckets.bucket(score),
                factors,
            });
        }
        Ok(())
    }
}
