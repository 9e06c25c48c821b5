//! What a feature is called, in the matrix and by people.

/// What the value of a feature counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A duration in days.
    Days,
    /// A number of events, active days or distinct values.
    Count,
    /// A share, 0 to 1.
    Share,
    /// One rate over another; 1 = no change.
    Ratio,
    /// A value of a numeric event attribute, in its own unit.
    Amount,
    /// Any other number.
    Number,
    /// Yes (1) or no (0).
    Flag,
    /// The index of one of [`Feature::values`].
    Category,
}

impl Unit {
    /// Its name, as users read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Count => "count",
            Self::Share => "share",
            Self::Ratio => "ratio",
            Self::Amount => "amount",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Category => "category",
        }
    }
}

/// A column of the feature row.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its name in the matrix, such as `cnt_purchase_4W`; unique.
    pub name: String,
    /// The influential factor that it belongs to.
    pub factor: String,
    /// What it is in words, windows in days: `purchase events in the last 120 days`.
    pub label: String,
    /// What its value counts or measures.
    pub unit: Unit,
    /// The values of a category, in the order of their indices.
    pub values: Option<Vec<String>>,
    /// Among the features of a factor, the one with the lowest rank (the first of them) shows its
    /// value best.
    pub readable_rank: u8,
    /// The attribute that it is about, whose values can be written later; none if it is about nothing but when events
    /// of which types were.
    pub attribute: Option<String>,
    /// What its values are in, as people write it: "EUR", "€", "km"; none unless somebody or the type says so.
    pub measure: Option<String>,
}

impl Feature {
    pub(super) fn new(name: String, factor: String, label: String, unit: Unit) -> Self {
        Self {
            readable_rank: readable_rank(&name),
            name,
            factor,
            label,
            unit,
            values: None,
            attribute: None,
            measure: None,
        }
    }

    pub(super) fn of_attribute(self, name: &str) -> Self {
        Self {
            attribute: Some(name.to_owned()),
            ..self
        }
    }

    pub(super) fn in_measure(self, measure: Option<&str>) -> Self {
        Self {
            measure: measure.map(str::to_owned),
            ..self
        }
    }

    pub(super) fn category(
        name: String,
        factor: String,
        label: String,
        values: Vec<String>,
    ) -> Self {
        Self {
            values: Some(values),
            ..Self::new(name, factor, label, Unit::Category)
        }
    }
}

/// Recency, tenure, counts, totals, levels, anything; of these the window that people think in.
fn readable_rank(name: &str) -> u8 {
    const ORDER: [&str; 8] = [
        "rec_", "goal_rec", "ten_", "cnt_", "goal_cnt", "sum_", "mean_", "gap_mean",
    ];
    let kind = ORDER.iter().position(|prefix| name.starts_with(prefix));
    let window = if name.starts_with("mean_") {
        "_all"
    } else {
        "_W"
    };
    2 * kind.unwrap_or(ORDER.len()) as u8 + u8::from(!name.ends_with(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_readable_comes_first() {
        let names = [
            "rec_any",
            "goal_rec",
            "ten_first",
            "cnt_any_W",
            "cnt_any_W/4",
            "goal_cnt_W",
            "sum_amount_W",
            "mean_amount_all",
            "mean_amount_4W",
            "gap_mean",
            "goal_y1",
        ];
        assert!(names.is_sorted_by_key(|name| readable_rank(name)));
    }
}
