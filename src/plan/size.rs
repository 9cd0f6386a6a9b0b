//! Sizes as a person writes them.

/// `16 MB`, `512kb`, `1 GB`, `4000` → bytes.
#[must_use]
pub fn read_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!((read_size("16 MB"), read_size("4000"), read_size("2gb")), (Some(16_000_000), Some(4000), Some(2_000_000_000)));
        assert_eq!((read_size("MB"), read_size("0"), read_size("3 XB")), (None, None, None));
    }
}
