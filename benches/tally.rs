//! What tally costs over a long corpus: 60 years of days, 500 themes, five
//! breakdowns, by month, quarter and year.
//!
//! The rollups are made here from a fixed seed, as dense as those of the
//! broadcasts are (`README.md`). The laws it checks: under [`SECONDS`] from the
//! rollups to every row of every table, and under [`MEGABYTES`] of memory for the
//! whole process, the rollups included.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark may fail loudly and says what it found")]

mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use chrono::{Days, NaiveDate};
use random::Random;
use tifa::diagnostic::DataFile;
use tifa::parse::DateRange;
use tifa::tag::Lexicon;
use tifa::tally::{
    Breakdown, Cadence, Calendar, Contrast, CountRow, Kind, OccasionSums, PairCountRow, Part, PartSums, Period, PresenceRow, Rollup, SeenRow, Settings, Side,
    SourceCadence, SourceSeenRow, Sums, ThemeOccasionRow, Word,
};

/// From the rollups to the last row of the last table.
const SECONDS: f64 = 5.0;
/// Most memory that the process ever held.
const MEGABYTES: f64 = 500.0;

const FIRST_YEAR: i32 = 1960;
const YEARS: i32 = 60;
/// A day has so many documents of each source that speaks on it.
const DOCUMENTS_A_DAY: u64 = 4;
const PARENTS: usize = 20;
const CHILDREN: usize = 480;
const SOURCES: [&str; 4] = ["centre", "east", "west", "reports"];
const REGISTERS: [&str; 3] = ["broadcast", "editorial", "report"];
const TYPES: usize = 16;
const PROVINCES: usize = 33;
const VOICES: [&str; 2] = ["narrated", "reported"];
/// Folder of what the rollups say of occasions.
const OCCASIONS: &str = "occasions";
/// Rollups come in shards; each holds some years of one source.
const YEARS_A_SHARD: i32 = 5;

impl Random {
    fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn lexicon() -> Lexicon {
    let mut text = String::new();
    for parent in 0..PARENTS {
        let _ = write!(text, "[[theme]]\nid='parent-{parent}'\nzh='类{parent}'\nen='p'\nsource='s'\nterms=[]\n");
    }
    for child in 0..CHILDREN {
        let _ =
            write!(text, "[[theme]]\nid='theme-{child}'\nzh='题{child}'\nen='t'\nsource='s'\nparent='parent-{}'\nterms=['提法{child}号']\n", child % PARENTS);
    }
    Lexicon::new(&[DataFile { path: "made.toml".into(), text }]).unwrap_or_else(|e| panic!("{e:?}"))
}

/// What the documents of one source say of a theme in a month: hits, and the
/// members that they fall into. Formulations come and go: a theme lives for
/// some decades, and one in three is rare while it does.
struct Made {
    random: Random,
    calendar: Calendar,
    words: BTreeMap<String, Word>,
    /// Birth, years of life, and percent of months with a hit, by child.
    lives: Vec<(i32, i32, u64)>,
    hits: u64,
}

type Counts = BTreeMap<(Period, Option<NaiveDate>, Breakdown, Word, Option<Word>), [u64; 4]>;

impl Made {
    fn new() -> Self {
        let mut random = Random(7);
        let lives = (0..CHILDREN)
            .map(|_| {
                let born = FIRST_YEAR - 15 + i32::try_from(random.below(70)).unwrap();
                (born, 10 + i32::try_from(random.below(30)).unwrap(), [15, 60, 95][usize::try_from(random.below(3)).unwrap()])
            })
            .collect();
        Self { random, calendar: Calendar::default(), words: BTreeMap::new(), lives, hits: 0 }
    }

    fn word(&mut self, text: &str) -> Word {
        self.words.entry(text.to_owned()).or_insert_with(|| text.into()).clone()
    }

