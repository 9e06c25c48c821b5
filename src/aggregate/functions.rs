//! The functions that PostgreSQL calls: raw, because a row costs little more than the call.
//!
//! Who may create an aggregate can put functions of ours into it, beside functions of others, so nothing that comes in
//! is believed: rows are only taken for an aggregate of this extension, from arguments of the types and the number that
//! it declares; a state of type `internal` is a number that is looked up, never an address that is followed; and what
//! comes in by reference is read detoasted and never written to.

use pgrx::pg_guard;
use pgrx::pg_sys::{
    self, Datum, FunctionCallInfo, MemoryContext, NodeTag, NullableDatum, Oid, Pg_finfo_record,
};
use propensity::event::counts::ReadCounts;
use propensity::model::Model;

use super::answerer::Output;
use super::arguments;
use super::call_state::CallState;
use super::document::{bytes_datum, document_type, recall, remember, with_bytes};
use super::request::{Purpose, Request};
use super::row_log::RowLog;
use crate::catalog::args::Options;
use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::memory::poll;
use crate::row;

/// How all functions of ours that are not made by pgrx are called.
pub static V1: Pg_finfo_record = Pg_finfo_record { api_version: 1 };

/// The fewest arguments of a call that collects events: a state, those of the whole query and those of an event, which
/// has one attribute at least.
const FEWEST: usize = arguments::EVENT + row::ATTRIBUTES + 1;

/// The arguments of a call.
///
/// # Safety
/// A call that PostgreSQL made, for as long as it lasts.
#[inline]
pub unsafe fn values<'a>(call: FunctionCallInfo) -> &'a [NullableDatum] {
    // SAFETY: by contract.
    unsafe { (*call).args.as_slice((*call).nargs as usize) }
}

/// An argument of a call.
///
/// # Safety
/// As for [`values`]; the call has that many arguments.
pub unsafe fn argument(call: FunctionCallInfo, place: usize) -> Datum {
    // SAFETY: by contract.
    unsafe { values(call)[place].value }
}

/// Whether an argument is NULL.
///
/// # Safety
/// As for [`argument`].
pub unsafe fn is_null(call: FunctionCallInfo, place: usize) -> bool {
    // SAFETY: by contract.
    unsafe { values(call)[place].isnull }
}

/// Where in an aggregate a function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// While rows or states come in, or states leave for another process.
    Rows,
    /// When the state of a group is finished.
    Finish,
}

impl Phase {
    /// The phase of the aggregate that calls; none outside an aggregate, and for a window function, which would keep one
    /// state for many results.
    #[inline]
    unsafe fn of(call: FunctionCallInfo) -> Option<Self> {
        // SAFETY: the context of a call is NULL or a node.
        unsafe {
            let context: *mut pg_sys::Node = (*call).context.cast();
            if context.is_null() || (*context).type_ != NodeTag::T_AggState {
                return None;
            }
            let state: *mut pg_sys::AggState = context.cast();
            // Set while a final function runs, for AggGetAggref.
            Some(if (*state).curperagg.is_null() {
                Self::Rows
            } else {
                Self::Finish
            })
        }
    }
}

/// Refuses to be a part of an aggregate that does not belong to this extension. Asked once for each place of a call.
///
/// # Safety
/// As for [`values`]; an aggregate calls.
#[cold]
pub unsafe fn refuse_others(call: FunctionCallInfo) -> Result<(), Error> {
    // SAFETY: the aggregate's node in the plan, if there is one, and look-ups in the catalog.
    unsafe {
        let Some(aggregate) = pg_sys::AggGetAggref(call).as_ref() else {
            return Err(Error::DirectCall);
        };
        let ours = pg_sys::get_func_namespace((*(*call).flinfo).fn_oid);
        // Nobody but the owner of the extension can create anything in its schema.
        if pg_sys::get_func_namespace(aggregate.aggfnoid) == ours {
            Ok(())
        } else {
            Err(Error::DirectCall)
        }
    }
}

/// Refuses to combine states of an aggregate that does not belong to this extension; asks once for each place of a call.
///
/// # Safety
/// As for [`refuse_others`], from a function that keeps nothing in `fn_extra`.
#[inline]
pub unsafe fn refuse_others_once(call: FunctionCallInfo) -> Result<(), Error> {
    // SAFETY: by contract; the mark is never followed.
    unsafe {
        let function = (*call).flinfo;
        if (*function).fn_extra.is_null() {
            refuse_others(call)?;
            (*function).fn_extra = function.cast();
        }
        Ok(())
    }
}

