//! What a history would count, without the events: asked first where a sample of the profiles is to be drawn.
//!
//! The state is a bytea, so that it needs neither a final function nor one that serializes it. It is made anew for every
//! row: a bytea that comes in may be anybody's, and may be compressed or kept apart.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Pg_finfo_record};
use propensity::event::count_state;
use propensity::event::counts::ReadCounts;

use super::arguments::Arguments;
use super::call::{
    Phase, V1, aggregate, argument, is_null, keep, refuse_others_once, refuse_types, values,
};
use super::document::{bytes_datum, with_bytes};
use super::history::{EVENT, FEWEST, UNTIL, arguments_of, until};
use crate::error::Error;

const STATE: usize = 0;

/// Bytes that are no state are not one of ours.
fn refused(error: propensity::Error) -> Error {
    match error {
        propensity::Error::BadRecord => Error::DirectCall,
        error => error.into(),
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_counts_collect() -> *const Pg_finfo_record {
    &raw const V1
}

/// Counts a row.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_counts_collect(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql; what is in `fn_extra` was put there by `keep`.
    unsafe {
        aggregate(call, &[Phase::Rows], FEWEST, || {
            let values = values(call);
            let until = until(values[UNTIL])?;
            let mut reader: *mut Arguments = (*(*call).flinfo).fn_extra.cast();
            if reader.is_null() {
                refuse_types(call, &[(STATE, pg_sys::BYTEAOID)])?;
                reader = keep(call, arguments_of(call)?.1);
            }
            let (columns, event) = (&mut *reader, &values[EVENT..]);
            let mut counts = ReadCounts::default();
            let time = columns.time(event);
            let admitted = counts.admit(time, until);
            if admitted.is_some() {
                columns.count(event, &mut counts);
            }
            let with_row = |state: Option<&[u8]>| count_state::with_row(state, counts, admitted);
            let changed = if is_null(call, STATE) {
                with_row(None)
            } else {
                with_bytes(argument(call, STATE), |state| with_row(Some(state)))
            };
            Ok(bytes_datum(&changed.map_err(refused)?))
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_counts_combine() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds the counts of one state to those of another.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_counts_combine(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above.
    unsafe {
        aggregate(call, &[Phase::Rows], 2, || {
            refuse_others_once(call)?;
            let both =
                [STATE, 1].map(|place| (!is_null(call, place)).then(|| argument(call, place)));
            match both {
                [Some(one), Some(other)] => {
                    let joined = with_bytes(one, |one| {
                        with_bytes(other, |other| count_state::join(one, other))
                    });
                    Ok(bytes_datum(&joined.map_err(refused)?))
                }
                [Some(one), None] | [None, Some(one)] => Ok(with_bytes(one, bytes_datum)),
                [None, None] => Ok(bytes_datum(
                    &count_state::empty().map_err(propensity::Error::from)?,
                )),
            }
        })
    }
}
