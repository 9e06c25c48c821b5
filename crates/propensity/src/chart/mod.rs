//! Charts: pictures of how good a model is and of what it says, as SVG text.
//!
//! Each chart takes plain numbers, fits 400 pixels, follows the reader's light or dark colours, tells its colours apart for
//! every colour vision, and carries a text alternative. The plotting library draws; nothing is read from elsewhere, not
//! even a font.

mod axes;
mod bars;
mod columns;
mod curves;
mod sheet;
#[cfg(test)]
mod tests;
pub mod words;

pub use bars::{Bar, Effect, Range, drilldown, effects, importance};
pub use columns::{Bin, Polarity, Tenth, Turn, distribution, lift, performance, tenths, trend};
pub use curves::{Group, calibration, gains, roc};
