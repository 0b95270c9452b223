//! Reading and changing the settings (TS-1), in both editions.

use it::requests::violations;
use serde_json::{Value, json};

use super::{Cloud, contoso, merged};

/// TS-1: before anything is set there are defaults, and no secret is ever shown.
#[tokio::test]
async fn nothing_set_reads_as_defaults() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let answer = firm.send("GET", super::SETTINGS, None).await;
    assert_eq!(answer.header("etag"), Some("\"0\""));
    assert_eq!(
        answer.expect(200),
        json!({ "profile": { "tenant_id": null, "client_id": null, "client_secret_set": false },
            "install_status": "pending", "default_meeting_organizer_upn": null,
            "default_meeting_organizer_object_id": null, "download_recordings": false,
            "expose_recordings_in_portal": false, "version": 0, "updated_at": null })
    );
}

/// TS-1: what a change leaves out stays, `null` clears.
#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let no_organizer = json!({ "default_meeting_organizer_upn": null });
    let first = firm.put(&merged(contoso(), &no_organizer)).await;
    assert_eq!(first.header("etag"), Some("\"1\""));
    let first = first.expect(200);
    assert_eq!(first["profile"]["client_secret_set"], true);
    assert_eq!(first["install_status"], "active");
    let second = firm
        .put(&json!({ "download_recordings": true }))
        .await
        .expect(200);
    assert_eq!(second["version"], 2);
    assert_eq!(second["profile"], first["profile"]);
    assert_eq!(second["download_recordings"], true);
    let third = firm
        .put(&json!({ "profile": { "client_secret": null }, "download_recordings": null }))
        .await
        .expect(200);
    assert_eq!(third["profile"]["client_secret_set"], false);
    assert_eq!(third["profile"]["tenant_id"], first["profile"]["tenant_id"]);
    assert_eq!(third["download_recordings"], false);
    let cleared = firm
        .put(&json!({ "profile": null, "install_status": null }))
        .await
        .expect(200);
    let nothing = json!({ "tenant_id": null, "client_id": null, "client_secret_set": false });
    assert_eq!(cleared["profile"], nothing);
    assert_eq!(cleared["install_status"], "pending");
    assert_eq!(firm.read().await, cleared);
}

/// XC-5: a change of settings that somebody else has changed is refused.
#[tokio::test]
async fn if_match_names_the_version_that_was_read() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let on = json!({ "expose_recordings_in_portal": true });
    firm.put_at("\"1\"", &on).await.problem(412);
    firm.put_at("\"0\"", &on).await.expect(200);
    firm.put_at("\"0\"", &on).await.problem(412);
    firm.put_at("\"1\"", &json!({})).await.expect(200);
    assert_eq!(firm.read().await["expose_recordings_in_portal"], true);
}

/// XC-5: writers at once lose nothing of each other's.
#[tokio::test]
async fn concurrent_changes_all_count() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let changes: Vec<Value> = vec![
        json!({ "download_recordings": true }),
        json!({ "expose_recordings_in_portal": true }),
        json!({ "install_status": "disabled" }),
        json!({ "profile": { "tenant_id": "contoso.example" } }),
        json!({ "profile": { "client_id": graph_simulator::demo::CLIENT_ID } }),
    ];
    let answers = futures_util::future::join_all(changes.iter().map(|change| firm.put(change)));
    for answer in answers.await {
        answer.expect(200);
    }
    let read = firm.read().await;
    assert_eq!(read["version"], 5);
    assert_eq!(read["download_recordings"], true);
    assert_eq!(read["expose_recordings_in_portal"], true);
    assert_eq!(read["install_status"], "disabled");
    assert_eq!(read["profile"]["tenant_id"], "contoso.example");
    assert!(read["profile"]["client_id"].is_string());
}

/// XC-1: one organisation's settings are not another's.
#[tokio::test]
async fn settings_belong_to_one_organisation() {
    let cloud = Cloud::new().await;
    let (ours, theirs) = (cloud.firm(), cloud.firm());
    theirs
        .put(&json!({ "download_recordings": true }))
        .await
        .expect(200);
    assert_eq!(ours.read().await["version"], 0);
}

/// TS-1: wrong values are refused with their place, all at once.
#[tokio::test]
async fn wrong_values_are_refused_by_name() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let wrong = json!({ "profile": { "tenant_id": "common", "client_id": "x" }, "install_status": "on",
        "default_meeting_organizer_upn": "nobody" });
    let answer = firm.put(&wrong).await;
    if cfg!(feature = "enterprise") {
        let places: Vec<_> = violations(&answer).into_iter().map(|(at, _)| at).collect();
        assert_eq!(
            places,
            [
                "/profile/tenant_id",
                "/profile/client_id",
                "/install_status",
                "/default_meeting_organizer_upn"
            ]
        );
    } else {
        assert_eq!(answer.problem(501), "ee_disabled");
    }
    for (body, place) in [
        (
            json!({ "default_meeting_organizer_object_id": "x" }),
            "/default_meeting_organizer_object_id",
        ),
        (json!({ "profile": { "secret": "x" } }), "/profile/secret"),
    ] {
        let expected = (place.to_owned(), "unknown_field".to_owned());
        assert_eq!(violations(&firm.put(&body).await), [expected]);
    }
    assert_eq!(firm.read().await["version"], 0);
}
