//! One profile across all models.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::{self, Definition, args};
use crate::error::{Error, not_null};
use crate::pg::relation::{self, qualified, quote};
use crate::pg::sql;
use crate::pg::sqltype::{AnyValue, JsonbText};
use crate::store::scores::{ScoreRelation, profile_of};

/// model, kind, probability, score, percentile, bucket, factors, scored_at, run, version
type Row = (
    String,
    String,
    f64,
    i16,
    i16,
    String,
    JsonbText,
    TimestampWithTimeZone,
    i64,
    i32,
);

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn profile_scores(
    profile: Option<AnyValue>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(model, String),
            name!(kind, String),
            name!(probability, f64),
            name!(score, i16),
            name!(percentile, i16),
            name!(bucket, String),
            name!(factors, JsonbText),
            name!(scored_at, TimestampWithTimeZone),
            name!(run, i64),
            name!(version, i32),
        ),
    >,
    ErrorReport,
> {
    let profile = args::required("profile", profile)?.text();
    let mut rows = Vec::new();
    for name in catalog::mine()? {
        rows.extend(of_model(&catalog::load(&name)?, &profile)?);
    }
    Ok(TableIterator::new(rows))
}

/// The newest scores of the profile, if the model has any that the caller may read.
fn of_model(definition: &Definition, profile: &str) -> Result<Vec<Row>, Error> {
    let (schema, view) = (&definition.scores_schema, &definition.scores_name);
    let found = ScoreRelation::find(definition)?;
    let (Some(history), Some(oid)) = (found.table(), relation::find(schema, view)) else {
        return Ok(Vec::new());
    };
    let (column, _) = not_null(profile_of(history)?)?;
    let query = "SELECT pg_catalog.has_table_privilege($1, 'SELECT'), a.atttypid::pg_catalog.regtype::pg_catalog.text,
            CASE pg_catalog.format_type(a.atttypid, NULL) WHEN 'smallint' THEN 2 WHEN 'integer' THEN 4 WHEN 'bigint' THEN 8
                WHEN 'uuid' THEN 16 ELSE 0 END
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attname = $2::pg_catalog.name AND NOT a.attisdropped";
    let shape = sql::row(query, &[oid.into(), column.as_str().into()], |row| {
        let type_sql: String = not_null(row.get(2)?)?;
        let bytes: i32 = not_null(row.get(3)?)?;
        Ok((not_null::<bool>(row.get(1)?)?, type_sql, bytes))
    })?;
    let Some((true, type_sql, bytes)) = shape else {
        return Ok(Vec::new());
    };
    if !may_be(profile, bytes) {
        return Ok(Vec::new());
    }
    // A char(n) is compared as its history has it.
    let query = format!(
        "SELECT s.probability, s.score, s.percentile, s.bucket, s.factors::pg_catalog.text, s.scored_at, s.run, s.version \
         FROM {} s WHERE s.{} = $1::{type_sql}",
        qualified(schema, view),
        quote(&column),
    );
    sql::rows_once(&query, &[profile.into()], |row| {
        Ok((
            definition.name.clone(),
            definition.kind.name().to_owned(),
            not_null(row.get(1)?)?,
            not_null(row.get(2)?)?,
            not_null(row.get(3)?)?,
            not_null(row.get(4)?)?,
            JsonbText(not_null(row.get(5)?)?),
            not_null(row.get(6)?)?,
            not_null(row.get(7)?)?,
            not_null(row.get(8)?)?,
        ))
    })
}

/// Whether a text can be a key: an integer of this width in bytes, a uuid (16), or any text (0).
fn may_be(text: &str, bytes: i32) -> bool {
    let text = text.trim();
    match bytes {
        2 => text.parse::<i16>().is_ok(),
        4 => text.parse::<i32>().is_ok(),
        8 => text.parse::<i64>().is_ok(),
        16 => {
            let digits = text.chars().filter(char::is_ascii_hexdigit).count();
            let other = text
                .chars()
                .any(|letter| !letter.is_ascii_hexdigit() && !"-{}".contains(letter));
            digits == 32 && !other
        }
        _ => true,
    }
}
