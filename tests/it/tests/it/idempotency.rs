//! `Idempotency-Key` (XC-4): the same POST is answered again and not done
//! again, whatever happens in between.
//!
//! What needs a handler that stops at will runs on a laboratory route behind
//! the very edge that the functions have.

mod laboratory;
mod sessions;

use chrono::TimeDelta;
use http::Method;
use it::api::{ALL_SCOPES, Answer};
use it::deployed::new_org;
use it::gateway::Event;
use serde_json::{Value, json};

use crate::routes::{self, OVER_A_DAY, admin};

use laboratory::Bench;

fn assert_replayed(first: &Answer, again: &Answer) {
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for name in ["content-type", "location", "etag"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
}

fn create(org: &str, key: &str, body: &Value) -> Event {
    Event::new("POST", &format!("/api/v1/orgs/{org}/controls/c1/meetings"))
        .internal(org, "u-admin", ALL_SCOPES)
        .header("idempotency-key", key)
        .json(body)
}

/// XC-4: the same key and body make one meeting and one answer, to the octet.
#[tokio::test]
async fn the_same_key_and_body_replay_the_answer() {
    let ((process, clock), org) = (routes::process(), new_org());
    let first = process.api(create(&org, "k1", &routes::meeting())).await;
    first.expect(201);
    assert!(first.header("location").is_some() && first.header("etag").is_some());
    assert_eq!(first.header("idempotency-replayed"), None);
    clock.advance(TimeDelta::hours(23));
    let again = process.api(create(&org, "k1", &routes::meeting())).await;
    assert_replayed(&first, &again);
    let list = admin(
        &process,
        &org,
        "GET",
        &format!("/api/v1/orgs/{org}/meetings"),
        None,
    )
    .await
    .expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

/// XC-4: another body under the same key is a mistake of the caller's.
#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let ((process, _), org) = (routes::process(), new_org());
    process
        .api(create(&org, "k1", &routes::meeting()))
        .await
        .expect(201);
    let mut other = routes::meeting();
    other["title"] = json!("Another");
    assert_eq!(
        process.api(create(&org, "k1", &other)).await.problem(422),
        "invalid_input"
    );
    let refused = process.api(create(&org, "k1", &other)).await.json();
    assert_eq!(refused["errors"][0]["code"], "idempotency_key_reused");
    process.api(create(&org, "k2", &other)).await.expect(201);
}

/// XC-4: an answer is kept for 24 hours by the clock, whether or not DynamoDB
/// has removed it by then.
#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let bench = Bench::new();
    let first = bench.post(&json!({ "say": "a" })).await;
    bench.clock.advance(OVER_A_DAY - TimeDelta::seconds(2));
    assert_replayed(&first, &bench.post(&json!({ "say": "a" })).await);
    bench.clock.advance(TimeDelta::seconds(2));
    let later = bench.post(&json!({ "say": "b" })).await;
    assert_eq!(later.expect(201)["run"], 2);
}

/// Whoever may do anything, or of whom the route is for.
fn who_calls<'a>(case: &routes::Case, estate: &'a routes::Estate) -> &'a str {
    match case.caller(estate) {
        "u1" => routes::HOST,
        other => other,
    }
}

/// XC-4: every use case with a POST replays; without a key each call is done.
#[tokio::test]
async fn every_post_route_replays() {
    let (process, _) = routes::process();
    for case in routes::cases()
        .into_iter()
        .filter(|case| case.method == Method::POST && case.has_caller())
        // What is down is asked again, and a ticket must not lie in the table.
        .filter(|case| case.status < 500)
        .filter(|case| !recording_proxy::routes::KEYLESS.contains(&case.operation))
    {
        let estate = routes::Estate::of(&process, &new_org()).await;
        let event = case
            .event(&estate)
            .internal(&estate.org, who_calls(&case, &estate), ALL_SCOPES)
            .header("idempotency-key", "k");
        let first = case.send(&process, event.clone()).await;
        assert_eq!(first.status, case.status, "{}", case.operation);
        assert_replayed(&first, &case.send(&process, event).await);
    }
}

/// XC-4: two at once, one runs; the other is told to come back, and then gets
/// the first one's answer.
#[tokio::test]
async fn a_request_that_still_runs_is_not_run_twice() {
    let bench = Bench::new();
    let body = json!({ "say": "a", "wait_before_commit": true });
    let second = async {
        while bench.runs() == 0 {
            tokio::task::yield_now().await;
        }
        let refused = bench.post(&body).await;
        bench.lab.before_commit.add_permits(1);
        refused
    };
    let (first, refused) = tokio::join!(bench.post(&body), second);
    assert_eq!(refused.problem(409), "request_in_progress");
    assert!(refused.header("retry-after").is_some());
    first.expect(201);
    assert_replayed(&first, &bench.post(&body).await);
    assert_eq!(bench.runs(), 1);
}

/// XC-4: of many at once exactly one runs, and none sees anything but its
/// answer or "still running".
#[tokio::test]
async fn of_many_at_once_exactly_one_runs() {
    let bench = Bench::new();
    let body = json!({ "say": "a" });
    let answers = futures_util::future::join_all((0..20).map(|_| bench.post(&body))).await;
    assert_eq!(bench.runs(), 1);
    for answer in answers {
        match answer.status {
            201 => assert_eq!(answer.json()["run"], 1),
            _ => assert_eq!(answer.problem(409), "request_in_progress"),
        }
    }
}

