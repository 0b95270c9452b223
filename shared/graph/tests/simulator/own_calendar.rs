//! A user's own calendar, from consent to revocation, and what is on it after faults.

use std::time::Duration;

use convoke_graph::{
    DelegatedClient, DelegatedConfig, GraphErrorClass, OwnEvent, Secret, http_client,
};
use graph_simulator::{Fault, GrantState, GraphSimulator, Options, Removal, StoredEvent, demo};
use uuid::Uuid;

use crate::world::at;

const EVENTS: &str = "/v1.0/me/events";
const EVENT: &str = "/v1.0/me/events/*";
const TOKEN: &str = "/common/oauth2/v2.0/token";
const REDIRECT: &str = "https://app.example/connected";

/// A simulator whose Ann has connected her calendar, and the client.
struct Ann {
    sim: GraphSimulator,
    client: DelegatedClient,
}

impl Ann {
    async fn start() -> Self {
        Self::with_secret(demo::CALENDAR_CLIENT_SECRET).await
    }

    async fn with_secret(secret: &str) -> Self {
        let sim = GraphSimulator::start(Options::default()).await.unwrap();
        sim.seed_demo();
        let config = DelegatedConfig {
            client_id: demo::CALENDAR_CLIENT_ID.into(),
            client_secret: Secret::new(secret),
            graph_base_url: sim.base_url().into(),
            login_base_url: sim.base_url().into(),
        };
        let client = DelegatedClient::over(http_client().unwrap(), config).unwrap();
        Self {
            client: client.with_limits(Duration::from_millis(800), Duration::from_secs(6)),
            sim,
        }
    }

    async fn access(&self) -> Secret {
        let token = Secret::new(demo::CALENDAR_REFRESH_TOKEN);
        self.client.refresh(&token).await.unwrap().access_token
    }

    fn on_calendar(&self) -> Vec<StoredEvent> {
        let all = self.sim.events(demo::ANN_ID);
        let present = all.into_iter().filter(|event| event.removed.is_none());
        present.collect()
    }

    fn requests(&self, method: &str) -> usize {
        let all = self.sim.received();
        all.iter().filter(|r| r.method == method).count()
    }

    async fn refused(&self, token: &str) -> GraphErrorClass {
        let error = self.client.refresh(&Secret::new(token)).await.unwrap_err();
        assert!(!error.outcome_unknown);
        error.class
    }
}

fn session(id: u128) -> OwnEvent {
    OwnEvent {
        transaction_id: Uuid::from_u128(id),
        subject: "Kick-off".into(),
        body_text: "With: bob@example.com\nJoin: https://meet.example/1".into(),
        location: Some("Room 1".into()),
        start: at(2, 9),
        end: at(2, 10),
        time_zone: "Europe/Berlin".into(),
    }
}

/// IV-6: an event's whole life on a user's own calendar; Exchange invites nobody.
#[tokio::test]
async fn an_own_event_is_made_changed_found_and_removed() {
    let ann = Ann::start().await;
    let access = ann.access().await;
    let id = ann.client.create_event(&access, &session(1)).await.unwrap();
    let stored = ann.on_calendar().remove(0);
    assert_eq!((&stored.id, stored.start), (&id, at(2, 8).and_utc()));
    assert_eq!(stored.subject, "Kick-off");
    assert_eq!(stored.graph["body"]["contentType"], "text");
    assert_eq!(stored.graph["body"]["content"], session(1).body_text);
    assert_eq!(stored.graph["location"]["displayName"], "Room 1");
    assert_eq!(stored.graph["attendees"].as_array().map(Vec::len), Some(0));

    let moved = OwnEvent {
        subject: "Kick-off, moved".into(),
        location: None,
        start: at(20, 9),
        end: at(20, 10),
        time_zone: "UTC".into(),
        ..session(1)
    };
    ann.client.update_event(&access, &id, &moved).await.unwrap();
    let stored = ann.on_calendar().remove(0);
    assert_eq!(stored.start, at(20, 9).and_utc());
    assert_eq!(stored.subject, "Kick-off, moved");
    assert_eq!(stored.graph["location"]["displayName"], "");

    let find = async |number| {
        let transaction_id = Uuid::from_u128(number);
        ann.client
            .find_event(&access, transaction_id)
            .await
            .unwrap()
    };
    assert_eq!(find(1).await.as_ref(), Some(&id));
    assert_eq!(find(2).await, None);
    ann.client.delete_event(&access, &id).await.unwrap();
    assert!(matches!(
        ann.sim.events(demo::ANN_ID)[0].removed,
        Some(Removal { .. })
    ));
    assert_eq!(find(1).await, None);
    assert!(ann.sim.mails().is_empty());
}

