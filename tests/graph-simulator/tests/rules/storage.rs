//! Content by way of the storage: another host, a link that needs no token
//! (graph-protocol §5, §12).

use chrono::TimeDelta;
use graph_simulator::{Delivery, Fault, NewArtifact, Outcome, StoredArtifact};
use reqwest::{Client, Method, Response, Url};
use serde_json::json;

use crate::held::{Held, stay};
use crate::peer::Answer;

/// The link that Graph redirects to.
async fn link(held: &Held, recording: &StoredArtifact) -> String {
    let url = format!(
        "{}/v1.0{}",
        held.peer.sim.base_url(),
        held.content(recording)
    );
    let request = stay().get(url).bearer_auth(held.peer.token());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(response.bytes().await.unwrap().is_empty());
    location
}

async fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::builder().no_proxy().build().unwrap().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_redirect_leads_to_another_host_that_needs_no_token() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::redirected());
    let link = link(&held, &recording).await;
    let (graph, storage): (Url, Url) = (
        held.peer.sim.base_url().parse().unwrap(),
        link.parse().unwrap(),
    );
    assert_ne!(graph.host_str(), storage.host_str());
    assert_ne!(graph.port(), storage.port());
    assert!(link.starts_with(&held.peer.sim.storage_base_url()));
    let response = get(&link, &[("range", "bytes=990-")]).await;
    assert_eq!(response.status(), 206);
    assert_eq!(response.headers()["content-range"], "bytes 990-999/1000");
    assert_eq!(response.headers()["content-type"], "video/mp4");
    assert_eq!(
        response.bytes().await.unwrap(),
        recording.content.read(990, 10)
    );
    let received = held.peer.sim.storage_received();
    assert_eq!(received.len(), 1);
    assert!(!received[0].headers.contains_key("authorization"));
    assert_eq!(received[0].headers["range"], "bytes=990-");
    assert_eq!(
        (received[0].status, received[0].sent),
        (Some(206), Some(10))
    );
    assert_eq!(held.peer.sim.received().len(), 1, "Graph's log is its own");
    held.peer.sim.clear_received();
    assert!(held.peer.sim.storage_received().is_empty());
}

#[tokio::test]
async fn the_storage_refuses_whoever_brings_a_token() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::redirected());
    let link = link(&held, &recording).await;
    let bearer = format!("Bearer {}", held.peer.token());
    let refused = get(&link, &[("authorization", &bearer)]).await;
    assert_eq!(refused.status(), 400);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("InvalidAuthenticationInfo")
    );
    let received = held.peer.sim.storage_received();
    assert_eq!(received[0].headers["authorization"], "Bearer (redacted)");
    assert_eq!(get(&link, &[]).await.status(), 200, "the link still works");
}

#[tokio::test]
async fn a_link_expires_and_cannot_be_altered() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::redirected());
    held.peer.sim.configure(|b| b.storage_link_seconds = 600);
    let first = link(&held, &recording).await;
    held.peer.sim.advance(TimeDelta::seconds(590));
    assert_eq!(get(&first, &[]).await.status(), 200);
    held.peer.sim.advance(TimeDelta::seconds(11));
    let refused = get(&first, &[]).await;
    assert_eq!(refused.status(), 403);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("AuthenticationFailed")
    );
    let second = link(&held, &recording).await;
    assert_eq!(get(&second, &[]).await.status(), 200);
    let (path, _) = second.split_once('?').unwrap();
    for altered in [
        path.to_owned(),
        format!("{second}0"),
        format!("{path}?tempauth=v1."),
    ] {
        assert_eq!(get(&altered, &[]).await.status(), 403, "{altered}");
    }
    held.peer.sim.expire_storage_links();
    assert_eq!(get(&second, &[]).await.status(), 403);
    let elsewhere = format!("{}/v1.0/users", held.peer.sim.storage_base_url());
    assert_eq!(
        get(&elsewhere, &[]).await.status(),
        404,
        "Graph is not here"
    );
    let third = link(&held, &recording).await;
    held.peer.sim.remove_artifact(&recording.id);
    assert_eq!(get(&third, &[]).await.status(), 404);
}

#[tokio::test]
async fn the_storage_takes_the_switches_of_delivery() {
    let held = Held::start().await;
    let delivery = Delivery {
        honours_ranges: false,
        tells_length: false,
        cut_after: Some(400),
        cut_times: Some(1),
        revokes_when_cut: true,
        ..Delivery::redirected()
    };
    let recording = held.delivered(1_000, delivery);
    let first = link(&held, &recording).await;
    let response = get(&first, &[("range", "bytes=500-")]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("content-length"), None);
    assert!(response.bytes().await.is_err());
    assert_eq!(held.peer.sim.storage_received()[0].outcome, Outcome::Cut);
    assert_eq!(get(&first, &[]).await.status(), 403, "revoked by the cut");
    let second = link(&held, &recording).await;
    assert_eq!(get(&second, &[]).await.bytes().await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn head_tells_the_length_and_other_methods_are_refused() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::redirected());
    let link = link(&held, &recording).await;
    let head = stay().head(&link).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], "1000");
    assert_eq!(
        held.peer.sim.storage_received()[0].outcome,
        Outcome::Answered
    );
    assert_eq!(stay().put(&link).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn faults_strike_the_storage_too() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::redirected());
    let link = link(&held, &recording).await;
    let fault = Fault::on("GET", "/storage/*/content");
    held.peer.sim.inject(fault.unavailable("1"));
    assert_eq!(get(&link, &[]).await.status(), 503);
    assert_eq!(get(&link, &[]).await.status(), 200);
}

#[tokio::test]
async fn a_transcript_is_redirected_in_the_form_it_was_asked_for() {
    let held = Held::start().await;
    let transcript = held.transcribe(NewArtifact::default().delivered(Delivery::redirected()));
    let media_type = "application/vnd.microsoft.graph.transcript+text";
    let response = held.ask(&transcript).header("accept", media_type).send();
    let response = response.await.unwrap();
    assert_eq!(
        response.status(),
        200,
        "the client follows and drops its token"
    );
    assert_eq!(response.headers()["content-type"], media_type);
    assert!(response.text().await.unwrap().starts_with("00:00:03.120"));
    assert!(
        !held.peer.sim.storage_received()[0]
            .headers
            .contains_key("authorization")
    );
}

/// graph-protocol §8: batch sub-responses may be 302 with `location`.
#[tokio::test]
async fn content_in_a_batch_is_a_redirect() {
    let held = Held::start().await;
    let recording = held.delivered(1_000, Delivery::default());
    let step = json!({"id": "1", "method": "GET", "url": held.content(&recording)});
    let request = held.peer.request(Method::POST, "/$batch");
    let answer = Answer::of(request.json(&json!({"requests": [step]}))).await;
    let response = &answer.body["responses"][0];
    assert_eq!(response["status"], 302);
    let link = response["headers"]["location"].as_str().unwrap();
    assert_eq!(get(link, &[]).await.bytes().await.unwrap().len(), 1_000);
}
