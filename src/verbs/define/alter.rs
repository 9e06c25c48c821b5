//! alter_model: any part of a definition, by the checks of create_model. What is not given stays.

use std::collections::BTreeMap;
use std::ffi::CStr;

use pgrx::datum::Interval;

use super::model::{Conditions, check_name, conditions, parse_kind, scores_relation};
use super::options::{Known, check_options};
use super::sources::check_conditions;
use crate::catalog::args::{Options, window};
use crate::catalog::held::give;
use crate::catalog::owner::as_role;
use crate::catalog::{self, Definition, Described, NewModel};
use crate::error::Error;
use crate::pg::relation;
use crate::pg::role::{current, is_member, role_name, role_oid};
use crate::source;
use crate::store::jobs;
use crate::verbs::notice;

/// What can be removed of a definition, beside options: those lose their value by a null.
const REMOVABLE: [&str; 5] = [
    "eligible",
    "eligible_window",
    "exclude",
    "exclude_window",
    "description",
];

/// The arguments of alter_model but the owner; None: unchanged.
pub struct Changes<'a> {
    pub goal: Option<&'a str>,
    pub outcome_window: Option<Interval>,
    pub kind: Option<&'a str>,
    pub occurs: Option<bool>,
    pub eligible: Option<&'a str>,
    pub eligible_window: Option<Interval>,
    pub exclude: Option<&'a str>,
    pub exclude_window: Option<Interval>,
    pub description: Option<&'a str>,
    pub options: Option<String>,
    /// Names of parts that the definition is to have no more.
    pub remove: Option<Vec<Option<String>>>,
}

impl Changes<'_> {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        let conditions = [self.goal, self.eligible, self.exclude];
        let windows = [
            &self.outcome_window,
            &self.eligible_window,
            &self.exclude_window,
        ];
        conditions.iter().all(Option::is_none)
            && windows.iter().all(|window| window.is_none())
            && self.kind.is_none()
            && self.occurs.is_none()
            && self.description.is_none()
            && self.options.is_none()
            && self.remove.is_none()
    }

    /// Checks the definition as it will be, then writes it. Names in conditions that are given are looked up in the
    /// search_path given; others mean what they meant.
    pub fn make(self, model: &str, path: &CStr) -> Result<(), Error> {
        let removed = self.removed()?;
        let definition = super::lock(model)?;
        let known = catalog::described(definition.id)?;
        let mut new = definition.clone();
        let described = self.described(&known, &removed)?;
        new.options = Options::parse(&described.options)?;
        if let Some(zone) = &new.options.timezone {
            new.time_zone.clone_from(zone);
        }
        self.set_windows(&mut new, &removed)?;
        if let Some(occurs) = self.occurs {
            new.occurs = occurs;
        }
        let sources = source::open_events(&new)?;
        let had = attributes_of(&definition)?;
        let zone = new.time_zone.clone();
        as_role(definition.owner_oid, &zone, || {
            new.attributes = check_options(&new.options, &sources, &had, path)?;
            let texts = [self.goal, self.eligible, self.exclude];
            let given = conditions(texts, &sources, path)?;
            set_conditions(&mut new, given, &removed);
            check_conditions(&new, &sources)
        })?;
        if new.exclude_window.is_some() && new.exclude.is_none() {
            return Err(Error::Argument {
                argument: "exclude_window",
                found: "no exclude".to_owned(),
                required: "given together with exclude".to_owned(),
                hint: "Give exclude too, or leave exclude_window out.".to_owned(),
            });
        }
        move_scores(&definition, &new)?;
        write(&new, &described)?;
        if self.outcome_window.is_some() {
            notice::short_window("outcome_window", new.outcome_window);
        }
        if let (Some(_), Some(window)) = (&self.eligible_window, new.eligible_window) {
            notice::short_window("eligible_window", window);
        }
        notice::needs_training(&definition, &new)
    }

    /// The parts to be removed.
    fn removed(&self) -> Result<Vec<&'static str>, Error> {
        let wrong = |found: String| {
            Error::Argument {
            argument: "remove",
            found,
            required: format!("a list of parts among {}, none of them given as well", REMOVABLE.join(", ")),
            hint: "Write for example remove => '{exclude}'; an option loses its value by a null: options => '{\"seed\": null}'.".to_owned(),
        }
        };
        let given = |part: &str| match part {
            "eligible" => self.eligible.is_some(),
            "eligible_window" => self.eligible_window.is_some(),
            "exclude" => self.exclude.is_some() || self.exclude_window.is_some(),
            "exclude_window" => self.exclude_window.is_some(),
            _ => self.description.is_some(),
        };
        let find = |name: &Option<String>| {
            let name = name.as_deref().unwrap_or("NULL");
            let known = REMOVABLE.into_iter().find(|part| *part == name);
            let known = known.ok_or_else(|| wrong(format!("\"{}\"", name.escape_debug())))?;
            match given(known) {
                true => Err(wrong(format!("\"{known}\", which is given as well"))),
                false => Ok(known),
            }
        };
        self.remove.iter().flatten().map(find).collect()
    }

    fn described(&self, known: &Described, removed: &[&str]) -> Result<Described, Error> {
        let description = match self.description {
            Some(text) => Some(text.to_owned()),
            None if removed.contains(&"description") => None,
            None => known.description.clone(),
        };
        Ok(Described {
            kind: self.kind.map_or(Ok(known.kind), parse_kind)?,
            description,
            options: match &self.options {
                Some(changes) => Options::merged(&known.options, changes)?,
                None => known.options.clone(),
            },
        })
    }

    fn set_windows(&self, new: &mut Definition, removed: &[&str]) -> Result<(), Error> {
        if removed.contains(&"eligible_window") {
            new.eligible_window = None;
        }
        if removed.contains(&"exclude_window") || removed.contains(&"exclude") {
            new.exclude_window = None;
        }
        if let Some(interval) = self.outcome_window {
            new.outcome_window = window("outcome_window", interval)?;
        }
        if let Some(interval) = self.eligible_window {
            new.eligible_window = Some(window("eligible_window", interval)?);
        }
        if let Some(interval) = self.exclude_window {
            new.exclude_window = Some(window("exclude_window", interval)?);
        }
        Ok(())
    }
}

