//! What is asked of every profile: the same for all rows of a call, and at the beginning of each state that travels.

use propensity::time::Micros;

/// Bytes of an [`Request`] on its way.
pub const REQUEST: usize = 41;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Later events are left out.
    pub as_of: Micros,
    /// The eligible window begins after this; `Micros::MIN` = ever.
    pub eligible_after: Micros,
    pub purpose: Purpose,
}

/// What is done with the events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An answer by a model.
    Answer {
        /// Hash of its document.
        model: u128,
        /// How many factors are wanted with a score.
        factors: u64,
    },
    /// Nothing: they are handed on, with these numbers of attributes.
    Collect { numbers: u32, codes: u32 },
}

impl Request {
    pub fn to_bytes(self) -> [u8; REQUEST] {
        let mut bytes = [0; REQUEST];
        let (kind, first, second) = match self.purpose {
            Purpose::Answer { model, factors } => (0, model, factors),
            Purpose::Collect { numbers, codes } => (1, u128::from(numbers), u64::from(codes)),
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
        let purpose = match kind {
            0 => Purpose::Answer {
                model: first,
                factors: second,
            },
            1 => Purpose::Collect {
                numbers: u32::try_from(first).ok()?,
                codes: u32::try_from(second).ok()?,
            },
            _ => return None,
        };
        let request = Self {
            as_of: i64::from_le_bytes(*as_of),
            eligible_after: i64::from_le_bytes(*eligible_after),
            purpose,
        };
        Some((request, rest))
    }
}
