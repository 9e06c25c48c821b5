//! clone_model, and what says on relations whose they are.

use super::model::{check_name, scores_relation};
use crate::catalog::args::Options;
use crate::catalog::owner::ddl_as_owner;
use crate::catalog::{self, Definition};
use crate::error::Error;
use crate::store::scores::ScoreRelation;
use crate::store::segments;

/// Copies the definition of a model, with its sources: no version, run, score or segment.
pub fn clone(model: &str, new_model: &str) -> Result<String, Error> {
    check_name("new_model", new_model)?;
    let definition = super::lock(model)?;
    if catalog::exists(new_model)? {
        return Err(Error::ModelExists {
            name: new_model.to_owned(),
        });
    }
    // Beside the scores of the original, under the copy's own name.
    let options = Options {
        scores: None,
        ..definition.options.clone()
    };
    let (schema, scores) = ddl_as_owner(definition.owner_oid, || {
        scores_relation(new_model, &options, &definition.scores_schema)
    })?;
    let id = catalog::copy(definition.id, new_model, (&schema, &scores))?;
    catalog::remember(id, definition.owner_oid)?;
    Ok(new_model.to_owned())
}

/// Says on the scores and segments of a model what it is called now: they are known by that.
pub fn sign(definition: &Definition, new_name: &str) -> Result<(), Error> {
    let scores = ScoreRelation::find(definition)?;
    let segments = segments::found(definition)?;
    ddl_as_owner(definition.owner_oid, || {
        scores.sign(new_name)?;
        segments
            .iter()
            .try_for_each(|segment| segments::sign(segment, &definition.name, new_name))
    })
}
