//! The functions of the aggregates that have a model answer. Who calls them is not believed: see `call.rs`.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use propensity::event::counts::ReadCounts;
use propensity::model::Model;

use super::answerer::Output;
use super::arguments;
use super::call::{
    Phase, V1, aggregate, argument, is_null, keep, memory, not_constant, refuse_others,
    refuse_others_once, refuse_types, refuse_variable, values,
};
use super::call_state::CallState;
use super::document::{bytes_datum, document_type, recall, remember, with_bytes};
use super::request::{Purpose, Request};
use super::row_log::RowLog;
use crate::catalog::args::Options;
use crate::error::Error;
use crate::pg::memory::poll;
use crate::row;

/// The fewest arguments of a call that collects events: a state, those of the whole query and those of an event, which
/// has one attribute at least.
const FEWEST: usize = arguments::EVENT + row::ATTRIBUTES + 1;

/// The state of a call that collects events, made at the first one.
unsafe fn collecting(call: FunctionCallInfo) -> Result<*mut CallState, Box<Error>> {
    // SAFETY: as for `values`; what is in `fn_extra` was put there by `keep`.
    unsafe {
        let values = values(call);
        let as_of = arguments::instant("as_of", values[arguments::AS_OF])?;
        let as_of = as_of.ok_or(Error::NullArgument { argument: "as_of" })?;
        let eligible_after =
            arguments::instant("eligible_after", values[arguments::ELIGIBLE_AFTER])?;
        let eligible_after = eligible_after.unwrap_or(i64::MIN);
        let shared: *mut CallState = (*(*call).flinfo).fn_extra.cast();
        if let Some(shared) = shared.as_ref() {
            if shared.request.as_of != as_of {
                return Err(not_constant("as_of").into());
            }
            if shared.request.eligible_after != eligible_after {
                return Err(not_constant("eligible_after").into());
            }
            return Ok((&raw const *shared).cast_mut());
        }
        refuse_others(call)?;
        refuse_types(
            call,
            &[
                (arguments::MODEL, document_type()),
                (arguments::AS_OF, pg_sys::TIMESTAMPTZOID),
                (arguments::ELIGIBLE_AFTER, pg_sys::TIMESTAMPTZOID),
                (arguments::OPTIONS, pg_sys::JSONBOID),
            ],
        )?;
        refuse_variable(call, arguments::MODEL, "model")?;
        refuse_variable(call, arguments::OPTIONS, "options")?;
        if values[arguments::MODEL].isnull {
            return Err(Error::NullArgument { argument: "model" }.into());
        }
        let options = Options::parse(&arguments::json_text(values[arguments::OPTIONS]))?;
        let read =
            |document: &[u8]| Ok::<_, Error>((Model::decode(document)?, remember(document)?));
        let (model, hash) = with_bytes(values[arguments::MODEL].value, read)?;
        let zone = options.timezone.as_deref().unwrap_or("UTC");
        let names = &model.schema.names;
        let names = (names.numbers.as_slice(), names.codes.as_slice());
        let arguments = arguments::columns(call, arguments::EVENT, names, zone)?;
        let request = Request {
            as_of,
            eligible_after,
            purpose: Purpose::Answer {
                model: hash,
                factors: options.factors as u64,
            },
        };
        Ok(keep(
            call,
            CallState::answering(request, model, Some(arguments))?,
        ))
    }
}

