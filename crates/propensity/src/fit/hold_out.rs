//! Which cutoffs a model is trained at, and which rows are held out to choose it.

use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::hash;
use crate::time::Micros;

/// The most training cutoffs.
const MOST_CUTOFFS: usize = 12;

/// The fewest of the newest cutoffs that are trained at, if only with a sample of their rows.
const LEAST_CUTOFFS: usize = 4;

/// Fewer cutoffs than this: the stride is halved.
const ENOUGH_CUTOFFS: usize = 8;

/// Rows of each class that make a hold-out large enough.
const HOLD_CLASS: usize = 100;

/// Equally spaced training cutoffs, counted back from the newest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stride {
    /// Days between two cutoffs.
    pub days: f64,
    /// How many cutoffs, the newest included; 0 if the history is too short for one.
    pub cutoffs: usize,
}

/// The training cutoffs for an outcome window of `window` days; `first_event` and `newest` (the
/// newest cutoff with a complete outcome window) are instants in days.
///
/// Steps of one window back to half a window, but at least 14 days, after the first event; at most
/// 12. While there are fewer than 8 the stride is halved, down to an eighth of the window or a day:
/// overlapping outcome windows are allowed in training.
pub fn stride(first_event: f64, newest: f64, window: f64) -> Stride {
    let room = newest - (first_event + (window / 2.0).max(14.0));
    let count = |days: f64| {
        let steps = (room / days).floor() + 1.0;
        // Saturates: no room is 0 cutoffs.
        (steps as usize).min(MOST_CUTOFFS)
    };
    let least = (window / 8.0).max(1.0);
    let mut days = window;
    while count(days) < ENOUGH_CUTOFFS && days > least {
        days = (days / 2.0).max(least);
    }
    let cutoffs = if room < 0.0 { 0 } else { count(days) };
    Stride { days, cutoffs }
}

/// How many of the newest cutoffs to train at: all of whose rows together are at most `limit`, but
/// at least 4. Newer rows are worth more than older ones.
///
/// `counts` come oldest first.
pub fn newest_first(counts: &[CutoffRows], limit: u64) -> usize {
    let mut sum = 0;
    let whole = counts.iter().rev().take_while(|count| {
        sum += count.rows as u64;
        sum <= limit
    });
    whole.count().max(LEAST_CUTOFFS).min(counts.len())
}

/// The rows at the fewest cutoffs that are trained at.
///
/// `counts` come oldest first.
pub fn newest_rows(counts: &[CutoffRows]) -> u64 {
    let newest = counts.iter().rev().take(LEAST_CUTOFFS);
    newest.map(|count| count.rows as u64).sum()
}

/// Training rows divided into those that fit and those that judge.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldOut {
    /// Rows to fit on, ascending.
    pub fit: Vec<u32>,
    /// Rows to judge on, ascending.
    pub hold: Vec<u32>,
    /// Whether a quarter of the profiles is held out, for want of cutoffs, and not the newest ones.
    pub by_profile: bool,
}

impl HoldOut {
    /// Holds out the newest cutoffs: as few as give 100 rows of each class, at most a third of them.
    /// Fit rows are those whose outcome window ends before the first cutoff held out.
    ///
    /// Where that leaves fewer than 50 rows to fit, or 25 of the rarer class, or 30 % of the rows
    /// not held out, a quarter of the profiles, drawn by their hash, is held out instead.
    ///
    /// `cutoffs`, `profiles` and `outcomes` have one entry per row; `cutoffs` are indices into
    /// `cutoff_times`.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`], [`Error::LengthMismatch`], [`Error::OutOfMemory`].
    pub fn choose(
        cutoffs: &[u32],
        cutoff_times: &[Cutoff],
        profiles: &[u64],
        outcomes: &[bool],
    ) -> Result<Self, Error> {
        check(cutoffs, cutoff_times, profiles, outcomes)?;
        let first = first_held_out(cutoffs, cutoff_times, outcomes).ok_or(Error::NoRows)?;
        let at = |row: usize| &cutoff_times[cutoffs[row] as usize];
        let split = Self {
            fit: rows_where(outcomes.len(), |row| at(row).outcome_until <= first)?,
            hold: rows_where(outcomes.len(), |row| at(row).at >= first)?,
            by_profile: false,
        };
        if split.is_large_enough(outcomes) {
            return Ok(split);
        }
        Ok(Self {
            fit: rows_where(outcomes.len(), |row| !is_held_out(profiles[row]))?,
            hold: rows_where(outcomes.len(), |row| is_held_out(profiles[row]))?,
            by_profile: true,
        })
    }

