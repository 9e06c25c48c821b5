//! From a model's definition to training rows: cutoffs, population, outcomes, features.
//!
//! The event sources are read once; what must be known before features (cutoffs, counts,
//! vocabularies) is learned by walking the stream's partitions again.

mod cutoffs;
mod marks;
mod read;
mod rows;
mod training_rows;

use pgrx::pg_sys::Oid;
use propensity::cutoff::Cutoff;
use propensity::event::spread::Span;
use propensity::features::Features;
use propensity::features::population::Rules;
use propensity::features::schema::{GoalKind, Learner, LeftOut, Ranks, Schema};
use propensity::fit::Sample;
use propensity::fit::hold_out::{self, CutoffRows};
use propensity::learn::dataset::Dataset;
use propensity::time::Micros;
use propensity::walk::sample::{Sampler, Share};
pub use training_rows::TrainingRows;

use crate::catalog::Definition;
use crate::catalog::args::TakeAs;
use crate::catalog::instant;
use crate::error::Error;
use crate::feed::stream::Stream;
use crate::pg::guc;
use crate::pg::memory::poll;
use crate::source::goal;
use crate::source::unused;
pub use cutoffs::check_complete;
use cutoffs::{example_cutoffs, policy_cutoffs};
pub use marks::{cutoff_of_profile, mark, rules};
pub use read::{read, read_all, read_known};
pub use rows::Profiles;
use rows::{Population, RowWriter, Survey};

/// What training and the data check work on.
pub struct TrainingSet {
    pub stream: Stream,
    pub rules: Rules,
    /// Oldest first.
    pub cutoffs: Vec<Cutoff>,
    /// Rows and positives at each cutoff, of the profiles read.
    pub counts: Vec<CutoffRows>,
    /// How many profiles were read.
    pub profiles: Profiles,
    /// Rows at all cutoffs that there were, of the profiles read.
    pub eligible: u64,
    /// Whether the rows are those of an `examples` relation.
    pub examples: bool,
    /// The instant that training looks back from.
    pub as_of: Micros,
    /// When the events are.
    pub span: Span,
    /// What the events up to the newest cutoff say: often it is the only one that is held out.
    learned: Option<Learner>,
}

/// Profiles read of a large table for each training row that is wanted: not all are eligible.
const PROFILES_PER_ROW: u64 = 4;
/// A second sample is so much larger than the first one says.
const MARGIN: f64 = 1.1;

/// Training rows unless the model's options say otherwise, if they fit into memory: as many as there are profiles
/// eligible at the newest cutoff, within these bounds.
const FEWEST_ROWS: u64 = 80_000;
const MOST_ROWS: u64 = 200_000;

/// Gathers what to train on: the rows that are wanted, or else all, at the newest cutoffs. Of a table with far
/// more profiles only a sample of them is read, by the hash of their key.
pub fn sample(definition: &Definition, as_of: Option<Micros>) -> Result<TrainingSet, Error> {
    let most = definition.options.max_training_rows.unwrap_or(MOST_ROWS);
    let sampler = Sampler::at_most(most.saturating_mul(PROFILES_PER_ROW));
    let gathered = gather(definition, as_of, None, Some(sampler))?;
    let wanted = gathered.wanted(definition);
    let (share, found) = (
        gathered.stream.share(),
        hold_out::newest_rows(&gathered.counts),
    );
    if share == Share::ALL || found >= wanted {
        return Ok(gathered);
    }
    drop(gathered);
    let wider = share.fraction() * MARGIN * wanted as f64 / found.max(1) as f64;
    let sampler = Sampler::of(Share::of(wider));
    gather(definition, as_of, None, Some(sampler))
}

/// Rows that say what candidates for features tell: as many as fit into this part of the memory, within these ends.
const TRIAL_SHARE: usize = 8;
const FEWEST_TRIAL_ROWS: usize = 500;
const MOST_TRIAL_ROWS: usize = 5000;

/// Reads the events up to `as_of`, of all profiles or of a sample, and finds the cutoffs to train
/// on.
pub fn gather(
    definition: &Definition,
    as_of: Option<Micros>,
    examples: Option<Oid>,
    sampler: Option<Sampler>,
) -> Result<TrainingSet, Error> {
    let until = as_of.unwrap_or_else(instant::now);
    let mut stream = read(definition, until, sampler)?;
    let as_of = as_of.map_or_else(|| Ok(stream.span(definition)?.last), Ok::<_, Error>)?;
    match examples {
        Some(examples) => {
            let cutoffs = example_cutoffs(definition, &mut stream, examples, as_of)?;
            TrainingSet::at(definition, stream, as_of, cutoffs, true)
        }
        None => looking_back(definition, stream, as_of),
    }
}