    fn member(&mut self, breakdown: Breakdown, source: usize) -> Word {
        let name = match breakdown {
            Breakdown::All => "all".to_owned(),
            Breakdown::Source => SOURCES[source].to_owned(),
            Breakdown::Register => REGISTERS[source % REGISTERS.len()].to_owned(),
            // Most text tells of no occasion.
            Breakdown::OccasionType if self.random.happens(45) => "none".to_owned(),
            Breakdown::OccasionType => format!("type-{}", self.random.below(TYPES as u64)),
            Breakdown::Province if self.random.happens(65) => "none".to_owned(),
            Breakdown::Province => format!("{}0000", 11 + self.random.below(PROVINCES as u64)),
            Breakdown::Voice => VOICES[usize::from(self.random.happens(35))].to_owned(),
        };
        self.word(&name)
    }

    /// Adds a count to every length and breakdown, as a document does.
    fn add(&mut self, counts: &mut Counts, day: NaiveDate, source: usize, theme: Option<&Word>, count: [u64; 4]) {
        let lengths = [Period::Month, Period::Quarter, Period::Year].map(|period| (period, self.calendar.start_of(period, day)));
        for breakdown in Breakdown::EVERY {
            let member = self.member(breakdown, source);
            let whole = matches!(breakdown, Breakdown::All | Breakdown::Source).then_some((Period::Whole, None));
            for (period, start) in lengths.into_iter().chain(whole) {
                let sum = counts.entry((period, start, breakdown, member.clone(), theme.cloned())).or_default();
                for (sum, more) in sum.iter_mut().zip(count) {
                    *sum += more;
                }
                // Where a theme is, there is text.
                counts.entry((period, start, breakdown, member.clone(), None)).or_default();
            }
        }
    }

