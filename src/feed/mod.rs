//! How events come: row by row, read here and by parallel workers; as histories, a row for each profile; or not at all,
//! where a model answers for each profile beside its events. Which way is chosen here, once for a run; verbs do not know.

pub mod factors;
pub mod gather;
mod predictor;
mod pushed;
pub mod span;
pub mod stream;

use propensity::cutoff::Cutoff;
use propensity::event::counts::ReadCounts;
use propensity::event::spread::Span;
use propensity::features::Features;
use propensity::features::schema::Schema;
use propensity::judge::Distribution;
use propensity::model::{Model, Scorer};
use propensity::time::Micros;

use crate::catalog::{Definition, instant};
use crate::error::Error;
use crate::pg::guc::Feeder;
use crate::pg::jsonb;
use crate::pg::memory::poll;
use crate::pg::timings::{Spent, Timings};
use predictor::{Audience, Predictor};
pub use predictor::{HEAD, Predicted};
use pushed::{Pushed, Route};
use stream::{Key, Stream};

/// The events of a model for a run at one cutoff.
pub struct Feed<'a> {
    definition: &'a Definition,
    source: Source,
    schema: Schema,
    cutoff: Cutoff,
    span: Option<Span>,
    timings: Timings,
}

/// Gets the key of a profile and its features.
pub type FeatureVisitor<'a> = dyn FnMut(&[u8], &[f64]) -> Result<(), Error> + 'a;

/// What features and predictions are made of.
enum Source {
    /// All events, here.
    Records(Box<Stream>),
    /// Answers from where the events are.
    Answers(Box<Pushed>),
}

/// What a run has read.
pub struct Read {
    pub feeder: Feeder,
    pub key: Key,
    pub counts: ReadCounts,
    pub processes: usize,
    pub partitions: usize,
    /// The cutoff.
    pub as_of: Micros,
    /// When the events are, unless nobody had to ask.
    pub span: Option<Span>,
    pub timings: Timings,
}

impl<'a> Feed<'a> {
    /// Chooses which way the events come and reads what has to be read here, for a version or else for features of their
    /// own, at an instant or else at the newest event.
    pub fn open(
        definition: &'a Definition,
        version: Option<&Model>,
        as_of: Option<Micros>,
    ) -> Result<Self, Error> {
        let schema = version.map(|model| &model.schema);
        let timings = Timings::start();
        let stream = Stream::open(definition, schema)?;
        match (Route::choose(definition, &stream, version)?, schema) {
            (Route::Answers(answers), Some(schema)) => {
                Self::answered(definition, answers, schema, as_of, timings)
            }
            (route, schema) => Self::read(definition, (stream, &route), schema, as_of, timings),
        }
    }

    fn answered(
        definition: &'a Definition,
        answers: Pushed,
        schema: &Schema,
        as_of: Option<Micros>,
        timings: Timings,
    ) -> Result<Self, Error> {
        let (as_of, span) = match as_of {
            Some(as_of) => (as_of, None),
            None => {
                let span = span::of(definition, &answers.spread()?)?;
                // Without events there will be an error.
                let newest = Some(span.last).filter(|&last| last > Micros::MIN);
                (newest.unwrap_or_else(instant::now), Some(span))
            }
        };
        let cutoffs = instant::windows(definition, &[as_of])?;
        Ok(Self {
            definition,
            source: Source::Answers(Box::new(answers)),
            schema: schema.clone(),
            cutoff: cutoffs[0],
            span,
            timings,
        })
    }

    fn read(
        definition: &'a Definition,
        (stream, route): (Stream, &Route),
        schema: Option<&Schema>,
        as_of: Option<Micros>,
        mut timings: Timings,
    ) -> Result<Self, Error> {
        let until = as_of.unwrap_or_else(instant::now);
        let mut stream = match schema {
            Some(_) => gather::read_known(definition, stream, route, until)?,
            None => gather::read_all(definition, stream, route, (until, None))?,
        };
        let span = stream.span(definition)?;
        let as_of = as_of.unwrap_or(span.last);
        let mut cutoffs = instant::windows(definition, &[as_of])?;
        gather::mark(&mut stream, definition, &mut cutoffs, false)?;
        timings.end_with("read", stream.workers_cpu());
        let schema = match schema {
            Some(schema) => schema.clone(),
            None => gather::learn(&mut stream, definition, as_of)?,
        };
        Ok(Self {
            definition,
            source: Source::Records(Box::new(stream)),
            schema,
            cutoff: cutoffs[0],
            span: Some(span),
            timings,
        })
    }

