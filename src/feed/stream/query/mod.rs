//! Composes the SELECTs that the stream reads: which columns, in which order, read how.
//!
//! Advice: the order of columns here is what `intake.rs` reads.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::schema::ColumnNames;
use propensity::time::Micros;

mod attributes;

use super::intake::{Rows, columns};
use super::key::Key;
use super::learned::Places;
use super::suppose::Supposed;
use crate::catalog::Condition;
use crate::catalog::Definition;
use crate::catalog::notice;
use crate::error::Error;
use crate::pg::datum::{BytesKind, Number};
use crate::pg::execute::Param;
use crate::pg::timestamp;
use crate::row::{ATTRIBUTES, Attributes};
use crate::source::condition::Parts;
use crate::source::{self, Events, Names};
use attributes::{
    Ambiguous, Attribute, ProfileQuery, choose, column_names, event_attributes, profile_query,
};

/// Columns of an event before its attributes: its profile, and those that all events have.
const EVENT_COLUMNS: usize = 1 + ATTRIBUTES;
/// Event types told apart when there are too many of them.
const TYPES: usize = 1000;

/// The queries of a model.
pub struct Query {
    pub key: Key,
    pub names: ColumnNames,
    pub own: Names,
    pub from: String,
    /// The same of the profile that `$1`, a text, is.
    of_profile: String,
    /// What `from` is made of.
    sources: Vec<Events>,
    zone: String,
    /// Whether an event is a goal, makes eligible, excludes.
    flags: [String; 3],
    numbers: Vec<Attribute<Number>>,
    codes: Vec<Attribute<BytesKind>>,
    attributes: Option<ProfileQuery>,
}

impl Query {
    /// Looks up the columns of the model's relations in the catalog and composes its queries, for
    /// all usable attributes or for those that a version was trained on.
    pub fn compose(definition: &Definition, names: Option<&ColumnNames>) -> Result<Self, Error> {
        let sources = source::open_events(definition)?;
        let first = sources[0]
            .relation
            .column(&sources[0].source.profile_column)?;
        for Events {
            relation, source, ..
        } in &sources
        {
            let column = relation.column(&source.profile_column)?;
            source::check_profile(relation, column, first)?;
        }
        let key = Key::of_column(first)?;
        let from = source::events_sql(&sources, None);
        let of_profile = source::events_sql(&sources, Some("$1"));
        let conditions = [
            Some(&definition.goal),
            definition.eligible.as_ref(),
            definition.exclude.as_ref(),
        ];
        let profiles = source::open_profiles(definition)?.into_iter().next();
        let places = Places {
            definition,
            events: &sources,
            profiles: profiles.as_ref().map(|profiles| &profiles.relation),
        };
        if let Some(names) = names {
            places.check(names)?;
        }
        let candidates = event_attributes(definition, &sources)?;
        let of_events = names.map(|names| (names.numbers.as_slice(), names.codes.as_slice()));
        let (numbers, codes) = choose(definition, candidates, of_events)?;
        let attributes = profile_query(definition, profiles.as_ref(), first, names)?;
        let mut names = column_names(&numbers, &codes, attributes.as_ref(), &definition.options);
        names.types = places.types(&names)?;
        Ok(Self {
            key,
            names,
            own: Names::of(&sources),
            from,
            of_profile,
            zone: definition.time_zone.clone(),
            flags: conditions.map(per_event),
            numbers,
            codes,
            attributes,
            sources,
        })
    }

    /// Says of which sources all events are read to answer about one profile.
    pub fn tell_without_index(&self, definition: &Definition) -> Result<(), Error> {
        for events in &self.sources {
            let (relation, source) = (&events.relation, &events.source);
            if relation.reads_all_for(&source.profile_column)? {
                let columns = [&source.profile_column, &source.time_column];
                notice::without_index(&definition.name, relation, columns);
            }
        }
        Ok(())
    }

    /// Reads events that are supposed after an instant.
    pub fn suppose(&self, text: &str, as_of: Micros) -> Result<Supposed, Error> {
        Supposed::parse(text, &self.sources, as_of)
    }

    /// The query of a profile's events with those that are supposed, and its parameters.
    pub fn supposed_events(
        &self,
        supposed: &Supposed,
        profile: &str,
    ) -> Result<(String, Vec<Param>, Rows), Error> {
        let real = source::stream_sql(&self.sources, Some("$1"));
        let stream = supposed.stream_sql(&self.sources, &real, &self.key.cast, &self.zone);
        let from = source::with_definitions(stream, &self.sources, Some(&self.own));
        let sql = format!("SELECT {} FROM {from}", self.event_columns());
        let mut params = self.profile_param(Some(profile));
        params.extend(supposed.params()?);
        Ok((sql, params, self.event_rows(supposed.until)))
    }

