//! What a version is beside its bytes, to be read for a move and written after one.

use propensity::judge::Distribution;
use serde::{Deserialize, Serialize};

use super::{not_null, sql};
use crate::error::Error;

/// A version as it travels. Instants are microseconds since 1970, bytes hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedVersion {
    pub label: Option<String>,
    pub algorithm: String,
    pub trained_at: i64,
    pub as_of: i64,
    pub cutoffs: Vec<i64>,
    pub rows: i64,
    pub positives: i64,
    pub auc: Option<f64>,
    pub auc_low: Option<f64>,
    pub auc_high: Option<f64>,
    pub report: serde_json::Map<String, serde_json::Value>,
    pub document: String,
    /// The held-out rows that it was judged on, if they were kept.
    pub judgement: Option<String>,
    /// Parts of the definition that it was not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<String>,
    /// Scores and values of factors that it learned from, in bins, if they were kept.
    #[serde(default)]
    pub distribution: Option<Distribution>,
}

/// The active version of a model, if there is one. Only reads.
pub fn moved_version(model_id: i64) -> Result<Option<MovedVersion>, Error> {
    let query = "SELECT v.label, v.algorithm, (extract(epoch FROM v.trained_at) * 1000000)::bigint,
            (extract(epoch FROM v.as_of) * 1000000)::bigint,
            (SELECT array_agg((extract(epoch FROM c) * 1000000)::bigint ORDER BY c) FROM unnest(v.cutoffs) c),
            v.rows, v.positives, v.auc, v.auc_low, v.auc_high, v.report::text, encode(v.document, 'hex'), encode(v.judgement, 'hex'),
            (SELECT array_agg(n.name ORDER BY n.name) FROM jsonb_object_keys(d.definition) n (name)
                WHERE v.definition ? n.name AND v.definition -> n.name <> d.definition -> n.name),
            v.distribution::text
        FROM customer_ai.model m
        JOIN customer_ai_internal.definition d ON d.model_id = m.id
        JOIN customer_ai.version v ON v.model_id = m.id AND v.number = m.active_version AND v.owner = m.owner
        WHERE m.id = $1";
    sql::row(query, &[model_id.into()], |row| {
        let report: String = not_null(row.get(11)?)?;
        Ok(MovedVersion {
            label: row.get(1)?,
            algorithm: not_null(row.get(2)?)?,
            trained_at: not_null(row.get(3)?)?,
            as_of: not_null(row.get(4)?)?,
            cutoffs: row.get(5)?.unwrap_or_default(),
            rows: not_null(row.get(6)?)?,
            positives: not_null(row.get(7)?)?,
            auc: row.get(8)?,
            auc_low: row.get(9)?,
            auc_high: row.get(10)?,
            report: serde_json::from_str(&report)
                .map_err(|_| Error::Internal("a report is no JSON object"))?,
            document: not_null(row.get(12)?)?,
            judgement: row.get(13)?,
            altered: row.get(14)?.unwrap_or_default(),
            distribution: row
                .get::<String>(15)?
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|_| Error::Internal("a distribution is no JSON"))?,
        })
    })
}

/// Writes a version that was moved here as the first one of a model, and makes it active. The bytes and the
/// distribution were checked. Of what it was
/// not trained on nothing is known here but that it was something else.
pub fn insert_moved(
    model_id: i64,
    format: i32,
    moved: &MovedVersion,
    distribution: Option<&Distribution>,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.version (model_id, number, label, format, algorithm, trained_at, as_of, cutoffs, rows,
            positives, auc, auc_low, auc_high, report, document, judgement, distribution, definition)
        SELECT $1, 1, $2, $3, $4, timestamptz 'epoch' + $5 * interval '1 microsecond',
            timestamptz 'epoch' + $6 * interval '1 microsecond',
            coalesce((SELECT array_agg(timestamptz 'epoch' + c * interval '1 microsecond' ORDER BY c) FROM unnest($7::bigint[]) c), '{}'),
            $8, $9, $10, $11, $12, $13::jsonb, decode($14, 'hex'), decode($15, 'hex'), $17::jsonb,
            (SELECT d.definition || coalesce((SELECT jsonb_object_agg(a, NULL) FROM unnest($16::text[]) a), '{}')
                FROM customer_ai_internal.definition d WHERE d.model_id = $1)";
    let report = serde_json::Value::Object(moved.report.clone()).to_string();
    let distribution = distribution.map(super::json).transpose()?;
    let arguments = [
        model_id.into(),
        moved.label.as_deref().into(),
        format.into(),
        moved.algorithm.as_str().into(),
        moved.trained_at.into(),
        moved.as_of.into(),
        moved.cutoffs.clone().into(),
        moved.rows.into(),
        moved.positives.into(),
        moved.auc.into(),
        moved.auc_low.into(),
        moved.auc_high.into(),
        report.into(),
        moved.document.as_str().into(),
        moved.judgement.as_deref().into(),
        moved.altered.clone().into(),
        distribution.into(),
    ];
    sql::run(query, &arguments)?;
    super::set_active(model_id, 1)
}

/// Deletes the first event source of a model, which others take the place of.
pub fn delete_first_events(model_id: i64) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.event_source WHERE model_id = $1 AND position = 1";
    sql::run(query, &[model_id.into()])
}

/// Says what the events of a source are called: as where it comes from.
pub fn set_source_label(model_id: i64, position: i32, label: &str) -> Result<(), Error> {
    let query = "UPDATE customer_ai.event_source SET label = $3::name WHERE model_id = $1 AND position = $2";
    sql::run(query, &[model_id.into(), position.into(), label.into()])
}
