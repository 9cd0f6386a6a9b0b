//! Drawing: time axes, tick marks, lines and strips as SVG.
//!
//! A chart has the width of its box: positions are percentages, or whole
//! numbers of a view box that is stretched (`preserveAspectRatio="none"`, with
//! strokes that do not scale). Text is never inside a stretched box. So a chart
//! needs no script to fit a telephone, and the script, which draws the chosen
//! themes anew, gets the same path from the same numbers.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::Language;
use super::number;

/// Size of the stretched view box of a line chart.
pub(super) const WIDE: f64 = 10_000.0;
pub(super) const HIGH: f64 = 3_000.0;
/// Height of the plot and of its axis in CSS pixels.
const PLOT_PIXELS: u32 = 300;
const AXIS_PIXELS: u32 = 22;

/// Days from a first to a last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

impl Axis {
    /// Where a day lies, 0 to 1; in the middle where the axis is one day.
    pub(super) fn at(self, day: NaiveDate) -> f64 {
        let span = (self.to - self.from).num_days();
        if span <= 0 { 0.5 } else { (day - self.from).num_days() as f64 / span as f64 }
    }

    pub(super) fn holds(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// At most seven marks at the beginnings of years or months.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        const MOST: usize = 7;
        let months = |step: u32| -> Vec<NaiveDate> {
            let first = self.from.with_day(1).unwrap_or(self.from);
            let all = (0..).map_while(|n| first.checked_add_months(chrono::Months::new(n))).take_while(|day| *day <= self.to);
            all.filter(|day| *day >= self.from && day.month0().is_multiple_of(step)).collect()
        };
        let years = |step: i32| -> Vec<NaiveDate> {
            (self.from.year()..=self.to.year())
                .filter(|year| year.rem_euclid(step) == 0)
                .filter_map(|year| NaiveDate::from_ymd_opt(year, 1, 1))
                .filter(|day| self.holds(*day))
                .collect()
        };
        let long = (self.to - self.from).num_days() > 366 * 5;
        let by_month = [1, 3, 6].into_iter().map(months).find(|days| days.len() <= MOST).filter(|_| !long);
        let (days, of_years) = match by_month {
            Some(days) => (days, false),
            None => ([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].into_iter().map(years).find(|days| days.len() <= MOST).unwrap_or_default(), true),
        };
        days.into_iter().map(|day| (self.at(day), if of_years { day.year().to_string() } else { day.format("%Y-%m").to_string() })).collect()
    }
}

/// Step of a value axis from 0 to at least `most` in at most five steps, and its decimals.
pub(super) fn step(most: f64) -> (f64, usize) {
    for exponent in -4_i32..12 {
        for digit in [1.0, 2.0, 5.0] {
            let step = if exponent < 0 { digit / 10_f64.powi(-exponent) } else { digit * 10_f64.powi(exponent) };
            if step * 5.0 >= most {
                return (step, usize::try_from(-exponent).unwrap_or(0));
            }
        }
    }
    (most.max(1.0), 0)
}

/// The path of a line through points of 0 to 1 in both directions; `None` is a
/// gap, and a point alone between gaps is a dot.
pub(super) fn path(points: &[Option<(f64, f64)>]) -> String {
    let mut out = String::new();
    let mut begun = false;
    for point in points {
        match point {
            Some((x, y)) => {
                let (x, y) = ((x * WIDE).round(), ((1.0 - y) * HIGH).round());
                let _ = if begun { write!(out, "L{x} {y}") } else { write!(out, "M{x} {y}h0") };
                begun = true;
            }
            None => begun = false,
        }
    }
    out
}

/// Points up to which a line shows each of them as a dot.
const MOST_DOTS: usize = 40;

/// The dots of a line: every point of a short one, and those alone between gaps.
pub(super) fn dots(points: &[Option<(f64, f64)>]) -> String {
    let all = points.iter().flatten().count() <= MOST_DOTS;
    let there = |at: Option<usize>| at.and_then(|at| points.get(at)).is_some_and(Option::is_some);
    let mut out = String::new();
    for (at, point) in points.iter().enumerate() {
        if let Some((x, y)) = point.filter(|_| all || !(there(at.checked_sub(1)) || there(Some(at + 1)))) {
            let _ = write!(out, "M{} {}h0", (x * WIDE).round(), ((1.0 - y) * HIGH).round());
        }
    }
    out
}

/// A line of a chart.
pub(super) struct Line {
    pub(super) points: Vec<Option<(f64, f64)>>,
}

