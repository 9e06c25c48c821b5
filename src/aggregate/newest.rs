//! The time of the newest event up to an instant: what a run is as of unless told otherwise.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Pg_finfo_record};

use super::arguments::{self, Time};
use super::functions::{Phase, V1, aggregate, refuse_others, refuse_types, values};
use crate::args::Options;
use crate::error::Error;
use crate::stream::EPOCH;

const STATE: usize = 0;
const UNTIL: usize = 1;
const OPTIONS: usize = 2;
const TIME: usize = 3;

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_newest_event_collect() -> *const Pg_finfo_record {
    &raw const V1
}

/// The later of the state and the row's time, if that is not later than `until`.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn newest_event_collect(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql.
    unsafe { aggregate(call, &[Phase::Rows], TIME + 1, || later(call)) }
}

unsafe fn later(call: FunctionCallInfo) -> Result<Datum, Box<Error>> {
    // SAFETY: by contract; the reader is in memory that lives as long as `fn_extra`, and needs no drop.
    unsafe {
        let values = values(call);
        let function = (*call).flinfo;
        if (*function).fn_extra.is_null() {
            refuse_others(call)?;
            let instants = [STATE, UNTIL].map(|place| (place, pg_sys::TIMESTAMPTZOID));
            refuse_types(call, &instants)?;
            refuse_types(call, &[(OPTIONS, pg_sys::JSONBOID)])?;
            let options = Options::parse(&arguments::json_text(values[OPTIONS]))?;
            let reader = Time::of(call, TIME, options.timezone.as_deref().unwrap_or("UTC"))?;
            let place = pg_sys::MemoryContextAlloc((*function).fn_mcxt, size_of::<Time>());
            place.cast::<Time>().write(reader);
            (*function).fn_extra = place;
        }
        let until = arguments::instant("until", values[UNTIL])?;
        let until = until.ok_or(Error::NullArgument { argument: "until" })?;
        let reader = &mut *(*function).fn_extra.cast::<Time>();
        let time = reader.read(values[TIME]).filter(|&time| time <= until);
        let state = (!values[STATE].isnull).then(|| values[STATE].value.value() as i64);
        let newest = time.map(|time| time.saturating_sub(EPOCH)).max(state);
        (*call).isnull = newest.is_none();
        Ok(newest.map_or(Datum::null(), Datum::from))
    }
}
