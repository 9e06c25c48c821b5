//! Values in the pictures, read back with a parser; hostile names and no data in every chart.

use roxmltree::{Document, Node};

use super::*;

const HOSTILE: &str = "</title><script>alert('1')</script> \"&\" \u{1}\u{0} ]]> --> é\u{202e}";

fn tenth(tenth: u32, expected: f64, actual: u64) -> Tenth {
    Tenth {
        tenth,
        profiles: 74,
        expected,
        actual,
        lift: actual as f64 / 38.0,
        captured: f64::from(tenth) / 10.0,
    }
}

/// Every chart, of some data, of none and of numbers that are none.
fn all(name: &str, number: f64, some: bool) -> Vec<String> {
    let list = usize::from(some) * 3;
    let conversion = Polarity::Conversion;
    let tenth = Tenth {
        expected: number,
        lift: number,
        captured: number,
        ..tenth(1, 1.0, 4)
    };
    let group = Group {
        predicted: number,
        actual: number,
        low: number,
        high: number,
        profiles: 7,
    };
    let turn = Turn {
        label: name.to_owned(),
        buckets: [1, 0, 3],
        expected: number,
        actual: Some(number),
    };
    let bin = Bin {
        from: number,
        to: 100.0,
        profiles: 3,
    };
    let bar = Bar {
        name: name.to_owned(),
        value: number,
    };
    let effect = Effect {
        name: name.to_owned(),
        impact: number,
    };
    let range = Range {
        name: name.to_owned(),
        buckets: [0, 0, 0],
    };
    let drawn = [
        distribution(&vec![bin; list], (25.0, 75.0), Polarity::Churn),
        tenths(&vec![tenth; list]),
        lift(&vec![tenth; list]),
        gains(&vec![tenth; list]),
        roc(&vec![(number, number); list], None),
        calibration(&vec![group; list]),
        performance(&vec![turn.clone(); list]),
        trend(&vec![turn; list], conversion),
        importance(&vec![bar; list]),
        effects(name, &vec![effect; list], conversion),
        drilldown(name, &vec![range; list], conversion),
    ];
    drawn.into_iter().map(Result::unwrap).collect()
}

fn of_color<'a>(
    document: &'a Document,
    tag: &'a str,
    key: &'a str,
    color: &'a str,
) -> Vec<Node<'a, 'a>> {
    let found = document.descendants();
    found
        .filter(|node| {
            node.has_tag_name(("http://www.w3.org/2000/svg", tag))
                && node.attribute(key) == Some(color)
        })
        .collect()
}

fn number(node: &Node, key: &str) -> f64 {
    node.attribute(key).unwrap().parse().unwrap()
}

