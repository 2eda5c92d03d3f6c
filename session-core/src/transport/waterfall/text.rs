//! A waterfall for a terminal: one line for each hop, one character for each step of time.

use super::scale::{mark, marks, share, told};
use super::{Exchange, Hop, Lead, Part, Waterfall};
use crate::time::timings::Stage;
use std::time::Duration;
use url::Position;

/// How many columns there may be. What is narrower has no room for bars, and what is wider is no terminal.
const NARROWEST: usize = 60;
const WIDEST: usize = 400;

/// The columns of an outcome at most, and of a time, each with the blanks before it.
const OUTCOME: usize = 14;
const TIME: usize = 12;

/// The columns that bars have at least.
const SHORTEST_BAR: usize = 16;

/// What a part of a hop is drawn by.
fn glyph(part: Part) -> char {
    match part {
        Part::Stage(Stage::Queue) => '·',
        Part::Stage(Stage::Resolve) => '░',
        Part::Stage(Stage::Connect) => '▒',
        Part::Stage(Stage::Tls) => '▓',
        Part::Stage(Stage::Send) => '▌',
        Part::Stage(Stage::Wait) => '─',
        Part::Stage(Stage::Head | Stage::Body) => '█',
        Part::Broken => '╳',
    }
}

const LEGEND: [(Part, &str); 8] = [
    (Part::Stage(Stage::Queue), "queue"),
    (Part::Stage(Stage::Resolve), "resolve"),
    (Part::Stage(Stage::Connect), "connect"),
    (Part::Stage(Stage::Tls), "tls"),
    (Part::Stage(Stage::Send), "send"),
    (Part::Stage(Stage::Wait), "wait"),
    (Part::Stage(Stage::Body), "receive"),
    (Part::Broken, "failed"),
];

pub(super) fn write(waterfall: &Waterfall, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let span = waterfall.span();
    let placed = waterfall.placed();
    let number = placed.len().to_string().len();
    let longest = placed.iter().flat_map(|(_, exchange)| labels(exchange)).map(|label| label.chars().count()).max();
    // Number, blank, label, outcome, time, two blanks, bars, one column for the end.
    let hops = placed.iter().flat_map(|(_, exchange)| &exchange.hops);
    let outcome = hops.map(|hop| hop.outcome().len().saturating_add(3)).max().unwrap_or(0).min(OUTCOME);
    let used = |label| [number, 1, label, outcome, TIME, 2, 1].into_iter().fold(0, usize::saturating_add);
    let most = width.saturating_mul(45).checked_div(100).unwrap_or(0);
    let label = longest.unwrap_or(0).min(most).min(width.saturating_sub(used(SHORTEST_BAR)));
    let columns = width.saturating_sub(used(label));
    let before = used(label).saturating_sub(1);

    let mut lines = vec![format!("{}{}", " ".repeat(before), axis(span, columns))];
    for (index, (start, exchange)) in placed.iter().enumerate() {
        for (hop, text) in exchange.hops.iter().zip(labels(exchange)) {
            let index = if hop.lead == Lead::Asked { index.saturating_add(1).to_string() } else { String::new() };
            let text = shortened(&text, label);
            let (result, time) = (shortened(&hop.outcome(), outcome.saturating_sub(3)), told(hop.took()));
            let bar = bar(hop, *start, span, columns);
            let line = format!("{index:>number$} {text:<label$}{result:>outcome$}{time:>TIME$}  {bar}");
            lines.push(line.trim_end().to_owned());
        }
    }
    lines.extend(legend(&placed, number.saturating_add(1), width));
    lines.join("\n")
}

/// What the signs mean that were drawn, in as many lines as it takes.
fn legend(placed: &[(Duration, &Exchange)], indent: usize, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, name) in LEGEND.iter().filter(|(part, _)| is_in(placed, *part)) {
        let entry = format!("{} {name}", glyph(*part));
        let room = |line: &&mut String| {
            let length = line.chars().count().saturating_add(3).saturating_add(entry.chars().count());
            length <= width
        };
        match lines.last_mut().filter(room) {
            Some(line) => {
                line.push_str("   ");
                line.push_str(&entry);
            }
            None => {
                if lines.is_empty() {
                    lines.push(String::new());
                }
                lines.push(format!("{}{entry}", " ".repeat(indent)));
            }
        }
    }
    lines
}

