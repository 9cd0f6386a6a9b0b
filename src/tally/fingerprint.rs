//! What is kept of a text to tell whether another repeats it: a hash of its
//! letters and digits, and a sketch of its shingles.
//!
//! A shingle is seven letters or digits in a row; marks, spaces and line ends
//! are left out, so that a text broken or punctuated otherwise is the same. The
//! similarity of two texts is the Jaccard index of their sets of shingles: those
//! in both ÷ those in either. The sketch estimates it without the texts.

/// Letters and digits in a shingle. Of 5 to 11, seven keeps texts with a changed
/// headline, dateline or 1 % of the characters above [`ALIKE`], and most
/// announcements that repeat each year with another number below it
/// (docs/decisions/0008).
const SHINGLE: usize = 7;

/// A text with fewer shingles is repeated only by the same letters and digits on
/// the same date: one changed word would take most of its shingles away, and a
/// bare headline comes back each year without repeating anything.
const FEWEST_SHINGLES: usize = 32;

/// Bins of a sketch, a byte each.
const BINS: usize = 256;

/// Rows of a band. With 32 bands of 8 rows, two texts share a band with a
/// probability of 0.997 at a similarity of 0.8, 0.12 at 0.5 and 0.002 at 0.3.
const BAND_ROWS: usize = 8;

/// A text at least this similar to an earlier one repeats it.
pub const ALIKE: f64 = 0.8;

/// How often the bytes of two different hashes are the same.
const CHANCE: f64 = 1.0 / 255.0;

/// Odd, with no pattern in its bits: the base of the rolling hash and the step
/// between seeds (2⁶⁴ ÷ the golden ratio).
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// What is kept of a text. Depends on the text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// BLAKE3 of the letters and digits, its first 16 bytes.
    pub text: [u8; 16],
    /// For each bin of shingles a byte of the least hash in it, 1 to 255;
    /// 0: the bin is empty. All 0: a text of few shingles.
    pub sketch: [u8; BINS],
}

impl Fingerprint {
    /// Bytes in a file: the hash; a bit for each bin, set unless it is empty; the
    /// sketch with its empty bins filled, from which keys are quickly made.
    pub const BYTES: usize = 16 + BINS / 8 + BINS;

    /// Keys of a text that is not short.
    pub const MOST_KEYS: usize = 1 + BINS / BAND_ROWS;