/// IV-6, XC-8: whatever becomes of the answer, there is one event, and the caller has it.
#[tokio::test]
async fn a_lost_answer_leaves_one_event_and_the_caller_has_it() {
    let post = || Fault::on("POST", EVENTS).after();
    for fault in [
        post().cut(),
        post().truncate(),
        post().malformed_json(),
        post().html(502),
        post().unavailable("0.05"),
        post().hang(),
        Fault::on("POST", EVENTS).cut(),
        Fault::on("POST", EVENTS).error(500, "ErrorInternalServerError", "x"),
        Fault::on("POST", EVENTS).throttle("0.05"),
    ] {
        let after = format!("{fault:?}");
        let ann = Ann::start().await;
        let access = ann.access().await;
        ann.sim.inject(fault);
        let created = ann.client.create_event(&access, &session(1)).await;
        let present = ann.on_calendar();
        assert_eq!(present.len(), 1, "{after}");
        assert_eq!(created.unwrap(), present[0].id, "{after}");
    }
}

/// IV-6, XC-8: a create that is repeated by a later run, after the session moved,
/// finds the event and brings it up to date, at either status of the refusal.
#[tokio::test]
async fn a_repeated_create_adopts_the_event_and_brings_it_up_to_date() {
    for status in [400, 409] {
        let ann = Ann::start().await;
        ann.sim
            .configure(|behaviour| behaviour.duplicate_transaction_status = status);
        let access = ann.access().await;
        let first = ann.client.create_event(&access, &session(1)).await.unwrap();
        let moved = OwnEvent {
            start: at(25, 9),
            end: at(25, 10),
            ..session(1)
        };
        let again = ann.client.create_event(&access, &moved).await.unwrap();
        assert_eq!(again, first);
        let present = ann.on_calendar();
        assert_eq!(present.len(), 1);
        assert_eq!(present[0].start, at(25, 8).and_utc());
        let other = ann.client.create_event(&access, &session(2)).await.unwrap();
        assert_ne!(other, first);
    }
}

/// XC-8: a create that fails for good says whether an event may exist.
#[tokio::test]
async fn an_open_outcome_is_reported_exactly_when_an_event_may_exist() {
    let on = || Fault::on("POST", EVENTS).always();
    for (fault, open) in [
        (on().after().cut(), true),
        (on().after().error(503, "serviceNotAvailable", "busy"), true),
        (on().throttle("60"), false),
        (on().error(403, "ErrorAccessDenied", "no"), false),
    ] {
        let ann = Ann::start().await;
        let access = ann.access().await;
        ann.sim.inject(fault);
        // What finds the event is down as well.
        ann.sim
            .inject(Fault::on("GET", EVENTS).always().error(503, "x", "x"));
        let hasty = ann
            .client
            .clone()
            .with_limits(Duration::from_millis(800), Duration::from_secs(2));
        let error = hasty.create_event(&access, &session(1)).await.unwrap_err();
        assert_eq!(error.outcome_unknown, open, "{error:?}");
        assert_eq!(ann.on_calendar().len(), usize::from(open));
        ann.sim.clear_faults();
        let found = ann
            .client
            .find_event(&access, session(1).transaction_id)
            .await;
        assert_eq!(found.unwrap().is_some(), open);
    }
}

