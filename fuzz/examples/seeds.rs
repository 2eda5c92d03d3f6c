//! Writes the first inputs of the fuzz targets, taken from the suites: `seeds SUITES CORPUS`.

use serde_json::Value;
use session_fuzz::h1::{EOF, SMALL, request_number};
use session_fuzz::{codings, exchange, links, streams};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// An input longer than this teaches libFuzzer nothing that a shorter one does not.
const LONGEST: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(suites), Some(corpus)) = (arguments.next(), arguments.next()) else {
        return Err("usage: seeds SUITES CORPUS".into());
    };
    let corpus = Path::new(&corpus);
    let mut files: Vec<_> =
        fs::read_dir(&suites)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut written = 0_usize;
    for path in files {
        let Value::Array(cases) = serde_json::from_str(&fs::read_to_string(&path)?)? else { continue };
        for case in &cases {
            for (target, name, seed) in seeds(case) {
                if seed.len() <= LONGEST {
                    let folder = corpus.join(target);
                    fs::create_dir_all(&folder)?;
                    fs::write(folder.join(name), seed)?;
                    written += 1;
                }
            }
        }
    }
    let exchanges = exchange::seeds().into_iter().map(|seed| ("exchange_ops", seed));
    let own = exchanges.chain(codings::seeds().into_iter().map(|seed| ("coding", seed)));
    let own = own.chain(links::seeds().into_iter().map(|seed| ("link", seed)));
    let own = own.chain(streams::seeds().into_iter().flat_map(|seed| [("events", seed.clone()), ("lines", seed)]));
    for (number, (target, seed)) in own.enumerate() {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(number.to_string()), seed)?;
        written += 1;
    }
    if written == 0 {
        return Err("no case in these files makes a seed".into());
    }
    println!("{written} seeds in {}", corpus.display());
    Ok(())
}

/// The seeds that a case makes: target, file name, bytes.
fn seeds(case: &Value) -> Vec<(&'static str, String, Vec<u8>)> {
    let name = case["name"].as_str().unwrap_or("nameless").to_owned();
    match case["kind"].as_str() {
        Some("wire") => wire(case).map_or_else(Vec::new, |(how, bytes)| {
            vec![
                ("h1_response", name.clone(), [&[how], &bytes[..]].concat()),
                ("h1_response", format!("{name}-small"), [&[how | SMALL], &bytes[..]].concat()),
                ("h1_segmentation", name, [&[how, 1, 2], &bytes[..]].concat()),
            ]
        }),
        Some("cookies") => {
            let script = [&b"\0"[..], &cookies(case)].concat();
            // Half of the way through the script the jar goes through a file.
            let mut lines: Vec<&[u8]> = script.split(|&byte| byte == b'\n').collect();
            lines.insert(lines.len().div_ceil(2), b"!");
            let through_a_file = lines.join(&b'\n');
            vec![
                ("jar_ops", format!("{name}-file"), through_a_file),
                ("jar_ops", name.clone(), script.clone()),
                ("set_cookie", name, script),
            ]
        }
        Some("cookie-date") => {
            let date = case["input"].as_str().unwrap_or_default();
            let line = format!("\0a=1; Expires={date}").into_bytes();
            vec![("cookie_date", name.clone(), date.as_bytes().to_vec()), ("set_cookie", name, line)]
        }
        Some("scenario") => {
            let mut found = Vec::new();
            texts(case, "", &mut found);
            found
                .into_iter()
                .enumerate()
                .map(|(number, (target, seed))| (target, format!("{name}-{number}"), seed))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The texts of a scenario that a target reads by itself: what stands under these names, wherever they are.
fn texts(value: &Value, name: &str, found: &mut Vec<(&'static str, Vec<u8>)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| texts(value, &name.to_ascii_lowercase(), found))
        }
        Value::Array(items) => match items.as_slice() {
            // A field, as an answer has it.
            [Value::String(name), value @ Value::String(_)] => texts(value, &name.to_ascii_lowercase(), found),
            items => items.iter().for_each(|item| texts(item, name, found)),
        },
        Value::String(text) => {
            let (target, first) = match name {
                // The byte in front says which base, which origin, and that no entry of the target's own comes first.
                "location" => ("location", "\0"),
                "netrc" => ("netrc", "\0"),
                "no_proxy" => ("no_proxy", "\0"),
                "www-authenticate" => ("challenge", ""),
                _ => return,
            };
            found.push((target, format!("{first}{text}").into_bytes()));
        }
        _ => {}
    }
}

/// The request's number with the flag for the end, and the peer's bytes.
fn wire(case: &Value) -> Option<(u8, Vec<u8>)> {
    let request = &case["request"];
    let fields = request["headers"].as_array().into_iter().flatten();
    let connection = fields.filter(|field| field[0] == "connection").filter_map(|field| field[1].as_str()).next();
    let method = request["method"].as_str().unwrap_or("GET");
    let number = request_number(method, connection.unwrap_or_default())?;
    let eof = if case["eof"] == true { EOF } else { 0 };
    let mut bytes = Vec::new();
    parts(&case["input"], &mut bytes)?;
    Some((number | eof, bytes))
}

/// A text of code points 0 to 255, or a list of texts and of `[text, times]`.
fn parts(input: &Value, bytes: &mut Vec<u8>) -> Option<()> {
    match input {
        Value::String(text) => {
            for c in text.chars() {
                bytes.push(u8::try_from(u32::from(c)).ok()?);
            }
            Some(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| match item {
            Value::Array(repeated) => {
                // Enough to see a repetition: the limits are tested by the suites themselves.
                let times = repeated.get(1)?.as_u64()?.min(300);
                (0..times).try_for_each(|_| parts(repeated.first()?, bytes))
            }
            item => parts(item, bytes),
        }),
        _ => None,
    }
}

/// The steps of a jar's case as the lines that the target reads.
fn cookies(case: &Value) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for step in case["steps"].as_array().into_iter().flatten() {
        if let Some(url) = step["url"].as_str() {
            lines.push(format!("@{url}").into_bytes());
        }
        if let Some(pause) = step["advance_ms"].as_u64() {
            lines.push(format!("+{}", pause.div_ceil(1000)).into_bytes());
        }
        for line in step["set_cookie"].as_array().into_iter().flatten() {
            lines.extend(line.as_str().map(|text| text.as_bytes().to_vec()).or_else(|| hex(line["hex"].as_str()?)));
        }
    }
    lines.join(&b'\n')
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok()).collect()
}
