//! Errors of the learning library, which knows neither models nor SQLSTATEs.

use propensity::Error;

use super::{Code, INVALID, Message, STATE, UNSUPPORTED, call, resources};

/// The model that an error is about: how it is called, and how it is checked and trained.
struct About {
    model: String,
    check: String,
    train: String,
}

/// An error about a model that has a name.
pub fn of_model(name: &str, error: &Error) -> Message {
    let about = About {
        model: format!("model \"{name}\""),
        check: format!("Run {}", call("check_model", name)),
        train: format!("run {}", call("train", name)),
    };
    message(&about, error)
}

/// An error about a model of which there is a document only.
pub fn of_document(error: &Error) -> Message {
    let about = About {
        model: "the model".to_owned(),
        check: "Run customer_ai.check_model with the name of the model".to_owned(),
        train: "train the model again and take its document again".to_owned(),
    };
    message(&about, error)
}

fn message(
    About {
        model,
        check,
        train,
    }: &About,
    error: &Error,
) -> Message {
    match error {
        Error::OutOfMemory => Message {
            code: Code::ERRCODE_OUT_OF_MEMORY,
            text: format!("out of memory in {model}"),
            detail: "The operating system gave no more memory.".to_owned(),
            hint: "Lower customer_ai.max_memory or the option max_training_rows.".to_owned(),
        },
        Error::NoRows => Message {
            code: STATE,
            text: format!("{model} has nothing to learn from"),
            detail: "Found no eligible profile at any cutoff.".to_owned(),
            hint: format!("{check}: it says what is missing."),
        },
        Error::OneClass { positives, rows } => Message {
            code: INVALID,
            text: format!("the goal of {model} has one class"),
            detail: format!("Found {positives} positive of {rows} examples; both classes are required."),
            hint: format!("Change the goal or the outcome window. {check}: it counts both classes at each cutoff."),
        },
        Error::TooFew {
            found,
            required,
            positive,
        } => {
            let class = if *positive { "positive" } else { "negative" };
            Message {
                code: STATE,
                text: format!("{model} has too few {class} examples"),
                detail: format!("Found {found}; at least {required} are required."),
                hint: "Use a more frequent goal, a longer outcome window or more history; or set the option allow_small.".to_owned(),
            }
        }
        Error::NoFeatures => Message {
            code: STATE,
            text: format!("{model} has no feature that varies"),
            detail: "Every profile has the same events.".to_owned(),
            hint: "Add a source or columns that tell profiles apart, with customer_ai.add_events or customer_ai.add_profiles.".to_owned(),
        },
        Error::Parameter {
            name,
            found,
            required,
        } => Message {
            code: INVALID,
            text: format!("invalid value for \"{name}\""),
            detail: format!("Found {found}; it must be {required}."),
            hint: format!("Give {name} another value."),
        },
        Error::Corrupted { reason } => Message {
            code: Code::ERRCODE_DATA_CORRUPTED,
            text: format!("the stored version of {model} is damaged"),
            detail: format!("Found that {reason}."),
            hint: format!("To replace it, {train}."),
        },
        Error::UnknownFormat { found, required } => Message {
            code: UNSUPPORTED,
            text: format!(
                "the stored version of {model} is of {} customer_ai",
                if found > required { "a newer" } else { "an older" }
            ),
            detail: format!("Found format {found}; this library reads format {required}."),
            hint: format!("Install the library that it was trained with, or {train}."),
        },
        Error::BadRecord => Message {
            code: Code::ERRCODE_DATA_CORRUPTED,
            text: format!("packed events of {model} cannot be read back"),
            detail: "Found bytes that are no whole record; a temporary file or an answer of another server is damaged.".to_owned(),
            hint: "Run the statement again; if it fails again, check the disk where temp_tablespaces points, and that all servers have the same version of customer_ai.".to_owned(),
        },
        mistake => resources::internal(&mistake.to_string()),
    }
}
