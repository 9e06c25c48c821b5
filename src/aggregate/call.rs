//! Calls that PostgreSQL makes of our own C functions, which are raw, because a row costs little more than the call: their
//! arguments, what a call site keeps, and what is refused.
//!
//! Who may create an aggregate can put functions of ours into it, beside functions of others, so nothing that comes in
//! is believed: rows are only taken for an aggregate of this extension, from arguments of the types and the number that
//! it declares; a state of type `internal` is a number that is looked up, never an address that is followed; and what
//! comes in by reference is read detoasted and never written to.

use pgrx::pg_sys::{
    self, Datum, FunctionCallInfo, MemoryContext, NodeTag, NullableDatum, Oid, Pg_finfo_record,
};

use crate::error::Error;
use crate::pg::list::pointers;

/// How all functions of ours that are not made by pgrx are called.
pub static V1: Pg_finfo_record = Pg_finfo_record { api_version: 1 };

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

/// The type of an argument; of a domain, the type under it. Invalid where the call has no expression that tells.
///
/// # Safety
/// As for [`values`].
pub unsafe fn type_of(call: FunctionCallInfo, place: usize) -> Oid {
    // SAFETY: look-ups in the expression and the catalog.
    unsafe {
        let given = pg_sys::get_fn_expr_argtype((*call).flinfo, place as i32);
        if given == Oid::INVALID {
            given
        } else {
            pg_sys::getBaseType(given)
        }
    }
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
    let is_of = |&(place, oid): &(usize, Oid)| unsafe { type_of(call, place) } == oid;
    if types.iter().all(is_of) {
        Ok(())
    } else {
        Err(Error::DirectCall)
    }
}

/// The memory of the aggregate's states: what AggCheckCallContext says, without calling it for every row.
///
/// # Safety
/// As for [`values`], of a transition function.
#[inline]
pub unsafe fn memory(call: FunctionCallInfo) -> MemoryContext {
    // SAFETY: an aggregate calls, which names the memory of its group before rows or states come in.
    unsafe {
        let aggregate: *mut pg_sys::AggState = (*call).context.cast();
        (*(*aggregate).curaggcontext).ecxt_per_tuple_memory
    }
}

/// Runs the work of an aggregate's function that is called in one of these phases with at least `least` arguments; its
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
