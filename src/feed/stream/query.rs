//! Composes the SELECTs that the stream reads: which columns, in which order, read how.
//!
//! Advice: the order of columns here is what `intake.rs` reads.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::schema::ColumnNames;
use propensity::time::Micros;

use super::execute::Param;
use super::intake::{Rows, columns};
use super::learned::Places;
use super::suppose::Supposed;
use crate::catalog::Condition;
use crate::catalog::Definition;
use crate::catalog::args::Options;
use crate::error::Error;
use crate::pg::datum::{BytesKind, Number};
use crate::pg::relation::{Column, quote};
use crate::pg::timestamp;
use crate::row::{ATTRIBUTES, Attributes};
use crate::source::condition;
use crate::source::{self, Events, Names, Profiles, Role};

/// The profile key.
#[derive(Clone)]
pub struct Key {
    /// Name of the column in the first event source, which the score relation takes over.
    pub name: String,
    /// Its type as SQL, with modifier.
    pub type_sql: String,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    /// Of a domain, the type under it.
    pub base_oid: Oid,
    /// What turns another expression into such a key as it is read, written behind it.
    pub cast: String,
    /// How its bytes are read.
    pub kind: BytesKind,
}

/// Columns of an event before its attributes: its profile, and those that all events have.
const EVENT_COLUMNS: usize = 1 + ATTRIBUTES;
/// Event types told apart when there are too many of them.
const TYPES: usize = 1000;

/// An attribute to read: its name and the expression to select.
struct Attribute<Kind> {
    name: String,
    sql: String,
    /// Whether it is read as text by a cast.
    cast: bool,
    kind: Kind,
}

/// Profile attributes: the relation and what is read of it.
struct ProfileQuery {
    from: String,
    profile: String,
    /// Whether a row is of the profile that `$1`, a text, is.
    is_profile: String,
    valid_from: String,
    /// Where a profile may have two rows of which it is not known which is in force.
    ambiguous: Option<Ambiguous>,
    numbers: Vec<Attribute<Number>>,
    codes: Vec<Attribute<BytesKind>>,
}

/// A relation of profiles without dates and without a primary key.
#[derive(Clone)]
pub struct Ambiguous {
    pub relation: String,
    pub column: String,
    /// Finds a profile of two rows.
    pub sql: String,
}

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

impl Key {
    /// Refuses a profile that is no value of the key's type, before Postgres does with a message that shows it whole.
    pub fn check(&self, profile: &str) -> Result<(), Error> {
        let fits = match self.kind {
            BytesKind::Int2 | BytesKind::Int4 | BytesKind::Int8 => {
                profile.trim().parse::<i64>().is_ok()
            }
            BytesKind::Uuid => {
                let digits = |letter: &char| letter.is_ascii_hexdigit();
                profile.len() < 64 && profile.chars().filter(digits).count() == 32
            }
            BytesKind::Varlena => true,
        };
        if fits {
            return Ok(());
        }
        Err(Error::ProfileText {
            profile: profile.to_owned(),
            column: self.name.clone(),
            required: self.type_sql.clone(),
        })
    }