    /// The event sources, opened.
    pub fn sources(&self) -> &[Events] {
        &self.sources
    }

    /// How records are laid out.
    pub fn layout(&self) -> Layout {
        let of_profiles =
            |count: fn(&ProfileQuery) -> usize| self.attributes.as_ref().map_or(0, count);
        Layout {
            key: match self.key.kind {
                BytesKind::Int2 | BytesKind::Int4 | BytesKind::Int8 => KeyWidth::Fixed(8),
                BytesKind::Uuid => KeyWidth::Fixed(16),
                BytesKind::Varlena => KeyWidth::Variable,
            },
            numbers: self.numbers.len(),
            codes: self.codes.len(),
            profile_numbers: of_profiles(|query| query.numbers.len()),
            profile_codes: of_profiles(|query| query.codes.len()),
        }
    }

    /// Empty dictionaries for the text columns.
    pub fn dictionaries(&self) -> Dictionaries {
        let some = |count: usize| (0..count).map(|_| Dictionary::default()).collect();
        Dictionaries {
            kinds: Dictionary::default(),
            events: some(self.codes.len()),
            profiles: some(
                self.attributes
                    .as_ref()
                    .map_or(0, |query| query.codes.len()),
            ),
        }
    }

    /// The query of the events; with `of_profile`, `$1` is the profile as text.
    pub fn events(&self, until: Micros, of_profile: bool) -> (String, Rows) {
        let from = if of_profile {
            &self.of_profile
        } else {
            &self.from
        };
        let sql = format!("SELECT {} FROM {from}", self.event_columns());
        (sql, self.event_rows(until))
    }

    /// The query of all events whose rows go to an aggregate, its job being `$1`; none if there are
    /// more columns than a function takes.
    pub fn parallel_events(&self, until: Micros) -> Option<(String, Rows)> {
        let columns = self.event_columns();
        let sql = format!(
            "SELECT customer_ai_internal.rows($1, {columns}) FROM {}",
            self.from
        );
        let count = EVENT_COLUMNS + self.numbers.len() + self.codes.len();
        let room = pg_sys::FUNC_MAX_ARGS as usize - 2;
        (count <= room).then(|| (sql, self.event_rows(until)))
    }

    fn event_columns(&self) -> String {
        let [goal, eligible, excluded] = &self.flags;
        let Names {
            profile,
            time,
            kind,
            ..
        } = &self.own;
        let mut sql = format!("e.{profile}, e.{time}, e.{kind}, {goal}, {eligible}, {excluded}");
        push_columns(&mut sql, &self.numbers, &self.codes);
        sql
    }

    fn event_rows(&self, until: Micros) -> Rows {
        let Attributes { numbers, texts } = kinds(&self.numbers, &self.codes);
        Rows::Events {
            columns: columns(numbers, texts),
            until,
        }
    }

    /// The query of the most frequent event types.
    pub fn types(&self, until: Micros) -> (String, Vec<Param>) {
        let Names {
            profile,
            time,
            kind,
            ..
        } = &self.own;
        let sql = format!(
            "SELECT t.kind FROM (SELECT e.{kind} COLLATE pg_catalog.\"C\" AS kind FROM {} \
             WHERE e.{kind} IS NOT NULL AND e.{profile} IS NOT NULL AND e.{time} <= $1) t \
             GROUP BY t.kind ORDER BY pg_catalog.count(*) DESC, t.kind LIMIT {TYPES}",
            self.from
        );
        let until = timestamp::from_micros(until).into_datum();
        (sql, vec![(pg_sys::TIMESTAMPTZOID, until)])
    }

    /// Where a profile may have two rows of attributes.
    pub fn ambiguous(&self) -> Option<&Ambiguous> {
        self.attributes.as_ref()?.ambiguous.as_ref()
    }

    /// The query of the profile attributes, if there are any.
    pub fn attributes(&self, of_profile: bool) -> Option<(String, Rows)> {
        let query = self.attributes.as_ref()?;
        let mut sql = format!("SELECT {}, {}", query.profile, query.valid_from);
        push_columns(&mut sql, &query.numbers, &query.codes);
        sql.push_str(&format!(" FROM {} e", query.from));
        if of_profile {
            sql.push_str(&format!(" WHERE {}", query.is_profile));
        }
        let attributes = kinds(&query.numbers, &query.codes);
        Some((sql, Rows::Attributes(attributes)))
    }