/// Refuses arguments that are not of the types that the function was declared with.
///
/// # Safety
/// As for [`values`].
#[cold]
pub unsafe fn refuse_types(call: FunctionCallInfo, types: &[(usize, Oid)]) -> Result<(), Error> {
    // SAFETY: by contract.
    let is_of = |&(place, oid): &(usize, Oid)| unsafe { arguments::type_of(call, place) } == oid;
    if types.iter().all(is_of) {
        Ok(())
    } else {
        Err(Error::DirectCall)
    }
}

/// The memory of the aggregate's states: what AggCheckCallContext says, without calling it for every row.
#[inline]
unsafe fn memory(call: FunctionCallInfo) -> MemoryContext {
    // SAFETY: an aggregate calls, which names the memory of its group before rows or states come in.
    unsafe {
        let aggregate: *mut pg_sys::AggState = (*call).context.cast();
        (*(*aggregate).curaggcontext).ecxt_per_tuple_memory
    }
}

/// Runs the work of an aggregate's function that is called in one of these phases with at least so many arguments; its
/// error becomes PostgreSQL's.
///
/// # Safety
/// As for [`values`].
#[inline]
pub unsafe fn aggregate(
    call: FunctionCallInfo,
    phases: &[Phase],
    least: usize,
    work: impl FnOnce() -> Result<Datum, Box<Error>>,
) -> Datum {
    // SAFETY: by contract.
    let allowed = unsafe {
        Phase::of(call).is_some_and(|phase| phases.contains(&phase)) && values(call).len() >= least
    };
    let done = if allowed {
        work()
    } else {
        Err(Error::DirectCall.into())
    };
    done.unwrap_or_else(|error| error.throw())
}

/// Keeps a value for all further calls from the same place, in `fn_extra`, until the query ends.
///
/// # Safety
/// As for [`values`].
pub unsafe fn keep<T>(call: FunctionCallInfo, value: T) -> *mut T {
    // SAFETY: the callback is in the memory whose end it announces, and frees the value then, once.
    unsafe {
        let function = (*call).flinfo;
        let callback: *mut pg_sys::MemoryContextCallback = pg_sys::MemoryContextAlloc(
            (*function).fn_mcxt,
            size_of::<pg_sys::MemoryContextCallback>(),
        )
        .cast();
        let kept = Box::into_raw(Box::new(value));
        callback.write(pg_sys::MemoryContextCallback {
            func: Some(free::<T>),
            arg: kept.cast(),
            next: std::ptr::null_mut(),
        });
        pg_sys::MemoryContextRegisterResetCallback((*function).fn_mcxt, callback);
        (*function).fn_extra = kept.cast();
        kept
    }
}

unsafe extern "C-unwind" fn free<T>(kept: *mut std::ffi::c_void) {
    // SAFETY: made by `keep`, freed once.
    drop(unsafe { Box::from_raw(kept.cast::<T>()) });
}

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

/// The error about an argument that changes from row to row.
pub fn not_constant(argument: &'static str) -> Error {
    Error::NotConstant { argument }
}

/// Refuses an argument that might change from row to row.
///
/// # Safety
/// A call of a transition function.
pub unsafe fn refuse_variable(
    call: FunctionCallInfo,
    place: usize,
    name: &'static str,
) -> Result<(), Error> {
    // SAFETY: the expression of the aggregate that calls; its arguments do not count the state.
    unsafe {
        let Some(aggregate) = pg_sys::AggGetAggref(call).as_ref() else {
            return Err(Error::DirectCall);
        };
        let entries = pointers::<pg_sys::TargetEntry>(aggregate.args);
        let Some(entry) = place.checked_sub(1).and_then(|place| entries.get(place)) else {
            return Err(Error::DirectCall);
        };
        let value = (**entry).expr.cast::<pg_sys::Node>();
        let is_fixed = match (*value).type_ {
            NodeTag::T_Const => true,
            NodeTag::T_Param => {
                (*value.cast::<pg_sys::Param>()).paramkind == pg_sys::ParamKind::PARAM_EXTERN
            }
            _ => false,
        };
        if is_fixed {
            Ok(())
        } else {
            Err(not_constant(name))
        }
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
