//! Maps and sorting for what is short or seldom. The standard library's trees and sorts are made for much, and each type that they
//! are used with costs a program 10 kB; these cost 1 kB.

use std::borrow::Borrow;

/// Values by key, in the order of the keys, in a vector. A look-up goes by halves; putting in and taking out move what lies
/// behind, so it is for what never holds more than some thousand entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ordered<K, V>(Vec<(K, V)>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Ordered<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of a key, or the one that it would have.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(held, _)| held.borrow().cmp(key))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// What has this key or a greater one.
    pub(crate) fn from<Q: Ord + ?Sized>(&self, key: &Q) -> impl Iterator<Item = (&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (Ok(first) | Err(first)) = self.find(key);
        self.iter().skip(first)
    }

    /// Puts a value in, in the place of the one that the key had.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => {
                if let Some((_, held)) = self.0.get_mut(at) {
                    *held = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// The greatest key.
    #[cfg(feature = "serde")]
    pub(crate) fn last_key(&self) -> Option<&K> {
        self.0.last().map(|(key, _)| key)
    }

    /// Takes the least key out, with its value.
    pub(crate) fn remove_first(&mut self) -> Option<(K, V)> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&V) -> bool) {
        self.0.retain(|(_, value)| keeps(value));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Ordered<K, V> {
    /// Of two values of one key either may stay.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut all = sorted(items.into_iter().collect(), |(key, _), (other, _)| key < other);
        all.dedup_by(|(key, _), (before, _)| key == before);
        Self(all)
    }
}

/// The items by their keys, the least first, by a heap. No two keys should be equal: which of them is first is not said.
pub(crate) fn sorted_by_key<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    sorted(items.into_iter().collect(), |a, b| key(a) < key(b))
}

fn sorted<T>(items: Vec<T>, is_less: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut list = List { items, is_less };
    heap_sort(&mut list);
    list.items
}

/// Sorts in place. What compares and moves the items is behind a pointer, so that this is there once for all types.
fn heap_sort(list: &mut dyn Sortable) {
    let count = list.count();
    for at in (0..count / 2).rev() {
        sink(list, at, count);
    }
    for last in (1..count).rev() {
        list.swap(0, last);
        sink(list, 0, last);
    }
}

/// Lets an item sink to where none below it, of those before `end`, is greater.
fn sink(list: &mut dyn Sortable, mut at: usize, end: usize) {
    loop {
        let left = at.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let below = if right < end && list.is_less(left, right) { right } else { left };
        if below >= end || !list.is_less(at, below) {
            return;
        }
        list.swap(at, below);
        at = below;
    }
}

trait Sortable {
    fn count(&self) -> usize;
    fn is_less(&self, a: usize, b: usize) -> bool;
    fn swap(&mut self, a: usize, b: usize);
}

struct List<T, F> {
    items: Vec<T>,
    is_less: F,
}

impl<T, F: Fn(&T, &T) -> bool> Sortable for List<T, F> {
    fn count(&self) -> usize {
        self.items.len()
    }

    fn is_less(&self, a: usize, b: usize) -> bool {
        self.items.get(a).zip(self.items.get(b)).is_some_and(|(a, b)| (self.is_less)(a, b))
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::{Ordered, sorted_by_key};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_holds_what_a_tree_holds(changes in prop::collection::vec((0_u8..24, prop::option::of(any::<u16>())), 0..200)) {
            let (mut ordered, mut tree) = (Ordered::new(), BTreeMap::new());
            for (key, change) in changes {
                match change {
                    Some(value) => {
                        ordered.insert(key, value);
                        tree.insert(key, value);
                    }
                    None => prop_assert_eq!(ordered.remove(&key), tree.remove(&key)),
                }
                prop_assert_eq!(ordered.get(&key), tree.get(&key));
                prop_assert_eq!(ordered.get_mut(&key), tree.get_mut(&key));
                prop_assert_eq!(ordered.len(), tree.len());
                prop_assert!(ordered.iter().eq(&tree));
            }
            ordered.retain(|value| value % 2 == 0);
            tree.retain(|_, value| *value % 2 == 0);
            prop_assert!(ordered.values().eq(tree.values()));
            prop_assert!(ordered.values_mut().eq(tree.values_mut()));
            prop_assert!(ordered.clone().into_values().eq(tree.clone().into_values()));
            prop_assert_eq!(ordered.remove_first(), tree.pop_first());
            ordered.clear();
            prop_assert_eq!(ordered.len(), 0);
            prop_assert_eq!(ordered.remove_first(), None);
        }

        #[test]
        fn items_are_sorted_by_their_keys(mut items in prop::collection::hash_set(any::<u16>(), 0..100)
            .prop_map(|items| items.into_iter().collect::<Vec<_>>()))
        {
            let sorted = sorted_by_key(items.clone(), |item| std::cmp::Reverse(*item));
            items.sort_unstable();
            items.reverse();
            prop_assert_eq!(sorted, items);
        }
    }
}