    /// The profiles for which a condition with aggregates is not `unless` in a window: `$1` the cutoffs, `$2` the first
    /// instants of their windows and `$3` those after their ends, all going up; with `sampled`, of the profiles whose
    /// place is up to `$4`.
    ///
    /// An event lies in the windows from the first that has not ended to the last that has begun. So each row comes
    /// once for each of its windows, and is not compared with all.
    pub fn aggregate(&self, condition: &str, unless: bool, sampled: bool) -> String {
        let profile = &self.own.profile;
        let windows = self.windows(&self.of_sample(sampled));
        let not = if unless { "NOT " } else { "" };
        format!(
            "SELECT e.{profile}, c.cutoff FROM {windows} \
             GROUP BY e.{profile}, c.cutoff HAVING ({condition}\n) IS {not}TRUE"
        )
    }

    /// The events as items of FROM called `e`, each once for each of its windows, whose cutoff is in `c`.
    fn windows(&self, filter: &str) -> String {
        let Names {
            profile,
            time,
            window,
            ..
        } = &self.own;
        format!(
            "(SELECT e.*, pg_catalog.generate_series(\
             pg_catalog.width_bucket(e.{time}, $3) + 1, pg_catalog.width_bucket(e.{time}, $2)) AS {window} \
             FROM {} WHERE e.{profile} IS NOT NULL AND e.{time} > '-infinity'{filter}) e \
             CROSS JOIN LATERAL (SELECT ($1)[e.{window}] AS cutoff) c",
            self.from
        )
    }

    /// A further condition that keeps the profiles whose place is up to `$4`, if there is a sample.
    fn of_sample(&self, sampled: bool) -> String {
        let profile = &self.own.profile;
        if sampled {
            format!(" AND customer_ai_internal.sample_place(e.{profile}) <= $4")
        } else {
            String::new()
        }
    }

    /// What the aggregates of a condition read of each event that lies in one of the windows, behind its profile and time; or
    /// once for each of its windows, behind its profile and the cutoff. The parameters are those of [`Query::aggregate`].
    pub fn inputs(&self, parts: &Parts, sampled: bool) -> String {
        let Names { profile, time, .. } = &self.own;
        let filter = self.of_sample(sampled);
        let numbers = parts.numbers.iter().map(|input| &input.sql);
        let texts = parts.texts.iter().map(|input| &input.sql);
        let inputs: String = numbers.chain(texts).map(|sql| format!(", {sql}")).collect();
        if parts.within {
            let windows = self.windows(&filter);
            return format!("SELECT e.{profile}, c.cutoff{inputs} FROM {windows}");
        }
        format!(
            "SELECT e.{profile}, e.{time}{inputs} FROM {} WHERE e.{profile} IS NOT NULL AND e.{time} > '-infinity' \
             AND pg_catalog.width_bucket(e.{time}, $3) < pg_catalog.width_bucket(e.{time}, $2){filter}",
            self.from
        )
    }

    /// Whether a condition with aggregates holds for the profile that `$1`, a text, is: `$2` the cutoff, `$3` and `$4` the
    /// beginning (excluded) and the end (included) of its window. Also over no events.
    pub fn aggregate_of_profile(&self, condition: &str) -> String {
        let time = &self.own.time;
        format!(
            "SELECT h.holds FROM (SELECT $2::pg_catalog.timestamptz AS cutoff) c CROSS JOIN LATERAL (\
             SELECT ({condition}\n) IS TRUE AS holds FROM {} WHERE e.{time} > $3 AND e.{time} <= $4) h",
            self.of_profile
        )
    }

    /// The attributes of events as they are, without any cast, in the order of their names.
    pub fn raw_attributes(&self) -> impl Iterator<Item = &str> {
        let numbers = self.numbers.iter().map(|number| number.sql.as_str());
        numbers.chain(self.codes.iter().map(|code| code.sql.as_str()))
    }

    /// The parameter for one profile.
    pub fn profile_param(&self, profile: Option<&str>) -> Vec<Param> {
        profile
            .map(|text| (pg_sys::TEXTOID, text.into_datum()))
            .into_iter()
            .collect()
    }
}

fn push_columns(sql: &mut String, numbers: &[Attribute<Number>], codes: &[Attribute<BytesKind>]) {
    let numbers = numbers.iter().map(|number| (&number.sql, number.cast));
    let codes = codes.iter().map(|code| (&code.sql, code.cast));
    for (expression, cast) in numbers.chain(codes) {
        sql.push_str(", ");
        sql.push_str(expression);
        if cast {
            sql.push_str("::pg_catalog.text");
        }
    }
}

fn kinds(numbers: &[Attribute<Number>], codes: &[Attribute<BytesKind>]) -> Attributes<BytesKind> {
    Attributes {
        numbers: numbers.iter().map(|number| number.kind).collect(),
        texts: codes.iter().map(|code| code.kind).collect(),
    }
}

/// A condition about one event as a column; false if there is none, or if it has aggregates.
fn per_event(condition: Option<&Condition>) -> String {
    match condition {
        Some(condition) if !condition.aggregate => format!("(({}\n)) IS TRUE", condition.sql),
        _ => "false".to_owned(),
    }
}
