//! Charts of columns: how scores are distributed, the tenths, runs.

use plotters::style::RGBColor;

use super::axes::{Axes, categories, column, compared, note, plot, round_top};
use super::sheet::{BLUE, Frame, GREY, RED, draw};
use super::words::{about, count, percent, times};
use crate::error::Error;

/// Which end of the scores is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// High scores are welcome.
    Conversion,
    /// High scores are a warning.
    Churn,
}

impl Polarity {
    /// The colours of low, medium and high.
    pub(super) fn colors(self) -> [RGBColor; 3] {
        match self {
            Self::Conversion => [RED, GREY, BLUE],
            Self::Churn => [BLUE, GREY, RED],
        }
    }
}

/// Profiles with scores from `from` to below `to`; the last bin holds its end too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Lowest score.
    pub from: f64,
    /// Score at which the next bin starts.
    pub to: f64,
    /// Profiles.
    pub profiles: u64,
}

/// A tenth of the profiles, those of the highest probability first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tenth {
    /// 1 to 10.
    pub tenth: u32,
    /// Profiles.
    pub profiles: u64,
    /// Sum of their probabilities.
    pub expected: f64,
    /// Those that reached the goal.
    pub actual: u64,
    /// How many times the average rate.
    pub lift: f64,
    /// Share of all that reached the goal, up to and with this tenth.
    pub captured: f64,
}

/// A scoring run.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// When it was made, as a reader says it.
    pub label: String,
    /// Profiles in the buckets low, medium and high.
    pub buckets: [u64; 3],
    /// Mean probability.
    pub expected: f64,
    /// Share that reached the goal; `None` until the outcome window has passed.
    pub actual: Option<f64>,
}

/// How many profiles have which score, in the colours of the buckets that begin at `low` and `high`.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn distribution(
    bins: &[Bin],
    (low, high): (f64, f64),
    polarity: Polarity,
) -> Result<String, Error> {
    let place = |bin: &Bin| {
        let middle = f64::midpoint(bin.from, bin.to);
        usize::from(middle >= low) + usize::from(middle >= high)
    };
    let mut buckets = [0; 3];
    for bin in bins {
        buckets[place(bin)] += bin.profiles;
    }
    let all: u64 = buckets.iter().sum();
    let share = |part: u64| percent(part as f64 / all.max(1) as f64);
    let finding = format!(
        "{} profiles: {} low, {} medium, {} high",
        count(all),
        share(buckets[0]),
        share(buckets[1]),
        share(buckets[2])
    );
    let each = bins
        .iter()
        .map(|bin| format!("{:.0} to {:.0}: {}", bin.from, bin.to, count(bin.profiles)));
    let names = [
        format!("low, below {low:.0}"),
        "medium".to_owned(),
        format!("high, {high:.0} and more"),
    ];
    let colors = polarity.colors();
    let frame = Frame {
        title: "How the scores are distributed",
        finding: &finding,
        description: format!(
            "Profiles by score: {}.",
            each.collect::<Vec<_>>().join("; ")
        ),
        legend: &[
            (&names[0], colors[0]),
            (&names[1], colors[1]),
            (&names[2], colors[2]),
        ],
        height: 320,
    };
    let most = bins.iter().map(|bin| bin.profiles).max().unwrap_or(0);
    draw(&frame, |area| {
        let axes = Axes {
            x: 0.0..100.0,
            y: 0.0..round_top(most as f64),
            x_name: "score",
            y_name: "profiles",
            x_labels: 6,
            y_labels: 6,
            x_format: |score| format!("{score:.0}"),
            y_format: |profiles| count(profiles.max(0.0).round() as u64),
        };
        let mut plot = plot(area, &axes)?;
        for bin in bins {
            let gap = 0.08 * (bin.to - bin.from);
            let wide = bin.from + gap..bin.to - gap;
            column(
                &mut plot,
                wide,
                0.0..bin.profiles as f64,
                colors[place(bin)],
            )?;
        }
        Ok(())
    })
}