fn is_in(placed: &[(Duration, &Exchange)], part: Part) -> bool {
    let drawn = |found: Part| glyph(found) == glyph(part);
    placed
        .iter()
        .flat_map(|(_, exchange)| &exchange.hops)
        .any(|hop| hop.parts().iter().any(|(found, ..)| drawn(*found)))
}

/// What each hop is called: the first by its URL, each later one by what changed.
fn labels(exchange: &Exchange) -> Vec<String> {
    let mut last = None;
    let label = |hop: &Hop| {
        let same = last.replace(hop.url.origin()).is_some_and(|last| last == hop.url.origin());
        let shown = if same { &hop.url[Position::BeforePath..] } else { hop.url.as_str() };
        match hop.lead {
            Lead::Asked => format!("{} {shown}", hop.method),
            Lead::Redirected => format!(" ↪ {} {shown}", hop.method),
            Lead::Retried | Lead::Challenged => format!(" ↻ {} {shown}", hop.method),
        }
    };
    exchange.hops.iter().map(label).collect()
}

/// A text in this many characters: what is too long loses its middle.
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let end = kept.checked_div(2).unwrap_or(0);
    let start: String = text.chars().take(kept.saturating_sub(end)).collect();
    let rest: String = text.chars().skip(length.saturating_sub(end)).collect();
    format!("{start}…{rest}")
}

/// The round times above the bars, each beginning where it lies, the last one earlier where it would not fit.
fn axis(span: Duration, columns: usize) -> String {
    let mut line = String::new();
    let most = u32::try_from(columns.checked_div(9).unwrap_or(1)).unwrap_or(1);
    for time in marks(span, most) {
        let text = mark(time);
        let at = column(time, span, columns).min(columns.saturating_sub(text.chars().count()));
        let length = line.chars().count();
        if length == 0 || at > length {
            line.push_str(&" ".repeat(at.saturating_sub(length)));
            line.push_str(&text);
        }
    }
    line
}

fn column(time: Duration, span: Duration, columns: usize) -> usize {
    let cells = u32::try_from(columns).unwrap_or(u32::MAX);
    let at = (share(time, span) * f64::from(cells)).floor() as usize;
    at.min(columns)
}

/// The bar of a hop. Each column shows the part that lies in its middle, and a hop has one column at least.
fn bar(hop: &Hop, start: Duration, span: Duration, columns: usize) -> String {
    let parts = hop.parts();
    let (Some((_, from, _)), Some((_, _, to))) = (parts.first(), parts.last()) else {
        return format!("{}▏", " ".repeat(column(start.saturating_add(hop.timings.started()), span, columns)));
    };
    let first = column(start.saturating_add(*from), span, columns).min(columns.saturating_sub(1));
    let end = column(start.saturating_add(*to), span, columns).max(first.saturating_add(1));
    let cells = u32::try_from(columns).unwrap_or(u32::MAX);
    let middle = |at: usize| {
        let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX)) + 0.5;
        let seconds = span.as_secs_f64() * (at / f64::from(cells.max(1))).clamp(0.0, 1.0);
        Duration::try_from_secs_f64(seconds).unwrap_or(span).saturating_sub(start)
    };
    let drawn = (first..end).map(|at| {
        let middle = middle(at);
        let found = parts.iter().find(|(_, _, to)| middle < *to).or(parts.last());
        found.map_or(' ', |(part, ..)| glyph(*part))
    });
    let mut drawn: Vec<char> = drawn.collect();
    // A failure is seen, however short what came before it was.
    if let (Some((Part::Broken, ..)), Some(cell)) = (parts.last(), drawn.last_mut()) {
        *cell = glyph(Part::Broken);
    }
    let mut bar = " ".repeat(first);
    bar.extend(drawn);
    bar
}
