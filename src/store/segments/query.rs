//! The query of a segment: what its condition sees, and who is taken of those who meet it.

use std::ffi::CStr;

use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, Limit};
use crate::error::Error;
use crate::pg::relation::{self, Relation, qualified, quote};
use crate::source;
use crate::source::condition::{self, CutoffName, Scope};
use crate::store::scores::ScoreRelation;

/// Columns of the score relation that a segment shows, behind the profile. Those of the run are left out: they change
/// with each scoring, and a refresh would rewrite every row.
pub const SHOWN: [&str; 5] = ["probability", "score", "percentile", "bucket", "factors"];

/// What the run before says of a profile, in conditions.
const PREVIOUS: [&str; 4] = ["probability", "score", "percentile", "bucket"];

/// What conditions of a model's segments see.
pub struct Sight {
    /// The column of the profile.
    pub key: String,
    scores: String,
    /// Where the run before is.
    history: Option<String>,
    /// Columns of profile sources, as items and joins of a query.
    items: String,
    joins: String,
    seen: Vec<String>,
    /// The segment that a condition is for, if it is there already.
    pub segment: Option<i64>,
}

impl Sight {
    /// # Errors
    /// 55000 before the first scoring.
    pub fn of(definition: &Definition) -> Result<Self, Error> {
        let held = relation::hold(&definition.scores_schema, &definition.scores_name);
        let Some(oid) = held.oid else {
            return Err(Error::NotScored {
                model: definition.name.clone(),
            });
        };
        let scores = Relation::open(oid, definition.owner_oid)?;
        let Some(key) = scores.columns.first().map(|column| quote(&column.name)) else {
            return Err(Error::UnknownRelation {
                relation: scores.display(),
            });
        };
        let mut sight = Self {
            key,
            scores: scores.sql(),
            history: ScoreRelation::find(definition)?
                .table()
                .map(|table| table.sql()),
            items: String::new(),
            joins: String::new(),
            seen: scores.names(),
            segment: None,
        };
        sight.add_profiles(definition)?;
        Ok(sight)
    }

    /// Of each profile source the row in force now.
    fn add_profiles(&mut self, definition: &Definition) -> Result<(), Error> {
        for (index, profiles) in source::open_profiles(definition)?.iter().enumerate() {
            let mut columns = Vec::new();
            for column in profiles.columns() {
                if !self.seen.contains(&column.name) {
                    self.seen.push(column.name.clone());
                    self.items
                        .push_str(&format!(", p{index}.{}", quote(&column.name)));
                    columns.push(format!("r.{}", quote(&column.name)));
                }
            }
            let valid_from = profiles.source.valid_from_column.as_ref();
            let newest = valid_from.map_or_else(String::new, |column| {
                let column = quote(column);
                format!(" AND r.{column} <= pg_catalog.now() ORDER BY r.{column} DESC")
            });
            self.joins.push_str(&format!(
                " LEFT JOIN LATERAL (SELECT {} FROM {} r WHERE r.{} = s.{}{newest} LIMIT 1) p{index} ON true",
                columns.join(", "),
                profiles.relation.sql(),
                quote(&profiles.source.profile_column),
                self.key,
            ));
        }
        Ok(())
    }

    /// The item of FROM, with the run before where a condition needs it.
    fn source_sql(&self, with_previous: bool) -> String {
        let (mut items, mut join) = (String::new(), String::new());
        if let Some(history) = self.history.as_ref().filter(|_| with_previous) {
            let unseen = PREVIOUS
                .iter()
                .filter(|name| !self.seen.contains(&previous(name)));
            items.extend(unseen.map(|name| format!(", b.{name} AS {}", previous(name))));
            join = format!(
                " LEFT JOIN {history} b ON b.{0} = s.{0} AND b.run = (SELECT pg_catalog.max(run) FROM {history} \
                 WHERE run < (SELECT pg_catalog.max(run) FROM {history}))",
                self.key
            );
        }
        format!(
            "(SELECT s.*{}{items} FROM {} s{}{join}) e",
            self.items, self.scores, self.joins
        )
    }

