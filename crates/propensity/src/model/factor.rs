//! Influential factors: groups of features that people read as one cause, and how the strongest
//! of them are written into a score's row.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::features::Feature;
use crate::model::decimal::Decimal;
use crate::model::{phrase, sigmoid};

/// Impacts below this many log-odds are not worth a reader's time (docs/method.md 7).
pub const SMALLEST_SHOWN: f64 = 0.05;
/// From this many log-odds on an impact is of high importance: the odds change by 1.65 times.
pub const HIGH: f64 = 0.5;
/// From this many log-odds on an impact is of medium importance: the odds change by 1.16 times.
pub const MEDIUM: f64 = 0.15;

/// What a factor did to one prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactorImpact {
    /// Index of the factor in [`Factors`].
    pub factor: usize,
    /// Log-odds, positive = raises the probability.
    pub impact: f64,
    /// Index of the factor's most readable feature.
    pub feature: usize,
    /// The profile's value of that feature; NaN = missing.
    pub value: f64,
}

impl FactorImpact {
    /// `raises` or `lowers`: which way the factor pushed the prediction.
    pub fn direction(&self) -> &'static str {
        if self.impact < 0.0 {
            "lowers"
        } else {
            "raises"
        }
    }

    /// The effect on the probability that the whole prediction says, in log-odds: against the same profile without this
    /// impact.
    pub fn effect(&self, log_odds: f64) -> Effect {
        let (with, without) = (sigmoid(log_odds), sigmoid(log_odds - self.impact));
        Effect {
            points: 100.0 * (with - without),
            times: with / without,
        }
    }

    /// `high` from [`HIGH`] log-odds on, `medium` from [`MEDIUM`] on, else `low`.
    pub fn importance(&self) -> &'static str {
        let size = self.impact.abs();
        if size >= HIGH {
            "high"
        } else if size >= MEDIUM {
            "medium"
        } else {
            "low"
        }
    }
}

/// What an impact does to a probability, the other factors being as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Percentage points that it adds.
    pub points: f64,
    /// By how many times it makes the goal as likely.
    pub times: f64,
}

/// Mean absolute impact of a factor over many profiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The factor's name.
    pub factor: String,
    /// Log-odds.
    pub mean_absolute_impact: f64,
}

/// The factors of a model: which features each one sums up, and which of them to show.
#[derive(Clone, Debug)]
pub struct Factors {
    features: Vec<Feature>,
    /// The features in the words of people.
    words: Vec<Feature>,
    names: Vec<String>,
    /// Most readable feature of each factor.
    readable: Vec<usize>,
    /// Factor of each feature; `None` = the model does not use the feature.
    of: Vec<Option<usize>>,
    /// The usual value of each feature in words; empty before it was measured.
    usual: Vec<String>,
}

impl Factors {
    /// Groups the features by their factor, in order of first appearance. `used` has one flag per
    /// feature: whether a column of the model reads it; the others belong to no factor. `words` are the features as people
    /// call them, and `usual` has the usual value of each.
    pub fn new(features: Vec<Feature>, words: Vec<Feature>, used: &[bool], usual: &[f64]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut readable: Vec<usize> = Vec::new();
        let mut of = vec![None; features.len()];
        for (index, feature) in features.iter().enumerate() {
            if !used.get(index).is_some_and(|&used| used) {
                continue;
            }
            let factor = match names.iter().position(|name| *name == feature.factor) {
                Some(factor) => factor,
                None => {
                    names.push(feature.factor.clone());
                    readable.push(index);
                    names.len() - 1
                }
            };
            of[index] = Some(factor);
            if feature.readable_rank < features[readable[factor]].readable_rank {
                readable[factor] = index;
            }
        }
        let usual = words.iter().zip(usual);
        Self {
            usual: usual
                .map(|(feature, &value)| phrase::usual(feature, value))
                .collect(),
            features,
            words,
            names,
            readable,
            of,
        }
    }

    /// Appends what an impact is of, in words: the value of the factor's most readable feature, and what is usual.
    pub fn write_phrase(&self, impact: &FactorImpact, out: &mut String) {
        let usual = self.usual.get(impact.feature).map(String::as_str);
        phrase::write(&self.words[impact.feature], impact.value, usual, out);
    }

    /// Number of factors.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A factor's name, whatever its columns are called.
    pub fn name(&self, factor: usize) -> &str {
        &self.names[factor]
    }

    /// What people call it.
    pub fn called(&self, factor: usize) -> &str {
        &self.words[self.readable[factor]].factor
    }

    /// Its name, if people call it otherwise.
    pub fn own_name(&self, factor: usize) -> Option<&str> {
        let name = self.name(factor);
        (name != self.called(factor)).then_some(name)
    }

