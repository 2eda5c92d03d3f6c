//! The workloads: each sets up a jar and then does one operation as often as it is told.

use session_core::cookies::{Decision, Jar, cookie_field};
use session_core::limits::Limits;
use session_core::message::target::Target;
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::mem::forget;
use std::time::{Duration, SystemTime};
use url::Url;

/// Set-Cookie lines of 100 bytes with 6 attributes.
const MAX_AGE: &str =
    "NAM=0123456789abcdef; Max-Age=8640000; Domain=HOSTNAM.com; Path=/; Secure; HttpOnly; SameSite=Strict";
const EXPIRES: &str =
    "aa=1; Expires=Sun, 06 Dec 2026 08:49:37 GMT; Domain=abcd.com; Path=/; Secure; HttpOnly; SameSite=Lax";

/// One thing that is measured.
pub struct Work {
    pub name: &'static str,
    pub what: &'static str,
    /// The smaller number of operations.
    pub operations: u32,
    /// How many instructions one operation may take; `None` where the figure stands for comparison only.
    pub target: Option<u64>,
    run: fn(u32),
}

#[rustfmt::skip]
pub const WORK: &[Work] = &[
    Work { name: "match-10", what: "select, 10 cookies on 10 sites, 1 matches", operations: 1000, target: Some(3000), run: |n| select(10, 10, "https://www.aaa0000.com/x", n) },
    Work { name: "miss-10", what: "select, 10 cookies on 10 sites, none matches", operations: 1000, target: Some(500), run: |n| select(10, 10, "https://www.nowhere.com/x", n) },
    Work { name: "match-1k", what: "select, 1,000 cookies on 100 sites, 10 match", operations: 1000, target: Some(3000), run: |n| select(1000, 100, "https://www.aaa0000.com/x", n) },
    Work { name: "miss-1k", what: "select, 1,000 cookies on 100 sites, none matches", operations: 1000, target: Some(500), run: |n| select(1000, 100, "https://www.nowhere.com/x", n) },
    Work { name: "match-100k", what: "select, 100,000 cookies on 10,000 sites, 10 match", operations: 1000, target: Some(3000), run: |n| select(100_000, 10_000, "https://www.aaa0000.com/x", n) },
    Work { name: "miss-100k", what: "select, 100,000 cookies on 10,000 sites, none matches", operations: 1000, target: Some(500), run: |n| select(100_000, 10_000, "https://www.nowhere.com/x", n) },
    Work { name: "field-100k", what: "the same with the Cookie field written, 10 match", operations: 1000, target: None, run: |n| field(100_000, 10_000, n) },
    Work { name: "replace", what: "store 100 bytes, 6 attributes: a known cookie", operations: 1000, target: Some(4000), run: |n| replace(&max_age("aaa", "aaa0000"), n) },
    Work { name: "replace-date", what: "the same with Expires", operations: 1000, target: Some(4000), run: |n| replace(EXPIRES, n) },
    Work { name: "add", what: "the same line: a new cookie of a known site", operations: 5000, target: Some(4000), run: |n| store(n, 100_000, 20) },
    Work { name: "add-site", what: "the same line: a new site, few held", operations: 3000, target: Some(4000), run: |n| store(n, 100_000, 1) },
    Work { name: "add-site-100k", what: "the same line: a new site, 100,000 cookies on 10,000 sites held", operations: 1000, target: Some(4000), run: |n| store_beside(n, "https") },
    Work { name: "add-clear-100k", what: "a line without Secure over clear text, the same jar", operations: 1000, target: None, run: |n| store_beside(n, "http") },
    Work { name: "evict", what: "store into a full jar of 3,000: one goes for each", operations: 5000, target: None, run: |n| store(n.saturating_add(3000), 3000, 1) },
    Work { name: "expire", what: "one of 3,000 cookies expires, select after it", operations: 1000, target: None, run: expire },
];