/// XC-4: a key counts within its tenant, caller, path and query only.
#[tokio::test]
async fn a_key_counts_for_its_tenant_caller_path_and_query() {
    let bench = Bench::new();
    let body = json!({ "say": "a" });
    let key = |event: Event, org: &str, sub: &str| {
        event
            .internal(org, sub, "lab:write")
            .header("idempotency-key", "k1")
            .json(&body)
    };
    let here = || Event::new("POST", "/laboratory/bench");
    let other = new_org();
    bench.send(key(here(), &bench.org, "u1")).await.expect(201);
    for (at, event) in [
        key(here(), &other, "u1"),
        key(here(), &bench.org, "u2"),
        key(
            Event::new("POST", "/laboratory/elsewhere"),
            &bench.org,
            "u1",
        ),
        key(
            Event::new("POST", "/laboratory/bench?a=1"),
            &bench.org,
            "u1",
        ),
        key(
            Event::new("POST", "/laboratory/bench?a=2"),
            &bench.org,
            "u1",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = bench.send(event).await;
        assert_eq!(answer.header("idempotency-replayed"), None, "{at}");
        assert_eq!(answer.expect(201)["run"], at + 2);
    }
}

/// XC-4: the caller is authorised again before a replay.
#[tokio::test]
async fn a_replay_needs_the_permission_still() {
    let bench = Bench::new();
    let body = json!({ "say": "a" });
    bench.post(&body).await.expect(201);
    let lost = bench.event(&body).internal(&bench.org, "u1", "lab:read");
    assert_eq!(bench.send(lost).await.problem(403), "permission_missing");
    let nobody = Event::new("POST", "/laboratory/bench")
        .header("idempotency-key", "k1")
        .json(&body);
    assert_eq!(bench.send(nobody).await.problem(401), "unauthenticated");
    assert_eq!(bench.runs(), 1);
}

/// XC-4: a failure of ours is not stored; the same key may try again at once.
#[tokio::test]
async fn a_server_error_is_not_stored() {
    let bench = Bench::new();
    let body = json!({ "say": "a", "fail": true });
    assert_eq!(bench.post(&body).await.problem(503), "lab_down");
    assert_eq!(bench.post(&body).await.expect(201)["run"], 2);
}

/// XC-4: a refusal is an answer like any other.
#[tokio::test]
async fn a_refusal_is_replayed() {
    let ((process, _), org) = (routes::process(), new_org());
    let first = process
        .api(create(&org, "k1", &json!({ "title": "" })))
        .await;
    assert_eq!(first.status, 422);
    assert_replayed(
        &first,
        &process
            .api(create(&org, "k1", &json!({ "title": "" })))
            .await,
    );
}

/// XC-4, XC-7: killed before the commit, nothing has happened; the key is held
/// for as long as the function could have lived, then taken over.
#[tokio::test]
async fn a_crash_before_the_commit_frees_the_key_when_its_lease_ends() {
    let bench = Bench::new();
    let body = json!({ "say": "a", "wait_before_commit": true });
    Box::pin(bench.crash(&body)).await;
    assert!(bench.finding().await.is_none());
    bench.clock.advance(TimeDelta::seconds(28));
    assert_eq!(bench.post(&body).await.problem(409), "request_in_progress");
    bench.clock.advance(TimeDelta::seconds(2));
    let other = bench.post(&json!({ "say": "b" })).await;
    assert_eq!(other.status, 422, "a key is not taken over by another body");
    assert_eq!(bench.post(&body).await.expect(201)["run"], 2);
}

/// XC-4, XC-7: killed after the commit, before anybody was answered: the answer
/// was stored in the state's transaction, and is given.
#[tokio::test]
async fn a_crash_after_the_commit_has_left_the_answer() {
    let bench = Bench::new();
    let body = json!({ "say": "a", "wait_after_commit": true });
    Box::pin(bench.crash(&body)).await;
    assert_eq!(bench.finding().await.map(|finding| finding.run), Some(1));
    let answer = bench.post(&body).await;
    assert_eq!(answer.header("idempotency-replayed"), Some("true"));
    assert_eq!(answer.header("etag"), Some("\"7\""));
    assert_eq!(answer.header("location"), Some("/laboratory/found"));
    assert_eq!(answer.expect(201), json!({ "said": "a", "run": 1 }));
    assert_eq!(bench.runs(), 1);
}

/// XC-4: whoever outlived their lease cannot write any more: neither state nor
/// answer.
#[tokio::test]
async fn a_straggler_whose_key_was_taken_over_cannot_commit() {
    let bench = Bench::new();
    let body = json!({ "say": "a", "wait_before_commit": true });
    let takeover = async {
        while bench.runs() == 0 {
            tokio::task::yield_now().await;
        }
        bench.clock.advance(TimeDelta::seconds(30));
        let answer = bench.post(&body).await;
        bench.lab.before_commit.add_permits(1);
        answer
    };
    let (straggler, answer) = tokio::join!(bench.post(&body), takeover);
    assert_eq!(answer.expect(201)["run"], 2);
    assert_eq!(straggler.status, 503);
    assert_eq!(bench.finding().await.map(|finding| finding.run), Some(2));
    // It did not give its successor's key free either.
    assert_replayed(&answer, &bench.post(&body).await);
}

/// XC-4: what is no key is refused before anything is done.
#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let bench = Bench::new();
    let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
    for key in ["", &too_long, "schlüssel"] {
        let event = bench
            .event(&json!({ "say": "a" }))
            .header("idempotency-key", key);
        assert_eq!(
            bench.send(event).await.problem(400),
            "invalid_idempotency_key",
            "{key:?}"
        );
    }
    assert_eq!(bench.runs(), 0);
    bench
        .send(
            bench
                .event(&json!({ "say": "a" }))
                .header("idempotency-key", &longest),
        )
        .await
        .expect(201);
}
