//! Versions, scores and segments.

use super::{Code, INVALID, Message, STATE, TYPE, call, cut, perhaps};

pub fn not_scored(model: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no scores"),
        detail: "Found no scoring run; one is required.".to_owned(),
        hint: format!("Run {}.", call("score", model)),
    }
}

pub fn segment_name(found: &str) -> Message {
    Message {
        code: INVALID,
        text: "invalid name of a segment".to_owned(),
        detail: format!(
            "Found \"{}\"; it must be schema.name, each of lower-case letters, digits and underscores.",
            cut(found)
        ),
        hint: "Write for example 'public.likely_buyers'.".to_owned(),
    }
}

pub fn unknown_segment(name: &str, nearest: Option<String>) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("segment \"{}\" does not exist", cut(name)),
        detail: "Found no segment of this name that you may use.".to_owned(),
        hint: perhaps(
            "segment",
            nearest,
            "The view customer_ai.segments lists the segments that you may use: SELECT * FROM customer_ai.segments.",
        ),
    }
}

pub fn segment_exists(name: &str) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("relation \"{name}\" already exists"),
        detail: "A segment is a materialized view; its name must be free.".to_owned(),
        hint: "Choose another name, or drop the segment with customer_ai.drop_segment.".to_owned(),
    }
}

pub fn segment_differs(name: &str, differing: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("segment \"{name}\" already exists with another definition"),
        detail: format!("Found {}; it must be the same.", differing.join("; ")),
        hint: format!(
            "To change it, run customer_ai.alter_segment('{name}', ...), which keeps its memory."
        ),
    }
}

pub fn segment_fails(name: &str, model: &str, reason: &str) -> Message {
    Message {
        code: STATE,
        text: format!(
            "segment \"{name}\" of model \"{model}\" holds the profile and cannot be refreshed"
        ),
        detail: format!("Found: {reason} Nothing was removed."),
        hint: format!(
            "Put it right, or run SELECT customer_ai.drop_segment('{name}'); then forget again."
        ),
    }
}

pub fn no_cron(database: &str, command: &str) -> Message {
    Message {
        code: STATE,
        text: "there is no pg_cron in this database".to_owned(),
        detail: format!(
            "Found no extension pg_cron in database \"{database}\"; it is required for schedules."
        ),
        hint: format!(
            "Put shared_preload_libraries = 'pg_cron' and cron.database_name = '{database}' into postgresql.conf, restart, and run CREATE EXTENSION pg_cron. Or let any scheduler run it, for example in a crontab: 0 3 * * * psql -d {database} -c \"{command}\""
        ),
    }
}

pub fn scheduled(model: &str, role: &str) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("model \"{model}\" is scheduled already"),
        detail: format!(
            "Found a job of role \"{role}\"; only that role and superusers may change it."
        ),
        hint: format!(
            "As that role or as a superuser run SELECT customer_ai.unschedule('{model}')."
        ),
    }
}

pub fn segment_needed(name: &str, reason: &str) -> Message {
    Message {
        code: Code::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        text: format!("segment \"{name}\" cannot be made again with another condition"),
        detail: format!("Found: {reason}"),
        hint: "Drop what depends on it first, and make it again afterwards; or create another segment.".to_owned(),
    }
}

pub fn segment_gone(name: &str, model: &str, reason: &str) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_TABLE,
        text: format!("segment \"{name}\" of model \"{model}\" cannot be refreshed"),
        detail: format!("Its relation {reason}."),
        hint: format!(
            "If it was renamed or moved, rename it back; or make it again with customer_ai.create_segment, or run SELECT customer_ai.drop_segment('{name}')."
        ),
    }
}

pub fn history_altered(relation: &str, found: &str, required: &str, hint: String) -> Message {
    Message {
        code: STATE,
        text: format!("scores cannot be written to \"{relation}\""),
        detail: format!("Found {found}; required is {required}."),
        hint,
    }
}

pub fn history_type(
    relation: &str,
    column: &str,
    found: &str,
    required: &str,
    hint: String,
) -> Message {
    Message {
        code: TYPE,
        text: format!("column \"{column}\" of the score history \"{relation}\" has another type"),
        detail: format!("Found {found}; the scores to write have {required}."),
        hint,
    }
}
