//! Numerals as official text writes them: 2024, ２０２４ (narrowed before),
//! 二〇二四, 二○二四, 二零二四, 十二, 二十, 廿三, 一百零五.

/// A numeral at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeral {
    /// Its value.
    pub value: u32,
    /// Its length in bytes.
    pub bytes: usize,
    /// Digits, when each character is one (2024, 二〇二四); 0 for 十二.
    pub digits: u32,
}

/// Longest numeral read, in characters: longer ones are no dates or sessions.
const MAX_CHARS: usize = 9;

/// The value of a digit character.
#[must_use]
pub const fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '〇' | '○' | '零' | 'Ｏ' => Some(0),
        '一' | '元' => Some(1),
        '二' | '两' => Some(2),
        '三' => Some(3),
        '四' => Some(4),
        '五' => Some(5),
        '六' => Some(6),
        '七' => Some(7),
        '八' => Some(8),
        '九' => Some(9),
        _ => None,
    }
}

const fn unit(c: char) -> Option<u32> {
    match c {
        '十' => Some(10),
        '廿' => Some(20),
        '卅' => Some(30),
        '百' => Some(100),
        '千' => Some(1000),
        _ => None,
    }
}

/// Whether a numeral may begin or go on with this character.
#[must_use]
pub const fn is_numeral(c: char) -> bool {
    digit(c).is_some() || unit(c).is_some()
}

/// The longest numeral that `text` begins with.
///
/// ASCII digits and Chinese ones do not mix; 元 and 两 are digits only to
/// those who ask for them by what follows (元年), so a numeral never begins
/// with them here.
#[must_use]
pub fn numeral(text: &str) -> Option<Numeral> {
    let first = text.chars().next()?;
    if first.is_ascii_digit() {
        let bytes = text.bytes().take_while(u8::is_ascii_digit).count();
        if bytes > MAX_CHARS {
            return None;
        }
        let value = text.get(..bytes)?.parse().ok()?;
        return Some(Numeral { value, bytes, digits: u32::try_from(bytes).ok()? });
    }
    let mut run = ['\0'; MAX_CHARS];
    let (mut count, mut bytes) = (0, 0);
    for c in text.chars().take_while(|c| !c.is_ascii() && is_numeral(*c) && !matches!(c, '元' | '两')) {
        *run.get_mut(count)? = c;
        count += 1;
        bytes += c.len_utf8();
    }
    let run = run.get(..count).filter(|run| !run.is_empty())?;
    if run.iter().all(|c| digit(*c).is_some()) {
        let value = run.iter().try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(digit(*c)?))?;
        return Some(Numeral { value, bytes, digits: u32::try_from(run.len()).ok()? });
    }
    Some(Numeral { value: counted(run)?, bytes, digits: 0 })
}

/// 一百零五 → 105; `None` for what is no number (十百).
fn counted(run: &[char]) -> Option<u32> {
    let (mut sum, mut pending, mut last_unit) = (0_u32, None, u32::MAX);
    for c in run {
        match (digit(*c), unit(*c)) {
            (Some(0), _) if pending.is_none() => {}
            (Some(value), _) if pending.is_none() => pending = Some(value),
            (None, Some(scale @ (20 | 30))) if pending.is_none() && last_unit > 10 => {
                sum += scale;
                last_unit = 10;
            }
            (None, Some(scale)) if scale < last_unit && (pending.is_some() || (scale == 10)) => {
                sum += pending.take().unwrap_or(1) * scale;
                last_unit = scale;
            }
            _ => return None,
        }
    }
    Some(sum + pending.unwrap_or(0))
}

/// A count in the way of official names: 十一, 二十, 一百零五 (1 to 9999).
#[must_use]
pub fn chinese(value: u32) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let mut out = String::new();
    let mut gap = false;
    for (scale, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = value / scale % 10;
        if digit == 0 {
            gap |= !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        // 十一, not 一十一, at the head of a number.
        if !(scale == 10 && digit == 1 && out.is_empty()) {
            out.extend(DIGITS.get(digit as usize));
        }
        out.push_str(name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numerals_are_read_in_every_writing() {
        let value = |text| numeral(text).map(|n| n.value);
        for (text, expected) in [
            ("2024年", 2024),
            ("二〇二四年", 2024),
            ("二○二四年", 2024),
            ("二零二四", 2024),
            ("一九七八年", 1978),
            ("十一次", 11),
            ("二十届", 20),
            ("廿三日", 23),
            ("一百零五", 105),
            ("三十", 30),
            ("十", 10),
            ("一千二百", 1200),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        assert_eq!(numeral("十百"), None);
        assert_eq!(numeral("年"), None);
        assert_eq!(numeral("12345678901"), None);
        assert_eq!(numeral("二〇二四年").map(|n| n.digits), Some(4));
    }

    proptest! {
        #[test]
        fn a_count_written_and_read_is_the_same(value in 1..10_000_u32) {
            prop_assert_eq!(numeral(&chinese(value)).map(|n| n.value), Some(value));
        }
    }
}
