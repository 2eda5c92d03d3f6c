//! Every reason is true: of the bytes that were sent, of the answer that came, of the hop that followed.

use crate::driver::{Run, text};
use session_core::auth::answer::Verdict;
use session_core::hsts::Learned;
use session_core::message::head::ResponseHead;
use session_core::message::route::Route;
use session_core::session::history::{Ending, HopRecord};
use session_core::session::reason::{CookieLeftOut, CookieSource, CredentialSource, LeftOut, Reason};
use session_core::session::step::Hop;

/// Checks each hop of an exchange of this number.
pub(super) fn check(run: &Run, number: usize) {
    let (history, last) = match &run.outcome {
        Ok(delivery) => (delivery.history(), Some(delivery.head())),
        Err(error) => (error.history(), None),
    };
    assert_eq!(history.hops().len(), run.hops.len(), "every hop is told");
    for (index, (record, hop)) in history.hops().iter().zip(&run.hops).enumerate() {
        assert_eq!((record.url(), record.request_headers()), (hop.target().url(), hop.head().headers()));
        let is_last = index + 1 == run.hops.len();
        let truth = Truth {
            run,
            record,
            hop,
            next: run.hops.get(index + 1),
            came: record.response().or(last.filter(|_| is_last)),
            number,
        };
        record.reasons().iter().for_each(|reason| truth.holds(reason));
        truth.is_whole();
        assert!(is_last || !matches!(record.ending(), Ending::Delivered | Ending::Failed));
    }
}

/// What is known of a hop.
struct Truth<'a> {
    run: &'a Run,
    record: &'a HopRecord,
    hop: &'a Hop,
    next: Option<&'a Hop>,
    came: Option<&'a ResponseHead>,
    number: usize,
}