    /// Checks a condition, whose names are looked up in `path`, and returns what runs of it.
    pub fn define(
        &self,
        definition: &Definition,
        condition: &str,
        path: &CStr,
    ) -> Result<String, Error> {
        let from = self.source_sql(true);
        let scope = Scope {
            from: &from,
            cutoff: CutoffName::None,
            path,
        };
        let defined = as_owner(definition, || {
            condition::define_row("condition", condition, &scope)
        })?;
        self.with_members(definition, &defined.sql)?;
        Ok(defined.sql)
    }

    /// The query of a segment.
    pub fn query(
        &self,
        definition: &Definition,
        condition_sql: &str,
        limit: Limit,
    ) -> Result<String, Error> {
        let condition = self.with_members(definition, condition_sql)?;
        let from = self.source_sql(condition.contains("e.previous_"));
        let (key, shown) = (&self.key, SHOWN.join(", "));
        // The highest first; among equals whoever has the lower key, so that the same are taken every time.
        let order = format!("ORDER BY probability DESC, {key}");
        Ok(match limit {
            Limit::All => format!("SELECT {key}, {shown} FROM {from} WHERE ({condition}\n)"),
            Limit::Top(top) => {
                format!(
                    "SELECT {key}, {shown} FROM {from} WHERE ({condition}\n) {order} LIMIT {top}"
                )
            }
            Limit::Percent(percent) => format!(
                "SELECT {key}, {shown} FROM (SELECT {key}, {shown}, pg_catalog.row_number() OVER ({order}) AS place, \
                 pg_catalog.count(*) OVER () AS all_of FROM {from} WHERE ({condition}\n)) r \
                 WHERE place <= pg_catalog.ceil(all_of * {percent} / 100.0)"
            ),
        })
    }

    /// A condition with each call of in_segment replaced by the membership: as a call it would be one query per profile.
    fn with_members(&self, definition: &Definition, condition_sql: &str) -> Result<String, Error> {
        let (mut rest, mut sql) = (condition_sql, String::new());
        while let Some((before, after)) = rest.split_once(CALL) {
            let named = after
                .strip_prefix('\'')
                .and_then(|name| name.split_once("'::text)"));
            let Some((name, behind)) = named else {
                return Err(Error::Argument {
                    argument: "segment",
                    found: "an expression in in_segment".to_owned(),
                    required: "the name of a segment, written out".to_owned(),
                    hint: "Write for example customer_ai.in_segment('public.likely_buyers')."
                        .to_owned(),
                });
            };
            sql.push_str(before);
            sql.push_str(&self.membership(definition, name)?);
            rest = behind;
        }
        sql.push_str(rest);
        Ok(sql)
    }

    fn membership(&self, definition: &Definition, segment: &str) -> Result<String, Error> {
        let (schema, name) = super::parse_name(segment)?;
        let other = catalog::known_segment(&schema, &name)?;
        if self.segment == Some(other.id) {
            return Err(Error::Argument {
                argument: "condition",
                found: format!("in_segment('{}'), the segment itself", other.display()),
                required: "about other segments".to_owned(),
                hint: "Write the condition that it has into the new one.".to_owned(),
            });
        }
        let oid = relation::find(&other.schema, &other.name);
        let Some(key) = oid.map(relation::first_column).transpose()?.flatten() else {
            return Err(Error::UnknownRelation {
                relation: other.display(),
            });
        };
        // Keys of another model may be of another type.
        let cast = if other.model == definition.name {
            ""
        } else {
            "::pg_catalog.text"
        };
        Ok(format!(
            "e.{}{cast} IN (SELECT i.{}{cast} FROM {} i)",
            self.key,
            quote(&key),
            qualified(&other.schema, &other.name)
        ))
    }
}

/// How a call of in_segment is kept.
const CALL: &str = "customer_ai.in_segment(";

/// What a column of the run before is called.
fn previous(column: &str) -> String {
    format!("previous_{column}")
}
