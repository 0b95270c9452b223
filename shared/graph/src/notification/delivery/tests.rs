//! Deliveries of every kind, genuine and hostile.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(body: &serde_json::Value) -> Delivery {
    parse(body.to_string().as_bytes()).unwrap()
}

fn item() -> serde_json::Value {
    json!({
        "subscriptionId": "7a62d59e-0000-4000-8000-000000000001",
        "subscriptionExpirationDateTime": "2026-11-04T20:00:00+00:00",
        "changeType": "created", "clientState": "state", "tenantId": "77aa",
        "resource": "communications/onlineMeetings('MSo')/recordings('VjIj')",
        "resourceData": { "@odata.type": "#Microsoft.Graph.callRecording", "id": "VjIj" }
    })
}

fn with(name: &str, value: serde_json::Value) -> serde_json::Value {
    let mut item = item();
    item[name] = value;
    item
}

fn encrypted() -> serde_json::Value {
    json!({
        "data": "ZGF0YQ==", "dataSignature": "c2ln", "dataKey": "a2V5",
        "encryptionCertificateId": "certificate", "encryptionCertificateThumbprint": "0729"
    })
}

/// NT-2: a plain notification as documented.
#[test]
fn a_plain_notification_reads() {
    let delivery = read(&json!({ "value": [item()], "validationTokens": null }));
    assert_eq!(delivery.unreadable, 0);
    assert_eq!(delivery.validation_tokens, None);
    let notification = &delivery.notifications[0];
    assert_eq!(
        notification.subscription_id,
        "7a62d59e-0000-4000-8000-000000000001"
    );
    assert_eq!(
        notification.client_state.as_ref().unwrap().expose(),
        "state"
    );
    assert_eq!(notification.tenant_id.as_deref(), Some("77aa"));
    assert_eq!(notification.change_type.as_deref(), Some("created"));
    assert_eq!(notification.lifecycle_event, None);
    assert!(notification.encrypted.is_none());
    let resource = notification.resource.as_deref().unwrap();
    assert!(super::super::ArtifactAddress::parse(resource).is_some());
}

/// NT-2: both spellings of `encryptedContent`, and null in the place of either.
#[test]
fn encrypted_content_reads_in_both_spellings() {
    let mut both = with("encryptedContent", serde_json::Value::Null);
    both["EncryptedContent"] = encrypted();
    for item in [
        with("encryptedContent", encrypted()),
        with("EncryptedContent", encrypted()),
        both,
    ] {
        let delivery = read(&json!({ "value": [item], "validationTokens": ["eyJ0"] }));
        let content = delivery.notifications[0].encrypted.as_ref().unwrap();
        assert_eq!(content.data, "ZGF0YQ==");
        assert_eq!(content.data_signature.as_deref(), Some("c2ln"));
        assert_eq!(content.data_key, "a2V5");
        assert_eq!(content.certificate_id, "certificate");
        assert_eq!(delivery.validation_tokens, Some(vec!["eyJ0".to_owned()]));
    }
    let null = read(&json!({ "value": [with("encryptedContent", serde_json::Value::Null)] }));
    assert!(null.notifications[0].encrypted.is_none());
}

/// NT-3: content that does not read must not leave a plain notification behind.
#[test]
fn spoilt_encrypted_content_spoils_its_item() {
    let without = |name: &str| {
        let mut content = encrypted();
        content.as_object_mut().unwrap().remove(name);
        content
    };
    for content in [
        json!("text"),
        json!(7),
        json!([]),
        json!({}),
        without("data"),
        without("dataKey"),
        without("encryptionCertificateId"),
        {
            let mut endless = encrypted();
            endless["data"] = "A".repeat(LONGEST_DATA + 1).into();
            endless
        },
        {
            let mut endless = encrypted();
            endless["encryptionCertificateId"] = "A".repeat(LONGEST_WORD + 1).into();
            endless
        },
    ] {
        let delivery = read(&json!({ "value": [with("encryptedContent", content), item()] }));
        assert_eq!((delivery.notifications.len(), delivery.unreadable), (1, 1));
    }
    // As one of Microsoft's pages prints it: it reads, and cannot be decrypted.
    let delivery = read(&json!({ "value": [with("EncryptedContent", without("dataSignature"))] }));
    let content = delivery.notifications[0].encrypted.as_ref().unwrap();
    assert_eq!(content.data_signature, None);
}

/// NT-3: missing, null and malformed tokens authenticate nothing; one that is no
/// text stays in the list, where it fails.
#[test]
fn tokens_that_are_none_authenticate_nothing() {
    assert_eq!(read(&json!({ "value": [] })).validation_tokens, None);
    for tokens in [json!(null), json!("eyJ0"), json!({}), json!(7), json!(true)] {
        let delivery = read(&json!({ "value": [item()], "validationTokens": tokens }));
        assert_eq!(delivery.validation_tokens, None);
        assert_eq!(delivery.notifications.len(), 1);
    }
    let delivery = read(&json!({ "value": [], "validationTokens": ["a", null, 7, {}] }));
    let expected = ["a", "", "", ""].map(str::to_owned).to_vec();
    assert_eq!(delivery.validation_tokens, Some(expected));
    let storm = json!({ "value": [], "validationTokens": vec!["a"; MOST_TOKENS + 1] });
    assert!(parse(storm.to_string().as_bytes()).is_err());
}

