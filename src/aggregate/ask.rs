//! What is asked of every profile: the same for all rows of a call, and at the beginning of each state that travels.

use propensity::time::Micros;

/// Bytes of an [`Ask`] on its way.
pub const ASK: usize = 41;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Later events are left out.
    pub as_of: Micros,
    /// The eligible window begins after this; `Micros::MIN` = ever.
    pub eligible_after: Micros,
    pub task: Task,
}

/// What is done with the events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// An answer by a model.
    Answer {
        /// Hash of its document.
        model: u128,
        /// How many factors are wanted with a score.
        factors: u64,
    },
    /// Nothing: they are handed on, with so many attributes.
    Collect { numbers: u32, codes: u32 },
}

impl Ask {
    pub fn to_bytes(self) -> [u8; ASK] {
        let mut bytes = [0; ASK];
        let (kind, first, second) = match self.task {
            Task::Answer { model, factors } => (0, model, factors),
            Task::Collect { numbers, codes } => (1, u128::from(numbers), u64::from(codes)),
        };
        bytes[0] = kind;
        bytes[1..9].copy_from_slice(&self.as_of.to_le_bytes());
        bytes[9..17].copy_from_slice(&self.eligible_after.to_le_bytes());
        bytes[17..33].copy_from_slice(&first.to_le_bytes());
        bytes[33..].copy_from_slice(&second.to_le_bytes());
        bytes
    }

    /// What a serialized state asks, and the rest of it.
    pub fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&kind, rest) = bytes.split_first()?;
        let (as_of, rest) = rest.split_first_chunk()?;
        let (eligible_after, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (second, rest) = rest.split_first_chunk()?;
        let (first, second) = (u128::from_le_bytes(*first), u64::from_le_bytes(*second));
        let task = match kind {
            0 => Task::Answer {
                model: first,
                factors: second,
            },
            1 => Task::Collect {
                numbers: u32::try_from(first).ok()?,
                codes: u32::try_from(second).ok()?,
            },
            _ => return None,
        };
        let ask = Self {
            as_of: i64::from_le_bytes(*as_of),
            eligible_after: i64::from_le_bytes(*eligible_after),
            task,
        };
        Some((ask, rest))
    }
}
