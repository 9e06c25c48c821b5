//! What can go wrong in this crate. `Display` is a complete primary message.

use std::collections::TryReserveError;
use std::fmt;

/// An error with what was found and what is required.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// No memory for something sized by data.
    OutOfMemory,
    /// There are no rows to learn from.
    NoRows,
    /// All rows have the same outcome.
    OneClass {
        /// Rows with a positive outcome.
        positives: usize,
        /// All rows.
        rows: usize,
    },
    /// Fewer rows of the rarer class than can be learned from.
    TooFew {
        /// Rows of the rarer class.
        found: usize,
        /// How many are needed.
        required: usize,
        /// Whether the rarer class is the positive one.
        positive: bool,
    },
    /// No feature varies over the training rows.
    NoFeatures,
    /// Two inputs that belong together differ in length.
    LengthMismatch {
        /// Length found.
        found: usize,
        /// Length required.
        required: usize,
    },
    /// A value that must be a number is NaN.
    NotANumber,
    /// A parameter outside its range.
    Parameter {
        /// Its name, as users write it.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        required: &'static str,
    },
    /// A stored model that is damaged.
    Corrupted {
        /// What does not hold.
        reason: &'static str,
    },
    /// A stored model of a format that this library does not read.
    UnknownFormat {
        /// The format of the model.
        found: u16,
        /// The format that is read.
        required: u16,
    },
    /// A packed record that cannot be read back.
    BadRecord,
    /// A chart that the plotting library could not draw.
    NotDrawn {
        /// What it said.
        reason: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => write!(f, "out of memory"),
            Self::NoRows => write!(f, "no rows to learn from"),
            Self::OneClass { positives, rows } => {
                write!(
                    f,
                    "the goal has one class: {positives} positive of {rows} rows"
                )
            }
            Self::TooFew {
                found,
                required,
                positive,
            } => {
                let class = if *positive { "positive" } else { "negative" };
                write!(
                    f,
                    "too few {class} rows: found {found}, required {required}"
                )
            }
            Self::NoFeatures => write!(f, "no feature varies over the training rows"),
            Self::LengthMismatch { found, required } => {
                write!(f, "expected {required} values, not {found}")
            }
            Self::NotANumber => write!(f, "a value is not a number"),
            Self::Parameter {
                name,
                found,
                required,
            } => {
                write!(f, "\"{name}\" must be {required}, not {found}")
            }
            Self::Corrupted { reason } => write!(f, "the stored model is damaged: {reason}"),
            Self::UnknownFormat { found, required } => {
                write!(
                    f,
                    "the stored model has format {found}, this library reads format {required}"
                )
            }
            Self::BadRecord => write!(f, "a packed record cannot be read back"),
            Self::NotDrawn { reason } => write!(f, "a chart cannot be drawn: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

/// [`Error::OutOfMemory`] where nothing else can go wrong, for every row: such a result takes a register or two, while a
/// large one is written in parts and read as a whole, for which a processor waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Self {
        Self::OutOfMemory
    }
}