/// Finds the cutoffs to train on as of an instant; later events of the stream are not looked at.
pub fn looking_back(
    definition: &Definition,
    stream: Stream,
    as_of: Micros,
) -> Result<TrainingSet, Error> {
    let cutoffs = policy_cutoffs(definition, &stream, as_of)?;
    TrainingSet::at(definition, stream, as_of, cutoffs, false)
}

impl TrainingSet {
    fn at(
        definition: &Definition,
        mut stream: Stream,
        as_of: Micros,
        mut cutoffs: Vec<Cutoff>,
        examples: bool,
    ) -> Result<Self, Error> {
        mark(&mut stream, definition, &mut cutoffs, true)?;
        let mut gathered = Self {
            span: stream.span(definition)?,
            stream,
            rules: rules(definition),
            cutoffs,
            counts: Vec::new(),
            profiles: Profiles::default(),
            eligible: 0,
            examples,
            as_of,
            learned: None,
        };
        gathered.survey(definition)?;
        Ok(gathered)
    }

    /// Training rows that are wanted, as far as there are rows and memory holds them.
    pub fn wanted(&self, definition: &Definition) -> u64 {
        let newest = self.counts.last().map_or(0, |count| count.rows);
        let newest = (newest as f64 / self.stream.share().fraction()) as u64;
        let usual = newest.clamp(FEWEST_ROWS, MOST_ROWS);
        definition.options.max_training_rows.unwrap_or(usual)
    }

    /// Lets go of the oldest cutoffs when all have more than `limit` rows; given examples stay.
    pub fn keep_newest(&mut self, limit: u64) {
        if !self.examples {
            let older = self.counts.len() - hold_out::newest_first(&self.counts, limit);
            self.counts.drain(..older);
            self.cutoffs.drain(..older);
        }
    }

    /// Rows of the profiles read.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.rows as u64).sum()
    }

    /// Rows of all profiles at all cutoffs that there were, about, if only a sample of them was read.
    pub fn estimate(&self) -> u64 {
        (self.eligible as f64 / self.stream.share().fraction()) as u64
    }

    /// Refuses outcomes that are all the same, and says what there is of the goal that made them so.
    pub fn refuse_one_class(&self, definition: &Definition) -> Result<(), Error> {
        let positives: usize = self.counts.iter().map(|count| count.positives).sum();
        let rows = self.total() as usize;
        if self.examples || positives > 0 && positives < rows {
            return Ok(());
        }
        Err(Error::OneClass {
            model: definition.name.clone(),
            positives,
            rows,
            window: definition.outcome_window.words(),
            goal: goal::explained(definition)?,
            once: self.profiles.come_once().then(|| {
                let Profiles { all, singles } = self.profiles;
                format!("{singles} of {all} profiles have one event and do not come back")
            }),
        })
    }

    /// The stream, and who is trained on.
    fn parts(&mut self) -> (&mut Stream, Population<'_>) {
        let population = Population {
            rules: &self.rules,
            cutoffs: &self.cutoffs,
            examples: self.examples,
        };
        (&mut self.stream, population)
    }

    /// Counts the rows at each cutoff, and learns on the way.
    fn survey(&mut self, definition: &Definition) -> Result<(), Error> {
        let Some(newest) = self.cutoffs.iter().map(|cutoff| cutoff.at).max() else {
            return Ok(());
        };
        let learner = learner(&self.stream, definition, newest)?;
        let (stream, population) = self.parts();
        let mut survey = Survey::new(population, learner);
        let mut other = stream.keeps_two_busy().then(|| survey.clone());
        stream.walk_parallel((&mut survey, other.as_mut()), &mut |()| Ok(()))?;
        if let Some(other) = other {
            survey.merge(other)?;
        }
        let Survey {
            counts,
            profiles,
            learner,
            ..
        } = survey;
        (self.counts, self.profiles, self.learned) = (counts, profiles, Some(learner));
        self.eligible = self.total();
        Ok(())
    }

    /// Vocabularies and windows, from the events up to `until` only; and what is left out because others tell more of
    /// the outcomes that are known by then.
    pub fn learn(
        &mut self,
        definition: &Definition,
        until: Micros,
    ) -> Result<(Schema, LeftOut), Error> {
        let learned = self.learned.take();
        let learned = match learned.filter(|learned| learned.until() == until) {
            Some(learned) => learned,
            None => learned_until(&mut self.stream, definition, until)?,
        };
        let unread = LeftOut {
            identifiers: learned.identifiers()?,
            columns: unused::columns(definition)?,
            ..LeftOut::default()
        };
        let Some(candidates) = learned.candidates(self.stream.dictionaries())? else {
            return Ok((schema(learned, &self.stream, definition)?, unread));
        };
        let ranks = self.ranks(&candidates, until)?;
        let chosen = learned.finish_by(self.stream.dictionaries(), &ranks)?;
        let left_out = LeftOut {
            identifiers: unread.identifiers,
            columns: unread.columns,
            ..chosen.left_out(&candidates)
        };
        Ok((named(chosen, definition), left_out))
    }

    /// What candidates tell of the outcomes of some rows.
    fn ranks(&mut self, candidates: &Schema, until: Micros) -> Result<Ranks, Error> {
        let features = candidates.features().len();
        let room = guc::max_memory() / TRIAL_SHARE / size_of::<f32>();
        let rows = (room / features.max(1)).clamp(FEWEST_TRIAL_ROWS, MOST_TRIAL_ROWS);
        let mut dataset = Dataset::new(features);
        self.feature_rows(candidates, self.total(), rows as u64, &mut |rows| {
            Ok(dataset.append(&rows)?)
        })?;
        Ok(Ranks::of(
            candidates,
            &dataset,
            &self.cutoffs,
            until,
            &mut poll,
        )?)
    }

    /// The training rows, of a sample of them if there are more than `limit`: `take` gets some after the other.
    pub fn feature_rows(
        &mut self,
        schema: &Schema,
        total: u64,
        limit: u64,
        take: &mut dyn FnMut(Dataset) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sample = Sample::new(total, limit);
        let (stream, population) = self.parts();
        let writer = || {
            let features = Features::new(schema, stream.dictionaries());
            RowWriter::new(population, sample, features)
        };
        let writers = (writer(), stream.keeps_two_busy().then(writer));
        stream.walk_parallel(writers, take)
    }
}