/// IV-6: an id whose event the user has deleted makes no second one in silence.
#[tokio::test]
async fn a_transaction_whose_event_was_removed_is_a_duplicate() {
    let ann = Ann::start().await;
    let access = ann.access().await;
    let id = ann.client.create_event(&access, &session(1)).await.unwrap();
    ann.client.delete_event(&access, &id).await.unwrap();
    let create = ann.client.create_event(&access, &session(1)).await;
    let class = create.unwrap_err().class;
    assert!(
        matches!(class, GraphErrorClass::DuplicateTransaction { .. }),
        "{class:?}"
    );
    let update = ann.client.update_event(&access, &id, &session(1)).await;
    assert_eq!(update.unwrap_err().class, GraphErrorClass::NotFoundOrGone);
}

/// IV-6: what is gone needs no removing; a mailbox that is gone is another matter.
#[tokio::test]
async fn deletes_of_what_is_gone_succeed() {
    let ann = Ann::start().await;
    let access = ann.access().await;
    let id = ann.client.create_event(&access, &session(1)).await.unwrap();
    ann.sim.inject(Fault::on("DELETE", EVENT).after().cut());
    ann.client.delete_event(&access, &id).await.unwrap();
    ann.client.delete_event(&access, &id).await.unwrap();
    ann.sim
        .inject(Fault::on("DELETE", EVENT).error(410, "Gone", "gone"));
    ann.client.delete_event(&access, &id).await.unwrap();
    assert!(ann.on_calendar().is_empty());
    ann.sim
        .update_user(demo::ANN_ID, |user| user.mailbox.enabled = false)
        .unwrap();
    let error = ann.client.delete_event(&access, &id).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::MailboxNotFound);
}

/// IV-6: refresh tokens rotate; the old one still works, unless it is single-use.
#[tokio::test]
async fn refresh_tokens_rotate() {
    let ann = Ann::start().await;
    let first = Secret::new(demo::CALENDAR_REFRESH_TOKEN);
    let tokens = ann.client.refresh(&first).await.unwrap();
    assert_eq!(tokens.expires_in, Duration::from_secs(3599));
    let second = tokens.refresh_token.unwrap();
    assert_ne!(second.expose(), first.expose());
    ann.client.refresh(&first).await.unwrap();
    ann.sim.configure(|b| b.refresh_tokens_single_use = true);
    let third = ann.client.refresh(&second).await.unwrap().refresh_token;
    let spent = ann.refused(second.expose()).await;
    assert_eq!(spent, GraphErrorClass::GrantRevoked);
    let tokens = ann.client.refresh(&third.unwrap()).await.unwrap();
    let access = tokens.access_token;
    ann.client.create_event(&access, &session(1)).await.unwrap();
}

/// IV-6: a grant that ended, however it ended, is told from an app that is refused.
#[tokio::test]
async fn a_grant_that_ended_is_told_from_a_refused_app() {
    use GraphErrorClass::{GrantRevoked, InvalidCredentials};
    let token = demo::CALENDAR_REFRESH_TOKEN;
    let ann = Ann::start().await;
    assert_eq!(ann.refused("nothing-of-the-sort").await, GrantRevoked);
    ann.sim.require_interaction(demo::ANN_ID).unwrap();
    assert_eq!(ann.refused(token).await, GrantRevoked);
    ann.sim.revoke_grants(demo::ANN_ID).unwrap();
    assert_eq!(ann.sim.grants(demo::ANN_ID)[0].state, GrantState::Revoked);
    assert_eq!(ann.refused(token).await, GrantRevoked);
    assert_eq!(ann.requests("POST"), 3, "none is asked twice");

    let ann = Ann::with_secret("not-the-secret").await;
    assert_eq!(ann.refused(token).await, InvalidCredentials);
    let ann = Ann::start().await;
    ann.sim
        .inject(Fault::on("POST", TOKEN).token_refused("unauthorized_client", 700_016));
    assert_eq!(ann.refused(token).await, InvalidCredentials);
}

