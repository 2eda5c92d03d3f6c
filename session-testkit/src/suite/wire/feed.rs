//! The ways in which the bytes of a case are cut into pieces.

/// Inputs above this length are split at sampled points only.
const SPLIT_EVERYWHERE: usize = 4096;
/// How many points are sampled, spread evenly, and how many at both ends besides.
const SAMPLED: usize = 48;
const SAMPLED_AT_ENDS: usize = 16;

/// What follows a message in the feeding with trailing garbage. It starts with a byte that starts no line of HTTP.
pub const GARBAGE: &[u8] = b"\0garbage\r\n\r\n";

/// Where an input is split in two.
#[must_use]
pub fn split_points(length: usize) -> Vec<usize> {
    if length <= SPLIT_EVERYWHERE {
        return (1..length).collect();
    }
    let evenly = (1..=SAMPLED).map(|index| length / (SAMPLED + 1) * index);
    let at_ends = (1..=SAMPLED_AT_ENDS).flat_map(|near| [near, length - near]);
    let mut points: Vec<usize> = evenly.chain(at_ends).collect();
    points.sort_unstable();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::split_points;

    #[test]
    fn short_inputs_are_split_everywhere_and_long_ones_at_samples() {
        assert_eq!(split_points(4), [1, 2, 3]);
        assert_eq!(split_points(1), Vec::<usize>::new());
        assert_eq!(split_points(0), Vec::<usize>::new());
        assert_eq!(split_points(4096).len(), 4095);
        let sampled = split_points(100_000);
        assert!(sampled.len() > 60 && sampled.contains(&1) && sampled.contains(&99_999), "{sampled:?}");
        assert!(sampled.iter().all(|&point| 0 < point && point < 100_000));
    }
}