    /// Some years of one source.
    fn shard(&mut self, source: usize, first_year: i32) -> Rollup {
        let mut counts = Counts::new();
        let mut out = Rollup::default();
        let mut seen: BTreeMap<usize, NaiveDate> = BTreeMap::new();
        let mut pairs: BTreeMap<(Period, Option<NaiveDate>, usize, usize), [u64; 2]> = BTreeMap::new();
        for year in first_year..first_year + YEARS_A_SHARD {
            let mut day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let alive: Vec<(usize, u64)> =
                self.lives.iter().enumerate().filter(|(_, (born, life, _))| *born <= year && year < born + life).map(|(n, (.., often))| (n, *often)).collect();
            // Documents of a day, and a rest that tells of no occasion.
            while day < NaiveDate::from_ymd_opt(year + 1, 1, 1).unwrap() {
                self.add(&mut counts, day, source, None, [0, 12 * DOCUMENTS_A_DAY, DOCUMENTS_A_DAY, 500 * DOCUMENTS_A_DAY]);
                out.presence.push(PresenceRow {
                    source: SOURCES[source].into(),
                    date_start: day,
                    date_end: day,
                    documents: DOCUMENTS_A_DAY,
                    han_chars: 500 * DOCUMENTS_A_DAY,
                });
                day = day.checked_add_days(Days::new(1)).unwrap();
            }
            for month in 1..=12 {
                let day = NaiveDate::from_ymd_opt(year, month, 5).unwrap();
                let mut here: Vec<usize> = Vec::new();
                for (theme, often) in &alive {
                    if !self.random.happens(*often) {
                        continue;
                    }
                    here.push(*theme);
                    seen.entry(*theme).or_insert(day);
                    let (child, parent) = (self.word(&format!("theme-{theme}")), self.word(&format!("parent-{}", theme % PARENTS)));
                    // A month of a broadcast spreads a theme over some three types and two provinces.
                    // The other sources are smaller.
                    for _ in 0..if source == 0 { 2 } else { usize::from(self.random.happens(50)) } {
                        let hits = 1 + self.random.below(3);
                        self.hits += hits;
                        for theme in [&child, &parent] {
                            self.add(&mut counts, day, source, Some(theme), [hits, 1, 1, 0]);
                        }
                        if !self.random.happens(45) {
                            continue;
                        }
                        let occasion = format!("{year}-{month}-{}", self.random.below(12));
                        let row = ThemeOccasionRow {
                            occasion_id: self.word(&occasion),
                            date_start: Some(day),
                            date_end: Some(day),
                            source: self.member(Breakdown::Source, source),
                            register: self.member(Breakdown::Register, source),
                            occasion_type: self.member(Breakdown::OccasionType, source),
                            province: self.member(Breakdown::Province, source),
                            voice: self.member(Breakdown::Voice, source),
                            theme: child.clone(),
                        };
                        out.theme_occasions.push(ThemeOccasionRow { theme: parent.clone(), ..row.clone() });
                        out.theme_occasions.push(row);
                    }
                }
                // Each theme of the month stands with some others in a document.
                for theme in &here {
                    for _ in 0..4 {
                        let other = here[usize::try_from(self.random.below(here.len() as u64)).unwrap()];
                        if other != *theme {
                            let (a, b) = (other.min(*theme), other.max(*theme));
                            let year = NaiveDate::from_ymd_opt(year, 1, 1);
                            for key in [(Period::Year, year, a, b), (Period::Whole, None, a, b)] {
                                let sum = pairs.entry(key).or_default();
                                *sum = [sum[0] + 1, sum[1] + 1];
                            }
                        }
                    }
                }
            }
        }
        out.counts = counts
            .into_iter()
            .map(|((period, period_start, breakdown, member, theme), [hits, sentences, documents, han_chars])| CountRow {
                period,
                period_start,
                breakdown,
                member,
                theme,
                hits,
                sentences,
                documents,
                han_chars,
            })
            .collect();
        out.theme_occasions.sort();
        out.theme_occasions.dedup();
        for ((period, period_start, a, b), [sentences, documents]) in pairs {
            // The lexicon has the parents first.
            let [theme_a, theme_b] = [a, b].map(|n| u32::try_from(PARENTS + n).unwrap());
            out.pairs.push(PairCountRow { period, period_start, theme_a, theme_b, sentences, documents });
        }
        for (theme, day) in seen {
            let theme = format!("theme-{theme}");
            out.seen.push(SeenRow {
                theme: theme.clone(),
                first_date: day,
                first_doc_id: "d".into(),
                first_event_date: None,
                last_date: day,
                last_doc_id: "d".into(),
            });
            let (theme, source) = (self.word(&theme), self.word(SOURCES[source]));
            out.source_seen.push(SourceSeenRow { theme, source, first_start: day, first_end: day, first_doc_id: "d".into() });
        }
        out.counts.shrink_to_fit();
        out.theme_occasions.shrink_to_fit();
        out
    }
}

/// A value of `/proc/self/status`, in MB.
fn memory(of: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(of))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

/// Makes the rollups and leaves them as a run does, part by part; days, rows and
/// hits of all children.
fn leave(folder: &Path) -> [usize; 5] {
    let mut made = Made::new();
    let (mut number, mut sizes) = (0, [0; 5]);
    for source in 0..SOURCES.len() {
        for year in (FIRST_YEAR..FIRST_YEAR + YEARS).step_by(usize::try_from(YEARS_A_SHARD).unwrap()) {
            let rollup = made.shard(source, year);
            let own = [rollup.presence.len(), rollup.counts.len(), rollup.theme_occasions.len(), rollup.pairs.len(), 0];
            sizes = std::array::from_fn(|i| sizes[i] + own[i]);
            for ((kind, part), rollup) in rollup.into_parts(&settings()) {
                let folder = folder.join(if kind == Kind::Series { part.to_string() } else { OCCASIONS.to_owned() });
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(number.to_string()), rollup.to_bytes().unwrap()).unwrap();
            }
            number += 1;
        }
    }
    sizes[4] = usize::try_from(made.hits).unwrap();
    sizes
}