/// The slide: how many of each tenth were expected to reach the goal, and how many did.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn tenths(tenths: &[Tenth]) -> Result<String, Error> {
    let expected: f64 = tenths.iter().map(|tenth| tenth.expected).sum();
    let actual: u64 = tenths.iter().map(|tenth| tenth.actual).sum();
    let first = tenths.first();
    let finding = match first {
        Some(first) => format!(
            "Top tenth: {} expected, {} actual. All: {} and {}",
            about(first.expected),
            count(first.actual),
            about(expected),
            count(actual)
        ),
        None => "No profiles".to_owned(),
    };
    let each = tenths.iter().map(|tenth| {
        let (expected, actual) = (about(tenth.expected), count(tenth.actual));
        format!(
            "tenth {}: {expected} expected, {actual} actual",
            tenth.tenth
        )
    });
    let frame = Frame {
        title: "Expected and actual, by tenth of profiles",
        finding: &finding,
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[("expected", GREY), ("actual", BLUE)],
        height: 320,
    };
    let most = tenths
        .iter()
        .map(|tenth| tenth.expected.max(tenth.actual as f64));
    let pairs = tenths
        .iter()
        .map(|tenth| (tenth.expected, Some(tenth.actual as f64)));
    let names = tenths.iter().map(|tenth| tenth.tenth.to_string());
    paired(
        &frame,
        most.fold(0.0, f64::max),
        &pairs.collect::<Vec<_>>(),
        &names.collect::<Vec<_>>(),
        ("tenth, likeliest first", "profiles that reached the goal"),
        about,
    )
}

/// How many times the average rate each tenth reached.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn lift(tenths: &[Tenth]) -> Result<String, Error> {
    let top = tenths.first().map_or(f64::NAN, |tenth| tenth.lift);
    let each = tenths
        .iter()
        .map(|tenth| format!("tenth {}: {}", tenth.tenth, times(tenth.lift)));
    let frame = Frame {
        title: "How much likelier than average, by tenth",
        finding: &format!(
            "The top tenth reaches the goal {} as often as all",
            times(top)
        ),
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[],
        height: 300,
    };
    let most = tenths
        .iter()
        .map(|tenth| tenth.lift)
        .filter(|lift| lift.is_finite())
        .fold(1.0, f64::max);
    let names: Vec<String> = tenths.iter().map(|tenth| tenth.tenth.to_string()).collect();
    let wide = tenths.len().max(1) as f64;
    draw(&frame, |area| {
        let axes = Axes {
            x: 0.0..wide,
            y: 0.0..round_top(most),
            x_name: "tenth, likeliest first",
            y_name: "times the average rate",
            x_labels: 0,
            y_labels: 6,
            x_format: about,
            y_format: about,
        };
        let mut plot = plot(area, &axes)?;
        for (at, tenth) in tenths
            .iter()
            .enumerate()
            .filter(|(_, tenth)| tenth.lift.is_finite())
        {
            let at = at as f64;
            column(&mut plot, at + 0.15..at + 0.85, 0.0..tenth.lift, BLUE)?;
        }
        compared(&mut plot, (0.0, 1.0), (wide, 1.0))?;
        note(&mut plot, (wide, 1.0), (-2, -10), "average")?;
        categories(&mut plot, &names)
    })
}