    /// The key of a model as it is now. Its relation is locked, so that it stays.
    pub fn of(definition: &Definition) -> Result<Self, Error> {
        let sources = source::open_events(definition)?;
        key(sources[0]
            .relation
            .column(&sources[0].source.profile_column)?)
    }
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
        let key = key(first)?;
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
        let Names {
            profile,
            time,
            window,
            ..
        } = &self.own;
        let filter = if sampled {
            format!(" AND customer_ai_internal.sample_place(e.{profile}) <= $4")
        } else {
            String::new()
        };
        let not = if unless { "NOT " } else { "" };
        format!(
            "SELECT e.{profile}, c.cutoff FROM (SELECT e.*, pg_catalog.generate_series(\
             pg_catalog.width_bucket(e.{time}, $3) + 1, pg_catalog.width_bucket(e.{time}, $2)) AS {window} \
             FROM {} WHERE e.{profile} IS NOT NULL AND e.{time} > '-infinity'{filter}) e \
             CROSS JOIN LATERAL (SELECT ($1)[e.{window}] AS cutoff) c \
             GROUP BY e.{profile}, c.cutoff HAVING ({condition}\n) IS {not}TRUE",
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

/// The key of the profiles, as the first source has it.
fn key(column: &Column) -> Result<Key, Error> {
    let kind = BytesKind::of(column.base_oid).ok_or(Error::Internal(
        "a profile column has a type that was refused",
    ))?;
    Ok(Key {
        name: column.name.clone(),
        type_sql: column.type_name.clone(),
        type_oid: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        base_oid: column.base_oid,
        // Texts are not cut to the length of the column.
        cast: match column.base_oid {
            pg_sys::BPCHAROID => "::pg_catalog.bpchar::pg_catalog.text".to_owned(),
            pg_sys::TEXTOID | pg_sys::VARCHAROID => "::pg_catalog.text".to_owned(),
            _ => format!("::{}", column.type_name),
        },
        kind,
    })
}

/// An attribute that a model may use: how it is read as a number and as a text, and what it is taken for.
struct Candidate {
    name: String,
    role: Option<Role>,
    number: Option<Attribute<Number>>,
    code: Option<Attribute<BytesKind>>,
}

type Chosen = (Vec<Attribute<Number>>, Vec<Attribute<BytesKind>>);

impl Candidate {
    /// Of an expression of a (base) type.
    fn new(name: &str, sql: &str, type_oid: Oid, role: Option<Role>, of_event: bool) -> Self {
        let number = source::number(sql, type_oid).map(|number| Attribute {
            name: name.to_owned(),
            sql: number.sql,
            cast: false,
            kind: Number {
                kind: number.kind,
                since_event: of_event && number.kind.is_time(),
            },
        });
        let code = source::text(sql, type_oid).map(|text| Attribute {
            name: name.to_owned(),
            sql: text.sql,
            cast: text.cast,
            kind: text.kind,
        });
        Self {
            name: name.to_owned(),
            role,
            number,
            code,
        }
    }
}

/// What candidates are read as: as they are taken, or as a version had them when it was trained.
fn choose(
    definition: &Definition,
    mut candidates: Vec<Candidate>,
    names: Option<(&[String], &[String])>,
) -> Result<Chosen, Error> {
    let (mut numbers, mut codes): Chosen = (Vec::new(), Vec::new());
    let Some((number_names, code_names)) = names else {
        for Candidate {
            role, number, code, ..
        } in candidates
        {
            numbers.extend(number.filter(|_| role.is_some_and(Role::has_number)));
            codes.extend(code.filter(|_| role.is_some_and(Role::has_text)));
        }
        return Ok((numbers, codes));
    };
    let gone = |name: &String| Error::ColumnGone {
        model: definition.name.clone(),
        column: name.clone(),
    };
    let find = |candidates: &mut [Candidate], name: &String| {
        let place = candidates.iter().position(|found| found.name == *name);
        place.ok_or_else(|| gone(name))
    };
    for name in number_names {
        let place = find(&mut candidates, name)?;
        let number = candidates
            .get_mut(place)
            .and_then(|found| found.number.take());
        numbers.push(number.ok_or_else(|| gone(name))?);
    }
    for name in code_names {
        let place = find(&mut candidates, name)?;
        let code = candidates
            .get_mut(place)
            .and_then(|found| found.code.take());
        codes.push(code.ok_or_else(|| gone(name))?);
    }
    Ok((numbers, codes))
}

/// All attributes of events that a model may use: columns, and expressions named in its options.
fn event_attributes(definition: &Definition, sources: &[Events]) -> Result<Vec<Candidate>, Error> {
    let options = &definition.options;
    let mut candidates = Vec::new();
    for column in source::attribute_columns(sources, options) {
        let sql = format!("e.{}", quote(&column.name));
        let asked = options.take_as.get(&column.name).copied();
        let role = source::event_role(column, asked);
        candidates.push(Candidate::new(
            &column.name,
            &sql,
            column.base_oid,
            role,
            true,
        ));
    }
    let from = source::seen_sql(sources);
    for (name, expression) in &definition.attributes {
        let sql = format!("({expression}\n)");
        let type_oid = condition::type_of("attributes", expression, &from)?;
        // SAFETY: a look-up in the catalog by OID.
        let type_oid = unsafe { pg_sys::getBaseType(type_oid) };
        let asked = options.take_as.get(name).copied();
        let role = source::role(type_oid, false, asked);
        candidates.push(Candidate::new(name, &sql, type_oid, role, true));
    }
    Ok(candidates)
}

/// The attributes of the profile source, if the model has one.
fn profile_query(
    definition: &Definition,
    profiles: Option<&Profiles>,
    first: &Column,
    names: Option<&ColumnNames>,
) -> Result<Option<ProfileQuery>, Error> {
    let Some(profiles) = profiles else {
        return Ok(None);
    };
    let source = &profiles.source;
    let column = profiles.relation.column(&source.profile_column)?;
    source::check_profile(&profiles.relation, column, first)?;
    let candidates = profiles.attributes().map(|column| {
        let sql = format!("e.{}", quote(&column.name));
        let asked = definition.options.take_as.get(&column.name).copied();
        let role = source::profile_role(column, asked);
        Candidate::new(&column.name, &sql, column.base_oid, role, false)
    });
    let names = names.map(|names| {
        let (numbers, codes) = (&names.profile_numbers, &names.profile_codes);
        (numbers.as_slice(), codes.as_slice())
    });
    let (numbers, codes) = choose(definition, candidates.collect(), names)?;
    let valid_from = match &source.valid_from_column {
        Some(name) => source::time_sql("e", profiles.relation.column(name)?, &definition.time_zone),
        None => "NULL::pg_catalog.timestamptz".to_owned(),
    };
    let (from, profile) = (profiles.relation.sql(), source::profile_sql("e", column));
    let ambiguous = (source.valid_from_column.is_none() && !column.is_row_key).then(|| Ambiguous {
        relation: profiles.relation.display(),
        column: source.profile_column.clone(),
        sql: format!(
            "SELECT {profile}::pg_catalog.text FROM {from} e WHERE {profile} IS NOT NULL \
             GROUP BY {profile} HAVING pg_catalog.count(*) > 1 ORDER BY {profile} LIMIT 1"
        ),
    });
    Ok(Some(ProfileQuery {
        from,
        profile,
        is_profile: source::is_profile(&format!("e.{}", quote(&column.name)), column, first, "$1"),
        valid_from,
        ambiguous,
        numbers,
        codes,
    }))
}

fn column_names(
    numbers: &[Attribute<Number>],
    codes: &[Attribute<BytesKind>],
    attributes: Option<&ProfileQuery>,
    options: &Options,
) -> ColumnNames {
    fn named<Kind>(attributes: &[Attribute<Kind>]) -> Vec<String> {
        attributes
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect()
    }
    fn times(numbers: &[Attribute<Number>]) -> Vec<bool> {
        let is_time = |number: &Attribute<Number>| number.kind.kind.is_time();
        numbers.iter().map(is_time).collect()
    }
    let profile_numbers = attributes.map_or_else(Vec::new, |query| named(&query.numbers));
    let profile_times = attributes.map_or_else(Vec::new, |query| times(&query.numbers));
    let (numbers, times) = (named(numbers), times(numbers));
    let dates = numbers.iter().zip(&times);
    let mut known_ahead: Vec<String> = dates
        .chain(profile_numbers.iter().zip(&profile_times))
        .filter(|&(name, &time)| time && options.known_ahead.contains(name))
        .map(|(name, _)| name.clone())
        .collect();
    known_ahead.sort_unstable();
    known_ahead.dedup();
    ColumnNames {
        numbers,
        times,
        codes: named(codes),
        profile_numbers,
        profile_times,
        known_ahead,
        profile_codes: attributes.map_or_else(Vec::new, |query| named(&query.codes)),
        types: Vec::new(),
    }
}
