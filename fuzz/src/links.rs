//! The Link field: any lines give links that stand in them, each entry by itself.

use http::HeaderValue;
use session_core::content::link::{Link, Links};
use session_core::limits::Limits;
use url::Url;

/// The lines of a field, one for each line of the input.
pub fn check_links(input: &[u8]) {
    let base = Url::parse("http://a.test/x/y?z#top").expect("a URL of our own");
    let read = |lines: &[HeaderValue], most: usize| {
        let mut limits = Limits::default();
        limits.links = most;
        Links::read(lines, &base, &limits).into_iter().collect::<Vec<Link>>()
    };
    let lines: Vec<_> =
        input.split(|&byte| byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let links = read(&lines, usize::MAX);
    let alone: Vec<_> = lines.iter().flat_map(|line| read(std::slice::from_ref(line), usize::MAX)).collect();
    assert_eq!(links, alone, "each line is read by itself");
    for most in [0, 1, 2] {
        let some = read(&lines, most);
        assert!(some.len() <= most && links.starts_with(&some), "the first are the first");
    }
    for line in &lines {
        let behind = [line.as_bytes(), b", </end>; rel=end"].concat();
        let ahead = [b"</end>; rel=end, ", line.as_bytes()].concat();
        let own = read(std::slice::from_ref(line), usize::MAX);
        let ahead = read(&[HeaderValue::from_bytes(&ahead).expect("a field still")], usize::MAX);
        assert_eq!(ahead[0].url().path(), "/end");
        assert_eq!(ahead[1..], own, "what stands before an entry changes nothing");
        // Behind an open quote or bracket it is a part of what is open.
        let behind = read(&[HeaderValue::from_bytes(&behind).expect("a field still")], usize::MAX);
        assert!(behind.len() + 1 >= own.len());
        let brackets = line.as_bytes().iter().filter(|&&byte| byte == b'<').count();
        assert!(own.len() <= brackets);
    }
    for link in &links {
        assert_eq!(Url::parse(link.url().as_str()).as_ref(), Ok(link.url()), "a URL is one");
        assert!(link.rels().all(|rel| link.has_rel(&rel.to_ascii_uppercase())));
        for (name, value) in link.parameters() {
            assert!(!name.is_empty() && *name == name.to_ascii_lowercase() && !name.contains([';', ',', '=']));
            assert!(link.parameter(name).is_some() && value.len() <= 2 * input.len());
        }
        assert!(link.title().is_some() || link.parameter("title").is_none());
        assert!(link.anchor().is_none() || link.parameter("anchor").is_some());
    }
}

/// Fields as they are sent, as inputs of the target.
pub fn seeds() -> Vec<Vec<u8>> {
    let fields: [&[u8]; 5] = [
        b"<https://a.test/list?page=2>; rel=\"next\", <https://a.test/list?page=9>; rel=\"last\"",
        b"</style.css>; rel=preload; as=style; crossorigin, </>; rel=\"up first\"; anchor=\"#part\"",
        b"<chapter>; rel=prev; title*=UTF-8'de'letztes%20Kapitel; title=\"last, \\\"one\\\"\"",
        b"x, \"<no>\", <http://[/>, <gr\xfcn>; =; ;; rel = next ;",
        b"<a>\n<b>;rel=x\n,,<c>",
    ];
    fields.map(<[u8]>::to_vec).to_vec()
}

#[cfg(test)]
mod tests {
    use super::{check_links, seeds};

    #[test]
    fn whole_cut_and_changed_fields_are_read() {
        for seed in seeds() {
            for end in 0..=seed.len() {
                check_links(&seed[..end]);
                check_links(&seed[end..]);
                for byte in [b'"', b',', b'<', b'\\', b'\n'] {
                    let mut changed = seed.clone();
                    changed.insert(end, byte);
                    check_links(&changed);
                }
            }
        }
    }
}