/// Adds an event to the state of a call.
///
/// # Safety
/// A call of a transition function, whose call state this is; the values are those of the event.
#[inline]
pub unsafe fn collect(
    call: FunctionCallInfo,
    shared: *mut CallState,
    event: &[NullableDatum],
) -> Result<Datum, Box<Error>> {
    // SAFETY: by contract.
    unsafe {
        let log = &mut *(*shared).log(memory(call));
        let group = log.group(&values(call)[0])?;
        log.append(group, |out| (*shared).pack(event, out))?;
        Ok(log.state(group))
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_collect() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds a row to the state.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_collect(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql.
    unsafe {
        aggregate(call, &[Phase::Rows], FEWEST, || {
            let shared = collecting(call)?;
            collect(call, shared, &values(call)[arguments::EVENT..])
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_combine() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds a second state to the first one.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_combine(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above. Both states come from one deserializing call, so their codes are of one call state.
    unsafe {
        aggregate(call, &[Phase::Rows], 2, || {
            refuse_others_once(call)?;
            if is_null(call, 1) {
                (*call).isnull = is_null(call, 0);
                return Ok(argument(call, 0));
            }
            let (second, place) = RowLog::find(argument(call, 1))?;
            let log = &mut *(*(*second).shared()).log(memory(call));
            let group = log.group(&values(call)[0])?;
            log.append_all(group, (*second).bytes(place))?;
            Ok(log.state(group))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_serialize() -> *const Pg_finfo_record {
    &raw const V1
}

/// The state as bytes for another process.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_serialize(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above; declared strict.
    unsafe {
        aggregate(call, &[Phase::Rows], 1, || {
            let (log, group) = RowLog::find(argument(call, 0))?;
            Ok(bytes_datum(
                (*(*log).shared()).serialize((*log).bytes(group))?,
            ))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_deserialize() -> *const Pg_finfo_record {
    &raw const V1
}

/// A state from the bytes of another process.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_deserialize(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above; declared strict.
    unsafe {
        aggregate(call, &[Phase::Rows], 1, || {
            with_bytes(argument(call, 0), |bytes| {
                let (request, mut rest) =
                    Request::split(bytes).ok_or(propensity::Error::BadRecord)?;
                let counts = ReadCounts::take(&mut rest)?;
                let shared = receiving(call, request)?;
                let log = &mut *(*shared).log(pg_sys::CurrentMemoryContext);
                let group = log.add_group()?;
                log.append_all(group, (*shared).deserialize(counts, rest)?)?;
                Ok(log.state(group))
            })
        })
    }
}

/// The state of a call that receives states, made at the first one.
unsafe fn receiving(call: FunctionCallInfo, request: Request) -> Result<*mut CallState, Error> {
    // SAFETY: what is in `fn_extra` was put there by `keep`.
    unsafe {
        let shared: *mut CallState = (*(*call).flinfo).fn_extra.cast();
        if shared.is_null() {
            let shared = match request.purpose {
                Purpose::Answer { model, .. } => {
                    CallState::answering(request, recall(model)?, None)?
                }
                Purpose::Collect { numbers, codes } => {
                    CallState::collecting(request, (numbers, codes), None)?
                }
            };
            return Ok(keep(call, shared));
        }
        if (*shared).request == request {
            Ok(shared)
        } else {
            Err(propensity::Error::BadRecord.into())
        }
    }
}

/// Finishes a state, which stays as it is: PostgreSQL may do so more than once.
///
/// # Safety
/// A call of a final function that is declared strict.
pub unsafe fn finish(
    call: FunctionCallInfo,
    work: impl FnOnce(&mut CallState, &[u8]) -> Result<Datum, Error>,
) -> Datum {
    // SAFETY: by contract.
    unsafe {
        aggregate(call, &[Phase::Finish], 1, || {
            let (log, group) = RowLog::find(argument(call, 0))?;
            let done = work(&mut *(*log).shared(), (*log).bytes(group))?;
            poll();
            Ok(done)
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_features_final() -> *const Pg_finfo_record {
    &raw const V1
}

/// The features of an eligible profile.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_features_final(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above.
    unsafe {
        finish(call, |shared, rows| {
            Ok(bytes_datum(shared.answer(Output::Features, rows)?))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_scores_final() -> *const Pg_finfo_record {
    &raw const V1
}

/// The prediction of an eligible profile and its reasons.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_scores_final(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above.
    unsafe {
        finish(call, |shared, rows| {
            Ok(bytes_datum(shared.answer(Output::Score, rows)?))
        })
    }
}