    /// The factor of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The factor that a feature belongs to; `None` = no factor, the model does not use it.
    pub fn of(&self, feature: usize) -> Option<usize> {
        self.of[feature]
    }

    /// The feature that says best what a factor is about.
    pub fn readable(&self, factor: usize) -> usize {
        self.readable[factor]
    }

    /// The features of the rows that the model reads, used or not.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The same in the words of people.
    pub fn words(&self) -> &[Feature] {
        &self.words
    }

    /// Number of features that the model uses.
    pub fn used(&self) -> usize {
        self.of.iter().flatten().count()
    }

    /// Appends the strongest factors to `out` as a JSON array, at most `most` of them and none
    /// below [`SMALLEST_SHOWN`]:
    ///
    /// `[{"factor","value","number","phrase","impact","points","times","direction","importance"}]`
    ///
    /// `impacts` come strongest first, and are of a prediction of `log_odds`. `value` is the value as people read it,
    /// null when it is missing; `number` is the same with 6 significant digits, null for a category too. A factor that people
    /// call otherwise has its own name as `name` too. Valid `jsonb` whatever the texts are.
    pub fn write_json(
        &self,
        impacts: &[FactorImpact],
        log_odds: f64,
        most: usize,
        out: &mut String,
    ) {
        out.push('[');
        for (index, impact) in shown(impacts, most).iter().enumerate() {
            let feature = &self.words[impact.feature];
            out.push_str(if index == 0 {
                "{\"factor\":\""
            } else {
                ",{\"factor\":\""
            });
            escape(self.called(impact.factor), out);
            if let Some(name) = self.own_name(impact.factor) {
                out.push_str("\",\"name\":\"");
                escape(name, out);
            }
            out.push_str("\",\"value\":");
            write_value(feature, impact.value, out);
            out.push_str(",\"phrase\":\"");
            write_escaped(out, |escaped| self.write_phrase(impact, escaped));
            out.push_str("\",\"impact\":");
            Decimal::of(impact.impact).write(out);
            let effect = impact.effect(log_odds);
            out.push_str(",\"points\":");
            Decimal::of(effect.points).write(out);
            out.push_str(",\"times\":");
            Decimal::of(effect.times).write(out);
            let (direction, importance) = (impact.direction(), impact.importance());
            out.push_str(",\"direction\":\"");
            out.push_str(direction);
            out.push_str("\",\"importance\":\"");
            out.push_str(importance);
            out.push_str("\"}");
        }
        out.push(']');
    }
}

/// The factors to show: at most `most` of them, none below [`SMALLEST_SHOWN`]. `impacts` come strongest first.
pub fn shown(impacts: &[FactorImpact], most: usize) -> &[FactorImpact] {
    let weak = |impact: &FactorImpact| impact.impact.abs() < SMALLEST_SHOWN;
    let strong = impacts.iter().take(most).position(weak);
    &impacts[..strong.unwrap_or(most.min(impacts.len()))]
}

/// Whether the value of a feature is missing, or unknown.
pub fn is_missing(feature: &Feature, value: f64) -> bool {
    match &feature.values {
        Some(_) => phrase::category(feature, value).is_none(),
        None => !value.is_finite(),
    }
}

/// The value as people read it, and as a number.
fn write_value(feature: &Feature, value: f64, out: &mut String) {
    if is_missing(feature, value) {
        out.push_str("null,\"number\":null");
        return;
    }
    out.push('"');
    write_escaped(out, |escaped| phrase::write_value(feature, value, escaped));
    out.push_str("\",\"number\":");
    match feature.values {
        Some(_) => out.push_str("null"),
        None => Decimal::of(value).write(out),
    }
}

