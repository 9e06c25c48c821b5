//! What the columns of a source are taken for, in a NOTICE; and options about columns that can be wrong.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::catalog::args::Options;
use crate::catalog::args::TakeAs;
use crate::error::Error;
use crate::error::listed;
use crate::pg::relation::Column;
use crate::source::{self, Events, Profiles, Role};

/// Columns by what they are taken for.
#[derive(Default)]
struct Taken {
    amounts: Vec<String>,
    categories: Vec<String>,
    dates: Vec<String>,
    lists: Vec<String>,
    /// With their types.
    left_out: Vec<String>,
    /// Numbers that are taken for names because of how they are called.
    numbers: Vec<String>,
}

impl Taken {
    fn add(&mut self, column: &Column, role: Option<Role>, asked: Option<TakeAs>) {
        let name = column.name.clone();
        match role {
            Some(Role::Amount) => self.amounts.push(name),
            Some(Role::Category) => {
                if source::number("e", column.base_oid).is_some() && asked.is_none() {
                    self.numbers.push(name.clone());
                }
                self.categories.push(name);
            }
            Some(Role::Date) => self.dates.push(name),
            Some(Role::List) => self.lists.push(name),
            None => self.left_out.push(format!("{name} ({})", column.type_name)),
        }
    }

    /// Says it, if there is anything to say.
    fn notice(&self, relation: &str, known_ahead: &[String]) {
        let (ahead, dates): (Vec<String>, Vec<String>) = self
            .dates
            .iter()
            .cloned()
            .partition(|name| known_ahead.contains(name));
        let parts = [
            ("amounts", &self.amounts),
            ("categories or identifiers", &self.categories),
            ("dates, not known before they come", &dates),
            ("dates known ahead", &ahead),
            ("lists (length and members)", &self.lists),
            ("left out", &self.left_out),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what}: {}", listed(names)))
            .collect();
        if said.is_empty() {
            return;
        }
        let mut notice = ErrorReport::new(
            PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
            format!("columns of \"{relation}\": {}", said.join("; ")),
            "customer_ai",
        );
        let mut details = Vec::new();
        if !self.numbers.is_empty() {
            let names = listed(&self.numbers);
            details.push(format!(
                "Numbers that are called like names of things: {names}."
            ));
        }
        if !self.left_out.is_empty() {
            details.push("Nothing is made of columns of the types that are left out.".to_owned());
        }
        if !details.is_empty() {
            notice = notice.set_detail(details.join(" ")).set_hint(
                "The option take_as says what a column is, attributes makes something of any type, ignore leaves a column out.",
            );
        }
        notice.report(PgLogLevel::NOTICE);
    }
}

/// Says what the columns of an event source are taken for.
pub fn notice_events(events: &Events, options: &Options) {
    let mut taken = Taken::default();
    for column in source::attribute_columns(std::slice::from_ref(events), options) {
        let asked = options.take_as.get(&column.name).copied();
        taken.add(column, source::event_role(column, asked), asked);
    }
    taken.notice(&events.relation.display(), &options.known_ahead);
}

/// Says what the columns of a profile source are taken for.
pub fn notice_profiles(profiles: &Profiles, options: &Options) {
    let mut taken = Taken::default();
    for column in profiles.attributes() {
        let asked = options.take_as.get(&column.name).copied();
        taken.add(column, source::profile_role(column, asked), asked);
    }
    taken.notice(&profiles.relation.display(), &options.known_ahead);
}

/// Columns of a source that are asked for by an option and cannot be what it says.
///
/// # Errors
/// 22023.
pub fn check_asked(columns: &[Column], options: &Options) -> Result<(), Error> {
    let find = |name: &String| columns.iter().find(|column| column.name == *name);
    let wrong = |option: &str, column: &Column, required: &str| {
        Err(Error::Option {
            option: option.to_owned(),
            found: format!("\"{}\" of type {}", column.name, column.type_name),
            required: required.to_owned(),
        })
    };
    for column in options.columns.iter().flatten().filter_map(find) {
        if source::event_role(column, None).is_none() {
            let required = "columns that features can be made of; the option attributes makes something of any type";
            return wrong("columns", column, required);
        }
    }
    for column in options.known_ahead.iter().filter_map(find) {
        if !column.category.is_time() {
            return wrong("known_ahead", column, "columns of dates or timestamps");
        }
    }
    for (name, &asked) in &options.take_as {
        let Some(column) = find(name) else {
            continue;
        };
        let (sound, required) = match asked {
            TakeAs::Amount => (
                source::number("e", column.base_oid).is_some(),
                "a number, to be taken as an amount; the option attributes has room for a cast",
            ),
            TakeAs::Category | TakeAs::Identifier => (
                source::text("e", column.base_oid).is_some(),
                "a text or a number, to be taken as a category or an identifier",
            ),
        };
        if !sound {
            return wrong("take_as", column, required);
        }
    }
    Ok(())
}
