//! The relations of segments: materialized views, or views, of the profiles that meet a condition.

pub mod memory;
mod query;

pub use query::{SHOWN, Sight};

use pgrx::{Spi, pg_sys};

use crate::catalog::{self, Definition, Segment};
use crate::error::{Error, not_null};
use crate::pg::attempt::attempt;
use crate::pg::progress::{self, Phase};
use crate::pg::relation::{self, literal, qualified, quote};
use crate::pg::sql;
use crate::store::notice;
use crate::store::scores::cascade;

/// Drops the relation of a segment, if nobody did, and if it is still the segment's.
pub fn drop_relation(definition: &Definition, segment: &Segment, force: bool) -> Result<(), Error> {
    match find(definition, segment)? {
        Found::Ours(_) => sql::run(&format!(
            "DROP {} {}{}",
            kind_sql(segment.live),
            relation_sql(segment),
            cascade(force)
        )),
        Found::Gone => Ok(()),
        Found::Other(reason) => {
            notice::segment_left(&segment.display(), reason);
            Ok(())
        }
    }
}

/// Refreshes every segment of a model, from its newest scores. One that cannot be refreshed is warned of, and stops
/// nothing else; one that somebody dropped is forgotten.
pub fn refresh_all(definition: &Definition) -> Result<(), Error> {
    let segments = catalog::segments_of(definition.id)?;
    progress::phase(Phase::Segments, Some(segments.len() as u64));
    for segment in segments {
        progress::add(1);
        let failure = match find(definition, &segment)? {
            Found::Ours(_) => match attempt(|| refresh(definition, &segment)) {
                Ok(_) => continue,
                Err(failure) => format!("Found: {}", failure.text),
            },
            Found::Gone if segment.dropped => {
                catalog::delete_segment(segment.id)?;
                notice::segment_dropped(&segment);
                continue;
            }
            Found::Gone => format!("Its relation {GONE}."),
            Found::Other(reason) => format!("Its relation {reason}."),
        };
        notice::segment_stale(&segment.display(), &definition.name, &failure);
    }
    Ok(())
}

/// The segments of a model, each with whether it has data; one whose relation is not the segment's any more is warned of.
pub fn holders_of(definition: &Definition) -> Result<Vec<(Segment, bool)>, Error> {
    let mut holders = Vec::new();
    for segment in catalog::segments_of(definition.id)? {
        match find(definition, &segment)? {
            Found::Ours(oid) => {
                let filled = !segment.live && relation::readiness(oid)?.0;
                holders.push((segment, filled));
            }
            Found::Gone => (),
            Found::Other(reason) => {
                let failure = format!("Its relation {reason}.");
                notice::segment_stale(&segment.display(), &definition.name, &failure);
            }
        }
    }
    Ok(holders)
}

/// The relations of a model's segments, as far as they are there and still the segments'.
pub fn relations_of(definition: &Definition) -> Result<Vec<pg_sys::Oid>, Error> {
    let mut relations = Vec::new();
    for segment in catalog::segments_of(definition.id)? {
        if let Found::Ours(oid) = find(definition, &segment)? {
            relations.push(oid);
        }
    }
    Ok(relations)
}

/// The segments of a model whose relations are there and still the segments'.
pub fn found(definition: &Definition) -> Result<Vec<Segment>, Error> {
    let mut segments = catalog::segments_of(definition.id)?;
    let mut failed = None;
    segments.retain(|segment| match find(definition, segment) {
        Ok(found) => matches!(found, Found::Ours(_)),
        Err(error) => {
            failed = Some(error);
            false
        }
    });
    failed.map_or(Ok(segments), Err)
}

/// Says on the relation of a segment what its model is called now.
pub fn sign(segment: &Segment, model: &str, new_model: &str) -> Result<(), Error> {
    let name = qualified(&segment.schema, &segment.name);
    let query = "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class')";
    let comment = sql::row(query, &[name.as_str().into()], |row| {
        Ok(row.get::<String>(1)?)
    })?;
    let Some(comment) = comment.flatten() else {
        return Ok(());
    };
    let comment = comment.replace(&about(model), &about(new_model));
    sql::run(&format!(
        "COMMENT ON {} {name} IS {}",
        kind_sql(segment.live),
        literal(&comment)
    ))
}

/// Why a segment has no relation.
const GONE: &str = "does not exist any more";

