//! create_model: the first event source, the goal, who is asked about.

use std::ffi::CStr;

use pgrx::Spi;

use super::given::Given;
use super::options::Known;
use super::same;
use super::sources::notice_guessed_of;
use crate::catalog::Condition;
use crate::catalog::args::{Options, window};
use crate::catalog::owner::as_role;
use crate::catalog::{self, EventSource, Kind, NewModel};
use crate::error::{Error, not_null};
use crate::pg::relation::{self, Relation};
use crate::pg::role::{current, role_name};
use crate::source::condition::{self, CutoffName, Scope};
use crate::source::goal;
use crate::source::{self, Events};
use crate::store::scores::names;
use crate::verbs::notice;

/// Conditions of a model, checked.
pub struct Conditions {
    pub goal: Option<Condition>,
    pub eligible: Option<Condition>,
    pub exclude: Option<Condition>,
}

impl Conditions {
    /// The goal, which a new model has.
    fn goal(&self) -> Result<&Condition, Error> {
        let goal = self.goal.as_ref();
        goal.ok_or(Error::NullArgument { argument: "goal" })
    }
}

impl Given<'_> {
    /// Checks everything, then writes the model and its first event source, and returns the model's name. Names in
    /// conditions are looked up in the search_path given.
    pub fn create(self, path: &CStr) -> Result<String, Error> {
        check_name("model", self.model)?;
        let kind = parse_kind(self.kind)?;
        let outcome_window = window("outcome_window", self.outcome_window)?;
        let eligible_window = self
            .eligible_window
            .map(|interval| window("eligible_window", interval))
            .transpose()?;
        let exclude_window = self
            .exclude_window
            .map(|interval| window("exclude_window", interval))
            .transpose()?;
        if exclude_window.is_some() && self.exclude.is_none() {
            return Err(Error::Argument {
                argument: "exclude_window",
                found: "no exclude".to_owned(),
                required: "given together with exclude".to_owned(),
                hint: "Give exclude too, or leave exclude_window out.".to_owned(),
            });
        }
        let options = Options::parse(&self.options)?;
        if self.if_not_exists && catalog::exists(self.model)? {
            let windows = [Some(outcome_window), eligible_window, exclude_window];
            return same::check(&self, kind, windows);
        }
        if catalog::exists(self.model)? {
            return Err(Error::ModelExists {
                name: self.model.to_owned(),
            });
        }
        let owner = current();
        let relation = Relation::open(self.events, owner)?;
        relation.refuse_temporary()?;
        let scores = scores_relation(self.model, &options, &relation.schema)?;
        let zone = options
            .timezone
            .clone()
            .map_or_else(session_time_zone, Ok)?;
        let source = self.source(&relation)?;
        let events = source::open_source(source.clone(), relation, &zone)?;
        let (attributes, conditions) = as_role(owner, &zone, || {
            let sources = std::slice::from_ref(&events);
            let known = Known::default();
            let attributes = super::options::check_options(&options, sources, &known, path)?;
            let texts = [Some(self.goal), self.eligible, self.exclude];
            Ok((attributes, conditions(texts, sources, path)?))
        })?;
        let id = catalog::insert_model(&NewModel {
            name: self.model,
            owner: &role_name(owner),
            kind,
            goal: conditions.goal()?,
            occurs: self.occurs,
            outcome_window,
            eligible: conditions.eligible.as_ref(),
            eligible_window,
            exclude: conditions.exclude.as_ref(),
            exclude_window,
            description: self.description,
            options: &self.options,
            attributes: &attributes,
            time_zone: &zone,
            scores_schema: &scores.0,
            scores_name: &scores.1,
        })?;
        catalog::insert_events(id, &source)?;
        catalog::remember(id, owner)?;
        notice::short_window("outcome_window", outcome_window);
        if let Some(window) = eligible_window {
            notice::short_window("eligible_window", window);
        }
        self.say_how_events_are_called(&events);
        super::columns::notice_events(&events, &options);
        Ok(self.model.to_owned())
    }

    /// The first event source, with the columns that were left out guessed.
    fn source(&self, relation: &Relation) -> Result<EventSource, Error> {
        let source = super::sources::event_source(
            relation,
            source::profile_column(relation, self.profile_column.as_deref())?,
            self.time_column.as_deref(),
            self.type_column.as_deref(),
        )?;
        notice_guessed_of(
            relation,
            &source,
            self.profile_column.as_deref(),
            self.time_column.as_deref(),
        );
        Ok(source)
    }

    /// Where no column says what kind of event a row is, all are called as their relation is.
    fn say_how_events_are_called(&self, events: &Events) {
        let named = self.type_column.is_some()
            || events.columns.iter().any(|column| column.name == "event");
        let texts = [Some(self.goal), self.eligible, self.exclude];
        let texts: Vec<&str> = texts.into_iter().flatten().collect();
        let relation = &events.source.relation;
        if let Some(value) = goal::never_equal(&texts, "event", relation).filter(|_| !named) {
            notice::always_called(relation, &value);
        }
    }
}