/// Escapes for a JSON string whatever `write` appends to `out`.
fn write_escaped(out: &mut String, write: impl FnOnce(&mut String)) {
    let start = out.len();
    write(out);
    if out[start..].chars().any(needs_escape) {
        let raw = out.split_off(start);
        escape(&raw, out);
    }
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // jsonb has no NUL: the replacement character stands for it
            '\0' => out.push('\u{fffd}'),
            '\u{1}'..='\u{1f}' => {
                let written = write!(out, "\\u{:04x}", character as u32);
                debug_assert!(written.is_ok(), "writing into a String cannot fail");
            }
            _ => out.push(character),
        }
    }
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | '\0'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Unit;

    fn feature(name: &str, factor: &str, unit: Unit, readable_rank: u8) -> Feature {
        Feature {
            name: name.to_owned(),
            factor: factor.to_owned(),
            label: format!("label of {name}"),
            unit,
            values: None,
            readable_rank,
            attribute: None,
            measure: None,
        }
    }

    fn factors() -> Factors {
        let mut features = vec![
            feature("decay_any_W", "Activity, recent", Unit::Number, 17),
            feature("cnt_any_W/4", "Activity, recent", Unit::Count, 7),
            feature("cnt_any_W", "Activity, recent", Unit::Count, 6),
            feature("cnt_buy_W", "Activity, recent", Unit::Count, 6),
            feature("rec_any", "Days since last activity", Unit::Days, 1),
            feature("last_a.b", "a.b level", Unit::Amount, 17),
            feature("mean_a.b_4W", "a.b level", Unit::Amount, 13),
            feature("mean_a.b_all", "a.b level", Unit::Amount, 12),
            feature("profile.note", "note", Unit::Category, 17),
        ];
        features[8].values = Some(vec!["x".to_owned(), "a \"b\"\\\n\u{1}\0é".to_owned()]);
        let mut used = [true; 9];
        used[4] = false;
        Factors::new(features.clone(), features, &used, &[])
    }

    fn impact(factor: usize, impact: f64, value: f64) -> FactorImpact {
        FactorImpact {
            factor,
            impact,
            feature: factors().readable(factor),
            value,
        }
    }

    fn json(impacts: &[FactorImpact], most: usize) -> String {
        let mut out = String::new();
        factors().write_json(impacts, -1.0, most, &mut out);
        out
    }

    #[test]
    fn features_that_are_not_used_have_no_factor() {
        let factors = factors();
        assert_eq!(factors.len(), 3);
        assert_eq!(factors.of(4), None);
        assert_eq!(factors.of(3), factors.find("Activity, recent"));
        assert_eq!(factors.find("Days since last activity"), None);
        assert_eq!(factors.used(), 8);
    }

    #[test]
    fn the_first_of_the_lowest_rank_is_the_most_readable() {
        let factors = factors();
        let readable = |factor| factors.features()[factors.readable(factor)].name.as_str();
        assert_eq!(readable(0), "cnt_any_W");
        assert_eq!(readable(1), "mean_a.b_all");
        assert_eq!(readable(2), "profile.note");
    }

    #[test]
    fn weak_factors_are_left_out_and_the_number_is_limited() {
        let impacts = [
            impact(0, -0.9, 4.0),
            impact(1, 0.2, 12.5),
            impact(2, 0.049, 0.0),
        ];
        let count = |most| {
            let value: serde_json::Value = serde_json::from_str(&json(&impacts, most)).unwrap();
            value.as_array().unwrap().len()
        };
        assert_eq!([count(0), count(1), count(3)], [0, 1, 2]);
        assert_eq!(json(&[], 3), "[]");
    }

    #[test]
    fn direction_and_importance_follow_the_impact() {
        let words = |size| {
            let impact = impact(0, size, 0.0);
            (impact.direction(), impact.importance())
        };
        assert_eq!(words(0.5), ("raises", "high"));
        assert_eq!(words(-0.499), ("lowers", "medium"));
        assert_eq!(words(-0.15), ("lowers", "medium"));
        assert_eq!(words(0.149), ("raises", "low"));
    }

    #[test]
    fn a_factor_in_json_by_hand() {
        let found = json(&[impact(1, -0.123_456_789, 12.5)], 3);
        assert!(found.starts_with(
            "[{\"factor\":\"a.b level\",\"value\":\"12.50\",\"number\":12.5,\"phrase\":\""
        ));
        // 0.268941 with the impact, 0.293895 without.
        let end = "\"impact\":-0.123457,\"points\":-2.49532,\"times\":0.915095,\"direction\":\"lowers\",\"importance\":\"low\"}]";
        assert!(found.ends_with(end), "{found}");
    }

    #[test]
    fn any_text_is_valid_json() {
        let found = json(&[impact(2, 1.0, 1.0)], 3);
        let value: serde_json::Value = serde_json::from_str(&found).unwrap();
        assert_eq!(value[0]["value"], "a \"b\"\\\n\u{1}\u{fffd}é");
        let phrase = "label of profile.note: a \"b\"\\\n\u{1}\u{fffd}é";
        assert_eq!(value[0]["phrase"], phrase);
    }

    #[test]
    fn missing_and_unknown_values_are_null() {
        for (factor, value) in [(0, f64::NAN), (2, f64::NAN), (2, 7.0), (2, -1.0)] {
            let found = json(&[impact(factor, 1.0, value)], 3);
            let value: serde_json::Value = serde_json::from_str(&found).unwrap();
            assert!(
                value[0]["value"].is_null() && value[0]["number"].is_null(),
                "{found}"
            );
        }
    }
}