/// Hostile lines: what one line costs at 4 KiB and at 64 KiB, and what ten thousand of them leave the next one to cost.
#[rustfmt::skip]
pub const HOSTILE: &[(&str, &str, fn() -> Vec<u8>)] = &[
    ("semicolons", "only `;`", || repeated(";")),
    ("equals", "only `=`", || repeated("=")),
    ("blanks", "only blanks", || repeated(" \t")),
    ("backslashes", "only `\\`", || repeated("\\")),
    ("quotes", "only `\"`", || repeated("\"")),
    ("attributes", "only attributes", || repeated("; Path=/; Domain=a.com; Max-Age=1")),
    ("dates", "only Expires", || repeated("; Expires=1 1 1 1 1 1 1 1 1 1 1 1 1 1")),
    ("date", "one long date", || [b"aa=1; Expires=".as_slice(), "t ".repeat(500).as_bytes()].concat()),
    ("age", "one long Max-Age", || [b"a=1; Max-Age=".as_slice(), "9".repeat(1000).as_bytes()].concat()),
    ("labels", "a Domain of many labels", || [b"a=1; Domain=".as_slice(), "a.".repeat(500).as_bytes(), b"com"].concat()),
    ("value", "name and value at their bound", || [b"a=".as_slice(), "v".repeat(4095).as_bytes()].concat()),
];

/// Runs a workload by its name, as often as `operations` says.
pub fn run(name: &str, operations: &str) -> Result<(), Box<dyn Error>> {
    let operations = operations.parse()?;
    if let Some(work) = WORK.iter().find(|work| work.name == name) {
        (work.run)(operations);
        return Ok(());
    }
    if let Some((_, _, line)) = HOSTILE.iter().find(|(hostile, ..)| *hostile == name) {
        hostile(&line(), operations);
        return Ok(());
    }
    match name {
        "held-1" => held(operations, 1),
        "held-10" => held(operations, 10),
        "names-1" => same_site(operations),
        "sites-1" => many_sites(operations),
        _ => return Err(format!("no workload {name}").into()),
    }
    Ok(())
}

pub fn max_age(name: &str, site: &str) -> String {
    MAX_AGE.replace("NAM=", &format!("{name}=")).replace("HOSTNAM", site)
}

