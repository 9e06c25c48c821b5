//! Times of users as instants.

use crate::pg::relation::{Category, Column, literal, quote};

/// A column of type timestamptz, timestamp or date as a timestamptz, in SQL.
pub fn time_sql(alias: &str, column: &Column, zone: &str) -> String {
    let value = format!("{alias}.{}", quote(&column.name));
    if !matches!(column.category, Category::Timestamp | Category::Date) {
        return value;
    }
    let (first, last) = (FIRST_DAY.text, LAST_DAY.text);
    format!(
        "pg_catalog.timezone({}, (CASE WHEN {value} OPERATOR(pg_catalog.>) '{last}' \
         AND {value} OPERATOR(pg_catalog.<) 'infinity' THEN '{last}' \
         WHEN {value} OPERATOR(pg_catalog.<) '{first}' \
         AND {value} OPERATOR(pg_catalog.>) '-infinity' THEN '{first}' ELSE {value} END)::pg_catalog.timestamp)",
        literal(zone)
    )
}

/// A day as text, and in days since 2000-01-01.
pub struct Day {
    text: &'static str,
    pub number: i64,
}

/// The first and last days whose midnights are instants in every time zone. Times before and after
/// them are taken as these: older than any history, later than any cutoff.
pub const FIRST_DAY: Day = Day {
    text: "4713-01-01 BC",
    number: -2_451_507,
};
pub const LAST_DAY: Day = Day {
    text: "294276-12-30",
    number: 106_751_981,
};
