//! A window: the days whose phrases are looked at, against all days before.

use std::fmt;

use chrono::NaiveDate;

use crate::parse::read_date;

/// A range of days, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// On which side of a window's first day a text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Wholly before the window: the reference.
    Before,
    /// Wholly inside.
    Window,
}

impl Window {
    /// Reads `2024`, `2024-03`, `2024-03-05` or two of them with a slash
    /// between: `2023-09/2024-03` is September to March, both whole.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('/').unwrap_or((text, text));
        let (start, end) = (read_date(first)?.start, read_date(last)?.end);
        (start <= end).then_some(Self { start, end })
    }

    /// Where a text dated `start` to `end` belongs; `None` after the window, and
    /// where it lies across an edge (the report of a year and a window of a month).
    #[must_use]
    pub fn part(&self, start: NaiveDate, end: NaiveDate) -> Option<Part> {
        if end < self.start {
            Some(Part::Before)
        } else if self.start <= start && end <= self.end {
            Some(Part::Window)
        } else {
            None
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_year_a_month_a_day_or_two_of_them() {
        let text = |written: &str| Window::read(written).map(|w| w.to_string());
        assert_eq!(text("2024").as_deref(), Some("2024-01-01/2024-12-31"));
        assert_eq!(text("2023-09/2024-03").as_deref(), Some("2023-09-01/2024-03-31"));
        assert_eq!(text("2023-09-05/2024").as_deref(), Some("2023-09-05/2024-12-31"));
        for written in ["", "2024/2023", "soon", "2024/", "2024-13"] {
            assert_eq!(text(written), None, "{written}");
        }
    }

    #[test]
    fn a_text_across_an_edge_belongs_to_neither_side() {
        let window = Window::read("2024").unwrap();
        let part = |written: &str| Window::read(written).and_then(|w| window.part(w.start, w.end));
        assert_eq!(part("2023"), Some(Part::Before));
        assert_eq!(part("2024-02"), Some(Part::Window));
        assert_eq!(part("2023-12/2024-01"), None);
        assert_eq!(part("2025"), None);
    }
}
