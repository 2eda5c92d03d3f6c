//! Every suite passes on every driver of this build, but for the cases that are known to fail.
//!
//! The suites are those of `../shared/suites` beside the project where that folder is there, else the project's copy of them;
//! and the project's own, in `suites/own`.

use session_testkit::suite::run::{DRIVERS, Report, run_file};
use std::path::{Path, PathBuf};

fn suites() -> Vec<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = project.join("../../shared/suites");
    let folder = if shared.is_dir() { shared } else { project.join("suites") };
    [folder, project.join("suites/own")].iter().flat_map(|folder| listed(folder)).collect()
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the suites can be listed")
        .map(|entry| entry.expect("a file of the suites").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(files.len() >= 12, "only {} suites in {}", files.len(), folder.display());
    files
}

#[test]
fn every_suite_passes_but_for_what_is_known_to_fail() {
    let mut report = Report::default();
    for file in suites() {
        run_file(&file, DRIVERS, &mut report);
    }
    assert!(report.failures.is_empty(), "{}\n{}", report.failures.join("\n"), report.summary());
    assert!(report.notes.is_empty(), "{}", report.notes.join("\n"));
    assert!(report.passed > 5500, "only {}", report.summary());
}
