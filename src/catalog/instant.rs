//! Instants between PostgreSQL and the library, and the windows around cutoffs.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::{IntoDatum, pg_sys};
use propensity::cutoff::Cutoff;
use propensity::time::{Length, Micros};

use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::sql;
use crate::pg::timestamp;

/// An instant that is not infinite, as microseconds since 1970.
pub fn to_micros(instant: TimestampWithTimeZone) -> Option<Micros> {
    timestamp::finite(instant.into())
}

/// Microseconds since 1970 as a timestamptz.
pub fn from_micros(at: Micros) -> Result<TimestampWithTimeZone, Error> {
    let valid = TimestampWithTimeZone::try_from(timestamp::from_micros(at));
    valid.map_err(|_| Error::Instant {
        argument: "as_of",
        found: format!("{at} microseconds"),
        required: "within the range of timestamps",
    })
}

/// An instant as users read it, whatever their DateStyle.
pub fn text(at: Micros) -> String {
    // SAFETY: returns a text in a buffer of its own, which is copied before the next call.
    let text =
        unsafe { std::ffi::CStr::from_ptr(pg_sys::timestamptz_to_str(timestamp::from_micros(at))) };
    text.to_string_lossy().into_owned()
}

/// The start of the current transaction.
pub fn now() -> Micros {
    // SAFETY: reads the transaction's state.
    timestamp::to_micros(unsafe { pg_sys::GetCurrentTransactionStartTimestamp() })
}

/// The time on the clock.
pub fn clock() -> Micros {
    // SAFETY: reads the clock.
    timestamp::to_micros(unsafe { pg_sys::GetCurrentTimestamp() })
}

/// An `as_of` argument: finite and not later than now.
pub fn as_of(argument: Option<TimestampWithTimeZone>) -> Result<Option<Micros>, Error> {
    let Some(instant) = argument else {
        return Ok(None);
    };
    let refuse = |required| Error::Instant {
        argument: "as_of",
        found: instant.to_string(),
        required,
    };
    let at = to_micros(instant).ok_or_else(|| refuse("finite"))?;
    if at > now() {
        return Err(refuse("not later than now"));
    }
    Ok(Some(at))
}

/// The windows of the model around each cutoff, in the order given: months and days of the calendar
/// in the model's time zone, which are not all 24 hours long, then hours as they pass. So
/// `timestamptz + interval` goes, in the time zone of the session.
pub fn windows(definition: &Definition, cutoffs: &[Micros]) -> Result<Vec<Cutoff>, Error> {
    const SQL: &str = "SELECT \
         (extract(epoch FROM ((c AT TIME ZONE $2 - date_trunc('day', $3)) AT TIME ZONE $2) \
         - ($3 - date_trunc('day', $3))) * 1000000)::int8, \
         (extract(epoch FROM ((c AT TIME ZONE $2 + date_trunc('day', $4)) AT TIME ZONE $2) \
         + ($4 - date_trunc('day', $4))) * 1000000)::int8, \
         (extract(epoch FROM ((c AT TIME ZONE $2 - date_trunc('day', $5)) AT TIME ZONE $2) \
         - ($5 - date_trunc('day', $5))) * 1000000)::int8 \
         FROM pg_catalog.unnest($1) WITH ORDINALITY AS u(c, n) ORDER BY n";
    let instants = cutoffs
        .iter()
        .map(|&at| from_micros(at))
        .collect::<Result<Vec<_>, _>>()?;
    let arguments = [
        instants.into(),
        definition.time_zone.as_str().into(),
        definition.eligible_window.map(interval).transpose()?.into(),
        interval(definition.outcome_window)?.into(),
        definition.exclude_window.map(interval).transpose()?.into(),
    ];
    let ends = sql::rows(SQL, &arguments, |row| {
        Ok([row.get::<i64>(1)?, row.get(2)?, row.get(3)?])
    })?;
    let window = |(&at, [eligible, outcome, exclude]): (&Micros, [Option<i64>; 3])| Cutoff {
        at,
        eligible_from: eligible.unwrap_or(Micros::MIN),
        excluded_from: exclude.unwrap_or(Micros::MIN),
        outcome_until: outcome.unwrap_or(Micros::MAX),
        ..Cutoff::default()
    };
    Ok(cutoffs.iter().zip(ends).map(window).collect())
}

/// The cutoff whose outcome window ends at `as_of`: the newest that can be trained on.
pub fn newest_complete(definition: &Definition, as_of: Micros) -> Result<Micros, Error> {
    const SQL: &str = "SELECT (extract(epoch FROM (($1 AT TIME ZONE $2 - date_trunc('day', $3)) AT TIME ZONE $2) \
         - ($3 - date_trunc('day', $3))) * 1000000)::int8";
    let arguments = [
        from_micros(as_of)?.into(),
        definition.time_zone.as_str().into(),
        interval(definition.outcome_window)?.into(),
    ];
    let at = sql::row(SQL, &arguments, |row| Ok(row.get::<i64>(1)?))?;
    Ok(at.flatten().unwrap_or(Micros::MIN))
}

/// A length as PostgreSQL's interval.
fn interval(length: Length) -> Result<Interval, Error> {
    let interval = Interval::new(length.months, length.days, length.micros);
    interval.map_err(|_| Error::Internal("a window has parts of both signs"))
}

/// Instants as a datum of type timestamptz[].
pub fn array(instants: &[Micros]) -> (pg_sys::Oid, Option<pg_sys::Datum>) {
    let list: Vec<TimestampWithTimeZone> = instants
        .iter()
        .map(|&at| {
            // What is earlier or later than any instant is infinite.
            let raw = match at {
                Micros::MIN | Micros::MAX => at,
                at => timestamp::from_micros(at),
            };
            TimestampWithTimeZone::try_from(raw).unwrap_or_else(|_| {
                if at < 0 {
                    TimestampWithTimeZone::negative_infinity()
                } else {
                    TimestampWithTimeZone::positive_infinity()
                }
            })
        })
        .collect();
    (pg_sys::TIMESTAMPTZARRAYOID, list.into_datum())
}
