//! Which way the events of a run come. `customer_ai.feeder` may say so; else it is the planner's to say: queries are pushed
//! down if their plans send the aggregate to every server that they read from. What cannot be done so is left to the
//! stream, which reads foreign tables row by row.

use pgrx::pg_sys::{self, Oid};
use propensity::model::Model;
use propensity::time::Micros;
use propensity::walk::sample::Sampler;

use super::histories::Histories;
use super::query::{self, Query};
use super::{Pushed, partitionwise, plan};
use crate::aggregate;
use crate::catalog::Definition;
use crate::error::Error;
use crate::feed::stream::Stream;
use crate::pg::guc::{self, Feeder};

/// Which way the events of a run come.
pub enum Route {
    /// Row by row.
    Rows,
    /// All events of a profile in one row.
    Histories(Histories),
    /// A model answers for each profile where its events are.
    Answers(Pushed),
}

impl Route {
    /// Chooses for the queries of this stream; answers only where a model is to give them.
    ///
    /// # Errors
    /// 0A000 when the events must not come row by row and cannot come otherwise.
    pub fn choose(
        definition: &Definition,
        stream: &Stream,
        model: Option<&Model>,
    ) -> Result<Self, Error> {
        let feeder = guc::feeder();
        if feeder == Feeder::Local {
            return Ok(Self::Rows);
        }
        let must =
            feeder == Feeder::PushedDown || query::are_distributed(stream.query().sources())?;
        if !must && !plan::has_foreign_tables()? {
            return Ok(Self::Rows);
        }
        let Some(query) = Query::compose(definition, stream.query())? else {
            refuse(
                definition,
                "Its event sources have profiles of different types.",
            )?;
            return Ok(Self::Rows);
        };
        let is_chosen = |queries: &[String], types: &[Oid]| {
            Ok::<_, Error>(must || partitionwise(|| plan::are_shipped(queries, types))?)
        };
        let instant = pg_sys::TIMESTAMPTZOID;
        if let Some(model) = model
            && query::is_answerable(definition)
            && is_chosen(
                &[query.scores(0)],
                &[aggregate::document_type(), instant, instant],
            )?
        {
            return Ok(Self::Answers(Pushed::new(query, model)?));
        }
        let sources = query.sources.iter();
        let histories: Vec<String> = sources
            .map(|source| query.histories(source, true))
            .collect();
        if is_chosen(&histories, &[instant, pg_sys::INT8OID])? {
            return Ok(Self::Histories(Histories::new(query)));
        }
        Ok(Self::Rows)
    }

    /// Reads the events up to an instant into the stream, of all profiles or of a sample. Answers leave it empty.
    ///
    /// # Errors
    /// 0A000 when they must come as histories and have too many types for that.
    pub fn fill(
        &self,
        definition: &Definition,
        stream: &mut Stream,
        until: Micros,
        sampler: Option<Sampler>,
    ) -> Result<(), Error> {
        match (self, sampler) {
            (Self::Answers(_), _) => Ok(()),
            (Self::Histories(histories), sampler) if !stream.types_chosen() => {
                histories.read(stream, until, sampler)
            }
            (route, sampler) => {
                if let Self::Histories(_) = route {
                    refuse(definition, "It has too many event types.")?;
                }
                match sampler {
                    Some(sampler) => stream.sample_events(until, sampler),
                    None => stream.read_events(until, None),
                }
            }
        }
    }
}

/// That the events come row by row, which is an error where they must not; the reason is a sentence.
fn refuse(definition: &Definition, reason: &'static str) -> Result<(), Error> {
    if guc::feeder() != Feeder::PushedDown {
        return Ok(());
    }
    Err(Error::NotPushed {
        model: definition.name.clone(),
        reason,
    })
}
