//! The training rows of profiles: counted, and with their features. Pure computing, for any thread.

use propensity::Error;
use propensity::cutoff::Cutoff;
use propensity::event::history::Profile;
use propensity::features::Features;
use propensity::features::population::Rules;
use propensity::features::schema::Learner;
use propensity::fit::Sample;
use propensity::fit::hold_out::CutoffRows;
use propensity::learn::dataset::Dataset;
use propensity::walk::Visitor;

/// Who is trained on, at which cutoffs.
#[derive(Clone, Copy)]
pub struct Population<'a> {
    pub rules: &'a Rules,
    pub cutoffs: &'a [Cutoff],
    /// Whether the rows are those of an `examples` relation.
    pub examples: bool,
}

impl Population<'_> {
    /// The outcome of a profile at a cutoff, none if it is no training row.
    fn outcome(&self, profile: &Profile, cutoff: &Cutoff) -> Option<bool> {
        let rules = self.rules;
        if self.examples {
            let example = rules.example(profile, cutoff.at)?;
            Some(example.unwrap_or_else(|| rules.outcome(profile, cutoff)))
        } else {
            let eligible = rules.eligible(profile, cutoff);
            eligible.then(|| rules.outcome(profile, cutoff))
        }
    }
}

/// Profiles with events, and those with one only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Profiles {
    pub all: u64,
    pub singles: u64,
}

impl Profiles {
    /// Whether hardly anybody comes back, as where the profile column names the event and not who did it.
    pub fn come_once(self) -> bool {
        self.all > 0 && self.singles.saturating_mul(20) >= self.all.saturating_mul(19)
    }
}

/// Counts rows and positives at each cutoff, and learns from the events, in one walk.
#[derive(Clone)]
pub struct Survey<'a> {
    population: Population<'a>,
    pub counts: Vec<CutoffRows>,
    pub profiles: Profiles,
    pub learner: Learner,
}

impl<'a> Survey<'a> {
    pub fn new(population: Population<'a>, learner: Learner) -> Self {
        let none = |cutoff: &Cutoff| CutoffRows {
            at: cutoff.at,
            rows: 0,
            positives: 0,
        };
        Self {
            population,
            counts: population.cutoffs.iter().map(none).collect(),
            profiles: Profiles::default(),
            learner,
        }
    }

    /// Adds what another has found of other profiles.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        for (count, other) in self.counts.iter_mut().zip(other.counts) {
            count.rows += other.rows;
            count.positives += other.positives;
        }
        self.profiles.all += other.profiles.all;
        self.profiles.singles += other.profiles.singles;
        self.learner.merge(other.learner)
    }
}

impl Visitor for &mut Survey<'_> {
    type Output = ();

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let cutoffs = self.population.cutoffs.iter();
        for (cutoff, count) in cutoffs.zip(&mut self.counts) {
            if let Some(outcome) = self.population.outcome(profile, cutoff) {
                count.rows += 1;
                count.positives += usize::from(outcome);
            }
        }
        let events = profile.history.times.len();
        self.profiles.all += u64::from(events > 0);
        self.profiles.singles += u64::from(events == 1);
        self.learner.add(profile, poll)
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        Ok(())
    }
}

/// Computes the features of the rows of a sample.
pub struct RowWriter<'a> {
    population: Population<'a>,
    sample: Sample,
    features: Features,
    /// Features of the row that is computed.
    row: Vec<f64>,
    made: Dataset,
}

impl<'a> RowWriter<'a> {
    pub fn new(population: Population<'a>, sample: Sample, features: Features) -> Self {
        Self {
            population,
            sample,
            row: vec![0.0; features.len()],
            made: Dataset::new(features.len()),
            features,
        }
    }
}

impl Visitor for RowWriter<'_> {
    type Output = Dataset;

    fn wants(&self, hash: u64) -> bool {
        let mut cutoffs = self.population.cutoffs.iter();
        cutoffs.any(|cutoff| self.sample.keeps(hash, cutoff.at))
    }

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let mut started = false;
        for (index, cutoff) in self.population.cutoffs.iter().enumerate() {
            // The draw is cheaper than the rules.
            if !self.sample.keeps(profile.hash, cutoff.at) {
                continue;
            }
            let Some(outcome) = self.population.outcome(profile, cutoff) else {
                continue;
            };
            if !started {
                self.features.start();
                started = true;
            }
            let row = &mut self.row;
            self.features.row(profile, cutoff.at, row, poll)?;
            self.made.push(row, outcome, index as u32, profile.hash)?;
        }
        Ok(())
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<Dataset, Error> {
        let empty = Dataset::new(self.row.len());
        Ok(std::mem::replace(&mut self.made, empty))
    }
}
