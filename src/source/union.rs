//! The events of all sources as one stream, by column name, in SQL.

use pgrx::pg_sys;

use super::open::{Events, event_columns};
use crate::catalog::EventDefinition;
use crate::pg::relation::{Category, Column, literal, quote, type_name};

/// What the stream has for us beside the columns of the sources, called as no column of a source is.
#[derive(Clone, Debug)]
pub struct Names {
    /// The profile.
    pub profile: String,
    /// When it happened, as a timestamptz.
    pub time: String,
    /// Which kind of event it is, as text.
    pub kind: String,
    /// For a column that a query adds.
    pub window: String,
}

impl Names {
    /// Those of the stream of these sources.
    pub fn of(sources: &[Events]) -> Self {
        let taken = |name: &str| {
            let mut columns = sources.iter().flat_map(|events| &events.relation.columns);
            columns.any(|column| column.name == name)
        };
        let free = |name: &str| {
            let mut name = name.to_owned();
            while taken(&name) {
                name.insert(0, '_');
            }
            name
        };
        Self {
            profile: free("_profile"),
            time: free("_time"),
            kind: free("_event"),
            window: free("_window"),
        }
    }
}

/// What conditions see, as an item of FROM called `e`: every column of every source, NULL where a source lacks it, and
/// `event` and `source` as texts, unless a source has columns of that name; and whether each event definition is met, under
/// its name.
pub fn seen_sql(sources: &[Events]) -> String {
    with_definitions(plain_sql(sources), sources, None)
}

/// What the conditions of event definitions see: the same without them.
pub fn plain_sql(sources: &[Events]) -> String {
    let parts: Vec<String> = sources
        .iter()
        .map(|events| events.select(sources, None, None))
        .collect();
    format!("({}) e", parts.join(" UNION ALL "))
}

/// The stream as an item of FROM, called `e`: what conditions see, and what [`Names`] has. With `profile`, an
/// expression of type text, the events of that profile only.
pub fn events_sql(sources: &[Events], profile: Option<&str>) -> String {
    let names = Names::of(sources);
    with_definitions(stream_sql(sources, profile), sources, Some(&names))
}

/// The stream before the event definitions are applied.
pub fn stream_sql(sources: &[Events], profile: Option<&str>) -> String {
    let names = Names::of(sources);
    let parts: Vec<String> = sources
        .iter()
        .map(|events| events.select(sources, Some(&names), profile))
        .collect();
    format!("({}) e", parts.join(" UNION ALL "))
}

/// The part of the stream that is of one source, with the same columns.
pub fn source_sql(source: &Events, sources: &[Events]) -> String {
    let names = Names::of(sources);
    let stream = format!("({}) e", source.select(sources, Some(&names), None));
    with_definitions(stream, sources, Some(&names))
}

