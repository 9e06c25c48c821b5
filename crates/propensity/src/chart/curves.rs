//! Charts of curves: how many are caught, how many for nothing, and whether probabilities hold.

use super::axes::{Axes, compared, dots, line, note, plot, round_top};
use super::columns::Tenth;
use super::sheet::{Area, BLUE, Drawn, Frame, GREY, UNIT, draw};
use super::words::{count, percent};
use crate::error::Error;

/// Profiles of about the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them that reached the goal.
    pub actual: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Profiles.
    pub profiles: u64,
}

/// How many of those that reach the goal are caught, when a number of the likeliest are asked.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn gains(tenths: &[Tenth]) -> Result<String, Error> {
    let all: u64 = tenths.iter().map(|tenth| tenth.profiles).sum();
    let mut points = vec![(0.0, 0.0)];
    let mut reached = 0;
    for tenth in tenths {
        reached += tenth.profiles;
        points.push((reached as f64 / all.max(1) as f64, tenth.captured));
    }
    points.retain(|point| point.1.is_finite());
    let finding = match points.iter().find(|point| point.0 >= 0.295) {
        Some((reach, captured)) => format!(
            "The likeliest {} hold {} of those who reach the goal",
            percent(*reach),
            percent(*captured)
        ),
        None => "No profiles".to_owned(),
    };
    let frame = Frame {
        title: "How many you reach by asking the likeliest first",
        finding: &finding,
        description: format!("Share caught by share asked: {}.", pairs(&points)),
        legend: &[],
        height: 320,
    };
    draw(&frame, |area| {
        let mut plot = plot(
            area,
            &shares(
                "share of profiles asked, likeliest first",
                "share caught of those who reach the goal",
            ),
        )?;
        compared(&mut plot, (0.0, 0.0), (1.0, 1.0))?;
        note(&mut plot, (0.66, 0.66), (8, 14), "in any order")?;
        line(&mut plot, &points, BLUE, 10)?;
        dots(&mut plot, &points, BLUE)
    })
}

/// The receiver operating characteristic, from points (share of the others, share of those who reach the goal).
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn roc(points: &[(f64, f64)], area_under: Option<(f64, f64, f64)>) -> Result<String, Error> {
    let finding = match area_under {
        Some((auc, low, high)) => {
            format!("Area under the curve {auc:.3} ({low:.3} to {high:.3}); chance is 0.5")
        }
        None => "The higher above the dashed line, the better".to_owned(),
    };
    // As many as can be told apart on the sheet.
    let shown: Vec<(f64, f64)> = thinned(points, 200);
    let frame = Frame {
        title: "Caught against asked in vain (ROC curve)",
        finding: &finding,
        description: format!(
            "Share caught by share asked in vain: {}.",
            pairs(&thinned(points, 20))
        ),
        legend: &[],
        height: 340,
    };
    draw(&frame, |area| {
        let mut plot = plot(
            area,
            &shares(
                "share asked in vain",
                "share caught of those who reach the goal",
            ),
        )?;
        compared(&mut plot, (0.0, 0.0), (1.0, 1.0))?;
        note(&mut plot, (0.66, 0.66), (8, 14), "by chance")?;
        line(&mut plot, &shown, BLUE, 10)
    })
}

/// Whether probabilities hold: of those with 20 %, do 20 % reach the goal? With the number of profiles in each group.
///
/// # Errors
/// [`Error::NotDrawn`].
pub fn calibration(groups: &[Group]) -> Result<String, Error> {
    let (mut expected, mut actual, mut all) = (0.0, 0.0, 0);
    for group in groups {
        expected += group.predicted * group.profiles as f64;
        actual += group.actual * group.profiles as f64;
        all += group.profiles;
    }
    let share = |sum: f64| percent(sum / all.max(1) as f64);
    let each = groups.iter().map(|group| {
        let (predicted, actual) = (percent(group.predicted), percent(group.actual));
        let (low, high) = (percent(group.low), percent(group.high));
        format!(
            "predicted {predicted}: {actual} actual (95 % interval {low} to {high}, {} profiles)",
            count(group.profiles)
        )
    });
    let frame = Frame {
        title: "Do the probabilities hold?",
        finding: &format!(
            "{} predicted on average, {} actual, {} profiles",
            share(expected),
            share(actual),
            count(all)
        ),
        description: format!("{}.", each.collect::<Vec<_>>().join("; ")),
        legend: &[
            ("actual, with 95 % interval", BLUE),
            ("profiles in the group", GREY),
        ],
        height: 440,
    };
    let most = groups
        .iter()
        .map(|group| group.predicted.max(group.high))
        .filter(|value| value.is_finite());
    let top = round_top(most.fold(0.0, f64::max)).min(1.0);
    draw(&frame, |area| {
        let (upper, lower) = area.split_vertically(222 * UNIT);
        let mut axes = shares("", "share that reached the goal");
        (axes.x, axes.y) = (0.0..top, 0.0..top);
        let mut above = plot(&upper, &axes)?;
        compared(&mut above, (0.0, 0.0), (top, top))?;
        note(&mut above, (0.7 * top, 0.7 * top), (8, 14), "as predicted")?;
        for group in groups {
            let interval = [
                (group.predicted, group.low),
                (group.predicted, group.high.min(top)),
            ];
            line(&mut above, &interval, BLUE, 10)?;
            dots(&mut above, &[(group.predicted, group.actual)], BLUE)?;
        }
        let largest = groups.iter().map(|group| group.profiles).max().unwrap_or(0);
        counts(&lower, groups, top, largest)
    })
}

/// The number of profiles in each group, under the probabilities.
fn counts(area: &Area, groups: &[Group], top: f64, largest: u64) -> Drawn {
    let mut axes = shares("probability predicted", "profiles");
    axes.x = 0.0..top;
    axes.y = 0.0..round_top(largest as f64);
    axes.y_labels = 3;
    axes.y_format = |profiles| count(profiles.max(0.0).round() as u64);
    let mut below = plot(area, &axes)?;
    for group in groups {
        let stem = [
            (group.predicted, 0.0),
            (group.predicted, group.profiles as f64),
        ];
        line(&mut below, &stem, GREY, 8 * UNIT as u32)?;
    }
    Ok(())
}

fn shares<'f>(x_name: &'f str, y_name: &'f str) -> Axes<'f> {
    Axes {
        x: 0.0..1.0,
        y: 0.0..1.0,
        x_name,
        y_name,
        x_labels: 6,
        y_labels: 6,
        x_format: percent,
        y_format: percent,
    }
}

fn pairs(points: &[(f64, f64)]) -> String {
    let each = points
        .iter()
        .map(|(x, y)| format!("{} at {}", percent(*y), percent(*x)));
    each.collect::<Vec<_>>().join("; ")
}

/// At most `most` of the points, evenly, with the first and the last.
fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let at = |index: usize| points[index * (points.len() - 1) / (most - 1)];
    (0..most).map(at).collect()
}