    fn is_large_enough(&self, outcomes: &[bool]) -> bool {
        let positives = self.fit.iter().filter(|&&r| outcomes[r as usize]).count();
        let rest = (outcomes.len() - self.hold.len()) as f64;
        self.fit.len() >= 50
            && rarer(positives, self.fit.len()) >= 25
            && self.fit.len() as f64 >= 0.3 * rest
    }

    /// Whether both sides have both classes.
    pub(super) fn is_usable(&self, outcomes: &[bool]) -> bool {
        [&self.fit, &self.hold].into_iter().all(|rows| {
            let positives = rows.iter().filter(|&&row| outcomes[row as usize]).count();
            positives > 0 && positives < rows.len()
        })
    }
}

fn check(
    cutoffs: &[u32],
    cutoff_times: &[Cutoff],
    profiles: &[u64],
    outcomes: &[bool],
) -> Result<(), Error> {
    let required = outcomes.len();
    for found in [cutoffs.len(), profiles.len()] {
        if found != required {
            return Err(Error::LengthMismatch { found, required });
        }
    }
    let named = cutoffs.iter().max().map_or(0, |&last| last as usize + 1);
    if named > cutoff_times.len() {
        return Err(Error::LengthMismatch {
            found: cutoff_times.len(),
            required: named,
        });
    }
    Ok(())
}

/// Rows at a cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutoffRows {
    /// The cutoff.
    pub at: Micros,
    /// Its rows.
    pub rows: usize,
    /// Those with a positive outcome.
    pub positives: usize,
}

/// The oldest cutoff of a hold-out by cutoffs; none without rows. The cutoffs come in any order.
///
/// Choices from data (vocabularies, windows) may use events up to here.
pub fn oldest_held_out(mut cutoffs: Vec<CutoffRows>) -> Option<Micros> {
    cutoffs.retain(|cutoff| cutoff.rows > 0);
    cutoffs.sort_unstable_by_key(|cutoff| std::cmp::Reverse(cutoff.at));
    let most = cutoffs.len().div_ceil(3);
    let (mut all, mut all_positives) = (0, 0);
    let mut first = None;
    for cutoff in &cutoffs[..most] {
        first = Some(cutoff.at);
        all += cutoff.rows;
        all_positives += cutoff.positives;
        if rarer(all_positives, all) >= HOLD_CLASS {
            break;
        }
    }
    first
}

fn first_held_out(cutoffs: &[u32], times: &[Cutoff], outcomes: &[bool]) -> Option<Micros> {
    let empty = |cutoff: &Cutoff| CutoffRows {
        at: cutoff.at,
        rows: 0,
        positives: 0,
    };
    let mut counts: Vec<CutoffRows> = times.iter().map(empty).collect();
    for (&cutoff, &outcome) in cutoffs.iter().zip(outcomes) {
        let count = &mut counts[cutoff as usize];
        count.rows += 1;
        count.positives += usize::from(outcome);
    }
    oldest_held_out(counts)
}

fn rarer(positives: usize, rows: usize) -> usize {
    positives.min(rows - positives)
}

/// A quarter of the profiles.
fn is_held_out(profile: u64) -> bool {
    hash::redrawn(profile, hash::HOLD_OUT).is_multiple_of(4)
}

