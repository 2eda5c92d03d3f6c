use super::{Link, Links};
use crate::limits::Limits;
use http::HeaderValue;
use proptest::prelude::*;
use url::Url;

const BASE: &str = "http://a.test/x/list?page=2#top";

fn links(lines: &[&str]) -> Links {
    let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).unwrap()).collect();
    Links::read(&lines, &Url::parse(BASE).unwrap(), &Limits::default())
}

fn urls(line: &str) -> Vec<String> {
    links(&[line]).into_iter().map(|link| link.url().to_string()).collect()
}

fn only(line: &str) -> Link {
    let links = links(&[line]);
    assert_eq!(links.len(), 1, "{line}: {links:?}");
    links.into_iter().next().unwrap()
}

#[test]
fn the_pages_of_a_list_are_found_by_their_relation() {
    let links = links(&["<?page=3>; rel=\"next\", </x/list?page=1>; rel=prev", "<//b.test/>; rel=\"LAST first\""]);
    let url = |rel: &str| links.rel(rel).map(|link| link.url().as_str());
    assert_eq!(url("next"), Some("http://a.test/x/list?page=3"));
    assert_eq!(url("Prev"), Some("http://a.test/x/list?page=1"));
    assert_eq!((url("first"), url("last")), (Some("http://b.test/"), Some("http://b.test/")));
    assert_eq!(url("up"), None);
    assert_eq!(links.iter().last().unwrap().rels().collect::<Vec<_>>(), ["LAST", "first"]);
    assert_eq!((&links).into_iter().count(), 3);
}

#[test]
fn commas_and_semicolons_in_targets_and_quotes_split_nothing() {
    let link = only("<http://b.test/a,b;c>; title=\"one, \\\"two\\\"; <x>; rel=no\"; rel=next");
    assert_eq!(link.url().as_str(), "http://b.test/a,b;c");
    assert_eq!(link.title().unwrap(), "one, \"two\"; <x>; rel=no");
    assert!(link.has_rel("next") && !link.has_rel("no"));
}

#[test]
fn targets_are_resolved_against_the_response() {
    assert_eq!(urls("<>"), ["http://a.test/x/list?page=2"]);
    assert_eq!(
        urls("<#z>, <../y>, <y>, < /y >"),
        ["http://a.test/x/list?page=2#z", "http://a.test/y", "http://a.test/x/y", "http://a.test/y"]
    );
    assert_eq!(urls("<https://B.test:443/\u{fc}>"), ["https://b.test/%C3%BC"]);
}

#[test]
fn bytes_that_are_no_utf8_are_latin1() {
    let line = HeaderValue::from_bytes(b"</x>; title=gr\xfcn; rel=next").unwrap();
    let links = Links::read([&line], &Url::parse(BASE).unwrap(), &Limits::default());
    assert_eq!(links.rel("next").unwrap().title().unwrap(), "gr\u{fc}n");
}

#[test]
fn what_makes_no_link_is_passed_over() {
    for line in [
        "x; rel=next, </y>; rel=up",
        "\"<a>, <b>\"; rel=next, </y>; rel=up",
        "<http://[/>; rel=next, </y>; rel=up",
        "</x>; rel=next; anchor=\"http://[/\", </y>; rel=up",
        ",, ,\t</y>;rel=up,",
        "</y> x \"; rel=next, <a>\" , ; rel=no",
    ] {
        assert_eq!(urls(line), ["http://a.test/y"], "{line}");
    }
    for line in ["", ",", ";", "<", "<x", "x", "\"", "rel=next", "\"<a>"] {
        assert!(urls(line).is_empty(), "{line}");
    }
}

#[test]
fn parameters_are_read_in_every_spelling() {
    for line in [
        "<x>;REL=next",
        "<x> ;\trel = \"next\" ",
        "<x>;;; rel=next;rel=prev",
        "<x>; =y; rel=\"ne\\xt",
        "<x>; rel=next;",
    ] {
        let link = only(line);
        assert_eq!(link.rels().collect::<Vec<_>>(), ["next"], "{line}");
    }
    let link = only("<x>; crossorigin; as=style ; type=\"text/css\"");
    let parameters: Vec<_> = link.parameters().collect();
    assert_eq!(parameters, [("crossorigin", ""), ("as", "style"), ("type", "text/css")]);
    assert_eq!((link.parameter("type"), link.parameter("rel")), (Some("text/css"), None));
    assert_eq!(link.rels().count(), 0);
}

#[test]
fn a_link_between_others_is_no_link_of_the_response() {
    let links =
        links(&["</a>; rel=next; anchor=\"/other\", </b>; rel=next; anchor=\"#part\", </c>; rel=next; anchor=\"\""]);
    assert_eq!(links.rel("next").unwrap().url().path(), "/c");
    let anchors: Vec<_> = links.iter().map(|link| link.anchor().map(Url::as_str)).collect();
    assert_eq!(anchors, [Some("http://a.test/other"), Some("http://a.test/x/list?page=2#part"), None]);
}

/// RFC 8187 3.2.3, and values that it makes unreadable.
#[test]
fn the_extended_title_goes_before_the_plain_one_where_it_can_be_read() {
    let title = |parameters: &str| only(&format!("<x>; title=plain; {parameters}")).title().unwrap().into_owned();
    assert_eq!(title("title*=UTF-8'de'n%c3%a4chstes%20Kapitel"), "n\u{e4}chstes Kapitel");
    assert_eq!(title("title*=iso-8859-1'en'%A3%20rates"), "\u{a3} rates");
    for unreadable in ["title*=koi8-r''%C4", "title*=UTF-8''%ff", "title*=plain", "title*=UTF-8'x", "title*"] {
        assert_eq!(title(unreadable), "plain", "{unreadable}");
    }
    assert_eq!(only("<x>").title(), None);
}

#[test]
fn as_many_entries_are_read_as_the_limit_says_over_all_lines() {
    let lines = ["<1>, <http://[/>", "<3>, <4>"].map(HeaderValue::from_static);
    let read = |most| {
        let limits = Limits { links: most, ..Limits::default() };
        Links::read(&lines, &Url::parse(BASE).unwrap(), &limits).len()
    };
    assert_eq!([0, 1, 2, 3, 4, 5].map(read), [0, 1, 1, 2, 3, 3]);
}

proptest! {
    #[test]
    fn any_bytes_give_at_most_a_link_for_each_bracket(field in prop::collection::vec(32..=255_u8, 0..80)) {
        let field: Vec<u8> = field.into_iter().map(|byte| if byte == 127 { b'<' } else { byte }).collect();
        let line = HeaderValue::from_bytes(&field).unwrap();
        let links = Links::read([&line], &Url::parse(BASE).unwrap(), &Limits::default());
        prop_assert!(links.len() <= field.iter().filter(|byte| **byte == b'<').count());
    }

    #[test]
    fn what_is_quoted_comes_back(title in "[ -~]{0,20}", rest in "[ -~&&[^<]]{0,20}") {
        let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
        let links = links(&[&format!("</x>; title=\"{quoted}\"; rel=next, {rest}")]);
        prop_assert_eq!(links.rel("next").unwrap().title().unwrap(), title);
        prop_assert_eq!(links.len(), 1);
    }
}
