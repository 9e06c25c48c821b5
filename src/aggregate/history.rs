//! The history of a profile: all its events, packed, with their texts spelled. What training reads of far events.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use propensity::time::Micros;
use serde::Deserialize;

use super::arguments::{self, Arguments};
use super::call::{
    Phase, V1, aggregate, keep, not_constant, refuse_others, refuse_types, refuse_variable, values,
};
use super::call_state::CallState;
use super::document::bytes_datum;
use super::functions::{collect, finish};
use super::request::{Purpose, Request};
use crate::error::Error;
use crate::row;

/// Where the arguments of `event_history` and `event_counts` stand, the state being the first; those of an event
/// follow.
pub const UNTIL: usize = 1;
const OPTIONS: usize = 2;
pub const EVENT: usize = 3;
/// The fewest arguments of a call, which has one attribute at least.
pub const FEWEST: usize = EVENT + row::ATTRIBUTES + 1;

/// How the events are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Time zone of times without one.
    timezone: String,
    /// How many attributes are numbers; they come first.
    numbers: u32,
    /// How many are texts.
    texts: u32,
}

impl Options {
    fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |found: String| Error::Argument {
            argument: "options",
            found,
            required: "an object of timezone, numbers and texts: a name and two counts".to_owned(),
            hint: "Write for example '{\"timezone\": \"UTC\", \"numbers\": 1, \"texts\": 0}'."
                .to_owned(),
        };
        let options: Self =
            serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let attributes = options.numbers.saturating_add(options.texts);
        if attributes > pg_sys::FUNC_MAX_ARGS {
            return Err(refuse(format!("{attributes} attributes")));
        }
        Ok(options)
    }

    /// What the attributes are called in messages.
    fn names(&self) -> (Vec<String>, Vec<String>) {
        let number = |place| format!("number {place}");
        let text = |place| format!("text {place}");
        (
            (1..=self.numbers).map(number).collect(),
            (1..=self.texts).map(text).collect(),
        )
    }
}

/// The instant that is the same for all rows of a call.
pub fn until(value: NullableDatum) -> Result<Micros, Box<Error>> {
    let until = arguments::instant("until", value)?;
    Ok(until.ok_or(Error::NullArgument { argument: "until" })?)
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_history_collect() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds a row to the state.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_history_collect(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql.
    unsafe {
        aggregate(call, &[Phase::Rows], FEWEST, || {
            let shared = collecting(call)?;
            collect(call, shared, &values(call)[EVENT..])
        })
    }
}

/// The state of a call, made at the first one.
unsafe fn collecting(call: FunctionCallInfo) -> Result<*mut CallState, Box<Error>> {
    // SAFETY: what is in `fn_extra` was put there by `keep`.
    unsafe {
        let values = values(call);
        let until = until(values[UNTIL])?;
        let shared: *mut CallState = (*(*call).flinfo).fn_extra.cast();
        if let Some(found) = shared.as_ref() {
            if found.request.as_of != until {
                return Err(not_constant("until").into());
            }
            return Ok(shared);
        }
        let ((numbers, texts), arguments) = arguments_of(call)?;
        let request = Request {
            as_of: until,
            eligible_after: Micros::MIN,
            purpose: Purpose::Collect {
                numbers,
                codes: texts,
            },
        };
        let shared = CallState::collecting(request, (numbers, texts), Some(arguments))?;
        Ok(keep(call, shared))
    }
}

/// How the columns of an event are read, and how many of them are numbers and texts.
///
/// # Safety
/// A call of a transition function with the arguments of `event_history`.
pub unsafe fn arguments_of(call: FunctionCallInfo) -> Result<((u32, u32), Arguments), Error> {
    // SAFETY: by contract.
    unsafe {
        refuse_others(call)?;
        let instant = (UNTIL, pg_sys::TIMESTAMPTZOID);
        refuse_types(call, &[instant, (OPTIONS, pg_sys::JSONBOID)])?;
        refuse_variable(call, OPTIONS, "options")?;
        let options = Options::parse(&arguments::json_text(values(call)[OPTIONS]))?;
        let (numbers, texts) = options.names();
        let arguments = arguments::columns(call, EVENT, (&numbers, &texts), &options.timezone)?;
        Ok(((options.numbers, options.texts), arguments))
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_history_final() -> *const Pg_finfo_record {
    &raw const V1
}

/// The events of the profile.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_history_final(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above; declared strict.
    unsafe { finish(call, |shared, rows| Ok(bytes_datum(shared.history(rows)?))) }
}
