//! The factors of a prediction as jsonb.

use propensity::model::decimal::Decimal;
use propensity::model::factor::{FactorImpact, Factors, is_missing, shown};
use propensity::model::phrase;

use crate::pg::jsonb::{self, Container, Kind};

/// The keys of a factor, in the order of jsonb.
const KEYS: [&str; 7] = [
    "value",
    "factor",
    "impact",
    "number",
    "phrase",
    "direction",
    "importance",
];

/// Appends the strongest factors, which come first, as the array that [`Factors::write_json`] writes: what follows the
/// length of a jsonb datum. `out` is empty; `words` is room for one phrase.
pub fn write(
    out: &mut Vec<u8>,
    words: &mut String,
    grouping: &Factors,
    impacts: &[FactorImpact],
    most: usize,
) {
    let impacts = shown(impacts, most);
    let mut array = Container::array(out, impacts.len());
    for impact in impacts {
        array.add(out, |out| {
            factor(out, words, grouping, impact);
            Kind::Container
        });
    }
}

fn factor(out: &mut Vec<u8>, words: &mut String, grouping: &Factors, impact: &FactorImpact) {
    let feature = &grouping.features()[impact.feature];
    let mut object = Container::object(out, &KEYS);
    let missing = is_missing(feature, impact.value);
    words.clear();
    if !missing {
        phrase::write_value(feature, impact.value, words);
    }
    object.add(out, |out| match missing {
        true => Kind::Null,
        false => jsonb::string(out, words),
    });
    object.add_text(out, grouping.name(impact.factor));
    object.add(out, |out| jsonb::numeric(out, Decimal::of(impact.impact)));
    object.add(out, |out| match feature.values {
        None if !missing => jsonb::numeric(out, Decimal::of(impact.value)),
        _ => Kind::Null,
    });
    words.clear();
    grouping.write_phrase(impact, words);
    object.add_text(out, words);
    object.add_text(out, impact.direction());
    object.add_text(out, impact.importance());
}
