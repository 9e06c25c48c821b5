//! Values of features in plain words: "4 purchase events in the last 30 days (usually 1)", "last purchase
//! event 12 days ago", "country: France (usually Germany)". The texts are here and in `features::words`.

use std::fmt::Write;

use crate::features::{Feature, Unit};
use crate::model::decimal::Decimal;

/// Powers of ten, by the number of decimals that they keep.
const POWERS: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];

/// The text of a category's value; `None` for other features and for a missing value.
pub fn category(feature: &Feature, value: f64) -> Option<&str> {
    let values = feature.values.as_ref()?;
    if value >= 0.0 {
        values.get(value as usize).map(String::as_str)
    } else {
        None
    }
}

/// Appends words that say by themselves what a feature is and what its value is (in the feature's
/// unit, NaN = missing), and behind them the usual value, if there is one: the same words may raise one prediction and
/// lower another.
pub fn write(feature: &Feature, value: f64, usual: Option<&str>, out: &mut String) {
    let start = out.len();
    write_value(feature, value, out);
    let is_usual = usual == Some(&out[start..]);
    out.truncate(start);
    words(feature, value, out);
    match usual {
        Some(_) if is_usual => out.push_str(" (as usual)"),
        Some(usual) => push(out, [" (usually ", usual, ")"]),
        None => {}
    }
}

/// The usual value of a feature in words.
pub fn usual(feature: &Feature, value: f64) -> String {
    let mut out = String::new();
    write_value(feature, value, &mut out);
    out
}

fn words(feature: &Feature, value: f64, out: &mut String) {
    let label = &feature.label;
    match (feature.unit, since(feature)) {
        (_, Some(what)) if value.is_nan() => push(out, [what, ": never"]),
        (_, Some(what)) => {
            push(out, [what, " "]);
            ago(value, out);
        }
        (Unit::Count, _) if value == 0.0 => none(label, out),
        (Unit::Count, _) if value == 1.0 => one(label, out),
        (Unit::Count, _) if value.is_finite() => {
            number(value, 2, out);
            push(out, [" ", label]);
        }
        _ => {
            push(out, [label, ": "]);
            write_value(feature, value, out);
        }
    }
}

/// Appends the value alone: "12 days ago", "never", "4", "35 %", "France".
pub fn write_value(feature: &Feature, value: f64, out: &mut String) {
    if feature.values.is_some() {
        return out.push_str(category(feature, value).unwrap_or("unknown"));
    }
    let since = since(feature).is_some();
    if value.is_nan() {
        // An amount, or days to a date, of events that there are none of; a time between events of which there are too few.
        return out.push_str(match feature.unit {
            _ if since => "never",
            Unit::Days if feature.attribute.is_none() => "too few to tell",
            Unit::Amount | Unit::Days => "none",
            _ => "unknown",
        });
    }
    match feature.unit {
        Unit::Days if since => ago(value, out),
        Unit::Days => days(value, out),
        Unit::Share => {
            fixed(100.0 * value, 0, out);
            out.push_str(" %");
        }
        Unit::Flag => out.push_str(if value == 0.0 { "no" } else { "yes" }),
        Unit::Count => number(value, 2, out),
        Unit::Ratio => counted(value, 2, "time", out),
        Unit::Amount => measured(value, 2, feature.measure.as_deref(), out),
        Unit::Number | Unit::Category => measured(value, 3, feature.measure.as_deref(), out),
    }
}

/// Signs of currencies, which stand before a number.
const CURRENCIES: [&str; 6] = ["$", "€", "£", "¥", "₹", "₩"];

/// A number in what it is in, if that is known: "12.50 EUR", "€12.50", "45 %".
fn measured(value: f64, decimals: usize, measure: Option<&str>, out: &mut String) {
    match measure {
        Some(sign) if CURRENCIES.contains(&sign) => {
            push(out, [if value < 0.0 { "-" } else { "" }, sign]);
            number(value.abs(), decimals, out);
        }
        Some(measure) => {
            number(value, decimals, out);
            push(out, [" ", measure]);
        }
        None => number(value, decimals, out),
    }
}

/// What a feature counts the days since, so that missing means never: "last purchase event".
fn since(feature: &Feature) -> Option<&str> {
    let what = feature.label.strip_prefix("days since ")?;
    Some(what.strip_prefix("the ").unwrap_or(what))
}

