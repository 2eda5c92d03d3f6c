//! What a netrc text gives, one behaviour each.

use super::{Netrc, NetrcProblem, NetrcWarning};
use crate::auth::credentials::Credential;
use crate::message::host::CanonicalHost;
use proptest::prelude::*;

fn parsed(text: &str) -> (Netrc, Vec<(usize, NetrcProblem)>) {
    let (netrc, warnings) = Netrc::parse(text);
    (netrc, warnings.into_iter().map(|warning| (warning.line, warning.problem)).collect())
}

fn clean(text: &str) -> Netrc {
    let (netrc, warnings) = parsed(text);
    assert_eq!(warnings, [], "{text:?}");
    netrc
}

fn plain(credential: Option<&Credential>) -> Option<(String, String)> {
    match credential? {
        Credential::Basic { user, password } => Some((user.clone(), password.expose().clone())),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_gives(netrc: &Netrc, host: &str, expected: Option<(&str, &str)>) {
    let host = CanonicalHost::parse(host).unwrap();
    let expected = expected.map(|(user, password)| (user.to_owned(), password.to_owned()));
    assert_eq!(plain(netrc.lookup(&host)), expected, "{host}");
}

#[test]
fn an_entry_serves_its_host_alone() {
    let netrc = clean("machine a.test\n\tlogin u\n\tpassword p");
    assert_gives(&netrc, "a.test", Some(("u", "p")));
    for other in ["b.test", "sub.a.test", "test", "a.test."] {
        assert_gives(&netrc, other, None);
    }
}

#[test]
fn words_stand_on_one_line_or_many_in_any_order() {
    let netrc = clean(
        "# comment\nmacdef up\nput x\n\nmachine a.test account z\n password p\n login u\n\
         machine b.test login v password w machine c.test user x password y\r\n\
         machine\n# between\nd.test\nlogin\nm\npassword\nn\n",
    );
    assert_gives(&netrc, "a.test", Some(("u", "p")));
    assert_gives(&netrc, "b.test", Some(("v", "w")));
    assert_gives(&netrc, "c.test", Some(("x", "y")));
    assert_gives(&netrc, "d.test", Some(("m", "n")));
}

#[test]
fn hosts_have_one_spelling() {
    let netrc =
        clean("machine A.Test login u password p machine ::1 login v password w machine 127.1 login x password y");
    assert_gives(&netrc, "a.test", Some(("u", "p")));
    assert_gives(&netrc, "[::1]", Some(("v", "w")));
    assert_gives(&netrc, "127.0.0.1", Some(("x", "y")));
}

#[test]
fn a_name_that_is_no_host_is_told() {
    let (netrc, warnings) = parsed("machine a.test:80 login u password p\nmachine b.test login v password w");
    assert_eq!(warnings, [(1, NetrcProblem::InvalidHost)]);
    assert_gives(&netrc, "a.test", None);
    assert_gives(&netrc, "b.test", Some(("v", "w")));
}

#[test]
fn default_serves_hosts_without_an_entry_wherever_it_stands() {
    for text in [
        "machine a.test login u password p\ndefault login any password d\n",
        "default login any password d\nmachine a.test login u password p\n",
    ] {
        let netrc = clean(text);
        assert_gives(&netrc, "a.test", Some(("u", "p")));
        assert_gives(&netrc, "b.test", Some(("any", "d")));
    }
}

/// CVE-2024-11053, CVE-2025-0167, CVE-2026-3783: all or nothing.
#[test]
fn a_partial_entry_gives_nothing_and_borrows_nothing() {
    let text = "machine a.test login u\nmachine b.test password p\nmachine c.test\ndefault login any password d\n\
                machine e.test login v password w";
    let (netrc, warnings) = parsed(text);
    assert_eq!(warnings, [1, 2, 3].map(|line| (line, NetrcProblem::Incomplete)));
    for host in ["a.test", "b.test", "c.test"] {
        assert_gives(&netrc, host, None);
    }
    assert_gives(&netrc, "d.test", Some(("any", "d")));
    for text in ["default\n", "default login u", "default password p\nmachine a.test login u password p"] {
        let (netrc, warnings) = parsed(text);
        assert_eq!(warnings, [(1, NetrcProblem::Incomplete)]);
        assert_gives(&netrc, "b.test", None);
    }
}

#[test]
fn the_first_complete_entry_of_a_host_is_used() {
    let (netrc, warnings) =
        parsed("machine a.test login t\nmachine a.test login u password p\nmachine a.test login v password w");
    assert_eq!(warnings, [(1, NetrcProblem::Incomplete)]);
    assert_gives(&netrc, "a.test", Some(("u", "p")));
}

/// Threat AU-04: a user in the URL picks only its own entry.
#[test]
fn a_user_picks_only_its_own_entry() {
    let netrc =
        clean("machine a.test login u password p\nmachine a.test login v password w\ndefault login any password d");
    let at = |host: &str, user: &str| plain(netrc.lookup_user(&CanonicalHost::parse(host).unwrap(), user));
    assert_eq!(at("a.test", "v"), Some(("v".into(), "w".into())));
    assert_eq!(at("a.test", "u"), Some(("u".into(), "p".into())));
    for stranger in ["V", "any", "", "eve"] {
        assert_eq!(at("a.test", stranger), None, "{stranger:?}");
    }
    assert_eq!(at("b.test", "any"), Some(("any".into(), "d".into())));
    assert_eq!(at("b.test", "u"), None);
}

#[test]
fn a_hash_is_a_comment_between_words_and_part_of_a_value() {
    let netrc = clean(
        "machine a.test # one\n  login u # machine b.test login x password y\n  password #p#q # end\n#machine c.test\n",
    );
    assert_gives(&netrc, "a.test", Some(("u", "#p#q")));
    assert_gives(&netrc, "b.test", None);
    assert_gives(&netrc, "c.test", None);
}

#[test]
fn quotes_hold_blanks_and_escapes() {
    let netrc = clean(r#"machine a.test login "a b" password "x \"y\" \\ #z \q""#);
    assert_gives(&netrc, "a.test", Some(("a b", r#"x "y" \ #z q"#)));
    let netrc = clean(r#"machine a.test login "" password """#);
    assert_gives(&netrc, "a.test", Some(("", "")));
    let netrc = clean(r#"machine a.test login u\x password p"q\"#);
    assert_gives(&netrc, "a.test", Some((r"u\x", r#"p"q\"#)));
}

#[test]
fn a_quote_without_end_spoils_its_entry_alone() {
    for text in [
        "machine a.test login u password \"p\nmachine b.test login v password w",
        "machine a.test login \"u password p\nmachine b.test login v password w",
        "machine a.test login u password p \"\nmachine b.test login v password w",
        "machine a.test login u password \"p\\\nmachine b.test login v password w",
    ] {
        let (netrc, warnings) = parsed(text);
        assert_eq!(warnings, [(1, NetrcProblem::UnfinishedQuote)], "{text:?}");
        assert_gives(&netrc, "a.test", None);
        assert_gives(&netrc, "b.test", Some(("v", "w")));
    }
}

#[test]
fn a_control_character_or_a_colon_in_the_login_cannot_be_sent() {
    for text in [r#"machine a.test login u password "p\r\nx: y""#, "machine a.test login u:v password p"] {
        let (netrc, warnings) = parsed(text);
        assert_eq!(warnings, [(1, NetrcProblem::CannotBeSent)]);
        assert_gives(&netrc, "a.test", None);
    }
}

#[test]
fn a_value_may_be_a_word_of_the_format_on_its_line_but_not_on_the_next() {
    let netrc = clean("machine a.test login login password password\nmachine b.test login u password machine");
    assert_gives(&netrc, "a.test", Some(("login", "password")));
    assert_gives(&netrc, "b.test", Some(("u", "machine")));
    let (netrc, warnings) = parsed("machine a.test login u password\nmachine b.test login v password w");
    assert_eq!(warnings, [(1, NetrcProblem::MissingValue), (1, NetrcProblem::Incomplete)]);
    assert_gives(&netrc, "a.test", None);
    assert_gives(&netrc, "b.test", Some(("v", "w")));
    let netrc = clean("machine a.test login u password\n\"machine\"");
    assert_gives(&netrc, "a.test", Some(("u", "machine")));
}

#[test]
fn values_of_the_next_entry_are_not_borrowed_where_a_value_is_missing_on_the_line() {
    let (netrc, warnings) = parsed("machine a.test login u password machine b.test login v password w");
    assert_eq!(
        warnings,
        [NetrcProblem::UnknownWord, NetrcProblem::Repeated, NetrcProblem::Repeated].map(|problem| (1, problem))
    );
    assert_gives(&netrc, "a.test", None);
}

#[test]
fn a_missing_value_at_the_end_is_told() {
    for (text, line) in [("machine", 1), ("machine a.test login u\npassword", 2), ("default login u\n\npassword\n", 3)]
    {
        let (netrc, warnings) = parsed(text);
        assert!(warnings.contains(&(line, NetrcProblem::MissingValue)), "{text:?} {warnings:?}");
        assert_gives(&netrc, "a.test", None);
    }
}

#[test]
fn an_unknown_or_repeated_word_spoils_the_entry() {
    for (word, problem) in [
        ("port 80", NetrcProblem::UnknownWord),
        ("Login v", NetrcProblem::UnknownWord),
        ("\"login\" v", NetrcProblem::UnknownWord),
        ("login v", NetrcProblem::Repeated),
        ("user v", NetrcProblem::Repeated),
        ("password w", NetrcProblem::Repeated),
    ] {
        let text = format!("machine a.test login u\npassword p\n{word}\nmachine b.test login v password w");
        let (netrc, warnings) = parsed(&text);
        assert!(warnings.iter().all(|warning| *warning == (3, problem)) && !warnings.is_empty(), "{warnings:?}");
        assert_gives(&netrc, "a.test", None);
        assert_gives(&netrc, "b.test", Some(("v", "w")));
    }
}

#[test]
fn a_value_outside_of_an_entry_is_told() {
    let (netrc, warnings) = parsed("login u\npassword p\nhello\nmachine a.test login v password w");
    assert_eq!(
        warnings,
        [(1, NetrcProblem::OutsideEntry), (2, NetrcProblem::OutsideEntry), (3, NetrcProblem::UnknownWord)]
    );
    assert_gives(&netrc, "a.test", Some(("v", "w")));
}

#[test]
fn a_macro_ends_at_a_blank_line_and_ends_the_entry() {
    let netrc = clean(
        "machine a.test login u password p macdef init\nmachine c.test login x password y\n \t\nmachine b.test login v password w",
    );
    assert_gives(&netrc, "a.test", Some(("u", "p")));
    assert_gives(&netrc, "b.test", Some(("v", "w")));
    assert_gives(&netrc, "c.test", None);
    let (netrc, warnings) = parsed("macdef init\nput x\nmachine a.test login u password p");
    assert_eq!(warnings, [(1, NetrcProblem::UnfinishedMacro)]);
    assert_gives(&netrc, "a.test", None);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_word() {
    assert_gives(&clean("\u{feff}machine a.test login u password p"), "a.test", Some(("u", "p")));
    assert!(clean("").is_empty() && clean("\n# nothing\n").is_empty());
}

#[test]
fn nothing_secret_is_shown() {
    let (netrc, warnings) =
        Netrc::parse("machine a.test login keyA password hunter2 hunter3\ndefault login keyB password hunter4");
    let shown = format!("{netrc:?} {warnings:?} {}", warnings.iter().map(NetrcWarning::to_string).collect::<String>());
    assert!(shown.contains("a.test") && shown.contains("default") && shown.contains("line 1"), "{shown}");
    assert!(!shown.contains("hunter") && !shown.contains("key"), "{shown}");
}

proptest! {
    /// No text stops the reader or makes it name a line that is not there; what it gives can be sent.
    #[test]
    fn any_text_is_read_to_its_end(text in "([ \t\r\n\"\\\\#a-c.]|machine|default|login|password|macdef){0,60}") {
        let (netrc, warnings) = Netrc::parse(&text);
        let lines = text.split('\n').count();
        prop_assert!(warnings.iter().all(|warning| (1..=lines).contains(&warning.line)));
        let credential = netrc.lookup(&CanonicalHost::parse("a").unwrap());
        prop_assert!(credential.is_none_or(|credential| credential.authorization().is_ok()));
    }

    #[test]
    fn entries_do_not_mix(logins in prop::collection::vec((any::<bool>(), any::<bool>()), 1..8)) {
        let text: String = logins.iter().enumerate().map(|(n, (login, password))| {
            let login = if *login { format!(" login u{n}") } else { String::new() };
            let password = if *password { format!(" password p{n}") } else { String::new() };
            format!("machine h{n}.test{login}{password}\n")
        }).collect();
        let (netrc, _) = Netrc::parse(&text);
        for (n, (login, password)) in logins.iter().enumerate() {
            let host = CanonicalHost::parse(&format!("h{n}.test")).unwrap();
            let expected = (*login && *password).then(|| (format!("u{n}"), format!("p{n}")));
            prop_assert_eq!(plain(netrc.lookup(&host)), expected);
        }
    }
}