    /// The fingerprint of a text.
    ///
    /// Every shingle falls into one bin by its hash, and the bin keeps the least.
    ///
    /// # Cost
    /// One pass, and a copy of the text; one hash a character.
    ///
    /// # Source
    /// Li, Owen, Zhang (2012), One permutation hashing, NIPS 25; a byte for each
    /// bin as in Li, König (2010), b-bit minwise hashing, WWW.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut bare = String::with_capacity(text.len());
        let mut codes: Vec<u32> = Vec::with_capacity(text.len() / 2);
        let mut from = 0;
        for (at, c) in text.char_indices() {
            if counts(c) {
                codes.push(u32::from(c.to_ascii_lowercase()));
            } else {
                bare.push_str(text.get(from..at).unwrap_or_default());
                from = at + c.len_utf8();
            }
        }
        bare.push_str(text.get(from..).unwrap_or_default());
        bare.make_ascii_lowercase();
        // A text of marks alone is told by its marks.
        let hash = blake3::hash(if bare.is_empty() { text.as_bytes() } else { bare.as_bytes() });
        let mut out = Self { text: [0; 16], sketch: [0; BINS] };
        for (to, from) in out.text.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        if codes.len() < SHINGLE + FEWEST_SHINGLES - 1 {
            return out;
        }
        // The polynomial of the last seven characters; what leaves is taken off.
        let leaves = (0..SHINGLE).fold(1_u64, |power, _| power.wrapping_mul(BASE));
        let (first, rest) = codes.split_at(SHINGLE);
        let mut rolling = first.iter().fold(0_u64, |sum, code| sum.wrapping_mul(BASE).wrapping_add(u64::from(*code)));
        let mut least = [u64::MAX; BINS];
        let mut take = |hash: u64| {
            let [bin, ..] = hash.to_be_bytes();
            if let Some(least) = least.get_mut(usize::from(bin)) {
                *least = (*least).min(hash);
            }
        };
        take(mixed(rolling));
        for (enters, left) in rest.iter().zip(&codes) {
            let change = u64::from(*enters).wrapping_sub(u64::from(*left).wrapping_mul(leaves));
            rolling = rolling.wrapping_mul(BASE).wrapping_add(change);
            take(mixed(rolling));
        }
        for (to, least) in out.sketch.iter_mut().zip(least) {
            // The least hash has small leading bits; its last ones say no more of it.
            let [.., a, b] = least.to_be_bytes();
            let [_, value] = (u16::from_be_bytes([a, b]) % 255 + 1).to_be_bytes();
            *to = if least == u64::MAX { 0 } else { value };
        }
        out
    }

    /// The same, for a document of these days: a text of few shingles is told by
    /// its date too. Days are numbers, the same for the same day.
    #[must_use]
    pub fn on(mut self, start: i32, end: i32) -> Self {
        if self.is_short() {
            for (to, day) in self.text.iter_mut().zip(start.to_le_bytes().into_iter().chain(end.to_le_bytes())) {
                *to ^= day;
            }
        }
        self
    }

    /// Whether it is at least [`ALIKE`] to another.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        self.similarity(other) >= ALIKE
    }

    fn is_short(&self) -> bool {
        self.sketch.iter().all(|byte| *byte == 0)
    }

    /// How similar two texts are: 1 for the same letters and digits, else the
    /// estimate of the Jaccard index of their shingles, from 0 to 1.
    ///
    /// Without bias. Its standard error is at most 0.025 at a similarity of 0.8
    /// and 0.031 at 0.5; less where a text has fewer shingles than bins.
    ///
    /// # Source
    /// Li, Owen, Zhang (2012): bins with the same value ÷ bins that are not empty
    /// in both; chance agreement of bytes taken off as in Li, König (2010).
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.text == other.text {
            return 1.0;
        }
        let (mut same, mut both, mut either) = (0_u32, 0_u32, 0_u32);
        for (a, b) in self.sketch.iter().zip(&other.sketch) {
            let (has_a, has_b) = (*a != 0, *b != 0);
            same += u32::from((a == b) & has_a);
            both += u32::from(has_a & has_b);
            either += u32::from(has_a | has_b);
        }
        if either == 0 {
            return 0.0;
        }
        ((f64::from(same) - CHANCE * f64::from(both)) / (f64::from(either) * (1.0 - CHANCE))).clamp(0.0, 1.0)
    }

    /// Adds the keys under which texts like this one meet: one of the hash, and
    /// one of each band of the sketch.
    ///
    /// Two texts of similarity *s* share the key of a band with probability *s*⁸.
    ///
    /// # Source
    /// Bands: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4.
    pub fn keys(&self, out: &mut Vec<u64>) {
        Self::keys_in(&self.to_bytes(), out);
    }

    /// The same, from [`Self::to_bytes`]: a tenth of the time.
    pub fn keys_in(bytes: &[u8], out: &mut Vec<u64>) {
        let (text, filled, dense) = parts(bytes);
        out.push(text.first_chunk().map_or(0, |text| u64::from_be_bytes(*text)));
        if filled.iter().all(|bits| *bits == 0) {
            return;
        }
        let (bands, _) = dense.as_chunks::<BAND_ROWS>();
        out.extend((1_u64..).zip(bands).map(|(band, rows)| mixed(u64::from_be_bytes(*rows) ^ band.wrapping_mul(BASE))));
    }

    /// The sketch with the value of another bin in each empty one, so that two
    /// short texts do not meet because the same bins are empty.
    ///
    /// # Source
    /// Shrivastava (2017), Optimal densification for fast and accurate minwise
    /// hashing, ICML: each empty bin tries bins of its own at random.
    fn dense(&self) -> [u8; BINS] {
        let mut out = self.sketch;
        for (bin, value) in (0_u64..).zip(&mut out).filter(|(_, value)| **value == 0) {
            let mut attempt = 0_u64;
            // Ends: the caller has seen a bin that is not empty.
            while *value == 0 {
                attempt += 1;
                let [other, ..] = mixed((bin << 32) | attempt).to_be_bytes();
                *value = self.sketch.get(usize::from(other)).copied().unwrap_or(1);
            }
        }
        out
    }

    /// Its bytes in a file.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let (text, rest) = out.split_at_mut(self.text.len());
        let (filled, dense) = rest.split_at_mut(BINS / 8);
        text.copy_from_slice(&self.text);
        for (bits, bins) in filled.iter_mut().zip(self.sketch.chunks(8)) {
            *bits = bins.iter().rev().fold(0, |bits, value| (bits << 1) | u8::from(*value != 0));
        }
        if !self.is_short() {
            dense.copy_from_slice(&self.dense());
        }
        out
    }

    /// Back from its bytes; missing ones are 0.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (text, filled, dense) = parts(bytes);
        let mut out = Self { text: [0; 16], sketch: [0; BINS] };
        for (to, from) in out.text.iter_mut().zip(text) {
            *to = *from;
        }
        for ((bins, dense), bits) in out.sketch.chunks_mut(8).zip(dense.chunks(8)).zip(filled) {
            for (bin, (value, from)) in (0_u32..).zip(bins.iter_mut().zip(dense)) {
                *value = from * ((bits >> bin) & 1);
            }
        }
        out
    }
}

/// Hash, bits and filled sketch of the bytes in a file.
fn parts(bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (text, rest) = bytes.split_at_checked(16).unwrap_or((bytes, &[]));
    let (filled, dense) = rest.split_at_checked(BINS / 8).unwrap_or((rest, &[]));
    (text, filled, dense)
}

/// Letters and digits of all scripts. Most of a text are common ideographs, and
/// most of the rest marks, which to look up takes longest.
fn counts(c: char) -> bool {
    match c {
        '\u{4e00}'..='\u{9fff}' => true,
        '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => false,
        c => c.is_alphanumeric(),
    }
}

