//! Which frequent sequences are phrases, and in which order they are told.

use chrono::NaiveDate;

use super::gather::Found;
use super::grams::Grams;
use super::measure::{log_likelihood, log_ratio, mutual_information};
use super::words::PhraseWords;
use super::{MAX_CHARS, Settings, proper};
use crate::resolve::Vocabulary;
use crate::tag::Lexicon;

/// Least cohesion, in bits: sixteen times as often together as by chance.
const MIN_COHESION: f64 = 4.0;

/// A phrase of which so large a share has the same next character is a piece of
/// a longer one.
const COVERED: f64 = 0.8;

/// Least entropy on each side, in bits; of rare phrases, this share of what they
/// can have at most.
const MIN_ENTROPY: f64 = 2.0;
const MIN_ENTROPY_SHARE: f64 = 0.7;

/// Entropy from which on a side counts as free, in bits.
const FREE_ENTROPY: f64 = 3.5;

/// Log ratio from which on novelty counts full, in bits: thirty-two times as often.
const FULL_RATIO: f64 = 5.0;

/// Least lower end of the log ratio; a word of two characters, which is seldom
/// more than a word, needs more.
const MIN_RATIO: f64 = 0.5;
const MIN_RATIO_OF_TWO: f64 = 1.5;

/// Probability under which a late first day is no chance.
const BY_CHANCE: f64 = 0.05;

/// Weight of a phrase by its characters: set formulations have four and more.
fn length_weight(chars: usize) -> f64 {
    match chars {
        0..=2 => 0.3,
        3 => 0.7,
        _ => 1.0,
    }
}

/// Share of a loose edge: 以旧换新 is nearly all of 旧换新, 在农村 little of 农村.
const OWN_EDGE: f64 = 0.8;

/// A phrase of which each side is the edge of a line, or has fewer different
/// surroundings than this share of the occurrences, is boilerplate.
const MIN_SURROUNDINGS: f64 = 0.1;

/// What is left of a phrase's score if all its sentences tell of abroad: the
/// words of foreign news are new every day and are no formulations.
const ABROAD: f64 = 0.04;

/// Of a phrase that others explain, at least this share must be its own.
const MIN_OWN: f64 = 0.2;

/// A sequence that may be a phrase.
#[derive(Clone, Debug)]
pub(super) struct Short {
    pub length: usize,
    pub number: u32,
    pub text: String,
    pub cohesion: f64,
    /// Share of its characters that are no place.
    beside_places: f64,
    /// Whether it has the form of a person's name.
    name: bool,
    score: f64,
}

/// A phrase with its figures.
#[derive(Debug)]
pub(super) struct Chosen {
    pub found: Found,
    pub length: usize,
    pub cohesion: f64,
    pub entropy_left: f64,
    pub entropy_right: f64,
    pub g2: Option<f64>,
    pub log_ratio: Option<f64>,
    pub score: f64,
}

/// What the choice is made by.
pub(super) struct Rules<'r> {
    pub settings: &'r Settings,
    pub lexicon: &'r Lexicon,
    pub vocabulary: &'r Vocabulary,
    pub words: &'r PhraseWords,
}

/// √G² × length × novelty: how surely and how strongly it rose.
///
/// Novelty is the lower end of the log ratio over [`FULL_RATIO`], or the square of
/// the share of the days before the window that had `waited` for the phrase,
/// whichever is more: what was first seen shortly before the window is new in it,
/// even if it came at once. The second counts if the phrase rose at all and its
/// occurrences before would hardly have come so late by chance.
///
/// Without text before the window nothing is known of novelty; then √count takes
/// the place of the first and last factor.
fn rise(count: u64, size: u64, before: u64, size_before: u64, waited: f64, chars: usize) -> Option<f64> {
    let least = if chars == 2 { MIN_RATIO_OF_TWO } else { MIN_RATIO };
    let (strength, novelty) = match (log_likelihood(count, size, before, size_before), log_ratio(count, size, before, size_before)) {
        (Some(g2), Some((ratio, low))) => {
            let rose = if low >= least { (low / FULL_RATIO).min(1.0) } else { 0.0 };
            // All of so many occurrences in the rest of the days.
            let chance = libm::pow(1.0 - waited, before as f64);
            let late = if before > 0 && ratio > 0.0 && chance < BY_CHANCE { waited * waited } else { 0.0 };
            (g2, Some(rose.max(late)).filter(|novelty| *novelty > 0.0)?)
        }
        _ => (count as f64, 1.0),
    };
    Some(strength.max(0.0).sqrt() * length_weight(chars) * novelty)
}

