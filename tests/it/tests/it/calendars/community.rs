//! The community edition: Google's calendars, and nothing of Microsoft's (XC-11).

use it::practice::HOST;
use serde_json::json;

use super::diary::{ANN, Diary};

/// XC-11: Microsoft's calendars say that they need the enterprise edition; what
/// that has connected can be forgotten.
#[tokio::test]
async fn microsofts_calendars_need_the_enterprise_edition() {
    let diary = Diary::connected().await;
    let body = json!({ "refresh_token": "1.AXkA" });
    let answer = diary.call(HOST, "PUT", "microsoft", Some(&body)).await;
    assert_eq!(answer.problem(501), "ee_disabled");
    let offered = diary.read(HOST, "microsoft").await;
    let expected =
        json!({ "provider": "microsoft", "status": "not_connected", "configured": false });
    assert_eq!(offered, expected);
    diary
        .call(HOST, "DELETE", "microsoft", None)
        .await
        .expect(204);
    diary.planned(&json!({})).await;
    assert_eq!(diary.count(ANN), 1);
    assert_eq!(diary.practice.graph.received().len(), 0);
}
