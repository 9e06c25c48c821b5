//! Charts of lying bars, where names need room: which factors matter, how, and for whom.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::columns::Polarity;
use super::sheet::{Area, BLUE, Drawn, Frame, GRID, INK, MUTED, UNIT, WIDTH, draw, elided, placed};
use super::words::{count, percent};
use crate::error::Error;

/// Pixels from one bar to the next: a name with its bar below.
const STEP: i32 = 38;
/// Pixels to the left of the bars.
const LEFT: i32 = 12;
/// Pixels kept for the values to the right of the bars.
const RIGHT: i32 = 70;

/// A factor and how much it matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Mean absolute impact in log-odds.
    pub value: f64,
}

/// What a factor does to the profiles of a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Its name.
    pub name: String,
    /// Mean impact in log-odds, positive = raises.
    pub impact: f64,
}

/// Profiles with a factor's value in a range or of a category, by bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The range or category.
    pub name: String,
    /// Profiles in the buckets low, medium and high.
    pub buckets: [u64; 3],
}

/// A drawn bar: its name, its parts from left to right, what is written behind it.
struct Line<'a> {
    name: &'a str,
    parts: Vec<(f64, RGBColor)>,
    value: String,
}

/// The factors that matter most.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn importance(bars: &[Bar]) -> Result<String, Error> {
    let all: f64 = bars
        .iter()
        .map(|bar| bar.value)
        .filter(|value| value.is_finite())
        .sum();
    let share = |bar: &Bar| if all > 0.0 { bar.value / all } else { 0.0 };
    let shown = &bars[..bars.len().min(10)];
    let each = shown
        .iter()
        .map(|bar| format!("{}: {}", bar.name, percent(share(bar))));
    let frame = Frame {
        title: "What the predictions depend on",
        finding: "Share of each factor in what moves the probabilities",
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[],
        height: height(shown.len(), false),
    };
    let lines = shown.iter().map(|bar| Line {
        name: &bar.name,
        parts: vec![(share(bar), BLUE)],
        value: percent(share(bar)),
    });
    let lines: Vec<Line> = lines.collect();
    draw(&frame, |area| bars_in(area, &lines, ""))
}

/// The factors that push the probabilities of a bucket's profiles most, and which way.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn effects(bucket: &str, effects: &[Effect], polarity: Polarity) -> Result<String, Error> {
    let [down, _, up] = polarity.colors();
    let shown = &effects[..effects.len().min(10)];
    let odds = |effect: &Effect| format!("{:.2} \u{d7}", effect.impact.exp());
    let each = shown
        .iter()
        .map(|effect| format!("{}: {}", effect.name, odds(effect)));
    let frame = Frame {
        title: &format!("Why scores are {bucket}"),
        finding: "How many times the odds, on average over these profiles",
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[("raises the probability", up), ("lowers it", down)],
        height: height(shown.len(), true),
    };
    let color = |effect: &Effect| if effect.impact < 0.0 { down } else { up };
    let lines = shown.iter().map(|effect| Line {
        name: &effect.name,
        parts: vec![(effect.impact.abs(), color(effect))],
        value: odds(effect),
    });
    let lines: Vec<Line> = lines.collect();
    draw(&frame, |area| bars_in(area, &lines, ""))
}

/// How the profiles of each range of a factor's values spread over the buckets.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn drilldown(factor: &str, ranges: &[Range], polarity: Polarity) -> Result<String, Error> {
    let colors = polarity.colors();
    let all = |range: &Range| range.buckets.iter().sum::<u64>();
    let share =
        |range: &Range, bucket: usize| range.buckets[bucket] as f64 / all(range).max(1) as f64;
    let highest = ranges
        .iter()
        .max_by(|a, b| share(a, 2).total_cmp(&share(b, 2)));
    let finding = match highest {
        Some(range) => format!(
            "Most often high: {} ({} of its profiles)",
            range.name,
            percent(share(range, 2))
        ),
        None => "No profiles".to_owned(),
    };
    let each = ranges.iter().map(|range| {
        let [low, medium, high] = range.buckets.map(count);
        format!("{}: low {low}, medium {medium}, high {high}", range.name)
    });
    let frame = Frame {
        title: factor,
        finding: &finding,
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[
            ("low", colors[0]),
            ("medium", colors[1]),
            ("high", colors[2]),
        ],
        height: height(ranges.len(), true),
    };
    let lines = ranges.iter().map(|range| Line {
        name: &range.name,
        parts: (0..3)
            .map(|bucket| (share(range, bucket), colors[bucket]))
            .collect(),
        value: count(all(range)),
    });
    let lines: Vec<Line> = lines.collect();
    draw(&frame, |area| bars_in(area, &lines, "profiles"))
}

fn height(lines: usize, legend: bool) -> i32 {
    58 + if legend { 22 } else { 0 } + 22 + STEP * lines.max(1) as i32 + 10
}

/// Draws the bars; the longest takes the width there is. `unit` is written over the values.
fn bars_in(area: &Area, lines: &[Line], unit: &str) -> Drawn {
    let whole = |line: &Line| {
        line.parts
            .iter()
            .map(|part| part.0)
            .filter(|part| part.is_finite())
            .sum::<f64>()
    };
    let longest = lines.iter().map(whole).fold(f64::MIN_POSITIVE, f64::max);
    let room = f64::from((WIDTH - LEFT - RIGHT) * UNIT);
    let long = |part: f64| {
        if part.is_finite() {
            (part / longest * room).round() as i32
        } else {
            0
        }
    };
    let right = placed(13, MUTED, HPos::Right, VPos::Top);
    area.draw(&Text::new(
        unit.to_owned(),
        ((WIDTH - LEFT) * UNIT, 4 * UNIT),
        right,
    ))?;
    for (at, line) in lines.iter().enumerate() {
        let top = 8 + STEP * at as i32;
        let name = placed(13, INK, HPos::Left, VPos::Top);
        area.draw(&Text::new(
            elided(line.name, 60),
            (LEFT * UNIT, top * UNIT),
            name,
        ))?;
        let (above, below) = ((top + 18) * UNIT, (top + 30) * UNIT);
        let ground = [(LEFT * UNIT, above), (LEFT * UNIT + room as i32, below)];
        area.draw(&Rectangle::new(ground, GRID.filled()))?;
        let mut left = LEFT * UNIT;
        for (part, color) in &line.parts {
            let right = left + long(*part);
            area.draw(&Rectangle::new(
                [(left, above), (right, below)],
                color.filled(),
            ))?;
            left = right;
        }
        let value = placed(13, INK, HPos::Right, VPos::Center);
        let place = ((WIDTH - LEFT) * UNIT, (above + below) / 2);
        area.draw(&Text::new(line.value.clone(), place, value))?;
    }
    Ok(())
}