/// The sequences that may be phrases by what is counted of all: frequent, in
/// several documents, new or rising, cohesive, no piece of a longer sequence, no
/// loose words at the edges, no date, number or known term. The best by a score
/// without entropy, at most ten for each phrase asked for.
pub(super) fn short_list(grams: &Grams, window: NaiveDate, rules: &Rules<'_>) -> Vec<Short> {
    let min_documents = rules.settings.min_documents.min(grams.documents / 2 + 1);
    let mut out = Vec::new();
    for length in 2..=MAX_CHARS {
        let Some(level) = grams.levels.get(length - 1) else { break };
        let longest = longest_extensions(grams, length, level.grams.len());
        for ((gram, extension), number) in level.grams.iter().zip(longest).zip(0_u32..) {
            if gram.documents < min_documents || f64::from(extension) >= COVERED * f64::from(gram.count) {
                continue;
            }
            let waited = grams.waited(gram.first_before, window);
            let Some(rise) = rise(u64::from(gram.count), grams.han_window, u64::from(gram.before), grams.han_before, waited, length) else { continue };
            let cohesion = cohesion(grams, length, number);
            if cohesion < MIN_COHESION {
                continue;
            }
            let text = grams.text(length, number);
            if !has_phrase_edges(grams, length, number, &text, rules.words)
                || rules.words.is_light(&text)
                || rules.words.is_counting(&text)
                || is_known(&text, rules.lexicon)
            {
                continue;
            }
            out.push(Short { length, number, text, cohesion, beside_places: 1.0, name: false, score: rise });
        }
    }
    // The names are looked at last, for they cost most.
    let most = rules.settings.top.saturating_mul(10).max(1000);
    out.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.text.cmp(&b.text)));
    out.truncate(most);
    out.retain_mut(|short| {
        let beside = proper::chars_beside_places(&short.text, rules.vocabulary);
        short.beside_places = beside as f64 / short.length as f64;
        short.name = proper::is_name(&short.text, rules.vocabulary);
        let name = proper::is_foreign_name(&short.text, rules.vocabulary) || proper::has_person_at_edge(&short.text, rules.vocabulary);
        let dateless = proper::chars_beside_dates(&short.text, rules.vocabulary);
        beside >= 2 && !name && (dateless == short.length || dateless >= 3)
    });
    out
}

/// Occurrences of the most frequent longer sequence of which each is a part.
fn longest_extensions(grams: &Grams, length: usize, number: usize) -> Vec<u32> {
    let mut out = vec![0; number];
    for longer in grams.levels.get(length).map(|l| l.grams.as_slice()).unwrap_or_default() {
        for part in [longer.prefix, longer.suffix] {
            if let Some(most) = out.get_mut(part as usize) {
                *most = longer.count.max(*most);
            }
        }
    }
    out
}

/// The smallest mutual information over all splits, in the window.
fn cohesion(grams: &Grams, length: usize, number: u32) -> f64 {
    let count = |length: usize, number: u32| grams.gram(length, number).map_or(1, |g| u64::from(g.count));
    let whole = count(length, number);
    // prefixes[i] and suffixes[i] are of i + 1 characters.
    let chain = |next: fn(&super::grams::Gram) -> u32| {
        let mut out = vec![0; length];
        let mut at = number;
        for down in (1..=length).rev() {
            if let Some(cell) = out.get_mut(down - 1) {
                *cell = count(down, at);
            }
            at = grams.gram(down, at).map_or(0, next);
        }
        out
    };
    let (prefixes, suffixes) = (chain(|g| g.prefix), chain(|g| g.suffix));
    let splits = (1..length).filter_map(|left| Some((*prefixes.get(left - 1)?, *suffixes.get(length - left - 1)?)));
    splits.map(|(left, right)| mutual_information(whole, left, right, grams.han_window)).fold(f64::INFINITY, f64::min)
}

/// Whether the phrase begins and ends as one may.
fn has_phrase_edges(grams: &Grams, length: usize, number: u32, text: &str, words: &PhraseWords) -> bool {
    let Some(gram) = grams.gram(length, number) else { return false };
    let own = |part: u32| length > 2 && grams.gram(length - 1, part).is_some_and(|rest| f64::from(gram.count) >= OWN_EDGE * f64::from(rest.count));
    !words.has_foreign_edge(text) && (!words.is_loose_start(text) || own(gram.suffix)) && (!words.is_loose_end(text) || own(gram.prefix))
}

