//! Maps and sorting for what is short or seldom. The standard library's trees and sorts are made for much, and each type that they
//! are used with costs a program 10 kB; these cost 1 kB.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

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
        let sorted: BinaryHeap<_> = items.into_iter().map(|(key, item)| Keyed { key, item }).collect();
        let mut all: Vec<_> = sorted.into_sorted_vec().into_iter().map(|keyed| (keyed.key, keyed.item)).collect();
        all.dedup_by(|(key, _), (before, _)| key == before);
        Self(all)
    }
}

/// The items by their keys, the least first, by a heap. No two keys should be equal: which of them is first is not said.
pub(crate) fn sorted_by_key<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let keyed: BinaryHeap<_> = items.into_iter().map(|item| Keyed { key: key(&item), item }).collect();
    keyed.into_sorted_vec().into_iter().map(|keyed| keyed.item).collect()
}

struct Keyed<T, K> {
    key: K,
    item: T,
}

impl<T, K: Ord> Ord for Keyed<T, K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<T, K: Ord> PartialOrd for Keyed<T, K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T, K: Ord> PartialEq for Keyed<T, K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T, K: Ord> Eq for Keyed<T, K> {}

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
