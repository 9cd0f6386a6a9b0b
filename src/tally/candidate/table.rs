//! Memory of a fixed size for counting: a table from fingerprints to numbers,
//! and a sketch that never counts too little.

/// Marks a free slot; a fingerprint of 0 is kept as 1.
const FREE: u64 = 0;

/// Spreads the bits of a fingerprint (the finalizer of `MurmurHash3`).
const fn mix(fingerprint: u64) -> u64 {
    let mut x = fingerprint;
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

fn slot(fingerprint: u64, mask: usize) -> usize {
    usize::try_from(mix(fingerprint) & mask as u64).unwrap_or(0)
}

/// Fingerprints → numbers, by open addressing with linear probing.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<(u64, u32)>,
    used: usize,
}

impl Table {
    /// Bytes of a slot; at most three quarters of the slots are used.
    pub(super) const SLOT_BYTES: usize = size_of::<(u64, u32)>();

    /// A table that takes `entries` without growing.
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self { slots: vec![(FREE, 0); (entries * 4 / 3 + 1).next_power_of_two().max(16)], used: 0 }
    }

    /// The number of a fingerprint.
    pub(super) fn get(&self, fingerprint: u64) -> Option<u32> {
        let key = fingerprint.max(1);
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = slot(key, mask);
        loop {
            match self.slots.get(at) {
                Some((found, number)) if *found == key => return Some(*number),
                Some((FREE, _)) | None => return None,
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    /// The number of a fingerprint; a new one gets `number`, and the second value is true.
    pub(super) fn get_or_insert(&mut self, fingerprint: u64, number: u32) -> (u32, bool) {
        if self.used * 4 >= self.slots.len() * 3 {
            let old = std::mem::take(self);
            *self = Self::with_capacity(old.used * 2);
            for (key, number) in old.slots.into_iter().filter(|(key, _)| *key != FREE) {
                self.get_or_insert(key, number);
            }
        }
        let key = fingerprint.max(1);
        let mask = self.slots.len().saturating_sub(1);
        let mut at = slot(key, mask);
        loop {
            match self.slots.get_mut(at) {
                Some(free) if free.0 == FREE => {
                    *free = (key, number);
                    self.used += 1;
                    return (number, true);
                }
                Some((found, known)) if *found == key => return (*known, false),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// All fingerprints with their numbers, in no order that means anything.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        self.slots.iter().copied().filter(|(key, _)| *key != FREE)
    }
}

/// Counts by hash in a fixed number of cells: what two fingerprints share is
/// counted for both, so a count is never too small.
///
/// # Source
/// Cormode & Muthukrishnan (2005), An improved data stream summary: the
/// count-min sketch, J. of Algorithms 55(1), 58-75; here with one row.
#[derive(Debug)]
pub(super) struct Sketch {
    cells: Vec<u16>,
}

impl Sketch {
    /// A sketch of at most `bytes`, and more than half of that.
    pub(super) fn new(bytes: usize) -> Self {
        Self { cells: vec![0; 1 << (bytes / size_of::<u16>()).max(2).ilog2()] }
    }

    pub(super) fn clear(&mut self) {
        self.cells.fill(0);
    }

    pub(super) fn add(&mut self, fingerprint: u64) {
        let at = slot(fingerprint ^ 0x9e37_79b9_7f4a_7c15, self.cells.len().saturating_sub(1));
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = cell.saturating_add(1);
        }
    }

    /// Whether the fingerprint may have been added so often.
    pub(super) fn may_reach(&self, fingerprint: u64, count: u32) -> bool {
        let at = slot(fingerprint ^ 0x9e37_79b9_7f4a_7c15, self.cells.len().saturating_sub(1));
        self.cells.get(at).is_none_or(|cell| u32::from(*cell) >= count.min(u32::from(u16::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_table_knows_what_a_map_knows(keys in proptest::collection::vec(0..200_u64, 0..400)) {
            let (mut table, mut map) = (Table::with_capacity(1), BTreeMap::new());
            for key in keys {
                let next = u32::try_from(map.len()).unwrap();
                let known = *map.entry(key.max(1)).or_insert(next);
                prop_assert_eq!(table.get_or_insert(key, next).0, known);
            }
            for key in 0..210 {
                prop_assert_eq!(table.get(key), map.get(&key.max(1)).copied());
            }
            prop_assert_eq!(table.entries().count(), map.len());
        }

        #[test]
        fn a_sketch_never_counts_too_little(keys in proptest::collection::vec(0..100_u64, 0..400)) {
            let (mut sketch, mut map) = (Sketch::new(64), BTreeMap::new());
            for key in keys {
                sketch.add(key);
                *map.entry(key).or_insert(0_u32) += 1;
            }
            for (key, count) in map {
                prop_assert!(sketch.may_reach(key, count));
            }
        }
    }

    #[test]
    fn an_empty_table_knows_nothing() {
        assert_eq!(Table::default().get(7), None);
    }
}
