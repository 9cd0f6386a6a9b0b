//! The coverage calendar: each day of each source, and its gaps.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::chart::{month_marks, percent_of};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::CoverageRow;

/// Years up to which a calendar has a row a weekday; above, a row a year.
const MOST_WEEKDAY_YEARS: usize = 6;
/// Gaps listed of a source.
const MOST_GAPS: usize = 100;

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Present,
    Short,
    Missing,
}

impl State {
    const ALL: [Self; 3] = [Self::Present, Self::Short, Self::Missing];

    const fn of(row: &CoverageRow) -> Self {
        match (row.missing, row.suspiciously_short) {
            (true, _) => Self::Missing,
            (false, true) => Self::Short,
            (false, false) => Self::Present,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Short => "short",
            Self::Missing => "missing",
        }
    }
}

/// Units missing one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    from: NaiveDate,
    to: NaiveDate,
    units: u64,
}

/// Runs of missing units; a weekend between two missing weekdays joins them,
/// because nothing was expected there.
fn gaps(rows: &[&CoverageRow]) -> Vec<Gap> {
    let mut out: Vec<Gap> = Vec::new();
    let mut open = false;
    for row in rows.iter().filter(|row| row.expected) {
        if !row.missing {
            open = false;
            continue;
        }
        match out.last_mut().filter(|_| open) {
            Some(gap) => (gap.to, gap.units) = (row.date_end, gap.units + 1),
            None => out.push(Gap { from: row.date_start, to: row.date_end, units: 1 }),
        }
        open = true;
    }
    out
}

/// The section.
pub(super) fn coverage(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    let mut sources: BTreeMap<&str, Vec<&CoverageRow>> = BTreeMap::new();
    for row in &data.coverage {
        sources.entry(row.source.as_str()).or_default().push(row);
    }
    section(
        w,
        "coverage",
        html! {
            p { (w.t("coverage-intro")) }
            @if sources.is_empty() { p.empty { (w.t("coverage-empty")) } }
            @else {
                ul.legend {
                    @for (class, text) in [("present", w.t("present")), ("short", w.t("short")), ("missing", w.t("missing")), ("idle", w.t("not-expected"))] {
                        li { span class=(format!("swatch {class}")) {} (text) }
                    }
                }
            }
            @for (name, rows) in &sources { (source(w, name, rows)) }
        },
    )
}

fn source(w: &Words, name: &str, rows: &[&CoverageRow]) -> Markup {
    let count = |state: State| rows.iter().filter(|row| State::of(row) == state).count() as u64;
    let expected = rows.iter().filter(|row| row.expected).count() as u64;
    let all = gaps(rows);
    let yearly = rows.iter().any(|row| row.unit == "year");
    let mut years: BTreeMap<i32, Vec<&CoverageRow>> = BTreeMap::new();
    for row in rows {
        years.entry(row.date_start.year()).or_default().push(row);
    }
    let unit = if yearly { w.t("years") } else { w.t("days") };
    let figures = [
        number::count(count(State::Present) + count(State::Short)),
        number::count(expected),
        number::count(count(State::Missing)),
        number::count(count(State::Short)),
        unit,
    ];
    let parts = figures.each_ref().map(String::as_str);
    let text = if expected > 0 { w.fill("coverage-source", &parts) } else { w.fill("coverage-source-free", &parts) };
    html! {
        h3 { (name) }
        p { (text) }
        figure {
            @if yearly { (by_year(w, name, rows)) }
            @else if years.len() <= MOST_WEEKDAY_YEARS { @for (year, rows) in &years { (by_weekday(w, name, *year, rows)) } }
            @else { (by_day(w, name, &years)) }
        }
        @if !all.is_empty() {
            h4 { (w.t("gaps")) }
            div.scroll tabindex="0" role="region" aria-label=(w.t("gaps")) {
                table.gaps data-gaps=(all.len()) {
                    thead { tr { th scope="col" { (w.t("gap-days")) } th.n scope="col" { (w.t("gap-units")) } } }
                    tbody {
                        @for gap in all.iter().rev().take(MOST_GAPS) {
                            tr { td { (if yearly { number::period(&gap.from.year().to_string(), w.language) } else { number::days(gap.from, gap.to, w.language) })
                                @if yearly && gap.units > 1 { "–" (number::period(&gap.to.year().to_string(), w.language)) } }
                                td.n data-v=(gap.units) { (number::count(gap.units)) } }
                        }
                    }
                }
            }
            @if all.len() > MOST_GAPS { p.note { (w.fill("gaps-shown", &[&MOST_GAPS.to_string(), &number::count(all.len() as u64)])) } }
        }
        details {
            summary { (w.t("numbers")) }
            div.scroll tabindex="0" role="region" aria-label=(w.t("numbers")) {
                table {
                    thead { tr { th scope="col" { (w.t("year")) } th.n scope="col" { (w.t("expected")) } th.n scope="col" { (w.t("present")) } th.n scope="col" { (w.t("missing")) } th.n scope="col" { (w.t("short")) } th.n scope="col" { (w.t("documents")) } } }
                    tbody {
                        @for (year, rows) in &years {
                            @let n = |f: fn(&CoverageRow) -> bool| number::count(rows.iter().filter(|row| f(row)).count() as u64);
                            tr { th scope="row" { (number::period(&year.to_string(), w.language)) } td.n { (n(|r| r.expected)) } td.n { (n(|r| r.present)) } td.n { (n(|r| r.missing)) } td.n { (n(|r| r.suspiciously_short)) }
                                td.n { (number::count(rows.iter().map(|r| r.documents).sum())) } }
                        }
                    }
                }
            }
        }
    }
}

