//! Whether a model is good, in words.

/// Area under the ROC curve, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The area: the share of pairs that are ranked rightly.
    pub auc: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How well a model ranks, beside two simple rules on the same rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The model.
    pub model: Area,
    /// Who was active last comes first.
    pub recency: Option<Area>,
    /// Recency, frequency and tenure together.
    pub rfm: Option<Area>,
    /// Rows judged.
    pub rows: u64,
    /// Those of them for whom the goal came true.
    pub positives: u64,
}

impl Quality {
    /// The better of the rules.
    fn rule(&self) -> Option<Area> {
        let rules = [self.recency, self.rfm].into_iter().flatten();
        rules.max_by(|one, other| one.auc.total_cmp(&other.auc))
    }

    /// In a word or two.
    pub(super) fn headline(&self) -> &'static str {
        let auc = self.model.auc;
        if auc < 0.65 {
            "Too weak to act on"
        } else if auc >= 0.98 {
            "Too good to be true"
        } else if self.rule().is_some_and(|rule| rule.auc >= auc - 0.005) {
            "No better than a simple rule"
        } else if auc < 0.75 {
            "Useful"
        } else if auc < 0.85 {
            "Good"
        } else {
            "Very good"
        }
    }

    /// What that means, in sentences.
    pub(super) fn sentences(&self) -> String {
        let pairs = |area: Area| format!("{:.0}", 100.0 * area.auc);
        let Area { low, high, .. } = self.model;
        let mut said = format!(
            "Shown a profile for whom the goal came true and one for whom it did not, the model gives the first the \
             higher score in {} of 100 such pairs (95 % interval {:.0} to {:.0}). Chance is right in 50",
            pairs(self.model),
            100.0 * low,
            100.0 * high
        );
        if let Some(recency) = self.recency {
            said.push_str(&format!(
                ", the time since the last event alone in {}",
                pairs(recency)
            ));
        }
        if let Some(rfm) = self.rfm {
            said.push_str(&format!(
                ", a rule of recency, frequency and tenure in {}",
                pairs(rfm)
            ));
        }
        said.push('.');
        said
    }

    /// What to do with it.
    pub(super) fn advice(&self) -> &'static str {
        match self.headline() {
            "Too weak to act on" => {
                "Do not spend money by these scores: look for events or attributes that say more, or ask for a goal that is nearer."
            }
            "Too good to be true" => {
                "Look at the first factors: one of them is probably known only after the outcome."
            }
            "No better than a simple rule" => match self.recency {
                Some(recency) if Some(recency) == self.rule() => {
                    "Rank by the time since the last event as well as by this model; what the model adds are probabilities and reasons."
                }
                _ => {
                    "Rank by recency, frequency and tenure as well as by this model; what the model adds are probabilities and reasons."
                }
            },
            _ => {
                "Rank profiles by it, and read the probabilities beside the chart of how they held."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(auc: f64, rfm: f64) -> Quality {
        let area = |auc| Area {
            auc,
            low: auc - 0.02,
            high: auc + 0.02,
        };
        Quality {
            model: area(auc),
            recency: Some(area(0.6)),
            rfm: Some(area(rfm)),
            rows: 1000,
            positives: 300,
        }
    }

    #[test]
    fn the_headline_follows_the_areas() {
        let of = |auc, rfm| quality(auc, rfm).headline();
        assert_eq!(of(0.6, 0.5), "Too weak to act on");
        assert_eq!(of(0.7, 0.698), "No better than a simple rule");
        assert_eq!(of(0.7, 0.69), "Useful");
        assert_eq!(of(0.8, 0.7), "Good");
        assert_eq!(of(0.9, 0.7), "Very good");
        assert_eq!(of(0.99, 0.7), "Too good to be true");
    }

    #[test]
    fn the_advice_names_the_rule_that_is_as_good() {
        let mut judged = quality(0.7, 0.698);
        assert!(
            judged
                .advice()
                .starts_with("Rank by recency, frequency and tenure as well")
        );
        judged.recency = judged.rfm.replace(Area {
            auc: 0.6,
            low: 0.5,
            high: 0.7,
        });
        assert!(
            judged
                .advice()
                .starts_with("Rank by the time since the last event as well")
        );
    }

    #[test]
    fn the_sentences_name_the_rules() {
        let said = quality(0.81, 0.78).sentences();
        let expected = "in 81 of 100 such pairs (95 % interval 79 to 83). Chance is right in 50, the time since the \
                        last event alone in 60, a rule of recency, frequency and tenure in 78.";
        assert!(said.ends_with(expected), "{said}");
    }
}