/// Coordinates of a line.
fn points(node: &Node) -> Vec<(f64, f64)> {
    let pairs = node.attribute("points").unwrap().split_whitespace();
    pairs
        .map(|pair| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

#[test]
fn every_chart_is_xml_and_speaks_whatever_the_data() {
    for number in [0.0, 0.3, 1e300, -5.0, f64::NAN, f64::INFINITY] {
        for some in [true, false] {
            for svg in all(HOSTILE, number, some) {
                let document =
                    Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
                let root = document.root_element();
                assert_eq!(root.attribute("role"), Some("img"));
                let said = |tag| root.children().find(|node| node.tag_name().name() == tag);
                assert!(!said("title").unwrap().text().unwrap().is_empty());
                assert!(!said("desc").unwrap().text().unwrap().trim().is_empty());
                let scripts = document
                    .descendants()
                    .filter(|node| node.tag_name().name() == "script");
                assert_eq!(scripts.count(), 0);
                assert!(
                    !svg.contains("http://") || svg.matches("http://").count() == 1,
                    "{svg}"
                );
            }
        }
    }
}

#[test]
fn columns_are_as_high_as_their_numbers() {
    let svg = tenths(&[tenth(1, 71.2, 71), tenth(2, 66.6, 70), tenth(3, 2.9, 4)]).unwrap();
    let document = Document::parse(&svg).unwrap();
    let high = |color| -> Vec<f64> {
        let columns = of_color(&document, "rect", "fill", color);
        columns
            .iter()
            .skip(1)
            .map(|node| number(node, "height"))
            .collect() // the first is the legend's
    };
    let (expected, came) = (high("#A9B1BB"), high("#0072B2"));
    assert_eq!((expected.len(), came.len()), (3, 3));
    for (found, value) in expected
        .iter()
        .chain(&came)
        .zip([71.2, 66.6, 2.9, 71.0, 70.0, 4.0])
    {
        assert!(
            (found / came[0] * 71.0 - value).abs() < 0.2,
            "{found} {value}"
        );
    }
    assert!(svg.contains("tenth 1: 71.2 expected, 71 actual"));
}

#[test]
fn curves_go_through_their_points() {
    let svg = roc(
        &[(0.0, 0.0), (0.25, 0.75), (1.0, 1.0)],
        Some((0.8, 0.7, 0.9)),
    )
    .unwrap();
    let document = Document::parse(&svg).unwrap();
    let curves = of_color(&document, "polyline", "stroke", "#0072B2");
    let found = points(&curves[0]);
    let (start, end) = (found[0], found[2]);
    let part = |at: f64, from: f64, to: f64| (at - from) / (to - from);
    assert!((part(found[1].0, start.0, end.0) - 0.25).abs() < 1e-3);
    assert!((part(found[1].1, start.1, end.1) - 0.75).abs() < 1e-3);
    assert!(svg.contains("Area under the curve 0.800 (0.700 to 0.900); chance is 0.5"));
}

#[test]
fn points_of_calibration_lie_on_the_diagonal_when_probabilities_hold() {
    let group = |predicted: f64, actual| Group {
        predicted,
        actual,
        low: actual - 0.05,
        high: actual + 0.05,
        profiles: 40,
    };
    let svg = calibration(&[group(0.1, 0.1), group(0.4, 0.4), group(0.8, 0.6)]).unwrap();
    let document = Document::parse(&svg).unwrap();
    let circles = of_color(&document, "circle", "fill", "#0072B2");
    let at: Vec<(f64, f64)> = circles
        .iter()
        .map(|node| (number(node, "cx"), number(node, "cy")))
        .collect();
    let slope = |a: usize, b: usize| (at[a].1 - at[b].1) / (at[a].0 - at[b].0);
    assert!((slope(0, 2) / slope(0, 1) - (0.6 - 0.1) / (0.8 - 0.1)).abs() < 0.01);
}

#[test]
fn colors_of_buckets_follow_what_is_good() {
    let bins = [(0.0, 20.0, 5), (40.0, 60.0, 3), (80.0, 100.0, 2)];
    let bins = bins.map(|(from, to, profiles)| Bin { from, to, profiles });
    let color_of_high = |polarity| {
        let svg = distribution(&bins, (25.0, 75.0), polarity).unwrap();
        let document = Document::parse(&svg).unwrap();
        let mut rects = document
            .descendants()
            .filter(|node| node.tag_name().name() == "rect");
        rects
            .next_back()
            .unwrap()
            .attribute("fill")
            .unwrap()
            .to_owned()
    };
    assert_eq!(color_of_high(Polarity::Conversion), "#0072B2");
    assert_eq!(color_of_high(Polarity::Churn), "#D55E00");
}

#[test]
fn bars_are_as_long_as_their_impacts() {
    let effect = |name: &str, impact| Effect {
        name: name.to_owned(),
        impact,
    };
    let two = [effect("a", 0.8), effect("b", -0.2)];
    let svg = effects("high", &two, Polarity::Conversion).unwrap();
    let document = Document::parse(&svg).unwrap();
    let wide = |color| number(&of_color(&document, "rect", "fill", color)[1], "width");
    assert!((wide("#0072B2") / wide("#D55E00") - 4.0).abs() < 0.01);
}

#[test]
fn every_color_has_one_for_the_dark() {
    for svg in all("a", 0.3, true) {
        let (style, body) = svg.split_once("</style>").unwrap();
        for part in body.split("=\"#").skip(1) {
            assert!(style.contains(&part[..6]), "{}", &part[..6]);
        }
    }
}

#[test]
fn texts_stay_on_the_sheet() {
    for svg in all(
        "a rather long name of a run or of a factor, which nobody would choose",
        0.3,
        true,
    ) {
        let document = Document::parse(&svg).unwrap();
        let (wide, high) = (
            f64::from(sheet::WIDTH * sheet::UNIT),
            number(&document.root_element(), "height") * 4.0,
        );
        for node in document
            .descendants()
            .filter(|node| node.tag_name().name() == "text")
        {
            let (x, y) = (number(&node, "x"), number(&node, "y"));
            assert!(
                (0.0..=wide).contains(&x) && (0.0..=high).contains(&y),
                "{node:?}"
            );
            assert!(number(&node, "font-size") >= 13.0 * 4.0 * 0.99, "{node:?}");
        }
    }
}
