//! The page from top to bottom.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::parts::{chart, code, plain, section, table, value};
use super::{Area, Example, Page, Run};
use crate::chart;
use crate::chart::words::{about, count, percent};
use crate::error::Error;

const STYLE: &str = include_str!("page.css");
/// Nothing is loaded and nothing runs, whatever the values are.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

impl Page {
    /// The page as HTML.
    ///
    /// # Errors
    /// [`Error::NotDrawn`].
    pub fn html(&self) -> Result<String, Error> {
        let sections = [
            self.warnings(),
            self.verdict(),
            self.slide()?,
            self.scores()?,
            self.examples(),
            self.judged()?,
            self.over_time()?,
            self.segments(),
            self.data(),
            self.versions(),
            self.card(),
        ];
        let title = self.description.as_deref().unwrap_or(&self.model);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        p.model { "Model " (value(&self.model)) }
                        h1 { (value(title)) }
                        (self.question())
                    }
                    main { @for section in sections { (section) } }
                    footer { "Made by customer_ai, version " (self.version) " of the model, trained " (self.trained_at) "." }
                }
            }
        };
        Ok(page.into_string())
    }

    fn question(&self) -> Markup {
        html! {
            p.question {
                @if self.occurs { "How likely is each profile to reach this goal within " }
                @else { "How likely is each profile not to reach this goal within " }
                (self.window) "?"
            }
            // The condition of whoever comes back at all says nothing to people.
            @if self.goal.trim().eq_ignore_ascii_case("true") { p.goal { "any event" } }
            @else { p.goal { (code(&self.goal)) } }
            @if let Some(Run { as_of, buckets }) = &self.run {
                dl.figures {
                    div { dt { "profiles scored" } dd { (count(buckets.iter().sum())) } }
                    @for (name, profiles) in ["low", "medium", "high"].iter().zip(buckets) {
                        div { dt { (name) } dd { (count(*profiles)) } }
                    }
                    div { dt { "as of" } dd { (as_of) } }
                }
            } @else { p { "No profile has been scored yet." } }
        }
    }

    fn warnings(&self) -> Markup {
        if self.warnings.is_empty() {
            return html! {};
        }
        let inside =
            html! { ul.warnings { @for warning in &self.warnings { li { (value(warning)) } } } };
        section("warnings", "Know this first", inside)
    }

    fn verdict(&self) -> Markup {
        let Some(quality) = &self.quality else {
            let inside = html! { p { "Nobody knows yet: there were too few rows to hold any out and judge by them." } };
            return section("good", "Is it good?", inside);
        };
        let row = |name: &str, area: Area| {
            let interval = format!("{:.3} to {:.3}", area.low, area.high);
            vec![
                plain(name),
                plain(format!("{:.3}", area.auc)),
                plain(interval),
            ]
        };
        let mut rows = vec![row("this model", quality.model)];
        rows.extend(
            quality
                .rfm
                .map(|area| row("recency, frequency and tenure", area)),
        );
        rows.extend(
            quality
                .recency
                .map(|area| row("time since the last event", area)),
        );
        let caption = format!(
            "Share of pairs ranked rightly (AUC), on {} later rows that it did not learn from, {} of them positive",
            count(quality.rows),
            count(quality.positives)
        );
        let inside = html! {
            p.verdict { (quality.headline()) }
            p { (quality.sentences()) }
            p { (quality.advice()) }
            div.narrow { (table(&caption, &["ranked by", "AUC", "95 % interval"], 1, &rows)) }
        };
        section("good", "Is it good?", inside)
    }

    fn slide(&self) -> Result<Markup, Error> {
        if self.tenths.is_empty() {
            return Ok(html! {});
        }
        let rows = self.tenths.iter().map(|tenth| {
            vec![
                plain(tenth.tenth.to_string()),
                plain(count(tenth.profiles)),
                plain(about(tenth.expected)),
                plain(count(tenth.actual)),
                plain(format!("{:.1} \u{d7}", tenth.lift)),
                plain(percent(tenth.captured)),
            ]
        });
        let heads = ["tenth", "profiles", "expected", "actual", "lift", "caught"];
        let caption = "Tenths of the profiles, the likeliest first. Lift: times the average rate. Caught: share of all who reached the goal, so far";
        let inside = html! {
            div.pair {
                (chart(chart::tenths(&self.tenths))?)
                (table(caption, &heads, 0, &rows.collect::<Vec<_>>()))
            }
        };
        Ok(section(
            "slide",
            "What it promised and what happened",
            inside,
        ))
    }

    fn scores(&self) -> Result<Markup, Error> {
        let mut charts = Vec::new();
        if !self.bins.is_empty() {
            let drawn = chart::distribution(&self.bins, self.buckets, self.polarity);
            charts.push(chart(drawn)?);
        }
        charts.push(chart(chart::importance(&self.importance))?);
        for (bucket, effects) in self
            .effects
            .iter()
            .filter(|(_, effects)| !effects.is_empty())
        {
            charts.push(chart(chart::effects(bucket, effects, self.polarity))?);
        }
        for (factor, ranges) in self
            .drilldowns
            .iter()
            .filter(|(_, ranges)| !ranges.is_empty())
        {
            charts.push(chart(chart::drilldown(factor, ranges, self.polarity))?);
        }
        let inside = html! { div.charts { @for chart in charts { (chart) } } };
        Ok(section(
            "scores",
            "The scores, and what they depend on",
            inside,
        ))
    }

    fn examples(&self) -> Markup {
        if self.examples.is_empty() {
            return html! {};
        }
        let card = |example: &Example| {
            html! {
                article {
                    h3 { (value(&example.profile)) }
                    p { strong { (percent(example.probability)) } " \u{b7} score " (example.score) " \u{b7} " (example.bucket) }
                    @if example.reasons.is_empty() { p { "Nothing sets this profile apart." } }
                    ul.reasons {
                        @for reason in &example.reasons {
                            li.lowers[reason.points < 0.0] {
                                span.way { (points(reason.points)) }
                                " " (value(&reason.phrase))
                            }
                        }
                    }
                }
            }
        };
        let inside = html! { div.cards { @for example in &self.examples { (card(example)) } } };
        section("examples", "Five profiles, and why", inside)
    }

    fn judged(&self) -> Result<Markup, Error> {
        if self.tenths.is_empty() {
            return Ok(html! {});
        }
        let area = self.quality.map(|quality| {
            let Area { auc, low, high } = quality.model;
            (auc, low, high)
        });
        let charts = [
            chart(chart::gains(&self.tenths))?,
            chart(chart::lift(&self.tenths))?,
            chart(chart::calibration(&self.calibration))?,
            chart(chart::roc(&self.roc, area))?,
        ];
        let inside = html! { div.charts { @for chart in charts { (chart) } } };
        Ok(section("judged", "How it was judged", inside))
    }

    fn over_time(&self) -> Result<Markup, Error> {
        if self.turns.is_empty() {
            return Ok(html! {});
        }
        let mut charts = vec![chart(chart::trend(&self.turns, self.polarity))?];
        if self.turns.iter().any(|turn| turn.actual.is_some()) {
            charts.insert(0, chart(chart::performance(&self.turns))?);
        }
        let inside = html! {
            (self.changed())
            div.charts { @for chart in charts { (chart) } }
        };
        Ok(section("runs", "From run to run", inside))
    }

    /// What became of the scores since the run before, and what is not any more as it was learned.
    fn changed(&self) -> Markup {
        let drifts = html! {
            @if self.drifts.is_empty() {
                "No factor has shifted much since the training."
            } @else {
                "Shifted since the training (stability index; above 0.25 is a lot): "
                @for (at, drift) in self.drifts.iter().enumerate() {
                    @if at > 0 { ", " }
                    (value(&drift.name)) " " (format!("{:.2}", drift.index))
                }
                "."
            }
        };
        let (Some(now), Some(before)) = (&self.run, &self.before) else {
            return html! { p { (drifts) } };
        };
        let names = ["high", "medium", "low"].into_iter();
        let places = names.zip([2, 1, 0]);
        let rows: Vec<Vec<Markup>> = places
            .map(|(name, place)| {
                let (was, is) = (before.buckets[place], now.buckets[place]);
                let difference = match is.abs_diff(was) {
                    0 => "0".to_owned(),
                    by => signed(&count(by), is < was),
                };
                vec![
                    plain(name),
                    plain(count(was)),
                    plain(count(is)),
                    plain(difference),
                ]
            })
            .collect();
        html! {
            div.narrow {
                (table("Profiles by bucket, and what changed since the run before",
                    &["bucket", &before.as_of, &now.as_of, "change"], 1, &rows))
            }
            p.drift { (drifts) }
        }
    }

    fn segments(&self) -> Markup {
        if self.segments.is_empty() {
            return html! {};
        }
        let rows = self.segments.iter().map(|segment| {
            let name = html! {
                (value(&segment.name))
                @if let Some(description) = &segment.description { br; span.quiet { (value(description)) } }
            };
            let refreshed = plain(segment.refreshed_at.clone());
            let moved = segment.moved.map_or("new".to_owned(), |(entered, gone)| {
                format!("{} entered, {} left", count(entered), count(gone))
            });
            vec![name, code(&segment.condition), plain(count(segment.profiles)), plain(moved), refreshed]
        });
        let heads = [
            "segment",
            "condition",
            "profiles",
            "by the newest refresh",
            "refreshed",
        ];
        let rows: Vec<_> = rows.collect();
        section(
            "segments",
            "Segments",
            table("Segments of the model", &heads, 2, &rows),
        )
    }

    fn data(&self) -> Markup {
        let rows = self.cutoffs.iter().map(|cutoff| {
            let share = cutoff.positives as f64 / cutoff.rows.max(1) as f64;
            vec![
                plain(cutoff.at.clone()),
                plain(if cutoff.held_out { "judge" } else { "learn" }),
                plain(count(cutoff.rows)),
                plain(count(cutoff.positives)),
                plain(percent(share)),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let heads = ["as of", "used to", "profiles", "positive", "share"];
        section(
            "data",
            "The data it learned from",
            table(
                "Instants that predictions were learned and judged at",
                &heads,
                2,
                &rows,
            ),
        )
    }

    fn versions(&self) -> Markup {
        let rows = self.versions.iter().map(|version| {
            let auc = version.auc.map_or("not measured".to_owned(), |area| {
                format!("{:.3} ({:.3} to {:.3})", area.auc, area.low, area.high)
            });
            vec![
                plain(version.number.to_string()),
                plain(if version.active { "active" } else { "" }),
                plain(version.trained_at.clone()),
                plain(count(version.rows)),
                plain(auc),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let heads = [
            "version",
            "",
            "trained",
            "rows",
            "AUC with its 95 % interval",
        ];
        section(
            "versions",
            "Versions",
            table("Versions of the model", &heads, 3, &rows),
        )
    }

    fn card(&self) -> Markup {
        let list = |names: &[String]| html! { @for (at, name) in names.iter().enumerate() { @if at > 0 { ", " } (value(name)) } };
        let inside = html! {
            dl.card {
                dt { "Purpose" }
                dd {
                    "To rank profiles by the probability that they "
                    @if self.occurs { "reach" } @else { "do not reach" } " the goal within " (self.window) ", and to say why."
                }
                dt { "About" }
                dd {
                    @match &self.eligible {
                        Some(eligible) => { "Profiles that meet " (code(eligible)) },
                        None => { "Profiles with any event" },
                    }
                    @match &self.eligible_window {
                        Some(window) => { " in the last " (window) },
                        None => { " ever" },
                    }
                    @if let Some(exclude) = &self.exclude { ", without those that meet " (code(exclude)) }
                    ". Nothing is said of others."
                }
                dt { "Data" }
                dd {
                    "Events of " (list(&self.events))
                    @if !self.profiles.is_empty() { "; attributes of " (list(&self.profiles)) }
                    ". Each profile is described by " (count(self.features)) " figures about its own events before the moment of prediction."
                }
                dt { "Limits" }
                dd {
                    "It learns from what happened: an offer, a price or a season that the data does not know is not in it. "
                    "Factors say what the prediction rests on, not what would change the outcome. "
                    "Probabilities are right on average while the share of positives stays as it was."
                }
                dt { "Not for" }
                dd {
                    "Decisions with legal or similarly grave effects on a person, such as credit, work, housing or health, "
                    "and nothing that treats people by protected traits or by attributes that stand for them."
                }
            }
        };
        section("card", "Model card", inside)
    }
}

/// What a reason adds to a probability: "+12.3 points", "+1 point"; what is too little to write has no sign.
fn points(points: f64) -> String {
    match about(points.abs()).as_str() {
        "0" => "under 0.1 points".to_owned(),
        number => {
            let plural = if number == "1" { "" } else { "s" };
            format!("{} point{plural}", signed(number, points < 0.0))
        }
    }
}

/// A number with its sign.
fn signed(number: &str, negative: bool) -> String {
    let sign = if negative { '\u{2212}' } else { '+' };
    format!("{sign}{number}")
}
