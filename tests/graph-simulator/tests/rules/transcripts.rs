//! getAllTranscripts (graph-protocol §0.1, §5).

use graph_simulator::{Tenant, demo};
use serde_json::{Value, json};

use crate::peer::{Answer, Peer};

/// The call as documented, with the arguments in the function's parentheses.
fn all_transcripts(user: &str, arguments: &str) -> String {
    format!("/users/{user}/onlineMeetings/getAllTranscripts({arguments})")
}

fn documented() -> String {
    let organizer = demo::ORGANIZER_ID;
    let arguments = format!(
        "meetingOrganizerUserId='{organizer}',startDateTime=2026-11-01T00:00:00Z,endDateTime=2026-11-30T00:00:00Z"
    );
    all_transcripts(organizer, &arguments)
}

fn switch(peer: &Peer, on: bool) {
    let change = |tenant: &mut Tenant| tenant.graph_transcript_access = on;
    peer.sim.update_tenant(demo::TENANT_ID, change).unwrap();
}

fn inner_code(answer: &Answer) -> &Value {
    &answer.body["error"]["innerError"]["code"]
}

#[tokio::test]
async fn a_tenant_that_allows_it_has_a_list() {
    let peer = Peer::start().await;
    let found = peer.get(&documented()).await;
    assert_eq!(found.values().len(), 0);
    let encoded = documented().replace('\'', "%27").replace('(', "%28");
    assert_eq!(peer.get(&encoded).await.values().len(), 0);
    let qualified = documented().replace("getAll", "microsoft.graph.getAll");
    assert_eq!(peer.get(&qualified).await.status, 200);
}

#[tokio::test]
async fn the_tenants_switch_is_an_inner_code_of_a_403() {
    let peer = Peer::start().await;
    switch(&peer, false);
    let refused = peer.get(&documented()).await;
    assert_eq!(refused.refusal(), (403, "Forbidden"));
    assert_eq!(inner_code(&refused), "GraphAccessToTranscriptsDisabled");
    switch(&peer, true);
    assert_eq!(peer.get(&documented()).await.status, 200);
    assert!(!Tenant::default().graph_transcript_access, "as delivered");
}

#[tokio::test]
async fn role_and_policy_are_asked_before_the_switch() {
    let mut peer = Peer::start().await;
    switch(&peer, false);
    peer.sim
        .update_user(demo::ORGANIZER_ID, |user| user.access_policy = None)
        .unwrap();
    let refused = peer.get(&documented()).await;
    assert_eq!(refused.refusal(), (403, "Forbidden"));
    assert_eq!(
        refused.message(),
        "No application access policy found for this app"
    );
    assert_eq!(inner_code(&refused), &Value::Null);
    // The role for reading meetings is not the one for reading transcripts.
    peer.without_role("OnlineMeetingTranscript.Read.All").await;
    let refused = peer.get(&documented()).await;
    assert_eq!(refused.refusal(), (403, "Forbidden"));
    assert!(refused.message().contains("permission"), "{refused:?}");
}

#[tokio::test]
async fn arguments_in_the_query_string_are_a_server_error() {
    let peer = Peer::start().await;
    let organizer = demo::ORGANIZER_ID;
    let path = format!(
        "/users/{organizer}/onlineMeetings/getAllTranscripts?meetingOrganizerUserId='{organizer}'&startDateTime=2026-11-01T00:00:00Z"
    );
    assert_eq!(peer.get(&path).await.status, 500);
}

#[tokio::test]
async fn a_call_that_is_not_as_documented_is_refused() {
    let peer = Peer::start().await;
    let organizer = demo::ORGANIZER_ID;
    let times = "startDateTime=2026-11-01T00:00:00Z,endDateTime=2026-11-30T00:00:00Z";
    for arguments in [
        String::new(),
        times.to_owned(),
        format!("meetingOrganizerUserId={organizer},{times}"),
        format!("meetingOrganizerUserId='{}',{times}", demo::ANN_ID),
        format!("meetingOrganizerUserId='{organizer}',startDateTime=2026-11-01T00:00:00Z"),
        format!("meetingOrganizerUserId='{organizer}',startDateTime=monday,endDateTime=friday"),
        format!(
            "meetingOrganizerUserId='{organizer}',startDateTime=2026-11-02T00:00:00Z,endDateTime=2026-11-01T00:00:00Z"
        ),
        format!("meetingOrganizerUserId='{organizer}',{times},{times}"),
        format!("meetingOrganizerUserId='{organizer}',{times},color=red"),
    ] {
        let answer = peer.get(&all_transcripts(organizer, &arguments)).await;
        assert_eq!(answer.status, 400, "{arguments}");
    }
    let open = documented().replace(')', "");
    assert_eq!(peer.get(&open).await.status, 400);
    let paged = format!("{}?$top=5", documented());
    assert_eq!(peer.get(&paged).await.status, 400);
    let by_upn = documented().replace(
        &format!("/users/{organizer}"),
        &format!("/users/{}", demo::ORGANIZER_UPN),
    );
    assert_eq!(peer.get(&by_upn).await.refusal(), (400, "BadRequest"));
    assert_eq!(peer.post(&documented(), &json!({})).await.status, 405);
}
