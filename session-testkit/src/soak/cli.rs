//! The binary `soak`: its arguments, and what it prints.

use crate::hostile::async_std::{AsyncStd, On, Smol};
use crate::hostile::blocking::Blocking;
use crate::hostile::client::Client;
use crate::hostile::tokio::Tokio;
use crate::soak::run::{Told, run};

/// How it is called.
pub const USAGE: &str = "usage: soak [--on blocking|tokio|async-std|smol|all] [REQUESTS]";

/// How many requests are asked where no number is given.
const REQUESTS: usize = 100_000;

type Run = fn(usize) -> Result<Told, String>;

/// A transport.
type Named = (&'static str, Run);

/// Every transport of this build.
fn transports() -> Vec<Named> {
    vec![
        (Blocking::NAME, run::<Blocking>),
        (Tokio::NAME, run::<Tokio>),
        (On::<AsyncStd>::NAME, run::<On<AsyncStd>>),
        (On::<Smol>::NAME, run::<On<Smol>>),
    ]
}

/// Soaks what the arguments say, prints it and gives the exit status: 0, 1 where something was wrong, 2 for bad arguments.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = String>) -> u8 {
    let (transports, requests) = match chosen(arguments) {
        Ok(chosen) => chosen,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return 2;
        }
    };
    let mut status = 0;
    for (name, run) in transports {
        match run(requests) {
            Ok(told) => println!("{name}: {requests} requests: {told}"),
            Err(what) => {
                println!("{name}: {requests} requests: FAIL: {what}");
                status = 1;
            }
        }
    }
    status
}

fn chosen(arguments: impl IntoIterator<Item = String>) -> Result<(Vec<Named>, usize), String> {
    let (mut transports, mut requests) = (transports(), REQUESTS);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--on" {
            let wanted = arguments.next().ok_or("--on needs a transport")?;
            transports.retain(|(name, _)| wanted == "all" || *name == wanted);
            if transports.is_empty() {
                return Err(format!("this build has no transport \"{wanted}\""));
            }
        } else {
            requests = argument.parse().map_err(|_| format!("{argument:?} is no number of requests"))?;
        }
    }
    Ok((transports, requests))
}

#[cfg(test)]
mod tests {
    use super::{REQUESTS, chosen};

    #[test]
    fn a_transport_and_a_number_may_be_named() {
        let choose = |arguments: &[&str]| chosen(arguments.iter().map(|&argument| argument.to_owned()));
        assert_eq!(choose(&[]).map(|(all, requests)| (all.len(), requests)), Ok((4, REQUESTS)));
        assert_eq!(choose(&["--on", "tokio", "7"]).map(|(all, requests)| (all.len(), requests)), Ok((1, 7)));
        for bad in [&["--on"][..], &["--on", "moon"], &["many"], &["-1"]] {
            assert!(choose(bad).is_err(), "{bad:?}");
        }
    }
}
