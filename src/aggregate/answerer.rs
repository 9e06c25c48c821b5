//! Answers about one profile by a model, from its records: by the code that the stream uses.

use propensity::cutoff::Cutoff;
use propensity::event::answer;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::Profile;
use propensity::event::record::Layout;
use propensity::features::Features;
use propensity::features::population::{Rules, Source};
use propensity::model::{Model, Scorer};
use propensity::time::Micros;
use propensity::walk::Partition;

use super::request::Request;
use crate::error::Error;
use crate::pg::memory::poll;

/// What a model is asked for.
#[derive(Clone, Copy)]
pub enum Output {
    Features,
    Score,
}

/// A decoded model, and memory that is used again for every profile.
pub struct Answerer {
    model: Model,
    /// Only made where scores are wanted.
    scorer: Option<Scorer>,
    features: Features,
    partition: Partition,
    row: Vec<f64>,
    /// How many factors are wanted with a score.
    most_factors: usize,
    json: String,
}

impl Answerer {
    /// For records with codes of dictionaries that know the texts of the model.
    pub fn new(model: Model, most_factors: usize, dictionaries: &Dictionaries) -> Self {
        let features = Features::new(&model.schema, dictionaries);
        Self {
            row: vec![0.0; features.len()],
            model,
            scorer: None,
            features,
            partition: Partition::default(),
            most_factors,
            json: String::new(),
        }
    }

    /// Writes the answer about the profile of these records.
    pub fn answer(
        &mut self,
        request: &Request,
        output: Output,
        (layout, records): (&Layout, &[u8]),
        dictionaries: &Dictionaries,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let cutoff = Cutoff {
            at: request.as_of,
            eligible_from: request.eligible_after,
            outcome_until: Micros::MAX,
            ..Cutoff::default()
        };
        // Who is eligible without a condition comes with a condition that is true.
        let rules = Rules {
            eligible: Source::Events,
            excluded: Source::Events,
            goal: Source::Events,
            occurs: true,
        };
        let Self {
            partition,
            features,
            row,
            ..
        } = self;
        let mut eligible = false;
        let visit = &mut |profile: &Profile<'_>, counts| {
            eligible = rules.eligible(profile, &cutoff);
            answer::write_head(out, eligible, counts);
            if eligible {
                features.start();
                features.row(profile, cutoff.at, row, &mut poll)?;
            }
            Ok(())
        };
        partition.single(layout, records, dictionaries, visit, &mut poll)?;
        if eligible {
            match output {
                Output::Features => answer::write_features(out, &self.row),
                Output::Score => self.write_score(out)?,
            }
        }
        Ok(())
    }

    fn write_score(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let scorer = match &mut self.scorer {
            Some(scorer) => scorer,
            none => none.insert(Scorer::new(self.model.clone(), &mut poll)?),
        };
        let explanation = scorer.explain(&self.row)?;
        self.json.clear();
        let prediction = explanation.prediction;
        explanation.grouping.write_json(
            explanation.factors,
            prediction.log_odds,
            self.most_factors,
            &mut self.json,
        );
        answer::write_score(out, prediction.probability, prediction.score, &self.json);
        Ok(())
    }
}
