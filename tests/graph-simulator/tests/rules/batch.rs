//! `$batch` (graph-protocol §8).

use graph_simulator::demo;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, plain};

async fn batch(peer: &Peer, requests: Value) -> Answer {
    peer.post("/$batch", &json!({ "requests": requests })).await
}

fn create(id: &str) -> Value {
    json!({"id": id, "method": "POST", "url": format!("/users/{}/events", demo::ORGANIZER_UPN),
           "headers": {"Content-Type": "application/json"}, "body": plain()})
}

#[tokio::test]
async fn each_step_answers_under_its_id() {
    let peer = Peer::start().await;
    let missing = json!({"id": "2", "method": "GET", "url": "/users/nobody@contoso.example"});
    let answer = batch(&peer, json!([create("1"), missing])).await;
    assert_eq!(answer.status, 200);
    let responses = answer.body["responses"].as_array().unwrap();
    assert_eq!(
        (&responses[0]["id"], &responses[0]["status"]),
        (&json!("1"), &json!(201))
    );
    assert_eq!(responses[0]["body"]["subject"], "Quarterly review");
    assert_eq!(responses[1]["status"], 404);
    assert_eq!(
        responses[1]["body"]["error"]["code"],
        "Request_ResourceNotFound"
    );
}

#[tokio::test]
async fn a_step_after_a_failed_one_is_424() {
    let peer = Peer::start().await;
    let mut second = create("2");
    second["dependsOn"] = json!(["1"]);
    let first = json!({"id": "1", "method": "GET", "url": "/users/nobody@contoso.example"});
    let answer = batch(&peer, json!([first, second])).await;
    assert_eq!(answer.body["responses"][1]["status"], 424);
    assert!(peer.sim.events(demo::ORGANIZER_UPN).is_empty());
}

#[tokio::test]
async fn a_malformed_batch_is_400_as_a_whole() {
    let peer = Peer::start().await;
    let many: Vec<Value> = (0..21).map(|n| create(&n.to_string())).collect();
    let nested = json!({"id": "1", "method": "POST", "url": "/$batch", "body": {}});
    for wrong in [
        json!([]),
        json!(many),
        json!([create("1"), create("1")]),
        json!([{"id": "1", "method": "GET"}]),
        json!([{"id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"}]),
        json!([nested]),
        json!({}),
        json!([5]),
    ] {
        assert_eq!(batch(&peer, wrong.clone()).await.status, 400, "{wrong}");
    }
    assert!(peer.sim.events(demo::ORGANIZER_UPN).is_empty());
}