/// Vocabularies and windows, from the events up to `until` only.
pub fn learn(stream: &mut Stream, definition: &Definition, until: Micros) -> Result<Schema, Error> {
    let learned = learned_until(stream, definition, until)?;
    schema(learned, stream, definition)
}

/// What the events up to `until` say.
fn learned_until(
    stream: &mut Stream,
    definition: &Definition,
    until: Micros,
) -> Result<Learner, Error> {
    let mut learned = learner(stream, definition, until)?;
    let mut other = stream.keeps_two_busy().then(|| learned.clone());
    stream.walk_parallel((&mut learned, other.as_mut()), &mut |()| Ok(()))?;
    if let Some(other) = other {
        learned.merge(other)?;
    }
    Ok(learned)
}

/// One that has learned nothing yet.
fn learner(stream: &Stream, definition: &Definition, until: Micros) -> Result<Learner, Error> {
    let window = definition.outcome_window.in_days();
    let goal = if definition.goal.aggregate {
        GoalKind::Aggregate
    } else {
        GoalKind::Events
    };
    let uses = definition.options.take_as.iter();
    let uses = uses.filter_map(|(name, asked)| Some((name.clone(), asked.text_use()?)));
    let asked = definition.options.take_as.iter();
    let amounts = asked.filter(|(_, asked)| **asked == TakeAs::Amount);
    let amounts = amounts.map(|(name, _)| name.clone()).collect();
    let learner = Learner::new(stream.names(), window, until, goal);
    Ok(learner.with_uses(uses.collect()).with_amounts(&amounts))
}

/// What a learner has learned, with the names that the definition gives.
fn schema(learned: Learner, stream: &Stream, definition: &Definition) -> Result<Schema, Error> {
    let schema = learned.finish(stream.dictionaries())?;
    Ok(named(schema, definition))
}

/// A schema with the names that the definition gives.
fn named(mut schema: Schema, definition: &Definition) -> Schema {
    if let Some(goal) = &mut schema.goal {
        goal.name.clone_from(&definition.options.goal_name);
    }
    schema
}

/// How many training rows fit into the memory setting: a row is held as f32 twice, once as it is
/// and once standardised, and as u8 bins. What the backend holds besides does not count, so that
/// every session learns from the same rows.
pub fn rows_that_fit(features: usize) -> u64 {
    const BYTES_PER_VALUE: usize = 10;
    /// Dictionaries, a partition and what the learners need besides.
    const REST: usize = 8 << 20;
    let room = (guc::max_memory() / 10 * 7).saturating_sub(REST);
    (room / (features.max(1) * BYTES_PER_VALUE)) as u64
}
