//! From profiles to predictions with reasons, in blocks. Pure computing, for any thread.

use propensity::Error;
use propensity::cutoff::Cutoff;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::Profile;
use propensity::features::Features;
use propensity::features::population::Rules;
use propensity::judge::{Distribution, Figures};
use propensity::model::score::Buckets;
use propensity::model::{Explanation, Scorer};
use propensity::walk::Visitor;

use super::factors;
use crate::pg::timings::{Spent, Watch};

/// Bytes of a spooled row before key and factors: their lengths, probability, score.
pub const HEAD: usize = 18;

/// Profiles predicted at once, so that one tree's tables stay in cache.
const BLOCK: usize = 512;

/// Whom to predict for.
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    pub rules: &'a Rules,
    pub cutoff: &'a Cutoff,
    /// Factors to name for each profile.
    pub most_factors: usize,
    /// What the run is summed up in.
    pub bins: &'a Distribution,
    pub buckets: Buckets,
}

/// Predicts for every eligible profile that it visits.
pub struct Predictor<'a> {
    audience: Audience<'a>,
    scorer: &'a mut Scorer,
    features: Features,
    /// Features and keys of the block that waits to be predicted.
    cells: Vec<f64>,
    keys: Vec<u8>,
    key_ends: Vec<usize>,
    made: Predicted,
    figures: Figures,
    /// Room for the factors of one profile, and for a phrase.
    factors: Vec<u8>,
    words: String,
}

/// Predictions, not yet taken over.
#[derive(Default)]
pub struct Predicted {
    /// As they are spooled: lengths of key and factors, probability, score, key, factors.
    pub rows: Vec<u8>,
    /// Probability and score of each.
    pub scores: Vec<(f64, i16)>,
    /// What predicting took.
    pub spent: Spent,
    /// What the reasons are summed up in, at the end.
    pub figures: Option<Figures>,
}

impl Predicted {
    /// Starts again, in the same memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.scores.clear();
        self.spent = Spent::default();
    }

    /// Adds a prediction for a profile; the factors are bytes of jsonb.
    pub fn push(
        &mut self,
        key: &[u8],
        probability: f64,
        score: i16,
        factors: &[u8],
    ) -> Result<(), Error> {
        self.scores.try_reserve(1)?;
        self.scores.push((probability, score));
        let rows = &mut self.rows;
        rows.try_reserve(HEAD + key.len() + factors.len())?;
        rows.extend_from_slice(&(key.len() as u32).to_le_bytes());
        rows.extend_from_slice(&(factors.len() as u32).to_le_bytes());
        rows.extend_from_slice(&probability.to_le_bytes());
        rows.extend_from_slice(&score.to_le_bytes());
        rows.extend_from_slice(key);
        rows.extend_from_slice(factors);
        Ok(())
    }
}

impl<'a> Predictor<'a> {
    pub fn new(
        audience: Audience<'a>,
        scorer: &'a mut Scorer,
        dictionaries: &Dictionaries,
    ) -> Self {
        let width = scorer.factors().features().len();
        let features = Features::of_width(&scorer.model().schema, dictionaries, width);
        Self {
            audience,
            scorer,
            features,
            cells: Vec::new(),
            keys: Vec::new(),
            key_ends: Vec::new(),
            made: Predicted::default(),
            figures: Figures::new(audience.bins),
            factors: Vec::new(),
            words: String::new(),
        }
    }

    /// Predicts for the profiles that wait.
    fn predict(&mut self, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let watch = Watch::thread();
        let Self {
            audience,
            scorer,
            cells,
            keys,
            key_ends,
            made,
            figures,
            factors: json,
            words,
            ..
        } = self;
        let mut start = 0;
        let mut keep = |row: usize, explanation: &Explanation| {
            let key = &keys[start..key_ends[row]];
            start = key_ends[row];
            json.clear();
            factors::write(json, words, explanation, audience.most_factors);
            let prediction = &explanation.prediction;
            let bucket = audience.buckets.bucket(prediction.score) as usize;
            figures.explain(
                audience.bins,
                explanation.factors,
                prediction.probability,
                bucket,
            );
            made.push(key, prediction.probability, prediction.score, json)
        };
        scorer.explain_rows(cells, audience.most_factors, &mut keep, poll)?;
        cells.clear();
        keys.clear();
        key_ends.clear();
        made.spent += watch.spent();
        Ok(())
    }
}

impl Visitor for Predictor<'_> {
    type Output = Predicted;

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let Audience { rules, cutoff, .. } = self.audience;
        if !rules.eligible(profile, cutoff) {
            return Ok(());
        }
        let (end, width) = (self.cells.len(), self.features.len());
        self.cells.try_reserve(width)?;
        self.cells.resize(end + width, 0.0);
        self.features.start();
        self.features
            .row(profile, cutoff.at, &mut self.cells[end..], poll)?;
        self.keys.try_reserve(profile.key.len())?;
        self.keys.extend_from_slice(profile.key);
        self.key_ends.push(self.keys.len());
        if self.key_ends.len() == BLOCK {
            self.predict(poll)?;
        }
        Ok(())
    }

    fn finish(&mut self, poll: &mut dyn FnMut()) -> Result<Predicted, Error> {
        self.predict(poll)?;
        let figures = Figures::new(self.audience.bins);
        self.made.figures = Some(std::mem::replace(&mut self.figures, figures));
        Ok(std::mem::take(&mut self.made))
    }
}
