//! Laws that hold for any text, checked on texts made at random.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{Datelike, Days, NaiveDate};
use proptest::prelude::*;
use tifa::parse::{DateRange, document_of, read_date};
use tifa::resolve::{DateContext, Vocabulary, dates, resolve};
use tifa::{Rules, annotate, builtin_lexicon};

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::builtin);
static LEXICON: LazyLock<tifa::tag::Lexicon> = LazyLock::new(builtin_lexicon);

/// Pieces of official text, of dates above all, and of what else stands in files.
const PIECES: [&str; 64] = [
    "2024年",
    "3月",
    "5日",
    "二〇二四年",
    "十二月",
    "三十一日",
    "２０２３年",
    "１１月",
    "2024-03-05",
    "2024/3/5",
    "2月29日",
    "11—13日",
    "3月4日至5日",
    "22日至24日",
    "31日",
    "今天",
    "昨天",
    "当天",
    "次日",
    "去年",
    "今年",
    "上月",
    "本月",
    "当年",
    "同日",
    "近日",
    "上半年",
    "三季度",
    "下旬",
    "十四五",
    "至",
    "第",
    "年",
    "月",
    "日",
    "—",
    "，",
    "、",
    "（",
    "）",
    "“",
    "”",
    "《",
    "》",
    "将于",
    "在北京",
    "黑龙江省哈尔滨市",
    "朝阳",
    "德国",
    "省委书记赵建国",
    "他强调",
    "主持召开全省农业工作会议",
    "座谈会",
    "会见",
    "通电话",
    "新质生产力",
    "高质量发展",
    "e\u{301}",
    "👨\u{200d}👩",
    "abc",
    " ",
    "　",
    "\u{200b}",
    "要",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24).prop_map(|pieces| pieces.concat())
}

/// Sentences and paragraphs of such pieces.
fn document() -> impl Strategy<Value = String> {
    let end = prop::sample::select(&["。", "。\n", "！", "？”", "\n", "\r\n", ""][..]);
    prop::collection::vec((text(), end), 0..6).prop_map(|sentences| sentences.into_iter().map(|(text, end)| text + end).collect())
}

fn day() -> impl Strategy<Value = NaiveDate> {
    // 1900 to 2099.
    (0..73_000_u64).prop_map(|days| NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(days))
}

const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// 1 to 31 as 一, 十二, 三十一.
fn counted(number: u32) -> String {
    let digit = |n: u32| DIGITS[n as usize].to_string();
    let (tens, ones) = (number / 10, number % 10);
    let tens = match tens {
        0 => String::new(),
        1 => "十".into(),
        n => digit(n) + "十",
    };
    if ones == 0 { tens } else { tens + &digit(ones) }
}

