//! The page about a model: one HTML document that needs nothing else, for who decides and prints.
//!
//! Whatever comes from a database is a value here: the template escapes it, and the page's own policy lets no script run.

mod parts;
mod template;
#[cfg(test)]
mod tests;
mod verdict;

pub use verdict::{Area, Quality};

use crate::chart::{Bar, Bin, Effect, Group, Polarity, Range, Tenth, Turn};

/// All that the page tells. Instants, intervals and profiles are texts, as the reader is to see them.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The model's name.
    pub model: String,
    /// What its owner says it is for.
    pub description: Option<String>,
    /// Which end of the scores is good.
    pub polarity: Polarity,
    /// The goal as it was defined.
    pub goal: String,
    /// Whether the goal is predicted to happen, or not to.
    pub occurs: bool,
    /// How far ahead it looks.
    pub window: String,
    /// Which profiles it is about.
    pub eligible: Option<String>,
    /// How far back that looks; `None` = ever.
    pub eligible_window: Option<String>,
    /// Which profiles are left out.
    pub exclude: Option<String>,
    /// The relations that events come from.
    pub events: Vec<String>,
    /// The relations that attributes of profiles come from.
    pub profiles: Vec<String>,
    /// The active version.
    pub version: i32,
    /// When it was trained.
    pub trained_at: String,
    /// The run whose scores are shown, if there is one.
    pub run: Option<Run>,
    /// The run before, if there is one.
    pub before: Option<Change>,
    /// What is far from what the version learned from, the farthest first.
    pub drifts: Vec<Drift>,
    /// What users should know, each a sentence.
    pub warnings: Vec<String>,
    /// How well it ranked rows that it had not seen.
    pub quality: Option<Quality>,
    /// The same rows by tenths.
    pub tenths: Vec<Tenth>,
    /// The ROC curve over them.
    pub roc: Vec<(f64, f64)>,
    /// Whether the probabilities held.
    pub calibration: Vec<Group>,
    /// The scores of the run.
    pub bins: Vec<Bin>,
    /// Where the buckets medium and high begin.
    pub buckets: (f64, f64),
    /// What the predictions depend on, most first.
    pub importance: Vec<Bar>,
    /// The reasons of a bucket's profiles.
    pub effects: Vec<(String, Vec<Effect>)>,
    /// The values of a factor by bucket.
    pub drilldowns: Vec<(String, Vec<Range>)>,
    /// Scoring runs, oldest first.
    pub turns: Vec<Turn>,
    /// Some profiles with their reasons.
    pub examples: Vec<Example>,
    /// Segments of the model.
    pub segments: Vec<Segment>,
    /// All versions, newest first.
    pub versions: Vec<Version>,
    /// The cutoffs that the version learned from, oldest first.
    pub cutoffs: Vec<Cutoff>,
    /// Features that the model reads.
    pub features: u64,
}

/// A scoring run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What its scores are made as of.
    pub as_of: String,
    /// Profiles in the buckets low, medium and high.
    pub buckets: [u64; 3],
}

/// A profile with the reasons of its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its key.
    pub profile: String,
    /// Of the goal.
    pub probability: f64,
    /// 0 to 100.
    pub score: i16,
    /// `low`, `medium` or `high`.
    pub bucket: String,
    /// The strongest first.
    pub reasons: Vec<Reason>,
}

/// Why a profile has its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// In words.
    pub phrase: String,
    /// Percentage points that it adds to the probability.
    pub points: f64,
}

/// What became of the scores since the run before.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What that was made as of.
    pub as_of: String,
    /// Profiles in the buckets low, medium and high then.
    pub buckets: [u64; 3],
}

/// A factor whose values are not distributed any more as the version learned them.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Its name.
    pub name: String,
    /// Population stability index.
    pub index: f64,
}

/// A segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its relation.
    pub name: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Who belongs to it.
    pub condition: String,
    /// Profiles in it.
    pub profiles: u64,
    /// Who entered and who left by the newest refresh; none before there was a second one.
    pub moved: Option<(u64, u64)>,
    /// When it was refreshed.
    pub refreshed_at: String,
}

/// A version.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// From 1.
    pub number: i32,
    /// Whether it scores.
    pub active: bool,
    /// When it was trained.
    pub trained_at: String,
    /// Rows learned from.
    pub rows: u64,
    /// How well it ranked held-out rows.
    pub auc: Option<Area>,
}

/// A cutoff of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Cutoff {
    /// When.
    pub at: String,
    /// Profiles at it.
    pub rows: u64,
    /// Those of them for whom the goal came true.
    pub positives: u64,
    /// Whether they were held out to judge by.
    pub held_out: bool,
}
