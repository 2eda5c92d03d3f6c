//! Challenges and answers of the Digest scheme as a server reads them, with the testkit's own parser
//! (RFC 9110 11.2 to 11.6, RFC 7616 3.3 and 3.4).

/// One challenge or one set of credentials: a scheme and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme, as written.
    pub scheme: String,
    /// The parameters in order: names in lower case, values unquoted.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The same with the nonce that an answer handed out for the next request (RFC 7616 3.5).
    #[must_use]
    pub fn renewed(&self, nonce: &str) -> Self {
        let mut renewed = self.clone();
        let first = self.session_nonce().unwrap_or_default().to_owned();
        renewed.parameters.retain(|(name, _)| name != "nonce" && name != FIRST_NONCE);
        renewed.parameters.extend([("nonce".to_owned(), nonce.to_owned()), (FIRST_NONCE.to_owned(), first)]);
        renewed
    }

    /// The nonce of the challenge itself, which stays in the secret of a `-sess` algorithm (RFC 7616 3.4.2).
    #[must_use]
    pub fn session_nonce(&self) -> Option<&str> {
        self.parameter(FIRST_NONCE).or_else(|| self.parameter("nonce"))
    }

    /// Whether the scheme is Digest.
    #[must_use]
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("digest")
    }
}

/// Where a renewed challenge keeps the nonce that it began with: no name that a field can hold.
const FIRST_NONCE: &str = "first nonce";

/// All challenges of one field line, those before the first fault.
#[must_use]
pub fn parse_challenges(line: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = Cursor(line);
    loop {
        rest.skip(|char| matches!(char, ' ' | '\t' | ','));
        let Some(word) = rest.token() else { return found };
        let blanks = rest.skip(|char| matches!(char, ' ' | '\t'));
        if rest.take('=') && !rest.0.starts_with('=') {
            rest.skip(|char| matches!(char, ' ' | '\t'));
            let Some(value) = rest.value() else { return found };
            let Some(challenge) = found.last_mut() else { return found };
            challenge.parameters.push((word.to_ascii_lowercase(), value));
        } else {
            found.push(Challenge { scheme: word.to_owned(), parameters: Vec::new() });
            if blanks > 0 {
                rest.token68();
            }
        }
    }
}

/// The one set of credentials that an Authorization field holds; `None` where it holds anything else, or a parameter
/// twice.
#[must_use]
pub fn parse_credentials(line: &str) -> Option<Challenge> {
    let mut rest = Cursor(line);
    let scheme = rest.token()?.to_owned();
    if rest.skip(|char| char == ' ') == 0 {
        return None;
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        let name = rest.token()?.to_ascii_lowercase();
        rest.skip(|char| matches!(char, ' ' | '\t'));
        if !rest.take('=') {
            return None;
        }
        rest.skip(|char| matches!(char, ' ' | '\t'));
        let value = rest.value()?;
        if parameters.iter().any(|(have, _)| *have == name) {
            return None;
        }
        parameters.push((name, value));
        rest.skip(|char| matches!(char, ' ' | '\t'));
        if rest.0.is_empty() {
            return Some(Challenge { scheme, parameters });
        }
        if !rest.take(',') {
            return None;
        }
        rest.skip(|char| matches!(char, ' ' | '\t'));
    }
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip(&mut self, what: impl Fn(char) -> bool) -> usize {
        let trimmed = self.0.trim_start_matches(what);
        let skipped = self.0.len() - trimmed.len();
        self.0 = trimmed;
        skipped
    }

    fn take(&mut self, char: char) -> bool {
        self.0.strip_prefix(char).map(|rest| self.0 = rest).is_some()
    }

    fn token(&mut self) -> Option<&'a str> {
        let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
        let end = self.0.find(|char| !is_token(char)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// Passes over a token68 where the next word is one and no parameter.
    fn token68(&mut self) {
        let is_token68 = |char: char| char.is_ascii_alphanumeric() || "-._~+/".contains(char);
        let after = self.0.trim_start_matches(is_token68);
        let padded = after.trim_start_matches('=');
        let ends = padded.trim_start_matches([' ', '\t']);
        let is_parameter = after.len() - padded.len() == 1 && !ends.is_empty() && !ends.starts_with(',');
        let is_name = after.trim_start_matches([' ', '\t']).starts_with('=') && !after.starts_with('=');
        if after.len() < self.0.len() && !is_parameter && !is_name && (ends.is_empty() || ends.starts_with(',')) {
            self.0 = padded;
        }
    }

    fn value(&mut self) -> Option<String> {
        if !self.take('"') {
            return self.token().map(ToOwned::to_owned);
        }
        let mut value = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => value.push(chars.next()?),
                char => value.push(char),
            }
        }
        self.0 = chars.as_str();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_challenges, parse_credentials};

    fn challenges(line: &str) -> Vec<(String, Vec<(String, String)>)> {
        parse_challenges(line).into_iter().map(|challenge| (challenge.scheme, challenge.parameters)).collect()
    }

    fn with(scheme: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let owned = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        (scheme.to_owned(), owned)
    }

    #[test]
    fn a_line_may_hold_several_challenges() {
        assert_eq!(
            challenges(
                "Newauth title=\"a, Digest realm=\\\"x\\\"\", , Negotiate abc==, dIgEsT Realm = \"r, 1\" ,NONCE=n"
            ),
            [
                with("Newauth", &[("title", "a, Digest realm=\"x\"")]),
                with("Negotiate", &[]),
                with("dIgEsT", &[("realm", "r, 1"), ("nonce", "n")]),
            ]
        );
        assert_eq!(
            challenges("Negotiate, Basic realm=\"r\""),
            [with("Negotiate", &[]), with("Basic", &[("realm", "r")])]
        );
        assert_eq!(challenges("Digest realm=\"r\", nonce=\"n"), [with("Digest", &[("realm", "r")])]);
        assert_eq!(challenges(""), []);
    }

    #[test]
    fn credentials_are_one_scheme_and_each_parameter_once() {
        let credentials = parse_credentials("Digest username=\"u\", nc=00000001,qop=auth").unwrap();
        assert!(credentials.is_digest());
        assert_eq!(credentials.parameter("nc"), Some("00000001"));
        for bad in ["Digest", "Digest ", "Digest a=1, a=1", "Digest a=1 b=2", "Digest a", "Digest a=1,", "Basic dTpw"] {
            assert_eq!(parse_credentials(bad), None, "{bad}");
        }
    }
}
