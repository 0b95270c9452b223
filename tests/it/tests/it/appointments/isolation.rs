//! Whose credentials, on whose calendar: settings that change under appointments
//! that exist, and organisations beside each other (AP-5, AP-6, AP-10).

mod settings;
mod tenants;

use graph_simulator::{AccessPolicy, Received, demo, fabrikam};
use it::practice::Practice;
use serde_json::{Value, json};

/// The other organisation's profile and organiser.
fn fabrikams() -> Value {
    json!({ "default_meeting_organizer_upn": fabrikam::ORGANIZER_UPN,
        "profile": { "tenant_id": fabrikam::TENANT_ID, "client_id": fabrikam::CLIENT_ID,
            "client_secret": fabrikam::CLIENT_SECRET } })
}

/// Lets the demo tenant's Ann organise meetings as well.
fn let_ann_organise(practice: &Practice) {
    let policy = AccessPolicy {
        apps: vec![demo::CLIENT_ID.to_owned()],
        effective_at: None,
    };
    practice
        .graph
        .update_user(demo::ANN_UPN, |user| user.access_policy = Some(policy))
        .unwrap();
}

/// AP-10: every call carries its own tenant's token and addresses its own organisers.
fn assert_nothing_is_mixed(received: &[Received]) {
    assert!(!received.is_empty());
    for one in received {
        let (tenant, app) = (one.tenant_id.as_deref(), one.app_id.as_deref());
        let (app_expected, organizers): (_, &[&str]) = match tenant {
            Some(demo::TENANT_ID) => (
                demo::CLIENT_ID,
                &[
                    demo::ORGANIZER_UPN,
                    demo::ORGANIZER_ID,
                    demo::ANN_UPN,
                    demo::ANN_ID,
                ],
            ),
            Some(fabrikam::TENANT_ID) => (
                fabrikam::CLIENT_ID,
                &[fabrikam::ORGANIZER_UPN, fabrikam::ORGANIZER_ID],
            ),
            other => panic!("{other:?} in {one:?}"),
        };
        assert_eq!(app, Some(app_expected), "{one:?}");
        if let Some(rest) = one.path.strip_prefix("/v1.0/users/") {
            let user = rest
                .split('/')
                .next()
                .unwrap_or_default()
                .replace("%40", "@");
            assert!(organizers.contains(&user.as_str()), "{user} in {one:?}");
        }
    }
}
