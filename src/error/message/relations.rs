//! Relations of users and their columns.

use super::{Code, INVALID, Message, STATE, TYPE, UNSUPPORTED, call, cut, list, perhaps};
use crate::error::nearest;

pub fn unknown(relation: &str) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_TABLE,
        text: format!("relation \"{relation}\" does not exist"),
        detail: "Found no relation of this name; it may have been dropped, renamed or moved.".to_owned(),
        hint: "If it was renamed or moved, rename it back or create a view of the old name; otherwise define the model or the segment again.".to_owned(),
    }
}

pub fn wrong_kind(relation: &str, found: &str) -> Message {
    Message {
        code: Code::ERRCODE_WRONG_OBJECT_TYPE,
        text: format!("\"{relation}\" cannot be a source of a model"),
        detail: format!(
            "Found {found}; required is a table, view, materialized view, partitioned or foreign table."
        ),
        hint: if found.contains("temporary") {
            format!(
                "Make it a table that stays, with CREATE TABLE name AS TABLE {relation}, and name that."
            )
        } else {
            "Name the table itself, or copy what you need of it into a table of yours.".to_owned()
        },
    }
}

pub fn ours(relation: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("\"{relation}\" cannot be a source of a model"),
        detail: "It belongs to customer_ai; required is a relation of events of yours.".to_owned(),
        hint: "Name the table or view that holds the events.".to_owned(),
    }
}

pub fn unknown_column(relation: &str, column: &str, columns: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_COLUMN,
        text: format!(
            "column \"{}\" of relation \"{relation}\" does not exist",
            cut(column)
        ),
        detail: format!("Found the columns {}.", list(columns)),
        hint: perhaps(
            "column",
            nearest(column, columns.iter().map(String::as_str)),
            "Write one of these columns, in lower case unless its name has capitals.",
        ),
    }
}

pub fn cannot_guess(
    argument: &str,
    relation: &str,
    candidates: &[String],
    columns: &[String],
) -> Message {
    if candidates.is_empty() {
        Message {
            code: Code::ERRCODE_UNDEFINED_COLUMN,
            text: format!("no column of \"{relation}\" can be the {argument}"),
            detail: format!(
                "Found the columns {}; none has a type and a name that tell.",
                list(columns)
            ),
            hint: if argument == "profile_column" {
                "Name it with profile_column => 'name'.".to_owned()
            } else {
                format!(
                    "Name a column of type timestamptz, timestamp or date with {argument} => 'name'; if the time is a text or a number, use a view that casts it, for example with to_timestamp(column, 'DD/MM/YYYY HH24:MI') or to_timestamp(column)."
                )
            },
        }
    } else {
        let first = candidates.first().map_or("name", String::as_str);
        Message {
            code: INVALID,
            text: format!("more than one column of \"{relation}\" can be the {argument}"),
            detail: format!(
                "Candidates are {}; exactly one is required.",
                list(candidates)
            ),
            hint: format!("Name it, for example with {argument} => '{first}'."),
        }
    }
}

pub fn column_type(
    relation: &str,
    column: &str,
    found: &str,
    required: &str,
    hint: String,
) -> Message {
    Message {
        code: TYPE,
        text: format!("column \"{column}\" of relation \"{relation}\" has the wrong type"),
        detail: format!("Found {found}; it must be {required}."),
        hint,
    }
}

pub fn column_equality(relation: &str, column: &str, found: &str, hint: String) -> Message {
    Message {
        code: UNSUPPORTED,
        text: format!(
            "column \"{column}\" of relation \"{relation}\" cannot be the profile column"
        ),
        detail: format!(
            "Found {found}, in which different texts may be equal; equal keys must be equal texts."
        ),
        hint,
    }
}

pub fn same_column(column: &str, first: &str, second: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("column \"{column}\" is given twice"),
        detail: format!("Found as {first} and as {second}; they must differ."),
        hint: format!("Name another column for {second}, or leave {second} out."),
    }
}

pub fn profile_types(relation: &str, column: &str, found: &str, required: &str) -> Message {
    Message {
        code: TYPE,
        text: format!("profile column \"{column}\" of relation \"{relation}\" has the wrong type"),
        detail: format!("Found {found}; the first event source of the model has {required}."),
        hint: format!("Use a view of \"{relation}\" that has \"{column}\"::{required}."),
    }
}

pub fn stream_types(relation: &str, column: &str, found: &str, required: &str) -> Message {
    Message {
        code: TYPE,
        text: format!(
            "column \"{column}\" of relation \"{relation}\" has another type than in the other sources"
        ),
        detail: format!("Found {found}; the others have {required}."),
        hint: format!(
            "Use a view of \"{relation}\" that has \"{column}\"::{required}, or gives the column another name."
        ),
    }
}

pub fn column_rights(relation: &str, column: &str, role: &str) -> Message {
    Message {
        code: Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
        text: format!("permission denied for column \"{column}\" of relation \"{relation}\""),
        detail: format!(
            "Role \"{role}\" has no right to SELECT it; that is required of the owner of the model."
        ),
        hint: format!(
            "Ask the owner of \"{relation}\" to run: GRANT SELECT ON {relation} TO \"{role}\"."
        ),
    }
}

pub fn column_gone(model: &str, column: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" needs the column \"{column}\""),
        detail: "The active version was trained on it; it is gone or renamed.".to_owned(),
        hint: format!("Restore the column, or run {}.", call("train", model)),
    }
}

pub fn schema_usage(schema: &str, role: &str) -> Message {
    Message {
        code: Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
        text: format!("permission denied for schema \"{schema}\""),
        detail: format!(
            "Role \"{role}\" has no right to USAGE of it; that is required of the owner of the model."
        ),
        hint: format!(
            "Ask the owner of the schema to run: GRANT USAGE ON SCHEMA {schema} TO \"{role}\"."
        ),
    }
}

pub fn column_retyped(
    model: &str,
    relation: &str,
    column: &str,
    found: &str,
    learned: &str,
) -> Message {
    Message {
        code: TYPE,
        text: format!(
            "column \"{column}\" of \"{relation}\" is not what model \"{model}\" has learned"
        ),
        detail: format!("Found {found}; the active version learned {learned}."),
        hint: format!(
            "Give the column its type back, or run {}.",
            call("train", model)
        ),
    }
}