/// What has the name of a segment.
enum Found {
    Ours(pg_sys::Oid),
    Gone,
    /// Something else; why completes a sentence about it.
    Other(&'static str),
}

/// Looks for the relation of a segment: by its name, and by what we know of it.
fn find(definition: &Definition, segment: &Segment) -> Result<Found, Error> {
    let Some(oid) = relation::find(&segment.schema, &segment.name) else {
        return Ok(Found::Gone);
    };
    let Some((kind, comment, may)) = relation::facts(oid, definition.owner_oid)? else {
        return Ok(Found::Gone);
    };
    if segment.live && kind != "v" {
        return Ok(Found::Other("is no view any more"));
    }
    if !segment.live && kind != "m" {
        return Ok(Found::Other("is no materialized view any more"));
    }
    let said = comment.is_some_and(|comment| comment.contains(&about(&definition.name)));
    let reads = match relation::find(&definition.scores_schema, &definition.scores_name) {
        Some(scores) => relation::reads(oid, scores)?,
        None => false,
    };
    Ok(match (said || reads, may) {
        (false, _) if segment.live => Found::Other("is another view now"),
        (false, _) => Found::Other("is another materialized view now"),
        (true, false) => Found::Other("belongs to another role"),
        (true, true) => Found::Ours(oid),
    })
}

/// What kind of relation a segment is.
pub fn kind_sql(live: bool) -> &'static str {
    if live { "VIEW" } else { "MATERIALIZED VIEW" }
}

/// Postgres itself runs the query of a materialized view in a security-restricted operation. A live segment reads with
/// the rights of its reader, whose row-level security holds.
pub fn create_sql(segment: &str, live: bool, query: &str) -> String {
    let options = if live { " WITH (security_invoker)" } else { "" };
    format!("CREATE {} {segment}{options} AS {query}", kind_sql(live))
}

/// The relation of a segment in SQL.
pub fn relation_sql(segment: &Segment) -> String {
    qualified(&segment.schema, &segment.name)
}

/// Splits `schema.name`. Both are plain, so that what a segment is called is what everybody types.
pub fn parse_name(segment: &str) -> Result<(String, String), Error> {
    let plain = |name: &str| {
        let mut letters = name.chars();
        let starts = letters
            .next()
            .is_some_and(|first| first == '_' || first.is_ascii_lowercase());
        let goes_on =
            |letter: char| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit();
        starts && letters.all(goes_on) && name.len() < 64
    };
    match segment.split_once('.') {
        Some((schema, name)) if plain(schema) && plain(name) => {
            Ok((schema.to_owned(), name.to_owned()))
        }
        _ => {
            let found = segment
                .chars()
                .take(60)
                .collect::<String>()
                .escape_debug()
                .to_string();
            Err(Error::SegmentName { found })
        }
    }
}

/// What the comment of a segment says of its model.
fn about(model: &str) -> String {
    format!("segment of customer_ai model {model}:")
}

/// A materialized view is a copy: whoever may read it sees every row of it.
pub fn comment(
    segment: &str,
    live: bool,
    model: &str,
    description: Option<&str>,
) -> Result<(), Error> {
    let description = description
        .map(|text| format!("{text}; "))
        .unwrap_or_default();
    let honour = if live {
        "a view with the rights of its reader"
    } else {
        "a copy that does not honour row-level security"
    };
    let text = format!("{description}{} {honour}", about(model));
    sql::run(&format!(
        "COMMENT ON {} {segment} IS {}",
        kind_sql(live),
        literal(&text)
    ))
}

pub fn count(segment: &str) -> Result<i64, Error> {
    let query = format!("SELECT pg_catalog.count(*) FROM {segment}");
    Spi::connect_mut(|client| {
        not_null(
            client
                .update(query.as_str(), None, &[])?
                .first()
                .get::<i64>(1)?,
        )
    })
}

/// The relation of a segment.
///
/// # Errors
/// 42P01 when it was dropped, renamed or replaced.
pub fn find_ours(definition: &Definition, segment: &Segment) -> Result<pg_sys::Oid, Error> {
    let gone = |reason| Error::SegmentGone {
        name: segment.display(),
        model: definition.name.clone(),
        reason,
    };
    match find(definition, segment)? {
        Found::Ours(oid) => Ok(oid),
        Found::Gone => Err(gone(GONE)),
        Found::Other(reason) => Err(gone(reason)),
    }
}

/// Refreshes a segment and returns its size. Readers are not blocked, unless its unique index was dropped: then it is
/// made again.
///
/// # Errors
/// 42P01 when its relation was dropped, renamed or replaced.
pub fn refresh(definition: &Definition, segment: &Segment) -> Result<i64, Error> {
    let name = relation_sql(segment);
    memory::remember(definition, segment, || {
        let oid = find_ours(definition, segment)?;
        if segment.live {
            return Ok(());
        }
        let (populated, keyed) = relation::readiness(oid)?;
        let concurrently = if populated && keyed {
            "CONCURRENTLY "
        } else {
            ""
        };
        sql::run(&format!("REFRESH MATERIALIZED VIEW {concurrently}{name}"))?;
        if !keyed && let Some(profile) = relation::first_column(oid)? {
            sql::run(&format!(
                "CREATE UNIQUE INDEX ON {name} ({})",
                quote(&profile)
            ))?;
            notice::segment_indexed(&segment.display());
        }
        Ok(())
    })
}
