//! What the events say, or do not say.

use super::{Code, INVALID, Message, STATE, call, cut, perhaps};

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

pub fn too_little_history(model: &str, found: f64, required: f64) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has too little history"),
        detail: format!(
            "Found {found:.0} days; at least {required:.0} days are required: the eligible window (30 days or more) and the outcome window."
        ),
        hint: "Load older events, use a shorter outcome window, or a later as_of.".to_owned(),
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

pub fn no_eligible(model: &str, cutoffs: usize) -> Message {
    let noun = if cutoffs == 1 { "cutoff" } else { "cutoffs" };
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no eligible profiles"),
        detail: format!("Found 0 profiles at {cutoffs} {noun}; at least 1 is required."),
        hint: format!(
            "Widen the eligible condition or eligible_window, or narrow the exclude condition; {} counts them.",
            call("check_model", model)
        ),
    }
}

pub fn no_examples(relation: &str) -> Message {
    Message {
        code: STATE,
        text: format!("\"{relation}\" has no examples"),
        detail: "Found 0 rows; required are rows of profile, cutoff and optionally label."
            .to_owned(),
        hint: format!(
            "Fill \"{relation}\", or leave examples out: then the goal and the cutoffs of the model make them."
        ),
    }
}

pub fn unknown_profile(model: &str, profile: &str, future: u64) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!(
            "profile \"{}\" has no events for model \"{model}\"",
            cut(profile)
        ),
        detail: format!(
            "Found 0 events up to the cutoff and {future} after it; at least 1 is required."
        ),
        hint: if future > 0 {
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
