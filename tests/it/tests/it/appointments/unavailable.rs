//! The toggle is on, and no Teams meeting can be made here (AP-5, XC-11). The
//! same in both editions, but for the reason.

use it::practice::{Practice, unfolded};
use serde_json::{Value, json};

/// What a practice without settings is told.
const REASON: &str = if cfg!(feature = "enterprise") {
    "not_configured"
} else {
    "ee_disabled"
};

/// AP-5, XC-11: approved and warned, without a call to Graph or a row; both are
/// told at once, without a link.
#[tokio::test]
async fn an_approval_is_warned_and_stands() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    let answer = practice.approve(&id, &json!({})).await.expect(200);
    let warning = &answer["teams_meeting_warning"];
    assert_eq!(warning["reason"], REASON);
    assert!(!warning["message"].as_str().unwrap().is_empty());
    for request in [answer["request"].clone(), practice.read(&id).await] {
        assert_eq!(request["status"], "approved");
        assert_eq!(request.get("online_meeting"), None);
        for name in [
            "online_meeting_provider",
            "online_meeting_url",
            "online_meeting_id",
        ] {
            assert_eq!(request[name], Value::Null, "{name}");
        }
        assert_eq!(request["deletes_teams_meeting"], false);
    }
    practice.work().await;
    let sent = practice.sent();
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|mail| mail.method == "REQUEST" && !mail.has_link)
    );
    let file = unfolded(&practice.file(&id).await);
    for teams in ["LOCATION", "CONFERENCE", "URL:"] {
        assert!(!file.contains(teams), "{file}");
    }
    let again = practice
        .call("POST", &format!("/{id}/generate-meeting"), None)
        .await
        .expect(200);
    assert_eq!(again["teams_meeting_warning"]["reason"], REASON);
    assert_eq!(again["request"], practice.read(&id).await);
    assert_eq!(practice.work().await, Vec::<Value>::new());
    assert_eq!(practice.sent().len(), 2);
    assert_eq!(practice.graph.received().len(), 0);
}

/// AP-5: without the toggle nobody is warned of what nobody asked for.
#[tokio::test]
async fn without_the_toggle_there_is_no_warning() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    for (command, body) in [
        ("approve", json!({})),
        (
            "reschedule",
            json!({ "new_date": "2026-12-03", "new_time": "09:00" }),
        ),
        ("cancel", json!({})),
    ] {
        let answer = practice.tell(&id, command, &body).await.expect(200);
        assert_eq!(
            answer.get("teams_meeting_warning"),
            None,
            "{command}: {answer}"
        );
    }
    assert_eq!(practice.graph.received().len(), 0);
}

/// AP-7, AP-9, XC-11: a stored meeting of Microsoft's that cannot be reached any
/// more holds nothing up: moved and cancelled here, and the caller is warned.
#[tokio::test]
async fn an_imported_meeting_that_cannot_be_reached_holds_nothing_up() {
    let practice = Practice::without_teams().await;
    let columns = json!({ "online_meeting_url": "https://teams.microsoft.com/l/meetup-join/old", "online_meeting_id": "MSo1" });
    let id = practice.imported(&columns).await;
    let moved = practice
        .tell(
            &id,
            "reschedule",
            &json!({ "new_date": "2026-12-03", "new_time": "09:00" }),
        )
        .await
        .expect(200);
    assert!(
        moved["teams_meeting_warning"]["reason"].is_string(),
        "{moved}"
    );
    assert_eq!(moved["request"]["start"], "2026-12-03T08:00:00Z");
    assert_eq!(
        moved["request"]["online_meeting_url"],
        columns["online_meeting_url"]
    );
    let ended = practice.tell(&id, "cancel", &json!({})).await.expect(200);
    let message = ended["teams_meeting_warning"]["message"].as_str().unwrap();
    assert!(
        message.contains("Please remove it manually in Teams"),
        "{message}"
    );
    assert_eq!(ended["request"]["status"], "cancelled");
    assert_eq!(ended["request"]["online_meeting_url"], Value::Null);
    practice.work().await;
    assert_eq!(practice.sent().len(), 4, "both are told of both");
    assert_eq!(practice.graph.received().len(), 0);
}
