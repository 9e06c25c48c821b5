//! The page escapes whatever there is in it.

use super::*;

const HOSTILE: &str =
    "</title></style><script>alert('1')</script><img src=x onerror=alert(1)> \"'&\u{1}\u{202e}";

/// A page of which every name, text and value is that.
fn page(text: &str) -> Page {
    let text = || text.to_owned();
    let area = Area {
        auc: 0.81,
        low: 0.79,
        high: 0.83,
    };
    Page {
        model: text(),
        description: Some(text()),
        polarity: Polarity::Churn,
        goal: text(),
        occurs: false,
        window: text(),
        eligible: Some(text()),
        eligible_window: Some(text()),
        exclude: Some(text()),
        events: vec![text(), text()],
        profiles: vec![text()],
        version: 3,
        trained_at: text(),
        run: Some(Run {
            as_of: text(),
            buckets: [10, 20, 3000],
        }),
        before: Some(Change {
            as_of: text(),
            buckets: [12, 17, 2000],
        }),
        drifts: vec![Drift {
            name: text(),
            index: 0.31,
        }],
        warnings: vec![text()],
        quality: Some(Quality {
            model: area,
            recency: Some(area),
            rfm: None,
            rows: 100,
            positives: 30,
        }),
        tenths: vec![Tenth {
            tenth: 1,
            profiles: 74,
            expected: 71.2,
            actual: 71,
            lift: 1.87,
            captured: 0.19,
        }],
        roc: vec![(0.0, 0.0), (1.0, 1.0)],
        calibration: Vec::new(),
        bins: vec![Bin {
            from: 0.0,
            to: 5.0,
            profiles: 7,
        }],
        buckets: (25.0, 75.0),
        importance: vec![Bar {
            name: text(),
            value: 1.0,
        }],
        effects: vec![(
            text(),
            vec![Effect {
                name: text(),
                impact: 1.0,
            }],
        )],
        drilldowns: vec![(
            text(),
            vec![Range {
                name: text(),
                buckets: [1, 2, 3],
            }],
        )],
        turns: vec![Turn {
            label: text(),
            buckets: [1, 2, 3],
            expected: 0.2,
            actual: None,
        }],
        examples: vec![Example {
            profile: text(),
            probability: 0.7638,
            score: 91,
            bucket: text(),
            reasons: [12.3, -4.0, 1.0, -0.01]
                .map(|points| Reason {
                    phrase: text(),
                    points,
                })
                .to_vec(),
        }],
        segments: vec![Segment {
            name: text(),
            description: Some(text()),
            condition: text(),
            profiles: 12,
            moved: Some((3, 2)),
            refreshed_at: text(),
        }],
        versions: vec![Version {
            number: 3,
            active: true,
            trained_at: text(),
            rows: 1234,
            auc: Some(area),
        }],
        cutoffs: vec![Cutoff {
            at: text(),
            rows: 400,
            positives: 100,
            held_out: true,
        }],
        features: 60,
    }
}

#[test]
fn no_value_becomes_markup() {
    let html = page(HOSTILE).html().unwrap();
    assert!(!html.contains("<script"));
    assert!(!html.contains("<img"));
    assert_eq!(
        html.matches("</title>").count(),
        html.matches("<title>").count()
    );
    assert_eq!(
        html.matches("</style>").count(),
        html.matches("<style>").count()
    );
    let tame = page("tame").html().unwrap();
    assert_eq!(html.matches('<').count(), tame.matches('<').count());
}

#[test]
fn nothing_comes_from_elsewhere() {
    let html = page("x").html().unwrap();
    for outside in ["src=", "href=", "url(", "@import", "<link", "javascript:"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_slide_is_in_words_and_figures() {
    let html = page("x").html().unwrap();
    assert!(html.contains("What it promised and what happened"));
    for cell in [
        "71.2",
        "1.9 \u{d7}",
        "19 %",
        "3,000",
        "76 %",
        "+12.3 points",
        "\u{2212}4 points",
        "+1 point<",
        ">under 0.1 points",
        "+1,000",
        "3 entered, 2 left",
        "0.31",
    ] {
        assert!(html.contains(cell), "{cell}");
    }
}

#[test]
fn a_model_of_which_little_is_known_has_a_page() {
    let mut page = page("x");
    (page.quality, page.run) = (None, None);
    (page.tenths, page.bins, page.examples, page.turns) = Default::default();
    let html = page.html().unwrap();
    assert!(html.contains("Nobody knows yet"));
    assert!(html.contains("No profile has been scored yet."));
}

#[test]
fn a_goal_that_any_event_meets_is_said_so() {
    let mut page = page("x");
    page.goal = " TRUE".to_owned();
    let html = page.html().unwrap();
    assert!(html.contains("<p class=\"goal\">any event</p>"));
}
