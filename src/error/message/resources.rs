//! Memory and files; and mistakes of ours.

use std::io;

use super::{Code, Message};

pub fn memory_limit(used: usize, limit: usize) -> Message {
    Message {
        code: Code::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
        text: "memory limit of customer_ai exceeded".to_owned(),
        detail: format!("Found {} kB in use; customer_ai.max_memory allows {} kB.", used / 1024, limit / 1024),
        hint: "Raise customer_ai.max_memory; or lower the option max_training_rows; or leave out profiles with tens of millions of events, all of which are held at once.".to_owned(),
    }
}

pub fn temp_file(found: &io::Error) -> Message {
    let full = found.kind() == io::ErrorKind::StorageFull;
    let limited = matches!(
        found.kind(),
        io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded
    );
    Message {
        code: if full {
            Code::ERRCODE_DISK_FULL
        } else {
            Code::ERRCODE_IO_ERROR
        },
        text: "temporary file of customer_ai cannot be written or read".to_owned(),
        detail: format!(
            "Found: {found}. Reading takes about 25 bytes an event, and 4 to 8 for each attribute."
        ),
        hint: if full || limited {
            "Make room where temp_tablespaces points, or set it to a place with more."
        } else {
            "Check the disk where temp_tablespaces points, and run the statement again."
        }
        .to_owned(),
    }
}

/// What only a mistake of ours can cause.
pub fn internal(what: &str) -> Message {
    Message {
        code: Code::ERRCODE_INTERNAL_ERROR,
        text: "customer_ai met something that it does not expect".to_owned(),
        detail: format!("Found that {what}."),
        hint: "This is a mistake in customer_ai; please report it with the statement that met it."
            .to_owned(),
    }
}