/// A line chart over time: the inner part of its `<svg>`.
///
/// `most` is the largest value, in the unit of the axis; values of `lines` are
/// in that unit.
pub(super) fn lines(lines: &[Line], axis: Axis, most: f64, unit: &str) -> Markup {
    let (step, decimals) = step(most);
    let steps = (most / step).ceil().max(1.0);
    let top = step * steps;
    let at = |number: f64| format!("{:.2}%", number * 100.0);
    html! {
        svg.plot x="0" y="0" width="100%" height=(PLOT_PIXELS) viewBox=(format!("0 0 {WIDE} {HIGH}")) preserveAspectRatio="none" {
            @for n in 0..=u32::from(whole(steps)) {
                path.grid d=(format!("M0 {}H{WIDE}", ((1.0 - f64::from(n) / steps) * HIGH).round())) {}
            }
            @for (number, line) in lines.iter().enumerate() {
                @let points: Vec<_> = line.points.iter().map(|p| p.map(|(x, y)| (x, y / top))).collect();
                path class=(format!("line s{}", number % 8)) d=(path(&points)) {}
                path class=(format!("dots s{}", number % 8)) d=(dots(&points)) {}
            }
        }
        @for n in 0..=u32::from(whole(steps)) {
            text.tick x="2" y=(((1.0 - f64::from(n) / steps) * f64::from(PLOT_PIXELS) - 4.0).round()) {
                (format!("{:.decimals$}", step * f64::from(n))) @if u32::from(whole(steps)) == n { " " (unit) }
            }
        }
        @for (x, label) in axis.ticks() {
            line.mark x1=(at(x)) x2=(at(x)) y1=(PLOT_PIXELS) y2=(PLOT_PIXELS + 5) {}
            text.tick x=(at(x)) y=(PLOT_PIXELS + AXIS_PIXELS - 4) text-anchor=(anchor(x)) { (label) }
        }
    }
}

/// Height of a line chart.
pub(super) const fn height() -> u32 {
    PLOT_PIXELS + AXIS_PIXELS
}

fn whole(steps: f64) -> u8 {
    // At most five steps, by how the step is chosen.
    (0..=9_u8).find(|n| f64::from(*n) >= steps).unwrap_or(9)
}

/// Text at the edges stays inside.
pub(super) fn anchor(at: f64) -> &'static str {
    if at < 0.06 {
        "start"
    } else if at > 0.94 {
        "end"
    } else {
        "middle"
    }
}

/// A small line without axes, of values from 0.
pub(super) fn spark(values: &[Option<f64>]) -> Markup {
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let last = values.len().saturating_sub(1).max(1) as f64;
    let mut d = String::new();
    let mut begun = false;
    for (number, value) in values.iter().enumerate() {
        match value {
            Some(value) => {
                let (x, y) = ((number as f64 / last * 100.0).round(), if most > 0.0 { (18.0 - value / most * 16.0).round() } else { 18.0 });
                let _ = if begun { write!(d, "L{x} {y}") } else { write!(d, "M{x} {y}h0") };
                begun = true;
            }
            None => begun = false,
        }
    }
    html! { svg.spark viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true" { path d=(d) {} } }
}

/// The marks of a time axis above rows of strips.
pub(super) fn time_head(axis: Axis) -> Markup {
    html! {
        svg.strip width="100%" height="16" aria-hidden="true" {
            @for (x, label) in axis.ticks() {
                text.tick x=(percent_of(x)) y="12" text-anchor=(anchor(x)) { (label) }
            }
        }
    }
}

/// Faint lines at the marks of a time axis, inside a strip.
pub(super) fn time_grid(axis: Axis) -> Markup {
    html! {
        @for (x, _) in axis.ticks() { line.grid x1=(percent_of(x)) x2=(percent_of(x)) y1="0" y2="100%" {} }
    }
}

pub(super) fn percent_of(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// Names of the months along a year, for calendars.
pub(super) fn month_marks(language: Language) -> Vec<(f64, String)> {
    (0..12).map(|n| (f64::from(n) / 12.0, number::month(n + 1, language))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_point_is_a_dot() {
        let points = [Some((0.0, 0.0)), Some((0.5, 1.0)), None, Some((1.0, 0.5))];
        assert_eq!(path(&points), "M0 3000h0L5000 0M10000 1500h0");
        assert_eq!(dots(&points), "M0 3000h0M5000 0h0M10000 1500h0");
        let mut long = vec![Some((0.0, 0.0)); MOST_DOTS];
        long.extend(points);
        assert_eq!(dots(&long), "M10000 1500h0");
    }

    #[test]
    fn an_axis_has_few_marks_whatever_its_length() {
        for (from, to, first) in [
            (day(2024, 3, 5), day(2024, 3, 5), None),
            (day(2024, 1, 1), day(2024, 6, 30), Some("2024-01")),
            (day(2022, 9, 1), day(2024, 12, 1), Some("2023-01")),
            (day(1954, 1, 1), day(2024, 1, 1), Some("1960")),
            (day(1000, 1, 1), day(2024, 1, 1), Some("1000")),
        ] {
            let ticks = Axis { from, to }.ticks();
            assert!(ticks.len() <= 7, "{ticks:?}");
            assert_eq!(ticks.first().map(|t| t.1.as_str()), first);
            assert!(ticks.iter().all(|t| (0.0..=1.0).contains(&t.0)));
        }
        assert!((Axis { from: day(2024, 3, 5), to: day(2024, 3, 5) }.at(day(2024, 3, 5)) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn values_have_at_most_five_round_steps() {
        for (most, expected) in [(0.0, (0.0001, 4)), (0.9, (0.2, 1)), (23.0, (5.0, 0)), (100.0, (20.0, 0)), (7.0, (2.0, 0))] {
            let (got, decimals) = step(most);
            assert!((got - expected.0).abs() < 1e-12 && decimals == expected.1, "{most}: {got} {decimals}");
        }
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        let axis = Axis { from: day(2024, 1, 1), to: day(2024, 1, 1) };
        let text = lines(&[Line { points: vec![Some((0.5, 0.0))] }], axis, 0.0, "%").into_string();
        assert!(text.contains("M5000 3000h0") && !text.contains("NaN"), "{text}");
        assert!(spark(&[]).into_string().contains("<path d=\"\""));
    }
}
