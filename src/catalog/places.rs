//! Notes where everything of a model is, and whose it is.

use pgrx::pg_sys;

use super::{not_null, sql};
use crate::catalog::place::{self, Names};
use crate::error::Error;
use crate::pg::relation;

/// A relation as the catalog keeps it.
struct Kept {
    id: i64,
    names: Names,
    oid: Option<pg_sys::Oid>,
    schema: Option<pg_sys::Oid>,
}

/// Relations of a model in one table of the catalog: what reads them, and what writes where they are.
const PARTS: [(&str, &str); 3] = [
    (
        "SELECT id, schema_name::text, relation_name::text, relation_oid, NULL::oid, place
        FROM customer_ai.event_source WHERE model_id = $1",
        "UPDATE customer_ai.event_source SET schema_name = $2::name, relation_name = $3::name, relation_oid = $4, place = $5
        WHERE id = $1 AND (schema_name, relation_name, relation_oid, place) IS DISTINCT FROM ($2::name, $3::name, $4, $5)",
    ),
    (
        "SELECT id, schema_name::text, relation_name::text, relation_oid, NULL::oid, place
        FROM customer_ai.profile_source WHERE model_id = $1",
        "UPDATE customer_ai.profile_source SET schema_name = $2::name, relation_name = $3::name, relation_oid = $4, place = $5
        WHERE id = $1 AND (schema_name, relation_name, relation_oid, place) IS DISTINCT FROM ($2::name, $3::name, $4, $5)",
    ),
    (
        "SELECT id, schema_name::text, segment_name::text, relation_oid, NULL::oid, place
        FROM customer_ai.segment WHERE model_id = $1",
        "UPDATE customer_ai.segment SET schema_name = $2::name, segment_name = $3::name, relation_oid = $4, place = $5
        WHERE id = $1 AND (schema_name, segment_name, relation_oid, place) IS DISTINCT FROM ($2::name, $3::name, $4, $5)
            AND NOT EXISTS (SELECT FROM customer_ai.segment s
                WHERE s.id <> $1 AND s.schema_name = $2::name AND s.segment_name = $3::name)",
    ),
];

/// Notes the names and OIDs that the relations of a model have now, and its owner. The model must be locked.
pub fn remember(model_id: i64, owner: pg_sys::Oid) -> Result<(), Error> {
    let here = place::here();
    for (read, write) in PARTS {
        for kept in sql::rows(read, &[model_id.into()], |row| kept(&row))? {
            let (schema, name) = place::follow(kept.names, kept.oid, None);
            // What is gone stays noted as it was.
            if let Some(oid) = relation::find(&schema, &name) {
                let arguments = [
                    kept.id.into(),
                    schema.into(),
                    name.into(),
                    oid.into(),
                    here.as_str().into(),
                ];
                sql::run(write, &arguments)?;
            }
        }
    }
    remember_scores(model_id, owner, &here)?;
    super::owners::remember(model_id, owner)
}

fn remember_scores(model_id: i64, owner: pg_sys::Oid, here: &str) -> Result<(), Error> {
    let read =
        "SELECT id, scores_schema::text, scores_name::text, scores_oid, scores_schema_oid, place
        FROM customer_ai.model WHERE id = $1";
    let Some(kept) = sql::row(read, &[model_id.into()], |row| kept(&row))? else {
        return Ok(());
    };
    let known = kept.oid;
    let (schema, name) = place::follow(kept.names, kept.oid, kept.schema);
    // Only what the owner has can be the scores of the model; once noted it stays so, whoever it is given to.
    let oid = relation::find(&schema, &name)
        .filter(|&oid| known == Some(oid) || relation_owner(oid) == owner);
    let write = "UPDATE customer_ai.model SET scores_schema = $2::name, scores_name = $3::name, scores_oid = $4,
            scores_schema_oid = $5, owner_oid = $6, place = $7
        WHERE id = $1 AND (scores_schema, scores_name, scores_oid, scores_schema_oid, owner_oid, place)
                IS DISTINCT FROM ($2::name, $3::name, $4, $5, $6, $7)
            AND NOT EXISTS (SELECT FROM customer_ai.model s
                WHERE s.id <> $1 AND s.scores_schema = $2::name AND s.scores_name = $3::name)";
    let schema_oid = place::schema_oid(&schema);
    let arguments = [
        model_id.into(),
        schema.into(),
        name.into(),
        oid.or(known).into(),
        schema_oid.into(),
        owner.into(),
        here.into(),
    ];
    sql::run(write, &arguments)
}

/// Who has the scores of a model, as far as it is known which they are.
pub fn scores_owner(model_id: i64) -> Result<Option<pg_sys::Oid>, Error> {
    let query = "SELECT scores_oid, place FROM customer_ai.model WHERE id = $1";
    let oid = sql::row(query, &[model_id.into()], |row| {
        let place: Option<String> = row.get(2)?;
        Ok(place::noted(row.get(1)?, place.as_deref()))
    })?;
    let owner = oid.flatten().map(relation_owner);
    Ok(owner.filter(|&owner| owner != pg_sys::InvalidOid))
}

/// The owner of a relation.
fn relation_owner(oid: pg_sys::Oid) -> pg_sys::Oid {
    let (cache, column) = (
        pg_sys::SysCacheIdentifier::RELOID,
        pg_sys::Anum_pg_class_relowner,
    );
    let none = pg_sys::Datum::null();
    // SAFETY: a look-up in the catalog by OID.
    unsafe { pg_sys::GetSysCacheOid(cache as i32, column as i16, oid.into(), none, none, none) }
}

fn kept(row: &pgrx::spi::SpiHeapTupleData) -> Result<Kept, Error> {
    let place: Option<String> = row.get(6)?;
    Ok(Kept {
        id: not_null(row.get(1)?)?,
        names: (not_null(row.get(2)?)?, not_null(row.get(3)?)?),
        oid: place::noted(row.get(4)?, place.as_deref()),
        schema: place::noted(row.get(5)?, place.as_deref()),
    })
}
