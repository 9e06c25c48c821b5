//! Versions of models, and of the extension.

use super::{Code, Message, STATE, call};

pub fn of_extension(found: &str, library: &str) -> Message {
    Message {
        code: STATE,
        text: "extension \"customer_ai\" and its library are of different versions".to_owned(),
        detail: format!(
            "Found version {found} in this database and version {library} installed on the server; they must be the same."
        ),
        hint: "Run ALTER EXTENSION customer_ai UPDATE as a superuser; nothing is lost by it."
            .to_owned(),
    }
}

pub fn not_trained(model: &str, newest: Option<i32>) -> Message {
    let (text, hint) = match newest {
        None => ("is not trained", format!("Run {}.", call("train", model))),
        Some(newest) => (
            "has no active version",
            format!("Run SELECT customer_ai.activate('{model}', {newest})."),
        ),
    };
    Message {
        code: STATE,
        text: format!("model \"{model}\" {text}"),
        detail: "Found no active version; one is required.".to_owned(),
        hint,
    }
}

pub fn unknown(model: &str, version: i32, versions: &[i32]) -> Message {
    let found = match versions {
        [] => "no version".to_owned(),
        [only] => format!("version {only} only"),
        [first, .., last] if versions.len() as i32 == last - first + 1 => {
            format!("versions {first} to {last}")
        }
        many => {
            let newest: Vec<String> = many.iter().rev().take(20).map(i32::to_string).collect();
            format!("among others the versions {}", newest.join(", "))
        }
    };
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("version {version} of model \"{model}\" does not exist"),
        detail: format!("Found {found}; it must be one of the model's."),
        hint: format!("SELECT * FROM customer_ai.versions WHERE model = '{model}' lists them."),
    }
}

pub fn active(model: &str, version: i32) -> Message {
    Message {
        code: STATE,
        text: format!("version {version} of model \"{model}\" is active"),
        detail: "Found it to be what the model scores with; it must not be.".to_owned(),
        hint: format!(
            "Run customer_ai.activate with another version first, or drop the model with SELECT customer_ai.drop_model('{model}')."
        ),
    }
}

pub fn no_former(model: &str, active: Option<i32>) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no version to go back to"),
        detail: match active {
            Some(active) => format!(
                "Found no version that was active before version {active} and is still there; one is required."
            ),
            None => "Found no version that was ever active; one is required.".to_owned(),
        },
        hint: format!(
            "SELECT * FROM customer_ai.versions WHERE model = '{model}' lists what there is; customer_ai.activate chooses one."
        ),
    }
}
