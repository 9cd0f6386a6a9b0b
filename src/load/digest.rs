//! Short forms of a BLAKE3 hash: the one place that says which part of it is taken.

/// The first `digits` hex digits.
#[must_use]
pub fn short_hex(hash: &blake3::Hash, digits: usize) -> String {
    hash.to_hex().chars().take(digits).collect()
}

/// The first eight bytes as a number.
#[must_use]
pub fn leading_u64(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_the_beginning_of_the_hash() {
        let hash = blake3::hash(b"tifa");
        assert_eq!(short_hex(&hash, 16), format!("{:016x}", leading_u64(&hash)));
    }
}
