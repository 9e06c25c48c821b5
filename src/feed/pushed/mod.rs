//! The pushed-down feeder: where events live elsewhere, an aggregate answers for each profile there, and a row per
//! profile travels: its score or features by a model, or else its history, which the stream takes in.
//!
//! `route.rs` says whether that happens.

mod histories;
mod plan;
mod query;
mod route;
mod sink;

pub use route::Route;

use pgrx::{IntoDatum, pg_sys};
use propensity::cutoff::Cutoff;
use propensity::event::answer::{Answer, Scored};
use propensity::event::count_state::CountState;
use propensity::event::counts::ReadCounts;
use propensity::event::spread::Spread;
use propensity::model::Model;
use propensity::time::Micros;

use crate::aggregate;
use crate::catalog::instant;
use crate::error::Error;
use crate::feed::FeatureVisitor;
use crate::feed::stream::Key;
use crate::pg::datum::BytesKind;
use crate::pg::execute::{Param, execute};
use crate::pg::setting::with_setting;
use query::Query;
use sink::AnswerSink;

/// The events of a model, asked where they are.
pub struct Pushed {
    query: Query,
    /// Number of features of the model.
    features: usize,
    document: Param,
    /// What was read for the newest question.
    counts: ReadCounts,
}

/// Gets the key of a profile and its score.
type ScoreVisitor<'a> = dyn FnMut(&[u8], &Scored) -> Result<(), Error> + 'a;
/// Gets the key of a profile and the answer about it.
type Visitor<'a> = dyn FnMut(&[u8], &Answer) -> Result<(), Error> + 'a;

impl Pushed {
    /// Has a model answer these queries.
    fn new(query: Query, model: &Model) -> Result<Self, Error> {
        let document = aggregate::document(&model.encode()?)?;
        Ok(Self {
            query,
            features: model.schema.features().len(),
            document: (aggregate::document_type(), Some(document)),
            counts: ReadCounts::default(),
        })
    }

    /// The key of the profiles.
    pub fn key(&self) -> &Key {
        &self.query.key
    }

    /// What was read, and what was left out.
    pub fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// When the events up to now are.
    pub fn spread(&self) -> Result<Spread, Error> {
        let mut spread = Spread::default();
        let until = timestamp(instant::now())?;
        self.read(&self.query.times(), &[until], &mut |key, [counts, _]| {
            let counts = counts.ok_or(Error::BadAnswer)?;
            // SAFETY: the query's second column is a bytea.
            unsafe {
                aggregate::with_bytes(counts, |bytes| {
                    let state = CountState::read(bytes).map_err(|_| Error::BadAnswer)?;
                    let stretches = state.stretches().filter(|_| key.is_some());
                    for stretch in stretches {
                        let added = spread.add_stretch(stretch);
                        added.map_err(|_| Error::BadAnswer)?;
                    }
                    Ok(())
                })
            }
        })?;
        Ok(spread)
    }

    /// Visits every eligible profile with its features.
    pub fn features(&mut self, cutoff: &Cutoff, visit: &mut FeatureVisitor) -> Result<(), Error> {
        let sql = self.query.features();
        let mut row = vec![0.0; self.features];
        self.ask(
            &sql,
            cutoff,
            &mut |key, answer| match answer.features(&mut row) {
                Ok(true) => visit(key, &row),
                Ok(false) => Ok(()),
                Err(_) => Err(Error::BadAnswer),
            },
        )
    }

    /// Visits every eligible profile with its score and its strongest factors.
    pub fn scores(
        &mut self,
        cutoff: &Cutoff,
        factors: usize,
        visit: &mut ScoreVisitor,
    ) -> Result<(), Error> {
        let sql = self.query.scores(factors);
        self.ask(&sql, cutoff, &mut |key, answer| match answer.scored() {
            Ok(Some(scored)) => visit(key, &scored),
            Ok(None) => Ok(()),
            Err(_) => Err(Error::BadAnswer),
        })
    }

    fn ask(&mut self, sql: &str, cutoff: &Cutoff, visit: &mut Visitor) -> Result<(), Error> {
        let after = match cutoff.eligible_from {
            Micros::MIN => (pg_sys::TIMESTAMPTZOID, None),
            after => timestamp(after)?,
        };
        let params = [self.document, timestamp(cutoff.at)?, after];
        let mut counts = ReadCounts::default();
        self.read(sql, &params, &mut |key, [value, _]| {
            let value = value.ok_or(Error::BadAnswer)?;
            // SAFETY: the query's second column is a bytea.
            unsafe {
                aggregate::with_bytes(value, |bytes| {
                    let answer = Answer::read(bytes).map_err(|_| Error::BadAnswer)?;
                    let Some(key) = key else {
                        counts.add(answer.counts.without_profile());
                        return Ok(());
                    };
                    counts.add(answer.counts);
                    visit(key, &answer)
                })
            }
        })?;
        self.counts = counts;
        Ok(())
    }

    fn read(&self, sql: &str, params: &[Param], visit: &mut sink::Visitor) -> Result<(), Error> {
        read(self.query.key.kind, sql, params, visit)
    }
}

/// Runs a query with each partition aggregated by itself.
fn read(
    key: BytesKind,
    sql: &str,
    params: &[Param],
    visit: &mut sink::Visitor,
) -> Result<(), Error> {
    partitionwise(|| execute(sql, params, &mut AnswerSink { key, visit }))
}

fn timestamp(at: Micros) -> Result<Param, Error> {
    Ok((
        pg_sys::TIMESTAMPTZOID,
        instant::from_micros(at)?.into_datum(),
    ))
}

/// Plans and runs queries of ours so that each partition is aggregated by itself.
fn partitionwise<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    with_setting(c"enable_partitionwise_aggregate", c"on", work)
}
