//! When keys are read, from where, and what happens while they cannot be.

use super::host::{VERSION_1, VERSION_2};
use super::*;

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);
/// What one reading asks for: two documents, and the keys of each.
const ONE_READING: usize = 4;
const UNKNOWN: Result<ValidatedToken, TokenProblem> = Err(TokenProblem::Forged("unknown key"));
const UNAVAILABLE: Result<ValidatedToken, TokenProblem> = Err(TokenProblem::KeysUnavailable);

/// A host, keys over it, and the time at which they were made.
struct Setting {
    host: Host,
    keys: SigningKeys,
    begin: Instant,
}

impl Setting {
    fn over(host: Host) -> Self {
        let keys = keys_of(&host);
        let begin = Instant::now();
        Self { host, keys, begin }
    }

    /// A token that names this key, some time after the beginning.
    async fn validate(
        &self,
        key_id: &str,
        after: Duration,
    ) -> Result<ValidatedToken, TokenProblem> {
        let token = sign(&claims(), Some(key_id));
        let now = self.begin + after;
        self.keys.validate_when(&token, time(BEGIN), now).await
    }

    /// So many tokens at once, each of a key that nobody has.
    async fn storm(&self, count: usize, after: Duration) {
        let tokens: Vec<String> = (0..10)
            .map(|number| sign(&claims(), Some(&format!("invented-{number}"))))
            .collect();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..count {
            let keys = self.keys.clone();
            let token = tokens[number % tokens.len()].clone();
            let now = self.begin + after;
            tasks.spawn(async move { keys.validate_when(&token, time(BEGIN), now).await });
        }
        let refused = tasks.join_all().await;
        assert!(refused.iter().all(|validated| *validated == UNKNOWN));
    }
}

/// The fixture's key under another id.
fn key(id: &str) -> Value {
    with(fixture()["jwk"].clone(), "kid", id.into())
}

/// NT-3: keys are read once a day.
#[tokio::test]
async fn keys_are_kept_for_a_day() {
    let setting = Setting::over(Host::start().await);
    assert_eq!(setting.host.asked(), 0);
    for (after, asked) in [
        (Duration::ZERO, ONE_READING),
        (HOUR, ONE_READING),
        (Duration::from_mins(24 * 60 - 1), ONE_READING),
        (24 * HOUR, 2 * ONE_READING),
        (25 * HOUR, 2 * ONE_READING),
    ] {
        let validated = setting.validate("fixture-key", after).await;
        assert_eq!(validated, Ok(genuine()));
        assert_eq!(setting.host.asked(), asked, "{after:?}");
    }
}

/// NT-3: storms of invented key ids for an hour read keys every five minutes at
/// most, and genuine tokens stay genuine.
#[tokio::test]
async fn a_storm_of_unknown_keys_reads_little() {
    let setting = Setting::over(Host::start().await);
    setting.storm(1_000, Duration::ZERO).await;
    assert_eq!(setting.host.asked(), ONE_READING);
    for minute in 1..=60 {
        let after = Duration::from_mins(minute);
        setting.storm(20, after).await;
        let validated = setting.validate("fixture-key", after).await;
        assert_eq!(validated, Ok(genuine()));
    }
    assert_eq!(setting.host.asked(), 13 * ONE_READING);
}

/// NT-3: a rolled key is found as soon as keys may be read again, and one that is
/// no longer published stops serving then.
#[tokio::test]
async fn a_rolled_key_is_found() {
    let setting = Setting::over(Host::start().await);
    let validated = setting.validate("fixture-key", Duration::ZERO).await;
    assert_eq!(validated, Ok(genuine()));
    setting.host.publish(VERSION_1, &[]);
    setting.host.publish(VERSION_2, &[key("rolled")]);
    assert_eq!(setting.validate("rolled", 299 * SECOND).await, UNKNOWN);
    assert_eq!(setting.host.asked(), ONE_READING);
    let found = setting.validate("rolled", 300 * SECOND).await;
    assert_eq!(found, Ok(genuine()));
    assert_eq!(setting.host.asked(), 2 * ONE_READING);
    let old = setting.validate("fixture-key", 301 * SECOND).await;
    assert_eq!(old, UNKNOWN);
}