fn said(w: &Words, name: &str, when: &str, rows: &[&CoverageRow]) -> String {
    let count = |state: State| number::count(rows.iter().filter(|row| State::of(row) == state).count() as u64);
    w.fill("calendar-alt", &[name, when, &count(State::Present), &count(State::Short), &count(State::Missing)])
}

/// A year with a column a week and a row a weekday.
fn by_weekday(w: &Words, name: &str, year: i32, rows: &[&CoverageRow]) -> Markup {
    let mut cells: BTreeMap<State, String> = BTreeMap::new();
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().weekday().num_days_from_monday();
    for row in rows {
        let at = row.date_start.ordinal0() + first;
        let _ = write!(cells.entry(State::of(row)).or_default(), "M{} {}h9v9h-9z", at / 7 * 10, at % 7 * 10);
    }
    let text = said(w, name, &number::period(&year.to_string(), w.language), rows);
    html! {
        div.year { b { (year) } (calendar(w, &text, "0 0 530 70", 98, &cells, rows.iter().any(|r| r.missing))) }
    }
}

fn calendar(w: &Words, text: &str, view_box: &str, height: u32, cells: &BTreeMap<State, String>, marked: bool) -> Markup {
    html! {
        svg.calendar role="img" aria-label=(text) width="100%" height=(height + 16) {
            title { (text) }
            @for (x, label) in month_marks(w.language) { text.tick x=(percent_of(x)) y="11" { (label) } }
            svg x="0" y="16" width="100%" height=(height) viewBox=(view_box) preserveAspectRatio="none" {
                @for state in State::ALL { @if let Some(d) = cells.get(&state) { path class=(state.class()) d=(d) {} } }
                // Missing days again as outlines: one day among many is thin.
                @if marked { @if let Some(d) = cells.get(&State::Missing) { path.outline d=(d) {} } }
            }
        }
    }
}

/// All years with a row a year and a column a day; equal days run together.
fn by_day(w: &Words, name: &str, years: &BTreeMap<i32, Vec<&CoverageRow>>) -> Markup {
    let (first, last) = (years.keys().next().copied().unwrap_or_default(), years.keys().next_back().copied().unwrap_or_default());
    let mut cells: BTreeMap<State, String> = BTreeMap::new();
    for (year, rows) in years {
        let y = (year - first) * 10;
        let mut runs: Vec<(State, u32, u32)> = Vec::new();
        for row in rows {
            let at = row.date_start.ordinal0();
            match runs.last_mut().filter(|run| run.0 == State::of(row) && run.2 == at) {
                Some(run) => run.2 = at + 1,
                None => runs.push((State::of(row), at, at + 1)),
            }
        }
        for (state, from, to) in runs {
            let _ = write!(cells.entry(state).or_default(), "M{from} {y}H{to}v8H{from}z");
        }
    }
    let all: Vec<&CoverageRow> = years.values().flatten().copied().collect();
    let text = said(w, name, &format!("{first}–{last}"), &all);
    let rows = u32::try_from(last - first + 1).unwrap_or(1);
    let height = (rows * 9).max(40);
    let view_box = format!("0 0 366 {}", rows * 10);
    let every = [1, 2, 5, 10, 20, 50].into_iter().find(|step| rows / step <= height / 14).unwrap_or(100);
    html! {
        div.years {
            svg.years-axis width="44" height=(height + 16) aria-hidden="true" {
                @for year in (first..=last).filter(|year| year.rem_euclid(i32::try_from(every).unwrap_or(1)) == 0) {
                    text.tick x="0" y=(16 + u32::try_from(year - first).unwrap_or(0) * height / rows + 8) { (year) }
                }
            }
            (calendar(w, &text, &view_box, height, &cells, false))
        }
    }
}

/// A cell a year.
fn by_year(w: &Words, name: &str, rows: &[&CoverageRow]) -> Markup {
    let year = |row: &CoverageRow| row.date_start.year();
    let (first, last) = (rows.first().map(|r| year(r)).unwrap_or_default(), rows.last().map(|r| year(r)).unwrap_or_default());
    let text = said(w, name, &format!("{first}–{last}"), rows);
    let span = f64::from(last - first + 1);
    let at = |year: i32| f64::from(year - first) / span;
    let step = [1, 2, 5, 10, 20, 50].into_iter().find(|step| (last - first) / step < 8).unwrap_or(100);
    html! {
        svg.calendar role="img" aria-label=(text) width="100%" height="44" {
            title { (text) }
            @for each in (first..=last).filter(|year| year.rem_euclid(step) == 0) { text.tick x=(percent_of(at(each))) y="11" { (each) } }
            @for row in rows {
                rect class=(State::of(row).class()) x=(percent_of(at(year(row)))) y="16" width=(percent_of(0.9 / span)) height="24" { title { (year(row)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: u32, expected: bool, present: bool) -> CoverageRow {
        let date = NaiveDate::from_ymd_opt(2024, 3, day).unwrap();
        CoverageRow { date_start: date, date_end: date, expected, present, missing: expected && !present, ..CoverageRow::default() }
    }

    #[test]
    fn gaps_are_runs_of_missing_units_and_a_weekend_does_not_end_one() {
        // 1 March 2024 is a Friday.
        let rows = [row(1, true, false), row(4, true, false), row(5, true, true), row(6, true, false)];
        let all = gaps(&rows.iter().collect::<Vec<_>>());
        let day = |d| NaiveDate::from_ymd_opt(2024, 3, d).unwrap();
        assert_eq!(all, [Gap { from: day(1), to: day(4), units: 2 }, Gap { from: day(6), to: day(6), units: 1 }]);
        assert!(gaps(&[]).is_empty());
    }
}
