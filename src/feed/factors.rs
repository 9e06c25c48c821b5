//! The factors of a prediction as jsonb.

use propensity::model::Explanation;
use propensity::model::decimal::Decimal;
use propensity::model::factor::{FactorImpact, Factors, is_missing, shown};
use propensity::model::phrase;

use crate::pg::jsonb::{self, Container, Kind};

/// The keys of a factor, in the order of jsonb; the first is only there if people call the factor otherwise.
const KEYS: [&str; 10] = [
    "name",
    "times",
    "value",
    "factor",
    "impact",
    "number",
    "phrase",
    "points",
    "direction",
    "importance",
];

/// Appends the strongest factors of an explanation, as the array that [`Factors::write_json`] writes: what follows the
/// length of a jsonb datum. `out` is empty; `words` is room for one phrase.
pub fn write(out: &mut Vec<u8>, words: &mut String, explanation: &Explanation, most: usize) {
    let impacts = shown(explanation.factors, most);
    let log_odds = explanation.prediction.log_odds;
    let mut array = Container::array(out, impacts.len());
    for impact in impacts {
        array.add(out, |out| {
            factor(out, words, explanation.grouping, impact, log_odds);
            Kind::Container
        });
    }
}

fn factor(
    out: &mut Vec<u8>,
    words: &mut String,
    grouping: &Factors,
    impact: &FactorImpact,
    log_odds: f64,
) {
    let feature = &grouping.words()[impact.feature];
    let name = grouping.own_name(impact.factor);
    let keys = match name {
        Some(_) => &KEYS[..],
        None => &KEYS[1..],
    };
    let mut object = Container::object(out, keys);
    if let Some(name) = name {
        object.add_text(out, name);
    }
    let effect = impact.effect(log_odds);
    object.add(out, |out| jsonb::numeric(out, Decimal::of(effect.times)));
    let missing = is_missing(feature, impact.value);
    words.clear();
    if !missing {
        phrase::write_value(feature, impact.value, words);
    }
    object.add(out, |out| match missing {
        true => Kind::Null,
        false => jsonb::string(out, words),
    });
    object.add_text(out, grouping.called(impact.factor));
    object.add(out, |out| jsonb::numeric(out, Decimal::of(impact.impact)));
    object.add(out, |out| match feature.values {
        None if !missing => jsonb::numeric(out, Decimal::of(impact.value)),
        _ => Kind::Null,
    });
    words.clear();
    grouping.write_phrase(impact, words);
    object.add_text(out, words);
    object.add(out, |out| jsonb::numeric(out, Decimal::of(effect.points)));
    object.add_text(out, impact.direction());
    object.add_text(out, impact.importance());
}