/// Checks the conditions of a model over its sources: goal, eligible and exclude, as far as they are given.
pub fn conditions(
    texts: [Option<&str>; 3],
    sources: &[Events],
    path: &CStr,
) -> Result<Conditions, Error> {
    let from = source::seen_sql(sources);
    let mut columns = sources.iter().flat_map(|events| &events.columns);
    let scope = Scope {
        from: &from,
        cutoff: match columns.any(|column| column.name == "cutoff") {
            true => CutoffName::Column,
            false => CutoffName::Instant,
        },
        path,
    };
    let define = |label, text: Option<&str>| {
        text.map(|text| condition::define(label, text, &scope))
            .transpose()
    };
    let [goal, eligible, exclude] = texts;
    Ok(Conditions {
        goal: define("goal", goal)?,
        eligible: define("eligible", eligible)?,
        exclude: define("exclude", exclude)?,
    })
}

pub fn parse_kind(kind: &str) -> Result<Kind, Error> {
    Kind::from_name(kind).ok_or_else(|| Error::Argument {
        argument: "kind",
        found: format!("\"{kind}\""),
        required: "\"conversion\" or \"churn\"".to_owned(),
        hint:
            "Write kind => 'conversion' if a high score is good, kind => 'churn' if a low one is."
                .to_owned(),
    })
}

/// The pattern of the catalog: names reach relation names, dumps, logs and JSON.
pub fn check_name(argument: &'static str, name: &str) -> Result<(), Error> {
    let mut letters = name.chars();
    let starts = letters
        .next()
        .is_some_and(|first| first == '_' || first.is_ascii_lowercase());
    let goes_on = letters
        .all(|letter| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit());
    if starts && goes_on && name.len() <= 48 {
        return Ok(());
    }
    let shown: String = name.chars().take(60).collect();
    Err(Error::Argument {
        argument,
        found: format!("\"{}\"", shown.escape_debug()),
        required: "1 to 48 lower-case letters, digits and underscores, not beginning with a digit"
            .to_owned(),
        hint: "Write for example 'repurchase_30_days'; the option goal_name takes any text for people.".to_owned(),
    })
}

/// Where the scores will be: beside the events as `<model>_scores`, unless the option names a relation.
pub fn scores_relation(
    model: &str,
    options: &Options,
    events_schema: &str,
) -> Result<(String, String), Error> {
    let (schema, name) = match options.scores.as_deref() {
        None => (events_schema.to_owned(), format!("{model}_scores")),
        Some(given) => match given.split_once('.') {
            Some((schema, name)) => (schema.to_owned(), name.to_owned()),
            None => (events_schema.to_owned(), given.to_owned()),
        },
    };
    names::check_free(&schema, &name)?;
    relation::refuse_without_create(&schema)?;
    Ok((schema, name))
}

fn session_time_zone() -> Result<String, Error> {
    let query = "SELECT pg_catalog.current_setting('TimeZone')";
    let zone = Spi::connect(|client| {
        client
            .select(query, Some(1), &[])?
            .first()
            .get_one::<String>()
    })?;
    not_null(zone)
}
