//! Directory look-ups.

use graph_simulator::demo;

use crate::peer::Peer;

#[tokio::test]
async fn a_upn_resolves_to_its_object_id() {
    let peer = Peer::start().await;
    let answer = peer
        .get(&format!(
            "/users/{}?$select=id,displayName",
            demo::ORGANIZER_UPN
        ))
        .await;
    assert_eq!(answer.id(), demo::ORGANIZER_ID);
    assert_eq!(answer.body["displayName"], "Contoso Meetings");
    assert!(answer.body.get("mail").is_none());
    let answer = peer.get(&format!("/users/{}", demo::ANN_ID)).await;
    assert_eq!(answer.body["userPrincipalName"], demo::ANN_UPN);
}

#[tokio::test]
async fn an_unknown_user_is_404_in_the_directorys_words() {
    let peer = Peer::start().await;
    let answer = peer.get("/users/nobody@contoso.example").await;
    assert_eq!(answer.refusal(), (404, "Request_ResourceNotFound"));
}

#[tokio::test]
async fn directory_calls_need_a_directory_role() {
    let mut peer = Peer::start().await;
    peer.without_role("User.Read.All").await;
    let answer = peer.get(&format!("/users/{}", demo::ANN_ID)).await;
    assert_eq!(answer.refusal(), (403, "Authorization_RequestDenied"));
}

#[tokio::test]
async fn users_are_listed_and_filtered() {
    let peer = Peer::start().await;
    let all = peer.get("/users?$select=id").await;
    assert_eq!(all.values().len(), 4);
    let path = format!("/users?$filter=mail eq '{}'", demo::BOB_UPN);
    let found = peer.get(&path).await;
    assert_eq!(found.values()[0]["id"], demo::BOB_ID);
    assert_eq!(found.values().len(), 1);
}