fn rows_where(rows: usize, is_chosen: impl Fn(usize) -> bool) -> Result<Vec<u32>, Error> {
    let mut chosen = Vec::new();
    chosen.try_reserve_exact((0..rows).filter(|&row| is_chosen(row)).count())?;
    chosen.extend(
        (0..rows)
            .filter(|&row| is_chosen(row))
            .map(|row| row as u32),
    );
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn a_long_history_gives_12_cutoffs_a_window_apart() {
        let expected = Stride {
            days: 30.0,
            cutoffs: 12,
        };
        assert_eq!(stride(0.0, 1000.0, 30.0), expected);
    }

    #[test]
    fn the_newest_cutoffs_come_first_and_whole() {
        let counts = |rows: &[usize]| -> Vec<CutoffRows> {
            let count = |(at, &rows): (i64, &usize)| CutoffRows {
                at,
                rows,
                positives: 0,
            };
            (0..).zip(rows).map(count).collect()
        };
        let growing = counts(&[10, 20, 30, 40, 50, 60]);
        assert_eq!(newest_first(&growing, 210), 6);
        assert_eq!(newest_first(&growing, 209), 5);
        assert_eq!(newest_first(&growing, 200), 5);
        // Four do not fit, and are taken all the same.
        assert_eq!(newest_first(&growing, 179), 4);
        assert_eq!(newest_first(&growing, 1), 4);
        assert_eq!(newest_rows(&growing), 180);
        assert_eq!(newest_first(&counts(&[7, 8]), 1), 2);
        assert_eq!((newest_first(&[], 5), newest_rows(&[])), (0, 0));
    }

    #[test]
    fn a_short_history_halves_the_stride_until_there_are_eight() {
        // 105 - 15 = 90 days: 4 steps of 30, 7 of 15, 13 of 7.5, of which 12 are taken.
        let expected = Stride {
            days: 7.5,
            cutoffs: 12,
        };
        assert_eq!(stride(0.0, 105.0, 30.0), expected);
    }

    #[test]
    fn the_stride_never_falls_below_an_eighth_of_the_window_or_a_day() {
        assert_eq!(stride(0.0, 60.0, 80.0).days, 10.0);
        assert_eq!(stride(0.0, 60.0, 80.0).cutoffs, 3);
        assert_eq!(
            stride(0.0, 17.0, 4.0),
            Stride {
                days: 1.0,
                cutoffs: 4
            }
        );
        assert_eq!(
            stride(0.0, 14.0, 0.5),
            Stride {
                days: 0.5,
                cutoffs: 1
            }
        );
    }

    #[test]
    fn no_history_gives_no_cutoff() {
        assert_eq!(stride(0.0, 13.9, 7.0).cutoffs, 0);
        assert_eq!(stride(10.0, 0.0, 7.0).cutoffs, 0);
    }

    /// Ten cutoffs ten days apart with a window of as many days, `rows` rows each, every
    /// `every`th of them positive.
    fn rows(rows: usize, every: usize) -> (Vec<u32>, Vec<Cutoff>, Vec<u64>, Vec<bool>) {
        let times = (0..10).map(|i| Cutoff {
            at: i * 10 * DAY,
            eligible_from: Micros::MIN,
            outcome_until: (i + 1) * 10 * DAY,
            ..Cutoff::default()
        });
        let cutoffs = (0..10).flat_map(|cutoff| vec![cutoff; rows]).collect();
        let profiles = (0..10).flat_map(|_| 0..rows as u64).collect();
        let outcomes = (0..10 * rows).map(|row| row % every == 0).collect();
        (cutoffs, times.collect(), profiles, outcomes)
    }

    #[test]
    fn holds_out_the_fewest_newest_cutoffs_with_100_of_each_class() {
        let (cutoffs, times, profiles, outcomes) = rows(120, 2);
        let split = HoldOut::choose(&cutoffs, &times, &profiles, &outcomes).unwrap();
        assert!(!split.by_profile);
        // 60 positives a cutoff: two cutoffs. The window of the eighth ends where they begin.
        assert_eq!(split.hold, (960..1200).collect::<Vec<u32>>());
        assert_eq!(split.fit, (0..960).collect::<Vec<u32>>());
    }

    #[test]
    fn fit_rows_end_a_window_before_the_hold_out() {
        let (cutoffs, mut times, profiles, outcomes) = rows(120, 2);
        times
            .iter_mut()
            .for_each(|cutoff| cutoff.outcome_until += 1);
        let split = HoldOut::choose(&cutoffs, &times, &profiles, &outcomes).unwrap();
        assert_eq!(split.fit, (0..840).collect::<Vec<u32>>());
    }

    #[test]
    fn at_most_a_third_of_the_cutoffs_is_held_out() {
        let (cutoffs, times, profiles, outcomes) = rows(100, 20);
        let split = HoldOut::choose(&cutoffs, &times, &profiles, &outcomes).unwrap();
        // 5 positives a cutoff never make 100: ceil(10 / 3) cutoffs.
        assert_eq!(split.hold.len(), 400);
        assert!(!split.by_profile);
    }

    #[test]
    fn too_little_to_fit_holds_out_a_quarter_of_the_profiles() {
        let (_, times, _, _) = rows(1, 2);
        let profiles: Vec<u64> = (0..4000).collect();
        let cutoffs = vec![3; 4000];
        let outcomes: Vec<bool> = (0..4000).map(|row| row % 2 == 0).collect();
        let split = HoldOut::choose(&cutoffs, &times, &profiles, &outcomes).unwrap();
        assert!(split.by_profile);
        assert!((900..1100).contains(&split.hold.len()));
        assert_eq!(split.fit.len() + split.hold.len(), 4000);
    }

    #[test]
    fn no_rows_is_an_error() {
        assert_eq!(HoldOut::choose(&[], &[], &[], &[]), Err(Error::NoRows));
    }
}