/// Applies the event definitions of a model to rows of the stream. A row has one type in features: that of the first
/// definition it meets, else its own. In conditions it keeps `event`, and each definition is a column beside it.
pub fn with_definitions(stream: String, sources: &[Events], names: Option<&Names>) -> String {
    let definitions = sources
        .first()
        .map_or(&[][..], |first| first.definitions.as_slice());
    if definitions.is_empty() {
        return stream;
    }
    let columns = event_columns(sources);
    let mut seen: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    for name in ["event", "source"] {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    if let Some(names) = names {
        seen.extend([names.profile.as_str(), names.time.as_str()]);
    }
    let mut items: Vec<String> = seen
        .iter()
        .map(|name| format!("e.{}", quote(name)))
        .collect();
    // The line break ends a comment that a condition may end with.
    let met = |definition: &EventDefinition| format!("(({}\n)) IS TRUE", definition.sql);
    if let Some(names) = names {
        let kind = quote(&names.kind);
        let cases: Vec<String> = definitions
            .iter()
            .map(|definition| {
                let name = literal(&definition.name);
                format!("WHEN {} THEN {name}::pg_catalog.text", met(definition))
            })
            .collect();
        items.push(format!(
            "CASE {} ELSE e.{kind} END AS {kind}",
            cases.join(" ")
        ));
    }
    for definition in definitions {
        items.push(format!(
            "{} AS {}",
            met(definition),
            quote(&definition.name)
        ));
    }
    format!("(SELECT {} FROM {stream}) e", items.join(", "))
}

/// Whether `expression`, a column of profiles, is the profile that `text`, an expression of type text, reads as. The
/// text is read by the type's own input function, and never cut to the length of a column; `key` is the profile column
/// of the first source.
pub fn is_profile(expression: &str, column: &Column, key: &Column, text: &str) -> String {
    let type_name = match column.base_oid {
        pg_sys::BPCHAROID => "pg_catalog.bpchar",
        pg_sys::TEXTOID | pg_sys::VARCHAROID => "pg_catalog.text",
        // An integer of the first source need not fit into a narrower one.
        _ => match key.base_oid {
            pg_sys::INT2OID => "pg_catalog.int2",
            pg_sys::INT4OID => "pg_catalog.int4",
            pg_sys::INT8OID => "pg_catalog.int8",
            _ => "pg_catalog.uuid",
        },
    };
    format!("{expression} = ({text}::{type_name})")
}

/// A column of profiles as the stream has it: char(n) is its text without the blanks at its end.
pub fn profile_sql(alias: &str, column: &Column) -> String {
    let value = format!("{alias}.{}", quote(&column.name));
    if column.base_oid == pg_sys::BPCHAROID {
        format!("{value}::pg_catalog.text")
    } else {
        value
    }
}

/// A value of `event` or `source`, which are texts where sources differ: citext if one has it so.
fn as_text(value: &str, name: &str, sources: &[Events]) -> String {
    let mut columns = sources.iter().flat_map(|events| &events.columns);
    let is_citext = |column: &&Column| column.name == name && column.category == Category::Citext;
    match columns.find(is_citext) {
        Some(column) => format!("{value}::pg_catalog.text::{}", column.type_name),
        None => format!("{value}::pg_catalog.text"),
    }
}

/// A value of `event`, where no source has a column of that name: citext if a type column is.
pub fn event_value(kind: &str, sources: &[Events]) -> String {
    match sources.iter().find_map(Events::folding_column) {
        Some(column) => format!("{kind}::{}", column.type_name),
        None => kind.to_owned(),
    }
}

/// " COLLATE ..." of the first column where several have collations of their own that differ: Postgres would not know
/// which of them to compare by. Texts are equal under all of them.
fn collate<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let mut own: Vec<&Column> = columns
        .filter(|column| {
            column.collation != pg_sys::InvalidOid
                && column.collation != pg_sys::DEFAULT_COLLATION_OID
        })
        .collect();
    own.dedup_by_key(|column| column.collation);
    match own.as_slice() {
        [first, _, ..] => format!(" COLLATE {}", first.collation_sql),
        _ => String::new(),
    }
}

/// The same of columns of one name.
fn collate_named(name: &str, sources: &[Events]) -> String {
    let columns = sources.iter().flat_map(|events| &events.columns);
    collate(columns.filter(|column| column.name == name))
}

/// A citext as text: equal ones are one text.
pub fn folded(text: &str) -> String {
    format!("pg_catalog.lower({text})")
}

impl Events {
    /// The profile column.
    fn key(&self) -> Option<&Column> {
        let name = &self.source.profile_column;
        self.columns.iter().find(|column| column.name == *name)
    }

    /// The type of all its events; none if a column says it.
    pub fn only_kind(&self) -> Option<&str> {
        let source = &self.source;
        match (&source.type_column, &source.event_type) {
            (Some(_), _) => None,
            (None, Some(kind)) => Some(kind),
            (None, None) => Some(&source.label),
        }
    }

    /// Whether a column says the types of its events, in which upper and lower case are the same.
    pub fn folds_kinds(&self) -> bool {
        self.folding_column().is_some()
    }

    fn folding_column(&self) -> Option<&Column> {
        self.type_column()
            .filter(|column| column.category == Category::Citext)
    }

    fn type_column(&self) -> Option<&Column> {
        let name = self.source.type_column.as_ref()?;
        self.columns.iter().find(|column| column.name == *name)
    }

    /// Which kind of event a row is, as text, of the row `r`. Where one source tells no upper from lower case, none does.
    fn kind_sql(&self, sources: &[Events]) -> String {
        let text = self.spelled_kind_sql(sources);
        if sources.iter().any(Events::folds_kinds) {
            folded(&text)
        } else {
            text
        }
    }

    /// The same as it is spelled there.
    fn spelled_kind_sql(&self, sources: &[Events]) -> String {
        let collate = collate(sources.iter().filter_map(Events::type_column));
        match (&self.source.type_column, &self.source.event_type) {
            (Some(name), _) => format!("r.{}::pg_catalog.text{collate}", quote(name)),
            (None, Some(kind)) => format!("{}::pg_catalog.text", literal(kind)),
            (None, None) => format!("{}::pg_catalog.text", literal(&self.source.label)),
        }
    }