fn target(url: &str) -> Target {
    Target::new(Url::parse(url).expect("a URL of this file")).expect("it can be asked").0
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn roomy(total: usize) -> Jar {
    let mut limits = Limits::default();
    limits.cookies_total = total;
    Jar::new().with_limits(&limits)
}

/// Three letters that name the nth thing.
fn letters(number: usize) -> String {
    let letter = |place: usize| char::from(b'a' + u8::try_from(number / place % 26).unwrap_or(0));
    [letter(676), letter(26), letter(1)].iter().collect()
}

/// The nth site, seven letters and digits.
pub fn site(number: usize) -> String {
    format!("{}{:04}", letters(number / 10_000), number % 10_000)
}

/// A jar of so many cookies, spread over so many sites.
pub fn filled(cookies: usize, sites: usize) -> Jar {
    let mut jar = roomy(cookies.max(3000).saturating_mul(2));
    for number in 0..cookies {
        let site = site(number % sites);
        let at = target(&format!("https://www.{site}.com/"));
        let decision = jar.accept(&at, max_age(&letters(number / sites), &site).as_bytes(), now());
        assert!(matches!(decision, Decision::Stored(_)), "{decision}");
    }
    jar
}

fn select(cookies: usize, sites: usize, url: &str, operations: u32) {
    let mut jar = filled(cookies, sites);
    let at = target(url);
    for _ in 0..operations {
        black_box(black_box(&mut jar).select(&at, now()));
    }
}

fn field(cookies: usize, sites: usize, operations: u32) {
    let mut jar = filled(cookies, sites);
    let at = target("https://www.aaa0000.com/x");
    for _ in 0..operations {
        black_box(cookie_field(&black_box(&mut jar).select(&at, now())));
    }
}

fn replace(line: &str, operations: u32) {
    let mut jar = roomy(3000);
    let hosts = ["https://www.aaa0000.com/", "https://www.abcd.com/"];
    let targets = hosts.map(target);
    let at = if line == EXPIRES { &targets[1] } else { &targets[0] };
    for _ in 0..operations {
        black_box(black_box(&mut jar).accept(at, line.as_bytes(), now()));
    }
    assert_eq!(jar.len(), 1);
}

/// New cookies, so many for each site, into a jar of this size.
fn store(operations: u32, total: usize, per_site: usize) {
    let mut jar = roomy(total);
    let lines = lines(operations as usize, per_site, "https");
    for (at, line) in &lines {
        black_box(black_box(&mut jar).accept(at, line, now()));
    }
    assert_eq!(jar.len(), lines.len().min(total));
    forget(jar);
}

fn store_beside(operations: u32, scheme: &str) {
    let mut jar = filled(100_000, 10_000);
    // As many as the larger run needs, so that both make the same ones.
    for (at, line) in lines(2000, 1, scheme).iter().take(operations as usize) {
        let decision = black_box(&mut jar).accept(at, line, now());
        assert!(matches!(decision, Decision::Stored(_)), "{decision}");
    }
    // To free what was stored is no part of storing it.
    forget(jar);
}

/// Targets and lines for sites that no jar of this file holds. Always 10,000 of them: to make them costs the same
/// whatever is done with them.
fn lines(count: usize, per_site: usize, scheme: &str) -> Vec<(Target, Vec<u8>)> {
    let mut lines = Vec::new();
    for number in 0..13_000 {
        let site = site(20_000 + number / per_site);
        let mut line = max_age(&letters(number % per_site), &site);
        if scheme == "http" {
            line = line.replace("Secure; ", "");
        }
        lines.push((target(&format!("{scheme}://www.{site}.com/")), line.into_bytes()));
    }
    lines.truncate(count);
    lines
}

/// Leaves so many cookies behind, for valgrind to count what they hold.
fn held(operations: u32, per_site: usize) {
    let cookies = operations as usize;
    // The limits are no part of what a cookie weighs.
    forget(filled(cookies, cookies / per_site));
}

fn expire(operations: u32) {
    let mut jar = roomy(5000);
    for number in 0..3000_usize {
        let site = site(number / 30);
        let line = format!("{}=1; Max-Age={}", letters(number), number + 1);
        jar.accept(&target(&format!("https://{site}.com/")), line.as_bytes(), now());
    }
    let at = target("https://www.nowhere.com/");
    for second in 1..=operations {
        black_box(jar.select(&at, now() + Duration::from_secs(second.into())));
    }
}

fn repeated(pattern: &str) -> Vec<u8> {
    "a=1".bytes().chain(pattern.bytes().cycle()).take(4096).collect()
}

fn hostile(line: &[u8], operations: u32) {
    let mut jar = Jar::new();
    let at = target("https://www.abcd.com/");
    for _ in 0..operations {
        black_box(black_box(&mut jar).accept(&at, black_box(line), now()));
    }
}

/// Long names that differ in their last letters only, all of one site.
fn same_site(operations: u32) {
    let mut jar = Jar::new();
    let at = target("https://www.abcd.com/");
    let mut line = String::new();
    for number in 0..operations {
        line.clear();
        let _ = write!(line, "{}{number:06}=1; Path=/", "n".repeat(1000));
        black_box(black_box(&mut jar).accept(&at, line.as_bytes(), now()));
    }
}

/// A new host for each cookie, all below one domain, all without Secure and over clear text.
fn many_sites(operations: u32) {
    let mut jar = Jar::new();
    for number in 0..operations {
        let at = target(&format!("http://h{number}.abcd.com/"));
        black_box(black_box(&mut jar).accept(&at, b"a=1", now()));
    }
}
