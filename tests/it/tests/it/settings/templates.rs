//! An organisation's own wording of mails, over HTTP (XC-13).

use it::requests::violations;
use serde_json::{Value, json};

use super::{Cloud, Firm};

const TEMPLATE: &str = "/api/v1/mail-templates/appointment-assigned/en";

async fn put(firm: &Firm<'_>, body: &Value) -> it::api::Answer {
    firm.send("PUT", TEMPLATE, Some(body)).await
}

/// XC-13: what an organisation does not word itself stays the product's, and
/// leaving everything out restores it.
#[tokio::test]
async fn a_section_of_ones_own_replaces_the_products() {
    let cloud = Cloud::new().await;
    let (firm, other) = (cloud.firm(), cloud.firm());
    let answer = firm.send("GET", TEMPLATE, None).await;
    assert_eq!(answer.header("etag"), Some("\"0\""));
    let product = answer.expect(200);
    assert_eq!(product["key"], "appointment-assigned");
    assert_eq!(product["locale"], "en");
    assert_eq!(product["overridden"], false);
    let names: Vec<_> = product["variables"].as_array().unwrap().iter().collect();
    assert!(names.iter().any(|one| one["name"] == "onlineMeetingUrl"));
    let own = put(&firm, &json!({ "subject": "Yours: {{serviceName}}" })).await;
    assert_eq!(own.header("etag"), Some("\"1\""));
    let own = own.expect(200);
    assert_eq!(own["subject"], "Yours: {{serviceName}}");
    assert_eq!(own["html"], product["html"]);
    assert_eq!(own["overridden"], true);
    let theirs = other.send("GET", TEMPLATE, None).await.expect(200);
    assert_eq!(theirs, product, "another organisation's is another");
    let restored = put(&firm, &json!({})).await.expect(200);
    assert_eq!(restored["subject"], product["subject"]);
    assert_eq!(restored["overridden"], false);
}

/// XC-13: templates that could escape their data, or run on, are refused with
/// their place; unknown ones do not exist.
#[tokio::test]
async fn unsafe_and_unknown_templates_are_refused() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    for html in [
        "{{{serviceName}}}",
        "{{&serviceName}}",
        "{{> other}}",
        "{{#if}",
        "{{nobodyKnows}}",
    ] {
        let refused = violations(&put(&firm, &json!({ "html": html })).await);
        assert_eq!(refused[0].0, "/html", "{html}");
    }
    let unknown = put(&firm, &json!({ "body": "x" })).await;
    assert_eq!(violations(&unknown)[0].1, "unknown_field");
    for path in [
        "appointment-assigned/de",
        "nothing/en",
        "appointment-assigned/EN",
        "..%2fx/en",
    ] {
        let path = format!("/api/v1/mail-templates/{path}");
        let answer = firm.send("GET", &path, None).await;
        assert_eq!(answer.problem(404), "not_found", "{path}");
    }
    let read = firm.send("GET", TEMPLATE, None).await.expect(200);
    assert_eq!(read["version"], 0);
}