    /// The same for conditions: a citext if one source has it so.
    fn event_sql(&self, sources: &[Events]) -> String {
        event_value(&self.spelled_kind_sql(sources), sources)
    }

    /// When the row `r` happened, as an instant.
    fn time_sql(&self) -> String {
        let name = &self.source.time_column;
        match self.columns.iter().find(|column| column.name == *name) {
            Some(column) => super::time_sql("r", column, &self.zone),
            None => format!("r.{}", quote(name)),
        }
    }

    fn source_sql(&self) -> String {
        format!("{}::pg_catalog.text", literal(&self.source.label))
    }

    /// The source's part of the stream; with the names given, also what is for us.
    fn select(&self, sources: &[Events], names: Option<&Names>, profile: Option<&str>) -> String {
        let columns = event_columns(sources);
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let mut items: Vec<String> = columns
            .iter()
            .map(|column| self.item(column, sources))
            .collect();
        if !has("event") {
            items.push(format!("{} AS event", self.event_sql(sources)));
        }
        if !has("source") {
            items.push(format!("{} AS source", self.source_sql()));
        }
        let key = self.key();
        if let (Some(names), Some(key)) = (names, key) {
            let collate = collate(sources.iter().filter_map(Events::key));
            let profile = profile_sql("r", key);
            items.push(format!("{profile}{collate} AS {}", names.profile));
            items.push(format!("{} AS {}", self.time_sql(), names.time));
            items.push(format!("{} AS {}", self.kind_sql(sources), names.kind));
        }
        let mut filters = Vec::new();
        // The line break ends a comment that a condition may end with.
        if let Some(condition) = &self.source.where_sql {
            filters.push(format!("({condition}\n)"));
        }
        let first = sources.first().and_then(Events::key);
        if let (Some(text), Some(key), Some(first)) = (profile, key, first) {
            filters.push(is_profile(
                &format!("r.{}", quote(&key.name)),
                key,
                first,
                text,
            ));
        }
        let filter = if filters.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", filters.join(" AND "))
        };
        format!(
            "SELECT {} FROM {} r{filter}",
            items.join(", "),
            self.relation.sql()
        )
    }

    /// A column of the stream from this source.
    fn item(&self, column: &Column, sources: &[Events]) -> String {
        let name = quote(&column.name);
        let value = match self.columns.iter().find(|own| own.name == column.name) {
            Some(own) => self.own_item(own, sources),
            None => self.missing_item(column, sources),
        };
        format!("{value} AS {name}")
    }

    /// A column that this source has. Where types differ, times are all instants, and `event` and `source` all texts.
    fn own_item(&self, own: &Column, sources: &[Events]) -> String {
        let differs =
            |events: &Events| match events.columns.iter().find(|other| other.name == own.name) {
                Some(other) => other.base_oid != own.base_oid,
                None => own.name == "event" || own.name == "source",
            };
        let name = quote(&own.name);
        // A type of event is a text in conditions, so that a source with other types can come later.
        let is_text = own.name == "event" && own.category == Category::Enum;
        if !is_text && !sources.iter().any(differs) {
            format!("r.{name}{}", collate_named(&own.name, sources))
        } else if own.name == self.source.time_column {
            self.time_sql()
        } else if own.name == "event" || own.name == "source" {
            as_text(&format!("r.{name}"), &own.name, sources)
        } else {
            format!("r.{name}{}", collate_named(&own.name, sources))
        }
    }

    /// A column that only other sources have. Profile and time go by the names of the first source as well.
    fn missing_item(&self, column: &Column, sources: &[Events]) -> String {
        let first = sources.first().map(|events| &events.source);
        match column.name.as_str() {
            "event" => as_text(&self.spelled_kind_sql(sources), "event", sources),
            "source" => as_text(&self.source_sql(), "source", sources),
            name if first.is_some_and(|first| first.time_column == name) => {
                format!("r.{}", quote(&self.source.time_column))
            }
            name if first.is_some_and(|first| first.profile_column == name) => {
                let name = quote(&self.source.profile_column);
                format!(
                    "r.{name}{}",
                    collate(sources.iter().filter_map(Events::key))
                )
            }
            // Of a domain the type under it: the domain may have no NULL.
            _ => format!("NULL::{}", type_name(column.base_oid)),
        }
    }
}
