//! How many retries a session may make in all, so that a server in trouble is not asked more than when it is well.
//!
//! A bucket of tokens: each retry of the policy takes some out, each response that is delivered puts one back. Where it is
//! empty, outcomes are delivered as they are. The silent retry and the one after a 421 are free: each replaces a request
//! that reached nobody.

/// Tokens that one retry takes. The proportion of 5 to 1 lets one in five requests be a retry, at length.
const COST: u32 = 5;

/// The tokens of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    capacity: u32,
    tokens: u32,
}

impl Budget {
    /// A full bucket. With a capacity of 500 a session that gets no answers makes 100 retries.
    #[must_use]
    pub fn full(capacity: u32) -> Self {
        Self { capacity, tokens: capacity }
    }

    /// Takes the tokens of one retry; where there are too few, none are taken and it is not to be made.
    #[must_use]
    pub fn take(&mut self) -> bool {
        let left = self.tokens.checked_sub(COST);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    /// Puts a token back: a response was delivered.
    pub fn refill(&mut self) {
        self.tokens = self.tokens.saturating_add(1).min(self.capacity);
    }

    /// The same bucket with this many tokens left, or full where it holds no more.
    #[must_use]
    pub fn with_tokens(self, tokens: u32) -> Self {
        Self { tokens: tokens.min(self.capacity), ..self }
    }

    /// Tokens that are left.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, COST};

    #[test]
    fn an_empty_bucket_gives_no_retry_until_responses_came() {
        let mut budget = Budget::full(2 * COST + 1);
        assert!(budget.take() && budget.take());
        assert!(!budget.take());
        assert_eq!(budget.tokens(), 1);
        for _ in 1..COST {
            budget.refill();
        }
        assert!(budget.take());
        assert_eq!(budget.tokens(), 0);
    }

    #[test]
    fn a_full_bucket_takes_no_more() {
        let mut budget = Budget::full(7);
        budget.refill();
        assert_eq!(budget.tokens(), 7);
        assert_eq!((budget.with_tokens(3).tokens(), budget.with_tokens(8).tokens()), (3, 7));
    }
}