    /// How features are computed.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The key of the profiles.
    pub fn key(&self) -> &Key {
        match &self.source {
            Source::Records(stream) => stream.key(),
            Source::Answers(answers) => answers.key(),
        }
    }

    /// When the events are, unless nobody had to ask.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Visits every eligible profile with its key and features.
    pub fn features(&mut self, visit: &mut FeatureVisitor) -> Result<(), Error> {
        let (definition, cutoff) = (self.definition, &self.cutoff);
        let stream = match &mut self.source {
            Source::Records(stream) => stream,
            Source::Answers(answers) => {
                answers.features(cutoff, visit)?;
                return refuse_no_events(definition, &answers.counts());
            }
        };
        let rules = gather::rules(definition);
        let mut features = Features::new(&self.schema, stream.dictionaries());
        let mut row = vec![0.0; features.len()];
        stream.walk(&mut |profile| {
            if !rules.eligible(profile, cutoff) {
                return Ok(());
            }
            features.start();
            features.row(profile, cutoff.at, &mut row, &mut poll)?;
            visit(profile.key, &row)
        })
    }

    /// Predicts for every eligible profile, on one thread or two. `take` gets predictions, some after the other, and
    /// returns what it spent on them. Those that are made here are summed up in `bins` with their reasons.
    pub fn predict(
        &mut self,
        scorer: &mut Scorer,
        bins: &Distribution,
        take: &mut dyn FnMut(&Predicted) -> Spent,
    ) -> Result<(), Error> {
        let (definition, cutoff) = (self.definition, &self.cutoff);
        let most_factors = definition.options.factors;
        let stream = match &mut self.source {
            Source::Records(stream) => stream,
            Source::Answers(answers) => {
                let mut made = Predicted::default();
                answers.scores(cutoff, most_factors, &mut |key, scored| {
                    let factors = jsonb::parsed(scored.factors);
                    made.push(key, scored.probability, scored.score, &factors)?;
                    take(&made);
                    made.clear();
                    Ok(())
                })?;
                self.timings.end("read");
                return refuse_no_events(definition, &answers.counts());
            }
        };
        let rules = gather::rules(definition);
        let audience = Audience {
            rules: &rules,
            cutoff,
            most_factors,
            bins,
            buckets: definition.options.buckets,
        };
        let two = stream.keeps_two_busy();
        let mut copy = two.then(|| scorer.clone());
        let predictor = |scorer| Predictor::new(audience, scorer, stream.dictionaries());
        let predictors = (predictor(scorer), copy.as_mut().map(predictor));
        let threads = 1 + usize::from(two);
        let mut all = Spent::default();
        stream.walk_parallel(predictors, &mut |made: Predicted| {
            let mut spent = take(&made);
            spent += made.spent;
            all += spent.side_by_side(threads);
            Ok(())
        })?;
        self.timings.end_two("features", "reasons", all);
        Ok(())
    }

    /// Lets go of the events, and says what was read.
    pub fn close(self) -> Read {
        let (as_of, key) = (self.cutoff.at, self.key().clone());
        let (feeder, counts, processes, partitions) = match &self.source {
            Source::Records(stream) => (
                stream.feeder(),
                stream.summary().counts,
                stream.processes(),
                stream.partitions(),
            ),
            Source::Answers(answers) => (Feeder::PushedDown, answers.counts(), 1, 1),
        };
        Read {
            feeder,
            key,
            counts,
            processes,
            partitions,
            as_of,
            span: self.span,
            timings: self.timings,
        }
    }
}

/// Refuses a run that was answered over no events.
fn refuse_no_events(definition: &Definition, counts: &ReadCounts) -> Result<(), Error> {
    match counts.events {
        0 => Err(span::no_events(definition, counts, None)),
        _ => Ok(()),
    }
}