/// Every bit of the result depends on every bit of the number.
///
/// # Source
/// Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators;
/// the constants are Stafford's variant 13.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn shingles(text: &str) -> BTreeSet<Vec<char>> {
        let bare: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        bare.windows(SHINGLE).map(<[char]>::to_vec).collect()
    }

    fn jaccard(a: &str, b: &str) -> f64 {
        let (a, b) = (shingles(a), shingles(b));
        a.intersection(&b).count() as f64 / a.union(&b).count() as f64
    }

    /// Text at random, the same for the same seed.
    fn text(seed: u64, chars: u64) -> String {
        (0..chars).filter_map(|i| char::from_u32(0x4e00 + u32::try_from(mixed(seed << 32 | i) % 3000).unwrap())).collect()
    }

    proptest! {
        #[test]
        fn the_estimate_is_the_jaccard_index_of_the_shingles(seed in 0_u64..1 << 20, common in 0_u64..2000, own in 20_u64..1000) {
            let shared = text(seed, common);
            let (a, b) = (shared.clone() + &text(seed + (1 << 21), own), shared + &text(seed + (2 << 21), own));
            let exact = jaccard(&a, &b);
            let found = Fingerprint::of(&a).similarity(&Fingerprint::of(&b));
            // Where both are short, only the hash tells.
            if a.chars().count() >= SHINGLE + FEWEST_SHINGLES {
                let error = (exact * (1.0 - exact) / BINS as f64).sqrt();
                prop_assert!((found - exact).abs() < 5.0 * error + 0.02, "{found} for {exact}");
            }
        }

        #[test]
        fn marks_spaces_and_case_change_nothing_and_bytes_come_back(text in "[a-cA-C甲乙丙丁0-9，。 \n]{0,300}") {
            let print = Fingerprint::of(&text);
            let bare: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            if !bare.is_empty() {
                prop_assert_eq!(print, Fingerprint::of(&bare.to_uppercase()));
            }
            prop_assert_eq!(print, Fingerprint::from_bytes(&print.to_bytes()));
        }
    }

    #[test]
    fn letters_and_digits_are_those_of_unicode() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            assert_eq!(counts(c), c.is_alphanumeric() || ('\u{4e00}'..='\u{9fff}').contains(&c), "{c:?}");
        }
    }

    #[test]
    fn the_estimate_has_no_bias_and_the_error_that_is_told() {
        for (common, own) in [(400, 40), (900, 100), (1200, 600), (60, 6)] {
            let (mut sum, mut square) = (0.0, 0.0);
            let rounds = 200;
            for seed in 0..rounds {
                let shared = text(seed, common);
                let (a, b) = (shared.clone() + &text(seed + 1000, own), shared + &text(seed + 2000, own));
                let error = Fingerprint::of(&a).similarity(&Fingerprint::of(&b)) - jaccard(&a, &b);
                sum += error;
                square += error * error;
            }
            let (mean, deviation) = (sum / rounds as f64, (square / rounds as f64).sqrt());
            assert!(mean.abs() < 0.005, "{common} {own}: {mean}");
            assert!(deviation < 0.032, "{common} {own}: {deviation}");
        }
    }

    #[test]
    fn similar_texts_share_a_key_and_others_seldom_do() {
        let share = |own: u64, common: u64| -> usize {
            (0..500)
                .filter(|seed| {
                    let shared = text(*seed, common);
                    let (mut a, mut b) = (Vec::new(), Vec::new());
                    Fingerprint::of(&(shared.clone() + &text(seed + 1000, own))).keys(&mut a);
                    Fingerprint::of(&(shared + &text(seed + 2000, own))).keys(&mut b);
                    a.iter().zip(&b).any(|(a, b)| a == b)
                })
                .count()
        };
        // Similarities of about 0.9, 0.8, 0.5 and 0.2; then 0.9 for texts of 110 characters.
        let found = [share(50, 950), share(111, 889), share(333, 667), share(667, 333), share(6, 104)];
        assert!(found[0] == 500 && found[1] >= 490 && found[2] < 100 && found[3] <= 2 && found[4] >= 498, "{found:?}");
    }

    #[test]
    fn a_short_text_is_told_by_its_hash_and_date_alone() {
        let (a, b, c) = (Fingerprint::of("兴修水利，造福人民。"), Fingerprint::of("兴修水利 造福人民"), Fingerprint::of("兴修水利造福万民"));
        assert_eq!(a, b);
        assert!((a.similarity(&b) - 1.0).abs() < f64::EPSILON && a.similarity(&c) == 0.0);
        let mut keys = Vec::new();
        c.keys(&mut keys);
        assert_eq!(keys.len(), 1);
        assert_ne!(Fingerprint::of("……"), Fingerprint::of("——"));
        assert!(a.on(1, 1).similarity(&b.on(1, 1)) >= 1.0 && a.on(1, 1).similarity(&b.on(2, 2)) == 0.0);
        assert_eq!(Fingerprint::of(&text(1, 100)).on(1, 1), Fingerprint::of(&text(1, 100)));
    }
}
