//! Numbers for things that are many times the same.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Things by number, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<T> {
    known: BTreeMap<T, u32>,
    pub things: Vec<T>,
    /// Number of the last one: neighbours are often the same.
    last: u32,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), things: Vec::new(), last: 0 }
    }
}

impl<T: Clone + Ord> Numbers<T> {
    /// The number of a thing, if it has one.
    pub(crate) fn find<Q: Ord + ?Sized>(&mut self, thing: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        if self.things.get(self.last as usize).map(T::borrow) != Some(thing) {
            self.last = *self.known.get(thing)?;
        }
        Some(self.last)
    }

    /// The number of a thing: the next one, if it is new.
    pub(crate) fn of(&mut self, thing: &T) -> u32 {
        self.find(thing).unwrap_or_else(|| {
            self.last = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
            self.known.insert(thing.clone(), self.last);
            self.things.push(thing.clone());
            self.last
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_one_number_in_the_order_in_which_they_came() {
        let mut numbers: Numbers<&str> = Numbers::default();
        assert_eq!(["b", "a", "b", "b", "c"].map(|thing| numbers.of(&thing)), [0, 1, 0, 0, 2]);
        assert_eq!(numbers.things, ["b", "a", "c"]);
        assert_eq!((numbers.find("a"), numbers.find("d"), numbers.find("c")), (Some(1), None, Some(2)));
    }
}
