//! What carries a setting out, where the setting brings it along as functions: from where its value is made, so that a program that
//! makes none has no code for it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Functions that come with a value. They are no part of what it says: any two are equal.
#[derive(Clone, Copy)]
pub(crate) struct Means<F>(pub(crate) F);

impl<F> fmt::Debug for Means<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl<F> PartialEq for Means<F> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<F> Eq for Means<F> {}

impl<F> PartialOrd for Means<F> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<F> Ord for Means<F> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl<F> Hash for Means<F> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::Means;
    use std::collections::BTreeSet;

    #[test]
    fn two_values_that_differ_in_their_means_alone_are_equal() {
        let one: fn(u8) -> u8 = |x| x;
        let other: fn(u8) -> u8 = |x| !x;
        assert_ne!(one(0), other(0));
        assert_eq!((1, Means(one)), (1, Means(other)));
        assert_ne!((1, Means(one)), (2, Means(one)));
        assert_eq!([Means(one), Means(other)].into_iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(format!("{:?}", Means(one)), "..");
    }
}