/// NT-4: lifecycle events, known and unknown.
#[test]
fn lifecycle_events_read() {
    for (name, event) in [
        (
            "reauthorizationRequired",
            LifecycleEvent::ReauthorizationRequired,
        ),
        ("subscriptionRemoved", LifecycleEvent::SubscriptionRemoved),
        ("missed", LifecycleEvent::Missed),
        ("somethingNew", LifecycleEvent::Other),
    ] {
        let item = json!({
            "subscriptionId": "7a62", "subscriptionExpirationDateTime": "2026-11-04T20:00:00Z",
            "tenantId": "77aa", "clientState": "state", "lifecycleEvent": name
        });
        let delivery = read(&json!({ "value": [item] }));
        assert_eq!(delivery.notifications[0].lifecycle_event, Some(event));
        assert_eq!(delivery.notifications[0].resource, None);
    }
}

/// NT-2: in a mixed batch of a thousand, what does not read costs only itself.
#[test]
fn items_that_do_not_read_are_counted() {
    let spoilt = [
        json!(null),
        json!(7),
        json!("text"),
        json!([]),
        json!({}),
        json!({ "subscriptionId": null }),
        json!({ "subscriptionId": "" }),
        json!({ "subscriptionId": ["7a62"] }),
        with("clientState", json!(7)),
        with("clientState", "s".repeat(LONGEST_WORD + 1).into()),
        with("tenantId", json!({})),
        with("lifecycleEvent", json!(1)),
        with("resource", "r".repeat(LONGEST_PATH + 1).into()),
    ];
    let mut items = vec![];
    for number in 0..1_000 {
        items.push(with("tenantId", format!("tenant-{}", number % 3).into()));
        items.extend(spoilt.get(number).cloned());
    }
    let delivery = read(&json!({ "value": items }));
    assert_eq!(delivery.notifications.len(), 1_000);
    assert_eq!(delivery.unreadable, spoilt.len());
}

/// NT-2: a body of five megabytes reads up to the limit, the rest is counted.
#[test]
fn items_beyond_the_limit_are_counted() {
    let item = r#"{"subscriptionId":"7a62"}"#;
    let count = 200_000;
    let body = format!(r#"{{"value":[{}]}}"#, vec![item; count].join(","));
    assert!(body.len() > 5_000_000);
    let delivery = parse(body.as_bytes()).unwrap();
    assert_eq!(delivery.notifications.len(), MOST_ITEMS);
    assert_eq!(delivery.unreadable, count - MOST_ITEMS);
}

/// NT-2: what is no delivery is refused.
#[test]
fn other_bodies_are_no_delivery() {
    for body in [
        "",
        "null",
        "{}",
        "[]",
        "<html></html>",
        r#"{"value":null}"#,
        r#"{"value":{}}"#,
        r#"{"value":[]} trailing"#,
        r#"{"value":[{"subscriptionId":"7a62"}"#,
        r#"{"value":[],"value":[]}"#,
        "{\"value\":[{\"subscriptionId\":\"\u{0}\"}]}",
    ] {
        assert!(parse(body.as_bytes()).is_err(), "{body:?}");
    }
    assert!(parse(b"{\"value\":[{\"subscriptionId\":\"\xff\"}]}").is_err());
    assert!(parse(b"\xef\xbb\xbf{\"value\":[]}").is_ok());
}

/// NT-2: JSON of any depth is refused on a small stack, wherever the depth is.
#[test]
fn deep_json_is_refused() {
    let deep = |open: &str, close: &str| open.repeat(1_000_000) + &close.repeat(1_000_000);
    let bodies = [
        deep("[", "]"),
        "[".repeat(2_000_000),
        r#"{"a":"#.repeat(1_000_000),
        format!(r#"{{"value":[{}]}}"#, deep("[", "]")),
        format!(r#"{{"value":[{{"resource":{}}}]}}"#, deep("[", "]")),
        format!(r#"{{"value":[{}]}}"#, r#"{"value":"#.repeat(1_000_000)),
        format!(r#"{{"value":[],"validationTokens":{}}}"#, deep("[", "]")),
    ];
    let refused = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || bodies.iter().all(|body| parse(body.as_bytes()).is_err()));
    assert!(refused.unwrap().join().unwrap());
}

/// XC-9: neither tokens nor client states show in debug output.
#[test]
fn debug_output_hides_tokens_and_client_states() {
    let delivery = read(&json!({
        "value": [with("clientState", "canary-state".into())],
        "validationTokens": ["canary-token"]
    }));
    let shown = format!("{delivery:?}");
    assert!(shown.contains("7a62d59e"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

proptest! {
    /// NT-2: any octets end in a value or an error.
    #[test]
    fn any_octets_can_be_parsed(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&body);
    }

    /// NT-2: so does any text in the shape of a delivery, in every field.
    #[test]
    fn any_field_can_be_parsed(text in ".*", fragment in r#"[\[\]{}",:a-z0-9\\ ]{0,80}"#) {
        for name in ["subscriptionId", "clientState", "resource", "encryptedContent"] {
            let delivery = read(&json!({ "value": [with(name, text.clone().into())] }));
            prop_assert_eq!(delivery.notifications.len() + delivery.unreadable, 1);
        }
        let _ = parse(format!(r#"{{"value":[{fragment}]}}"#).as_bytes());
        let _ = super::super::ArtifactAddress::parse(&text);
        let _ = super::super::ArtifactAddress::parse(
            &format!("communications/onlineMeetings({text})/recordings('{fragment}')"));
        let _ = super::super::DecryptedArtifact::parse(text.as_bytes());
    }
}
