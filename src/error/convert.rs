//! Errors of what we call, as ours.

use propensity::error::OutOfMemory;

use super::Error;

impl From<propensity::Error> for Error {
    fn from(error: propensity::Error) -> Self {
        Self::Learning(error)
    }
}

impl From<OutOfMemory> for Error {
    fn from(error: OutOfMemory) -> Self {
        Self::Learning(error.into())
    }
}

/// Of work that is done for every row the error is in a box, because of what [`OutOfMemory`] says.
impl From<propensity::Error> for Box<Error> {
    fn from(error: propensity::Error) -> Self {
        Self::new(error.into())
    }
}

impl From<OutOfMemory> for Box<Error> {
    fn from(error: OutOfMemory) -> Self {
        Self::new(error.into())
    }
}

impl From<pgrx::spi::Error> for Error {
    fn from(error: pgrx::spi::Error) -> Self {
        Self::Spi(error)
    }
}
