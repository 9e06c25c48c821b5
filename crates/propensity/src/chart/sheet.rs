//! The sheet that every chart is drawn on: its size, its colours in light and in dark, its title, legend and text
//! alternative.

use std::fmt::Write;
use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::Error;

/// Units of the drawing to one pixel at the width it is made for: the plotting library draws at whole units.
pub(super) const UNIT: i32 = 4;
/// Pixels that a chart is wide; at 400 its smallest text is still 11 pixels high.
pub(super) const WIDTH: i32 = 440;

pub(super) const CARD: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
pub(super) const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
pub(super) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6A);
pub(super) const GRID: RGBColor = RGBColor(0xE1, 0xE4, 0xE8);
/// Blue and vermilion of Okabe and Ito, which people of every colour vision tell apart.
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(super) const RED: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
pub(super) const GREY: RGBColor = RGBColor(0xA9, 0xB1, 0xBB);

/// What stands for each colour where the reader's screen is dark.
const DARK: [(RGBColor, &str); 7] = [
    (CARD, "#161A1F"),
    (INK, "#E8EAED"),
    (MUTED, "#A6AFBA"),
    (GRID, "#2F363E"),
    (BLUE, "#56B4E9"),
    (RED, "#F0803C"),
    (GREY, "#68727E"),
];

/// Of every reader's own machine.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

pub(super) type Backend<'a> = SVGBackend<'a>;
pub(super) type Area<'a> = DrawingArea<Backend<'a>, Shift>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// What is said around a chart.
pub(super) struct Frame<'a> {
    /// What the chart is about.
    pub title: &'a str,
    /// What it says, in one line.
    pub finding: &'a str,
    /// All that it shows, for who cannot see it.
    pub description: String,
    /// Names and colours of its series.
    pub legend: &'a [(&'a str, RGBColor)],
    /// Pixels that it is high.
    pub height: i32,
}

/// Text of a size in pixels.
pub(super) fn text(size: i32, color: RGBColor) -> TextStyle<'static> {
    // The library takes a font's size with its leading.
    ("sans-serif", (f64::from(size * UNIT) * 1.24).round())
        .into_font()
        .color(&color)
}

/// Text that is placed by one of its corners or its centre.
pub(super) fn placed(size: i32, color: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    text(size, color).pos(Pos::new(h, v))
}

/// Draws a chart in its frame.
pub(super) fn draw(frame: &Frame, inside: impl FnOnce(&Area) -> Drawn) -> Result<String, Error> {
    let mut svg = String::new();
    let size = ((WIDTH * UNIT) as u32, (frame.height * UNIT) as u32);
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let drawn = framed(frame, &area, inside).and_then(|()| area.present());
    drop(area);
    drawn.map_err(|error| Error::NotDrawn {
        reason: error.to_string(),
    })?;
    Ok(finished(&svg, frame))
}

fn framed(frame: &Frame, area: &Area, inside: impl FnOnce(&Area) -> Drawn) -> Drawn {
    area.fill(&CARD)?;
    let at = |x: i32, y: i32| (x * UNIT, y * UNIT);
    let bold = (
        "sans-serif",
        (f64::from(15 * UNIT) * 1.24).round(),
        FontStyle::Bold,
    );
    let title = bold
        .into_font()
        .color(&INK)
        .pos(Pos::new(HPos::Left, VPos::Top));
    area.draw(&Text::new(elided(frame.title, 50), at(12, 12), title))?;
    let finding = placed(13, MUTED, HPos::Left, VPos::Top);
    area.draw(&Text::new(elided(frame.finding, 62), at(12, 35), finding))?;
    let mut top = 58;
    if !frame.legend.is_empty() {
        let mut left = 12;
        for (name, color) in frame.legend {
            let key = [at(left, top + 2), at(left + 11, top + 13)];
            area.draw(&Rectangle::new(key, color.filled()))?;
            let style = placed(13, INK, HPos::Left, VPos::Top);
            area.draw(&Text::new((*name).to_owned(), at(left + 16, top), style))?;
            left += 34 + width(name, 13);
        }
        top += 22;
    }
    let (_, rest) = area.split_vertically(top * UNIT);
    inside(&rest)
}

/// Pixels that a text is about as wide as.
pub(super) fn width(text: &str, size: i32) -> i32 {
    let narrow = |c: char| matches!(c, 'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':');
    let tenths = text.chars().map(|c| if narrow(c) { 34 } else { 60 });
    tenths.sum::<i32>() * size / 100
}

/// The beginning of a text, at most `most` characters.
pub(super) fn elided(text: &str, most: usize) -> String {
    let clean: String = text.chars().map(drawable).collect();
    if clean.chars().count() <= most {
        return clean;
    }
    let kept: String = clean.chars().take(most - 1).collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// XML has no control characters, a label has no lines, and none turns the texts behind it around.
fn drawable(c: char) -> char {
    let turns = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns || matches!(c, '\u{fffe}' | '\u{ffff}') {
        ' '
    } else {
        c
    }
}

fn escaped(text: &str, out: &mut String) {
    for c in text.chars().map(drawable) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

/// The drawing with what the plotting library does not write: it fits its place, speaks, and follows the reader's colours.
fn finished(svg: &str, frame: &Frame) -> String {
    let body = svg.split_once('\n').map_or(svg, |(_, body)| body);
    let mut out = String::with_capacity(svg.len() + 2048);
    let (wide, high) = (WIDTH * UNIT, frame.height * UNIT);
    let opened = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{WIDTH}\" height=\"{}\" \
         viewBox=\"0 0 {wide} {high}\">\n<title>",
        frame.height
    );
    debug_assert!(opened.is_ok(), "writing into a String cannot fail");
    escaped(frame.title, &mut out);
    out.push_str("</title>\n<desc>");
    escaped(frame.finding, &mut out);
    out.push(' ');
    escaped(&frame.description, &mut out);
    out.push_str("</desc>\n<style>.chart text { font-family: ");
    out.push_str(FONTS);
    out.push_str(" } @media screen and (prefers-color-scheme: dark) {");
    for (RGBColor(r, g, b), dark) in DARK {
        for kind in ["fill", "stroke"] {
            let rule = write!(
                out,
                " .chart [{kind}=\"#{r:02X}{g:02X}{b:02X}\"] {{ {kind}: {dark} }}"
            );
            debug_assert!(rule.is_ok(), "writing into a String cannot fail");
        }
    }
    out.push_str(" }</style>\n");
    out.push_str(body);
    out
}
