//! The cache alone; the test says what time it is.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::error::GraphErrorClass;

fn key(client: &str, secret: &str) -> TokenKey {
    let profile = GraphProfile {
        tenant_id: "t".into(),
        client_id: client.into(),
        client_secret: Secret::new(secret),
    };
    TokenKey::new(
        "https://login.example",
        &profile,
        "https://graph.example/.default",
    )
}

/// A cache before a token endpoint that counts and gives each token its number.
struct Setting {
    cache: TokenCache,
    asked: AtomicUsize,
    begin: Instant,
}

impl Setting {
    fn new() -> Self {
        Self {
            cache: TokenCache::default(),
            asked: AtomicUsize::new(0),
            begin: Instant::now(),
        }
    }

    /// A token of an hour, `seconds` after the beginning.
    async fn token(&self, key: &TokenKey, seconds: u64) -> Result<String, GraphError> {
        let now = self.begin + Duration::from_secs(seconds);
        let fetch = async {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            Ok(AccessToken::new(
                format!("token-{number}"),
                now,
                Duration::from_hours(1),
            ))
        };
        let token = self.cache.get(key, now, fetch).await?;
        Ok(token.expose().to_owned())
    }

    /// The same from an endpoint that refuses.
    async fn refused(&self, key: &TokenKey, seconds: u64) -> Result<String, GraphError> {
        let now = self.begin + Duration::from_secs(seconds);
        let fetch = async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(GraphError::without_answer(
                GraphErrorClass::InvalidCredentials,
                "invalid_client",
                "no",
            ))
        };
        let token = self.cache.get(key, now, fetch).await?;
        Ok(token.expose().to_owned())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// CM-10: any number of callers at once ask for one token.
#[tokio::test]
async fn callers_at_the_same_time_share_one_refresh() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    let (a, b, c) = tokio::join!(
        setting.token(&key, 0),
        setting.token(&key, 0),
        setting.token(&key, 0)
    );
    assert_eq!(
        [a.unwrap(), b.unwrap(), c.unwrap()],
        ["token-1", "token-1", "token-1"]
    );
    assert_eq!(setting.asked(), 1);
}

/// CM-11: a refused credential is asked about once, not once per waiting caller.
#[tokio::test]
async fn callers_at_the_same_time_share_one_failure_and_later_ones_ask_again() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    let (a, b) = tokio::join!(setting.refused(&key, 0), setting.refused(&key, 0));
    assert_eq!(
        [a.unwrap_err().code, b.unwrap_err().code],
        ["invalid_client", "invalid_client"]
    );
    assert_eq!(setting.asked(), 1);
    setting.refused(&key, 0).await.unwrap_err();
    assert_eq!(setting.asked(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_refresh_to_the_next() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    {
        let mut abandoned = std::pin::pin!(setting.token(&key, 0));
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(abandoned.as_mut().poll(context))
        })
        .await;
        assert!(polled.is_pending());
    }
    assert_eq!(setting.token(&key, 0).await.unwrap(), "token-2");
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_ends() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    assert_eq!(setting.token(&key, 0).await.unwrap(), "token-1");
    assert_eq!(setting.token(&key, 3299).await.unwrap(), "token-1");
    assert_eq!(setting.token(&key, 3300).await.unwrap(), "token-2");
}

#[tokio::test]
async fn the_old_token_serves_while_it_is_renewed_and_when_that_fails() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    setting.token(&key, 0).await.unwrap();
    let (renewed, meanwhile) = tokio::join!(setting.token(&key, 3400), setting.token(&key, 3400));
    assert_eq!(
        [renewed.unwrap(), meanwhile.unwrap()],
        ["token-2", "token-1"]
    );

    assert_eq!(setting.refused(&key, 3400 + 3400).await.unwrap(), "token-2");
    assert!(setting.refused(&key, 3400 + 3600).await.is_err());
}

#[tokio::test]
async fn only_the_refused_token_is_forgotten() {
    let (setting, key) = (Setting::new(), key("c", "s"));
    let now = setting.begin;
    let fresh = |value: &str| {
        Ok(AccessToken::new(
            value.to_owned(),
            now,
            Duration::from_hours(1),
        ))
    };
    let first = setting
        .cache
        .get(&key, now, async { fresh("first") })
        .await
        .unwrap();
    setting.cache.forget(&key, &first);
    setting
        .cache
        .get(&key, now, async { fresh("second") })
        .await
        .unwrap();
    setting.cache.forget(&key, &first);
    let kept = setting
        .cache
        .get(&key, now, async { fresh("third") })
        .await
        .unwrap();
    assert_eq!(kept.expose(), "second");
}

/// AP-10: another application's token, or one of an older secret, is never used.
#[tokio::test]
async fn credentials_do_not_share_tokens() {
    let setting = Setting::new();
    for (client, secret) in [("c", "s"), ("c", "rotated"), ("d", "s")] {
        setting.token(&key(client, secret), 0).await.unwrap();
    }
    assert_eq!(setting.asked(), 3);
}

#[tokio::test]
async fn the_cache_keeps_the_credentials_used_last() {
    let setting = Setting::new();
    for number in 0..=MOST_CREDENTIALS {
        setting.token(&key("kept", "s"), 0).await.unwrap();
        setting
            .token(&key(&number.to_string(), "s"), 0)
            .await
            .unwrap();
    }
    assert_eq!(lock(&setting.cache.slots).by_key.len(), MOST_CREDENTIALS);
    let before = setting.asked();
    setting.token(&key("kept", "s"), 0).await.unwrap();
    assert_eq!(setting.asked(), before);
    setting.token(&key("0", "s"), 0).await.unwrap();
    assert_eq!(setting.asked(), before + 1);
}
