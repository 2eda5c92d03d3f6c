//! The compiled-in list beside the `psl` crate, which holds the same rules as code: names made of labels that stand in the
//! list's rules, wildcards and exceptions, in both its sections, and of labels that do not.

use proptest::prelude::*;
use session_core::cookies::domain::{CompiledList, PublicSuffix};

/// What the `psl` crate says. Its default rule is that the last label is a suffix.
fn by_code(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == name.as_bytes())
}

/// Labels at the end of names: registries with rules of each kind, and none.
const LAST: &[&str] = &[
    "com",
    "net",
    "org",
    "uk",
    "jp",
    "ck",
    "er",
    "fk",
    "kh",
    "np",
    "bd",
    "mm",
    "pg",
    "br",
    "au",
    "no",
    "us",
    "it",
    "cn",
    "tw",
    "io",
    "dev",
    "app",
    "cloud",
    "me",
    "in",
    "za",
    "pl",
    "ru",
    "ua",
    "aero",
    "museum",
    "arpa",
    "onion",
    "test",
    "xn--p1ai",
    "xn--55qx5d",
    "localhost",
    "zz",
];

/// Labels before them.
const BEFORE: &[&str] = &[
    "a",
    "b",
    "www",
    "co",
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "ac",
    "ltd",
    "sch",
    "city",
    "kawasaki",
    "kobe",
    "nagoya",
    "tokyo",
    "osaka",
    "nom",
    "blog",
    "github",
    "gitlab",
    "herokuapp",
    "blogspot",
    "amazonaws",
    "compute",
    "compute-1",
    "s3",
    "elb",
    "us-east-1",
    "eu-west-1",
    "on-aws",
    "appspot",
    "cloudfront",
    "azure",
    "windows",
    "blob",
    "core",
    "fastly",
    "ssl",
    "global",
    "prod",
    "freetls",
    "k12",
    "ca",
    "pvt",
    "lib",
    "in-addr",
    "ip6",
    "xn--55qx5d",
    "xn--p1ai",
    "dyndns",
    "platform",
    "r",
    "0",
    "stg",
    "dev",
    "compute-api",
    "alces",
    "network",
    "gov-east-1",
];

#[test]
fn a_list_as_data_says_what_the_list_as_code_says() {
    for last in LAST {
        assert_eq!(CompiledList.is_public_suffix(last), by_code(last), "{last}");
        for before in BEFORE {
            let name = format!("{before}.{last}");
            assert_eq!(CompiledList.is_public_suffix(&name), by_code(&name), "{name}");
            for third in BEFORE {
                let name = format!("{third}.{name}");
                assert_eq!(CompiledList.is_public_suffix(&name), by_code(&name), "{name}");
            }
        }
    }
}

/// The list has `*.run.app` and `*.mtls.run.app`. The list as code forgets the first where the second begins.
#[test]
fn a_rule_for_all_names_below_holds_where_a_longer_one_begins() {
    for suffix in ["a.run.app", "mtls.run.app", "a.mtls.run.app", "svc.firenet.ch", "ex.futurecms.at"] {
        assert!(CompiledList.is_public_suffix(suffix), "{suffix}");
    }
    for name in ["run.app", "x.a.run.app", "x.a.mtls.run.app"] {
        assert!(!CompiledList.is_public_suffix(name), "{name}");
    }
}

proptest! {
    #[test]
    fn longer_and_unlisted_names_are_judged_alike(
        above in prop::collection::vec(prop::sample::select(BEFORE), 0..6),
        last in prop_oneof![prop::sample::select(LAST).prop_map(str::to_owned), "[a-z]{2,4}", "[a-z][a-z0-9-]{0,8}"],
    ) {
        let name = above.iter().copied().chain([last.as_str()]).collect::<Vec<_>>().join(".");
        prop_assert_eq!(CompiledList.is_public_suffix(&name), by_code(&name), "{}", name);
    }

    /// No text is too odd: what is no name is no suffix, and nothing panics.
    #[test]
    fn any_text_is_judged(text in ".{0,60}", labels in 0_usize..300) {
        let _: bool = CompiledList.is_public_suffix(&text);
        let long = "a.".repeat(labels) + "com";
        prop_assert_eq!(CompiledList.is_public_suffix(&long), labels == 0);
    }
}