impl Truth<'_> {
    fn field(&self, name: &str) -> String {
        text(self.hop, name).unwrap_or_default()
    }

    /// The cookies that were sent, name and value.
    fn cookies(&self) -> Vec<(String, String)> {
        let field = self.field("cookie");
        let pairs = field.split("; ").filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// What an Authorization from this source says.
    fn credential(&self, from: CredentialSource) -> String {
        let number = self.number;
        match from {
            CredentialSource::Field => format!("s-own-{number}-auth"),
            CredentialSource::Request => format!("s-own-{number}-credential"),
            CredentialSource::UserInfo => format!("s-own-{number}-info"),
            CredentialSource::Default => "s-default-auth".to_owned(),
            CredentialSource::Session => "s-session-credential".to_owned(),
            CredentialSource::Netrc => "s-netrc".to_owned(),
            other => panic!("no script has {other:?}"),
        }
    }

    fn holds(&self, reason: &Reason) {
        let (record, hop) = (self.record, self.hop);
        let says = |truth: bool| assert!(truth, "{reason:?} is not true of {record}");
        let seen = crate::driver::everything(hop);
        let has_response_field = |name: &str| self.came.is_some_and(|head| head.headers.contains_key(name));
        match reason {
            Reason::Cookie(_) => says(has_response_field("set-cookie")),
            Reason::CookieSent { name, from } => {
                let secret = match from {
                    CookieSource::Jar => "s-jar-".to_owned(),
                    CookieSource::Request => format!("s-own-{}-", self.number),
                    CookieSource::Default => "s-default-cookie".to_owned(),
                    other => panic!("no script has {other:?}"),
                };
                says(self.cookies().iter().any(|(sent, value)| sent == name && value.starts_with(&secret)));
            }
            Reason::CookieLeftOut { name, why: CookieLeftOut::RequestHasIt } => {
                let own = |(sent, value): &(String, String)| sent == name && !value.starts_with("s-jar-");
                says(self.cookies().iter().any(own));
                says(!self.cookies().iter().any(|(sent, value)| sent == name && value.starts_with("s-jar-")));
            }
            Reason::FieldLeftOut { name, why } => match (name.as_str(), why) {
                ("cookie", LeftOut::CrossedOrigin) => says(!self.field("cookie").contains("s-own-")),
                ("cookie", LeftOut::Redirected) => {
                    says(!self.cookies().iter().any(|(name, value)| name == "f" && value.starts_with("s-own-")));
                }
                ("cookie", LeftOut::BelongsTo(origin)) => {
                    says(origin != hop.origin() && !self.field("cookie").contains("s-default-cookie"));
                }
                ("authorization", LeftOut::CrossedOrigin) => says(!self.field("authorization").contains("s-own-")),
                (other, LeftOut::CrossedOrigin) => says(!hop.head().headers().contains_key(other)),
                _ => says(false),
            },
            Reason::CredentialSent { from } => says(seen.contains(&self.credential(*from))),
            Reason::CredentialLeftOut { from, why } => {
                says(!seen.contains(&self.credential(*from)));
                says(!matches!(why, LeftOut::BelongsTo(origin) if origin == hop.origin()));
            }
            Reason::Challenge(verdict) => {
                says(record.status().is_some_and(|status| status == 401) && has_response_field("www-authenticate"));
                says(matches!(verdict, Verdict::Answer(_)) == (record.ending() == Ending::Answered));
            }
            Reason::Upgraded { to } => {
                let is = |hop: Option<&Hop>| hop.is_some_and(|hop| hop.target().url() == to);
                says(to.scheme() == "https" && (is(Some(hop)) || is(self.next)));
            }
            Reason::Hsts(learned) => {
                says(has_response_field("strict-transport-security"));
                let removes = self.came.is_some_and(|head| head.headers["strict-transport-security"] == "max-age=0");
                let secure = record.url().scheme() == "https";
                says(match learned {
                    Learned::Stored { .. } => secure && !removes,
                    Learned::Removed => secure && removes,
                    _ => !secure,
                });
            }
            Reason::Routed(choice) => says(choice.route() == *hop.route()),
            Reason::Followed { to, rewritten, crossed } => {
                let next = self.next.unwrap_or_else(|| panic!("{reason:?}, and nothing followed"));
                says(record.ending() == Ending::Followed && next.target().url() == to);
                says(rewritten.as_ref().is_none_or(|method| method == next.head().method()));
                says(rewritten.is_some() == (hop.head().method() != next.head().method()));
                says(crossed.as_ref() == Some(next.origin()).filter(|next| *next != hop.origin()));
            }
            Reason::UserInfoDropped => {
                says(self.came.is_some_and(|head| head.headers["location"].to_str().unwrap().contains('@')));
            }
            Reason::NotFollowed(_) => says(record.ending() == Ending::Delivered),
            Reason::Retried { .. } => {
                let next = self.next.unwrap_or_else(|| panic!("{reason:?}, and nothing followed"));
                says(record.ending() == Ending::Retried && next.target().url() == hop.target().url());
            }
            Reason::NotRetried(_) => says(matches!(record.ending(), Ending::Delivered | Ending::Failed)),
            Reason::Failed(kind) => says(self.run.outcome.as_ref().is_err_and(|error| error.kind() == *kind)),
            other => panic!("no script leads to {other:?}"),
        }
    }

    /// Nothing was done without a reason.
    fn is_whole(&self) {
        let count = |is: &dyn Fn(&Reason) -> bool| self.record.reasons().iter().filter(|reason| is(reason)).count();
        let shown = self.record;
        let credentials = count(&|reason| matches!(reason, Reason::CredentialSent { .. }));
        assert_eq!(credentials, usize::from(!self.field("authorization").is_empty()), "{shown}");
        assert_eq!(count(&|reason| matches!(reason, Reason::CookieSent { .. })), self.cookies().len(), "{shown}");
        let lines = self.came.map_or(0, |head| head.headers.get_all("set-cookie").iter().count());
        assert_eq!(count(&|reason| matches!(reason, Reason::Cookie(_))), lines, "{shown}");
        let ended = |ending| self.record.ending() == ending;
        assert_eq!(count(&|reason| matches!(reason, Reason::Followed { .. })) == 1, ended(Ending::Followed), "{shown}");
        assert_eq!(count(&|reason| matches!(reason, Reason::Retried { .. })) == 1, ended(Ending::Retried), "{shown}");
        assert_eq!(count(&|reason| matches!(reason, Reason::Failed(_))) == 1, ended(Ending::Failed), "{shown}");
        let routed = count(&|reason| matches!(reason, Reason::Routed(_)));
        assert!(routed == 1 || (routed == 0 && *self.hop.route() == Route::Direct), "{shown}");
    }
}
