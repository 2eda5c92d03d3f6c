//! A waterfall as a page of its own: no script, nothing to be loaded, and whatever peers wrote is escaped. Details open by a click,
//! which needs no script either.

use super::scale::{mark, marks, share, told};
use super::{Exchange, Hop, Lead, Part, Waterfall};
use crate::time::timings::Stage;
use std::fmt::{self, Write as _};
use std::time::Duration;
use url::Position;

const STYLE: &str = include_str!("page.css");

/// The marks of the axis besides 0.
const MARKS: u32 = 6;

pub(super) fn write(waterfall: &Waterfall, title: &str) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = page_into(&mut page, waterfall, title);
    page
}

/// A text as it stands between tags and in quoted attributes. Controls, and what changes the direction of text, are shown as
/// code points: a page must not look like what it is not.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_str("\n")?,
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                    write!(f, "\\u{{{:x}}}", u32::from(c))?;
                }
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn page_into(page: &mut String, waterfall: &Waterfall, title: &str) -> fmt::Result {
    let (placed, span) = (waterfall.placed(), waterfall.span());
    let title = Escaped(title);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n"
    )?;
    numbers(page, &placed, span)?;
    legend(page, &placed)?;
    page.push_str("</header>\n");
    if placed.is_empty() {
        page.push_str("<p class=\"none\">No exchange was recorded.</p>\n");
    } else {
        chart(page, &placed, span)?;
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// How many there are, and how long they took.
fn numbers(page: &mut String, placed: &[(Duration, &Exchange)], span: Duration) -> fmt::Result {
    let hops = || placed.iter().flat_map(|(_, exchange)| &exchange.hops);
    let failed = hops().filter(|hop| hop.status.is_none()).count();
    let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let mut told_ones = vec![counted(placed.len(), "exchange"), counted(hops().count(), "hop"), told(span)];
    if failed > 0 {
        told_ones.push(format!("{failed} without an answer"));
    }
    writeln!(page, "<p class=\"numbers\">{}</p>", told_ones.join(" <i>&middot;</i> "))
}

const PARTS: [(Part, &str, &str); 9] = [
    (Part::Stage(Stage::Queue), "queue", "Waiting for a free connection"),
    (Part::Stage(Stage::Resolve), "resolve", "Resolving"),
    (Part::Stage(Stage::Connect), "connect", "Connecting"),
    (Part::Stage(Stage::Tls), "tls", "TLS"),
    (Part::Stage(Stage::Send), "send", "Sending"),
    (Part::Stage(Stage::Wait), "wait", "Waiting"),
    (Part::Stage(Stage::Head), "head", "Head"),
    (Part::Stage(Stage::Body), "body", "Body"),
    (Part::Broken, "broken", "Failed"),
];

/// The class and the name of a part.
fn named(part: Part) -> (&'static str, &'static str) {
    let found = PARTS.iter().find(|(known, ..)| *known == part);
    found.map_or(("broken", "Failed"), |(_, class, name)| (class, name))
}

fn legend(page: &mut String, placed: &[(Duration, &Exchange)]) -> fmt::Result {
    let is_in = |part: Part| {
        let mut hops = placed.iter().flat_map(|(_, exchange)| &exchange.hops);
        hops.any(|hop| hop.parts().iter().any(|(found, ..)| *found == part))
    };
    page.push_str("<ul class=\"legend\">\n");
    for (_, class, name) in PARTS.iter().filter(|(part, ..)| is_in(*part)) {
        writeln!(page, "<li><b class=\"{class}\"></b>{name}</li>")?;
    }
    page.push_str("</ul>\n");
    Ok(())
}

fn chart(page: &mut String, placed: &[(Duration, &Exchange)], span: Duration) -> fmt::Result {
    page.push_str("<section class=\"chart\">\n<div class=\"axis\"><span></span><span></span><div class=\"line\">");
    let marks = marks(span, MARKS);
    for time in &marks {
        let at = percent(*time, span);
        let side = if at > 98.0 { " class=\"late\"" } else { "" };
        write!(page, "<span{side} style=\"left:{at:.3}%\">{}</span>", mark(*time))?;
    }
    page.push_str("</div></div>\n");
    let grid: String =
        marks.iter().map(|time| format!("<i style=\"left:{:.3}%\"></i>", percent(*time, span))).collect();
    for (index, (start, exchange)) in placed.iter().enumerate() {
        page.push_str("<div class=\"exchange\">\n");
        let (mut last, mut ended) = (None, Duration::ZERO);
        for hop in &exchange.hops {
            let same = last.replace(hop.url.origin()).is_some_and(|last| last == hop.url.origin());
            let number = if hop.lead == Lead::Asked { index.saturating_add(1).to_string() } else { String::new() };
            write!(page, "<details>\n<summary><span class=\"what\"><em>{number}</em>")?;
            label(page, hop, same)?;
            write!(page, "</span><span class=\"took\">{}</span><div class=\"line\">{grid}", told(hop.took()))?;
            let (from, to) = (start.saturating_add(ended), start.saturating_add(hop.timings.started()));
            if to.saturating_sub(from) > span.checked_div(200).unwrap_or_default() {
                let (left, right) = (percent(from, span), percent(to, span));
                let pause = told(to.saturating_sub(from));
                write!(
                    page,
                    "<div class=\"pause\" style=\"left:{left:.3}%;width:{:.3}%\" title=\"Pause {pause}\"></div>",
                    right - left
                )?;
            }
            ended = hop.ended();
            bar(page, hop, *start, span)?;
            page.push_str("</div></summary>\n");
            details(page, hop)?;
            page.push_str("</details>\n");
        }
        page.push_str("</div>\n");
    }
    page.push_str("</section>\n<p class=\"hint\">A row opens by a click: its stages, its fields, and why it went as it did.</p>\n");
    Ok(())
}

/// Outcome, method and URL; of a later hop to the same origin the path alone.
fn label(page: &mut String, hop: &Hop, same: bool) -> fmt::Result {
    let class = match hop.status.map(|status| status.as_u16()) {
        Some(100..=199) => "info",
        Some(200..=299) => "good",
        Some(300..=399) => "moved",
        Some(400..=499) => "refused",
        Some(_) => "broke",
        None => "lost",
    };
    let outcome = hop.outcome();
    write!(page, "<b class=\"status {class}\">{}</b>", Escaped(&outcome))?;
    if hop.lead != Lead::Asked {
        let arrow = if hop.lead == Lead::Redirected { "\u{21aa}" } else { "\u{21bb}" };
        write!(page, "<span class=\"lead\" title=\"{}\">{arrow}</span>", hop.lead.told())?;
    }
    let (origin, path) = (&hop.url[..Position::BeforePath], &hop.url[Position::BeforePath..]);
    write!(
        page,
        "<span class=\"method\">{}</span><span class=\"url\" title=\"{}\">",
        Escaped(hop.method.as_str()),
        Escaped(hop.url.as_str())
    )?;
    if !same {
        write!(page, "<span class=\"origin\">{}</span>", Escaped(origin))?;
    }
    write!(page, "{}</span>", Escaped(path))
}

fn bar(page: &mut String, hop: &Hop, start: Duration, span: Duration) -> fmt::Result {
    let at = |time: Duration| percent(start.saturating_add(time), span);
    let (first, end) = (at(hop.timings.started()), at(hop.ended()));
    write!(page, "<div class=\"bar\" style=\"left:{first:.3}%;width:{:.3}%\">", (end - first).max(0.0))?;
    let took = hop.took();
    for (part, from, to) in hop.parts() {
        let (class, name) = named(part);
        let from_start = from.saturating_sub(hop.timings.started());
        let (left, length) = (percent(from_start, took), percent(to.saturating_sub(from), took));
        let told = told(to.saturating_sub(from));
        write!(page, "<b class=\"{class}\" style=\"left:{left:.3}%;width:{length:.3}%\" title=\"{name} {told}\"></b>")?;
    }
    page.push_str("</div>");
    Ok(())
}

fn details(page: &mut String, hop: &Hop) -> fmt::Result {
    page.push_str("<div class=\"details\">\n");
    let parts = hop.parts();
    if !parts.is_empty() {
        page.push_str("<div><h2>Stages</h2>\n<table>\n");
        for (part, from, to) in parts {
            let (class, name) = named(part);
            let (from, took) = (told(from), told(to.saturating_sub(from)));
            writeln!(page, "<tr><td><b class=\"{class}\"></b>{name}</td><td>at {from}</td><td>{took}</td></tr>")?;
        }
        page.push_str("</table></div>\n");
    }
    if !hop.reasons.is_empty() {
        page.push_str("<div><h2>Why</h2>\n<ul>\n");
        for reason in &hop.reasons {
            writeln!(page, "<li>{}</li>", Escaped(reason))?;
        }
        page.push_str("</ul></div>\n");
    }
    for (name, fields) in [("Sent", &hop.sent), ("Received", &hop.received)] {
        if !fields.is_empty() {
            writeln!(page, "<div class=\"fields\"><h2>{name}</h2>\n<pre>{}</pre></div>", Escaped(fields))?;
        }
    }
    page.push_str("</div>\n");
    Ok(())
}

fn percent(time: Duration, span: Duration) -> f64 {
    share(time, span) * 100.0
}
