//! What changes with the clock or the session, and therefore has no place in a stored condition.

use std::ffi::CStr;

use pgrx::pg_sys::{self, NodeTag, Oid};

/// Why a volatile function is refused.
const LASTING: &str = "A stored condition means the same for every caller, session and restore: compute anything else in \
    a view, and define the model with that.";
/// What to do instead of asking the clock or the session.
pub const HINT: &str = "A stored condition means the same for every caller, session and restore. In goal, eligible and \
    exclude, cutoff is the instant of the prediction: at > cutoff - interval '20 days'.";

/// Whether the result of a function can change while its arguments stay the same.
pub enum Changes {
    Never,
    /// A function of users that is STABLE, with its name.
    Perhaps(String),
    /// In words, and what to do about it.
    Yes(String, &'static str),
}

/// Functions of Postgres with arguments that depend on the session or the clock besides; those without arguments all do.
/// Others that are STABLE depend on settings that are pinned, as the time zone.
const OF_SESSION: [&str; 20] = [
    "current_setting",
    "current_schemas",
    "row_security_active",
    "col_description",
    "obj_description",
    "shobj_description",
    "to_tsquery",
    "plainto_tsquery",
    "phraseto_tsquery",
    "websearch_to_tsquery",
    "to_tsvector",
    "json_to_tsvector",
    "jsonb_to_tsvector",
    "ts_headline",
    "ts_match_tt",
    "ts_match_tq",
    "timetz",
    "age",
    "format_type",
    "makeaclitem",
];
/// Beginnings of names of such functions.
const OF_SESSION_BEGIN: [&str; 9] = [
    "pg_",
    "has_",
    "txid_",
    "inet_",
    "to_reg",
    "table_to_",
    "schema_to_",
    "database_to_",
    "query_to_",
];

/// Whether a function can change.
///
/// # Safety
/// Looks up the catalog: on the main thread, in a transaction.
pub unsafe fn function(oid: Oid) -> Changes {
    // SAFETY: look-ups by OID.
    unsafe {
        let volatility = pg_sys::func_volatile(oid).cast_unsigned();
        if volatility == pg_sys::PROVOLATILE_IMMUTABLE {
            return Changes::Never;
        }
        let name = pg_sys::get_func_name(oid);
        let name = if name.is_null() {
            oid.to_string()
        } else {
            CStr::from_ptr(name).to_string_lossy().into_owned()
        };
        if volatility == pg_sys::PROVOLATILE_VOLATILE {
            let is_clock = name == "clock_timestamp" || name == "timeofday";
            let hint = if is_clock { HINT } else { LASTING };
            return Changes::Yes(format!("the volatile function \"{name}\""), hint);
        }
        if pg_sys::get_func_namespace(oid) != Oid::from(pg_sys::PG_CATALOG_NAMESPACE) {
            return Changes::Perhaps(name);
        }
        // With one argument, the other is the clock, or a setting of the session.
        let several = pg_sys::get_func_nargs(oid) > 1;
        let fixed =
            several && (name == "age" || name.ends_with("_tsvector") || name.ends_with("_tsquery"));
        let of_session = pg_sys::get_func_nargs(oid) == 0
            || OF_SESSION.contains(&name.as_str())
            || OF_SESSION_BEGIN.iter().any(|begin| name.starts_with(begin));
        if of_session && !fixed {
            let what = "whose result changes with the clock or the session";
            return Changes::Yes(format!("the function \"{name}\", {what}"), HINT);
        }
        Changes::Never
    }
}

/// What an expression is that is evaluated by the clock or the session without a function, in words: CURRENT_DATE and
/// its like, and literals as 'now', which Postgres replaces when it parses.
///
/// # Safety
/// A node of an analysed expression, with places in `text`.
pub unsafe fn moment(node: *mut pg_sys::Node, text: &str) -> Option<String> {
    // SAFETY: nodes are cast by their tags.
    unsafe {
        let (type_oid, constant) = match (*node).type_ {
            NodeTag::T_SQLValueFunction => {
                let location = (*node.cast::<pg_sys::SQLValueFunction>()).location;
                let name = after(text, location)
                    .split(|letter: char| !is_of_name(letter))
                    .next();
                let name = name.unwrap_or_default().to_lowercase();
                return Some(format!(
                    "{name}, which changes with the clock or the session"
                ));
            }
            NodeTag::T_Const => {
                let constant = &*node.cast::<pg_sys::Const>();
                (constant.consttype, constant)
            }
            NodeTag::T_CoerceViaIO => {
                let cast = &*node.cast::<pg_sys::CoerceViaIO>();
                let argument = cast.arg.cast::<pg_sys::Node>();
                if (*argument).type_ != NodeTag::T_Const {
                    return None;
                }
                (cast.resulttype, &*argument.cast::<pg_sys::Const>())
            }
            _ => return None,
        };
        let word = is_of_time(type_oid).then(|| moment_word(after(text, constant.location)))??;
        Some(format!(
            "the literal '{word}', which would be the day of the definition"
        ))
    }
}

fn is_of_name(letter: char) -> bool {
    letter == '_' || letter.is_ascii_alphabetic()
}

/// The text from a place on; nothing if there is no such place.
fn after(text: &str, location: i32) -> &str {
    let place = usize::try_from(location).ok();
    place
        .and_then(|place| text.get(place..))
        .unwrap_or_default()
}

/// Types whose literals may be relative to the clock.
unsafe fn is_of_time(type_oid: Oid) -> bool {
    // SAFETY: a look-up by OID.
    let base = unsafe { pg_sys::getBaseType(type_oid) };
    [
        pg_sys::DATEOID,
        pg_sys::TIMEOID,
        pg_sys::TIMETZOID,
        pg_sys::TIMESTAMPOID,
        pg_sys::TIMESTAMPTZOID,
        pg_sys::DATEARRAYOID,
        pg_sys::TIMESTAMPARRAYOID,
        pg_sys::TIMESTAMPTZARRAYOID,
        pg_sys::DATERANGEOID,
        pg_sys::TSRANGEOID,
        pg_sys::TSTZRANGEOID,
    ]
    .contains(&base)
}

/// The word for a moment in the literal that a text begins with.
fn moment_word(text: &str) -> Option<String> {
    let start = text.find(['\'', '$'])?;
    let (_, literal) = text.split_at_checked(start)?;
    // The literal ends at the next quote; a dollar quote has a tag before and behind it.
    let end = if literal.starts_with('$') { '$' } else { '\'' };
    let mut parts = literal.split(end).skip(1);
    let content = if end == '$' {
        parts.nth(1)
    } else {
        parts.next()
    };
    let mut words = content?
        .split(|letter: char| !is_of_name(letter))
        .map(str::to_lowercase);
    words.find(|word| ["now", "today", "tomorrow", "yesterday"].contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::moment_word;

    #[test]
    fn words_for_moments_are_found_in_literals_only() {
        let word = |text| moment_word(text);
        assert_eq!(word("'now'"), Some("now".to_owned()));
        assert_eq!(word("' Today 10:00' AND x"), Some("today".to_owned()));
        assert_eq!(word("$$yesterday$$"), Some("yesterday".to_owned()));
        assert_eq!(word("'2025-01-01' OR b = 'now'"), None);
        assert_eq!(word("'now"), Some("now".to_owned()));
    }
}