fn ago(value: f64, out: &mut String) {
    if (0.0..1.0).contains(&value) {
        return out.push_str("less than a day ago");
    }
    days(value, out);
    out.push_str(" ago");
}

/// Whole days, except below 10, where a tenth matters: "1 day", "2.5 days", "240 days".
fn days(value: f64, out: &mut String) {
    counted(value, if value.abs() < 10.0 { 1 } else { 0 }, "day", out);
}

/// A number of units, in the plural unless it is written as one.
fn counted(value: f64, decimals: usize, unit: &str, out: &mut String) {
    let start = out.len();
    number(value, decimals, out);
    let plural = if &out[start..] == "1" { "" } else { "s" };
    push(out, [" ", unit, plural]);
}

/// "1 purchase event in the last 30 days" from a label in the plural.
fn one(label: &str, out: &mut String) {
    let plural = ["different values", "active days", "events"]
        .into_iter()
        .find_map(|plural| Some((plural, label.find(plural)?)));
    match plural {
        Some((plural, at)) => {
            let (before, after) = (&label[..at], &label[at + plural.len()..]);
            let singular = &plural[..plural.len() - 1];
            let singular = singular.strip_prefix("different ").unwrap_or(singular);
            push(out, ["1 ", before, singular, after]);
        }
        None => push(out, ["1 ", label]),
    }
}

/// "no purchase events in the last 30 days".
fn none(label: &str, out: &mut String) {
    match label.strip_prefix("different values ") {
        Some(rest) => push(out, ["no value ", rest]),
        None => push(out, ["no ", label]),
    }
}

/// A number with at most `decimals` decimals; none when it is whole.
fn number(value: f64, decimals: usize, out: &mut String) {
    let whole = value.round();
    if value.abs() >= 1e15 {
        let written = write!(out, "{value:.2e}");
        debug_assert!(written.is_ok(), "writing into a String cannot fail");
    } else if (value - whole).abs() < 0.5 / POWERS[decimals] {
        fixed(whole + 0.0, 0, out);
    } else {
        fixed(value, decimals, out);
    }
}

/// A number with `decimals` decimals: what `{:.decimals$}` writes, which takes several times as long.
fn fixed(value: f64, decimals: usize, out: &mut String) {
    let scaled = value.abs() * POWERS[decimals];
    let digits = scaled.round();
    // Multiplying rounds in the sixteenth digit: here it is too little to tell, except close to the middle.
    let is_clear = scaled < 1e9 && (scaled - digits).abs() < 0.499_999;
    if is_clear && (digits > 0.0 || value.is_sign_positive()) {
        let decimal = Decimal {
            negative: value < 0.0,
            digits: digits as u64,
            decimals: decimals as i32,
        };
        decimal.write(out);
    } else {
        let written = write!(out, "{value:.decimals$}");
        debug_assert!(written.is_ok(), "writing into a String cannot fail");
    }
}

