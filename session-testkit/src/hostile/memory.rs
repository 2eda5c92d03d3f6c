//! How much memory the process takes, for rows that are played in one of their own.

use crate::hostile::stage::holds;

/// What a row may take that bounds nothing larger itself: buffers, threads, and what the allocator keeps for each of them.
pub const LITTLE: u64 = 8 << 20;

/// What the process had taken at most, when it was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Peak(Option<u64>);

impl Peak {
    /// Now. Where the system does not tell, nothing is measured.
    #[must_use]
    pub fn now() -> Self {
        Self(std::fs::read_to_string("/proc/self/status").ok().and_then(|status| peak(&status)))
    }

    /// Expects the process to have grown by less than this many bytes since then.
    ///
    /// # Errors
    /// It grew by more.
    pub fn grew_less_than(self, most: u64) -> Result<(), String> {
        let (Some(before), Some(after)) = (self.0, Self::now().0) else { return Ok(()) };
        let grew = after.saturating_sub(before);
        holds(grew < most, || format!("the process grew by {grew} bytes, expected less than {most}"))
    }
}

/// The most that was resident, in bytes.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{Peak, peak};

    #[test]
    fn what_is_touched_is_measured() {
        assert_eq!(peak("VmPeak:\t 1 kB\nVmHWM:\t    1692 kB\n"), Some(1692 * 1024));
        assert_eq!((peak("VmPeak:\t 1 kB\n"), peak("VmHWM: many kB")), (None, None));
        let before = Peak::now();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        let grew = before.grew_less_than(16 << 20);
        assert_eq!(grew.is_err(), cfg!(target_os = "linux"), "{grew:?} after {} bytes", touched.len());
    }
}
