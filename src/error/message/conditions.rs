//! Conditions: SQL that users write.

use super::{Code, INVALID, Message, TYPE, UNSUPPORTED};

/// An example of a condition.
const EXAMPLE: &str = "Write one expression over the columns of the sources, for example";

pub fn not_an_expression(condition: &str, found: &str) -> Message {
    Message {
        code: Code::ERRCODE_SYNTAX_ERROR,
        text: format!("\"{condition}\" must be one expression"),
        detail: format!(
            "Found {found}; required is a single expression, without SELECT, AS or a semicolon."
        ),
        hint: format!("{EXAMPLE} $$ status = 'paid' AND amount > 20 $$."),
    }
}

pub fn forbidden(condition: &str, what: &str, place: String, hint: &str) -> Message {
    Message {
        code: UNSUPPORTED,
        text: format!("\"{condition}\" cannot contain {what}"),
        detail: if place.is_empty() {
            format!("Found {what}; a condition must tell the same of the same events at any time.")
        } else {
            place
        },
        hint: hint.to_owned(),
    }
}

pub fn over_nothing(condition: &str, reason: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("\"{condition}\" fails over no events: {reason}"),
        detail: "A condition with aggregates has a value for every profile, also where its window holds no event.".to_owned(),
        hint: "Write for example nullif(count(*), 0) where the condition divides.".to_owned(),
    }
}

pub fn not_boolean(condition: &str, found: &str) -> Message {
    Message {
        code: TYPE,
        text: format!("\"{condition}\" must be a condition"),
        detail: format!("Found an expression of type {found}; it must be boolean."),
        hint: format!("{EXAMPLE} $$ amount > 20 $$; compare the expression with a value."),
    }
}

pub fn aggregate(condition: &str) -> Message {
    Message {
        code: Code::ERRCODE_GROUPING_ERROR,
        text: format!("\"{condition}\" cannot contain an aggregate"),
        detail: "It is about one row.".to_owned(),
        hint: "Write it about the columns of a row; aggregates can stand in goal, eligible and exclude.".to_owned(),
    }
}
