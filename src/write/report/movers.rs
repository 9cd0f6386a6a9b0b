//! What rose and fell most between the newest whole period and the one before.

use maud::{Markup, html};

use super::chart::percent_of;
use super::data::{Block, Data};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::wilson;

/// Movers in each direction.
const MOST: usize = 12;

/// A theme in two periods.
#[derive(Clone, Debug, PartialEq)]
struct Mover {
    theme: usize,
    before: (u64, u64),
    now: (u64, u64),
}

impl Mover {
    fn change(&self) -> f64 {
        share(self.now) - share(self.before)
    }

    /// The 95 % intervals of the two shares do not meet.
    fn beyond_chance(&self) -> bool {
        let (Some(before), Some(now)) = (wilson(self.before.0, self.before.1), wilson(self.now.0, self.now.1)) else { return false };
        before.1 < now.0 || now.1 < before.0
    }
}

fn share((part, whole): (u64, u64)) -> f64 {
    part as f64 / whole as f64
}

/// The newest whole period and the one with text before it.
fn periods(data: &Data) -> Option<(&Block, usize, usize)> {
    let row = data.themes.iter().find(|row| row.heat_start.is_some())?;
    let block = data.block(row.heat_period.as_deref()?)?;
    let now = block.slots.iter().position(|s| Some(s.start) == row.heat_start).filter(|at| block.slots.get(*at).is_some_and(|s| s.documents > 0))?;
    let before = (0..now).rev().find(|at| block.slots.get(*at).is_some_and(|s| s.documents > 0))?;
    Some((block, before, now))
}

fn movers(data: &Data, block: &Block, before: usize, now: usize) -> (Vec<Mover>, Vec<Mover>) {
    let all = (0..data.themes.len()).filter(|theme| data.themes.get(*theme).is_some_and(|t| t.level == 1 || !data.themes.iter().any(|t| t.level == 1)));
    let all: Vec<Mover> = all.filter_map(|theme| Some(Mover { theme, before: block.share(theme, before)?, now: block.share(theme, now)? })).collect();
    let pick = |up: bool| {
        let mut some: Vec<Mover> = all.iter().filter(|m| if up { m.change() > 0.0 } else { m.change() < 0.0 }).cloned().collect();
        some.sort_by(|a, b| b.change().abs().total_cmp(&a.change().abs()).then(a.theme.cmp(&b.theme)));
        some.truncate(MOST);
        some
    };
    (pick(true), pick(false))
}

/// The section.
pub(super) fn section_of(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    let Some((block, before, now)) = periods(data) else {
        return section(w, "movers", html! { p.empty { (w.t("movers-empty")) } });
    };
    let (up, down) = movers(data, block, before, now);
    let named = |at: usize| block.slots.get(at).map(|s| number::period(&s.label, w.language)).unwrap_or_default();
    let cut = block.slots.get(before).is_some_and(|s| s.partial);
    let most = up.iter().chain(&down).flat_map(|m| [share(m.before), share(m.now)]).fold(0.0, f64::max);
    section(
        w,
        "movers",
        html! {
            p { (w.fill("movers-intro", &[&named(now), &named(before)])) }
            @if cut { p.note { (w.fill("movers-cut", &[&named(before)])) } }
            @for (some, title) in [(&up, w.t("movers-up")), (&down, w.t("movers-down"))] {
                h3 { (title) }
                @if some.is_empty() { p.empty { (w.t("movers-none")) } }
                @else { (table(data, w, some, most, &named(before), &named(now))) }
            }
            p.note { (w.t("movers-note")) }
        },
    )
}

fn table(data: &Data, w: &Words, some: &[Mover], most: f64, before: &str, now: &str) -> Markup {
    let at = |value: (u64, u64)| percent_of(if most > 0.0 { 0.02 + share(value) / most * 0.96 } else { 0.02 });
    html! {
        div.scroll tabindex="0" role="region" aria-label=(w.t("section-movers")) {
            table.movers {
                thead { tr {
                    th scope="col" { (w.t("theme")) } th.n scope="col" { (w.t("change-points")) } th.wide scope="col" { (w.fill("movers-axis", &[&number::percent(most)])) }
                    th.n scope="col" { (before) } th.n scope="col" { (now) } th scope="col" { (w.t("beyond-chance")) }
                } }
                tbody {
                    @for mover in some {
                        @let text = format!("{} → {}", number::percent(share(mover.before)), number::percent(share(mover.now)));
                        tr data-theme=[data.themes.get(mover.theme).map(|t| t.theme.as_str())] {
                            th scope="row" { (data.themes.get(mover.theme).map(|t| w.label(&t.theme_zh, &t.theme_en)).unwrap_or_default()) }
                            td.n { (number::signed(mover.change() * 100.0, 1)) }
                            td.wide {
                                svg.strip width="100%" height="18" role="img" aria-label=(text) {
                                    line.grid x1="2%" x2="98%" y1="9" y2="9" {}
                                    line class=(if mover.change() > 0.0 { "move up" } else { "move down" }) x1=(at(mover.before)) x2=(at(mover.now)) y1="9" y2="9" {}
                                    circle.was cx=(at(mover.before)) cy="9" r="4" {}
                                    circle class=(if mover.change() > 0.0 { "is up" } else { "is down" }) cx=(at(mover.now)) cy="9" r="5" {}
                                }
                            }
                            td.n { (number::percent(share(mover.before))) small { (format!("{}/{}", number::count(mover.before.0), number::count(mover.before.1))) } }
                            td.n { (number::percent(share(mover.now))) small { (format!("{}/{}", number::count(mover.now.0), number::count(mover.now.1))) } }
                            td { (if mover.beyond_chance() { w.t("yes") } else { w.t("no") }) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mover_is_beyond_chance_only_where_the_intervals_part() {
        let mover = |before, now| Mover { theme: 0, before, now };
        assert!(mover((1, 1000), (100, 1000)).beyond_chance());
        assert!(!mover((1, 10), (3, 10)).beyond_chance());
        assert!((mover((1, 10), (3, 10)).change() - 0.2).abs() < 1e-12);
    }
}