/// IV-6: a code is exchanged at its address, with its verifier, once.
#[tokio::test]
async fn a_code_is_exchanged_once() {
    let ann = Ann::start().await;
    let authorize = || {
        let app = demo::CALENDAR_CLIENT_ID;
        // The challenge of "verifier", S256.
        let challenge = "iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ";
        let code = ann
            .sim
            .authorize(app, demo::BOB_ID, REDIRECT, Some(challenge));
        Secret::new(code.unwrap())
    };
    let verifier = Secret::new("verifier");
    let code = authorize();
    let exchange =
        async |code: &Secret, address, verifier| ann.client.exchange(code, address, verifier).await;
    let elsewhere = exchange(&code, "https://app.example/", Some(&verifier)).await;
    assert_eq!(
        elsewhere.unwrap_err().class,
        GraphErrorClass::InvalidRequest
    );
    let unproved = exchange(&code, REDIRECT, None).await;
    assert_eq!(unproved.unwrap_err().class, GraphErrorClass::GrantRevoked);
    let tokens = exchange(&code, REDIRECT, Some(&verifier)).await.unwrap();
    assert!(tokens.refresh_token.is_some());
    let access = tokens.access_token;
    ann.client.create_event(&access, &session(1)).await.unwrap();
    assert_eq!(ann.sim.events(demo::BOB_ID).len(), 1);
    assert!(ann.on_calendar().is_empty());
    let again = exchange(&code, REDIRECT, Some(&verifier)).await;
    assert_eq!(again.unwrap_err().class, GraphErrorClass::GrantRevoked);

    ann.sim.clear_received();
    ann.sim.inject(Fault::on("POST", TOKEN).after().cut());
    let lost = exchange(&authorize(), REDIRECT, Some(&verifier)).await;
    let lost = lost.unwrap_err();
    assert_eq!(lost.class, GraphErrorClass::Transient);
    assert!(lost.outcome_unknown, "the code may be spent");
    assert_eq!(ann.requests("POST"), 1);
}

/// §8: an access token that ended is the caller's to renew, and is not tried twice.
#[tokio::test]
async fn an_expired_access_token_is_reported_at_once() {
    let ann = Ann::start().await;
    let access = ann.access().await;
    ann.sim.expire_tokens();
    ann.sim.clear_received();
    let error = ann.client.create_event(&access, &session(1)).await;
    let error = error.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::AuthExpired);
    assert!(!error.outcome_unknown && error.retryable());
    assert_eq!(ann.sim.received().len(), 1);
    let fresh = ann.access().await;
    ann.client.create_event(&fresh, &session(1)).await.unwrap();
}

/// §8: throttling and outages of both hosts are waited out within the budget.
#[tokio::test]
async fn throttling_and_outages_are_waited_out() {
    let ann = Ann::start().await;
    for fault in [
        Fault::on("POST", TOKEN).throttle("0.05"),
        Fault::on("POST", TOKEN).html(503),
        Fault::on("POST", TOKEN).after().cut(),
        Fault::on("POST", TOKEN).after().truncate(),
    ] {
        ann.sim.inject(fault);
        ann.access().await;
    }
    for fault in [
        Fault::on("PATCH", EVENT).throttle("0.05"),
        Fault::on("PATCH", EVENT).after().cut(),
        Fault::on("GET", EVENTS).malformed_json(),
    ] {
        ann.sim.inject(fault);
    }
    let access = ann.access().await;
    let id = ann.client.create_event(&access, &session(1)).await.unwrap();
    let event = session(1);
    ann.client.update_event(&access, &id, &event).await.unwrap();
    let found = ann
        .client
        .find_event(&access, session(1).transaction_id)
        .await;
    assert_eq!(found.unwrap(), Some(id));
    ann.sim
        .inject(Fault::on("POST", TOKEN).always().throttle("60"));
    let token = Secret::new(demo::CALENDAR_REFRESH_TOKEN);
    let error = ann.client.refresh(&token).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::Throttled);
    assert_eq!(error.retry_after, Some(Duration::from_mins(1)));
}