/// NT-3: a token that cannot be judged is not called forged, and is judged once
/// keys can be read.
#[tokio::test]
async fn without_keys_nothing_is_forged() {
    let setting = Setting::over(Host::bare().await);
    for after in [Duration::ZERO, SECOND] {
        let validated = setting.validate("fixture-key", after).await;
        assert_eq!(validated, UNAVAILABLE);
        // The second try came too soon to ask.
        assert_eq!(setting.host.asked(), 2);
    }
    setting.host.publish(VERSION_2, &[key("fixture-key")]);
    let judged = setting.validate("fixture-key", 5 * SECOND).await;
    assert_eq!(judged, Ok(genuine()));
}

/// NT-3: while the host is down, known keys serve for another day, and unknown ones
/// are not judged.
#[tokio::test]
async fn known_keys_serve_while_the_host_is_down() {
    let setting = Setting::over(Host::start().await);
    let validated = setting.validate("fixture-key", Duration::ZERO).await;
    assert_eq!(validated, Ok(genuine()));
    for document in [VERSION_1, VERSION_2] {
        setting.host.page(document, 503, "");
    }
    assert_eq!(setting.validate("rolled", HOUR).await, UNAVAILABLE);
    for after in [HOUR, 30 * HOUR, Duration::from_mins(48 * 60 - 1)] {
        let validated = setting.validate("fixture-key", after).await;
        assert_eq!(validated, Ok(genuine()), "{after:?}");
    }
    let validated = setting.validate("fixture-key", 48 * HOUR).await;
    assert_eq!(validated, UNAVAILABLE);
}

/// NT-3: either document may be missing.
#[tokio::test]
async fn one_of_the_two_documents_is_enough() {
    for document in [VERSION_1, VERSION_2] {
        let host = Host::bare().await;
        host.publish(document, &[key("fixture-key")]);
        let setting = Setting::over(host);
        let validated = setting.validate("fixture-key", Duration::ZERO).await;
        assert_eq!(validated, Ok(genuine()), "{document}");
        assert_eq!(setting.validate("invented", SECOND).await, UNKNOWN);
    }
}

/// NT-3: while one document cannot be read, its keys are not called forged, and
/// those that are known go on serving.
#[tokio::test]
async fn half_a_reading_takes_nothing_away() {
    let host = Host::bare().await;
    host.publish(VERSION_1, &[key("first")]);
    host.publish(VERSION_2, &[key("second")]);
    let setting = Setting::over(host);
    for id in ["first", "second"] {
        let validated = setting.validate(id, Duration::ZERO).await;
        assert_eq!(validated, Ok(genuine()), "{id}");
    }
    setting.host.page(VERSION_2, 503, "");
    setting.host.publish(VERSION_1, &[key("third")]);
    assert_eq!(setting.validate("fourth", HOUR).await, UNAVAILABLE);
    for id in ["first", "second", "third"] {
        let validated = setting.validate(id, HOUR).await;
        assert_eq!(validated, Ok(genuine()), "{id}");
    }
}

/// NT-3: keys elsewhere than on the login host are not even asked for, and no odd
/// document leads anywhere.
#[tokio::test]
async fn keys_elsewhere_are_not_taken() {
    let elsewhere = Host::start().await;
    let address = format!("{}/common/discovery/v2.0/keys", elsewhere.url);
    let relative = "/common/discovery/v2.0/keys";
    for (status, body) in [
        (200, json!({ "jwks_uri": address }).to_string()),
        (200, json!({ "jwks_uri": relative }).to_string()),
        (200, json!({ "jwks_uri": 7 }).to_string()),
        (200, "[".repeat(100_000)),
        (200, String::new()),
        (302, String::new()),
        (401, "{}".to_owned()),
    ] {
        let host = Host::bare().await;
        host.publish(VERSION_2, &[key("fixture-key")]);
        host.page(VERSION_2, status, &body);
        let setting = Setting::over(host);
        let validated = setting.validate("fixture-key", Duration::ZERO).await;
        assert_eq!(validated, UNAVAILABLE, "{status} {body:.80}");
    }
    assert_eq!(elsewhere.asked(), 0);
}

/// An address that is none is reported as keys that cannot be read.
#[tokio::test]
async fn without_a_login_host_nothing_is_judged() {
    for address in ["", "login.example", "ftp://login.example"] {
        let keys = SigningKeys::new(crate::http_client().unwrap(), address);
        let token = sign(&claims(), Some("fixture-key"));
        let validated = keys.validate(&token, time(BEGIN)).await;
        assert_eq!(validated, UNAVAILABLE, "{address}");
    }
}
