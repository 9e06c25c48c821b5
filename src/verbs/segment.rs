//! Segments: the profiles of the newest run that meet a condition, as a materialized view of the model's owner.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::Figures;

use crate::catalog::args::required;
use crate::catalog::held;
use crate::catalog::judged;
use crate::catalog::owner::{as_owner, ddl_as_owner, defining};
use crate::catalog::{self, Definition, Segment, Turn};
use crate::error::Error;
use crate::pg::attempt::attempt;
use crate::pg::relation::{self, Relation, literal, qualified, quote};
use crate::pg::sql;
use crate::source;
use crate::source::condition::{self, CutoffName, Scope};
use crate::verbs::notice;
use crate::verbs::score::{cascade, names};

/// Columns of the score relation that a segment shows, behind the profile. Those of the run are left out: they change
/// with each scoring, and a refresh would rewrite every row.
const SHOWN: [&str; 5] = ["probability", "score", "percentile", "bucket", "factors"];

/// Without a SET clause, which would hide the caller's search_path: it is pinned within.
#[pg_extern(volatile, parallel_unsafe)]
fn create_segment(
    segment: Option<&str>,
    model: Option<&str>,
    condition: Option<&str>,
    description: default!(Option<&str>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.create_segment()");
    let segment = required("segment", segment)?;
    let model = required("model", model)?;
    let condition = required("condition", condition)?;
    Ok(defining(|path| {
        create(segment, model, condition, description, path)
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_segment(segment: Option<&str>) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.refresh_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let segment = catalog::lock_segment(&schema, &name)?;
    let definition = catalog::load(&segment.model)?;
    let profiles = refresh(&definition, &segment)?;
    catalog::remember(definition.id, definition.owner_oid)?;
    Ok(profiles)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_segment(segment: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.drop_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let segment = catalog::lock_segment(&schema, &name)?;
    let definition = catalog::load(&segment.model)?;
    ddl_as_owner(definition.owner_oid, || {
        drop_relation(&definition, &segment, false)
    })?;
    catalog::delete_segment(segment.id)?;
    Ok(format!("{schema}.{name}"))
}

/// Drops the relation of a segment, if nobody did, and if it is still the segment's.
pub fn drop_relation(definition: &Definition, segment: &Segment, force: bool) -> Result<(), Error> {
    match find(definition, segment)? {
        Found::Ours(_) => sql::run(&format!(
            "DROP MATERIALIZED VIEW {}{}",
            qualified(&segment.schema, &segment.name),
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
/// nothing else.
pub fn refresh_all(definition: &Definition) -> Result<(), Error> {
    for segment in catalog::segments_of(definition.id)? {
        let failure = match find(definition, &segment)? {
            Found::Ours(_) => match attempt(|| refresh(definition, &segment)) {
                Ok(_) => continue,
                Err(failure) => format!("Found: {}", failure.text),
            },
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
            Found::Ours(oid) => holders.push((segment, relation::readiness(oid)?.0)),
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
        "COMMENT ON MATERIALIZED VIEW {name} IS {}",
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
    if kind != "m" {
        return Ok(Found::Other("is no materialized view any more"));
    }
    let said = comment.is_some_and(|comment| comment.contains(&about(&definition.name)));
    let reads = match relation::find(&definition.scores_schema, &definition.scores_name) {
        Some(scores) => relation::reads(oid, scores)?,
        None => false,
    };
    Ok(match (said || reads, may) {
        (false, _) => Found::Other("is another materialized view now"),
        (true, false) => Found::Other("belongs to another role"),
        (true, true) => Found::Ours(oid),
    })
}

fn create(
    segment: &str,
    model: &str,
    condition: &str,
    description: Option<&str>,
    path: &CStr,
) -> Result<String, Error> {
    let (schema, name) = parse_name(segment)?;
    held::for_writing(model, Turn::Scores, |definition| {
        create_from(definition, (schema, name), condition, description, path)
    })
}

fn create_from(
    definition: &Definition,
    (schema, name): (String, String),
    condition: &str,
    description: Option<&str>,
    path: &CStr,
) -> Result<String, Error> {
    if names::found(&schema, &name)?.is_some() {
        return Err(Error::SegmentExists {
            name: format!("{schema}.{name}"),
        });
    }
    // Somebody dropped its relation: it is made again.
    if let Some(gone) = catalog::find_segment(&schema, &name)? {
        catalog::delete_segment(gone.id)?;
    }
    let scores = scores(definition)?;
    let from = from_sql(definition, &scores)?;
    let scope = Scope {
        from: &from,
        cutoff: CutoffName::None,
        path,
    };
    let defined = as_owner(definition, || {
        condition::define_row("condition", condition, &scope)
    })?;
    let profiles = ddl_as_owner(definition.owner_oid, || {
        create_relation((&schema, &name), &scores, &from, &defined.sql)?;
        comment((&schema, &name), &definition.name, description)?;
        count(&qualified(&schema, &name))
    })?;
    catalog::insert_segment(
        definition.id,
        (&schema, &name),
        condition,
        description,
        profiles,
    )?;
    catalog::remember(definition.id, definition.owner_oid)?;
    say_if_none_high(definition, condition, profiles)?;
    Ok(format!("{schema}.{name}"))
}

/// Says why a segment of the bucket high is empty, if it is because nobody is in that bucket.
fn say_if_none_high(definition: &Definition, condition: &str, profiles: i64) -> Result<(), Error> {
    if profiles > 0 || !condition.to_lowercase().contains("'high'") {
        return Ok(());
    }
    if let Some(run) = judged::scored(definition.id, None)?
        && let [_, _, 0] = run.buckets
        && let Ok(figures) = serde_json::from_str::<Figures>(&run.figures)
    {
        notice::none_high(definition, figures.top_tenth_from());
    }
    Ok(())
}

/// Splits `schema.name`. Both are plain, so that what a segment is called is what everybody types.
fn parse_name(segment: &str) -> Result<(String, String), Error> {
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

/// The score relation.
///
/// # Errors
/// 55000 before the first scoring.
fn scores(definition: &Definition) -> Result<Relation, Error> {
    match relation::hold(&definition.scores_schema, &definition.scores_name).oid {
        Some(oid) => Relation::open(oid, definition.owner_oid),
        None => Err(Error::NotScored {
            model: definition.name.clone(),
        }),
    }
}

/// What a condition sees: the score relation, and of each profile source the row in force now.
fn from_sql(definition: &Definition, scores: &Relation) -> Result<String, Error> {
    let key = scores
        .columns
        .first()
        .map(|column| quote(&column.name))
        .unwrap_or_default();
    let mut seen: Vec<String> = scores
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let (mut items, mut joins) = (vec!["s.*".to_owned()], String::new());
    for (index, profiles) in source::open_profiles(definition)?.iter().enumerate() {
        let mut columns = Vec::new();
        for column in profiles.columns() {
            if !seen.contains(&column.name) {
                seen.push(column.name.clone());
                items.push(format!("p{index}.{}", quote(&column.name)));
                columns.push(format!("r.{}", quote(&column.name)));
            }
        }
        let newest =
            profiles
                .source
                .valid_from_column
                .as_ref()
                .map_or_else(String::new, |column| {
                    let column = quote(column);
                    format!(" AND r.{column} <= pg_catalog.now() ORDER BY r.{column} DESC")
                });
        joins.push_str(&format!(
            " LEFT JOIN LATERAL (SELECT {} FROM {} r WHERE r.{} = s.{key}{newest} LIMIT 1) p{index} ON true",
            columns.join(", "),
            profiles.relation.sql(),
            quote(&profiles.source.profile_column),
        ));
    }
    Ok(format!(
        "(SELECT {} FROM {} s{joins}) e",
        items.join(", "),
        scores.sql()
    ))
}

/// Postgres itself runs the query of a materialized view in a security-restricted operation.
fn create_relation(
    (schema, name): (&str, &str),
    scores: &Relation,
    from: &str,
    condition: &str,
) -> Result<(), Error> {
    let Some(profile) = scores.columns.first().map(|column| quote(&column.name)) else {
        return Err(Error::UnknownRelation {
            relation: scores.display(),
        });
    };
    let segment = qualified(schema, name);
    Spi::run(&format!(
        "CREATE MATERIALIZED VIEW {segment} AS SELECT {profile}, {} FROM {from} WHERE ({condition}\n)",
        SHOWN.join(", ")
    ))?;
    Ok(Spi::run(&format!(
        "CREATE UNIQUE INDEX ON {segment} ({profile})"
    ))?)
}

/// What the comment of a segment says of its model.
fn about(model: &str) -> String {
    format!("segment of customer_ai model {model}:")
}

/// A materialized view is a copy: whoever may read it sees every row of it.
fn comment(
    (schema, name): (&str, &str),
    model: &str,
    description: Option<&str>,
) -> Result<(), Error> {
    let description = description
        .map(|text| format!("{text}; "))
        .unwrap_or_default();
    let text = format!(
        "{description}{} a copy that does not honour row-level security",
        about(model)
    );
    let segment = qualified(schema, name);
    Ok(Spi::run(&format!(
        "COMMENT ON MATERIALIZED VIEW {segment} IS {}",
        literal(&text)
    ))?)
}

fn count(segment: &str) -> Result<i64, Error> {
    let query = format!("SELECT pg_catalog.count(*) FROM {segment}");
    let profiles = Spi::connect(|client| {
        client
            .select(query.as_str(), Some(1), &[])?
            .first()
            .get_one::<i64>()
    })?;
    Ok(profiles.unwrap_or(0))
}

/// Refreshes a segment and returns its size. Readers are not blocked, unless its unique index was dropped: then it is
/// made again.
///
/// # Errors
/// 42P01 when its relation was dropped, renamed or replaced.
pub fn refresh(definition: &Definition, segment: &Segment) -> Result<i64, Error> {
    let name = qualified(&segment.schema, &segment.name);
    let gone = |reason| Error::SegmentGone {
        name: segment.display(),
        model: definition.name.clone(),
        reason,
    };
    let profiles = ddl_as_owner(definition.owner_oid, || {
        let oid = match find(definition, segment)? {
            Found::Ours(oid) => oid,
            Found::Gone => return Err(gone(GONE)),
            Found::Other(reason) => return Err(gone(reason)),
        };
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
        count(&name)
    })?;
    catalog::set_refreshed(segment.id, profiles)?;
    Ok(profiles)
}
