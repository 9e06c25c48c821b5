//! The axes that charts share: names with units, round ends, quiet lines.

use std::io;
use std::iter::once;
use std::ops::Range;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::sheet::{Area, Backend, GRID, INK, MUTED, UNIT, elided, placed, text, width};

pub(super) type Plot<'a, 'b> =
    ChartContext<'a, Backend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Plotted<'a, 'b> = Result<Plot<'a, 'b>, DrawingAreaErrorKind<io::Error>>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// How the ends and the values of both axes are named.
pub(super) struct Axes<'f> {
    pub x: Range<f64>,
    pub y: Range<f64>,
    pub x_name: &'f str,
    pub y_name: &'f str,
    /// Values written along the x axis, at most; none where categories are written by [`categories`].
    pub x_labels: usize,
    /// Values written along the y axis, at most.
    pub y_labels: usize,
    pub x_format: fn(f64) -> String,
    pub y_format: fn(f64) -> String,
}

/// The lowest round number that is not below a value, so that about four lines divide what is below it.
pub(super) fn round_top(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let scale = 10_f64.powf((value / 4.0).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * scale);
    let fits = |step: &&f64| value <= *step * 4.0 * (1.0 + 1e-9);
    let step = steps.iter().find(fits).copied().unwrap_or(value / 4.0);
    (value / step - 1e-9).ceil() * step
}

/// Draws the axes, and returns the plot between them.
pub(super) fn plot<'a, 'b>(area: &'a Area<'b>, axes: &Axes) -> Plotted<'a, 'b> {
    let name = placed(13, MUTED, HPos::Left, VPos::Top);
    let at = (12 * UNIT, 4 * UNIT);
    area.draw(&Text::new(axes.y_name.to_owned(), at, name))?;
    let widest = (0..=4).map(|part| {
        let value = axes.y.start + (axes.y.end - axes.y.start) * f64::from(part) / 4.0;
        width(&(axes.y_format)(value), 13)
    });
    let left = widest.max().unwrap_or(0) + 24;
    let mut plot = ChartBuilder::on(area)
        .margin_top(26 * UNIT)
        .margin_right(26 * UNIT)
        .margin_bottom(26 * UNIT)
        .x_label_area_size(26 * UNIT)
        .y_label_area_size(left * UNIT)
        .build_cartesian_2d(axes.x.clone(), axes.y.clone())?;
    plot.configure_mesh()
        .disable_x_mesh()
        .set_all_tick_mark_size(5 * UNIT)
        .x_labels(axes.x_labels)
        .y_labels(axes.y_labels)
        .x_label_formatter(&|value| (axes.x_format)(*value))
        .y_label_formatter(&|value| (axes.y_format)(*value))
        .bold_line_style(GRID.stroke_width(UNIT as u32))
        .light_line_style(TRANSPARENT)
        .axis_style(GRID.stroke_width(UNIT as u32))
        .label_style(text(13, MUTED))
        .draw()?;
    let (_, high) = area.dim_in_pixel();
    let (across, _) = plot.plotting_area().get_pixel_range();
    let (base_left, _) = area.get_base_pixel();
    let middle = (across.start + across.end) / 2 - base_left;
    let name = placed(13, MUTED, HPos::Center, VPos::Bottom);
    area.draw(&Text::new(
        axes.x_name.to_owned(),
        (middle, high as i32 - 8 * UNIT),
        name,
    ))?;
    Ok(plot)
}

/// Writes the names of categories under the axis, each in the middle of its unit; as many of them as there is room for.
pub(super) fn categories(plot: &mut Plot, names: &[String]) -> Drawn {
    let (across, _) = plot.plotting_area().get_pixel_range();
    let room = (across.end - across.start) / UNIT / names.len().max(1) as i32;
    let widest = names.iter().map(|name| width(name, 13) + 10).max();
    let every = (widest.unwrap_or(1) as usize).div_ceil(room.max(1) as usize);
    for (at, name) in names.iter().enumerate().step_by(every.max(1)) {
        let style = placed(13, MUTED, HPos::Center, VPos::Top);
        let label = Text::new(elided(name, 24), (0, 9 * UNIT), style);
        let place = (at as f64 + 0.5, 0.0);
        plot.draw_series(once(EmptyElement::at(place) + label))?;
    }
    Ok(())
}

/// The nearest point of the plot: the library cannot draw far outside of it, nor what is no number.
fn inside(plot: &Plot, (x, y): (f64, f64)) -> (f64, f64) {
    let nearest = |value: f64, range: Range<f64>| {
        if value.is_nan() {
            range.start
        } else {
            value.clamp(range.start, range.end)
        }
    };
    (nearest(x, plot.x_range()), nearest(y, plot.y_range()))
}

/// A column from `x.start` to `x.end` in units of the axis.
pub(super) fn column(plot: &mut Plot, x: Range<f64>, y: Range<f64>, color: RGBColor) -> Drawn {
    let corners = [(x.start, y.end), (x.end, y.start)].map(|corner| inside(plot, corner));
    plot.draw_series(once(Rectangle::new(corners, color.filled())))?;
    Ok(())
}

/// A line through points, its width in quarters of a pixel.
pub(super) fn line(plot: &mut Plot, points: &[(f64, f64)], color: RGBColor, wide: u32) -> Drawn {
    let points: Vec<(f64, f64)> = points.iter().map(|&point| inside(plot, point)).collect();
    plot.draw_series(LineSeries::new(points, color.stroke_width(wide)))?;
    Ok(())
}

/// A dashed line, with which others are compared.
pub(super) fn compared(plot: &mut Plot, from: (f64, f64), to: (f64, f64)) -> Drawn {
    let style = MUTED.stroke_width(UNIT as u32 * 3 / 2);
    let (dash, gap) = (6 * UNIT as u32, 5 * UNIT as u32);
    plot.draw_series(DashedLineSeries::new([from, to], dash, gap, style))?;
    Ok(())
}

/// A dot at each point.
pub(super) fn dots(plot: &mut Plot, points: &[(f64, f64)], color: RGBColor) -> Drawn {
    let points: Vec<(f64, f64)> = points.iter().map(|&point| inside(plot, point)).collect();
    let dots = points.into_iter();
    plot.draw_series(dots.map(|point| Circle::new(point, 4 * UNIT, color.filled())))?;
    Ok(())
}

/// A word beside a point of the plot, moved to the right and down by pixels.
pub(super) fn note(plot: &mut Plot, at: (f64, f64), by: (i32, i32), words: &str) -> Drawn {
    let h = if by.0 < 0 { HPos::Right } else { HPos::Left };
    let style = placed(13, INK, h, VPos::Center);
    let label = Text::new(words.to_owned(), (by.0 * UNIT, by.1 * UNIT), style);
    plot.draw_series(once(EmptyElement::at(at) + label))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let found = [0.0, f64::NAN, 0.37, 1.0, 4.0, 71.2, 1234.0].map(round_top);
        let expected = [1.0, 1.0, 0.4, 1.0, 4.0, 80.0, 1500.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
}
