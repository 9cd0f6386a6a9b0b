//! Canonical names: marks off, bodies in their short form, sessions by number.

use crate::parse::{is_numeral, numeral};
use crate::resolve::short::parted;
use crate::resolve::vocabulary::Vocabulary;

/// The canonical form of a name as it stands in the text.
pub(super) fn canonical(raw: &str, vocabulary: &Vocabulary) -> String {
    let mut name = bare(raw).trim_start_matches(['的', '了']).to_owned();
    for decoration in ["隆重的", "盛大的", "隆重", "盛大", "简短的"] {
        without(&mut name, decoration);
    }
    if name.ends_with("中全会") {
        without(&mut name, "党的");
    }
    if name.char_indices().any(|(at, _)| name.get(at..).is_some_and(|rest| vocabulary.long_forms.longest(rest).is_some())) {
        for short in &vocabulary.shorts {
            if name.contains(short.from.as_str()) {
                name = name.replace(&short.from, &short.to);
            }
        }
    }
    // 第十四届全国人大第二次会议 → 十四届全国人大二次会议
    if let Some(rest) = name.strip_prefix('第')
        && numeral(rest)
            .is_some_and(|n| rest.get(n.bytes..).is_some_and(|r| r.starts_with("届全国人大") || r.starts_with("届全国政协") || r.starts_with("届中央")))
    {
        name = rest.to_owned();
    }
    if name.contains("届全国人大第") {
        name = name.replace("人大第", "人大");
    }
    // 政协第十四届全国委员会第二次会议 → 全国政协十四届二次会议
    if let Some(rest) = name.strip_prefix("政协第").or_else(|| name.strip_prefix("全国政协第"))
        && let Some((term, session)) = parted(rest, "届全国委员会").or_else(|| parted(rest, "届"))
        && term.chars().all(is_numeral)
    {
        let session = if session.starts_with("常委会") { session } else { session.strip_prefix('第').unwrap_or(session) };
        name = format!("全国政协{term}届{session}");
    }
    // 中国共产党第八届中央委员会第六次全体会议 → 八届六中全会
    if let Some((head, rest)) = parted(&name, "届中央委员会")
        && let Some(session) = rest.trim_start_matches(['的', '第']).strip_suffix("次全体会议")
    {
        let term = head.rsplit_once('第').map_or(head, |(_, term)| term);
        if term.chars().all(is_numeral) {
            return format!("{term}届{session}中全会");
        }
    }
    // 中共第八届全国代表大会第二次会议 → 中共八大二次会议
    if let Some((head, rest)) = parted(&name, "全国代表大会第")
        && let Some(session) = rest.strip_suffix("次会议")
        && let Some((party, term)) = head.trim_end_matches(['届', '次']).rsplit_once('第')
        && matches!(party, "中共" | "中国共产党")
    {
        return format!("中共{term}大{session}次会议");
    }
    name
}

/// Takes a word off the beginning as often as it stands there.
fn without(name: &mut String, word: &str) {
    while name.starts_with(word) {
        name.drain(..word.len());
    }
}

/// Without quotation and title marks.
pub(super) fn bare(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '“' | '”' | '《' | '》' | '‘' | '’' | '「' | '」' | '〈' | '〉');
    if !text.contains(is_mark) {
        return text.trim().to_owned();
    }
    text.chars().filter(|c| !is_mark(*c)).collect::<String>().trim().to_owned()
}

/// Whether what stands before the head makes no name yet: nothing, a number,
/// words such as 专题 or 全体.
pub(super) fn is_generic(own: &str, vocabulary: &Vocabulary) -> bool {
    let mut rest = own;
    loop {
        if rest.is_empty() {
            return true;
        }
        if let Some(next) = vocabulary.generic.longest(rest).and_then(|((), bytes)| rest.get(bytes..)) {
            rest = next;
            continue;
        }
        // 第十一次, 第2届
        let Some(number) = rest.strip_prefix('第') else { return false };
        let Some(read) = numeral(number) else { return false };
        let after = number.get(read.bytes..).unwrap_or_default();
        match after.strip_prefix(['次', '届', '场', '轮', '期']) {
            Some(next) => rest = next,
            None => return false,
        }
    }
}
