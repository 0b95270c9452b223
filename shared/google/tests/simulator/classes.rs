//! Each class of refusal, by Google's own bodies.

use std::time::Duration;

use convoke_google::{Effect, GoogleError, GoogleErrorClass, Response};
use google_simulator::{Fault, Seed, User, demo};

use crate::peer::{EVENT, EVENTS, Peer, UID, event};

async fn insert_after(peer: &Peer, fault: Fault) -> GoogleError {
    peer.sim.inject(fault);
    peer.try_insert(event(0)).await.unwrap_err()
}

/// IV-6: an expired access token asks for a fresh one.
#[tokio::test]
async fn an_expired_access_token_is_unauthorized() {
    let peer = Peer::start().await;
    peer.sim.expire_access_tokens();
    let error = peer.try_insert(event(0)).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unauthorized);
    assert_eq!(error.code, "authError");
    assert!(error.retryable());
    assert_eq!(error.had_effect, Effect::No);
}

/// IV-6: a consent that does not cover events is forbidden, not revoked.
#[tokio::test]
async fn a_missing_scope_is_forbidden() {
    let peer = Peer::start().await;
    let mut bob = User::new("bob@acme.example", "bob-1", demo::CLIENT_ID);
    bob.scope = "https://www.googleapis.com/auth/calendar.readonly".into();
    let users = vec![bob];
    peer.sim
        .seed(Seed {
            users,
            ..Seed::default()
        })
        .unwrap();
    let bob = convoke_google::Secret::new("bob-1");
    let access = peer.client.refresh(&bob).await.unwrap().access_token;
    let event = event(0);
    let inserted = peer.client.insert_event(&access, "primary", &event);
    let error = inserted.await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Forbidden);
    assert_eq!(error.code, "insufficientPermissions");
}

/// IV-6: limits are waited for, as long as Google asks.
#[tokio::test]
async fn limits_are_told_apart_from_refusals() {
    let peer = Peer::start().await;
    let error = insert_after(&peer, Fault::on("POST", EVENTS).throttle()).await;
    assert_eq!(error.class, GoogleErrorClass::RateLimited);
    assert_eq!(error.code, "rateLimitExceeded");
    assert_eq!(error.retry_after, None);
    for (status, reason) in [
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (429, "rateLimitExceeded"),
    ] {
        let fault = Fault::any()
            .error(status, reason, "…")
            .header("Retry-After", "17");
        let error = insert_after(&peer, fault).await;
        assert_eq!(error.class, GoogleErrorClass::RateLimited, "{reason}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(17)));
        assert_eq!(error.had_effect, Effect::No);
    }
}

/// IV-6: calendars and events of others do not exist for us.
#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let peer = Peer::start().await;
    let wanted = event(0);
    let inserted = peer
        .client
        .insert_event(&peer.access, "bob@acme.example", &wanted);
    let error = inserted.await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::NotFound);
    assert_eq!(error.code, "notFound");
    assert_eq!(
        peer.try_update("neverseen", event(0))
            .await
            .unwrap_err()
            .class,
        GoogleErrorClass::NotFound
    );
}

/// IV-6: an update of what Google says is gone can be told from one that is refused.
#[tokio::test]
async fn what_is_gone_is_gone() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    peer.sim
        .inject(Fault::on("PATCH", EVENT).error(410, "deleted", "Resource has been deleted"));
    assert_eq!(
        peer.try_update(&id, event(1)).await.unwrap_err().class,
        GoogleErrorClass::Gone
    );
}

/// IV-6: what is wrong stays wrong, and Google's reason names it.
#[tokio::test]
async fn a_wrong_event_is_refused() {
    let peer = Peer::start().await;
    let mut ends_early = event(0);
    std::mem::swap(&mut ends_early.start, &mut ends_early.end);
    let mut nowhere = event(0);
    nowhere.start.zone = "Mars/Olympus".into();
    let mut nobody = event(0);
    nobody.attendees[0].email = "bob".into();
    nobody.attendees[0].response = Response::Declined;
    for (wrong, code) in [
        (ends_early, "timeRangeEmpty"),
        (nowhere, "invalid"),
        (nobody, "invalid"),
    ] {
        let error = peer.try_insert(wrong).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Refused);
        assert_eq!(error.code, code);
        assert!(!error.retryable());
    }
    assert_eq!(peer.sim.all_events(demo::ANN), []);
}

/// IV-6: an id that an address would swallow is not sent anywhere.
#[tokio::test]
async fn unusable_ids_stay_at_home() {
    let peer = Peer::start().await;
    for id in ["", ".", ".."] {
        let error = peer.delete(id).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Refused);
        assert_eq!(error.code, "unusableIdentifier");
    }
    let odd = "a/../b?x#y".to_owned();
    peer.delete(&odd).await.unwrap();
    let [asked] = &peer.sim.received()[..] else {
        panic!("one request");
    };
    assert!(asked.path.ends_with("/events/a%2F..%2Fb%3Fx%23y"));
}

/// IV-6: Google's troubles pass.
#[tokio::test]
async fn outages_are_unavailable() {
    let peer = Peer::start().await;
    for status in [500, 502, 503, 504, 408] {
        let fault = Fault::on("POST", EVENTS)
            .error(status, "backendError", "…")
            .header("Retry-After", "3");
        let error = insert_after(&peer, fault).await;
        assert_eq!(error.class, GoogleErrorClass::Unavailable, "{status}");
        assert_eq!(error.had_effect, Effect::Unknown);
        assert_eq!(error.retry_after, Some(Duration::from_secs(3)));
    }
    let conflict = Fault::on("POST", EVENTS).error(409, "conflict", "Conflict");
    let error = insert_after(&peer, conflict).await;
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
    // A question changes nothing, however it ends.
    peer.sim
        .inject(Fault::on("GET", EVENTS).error(500, "backendError", "…"));
    let asked = peer.client.find_event(&peer.access, "primary", UID);
    assert_eq!(asked.await.unwrap_err().had_effect, Effect::No);
}
