//! Plans of meetings that are refused.

use it::practice::CONTACT;
use serde_json::{Value, json};

/// Plans that break one rule each: where, and which.
pub(super) fn broken() -> Vec<(Value, &'static str, &'static str)> {
    let long = |count: usize| "x".repeat(count);
    let invitees = |emails: Value| json!({ "invitees": { "emails": emails } });
    let many: Vec<_> = (0..101).map(|n| format!("p{n}@many.example")).collect();
    vec![
        (json!({ "title": " " }), "/title", "empty"),
        (json!({ "title": long(256) }), "/title", "too_long"),
        (json!({ "location": long(501) }), "/location", "too_long"),
        (
            json!({ "description": long(32_769) }),
            "/description",
            "too_long",
        ),
        (
            json!({ "duration_minutes": 0 }),
            "/duration_minutes",
            "out_of_range",
        ),
        (
            json!({ "duration_minutes": 1441 }),
            "/duration_minutes",
            "out_of_range",
        ),
        (
            json!({ "timezone": "Mars/Base" }),
            "/timezone",
            "unknown_timezone",
        ),
        (json!({ "start": null }), "/start", "required"),
        (json!({ "instant": true }), "/start", "not_allowed"),
        (json!({ "start": "soon" }), "/start", "invalid_start"),
        (
            json!({ "start": "2020-01-01T09:00" }),
            "/start",
            "in_the_past",
        ),
        (
            json!({ "start": "2027-03-28T02:30" }),
            "/start",
            "skipped_by_dst",
        ),
        (
            json!({ "start": "2999-01-01T09:00:00Z" }),
            "/start",
            "out_of_range",
        ),
        (
            json!({ "join_url": "javascript:alert(1)" }),
            "/join_url",
            "invalid_link",
        ),
        (
            json!({ "join_url": "https://x.example/", "generate_teams_meeting": true }),
            "/join_url",
            "not_allowed",
        ),
        (
            invitees(json!(["nobody"])),
            "/invitees/emails/0",
            "invalid_email",
        ),
        (invitees(json!(many)), "/invitees", "too_many"),
        (
            json!({ "invitees": { "user_ids": ["a/b"] } }),
            "/invitees/user_ids/0",
            "invalid_id",
        ),
        (
            json!({ "invitees": { "contact_ids": ["a b"] } }),
            "/invitees/contact_ids/0",
            "invalid_id",
        ),
        (
            json!({ "invitees": { "contact_ids": [CONTACT, "nobody"] } }),
            "/invitees/contact_ids/1",
            "unknown_contact",
        ),
        (
            json!({ "invitees": { "contact_ids": [CONTACT, "contact-9"] } }),
            "/invitees/contact_ids/1",
            "not_the_same_client",
        ),
        (
            json!({ "invitees": { "phones": [] } }),
            "/invitees/phones",
            "unknown_field",
        ),
        (json!({ "title": 7 }), "/title", "invalid_value"),
    ]
}
