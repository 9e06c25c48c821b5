//! Times of users as instants.

use crate::pg::relation::{Category, Column, literal, quote};

/// A column of type timestamptz, timestamp or date as a timestamptz, in SQL.
pub fn time_sql(alias: &str, column: &Column, zone: &str) -> String {
    let value = format!("{alias}.{}", quote(&column.name));
    if !matches!(column.category, Category::Timestamp | Category::Date) {
        return value;
    }
    format!(
        "pg_catalog.timezone({}, (CASE WHEN {value} OPERATOR(pg_catalog.>) '{LAST_DAY}' \
         AND {value} OPERATOR(pg_catalog.<) 'infinity' THEN '{LAST_DAY}' \
         WHEN {value} OPERATOR(pg_catalog.<) '{FIRST_DAY}' \
         AND {value} OPERATOR(pg_catalog.>) '-infinity' THEN '{FIRST_DAY}' ELSE {value} END)::pg_catalog.timestamp)",
        literal(zone)
    )
}

/// The first and last days whose midnights are instants in every time zone. Times before and after
/// them are taken as these: older than any history, later than any cutoff.
const FIRST_DAY: &str = "4713-01-01 BC";
const LAST_DAY: &str = "294276-12-30";