fn set_conditions(new: &mut Definition, given: Conditions, removed: &[&str]) {
    if removed.contains(&"eligible") {
        new.eligible = None;
    }
    if removed.contains(&"exclude") {
        new.exclude = None;
    }
    new.goal = given.goal.unwrap_or_else(|| new.goal.clone());
    new.eligible = given.eligible.or_else(|| new.eligible.take());
    new.exclude = given.exclude.or_else(|| new.exclude.take());
}

/// The attributes of a definition with what runs of them, and the columns of its profile sources.
fn attributes_of(definition: &Definition) -> Result<Known, Error> {
    let texts = &definition.options.attributes;
    let pair = |(name, sql): (&String, &String)| {
        let text = texts.get(name)?;
        Some(((name.clone(), text.clone()), sql.clone()))
    };
    let attributes: BTreeMap<_, _> = definition.attributes.iter().filter_map(pair).collect();
    let mut profile_columns = Vec::new();
    for profiles in source::open_profiles(definition)? {
        profile_columns.extend(profiles.columns().cloned());
    }
    Ok(Known {
        attributes,
        profile_columns,
    })
}

/// The option `scores` says where scores will be; those that there are stay where they are, whatever they are called.
fn move_scores(definition: &Definition, new: &Definition) -> Result<(), Error> {
    if definition.options.scores == new.options.scores {
        return Ok(());
    }
    let (schema, name) = (&definition.scores_schema, &definition.scores_name);
    if relation::find(schema, name).is_some() {
        return Err(Error::Argument {
            argument: "options",
            found: format!("scores in \"{schema}.{name}\" already"),
            required: "without \"scores\" once there are scores".to_owned(),
            hint: "Rename or move them with ALTER VIEW and ALTER TABLE; the model follows them."
                .to_owned(),
        });
    }
    let events = definition
        .events
        .first()
        .map(|source| source.schema.as_str());
    let (schema, name) = scores_relation(&definition.name, &new.options, events.unwrap_or(schema))?;
    catalog::set_scores(definition.id, &schema, &name)
}

fn write(new: &Definition, described: &Described) -> Result<(), Error> {
    catalog::update_model(
        new.id,
        &NewModel {
            name: &new.name,
            owner: &role_name(new.owner_oid),
            kind: described.kind,
            goal: &new.goal,
            occurs: new.occurs,
            outcome_window: new.outcome_window,
            eligible: new.eligible.as_ref(),
            eligible_window: new.eligible_window,
            exclude: new.exclude.as_ref(),
            exclude_window: new.exclude_window,
            description: described.description.as_deref(),
            options: &described.options,
            attributes: &new.attributes,
            time_zone: &new.time_zone,
            scores_schema: &new.scores_schema,
            scores_name: &new.scores_name,
        },
    )
}

/// Gives a model with its scores and segments to another role. Its conditions are code that runs as that role from then
/// on: whoever gives must be a member of both.
pub fn set_owner(model: &str, owner: &str) -> Result<(), Error> {
    let role = role_oid(owner).ok_or_else(|| Error::UnknownRole {
        name: owner.to_owned(),
    })?;
    if !is_member(current(), role) {
        return Err(Error::NotOwner {
            owner: owner.to_owned(),
            caller: role_name(current()),
        });
    }
    let given = match catalog::lock(model) {
        Ok(definition) => give(&definition, role),
        // Only a superuser is told that; a role that is gone has left no relations.
        Err(Error::OwnerGone { .. } | Error::OwnerReplaced { .. }) => {
            catalog::give(catalog::lock_orphan(model)?, role)
        }
        Err(error) => Err(error),
    };
    given?;
    jobs::warn_of_strangers(model, role)
}

/// Gives a model another name. Its scores and segments keep theirs.
pub fn rename(model: &str, new_name: &str) -> Result<String, Error> {
    check_name("new_name", new_name)?;
    let definition = super::lock(model)?;
    if new_name == model || catalog::exists(new_name)? {
        return Err(Error::ModelExists {
            name: new_name.to_owned(),
        });
    }
    let jobs = jobs::known(model)?;
    let scores = format!("{}.{}", definition.scores_schema, definition.scores_name);
    catalog::rename(definition.id, new_name, &scores)?;
    jobs::rename(&jobs, new_name);
    super::copy::sign(&definition, new_name)?;
    Ok(new_name.to_owned())
}
