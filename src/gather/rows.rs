//! The training rows of profiles: counted, and with their features. Pure computing, for any thread.

use propensity::Error;
use propensity::cutoff::Cutoff;
use propensity::features::Features;
use propensity::fit::Sample;
use propensity::history::Profile;
use propensity::partition::Worker;
use propensity::population::Rules;

/// Gets a feature row, its outcome, the index of its cutoff and the hash of its profile.
pub type FeatureVisitor<'a> =
    dyn FnMut(&[f64], bool, usize, u64) -> Result<(), crate::error::Error> + 'a;

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

/// Counts rows and positives at each cutoff.
pub struct Counter<'a> {
    population: Population<'a>,
    counts: Vec<(usize, usize)>,
}

impl<'a> Counter<'a> {
    pub fn new(population: Population<'a>) -> Self {
        Self {
            population,
            counts: vec![(0, 0); population.cutoffs.len()],
        }
    }
}

impl Worker for Counter<'_> {
    /// Rows and positives at each cutoff.
    type Made = Vec<(usize, usize)>;

    fn visit(&mut self, profile: &Profile, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        let cutoffs = self.population.cutoffs.iter();
        for (cutoff, (rows, positives)) in cutoffs.zip(&mut self.counts) {
            if let Some(outcome) = self.population.outcome(profile, cutoff) {
                *rows += 1;
                *positives += usize::from(outcome);
            }
        }
        Ok(())
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<Self::Made, Error> {
        let none = vec![(0, 0); self.counts.len()];
        Ok(std::mem::replace(&mut self.counts, none))
    }
}

/// Computes the features of the rows of a sample.
pub struct RowWriter<'a> {
    population: Population<'a>,
    sample: Sample,
    features: Features,
    rows: Rows,
}

/// Training rows.
#[derive(Default)]
pub struct Rows {
    /// Their features, one row after the other.
    cells: Vec<f64>,
    /// Their outcomes, cutoffs and profiles.
    about: Vec<(bool, usize, u64)>,
}

impl Rows {
    /// Shows each row.
    pub fn each(&self, visit: &mut FeatureVisitor) -> Result<(), crate::error::Error> {
        let width = self.cells.len() / self.about.len().max(1);
        let rows = self.about.iter().enumerate();
        rows.map(|(row, about)| (&self.cells[width * row..width * (row + 1)], about))
            .try_for_each(|(row, &(outcome, cutoff, hash))| visit(row, outcome, cutoff, hash))
    }
}

impl<'a> RowWriter<'a> {
    pub fn new(population: Population<'a>, sample: Sample, features: Features) -> Self {
        Self {
            population,
            sample,
            features,
            rows: Rows::default(),
        }
    }
}

impl Worker for RowWriter<'_> {
    type Made = Rows;

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
            let Rows { cells, about } = &mut self.rows;
            let (end, width) = (cells.len(), self.features.len());
            cells.try_reserve(width)?;
            cells.resize(end + width, 0.0);
            self.features
                .row(profile, cutoff.at, &mut cells[end..], poll)?;
            about.try_reserve(1)?;
            about.push((outcome, index, profile.hash));
        }
        Ok(())
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<Rows, Error> {
        Ok(std::mem::take(&mut self.rows))
    }
}
