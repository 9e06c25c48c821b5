//! Aggregates over events, called by users or on other servers.

use super::{Code, INVALID, Message, STATE, TYPE, UNSUPPORTED, list};

pub fn direct_call() -> Message {
    Message {
        code: UNSUPPORTED,
        text: "this function is a part of an aggregate".to_owned(),
        detail: "It cannot be called by itself, over a window or by an aggregate that is not of this extension.".to_owned(),
        hint: "Use one of the aggregates over events, customer_ai_internal.event_scores or another, with GROUP BY.".to_owned(),
    }
}

pub fn document_text() -> Message {
    Message {
        code: Code::ERRCODE_INVALID_TEXT_REPRESENTATION,
        text: "invalid input for type model_document".to_owned(),
        detail: "It must be written in an even number of hexadecimal digits.".to_owned(),
        hint: "Copy the document whole, as a query shows it.".to_owned(),
    }
}

pub fn unknown_document() -> Message {
    Message {
        code: STATE,
        text: "a model document is not known to this backend".to_owned(),
        detail: "It finishes what parallel workers began, but the document did not come in through it, or more than 8 others did since.".to_owned(),
        hint: "Give the document as a literal or a parameter of this query, or set max_parallel_workers_per_gather = 0.".to_owned(),
    }
}

pub fn not_constant(argument: &str) -> Message {
    Message {
        code: INVALID,
        text: format!("\"{argument}\" must be the same for all rows"),
        detail: "Found a value that changes from row to row, or may do so.".to_owned(),
        hint: "Give a literal or a parameter, not an expression of columns or a subquery."
            .to_owned(),
    }
}

pub fn attribute_count(found: usize, names: &[String]) -> Message {
    let expected = if names.is_empty() {
        "none".to_owned()
    } else {
        list(names)
    };
    Message {
        code: INVALID,
        text: "wrong number of attributes".to_owned(),
        detail: format!("Found {found}; required are {}: {expected}.", names.len()),
        hint: "Give them in this order after the argument \"excluded\".".to_owned(),
    }
}

pub fn argument_type(argument: &str, found: &str, required: &str) -> Message {
    Message {
        code: TYPE,
        text: format!("argument \"{argument}\" has the wrong type"),
        detail: format!("Found {found}; it must be {required}."),
        hint: "Cast it, or train the model on this column.".to_owned(),
    }
}

pub fn not_pushed(model: &str, reason: &str) -> Message {
    Message {
        code: UNSUPPORTED,
        text: format!("the events of model \"{model}\" cannot be asked where they are"),
        detail: reason.to_owned(),
        hint:
            "Run SET customer_ai.feeder = 'auto', which asks them there where it can, or 'local'."
                .to_owned(),
    }
}

pub fn history_too_long(bytes: usize, limit: usize) -> Message {
    Message {
        code: Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        text: "the events of a profile are too many to travel as one value".to_owned(),
        detail: format!("Found {} MB; at most {} MB are allowed.", bytes >> 20, limit >> 20),
        hint: "Run SET customer_ai.feeder = 'local', or leave the profile out by the where_clause of the event source.".to_owned(),
    }
}

pub fn bad_answer() -> Message {
    Message {
        code: Code::ERRCODE_PROTOCOL_VIOLATION,
        text: "an answer about a profile cannot be read".to_owned(),
        detail: "Another server wrote it in a form that is not known here.".to_owned(),
        hint: "Install the same version of customer_ai on all servers, or run SET customer_ai.feeder = 'local'.".to_owned(),
    }
}

pub fn needs_profiles() -> Message {
    Message {
        code: UNSUPPORTED,
        text: "the model reads profile attributes".to_owned(),
        detail: "An aggregate over events does not see them.".to_owned(),
        hint: "Use customer_ai.score or customer_ai.features.".to_owned(),
    }
}