/// What each run expected, and what came once its outcome window had passed.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn performance(turns: &[Turn]) -> Result<String, Error> {
    let judged = turns.iter().filter(|turn| turn.actual.is_some()).count();
    let finding = match turns
        .iter()
        .rev()
        .find_map(|turn| Some((turn, turn.actual?)))
    {
        Some((turn, actual)) => format!(
            "Run of {}: {} expected, {} actual",
            turn.label,
            percent(turn.expected),
            percent(actual)
        ),
        None => "The outcome window of no run has passed yet".to_owned(),
    };
    let each = turns.iter().map(|turn| {
        let actual = turn.actual.map_or("not known yet".to_owned(), percent);
        format!(
            "{}: {} expected, {actual}",
            turn.label,
            percent(turn.expected)
        )
    });
    let frame = Frame {
        title: "Expected and actual, by run",
        finding: &finding,
        description: format!(
            "{judged} of {} runs can be judged. {}.",
            turns.len(),
            each.collect::<Vec<_>>().join("; ")
        ),
        legend: &[("expected", GREY), ("actual", BLUE)],
        height: 320,
    };
    let most = turns
        .iter()
        .map(|turn| turn.expected.max(turn.actual.unwrap_or(0.0)));
    let pairs = turns.iter().map(|turn| (turn.expected, turn.actual));
    let names = turns.iter().map(|turn| turn.label.clone());
    paired(
        &frame,
        most.fold(0.0, f64::max),
        &pairs.collect::<Vec<_>>(),
        &names.collect::<Vec<_>>(),
        ("run", "share that reached the goal"),
        percent,
    )
}

/// Columns in pairs: expected and actual.
fn paired(
    frame: &Frame,
    most: f64,
    pairs: &[(f64, Option<f64>)],
    names: &[String],
    (x_name, y_name): (&str, &str),
    y_format: fn(f64) -> String,
) -> Result<String, Error> {
    draw(frame, |area| {
        let axes = Axes {
            x: 0.0..names.len().max(1) as f64,
            y: 0.0..round_top(most),
            x_name,
            y_name,
            x_labels: 0,
            y_labels: 6,
            x_format: about,
            y_format,
        };
        let mut plot = plot(area, &axes)?;
        for (at, (expected, actual)) in pairs.iter().enumerate() {
            let at = at as f64;
            column(&mut plot, at + 0.12..at + 0.49, 0.0..*expected, GREY)?;
            if let Some(actual) = actual {
                column(&mut plot, at + 0.51..at + 0.88, 0.0..*actual, BLUE)?;
            }
        }
        categories(&mut plot, names)
    })
}

/// How the shares of the buckets moved from run to run.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn trend(turns: &[Turn], polarity: Polarity) -> Result<String, Error> {
    let share = |turn: &Turn, bucket: usize| {
        let all: u64 = turn.buckets.iter().sum();
        turn.buckets[bucket] as f64 / all.max(1) as f64
    };
    let finding = match (turns.first(), turns.last()) {
        (Some(first), Some(last)) if turns.len() > 1 => format!(
            "High: {} on {}, {} on {}",
            percent(share(first, 2)),
            first.label,
            percent(share(last, 2)),
            last.label
        ),
        (Some(first), _) => format!("High: {} on {}", percent(share(first, 2)), first.label),
        _ => "No runs".to_owned(),
    };
    let each = turns.iter().map(|turn| {
        let [low, medium, high] = [0, 1, 2].map(|bucket| percent(share(turn, bucket)));
        format!("{}: low {low}, medium {medium}, high {high}", turn.label)
    });
    let colors = polarity.colors();
    let frame = Frame {
        title: "The buckets from run to run",
        finding: &finding,
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[
            ("low", colors[0]),
            ("medium", colors[1]),
            ("high", colors[2]),
        ],
        height: 320,
    };
    let names: Vec<String> = turns.iter().map(|turn| turn.label.clone()).collect();
    draw(&frame, |area| {
        let axes = Axes {
            x: 0.0..names.len().max(1) as f64,
            y: 0.0..1.0,
            x_name: "run",
            y_name: "share of profiles",
            x_labels: 0,
            y_labels: 6,
            x_format: about,
            y_format: percent,
        };
        let mut plot = plot(area, &axes)?;
        for (at, turn) in turns.iter().enumerate() {
            let mut below = 0.0;
            for bucket in (0..3).rev() {
                let above = below + share(turn, bucket);
                let at = at as f64;
                column(
                    &mut plot,
                    at + 0.15..at + 0.85,
                    below..above,
                    colors[bucket],
                )?;
                below = above;
            }
        }
        categories(&mut plot, &names)
    })
}
