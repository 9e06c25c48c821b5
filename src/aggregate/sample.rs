//! Where a profile stands in the order by which samples of profiles are drawn: for the WHERE of a query, so that only
//! the events of a sample are read and travel.

use pgrx::pg_guard;
use pgrx::pg_sys::{Datum, FunctionCallInfo, Pg_finfo_record};
use propensity::hash::{self, profile_hash};
use propensity::walk::sample::ordered;

use super::call::{V1, argument, type_of, values};
use crate::error::Error;
use crate::pg::datum::BytesKind;
use crate::pg::relation::type_name;

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_sample_place() -> *const Pg_finfo_record {
    &raw const V1
}

/// The place of a profile among all bigints: a share of the profiles are those up to a place.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn sample_place(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql: strict, with an argument of the type that it tells.
    unsafe {
        if values(call).len() != 1 {
            Error::DirectCall.throw();
        }
        let type_oid = type_of(call, 0);
        let kind = BytesKind::of(type_oid).unwrap_or_else(|| {
            Error::ArgumentType {
                argument: "profile".to_owned(),
                found: type_name(type_oid),
                required: "an integer, text or uuid",
            }
            .throw()
        });
        let place = kind.read(argument(call, 0), |key| {
            hash::sample_place(profile_hash(key))
        });
        Datum::from(ordered(place))
    }
}
