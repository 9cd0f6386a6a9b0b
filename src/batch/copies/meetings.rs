//! Which keys may be those of several documents, told in fixed memory.

use rayon::prelude::*;

/// Parts of the filter, each of the keys with the same leading bits: they are
/// marked side by side.
pub(super) const REGIONS: usize = 8;

/// Most bits of a region for keys met once: 32 MB of all.
const MOST_BITS: u64 = 1 << 25;

/// Bits for each key that is marked, as long as memory allows. Of the keys that
/// nothing else has, one in so many is then taken for met.
const BITS_A_KEY: u64 = 128;

/// Bits for keys met, for each that is for keys met twice.
const TWICE: u64 = 4;

/// Keys that were marked, and those that were marked twice or more; both with
/// some that only look so.
///
/// # Source
/// Bloom (1970), Space/time trade-offs in hash coding with allowable errors, with
/// one hash; the keys are hashes already.
pub(super) struct Meetings {
    regions: Vec<Region>,
}

struct Region {
    once: Bits,
    twice: Bits,
}

/// Bits, a power of two of them, at least 64.
struct Bits(Vec<u64>);

impl Bits {
    fn new(bits: u64) -> Self {
        Self(vec![0; usize::try_from(bits / 64).unwrap_or_default().max(1)])
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        (usize::try_from(hash >> 6).unwrap_or_default() & (self.0.len() - 1), 1 << (hash & 63))
    }

    fn get(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether it was set before.
    fn set(&mut self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.0.get_mut(word).is_some_and(|word| {
            let was = *word & bit != 0;
            *word |= bit;
            was
        })
    }
}

/// The region of a key.
pub(super) fn region(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - REGIONS.ilog2())).unwrap_or_default()
}

/// Of a key two numbers that have nothing to do with each other, nor with its region.
const fn hashes(key: u64) -> (u64, u64) {
    (key & 0xffff_ffff, key >> 29 & 0xffff_ffff)
}

impl Meetings {
    /// For so many keys that will be marked.
    pub(super) fn of(keys: u64) -> Self {
        let bits = (keys * BITS_A_KEY / REGIONS as u64).next_power_of_two().clamp(1 << 10, MOST_BITS);
        Self { regions: (0..REGIONS).map(|_| Region { once: Bits::new(bits), twice: Bits::new(bits / TWICE) }).collect() }
    }

    /// Marks keys that lie by their region.
    pub(super) fn mark(&mut self, keys: &[[Vec<u64>; REGIONS]]) {
        self.regions.par_iter_mut().enumerate().for_each(|(number, region)| {
            for key in keys.iter().filter_map(|keys| keys.get(number)).flatten() {
                let (a, b) = hashes(*key);
                if region.once.set(a) {
                    region.twice.set(b);
                }
            }
        });
    }

    /// Marks a key that is met and not to be marked itself as met twice.
    pub(super) fn mark_twice(&mut self, key: u64) {
        if let Some(region) = self.regions.get_mut(region(key)) {
            region.twice.set(hashes(key).1);
        }
    }

    /// Whether the key may have been marked.
    pub(super) fn has(&self, key: u64) -> bool {
        self.regions.get(region(key)).is_some_and(|region| region.once.get(hashes(key).0))
    }

    /// Whether the key may have been marked twice.
    pub(super) fn has_twice(&self, key: u64) -> bool {
        self.regions.get(region(key)).is_some_and(|region| region.twice.get(hashes(key).1))
    }
}
