//! Arguments and options.

use super::{Code, INVALID, Message, UNSUPPORTED, cut, list, perhaps};
use crate::error::nearest;

/// All options by name, each with an example of its value.
const OPTIONS: [(&str, &str); 19] = [
    ("scores", r#""public.my_scores""#),
    ("buckets", "[25, 75]"),
    ("seed", "1"),
    ("algorithm", r#""auto""#),
    ("forests", "1"),
    ("factors", "3"),
    ("keep_runs", "10"),
    ("keep_versions", "10"),
    ("keep_changes", "400"),
    ("retrain_every", r#""3 months""#),
    ("max_training_rows", "200000"),
    ("timezone", r#""Europe/Berlin""#),
    ("columns", r#"["amount", "status"]"#),
    ("ignore", r#"["comment"]"#),
    ("attributes", r#"{"net": "amount - tax"}"#),
    ("take_as", r#"{"zip": "category"}"#),
    ("known_ahead", r#"["due_on"]"#),
    ("allow_small", "true"),
    ("goal_name", r#""Purchase""#),
];

pub fn null(argument: &str) -> Message {
    Message {
        code: Code::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        text: format!("\"{argument}\" must not be NULL"),
        detail: "Found NULL; a value is required.".to_owned(),
        hint: null_hint(argument),
    }
}

pub fn nothing_to_alter() -> Message {
    Message {
        code: INVALID,
        text: "nothing to alter".to_owned(),
        detail: "Found a model alone; at least one part of its definition is required.".to_owned(),
        hint: "Write for example customer_ai.alter_model('model', outcome_window => '60 days')."
            .to_owned(),
    }
}

fn null_hint(argument: &str) -> String {
    let example = match argument {
        "model" => return "Name a model; SELECT model FROM customer_ai.models lists those that you may use.".to_owned(),
        "segment" => return "Name a segment; SELECT * FROM customer_ai.segments lists those that you may use.".to_owned(),
        "events" => "'shop.orders'",
        "goal" => "$$ status = 'paid' $$",
        "condition" => "$$ bucket = 'high' $$",
        "outcome_window" => "'30 days'",
        "kind" => "'conversion'",
        "activate" => "'if_better'",
        "version" => "1",
        "profile" => "'17850'",
        "profiles" => "'shop.customers'",
        "columns" => "'{country,plan}'",
        "cutoffs" => "'{2024-03-31,2024-06-30}'",
        "options" => "'{}'",
        "name" => "'Large order'",
        "new_name" | "new_model" => "'repurchase_60_days'",
        "as_of" | "until" => "now()",
        _ => return format!("Give \"{argument}\" a value."),
    };
    format!("Write for example {argument} => {example}.")
}

pub fn invalid(argument: &str, found: &str, required: &str, hint: String) -> Message {
    Message {
        code: INVALID,
        text: format!("invalid value for \"{argument}\""),
        detail: format!("Found {found}; it must be {required}."),
        hint,
    }
}

pub fn window(argument: &str, found: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("\"{argument}\" must be a positive interval"),
        detail: format!(
            "Found {found}; months, days and time must not be negative, and not all zero."
        ),
        hint: format!("Write for example {argument} => '30 days'."),
    }
}

pub fn window_too_long(argument: &str, found: &str) -> Message {
    Message {
        code: Code::ERRCODE_DATETIME_FIELD_OVERFLOW,
        text: format!("\"{argument}\" is too long"),
        detail: format!("Found {found}; at most 100 years are allowed."),
        hint: if argument == "eligible_window" {
            "Write eligible_window => NULL for profiles that were ever seen.".to_owned()
        } else {
            format!("Write for example {argument} => '30 days'.")
        },
    }
}

pub fn instant(argument: &str, found: &str, required: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("invalid value for \"{argument}\""),
        detail: format!("Found {found}; it must be {required}."),
        hint: match argument {
            "as_of" => "Leave as_of out for the time of the newest event, or give an instant of the past such as now() - interval '30 days'.".to_owned(),
            _ => format!("Write an instant such as '2024-06-30 00:00+00' for \"{argument}\"."),
        },
    }
}

pub fn no_rows_accepted() -> Message {
    Message {
        code: UNSUPPORTED,
        text: "set-valued function called in context that cannot accept a set".to_owned(),
        detail: "The function returns rows; a single value is expected here.".to_owned(),
        hint: "Call it in FROM, as in SELECT * FROM customer_ai.features('model').".to_owned(),
    }
}

pub fn options_shape(found: &str) -> Message {
    Message {
        code: INVALID,
        text: "options must be a JSON object".to_owned(),
        detail: format!("Found {found}; required are names of options with their values."),
        hint: "Write for example options => '{\"seed\": 1}'.".to_owned(),
    }
}

pub fn unknown_option(option: &str) -> Message {
    let valid = OPTIONS.map(|(name, _)| name);
    Message {
        code: INVALID,
        text: format!("unknown option \"{}\"", cut(option)),
        detail: format!("Valid options are {}.", list(&valid)),
        hint: perhaps(
            "option",
            nearest(option, valid),
            "Leave it out, or write one of the valid options.",
        ),
    }
}

pub fn option(option: &str, found: &str, required: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("invalid value for option \"{option}\""),
        detail: format!("Found {found}; it must be {required}."),
        hint: example(option),
    }
}

pub fn option_limit(option: &str, found: &str, limit: &str) -> Message {
    Message {
        code: Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        text: format!("option \"{option}\" is too large"),
        detail: format!("Found {found}; at most {limit} is allowed."),
        hint: example(option),
    }
}

pub fn no_such_column(option: &str, column: &str, relation: &str, columns: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_COLUMN,
        text: format!(
            "column \"{}\" of option \"{option}\" does not exist",
            cut(column)
        ),
        detail: format!(
            "Found the columns {} in \"{relation}\", and no other relation that has it.",
            list(columns)
        ),
        hint: perhaps(
            "column",
            nearest(column, columns.iter().map(String::as_str)),
            format!("Leave it out of \"{option}\", or write one of these columns."),
        ),
    }
}

/// How an option is written; of the options as a whole, that they may be fewer.
fn example(option: &str) -> String {
    let known = OPTIONS.iter().find(|(name, _)| *name == option);
    known.map_or_else(
        || "Give fewer or shorter options.".to_owned(),
        |(name, value)| format!("Write for example options => '{{\"{name}\": {value}}}'."),
    )
}