/// A day in each of its written forms, with the name of the form.
fn written(day: NaiveDate) -> Vec<(&'static str, String)> {
    let (year, month, date) = (day.year(), day.month(), day.day());
    let year_in = |zero: char| year.to_string().chars().map(|c| if c == '0' { zero } else { DIGITS[c.to_digit(10).unwrap() as usize] }).collect::<String>();
    let full_width = |n: u32| n.to_string().chars().map(|c| char::from_u32(u32::from(c) - u32::from('0') + u32::from('０')).unwrap()).collect::<String>();
    let rest = format!("年{}月{}日", counted(month), counted(date));
    vec![
        ("digits", format!("{year}年{month}月{date}日")),
        ("padded digits", format!("{year}年{month:02}月{date:02}日")),
        ("spaced digits", format!("{year} 年 {month} 月 {date} 日")),
        ("characters with 〇", format!("{}{rest}", year_in('〇'))),
        ("characters with ○", format!("{}{rest}", year_in('○'))),
        ("characters with 零", format!("{}{rest}", year_in('零'))),
        ("full-width digits", format!("{}年{}月{}日", full_width(year.unsigned_abs()), full_width(month), full_width(date))),
        ("ISO", format!("{day}")),
        ("slashed", format!("{year}/{month}/{date}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_finding_holds_whole_characters_of_one_sentence(text in document(), on in prop::option::of(day())) {
        let document = document_of(&text, on.map(DateRange::of_day));
        let found = annotate(&document, Rules { vocabulary: &VOCABULARY, lexicon: &LEXICON });
        let resolution = &found.resolution;
        let whole = |span: tifa::diagnostic::Span| {
            let inside = document.sentences.iter().any(|s| s.span.contains(span));
            inside && span.start < span.end && document.text.is_char_boundary(span.start) && document.text.is_char_boundary(span.end)
        };
        for span in resolution.dates.iter().map(|d| d.span).chain(resolution.places.iter().map(|p| p.span)).chain(found.hits.iter().map(|h| h.span)) {
            prop_assert!(whole(span), "{span:?} of {:?}", document.text);
        }
        for hit in &found.hits {
            prop_assert!(document.sentences[hit.sentence].span.contains(hit.span));
        }
        prop_assert_eq!(resolution.voices.len(), document.sentences.len());
        prop_assert_eq!(resolution.scope.len(), document.sentences.len());
        for event in &resolution.events {
            prop_assert_eq!(document.sentences[event.sentence].span, event.span);
        }
    }

    #[test]
    fn a_day_is_read_back_from_each_of_its_written_forms(day in day(), on in prop::option::of(day())) {
        for (form, written) in written(day) {
            let document = document_of(&format!("会议于{written}在某地召开。"), on.map(DateRange::of_day));
            let found = dates(&document.text, DateContext { document: document.date, previous: None }, &VOCABULARY.almanac);
            prop_assert_eq!(found.len(), 1, "{}: {} {:?}", form, written, found);
            prop_assert_eq!(found[0].range, Some(DateRange::of_day(day)), "{}: {}", form, written);
        }
    }

    #[test]
    fn what_a_field_of_a_day_says_is_what_its_text_says(day in day()) {
        for form in [format!("{day}"), format!("{}/{}/{}", day.year(), day.month(), day.day()), format!("{}年{}月{}日", day.year(), day.month(), day.day())] {
            prop_assert_eq!(read_date(&form), Some(DateRange::of_day(day)), "{}", form);
        }
    }

    #[test]
    fn a_later_sentence_changes_no_date_before_it(before in document(), after in document(), on in prop::option::of(day())) {
        // A mark left open is closed by a later one, and what stands between
        // is then one sentence: the texts here close their own.
        let before = before.replace(['（', '(', '“', '‘', '「', '『', '《'], "") + "会议召开。";
        let read = |text: &str| resolve(&document_of(text, on.map(DateRange::of_day)), &VOCABULARY).dates;
        let (alone, mut together) = (read(&before), read(&format!("{before}{after}")));
        together.truncate(alone.len());
        prop_assert_eq!(alone, together);
    }
}

/// The least time of some readings of `unit`, repeated to about `bytes`.
fn time_of(unit: &str, bytes: usize) -> Duration {
    let document = document_of(&unit.repeat(bytes / unit.len()), read_date("2024-03-20"));
    let read = || {
        let start = Instant::now();
        let found = resolve(&document, &VOCABULARY);
        assert_eq!(found.voices.len(), document.sentences.len());
        start.elapsed()
    };
    (0..3).map(|_| read()).min().unwrap()
}

/// The units of which a text eight times as long takes much more than eight
/// times as long. Where the time grows with the square, it takes 64 times.
fn slower_than_linear(units: &[&str]) -> Vec<String> {
    const SMALL: usize = 32 << 10;
    const TIMES: u32 = 8;
    let times = units.iter().map(|unit| (unit, time_of(unit, SMALL), time_of(unit, SMALL * TIMES as usize)));
    // A machine with other work to do, and the clock itself, ask for some room.
    let slow = times.filter(|(_, small, large)| *large > (*small + Duration::from_micros(300)) * TIMES * 5);
    slow.map(|(unit, small, large)| format!("{unit}: {small:?} for {SMALL} bytes, {large:?} for {TIMES} times as many")).collect()
}

#[test]
fn the_time_of_reading_grows_with_the_text_and_no_faster() {
    let slow = slower_than_linear(&[
        "年月日",
        "3",
        "三",
        "２",
        "至",
        "第",
        "2024年",
        "3月",
        "3日至",
        "今天",
        "当天将",
        "下周三",
        "春节",
        "“五一",
        "党的二十大以来",
        "腊月三十",
        "2024-",
        "（",
        "“",
        "北京",
        "朝阳",
        "朝阳区、",
        "座谈会",
        "会见",
        "、李强",
        "3月4日，省委书记赵建国主持召开座谈会。他强调，要抓好落实。",
    ]);
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn the_time_of_reading_one_long_sentence_grows_with_it_and_no_faster() {
    let slow = slower_than_linear(&["强调，", "3月4日，省委书记赵建国在哈尔滨市主持召开全省农业工作会议并强调，要发展新质生产力，"]);
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
