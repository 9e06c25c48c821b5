//! Values of features that somebody supposes: whether a feature can have them.

use crate::features::{Feature, Unit};

/// A value that is supposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Supposed<'a> {
    /// None: never, or not known.
    Missing,
    /// A number.
    Number(f64),
    /// A value of a category.
    Text(&'a str),
}

/// The value as it stands in a row of features.
///
/// # Errors
///
/// What the feature requires, as it goes on after "it must be".
pub fn value(feature: &Feature, supposed: Supposed) -> Result<f64, String> {
    if let Some(values) = &feature.values {
        let place = |text: &str| values.iter().position(|value| value == text);
        return match supposed {
            Supposed::Missing => Ok(f64::NAN),
            Supposed::Text(text) => place(text)
                .map(|place| place as f64)
                .ok_or_else(|| one_of(values)),
            Supposed::Number(_) => Err(one_of(values)),
        };
    }
    match supposed {
        Supposed::Missing => Ok(f64::NAN),
        Supposed::Number(number) => range(feature, number),
        Supposed::Text(_) => Err("a number or null".to_owned()),
    }
}

fn one_of(values: &[String]) -> String {
    const MOST: usize = 12;
    let shown: Vec<String> = values
        .iter()
        .take(MOST)
        .map(|value| format!("\"{value}\""))
        .collect();
    let more = if values.len() > MOST { ", ..." } else { "" };
    format!("null or one of {}{more}", shown.join(", "))
}

fn range(feature: &Feature, number: f64) -> Result<f64, String> {
    let required = match feature.unit {
        Unit::Count if number < 0.0 => "a count, which is not negative",
        Unit::Ratio if number < 0.0 => "a ratio, which is not negative",
        Unit::Days if number < 0.0 && is_age(&feature.name) => "days ago, which are not negative",
        Unit::Share if !(0.0..=1.0).contains(&number) => "a share, from 0 to 1",
        Unit::Flag if number != 0.0 && number != 1.0 => "1 for yes or 0 for no",
        _ => return Ok(number),
    };
    Err(required.to_owned())
}

/// Days since something that is over; dates of events and profiles may lie ahead.
fn is_age(name: &str) -> bool {
    ["rec_", "goal_rec", "ten_first", "gap_", "goalgap_"]
        .iter()
        .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str, unit: Unit, values: Option<&[&str]>) -> Feature {
        let values = values.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
        Feature {
            name: name.to_owned(),
            factor: name.to_owned(),
            label: name.to_owned(),
            unit,
            values,
            readable_rank: 0,
            attribute: None,
            measure: None,
        }
    }

    #[test]
    fn a_value_must_fit_the_unit() {
        let fits = |name: &str, unit, number| {
            value(&feature(name, unit, None), Supposed::Number(number)).is_ok()
        };
        assert!(fits("cnt_any_W", Unit::Count, 0.0) && !fits("cnt_any_W", Unit::Count, -5.0));
        assert!(fits("x", Unit::Share, 1.0) && !fits("x", Unit::Share, 1.1));
        assert!(fits("x", Unit::Flag, 1.0) && !fits("x", Unit::Flag, 0.5));
        assert!(fits("last_due", Unit::Days, -3.0) && !fits("rec_any", Unit::Days, -3.0));
        assert!(fits("sum_amount_W", Unit::Amount, -3.0));
    }

    #[test]
    fn categories_take_their_values() {
        let plan = feature("profile.plan", Unit::Category, Some(&["free", "pro"]));
        assert_eq!(value(&plan, Supposed::Text("pro")), Ok(1.0));
        assert!(value(&plan, Supposed::Missing).is_ok_and(f64::is_nan));
        let expected = Err("null or one of \"free\", \"pro\"".to_owned());
        assert_eq!(value(&plan, Supposed::Text("gold")), expected);
        assert_eq!(value(&plan, Supposed::Number(1.0)), expected);
        let count = feature("cnt_any_W", Unit::Count, None);
        assert!(value(&count, Supposed::Text("pro")).is_err());
    }
}