/// Whether the phrase is a term of the lexicon or a part of one.
fn is_known(text: &str, lexicon: &Lexicon) -> bool {
    let drafts = lexicon.drafts().iter().flat_map(|draft| draft.terms.iter().map(String::as_str));
    lexicon.terms().chain(drafts).any(|term| term.contains(text))
}

/// The phrases in their order, with their figures.
pub(super) fn choose(grams: &Grams, window: NaiveDate, short: Vec<Short>, found: Vec<Found>, rules: &Rules<'_>) -> Vec<Chosen> {
    let settings = rules.settings;
    let days: std::collections::BTreeSet<_> = found.iter().flat_map(|f| f.days.iter()).collect();
    let min_days = u64::from(settings.min_days).min(days.len() as u64 / 2 + 1);
    let mut out: Vec<Chosen> = Vec::new();
    for (short, found) in short.into_iter().zip(found) {
        let (count, before) = (found.count, found.before);
        let (entropy_left, entropy_right) = (found.left.entropy(), found.right.entropy());
        let entropy = entropy_left.min(entropy_right);
        let boilerplate = found.left.is_fixed(MIN_SURROUNDINGS) && found.right.is_fixed(MIN_SURROUNDINGS);
        let free = entropy >= MIN_ENTROPY.min(MIN_ENTROPY_SHARE * libm::log2(count.max(1) as f64));
        if !free || boilerplate || found.left.is_number() || (found.days.len() as u64) < min_days {
            continue;
        }
        if short.name && proper::is_named(&found.text, found.samples.values().map(String::as_str), rules.vocabulary) {
            continue;
        }
        let abroad = found.samples.values().filter(|sample| proper::tells_of_abroad(sample, rules.vocabulary)).count();
        let at_home = 1.0 - abroad as f64 / found.samples.len().max(1) as f64;
        let home = (at_home * at_home).max(ABROAD);
        let waited = grams.waited(found.first.as_ref().map(|(day, _)| *day).filter(|_| before > 0), window);
        let Some(rise) = rise(count, grams.han_window, before, grams.han_before, waited, short.length) else { continue };
        out.push(Chosen {
            length: short.length,
            cohesion: short.cohesion,
            entropy_left,
            entropy_right,
            g2: log_likelihood(count, grams.han_window, before, grams.han_before),
            log_ratio: log_ratio(count, grams.han_window, before, grams.han_before).map(|(ratio, _)| ratio),
            score: rise * (entropy / FREE_ENTROPY).min(1.0) * short.beside_places * home,
            found,
        });
    }
    sort(&mut out);
    let mut out = without_repeats(out, rules);
    sort(&mut out);
    out.truncate(settings.top);
    out
}

fn sort(chosen: &mut [Chosen]) {
    chosen.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.found.text.cmp(&b.found.text)));
}

/// Lowers or drops what a phrase above already tells: of a part of it, only the
/// occurrences outside it are its own; of a longer phrase, the share that it has
/// of the one inside. The score is multiplied by the root of that share.
fn without_repeats(sorted: Vec<Chosen>, rules: &Rules<'_>) -> Vec<Chosen> {
    // A phrase after light words is that phrase: 加快发展 before it adds nothing.
    let counts: std::collections::BTreeMap<String, u64> = sorted.iter().map(|c| (c.found.text.clone(), c.found.count)).collect();
    let mut out: Vec<Chosen> = Vec::new();
    for mut one in sorted {
        let core = rules.words.core(&one.found.text);
        if core.len() < one.found.text.len() && core.chars().count() > 2 {
            let stands = counts.get(core).is_some_and(|count| (one.found.count as f64) < OWN_EDGE * *count as f64);
            if stands || is_known(core, rules.lexicon) {
                continue;
            }
        }
        let mut own = 1.0_f64;
        for above in &out {
            let (text, other) = (one.found.text.as_str(), above.found.text.as_str());
            if text.contains(other) {
                own = own.min(one.found.count as f64 / above.found.count as f64);
            } else if other.contains(text) {
                own = own.min(1.0 - above.found.count as f64 / one.found.count as f64);
            }
        }
        if own >= MIN_OWN {
            one.score *= own.sqrt();
            out.push(one);
        }
    }
    out
}