fn push<const N: usize>(out: &mut String, parts: [&str; N]) {
    for part in parts {
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn both(label: &str, unit: Unit, value: f64) -> [String; 2] {
        both_of(label, unit, None, value)
    }

    fn both_of(label: &str, unit: Unit, attribute: Option<&str>, value: f64) -> [String; 2] {
        let feature = Feature {
            name: String::new(),
            factor: String::new(),
            label: label.to_owned(),
            unit,
            values: (unit == Unit::Category).then(|| vec!["France".to_owned()]),
            readable_rank: 0,
            attribute: attribute.map(str::to_owned),
            measure: None,
        };
        let mut out = [String::new(), String::new()];
        write(&feature, value, None, &mut out[0]);
        write_value(&feature, value, &mut out[1]);
        out
    }

    #[test]
    fn recency_counts_back() {
        let of = |value| both("days since the last purchase event", Unit::Days, value);
        assert_eq!(of(12.0), ["last purchase event 12 days ago", "12 days ago"]);
        assert_eq!(of(1.0)[1], "1 day ago");
        assert_eq!(of(1.02)[1], "1 day ago");
        assert_eq!(of(2.46)[1], "2.5 days ago");
        assert_eq!(of(0.3)[1], "less than a day ago");
        assert_eq!(of(f64::NAN), ["last purchase event: never", "never"]);
        let signup = both("days since signup", Unit::Days, 240.4);
        assert_eq!(signup[0], "signup 240 days ago");
    }

    #[test]
    fn counts_name_what_and_when() {
        let of = |value| both("purchase events in the last 30 days", Unit::Count, value);
        assert_eq!(of(4.0), ["4 purchase events in the last 30 days", "4"]);
        assert_eq!(of(1.0)[0], "1 purchase event in the last 30 days");
        assert_eq!(of(0.0), ["no purchase events in the last 30 days", "0"]);
        let unknown = "purchase events in the last 30 days: unknown";
        assert_eq!(of(f64::NAN), [unknown, "unknown"]);
        let days = both("active days in the last 30 days", Unit::Count, 1.0);
        assert_eq!(days[0], "1 active day in the last 30 days");
        let shops = |value| both("different values of shop ever", Unit::Count, value)[0].clone();
        let found = [0.0, 1.0, 2.0].map(shops);
        let expected = [
            "no value of shop ever",
            "1 value of shop ever",
            "2 different values of shop ever",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn everything_else_is_label_and_value() {
        let value = |unit, value| both("it", unit, value)[1].clone();
        assert_eq!(
            both("mean amount ever", Unit::Amount, 12.5)[0],
            "mean amount ever: 12.50"
        );
        assert_eq!(both("country", Unit::Category, 0.0)[0], "country: France");
        assert_eq!(
            both("country", Unit::Category, f64::NAN)[0],
            "country: unknown"
        );
        assert_eq!(value(Unit::Days, 3.0), "3 days");
        assert_eq!(value(Unit::Days, f64::NAN), "too few to tell");
        // Days from the events to a date that none of them has.
        let due = both_of("average due ever", Unit::Days, Some("due"), f64::NAN);
        assert_eq!(due[0], "average due ever: none");
        assert_eq!(value(Unit::Share, 0.349), "35 %");
        assert_eq!(value(Unit::Flag, 1.0), "yes");
        assert_eq!(value(Unit::Ratio, 0.123_45), "0.12 times");
        assert_eq!(value(Unit::Amount, 1e20), "1.00e20");
    }

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        let mut rng = Rng::new(3);
        let random = (0..20_000).map(|i| (rng.unit() - 0.5) * 10_f64.powi(i % 22 - 6));
        // Halves and what is next to them, of which the last bit decides.
        let middles = (-4_000..4_000).map(|i| f64::from(i) / 1600.0);
        let next = middles.clone().map(f64::next_up);
        for value in random.chain(middles).chain(next).chain([0.0, -0.0]) {
            for decimals in 0..POWERS.len() {
                let mut found = String::new();
                fixed(value, decimals, &mut found);
                assert_eq!(found, format!("{value:.decimals$}"));
            }
        }
    }

    #[test]
    fn amounts_are_in_what_they_are_in() {
        let of = |measure: &str, value| {
            let feature = Feature {
                name: String::new(),
                factor: String::new(),
                label: "last amount".to_owned(),
                unit: Unit::Amount,
                values: None,
                readable_rank: 0,
                attribute: None,
                measure: Some(measure.to_owned()),
            };
            let mut out = String::new();
            write(&feature, value, Some(&usual(&feature, 3.0)), &mut out);
            out
        };
        assert_eq!(of("EUR", 12.5), "last amount: 12.50 EUR (usually 3 EUR)");
        assert_eq!(of("€", 12.5), "last amount: €12.50 (usually €3)");
        assert_eq!(of("$", -0.5), "last amount: -$0.50 (usually $3)");
        assert_eq!(of("km", f64::NAN), "last amount: none (usually 3 km)");
    }

    #[test]
    fn the_usual_value_stands_beside_another() {
        let feature = |unit| Feature {
            name: String::new(),
            factor: String::new(),
            label: "days since the last purchase event".to_owned(),
            unit,
            values: None,
            readable_rank: 0,
            attribute: None,
            measure: None,
        };
        let of = |value, usual| {
            let mut out = String::new();
            let feature = feature(Unit::Days);
            write(
                &feature,
                value,
                Some(&super::usual(&feature, usual)),
                &mut out,
            );
            out
        };
        assert_eq!(
            of(1.0, 55.2),
            "last purchase event 1 day ago (usually 55 days ago)"
        );
        assert_eq!(
            of(f64::NAN, 12.0),
            "last purchase event: never (usually 12 days ago)"
        );
        assert_eq!(
            of(12.01, 12.0),
            "last purchase event 12 days ago (as usual)"
        );
        assert_eq!(
            of(3.0, f64::NAN),
            "last purchase event 3 days ago (usually never)"
        );
    }
}
