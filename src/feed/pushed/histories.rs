//! Fills the stream with histories: all events of a profile in one row, made where they are.
//!
//! A sample of the profiles is chosen from their counts, which travel first, so that only its histories do.

use propensity::event::answer::Answer;
use propensity::event::count_state::CountState;
use propensity::event::portable::Scratch;
use propensity::time::Micros;
use propensity::walk::sample::Sampler;

use super::query::Query;
use super::{read, timestamp};
use crate::aggregate;
use crate::error::Error;
use crate::feed::stream::{Stream, sample_end};
use crate::pg::datum::BytesKind;
use crate::pg::execute::Param;

/// The histories of a model's profiles.
pub struct Histories {
    query: Query,
}

impl Histories {
    /// Of these queries.
    pub fn new(query: Query) -> Self {
        Self { query }
    }

    /// Reads the events up to an instant, of all profiles or of a sample.
    pub fn read(
        &self,
        stream: &mut Stream,
        until: Micros,
        sampler: Option<Sampler>,
    ) -> Result<(), Error> {
        let mut params = vec![timestamp(until)?];
        let sampled = sampler.is_some();
        if let Some(sampler) = sampler {
            stream.expect_sample(sampler);
            for source in &self.query.sources {
                count(stream, source.key, &self.query.counts(source), &params)?;
            }
            params.push(sample_end(stream.share()));
        }
        for source in &self.query.sources {
            let sql = self.query.histories(source, sampled);
            take(stream, source.key, &sql, &params)?;
        }
        Ok(())
    }
}

/// Takes in the histories that a query asks for.
fn take(stream: &mut Stream, key: BytesKind, sql: &str, params: &[Param]) -> Result<(), Error> {
    let mut scratch = Scratch::default();
    read(key, sql, params, &mut |key, [history, rows]| {
        let Some(key) = key else {
            stream.skip_without_profile(rows.map_or(0, |rows| rows.value() as u64));
            return Ok(());
        };
        let history = history.ok_or(Error::BadAnswer)?;
        // SAFETY: the query's second column is a bytea.
        unsafe {
            aggregate::with_bytes(history, |bytes| {
                let history = Answer::read(bytes).map_err(|_| Error::BadAnswer)?;
                stream.take_history(key, &history, &mut scratch)
            })
        }
    })
}

/// Takes notice of how many events each profile has.
fn count(stream: &mut Stream, key: BytesKind, sql: &str, params: &[Param]) -> Result<(), Error> {
    read(key, sql, params, &mut |key, [counts, _]| {
        let counts = counts.ok_or(Error::BadAnswer)?;
        // SAFETY: the query's second column is a bytea.
        unsafe {
            aggregate::with_bytes(counts, |bytes| {
                let state = CountState::read(bytes).map_err(|_| Error::BadAnswer)?;
                match key {
                    Some(key) => stream.take_counts(key, &state),
                    None => {
                        stream.skip_without_profile(state.counts.rows());
                        Ok(())
                    }
                }
            })
        }
    })
}
