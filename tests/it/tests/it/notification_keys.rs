//! XC-10, NT-3: the deployment's keys for encrypted notifications, on the local
//! AWS's table and KMS. The deployment is everybody's here: other tests make and
//! read the same keys, at other times.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use convoke_platform::config::Environment;
use convoke_services::notification_keys::NotificationKeys;
use futures_util::future::join_all;
use it::clock::TestClock;
use it::process::Process;

use crate::routes;

fn keys(process: &Process, encrypts: &str) -> NotificationKeys {
    let name = "CONVOKE_ENCRYPT_NOTIFICATIONS".to_owned();
    let environment = Environment::of([(name, encrypts.to_owned())]);
    let vault = process.microsoft.vault().clone();
    NotificationKeys::of_environment(&environment, process.core.clone(), vault).unwrap()
}

async fn current(keys: NotificationKeys) -> (String, String) {
    let certificate = keys.current().await.unwrap().unwrap();
    (certificate.id, certificate.der_base64)
}

/// NT-3: whoever makes the first key, or the next year's, all go by the same one;
/// what was encrypted for an older one opens in any process.
#[tokio::test]
async fn makers_that_race_agree_and_old_keys_still_open() {
    let (process, clock): (Process, TestClock) = routes::process();
    let mut used = BTreeSet::new();
    for year in 0..3 {
        clock.advance(TimeDelta::days(366));
        let racing = (0..12).map(|_| current(keys(&process, "true")));
        let agreed: BTreeSet<_> = join_all(racing).await.into_iter().collect();
        assert_eq!(agreed.len(), 1, "year {year}");
        used.extend(agreed.into_iter().map(|(id, _)| id));
        assert_eq!(used.len(), year + 1);
    }
    let fresh = keys(&process, "false");
    for id in &used {
        assert!(fresh.open(id).await.unwrap().is_some(), "{id}");
    }
    for id in ["", "none", &"x".repeat(5_000), "CURRENT", "../KEY"] {
        assert!(fresh.open(id).await.unwrap().is_none());
    }
}

/// NT-1: without encryption no certificate is asked for.
#[tokio::test]
async fn without_encryption_there_is_no_certificate() {
    let (process, _) = routes::process();
    assert!(keys(&process, "false").current().await.unwrap().is_none());
}
