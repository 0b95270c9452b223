//! The control API, the log and the snapshot.

use graph_simulator::{GraphSimulator, Options, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, events, plain, with};

async fn control(peer: &Peer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/_simulator{path}", peer.sim.base_url());
    let mut request = peer.http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

#[tokio::test]
async fn every_request_is_logged_with_its_caller_and_without_secrets() {
    let peer = Peer::start().await;
    peer.ask_token(&[]).await;
    let path = format!("{}?$top=5&$select=id", events());
    let request = peer
        .request(Method::GET, &path)
        .header("client-request-id", "abc");
    Answer::of(request).await;
    peer.create(&plain()).await;
    let log = peer.sim.received();
    assert_eq!(log.len(), 3);
    assert_eq!(log[0].app_id.as_deref(), Some(demo::CLIENT_ID));
    assert_eq!(log[0].tenant_id.as_deref(), Some(demo::TENANT_ID));
    assert_eq!(
        log[0].body.as_ref().unwrap()["grant_type"],
        "client_credentials"
    );
    assert_eq!(log[1].method, "GET");
    assert_eq!(log[1].parameters["$top"], "5");
    assert_eq!(log[1].headers["client-request-id"], "abc");
    assert_eq!(log[2].app_id.as_deref(), Some(demo::CLIENT_ID));
    assert_eq!(log[2].body.as_ref().unwrap()["subject"], "Quarterly review");
    assert_eq!((log[2].status, log[2].seq), (Some(201), log[0].seq + 2));
    let everything = serde_json::to_string(&log).unwrap();
    assert!(!everything.contains(demo::CLIENT_SECRET));
    assert!(!everything.contains(peer.token()));
}

#[tokio::test]
async fn the_log_is_read_and_cleared_over_http() {
    let peer = Peer::start().await;
    peer.create(&plain()).await;
    let log = control(&peer, Method::GET, "/received", None).await;
    assert_eq!(log.body[0]["status"], 201);
    assert_eq!(
        log.body.as_array().unwrap().len(),
        1,
        "the control API is not logged"
    );
    assert_eq!(
        control(&peer, Method::DELETE, "/received", None)
            .await
            .status,
        204
    );
    assert!(peer.sim.received().is_empty());
}

#[tokio::test]
async fn events_are_listed_with_those_removed() {
    let peer = Peer::start().await;
    let id = peer.create(&plain()).await.id();
    peer.create(&plain()).await;
    peer.delete(&event(&id)).await;
    let path = format!("/events?mailbox={}", demo::ORGANIZER_UPN);
    let answer = control(&peer, Method::GET, &path, None).await;
    assert_eq!(answer.body["count"], 2);
    assert_eq!(answer.body["items"][0]["removed"]["kind"], "deleted");
    assert_eq!(answer.body["items"][1]["removed"], Value::Null);
    let other = control(
        &peer,
        Method::GET,
        "/events?mailbox=ann@contoso.example",
        None,
    )
    .await;
    assert_eq!(other.body["count"], 0);
}

#[tokio::test]
async fn faults_are_injected_over_http() {
    let peer = Peer::start().await;
    let fault = json!({"method": "POST", "path": "/v1.0/users/*/events", "times": 2,
        "action": {"respond": {"status": 503, "headers": {"Retry-After": "0.5"},
                               "body": {"error": {"code": "serviceNotAvailable", "message": "x"}}}}});
    let created = control(&peer, Method::POST, "/faults", Some(fault)).await;
    let id = created.body["id"].as_u64().unwrap();
    let answer = peer.create(&plain()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "0.5"));
    let list = control(&peer, Method::GET, "/faults", None).await;
    assert_eq!(list.body[0]["hits"], 1);
    let gone = control(&peer, Method::DELETE, &format!("/faults/{id}"), None).await;
    assert_eq!(gone.status, 204);
    assert_eq!(peer.create(&plain()).await.status, 201);
    for wrong in [
        json!({"methd": "POST"}),
        json!({"action": "explode"}),
        json!([]),
    ] {
        assert_eq!(
            control(&peer, Method::POST, "/faults", Some(wrong))
                .await
                .status,
            400
        );
    }
    for simple in [
        "hang",
        "cut",
        "truncate",
        "malformed_json",
        "without_teams_meeting",
        "proceed",
    ] {
        let fault = json!({"path": "/never", "phase": "after", "action": simple});
        assert_eq!(
            control(&peer, Method::POST, "/faults", Some(fault))
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn users_apps_tenants_and_behaviour_are_patched_over_http() {
    let peer = Peer::start().await;
    let path = format!("/users/{}", demo::ORGANIZER_UPN);
    let off = json!({"mailbox": {"online_meetings": "unavailable"}});
    let answer = control(&peer, Method::PATCH, &path, Some(off)).await;
    assert_eq!(answer.body["mailbox"]["online_meetings"], "unavailable");
    assert_eq!(answer.body["mailbox"]["enabled"], true, "the rest stays");
    let revoke = json!({"access_policy": null});
    let answer = control(&peer, Method::PATCH, &path, Some(revoke)).await;
    assert_eq!(answer.body["access_policy"], Value::Null);
    let behaviour = json!({"duplicate_transaction_status": 400});
    control(&peer, Method::PATCH, "/behaviour", Some(behaviour)).await;
    assert_eq!(peer.sim.behaviour().duplicate_transaction_status, 400);
    let typo = json!({"duplicate_status": 400});
    assert_eq!(
        control(&peer, Method::PATCH, "/behaviour", Some(typo))
            .await
            .status,
        422
    );
    let app = format!("/apps/{}", demo::CLIENT_ID);
    let roles = json!({"consents": {demo::TENANT_ID: []}});
    assert_eq!(
        control(&peer, Method::PATCH, &app, Some(roles))
            .await
            .status,
        200
    );
    let tenant = format!("/tenants/{}", demo::TENANT_ID);
    let domains = json!({"domains": ["fabrikam.example"]});
    assert_eq!(
        control(&peer, Method::PATCH, &tenant, Some(domains))
            .await
            .status,
        200
    );
    assert_eq!(
        peer.ask_token(&[("tenant", "fabrikam.example")])
            .await
            .status,
        200
    );
    let unknown = control(&peer, Method::PATCH, "/users/nobody", Some(json!({}))).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn tenants_are_seeded_over_http_all_or_nothing() {
    let peer = Peer::start().await;
    let tenant = "11111111-2222-4333-8444-555555555555";
    let user = |id: &str| json!({"id": id, "tenant_id": tenant, "upn": "eve@fabrikam.example"});
    let seed = |users: Value| json!({"tenants": [{"id": tenant}], "users": users});
    let wrong = control(
        &peer,
        Method::POST,
        "/seed",
        Some(seed(json!([user("eve")]))),
    )
    .await;
    assert_eq!(wrong.status, 422);
    let id = "aaaaaaaa-2222-4333-8444-555555555555";
    let right = control(&peer, Method::POST, "/seed", Some(seed(json!([user(id)])))).await;
    assert_eq!(right.status, 204);
    let directory = control(&peer, Method::GET, "/directory", None).await;
    assert_eq!(directory.body["tenants"].as_array().unwrap().len(), 2);
    assert_eq!(directory.body["users"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn the_clock_moves_over_http() {
    let peer = Peer::start().await;
    let set = json!({"now": "2030-01-01T00:00:00Z"});
    let answer = control(&peer, Method::PUT, "/clock", Some(set)).await;
    assert!(
        answer.body["now"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-01T00:00")
    );
    let by = json!({"advance_ms": 86_400_000});
    control(&peer, Method::PUT, "/clock", Some(by)).await;
    assert_eq!(peer.sim.now().date_naive().to_string(), "2030-01-02");
    assert_eq!(
        peer.get(&events()).await.status,
        401,
        "tokens follow the clock"
    );
    for wrong in [
        json!({}),
        json!({"now": "soon"}),
        json!({"offset_ms": 1, "advance_ms": 1}),
    ] {
        assert!(
            control(&peer, Method::PUT, "/clock", Some(wrong))
                .await
                .status
                >= 400
        );
    }
    let far = json!({"offset_ms": i64::MAX});
    assert_eq!(
        control(&peer, Method::PUT, "/clock", Some(far))
            .await
            .status,
        200
    );
    assert_eq!(peer.ask_token(&[]).await.status, 200);
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let peer = Peer::start().await;
    peer.create(&plain()).await;
    assert_eq!(
        control(&peer, Method::POST, "/reset", None).await.status,
        204
    );
    assert_eq!(peer.ask_token(&[]).await.status, 400, "no tenant any more");
    assert_eq!(
        control(&peer, Method::POST, "/seed/demo", None)
            .await
            .status,
        204
    );
    assert_eq!(peer.ask_token(&[]).await.status, 200);
    assert!(peer.sim.events(demo::ORGANIZER_UPN).is_empty());
    assert_eq!(
        control(&peer, Method::GET, "/nothing", None).await.status,
        404
    );
    let info = control(&peer, Method::GET, "", None).await;
    assert_eq!(info.body["base_url"], peer.sim.base_url());
}

#[tokio::test]
async fn tokens_are_expired_over_http() {
    let peer = Peer::start().await;
    assert_eq!(
        control(&peer, Method::POST, "/tokens/expire", None)
            .await
            .status,
        204
    );
    assert_eq!(peer.get(&events()).await.status, 401);
}

#[tokio::test]
async fn state_survives_a_restart_on_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = Some(folder.path().join("graph.json"));
    let options = Options {
        snapshot: snapshot.clone(),
        ..Options::default()
    };
    let peer = Peer::with(options).await;
    let id = peer.create(&with(json!({"transactionId": "t"}))).await.id();
    peer.sim.configure(|b| b.working_elsewhere_digit = '4');
    let (addr, token) = (peer.sim.addr(), peer.token().to_owned());
    let (before, url) = (
        peer.sim.events(demo::ORGANIZER_ID),
        peer.sim.base_url().to_owned(),
    );
    peer.sim.stop().await.unwrap();
    let options = Options {
        addr,
        snapshot,
        demo: true,
    };
    let sim = GraphSimulator::start(options).await.unwrap();
    assert_eq!(sim.events(demo::ORGANIZER_ID), before);
    assert_eq!(sim.behaviour().working_elsewhere_digit, '4');
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http
        .get(format!("{url}/v1.0{}", event(&id)))
        .bearer_auth(token);
    assert_eq!(Answer::of(request).await.body["transactionId"], "t");
}

#[tokio::test]
async fn a_snapshot_follows_changes_and_a_broken_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.json");
    let options = Options {
        snapshot: Some(path.clone()),
        ..Options::default()
    };
    let peer = Peer::with(options.clone()).await;
    peer.create(&plain()).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    // Without stopping: a crash loses a moment at most.
    while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains("Quarterly review")) {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    drop(peer);
    std::fs::write(&path, "{").unwrap();
    let error = GraphSimulator::start(options).await.unwrap_err();
    assert!(error.to_string().contains("graph.json"));
}

#[tokio::test]
async fn stopping_does_not_wait_for_what_hangs() {
    let peer = Peer::start().await;
    peer.sim.inject(graph_simulator::Fault::any().hang());
    let waiting = tokio::spawn(peer.request(Method::GET, &events()).send());
    while peer.sim.received().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let url = peer.sim.base_url().to_owned();
    tokio::time::timeout(std::time::Duration::from_secs(10), peer.sim.stop())
        .await
        .unwrap()
        .unwrap();
    assert!(waiting.await.unwrap().is_err());
    assert!(
        peer.http.get(url).send().await.is_err(),
        "the port is closed"
    );
}

#[tokio::test]
async fn a_taken_port_is_a_clear_error() {
    let peer = Peer::start().await;
    let options = Options {
        addr: peer.sim.addr(),
        ..Options::default()
    };
    let error = GraphSimulator::start(options).await.unwrap_err();
    assert!(error.to_string().contains("cannot listen on 127.0.0.1"));
}

#[test]
fn a_simulator_outlives_the_runtime_it_was_started_from() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let peer = runtime().block_on(Peer::start());
    let answer = runtime().block_on(async {
        // A client of this runtime: the other's connections died with it.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1.0{}", peer.sim.base_url(), events());
        Answer::of(http.get(url).bearer_auth(peer.token())).await
    });
    assert_eq!(answer.status, 200);
    runtime().block_on(peer.sim.stop()).unwrap();
}
