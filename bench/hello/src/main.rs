//! The smallest program that asks for something over https. `scripts/bench-size` says how large it is.

fn main() -> Result<(), transport_blocking::Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "https://localhost/".to_owned());
    print!("{}", transport_blocking::Session::new().get(url).send()?.text()?);
    Ok(())
}
