//! The functions of the aggregate `customer_ai_internal.rows`, declared in `sql/reading.sql`: raw, because a
//! row costs little more than the call. A state is what one process collects, or reports of several.
//! It is followed only if this process made it: others could put a state of theirs in its place.

use std::cell::RefCell;

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, MemoryContextCallback, Pg_finfo_record};

use super::collector::{Collector, Report};
use super::shared::Shared;
use crate::aggregate::call::{
    Phase, V1, aggregate, argument, is_null, refuse_others, refuse_others_once, refuse_types,
    values,
};
use crate::aggregate::{bytes_datum, with_bytes};
use crate::error::Error;
use crate::pg::sql;

/// Where the arguments of `_rows` stand, the state being the first; the columns of a row follow.
const JOB: usize = 1;
const COLUMNS: usize = 2;

thread_local! {
    /// The states of this backend; few, one for each group of a query that runs.
    static STATES: RefCell<Vec<*mut State>> = const { RefCell::new(Vec::new()) };
}

enum State {
    Collecting(Box<Collector>),
    Reports(Vec<Report>),
}

impl State {
    /// The reports, which are gone from the state then; a collector makes its own.
    fn take_reports(&mut self) -> Vec<Report> {
        match std::mem::replace(self, Self::Reports(Vec::new())) {
            Self::Collecting(collector) => vec![collector.report()],
            Self::Reports(reports) => reports,
        }
    }
}

/// Keeps a state for as long as the aggregate's memory lasts.
unsafe fn keep(call: FunctionCallInfo, state: State) -> *mut State {
    // SAFETY: an aggregate calls; the callback frees the state once, when its memory goes.
    unsafe {
        let mut context = std::ptr::null_mut();
        pg_sys::AggCheckCallContext(call, &mut context);
        let size = size_of::<MemoryContextCallback>();
        let callback: *mut MemoryContextCallback = pg_sys::MemoryContextAlloc(context, size).cast();
        let state = Box::into_raw(Box::new(state));
        STATES.with_borrow_mut(|states| states.push(state));
        callback.write(MemoryContextCallback {
            func: Some(free),
            arg: state.cast(),
            next: std::ptr::null_mut(),
        });
        pg_sys::MemoryContextRegisterResetCallback(context, callback);
        state
    }
}

unsafe extern "C-unwind" fn free(state: *mut std::ffi::c_void) {
    let state: *mut State = state.cast();
    STATES.with_borrow_mut(|states| states.retain(|known| *known != state));
    // SAFETY: made by `keep`, freed once.
    drop(unsafe { Box::from_raw(state) });
}

/// The state that an argument is; none if it is NULL.
///
/// # Errors
/// 0A000 for a state that is not one of ours.
unsafe fn state<'a>(call: FunctionCallInfo, place: usize) -> Result<Option<&'a mut State>, Error> {
    // SAFETY: those in the list are there.
    unsafe {
        if is_null(call, place) {
            return Ok(None);
        }
        let given: *mut State = argument(call, place).cast_mut_ptr();
        if STATES.with_borrow(|states| states.contains(&given)) {
            Ok(given.as_mut())
        } else {
            Err(Error::DirectCall)
        }
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_rows_take() -> *const Pg_finfo_record {
    &raw const V1
}

/// Takes a row in.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn rows_take(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared. Only this extension has a job to give.
    unsafe {
        aggregate(call, &[Phase::Rows], COLUMNS, || {
            let state = match state(call, 0)? {
                Some(state) => state,
                None if is_null(call, JOB) => return Err(Error::DirectCall.into()),
                None => {
                    refuse_others(call)?;
                    refuse_types(call, &[(JOB, sql::own_type(c"job"))])?;
                    let shared = Shared::open(argument(call, JOB)).ok_or(Error::DirectCall)?;
                    let collector = Box::new(Collector::new(shared)?);
                    if collector.columns() != values(call).len() - COLUMNS {
                        return Err(Error::DirectCall.into());
                    }
                    &mut *keep(call, State::Collecting(collector))
                }
            };
            let State::Collecting(collector) = state else {
                return Err(Error::DirectCall.into());
            };
            collector.take(&values(call)[COLUMNS..])?;
            Ok(Datum::from(&raw mut *state))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_rows_combine() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds the reports of a second state to those of the first one.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn rows_combine(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above.
    unsafe {
        aggregate(call, &[Phase::Rows], 2, || {
            refuse_others_once(call)?;
            let second = state(call, 1)?.map(|state| &raw mut *state);
            let first = match state(call, 0)? {
                Some(state) => state,
                None => &mut *keep(call, State::Reports(Vec::new())),
            };
            let mut reports = first.take_reports();
            if let Some(second) = second {
                reports.append(&mut (*second).take_reports());
            }
            *first = State::Reports(reports);
            Ok(Datum::from(&raw mut *first))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_rows_serialize() -> *const Pg_finfo_record {
    &raw const V1
}

/// The reports as bytes.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn rows_serialize(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above; declared strict.
    unsafe {
        aggregate(call, &[Phase::Rows, Phase::Finish], 1, || {
            let state = state(call, 0)?.ok_or(Error::DirectCall)?;
            let bytes = serde_json::to_vec(&state.take_reports());
            Ok(bytes_datum(&bytes.map_err(|_| {
                Error::Internal("a report of parallel workers cannot be written")
            })?))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_rows_deserialize() -> *const Pg_finfo_record {
    &raw const V1
}

/// Reports from bytes.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn rows_deserialize(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above; declared strict.
    unsafe {
        aggregate(call, &[Phase::Rows], 1, || {
            let reports = with_bytes(argument(call, 0), |bytes| serde_json::from_slice(bytes));
            let reports = reports.map_err(|_| propensity::Error::BadRecord)?;
            Ok(Datum::from(keep(call, State::Reports(reports))))
        })
    }
}
