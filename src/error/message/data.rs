//! What the events say, or do not say.

use super::{Code, INVALID, Message, STATE, call, cut, list, perhaps};

pub fn no_events(model: &str, future: u64, skipped: u64, newest: Option<String>) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no usable events"),
        detail: format!("Found {future} events in the future and {skipped} without profile or time; at least 1 event up to now is required."),
        hint: newest.map_or_else(
            || "Load events, or check the profile and time columns. Rows that row-level security hides are not counted.".to_owned(),
            |newest| format!("The newest event is of {newest}: give a later as_of, or check the time column and its time zone."),
        ),
    }
}

pub fn too_little_history(
    model: &str,
    (found, required): (f64, f64),
    (eligible, outcome): (&str, &str),
    apart: Option<String>,
) -> Message {
    // Days are told whole, unless they would then look enough.
    let digits = usize::from(found.round() >= required.round());
    let apart = apart.map_or_else(String::new, |apart| {
        format!(" What lies apart does not count: {apart}.")
    });
    Message {
        code: STATE,
        text: format!("model \"{model}\" has too little history"),
        detail: format!(
            "Found {found:.digits$} days; at least {required:.digits$} days are required: the eligible window of {eligible}, or 30 days if that is more, and the outcome window of {outcome}.{apart}"
        ),
        hint: "Load older events, use a shorter outcome window, or a later as_of.".to_owned(),
    }
}

pub fn one_class(
    model: &str,
    (positives, rows): (usize, usize),
    window: &str,
    goal: &str,
    once: Option<String>,
) -> Message {
    let check = call("check_model", model);
    let (once, hint) = match once {
        Some(once) => (
            format!(" {once}."),
            format!(
                "Check profile_column: it may name the event and not who comes back. {check} counts both classes."
            ),
        ),
        None => (
            String::new(),
            format!("Change the goal or the outcome window. {check} counts both classes."),
        ),
    };
    Message {
        code: INVALID,
        text: format!("the goal of model \"{model}\" has one class"),
        detail: format!(
            "Found {positives} positive of {rows} examples in the {window} after the cutoffs; both classes are required. Of the goal: {goal}.{once}"
        ),
        hint,
    }
}

pub fn window_open(model: &str, cutoff: &str, found: &str, required: &str) -> Message {
    Message {
        code: STATE,
        text: format!("outcomes of model \"{model}\" at cutoff {cutoff} are not known yet"),
        detail: format!(
            "Events are known up to {found}; required is {required}, the end of the outcome window."
        ),
        hint: "Use an earlier cutoff, or load newer events.".to_owned(),
    }
}

pub fn no_eligible(model: &str, cutoffs: &[String]) -> Message {
    let found = match cutoffs {
        [] => "Found no cutoff".to_owned(),
        [only] => format!("Found 0 profiles as of {only}"),
        [oldest, .., newest] => format!(
            "Found 0 profiles at {} cutoffs, from {oldest} to {newest}",
            cutoffs.len()
        ),
    };
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no eligible profiles"),
        detail: format!("{found}; at least 1 is required."),
        hint: format!(
            "Give another as_of, widen the eligible condition or eligible_window, or narrow the exclude condition; {} counts them.",
            call("check_model", model)
        ),
    }
}

pub fn no_examples(relation: &str, found: &str) -> Message {
    Message {
        code: STATE,
        text: format!("\"{relation}\" has no examples"),
        detail: format!(
            "Found {found}; required are rows of profile, cutoff and optionally label."
        ),
        hint: format!(
            "Check that the keys and cutoffs of \"{relation}\" are those of the events; or leave examples out: then the goal and the cutoffs of the model make them."
        ),
    }
}

pub fn example_column(relation: &str, column: &str, profile: &str, found: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_COLUMN,
        text: format!("column \"{column}\" of relation \"{relation}\" does not exist"),
        detail: format!(
            "Found {}; examples need \"{profile}\", as the model calls the profile, and \"cutoff\", and have \"label\" unless the goal is to say the outcomes.",
            list(found)
        ),
        hint: format!("Name it so in a view of \"{relation}\": SELECT ... AS \"{column}\"."),
    }
}

pub fn example_labels(relation: &str, found: &str, required: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("the labels of \"{relation}\" cannot be used"),
        detail: format!("Found {found}; required is {required}."),
        hint: format!("Correct them, or give a view of \"{relation}\" that does."),
    }
}

pub fn unknown_profile(model: &str, profile: &str, as_of: &str, later: u64) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!(
            "profile \"{}\" has no events for model \"{model}\"",
            cut(profile)
        ),
        detail: format!(
            "Found 0 events up to {as_of} and {later} after it; at least 1 up to it is required."
        ),
        hint: if later > 0 {
            "Give a later as_of.".to_owned()
        } else {
            "Check the key: it is compared with the profile column of each event source, letter by letter.".to_owned()
        },
    }
}

pub fn unknown_factor(name: &str, nearest: Option<String>) -> Message {
    Message {
        code: INVALID,
        text: format!("unknown factor \"{}\" in overrides", cut(name)),
        detail: "Overrides go by the names of factors or features.".to_owned(),
        hint: perhaps(
            "factor",
            nearest,
            "See the factors of customer_ai.explain, or the features of customer_ai.features.",
        ),
    }
}

pub fn key_too_long(beginning: &str, bytes: usize, limit: usize) -> Message {
    Message {
        code: Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        text: "a profile key is too long".to_owned(),
        detail: format!(
            "Found one of {bytes} bytes that begins with \"{}\"; at most {limit} are allowed after compression, so that the scores have an index.",
            cut(beginning)
        ),
        hint:
            "Use a view whose profile column is md5 of the key, or one that leaves such rows out."
                .to_owned(),
    }
}

pub fn duplicate_profiles(relation: &str, column: &str, profile: &str) -> Message {
    Message {
        code: Code::ERRCODE_CARDINALITY_VIOLATION,
        text: format!("profile \"{}\" has more than one row in \"{relation}\"", cut(profile)),
        detail: "Without a date it is not known which of them is in force; at most one row of a profile is allowed.".to_owned(),
        hint: format!("If the rows are dated, name the date with valid_from_column in customer_ai.add_profiles; else use a view with SELECT DISTINCT ON ({column}) * FROM {relation} ORDER BY {column} and what decides."),
    }
}

pub fn profile_text(profile: &str, column: &str, required: &str) -> Message {
    Message {
        code: Code::ERRCODE_INVALID_TEXT_REPRESENTATION,
        text: format!("invalid profile \"{}\"", cut(profile)),
        detail: format!(
            "Found \"{}\"; keys in \"{column}\" are of type {required}.",
            cut(profile)
        ),
        hint: format!("Give a key as the column \"{column}\" of the events has it."),
    }
}