/// The files in a folder, in order.
fn files(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// The parts, and the files of each.
fn parts(folder: &Path) -> BTreeMap<Part, Vec<PathBuf>> {
    let files = |part: Part| Some((part, files(&folder.join(part.to_string()))?));
    (FIRST_YEAR..FIRST_YEAR + YEARS).map(Part::Year).chain([Part::Unplaced, Part::Whole]).filter_map(files).collect()
}

fn settings() -> Settings {
    let year = |year| DateRange::year(year).unwrap();
    let mut settings = Settings { base: Some(SOURCES[0].to_owned()), ..Settings::default() };
    settings.measures.smoothing = Some(3);
    let target = Side { from: Some(year(2000).start), to: Some(year(2009).end), source: None };
    settings.contrasts = vec![Contrast::new("2000s".into(), target, None, &settings.periods, &settings.calendar).unwrap()];
    settings
}

/// The rollups are made in this process and summed in a child, so that the memory
/// of making them is not counted.
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--rollups") {
        let folder = arguments.next().unwrap();
        let sizes: Vec<usize> = arguments.map(|size| size.parse().unwrap()).collect();
        return measured(Path::new(&folder), sizes.try_into().unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let sizes = leave(folder.path());
    let status = Command::new(std::env::current_exe().unwrap()).arg("--rollups").arg(folder.path()).args(sizes.map(|size| size.to_string())).status().unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measured(folder: &Path, [days, counts, told, pairs, hits]: [usize; 5]) -> ExitCode {
    let (lexicon, settings) = (lexicon(), settings());
    let sources: Vec<SourceCadence> = SOURCES.iter().map(|s| SourceCadence { source: (*s).to_owned(), cadence: Cadence::Daily }).collect();
    println!("{} days, {} themes; rows of rollups: {counts} counts, {told} themes on occasions, {pairs} pairs", days / SOURCES.len(), lexicon.themes().len());
    assert_eq!(days / SOURCES.len(), 21_915);
    let (mut members, mut member_hits, mut in_months, mut met) = (0_u64, 0, 0_u64, Vec::new());
    let mut sums = Sums::new(&lexicon, &settings);
    let start = Instant::now();
    let mut occasions = OccasionSums::default();
    for file in files(&folder.join(OCCASIONS)).unwrap() {
        occasions.add(Rollup::from_bytes(&std::fs::read(file).unwrap()).unwrap());
    }
    sums.add_occasions(&occasions.finish().of_themes);
    for (part, files) in parts(folder) {
        let mut own = PartSums::new(part, &lexicon);
        for file in files {
            own.add(Rollup::from_bytes(&std::fs::read(file).unwrap()).unwrap()).unwrap();
        }
        let own = own.finish(&settings).unwrap();
        for row in own.theme_breakdown.rows() {
            members += 1;
            in_months += u64::from(row.period == "month");
            member_hits += if row.period == "month" && row.level == 1 && row.breakdown == "voice" { row.hits } else { 0 };
        }
        sums.add(part, own.summary).unwrap();
        // A run leaves them in the cache.
        met.push(Rollup { pairs: own.pairs, ..Rollup::default() }.to_bytes().unwrap());
    }
    let added = start.elapsed().as_secs_f64();
    let series = sums.finish(&sources, None).unwrap();
    let finished = start.elapsed().as_secs_f64();
    let pairs: usize = met.iter().map(|pairs| series.pairs(Rollup::from_bytes(pairs).unwrap().pairs, &lexicon, &settings).rows().count()).sum();
    let frequency = series.theme_frequency.rows().count();
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = memory("VmHWM");
    let counted = |period: &str| series.theme_frequency.rows().filter(|r| r.period == period && r.level == 1).filter_map(|r| r.hits).sum::<u64>();
    let hits = hits as u64;
    assert_eq!((counted("month"), counted("quarter"), counted("year"), member_hits), (hits, hits, hits, hits));
    assert_eq!(frequency, lexicon.themes().len() * usize::try_from(YEARS).unwrap() * 17);
    println!(
        "tables: {} period_totals, {frequency} theme_frequency, {members} theme_breakdown, {pairs} theme_pairs, {} theme_sources, {} theme_turns, {} keyness",
        series.period_totals.len(),
        series.theme_sources.len(),
        series.theme_turns.len(),
        series.keyness.len()
    );
    let present = series.theme_frequency.rows().filter(|r| r.period == "month" && r.hits > Some(0)).count();
    println!("  a theme that a month has stands in {:.1} members", in_months as f64 / present as f64);
    let fast = seconds <= SECONDS;
    println!(
        "  {seconds:.2} s (parts {added:.2}, series {:.2}, rows {:.2}), at most {SECONDS}: {}",
        finished - added,
        seconds - finished,
        if fast { "holds" } else { "TOO SLOW" }
    );
    let small = megabytes.is_none_or(|mb| mb <= MEGABYTES);
    match megabytes {
        Some(mb) => println!("  {mb:.0} MB of memory at most, at most {MEGABYTES}: {}", if small { "holds" } else { "TOO LARGE" }),
        None => println!("  memory is not told by this system"),
    }
    if fast && small { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
