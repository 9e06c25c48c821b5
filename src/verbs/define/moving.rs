//! export_model and import_model: a model as one JSON document. What comes in is checked as what users write is: conditions
//! are parsed again, in the search_path of who imports, relations and rights looked up, and the version decoded wholly.

use std::ffi::CStr;

use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{JsonB, pg_sys};
use propensity::fit::Report;
use propensity::judge::{Distribution, Judged};
use propensity::model::{Model, Scorer, format};
use propensity::time::{DAY, Micros};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::alter::Changes;
use super::given::Given;
use super::sources::{GivenEvents, GivenProfiles};
use super::{custom, label, lock};
use crate::aggregate::from_hexadecimal;
use crate::catalog::args::{label_of_version, required};
use crate::catalog::owner::defining;
use crate::catalog::{self, Definition, Label, MovedVersion, instant};
use crate::error::{Error, not_null};
use crate::pg::attempt::attempt;
use crate::pg::memory::poll;
use crate::pg::relation;
use crate::pg::setting::with_setting;
use crate::pg::sqltype::{JsonbText, Regclass};

/// The format of the document.
const FORMAT: u32 = 1;
/// Sources and definitions that a document may have: more are a mistake.
const MOST: usize = 1000;
/// The longest name, in bytes.
const LONGEST: usize = 63;
/// Microseconds from 1970 back to the year 1.
const YEAR_ONE: Micros = -62_135_596_800_000_000;
const MOST_LABELS: usize = 10_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    customer_ai: u32,
    model: ModelPart,
    events: Vec<EventsPart>,
    profiles: Vec<ProfilesPart>,
    event_definitions: Vec<DefinitionPart>,
    #[serde(default)]
    labels: Vec<LabelPart>,
    version: Option<MovedVersion>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelPart {
    name: String,
    kind: String,
    goal: String,
    occurs: bool,
    outcome_window: String,
    eligible: Option<String>,
    eligible_window: Option<String>,
    exclude: Option<String>,
    exclude_window: Option<String>,
    description: Option<String>,
    options: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsPart {
    schema: String,
    relation: String,
    label: String,
    profile_column: String,
    time_column: String,
    type_column: Option<String>,
    event_type: Option<String>,
    where_clause: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfilesPart {
    schema: String,
    relation: String,
    profile_column: String,
    columns: Option<Vec<String>>,
    valid_from_column: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionPart {
    name: String,
    condition: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelPart {
    column: String,
    value: Option<String>,
    label: Option<String>,
    unit: Option<String>,
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn export_model(model: Option<&str>) -> Result<JsonB, ErrorReport> {
    let definition = catalog::load(required("model", model)?)?;
    let document = exported(&definition)?;
    let value = serde_json::to_value(document);
    Ok(JsonB(value.map_err(|_| {
        Error::Internal("a model cannot be written as JSON")
    })?))
}

/// Without a SET clause, as create_model.
#[pg_extern(volatile, parallel_unsafe)]
fn import_model(
    document: Option<JsonbText>,
    model: default!(Option<&str>, "NULL"),
    events: default!(Option<Regclass>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.import_model()");
    let document = parse(&required("document", document)?.0)?;
    let events = events.map(|relation| relation.0);
    let name = model.unwrap_or(&document.model.name);
    Ok(defining(|path| {
        // What the parts say one by one is of no use here.
        with_setting(c"client_min_messages", c"warning", || {
            import(&document, name, events, path)
        })
    })?)
}

fn exported(definition: &Definition) -> Result<Document, Error> {
    let known = catalog::described(definition.id)?;
    let mut options: Map<String, Value> = serde_json::from_str(&known.options)
        .map_err(|_| Error::Internal("options are no JSON object"))?;
    // Its scores will be beside its events, under its own name; dates mean there what they mean here.
    options.remove("scores");
    options.insert("timezone".to_owned(), definition.time_zone.clone().into());
    let events = definition.events.iter().map(|source| EventsPart {
        schema: source.schema.clone(),
        relation: source.relation.clone(),
        label: source.label.clone(),
        profile_column: source.profile_column.clone(),
        time_column: source.time_column.clone(),
        type_column: source.type_column.clone(),
        event_type: source.event_type.clone(),
        where_clause: source.where_clause.clone(),
    });
    let profiles = definition.profiles.iter().map(|source| ProfilesPart {
        schema: source.schema.clone(),
        relation: source.relation.clone(),
        profile_column: source.profile_column.clone(),
        columns: source.columns.clone(),
        valid_from_column: source.valid_from_column.clone(),
    });
    let definitions = definition
        .event_definitions
        .iter()
        .map(|known| DefinitionPart {
            name: known.name.clone(),
            condition: known.text.clone(),
        });
    let labels = catalog::given_labels(definition.id)?.into_iter();
    let labels = labels.map(|known| LabelPart {
        column: known.column,
        value: known.value,
        label: known.label,
        unit: known.unit,
    });
    let text = |condition: &Option<catalog::Condition>| {
        condition.as_ref().map(|condition| condition.text.clone())
    };
    Ok(Document {
        customer_ai: FORMAT,
        model: ModelPart {
            name: definition.name.clone(),
            kind: known.kind.name().to_owned(),
            goal: definition.goal.text.clone(),
            occurs: definition.occurs,
            outcome_window: definition.outcome_window.to_string(),
            eligible: text(&definition.eligible),
            eligible_window: definition.eligible_window.map(|window| window.to_string()),
            exclude: text(&definition.exclude),
            exclude_window: definition.exclude_window.map(|window| window.to_string()),
            description: known.description,
            options,
        },
        events: events.collect(),
        profiles: profiles.collect(),
        event_definitions: definitions.collect(),
        labels: labels.collect(),
        version: catalog::moved_version(definition.id)?,
    })
}

fn wrong(found: String, required: &str) -> Error {
    Error::Argument {
        argument: "document",
        found,
        required: required.to_owned(),
        hint: "Export the model again with SELECT customer_ai.export_model('model').".to_owned(),
    }
}

/// Reads a document and checks what only it can be wrong about.
fn parse(text: &str) -> Result<Document, Error> {
    let required = "a document that customer_ai.export_model wrote";
    let document: Document =
        serde_json::from_str(text).map_err(|error| wrong(error.to_string(), required))?;
    if document.customer_ai != FORMAT {
        let found = format!("format {}", document.customer_ai);
        return Err(wrong(found, &format!("of format {FORMAT}")));
    }
    let parts = [
        document.events.len(),
        document.profiles.len(),
        document.event_definitions.len(),
    ];
    if document.labels.len() > MOST_LABELS {
        let found = format!("{} labels", document.labels.len());
        return Err(wrong(found, "of at most 10000 labels"));
    }
    if document.events.is_empty() || parts.into_iter().any(|parts| parts > MOST) {
        let found = format!(
            "{} event sources, {} of profiles and {} event definitions",
            parts[0], parts[1], parts[2]
        );
        return Err(wrong(
            found,
            "of 1 to 1000 event sources, and at most as many others",
        ));
    }
    // A longer one would be cut, and be another type of events.
    let labels = document.events.iter().map(|source| &source.label);
    if let Some(label) = labels
        .into_iter()
        .find(|label| label.is_empty() || label.len() > LONGEST)
    {
        let found = format!("a label of {} bytes", label.len());
        return Err(wrong(found, "with labels of sources of 1 to 63 bytes"));
    }
    Ok(document)
}

/// Makes the model step by step, each by the checks of the function that users call for it.
fn import(
    document: &Document,
    name: &str,
    events: Option<pg_sys::Oid>,
    path: &CStr,
) -> Result<String, Error> {
    let part = &document.model;
    let [first, others @ ..] = document.events.as_slice() else {
        return Err(wrong("no event source".to_owned(), "of at least one"));
    };
    // Only add_events knows these two: a source that has them takes the place of the one that the model is made with.
    let is_plain = first.event_type.is_none() && first.where_clause.is_none();
    let others = if is_plain {
        others
    } else {
        document.events.as_slice()
    };
    // What a condition names may be of a source that is still to come.
    let zone = part.options.get("timezone").cloned();
    let zone: Map<String, Value> = zone
        .map(|zone| ("timezone".to_owned(), zone))
        .into_iter()
        .collect();
    let relation = match events {
        Some(oid) => oid,
        None => found(&first.schema, &first.relation)?,
    };
    let given = Given {
        model: name,
        events: relation,
        goal: "true",
        outcome_window: interval(&part.outcome_window)?,
        profile_column: Some(first.profile_column.clone()),
        time_column: Some(first.time_column.clone()),
        type_column: first.type_column.clone(),
        kind: &part.kind,
        occurs: part.occurs,
        eligible: None,
        eligible_window: part.eligible_window.as_deref().map(interval).transpose()?,
        exclude: None,
        exclude_window: None,
        description: part.description.as_deref(),
        options: Value::Object(zone).to_string(),
        if_not_exists: false,
    };
    given.create(path)?;
    let id = catalog::load(name)?.id;
    catalog::set_source_label(id, 1, &first.label)?;
    for (position, other) in (2..).zip(others) {
        let given = GivenEvents {
            events: match events {
                Some(oid) if std::ptr::eq(other, first) => oid,
                _ => found(&other.schema, &other.relation)?,
            },
            profile_column: Some(other.profile_column.clone()),
            time_column: Some(other.time_column.clone()),
            type_column: other.type_column.clone(),
            event_type: other.event_type.as_deref(),
            where_clause: other.where_clause.as_deref(),
            if_not_exists: false,
        };
        given.add(name, path)?;
        catalog::set_source_label(id, position, &other.label)?;
    }
    if !is_plain {
        catalog::delete_first_events(id)?;
    }
    for profiles in &document.profiles {
        let columns = profiles.columns.as_ref();
        let given = GivenProfiles {
            profiles: found(&profiles.schema, &profiles.relation)?,
            profile_column: Some(profiles.profile_column.clone()),
            columns: columns.map(|columns| columns.iter().cloned().map(Some).collect()),
            valid_from_column: profiles.valid_from_column.clone(),
            if_not_exists: false,
        };
        given.add(name)?;
    }
    for known in &document.event_definitions {
        custom::add(name, &known.name, &known.condition, false, path)?;
    }
    let changes = Changes {
        goal: Some(&part.goal),
        outcome_window: None,
        kind: None,
        occurs: None,
        eligible: part.eligible.as_deref(),
        eligible_window: None,
        exclude: part.exclude.as_deref(),
        exclude_window: part.exclude_window.as_deref().map(interval).transpose()?,
        description: None,
        options: Some(Value::Object(part.options.clone()).to_string()),
        remove: None,
    };
    changes.make(name, path)?;
    for known in &document.labels {
        let label = Label {
            column: known.column.clone(),
            value: known.value.clone(),
            label: known.label.clone(),
            unit: known.unit.clone(),
        };
        label::describe(name, label)?;
    }
    if let Some(version) = &document.version {
        let distribution = check(version)?;
        let (id, format) = (lock(name)?.id, i32::from(format::FORMAT));
        catalog::insert_moved(id, format, version, distribution.as_ref())?;
    }
    Ok(name.to_owned())
}

/// Decodes a version wholly, and checks what is said of it. Returns what its factors were distributed like.
fn check(version: &MovedVersion) -> Result<Option<Distribution>, Error> {
    if let Some(label) = &version.label {
        label_of_version(label)?;
    }
    check_instants(version)?;
    check_report(version)?;
    let areas = [version.auc, version.auc_low, version.auc_high];
    let sound = areas
        .into_iter()
        .flatten()
        .all(|area| (0.0..=1.0).contains(&area))
        && version.rows > 0
        && (0..=version.rows).contains(&version.positives);
    if !sound {
        let found = format!(
            "a version of {} rows with {} positives",
            version.rows, version.positives
        );
        return Err(wrong(
            found,
            "of a version with rows, no more positives than rows, and areas from 0 to 1",
        ));
    }
    let bytes = from_hexadecimal(&version.document)?;
    if let Some(judgement) = &version.judgement {
        Judged::decode(&from_hexadecimal(judgement)?).map_err(Error::Learning)?;
    }
    let model = Model::decode(&bytes).map_err(Error::Learning)?;
    let scorer = Scorer::new(model, &mut poll).map_err(Error::Learning)?;
    let Some(distribution) = &version.distribution else {
        return Ok(None);
    };
    match distribution.checked(scorer.factors()) {
        Some(distribution) => Ok(Some(distribution)),
        None => Err(wrong(
            "a distribution of other factors".to_owned(),
            "of a version with bins of the factors of its model",
        )),
    }
}

/// What was learned from is past, by any clock, and ends with what it is as of.
fn check_instants(version: &MovedVersion) -> Result<(), Error> {
    // Clocks of two servers may differ.
    let possible = YEAR_ONE..=instant::clock() + DAY;
    let past = [version.trained_at, version.as_of];
    let known = YEAR_ONE..=version.as_of;
    if past.iter().all(|at| possible.contains(at))
        && version.cutoffs.iter().all(|at| known.contains(at))
        && version.cutoffs.len() <= MOST
    {
        return Ok(());
    }
    let found = format!(
        "a version trained at {}, as of {}, of {} cutoffs (microseconds since 1970)",
        version.trained_at,
        version.as_of,
        version.cutoffs.len()
    );
    let required =
        "of a version trained in the past, of at most 1000 cutoffs up to what it is as of";
    Err(wrong(found, required))
}

/// Charts and pages read the report of a version.
fn check_report(version: &MovedVersion) -> Result<(), Error> {
    let report = Value::Object(version.report.clone());
    match serde_json::from_value::<Report>(report) {
        Ok(_) => Ok(()),
        Err(error) => {
            let found = format!("a report with {error}");
            Err(wrong(found, "of a version with the report of its training"))
        }
    }
}

fn found(schema: &str, name: &str) -> Result<pg_sys::Oid, Error> {
    relation::find(schema, name).ok_or_else(|| Error::UnknownRelation {
        relation: format!("{schema}.{name}"),
    })
}

/// An interval as a document has it.
fn interval(text: &str) -> Result<Interval, Error> {
    let read = attempt(|| {
        Spi::connect(|client| {
            let query = "SELECT $1::pg_catalog.interval";
            not_null(
                client
                    .select(query, Some(1), &[text.into()])?
                    .first()
                    .get::<Interval>(1)?,
            )
        })
    });
    read.map_err(|_| {
        let shown: String = text.chars().take(LONGEST).collect();
        wrong(
            format!("the window \"{}\"", shown.escape_debug()),
            "with windows that are intervals",
        )
    })
}
