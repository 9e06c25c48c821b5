//! The attributes that a model may use, and those that are read: as they are taken, or as a version had them.

use pgrx::pg_sys::{self, Oid};
use propensity::features::schema::ColumnNames;

use crate::catalog::Definition;
use crate::catalog::args::Options;
use crate::error::Error;
use crate::pg::datum::{BytesKind, Number};
use crate::pg::relation::{Column, quote};
use crate::source::condition;
use crate::source::{self, Events, Profiles, Role};

/// An attribute to read: its name and the expression to select.
pub struct Attribute<Kind> {
    pub name: String,
    pub sql: String,
    /// Whether it is read as text by a cast.
    pub cast: bool,
    pub kind: Kind,
}

/// Profile attributes: the relation and what is read of it.
pub struct ProfileQuery {
    pub from: String,
    pub profile: String,
    /// Whether a row is of the profile that `$1`, a text, is.
    pub is_profile: String,
    pub valid_from: String,
    /// Where a profile may have two rows of which it is not known which is in force.
    pub ambiguous: Option<Ambiguous>,
    pub numbers: Vec<Attribute<Number>>,
    pub codes: Vec<Attribute<BytesKind>>,
}

/// A relation of profiles without dates and without a primary key.
#[derive(Clone)]
pub struct Ambiguous {
    pub relation: String,
    pub column: String,
    /// Finds a profile of two rows.
    pub sql: String,
}

/// An attribute that a model may use: how it is read as a number and as a text, and what it is taken for.
pub struct Candidate {
    name: String,
    role: Option<Role>,
    number: Option<Attribute<Number>>,
    code: Option<Attribute<BytesKind>>,
}

pub type Chosen = (Vec<Attribute<Number>>, Vec<Attribute<BytesKind>>);

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
pub fn choose(
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
pub fn event_attributes(
    definition: &Definition,
    sources: &[Events],
) -> Result<Vec<Candidate>, Error> {
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
pub fn profile_query(
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

pub fn column_names(
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
