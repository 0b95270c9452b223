//! What a change of the settings may say, and what it leaves behind (TS-1).

use super::*;

const TENANT: &str = "77aa1f0e-2f6d-4a5c-9b1e-0c7d5e3a9f10";
const CLIENT: &str = "6f1d2c3b-4a59-4e68-8d77-1b2c3d4e5f60";

#[allow(
    clippy::unnecessary_wraps,
    clippy::option_option,
    reason = "the shape of a field that sets"
)]
fn to(text: &str) -> Option<Option<String>> {
    Some(Some(text.to_owned()))
}

fn now() -> DateTime<Utc> {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of what apply takes")]
fn sealed(text: &str) -> Option<SealedSecret> {
    Some(SealedSecret::new(text.to_owned()))
}

fn whole() -> TeamsIntegration {
    let change = IntegrationChange {
        tenant_id: to(TENANT),
        client_id: to(CLIENT),
        client_secret: to("plain"),
        install_status: to("active"),
        default_meeting_organizer_upn: to("meetings@contoso.example"),
        ..IntegrationChange::default()
    };
    let mut whole = change
        .apply(&TeamsIntegration::default(), sealed("one"), now())
        .unwrap();
    whole.default_meeting_organizer_object_id = Some("o".to_owned());
    whole.recording_obstacle = Some(super::super::RecordingReason::PolicyMissing);
    whole
}

fn codes(change: &IntegrationChange) -> Vec<(String, &'static str)> {
    match change.apply(&whole(), sealed("two"), now()) {
        Err(Error::Invalid { violations }) => violations
            .into_iter()
            .map(|violation| (violation.pointer, violation.code))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// TS-1: what is absent stays, and `null` clears.
#[test]
fn absent_fields_stay_and_null_clears() {
    let kept = IntegrationChange::default()
        .apply(&whole(), None, now())
        .unwrap();
    assert_eq!(
        kept,
        TeamsIntegration {
            version: 2,
            ..whole()
        }
    );
    let clears = IntegrationChange {
        tenant_id: Some(None),
        client_id: Some(None),
        client_secret: Some(None),
        install_status: Some(None),
        default_meeting_organizer_upn: Some(None),
        download_recordings: Some(None),
        expose_recordings_in_portal: Some(None),
    };
    let cleared = clears.apply(&whole(), None, now()).unwrap();
    let nothing = TeamsIntegration {
        version: 2,
        updated_at: Some(now()),
        ..TeamsIntegration::default()
    };
    assert_eq!(cleared, nothing);
}

/// TS-2: another organiser is another person, whose object id is not known yet.
#[test]
fn another_organiser_or_tenant_forgets_what_was_found_out() {
    let others = [
        IntegrationChange {
            default_meeting_organizer_upn: to("ann@contoso.example"),
            ..IntegrationChange::default()
        },
        IntegrationChange {
            tenant_id: to("fabrikam.example"),
            client_secret: to("other"),
            ..IntegrationChange::default()
        },
    ];
    for change in others {
        let next = change.apply(&whole(), sealed("two"), now()).unwrap();
        assert_eq!(next.default_meeting_organizer_object_id, None, "{change:?}");
        assert_eq!(next.recording_obstacle, None, "{change:?}");
    }
    let rotated = IntegrationChange {
        client_secret: to("other"),
        ..IntegrationChange::default()
    };
    let next = rotated.apply(&whole(), sealed("two"), now()).unwrap();
    assert!(next.default_meeting_organizer_object_id.is_some());
    assert_eq!(next.profile.client_secret, sealed("two"));
}

/// XC-10: a stored secret is never used with what it was not given for.
#[test]
fn another_application_needs_its_own_secret() {
    let change = IntegrationChange {
        tenant_id: to("fabrikam.example"),
        client_id: to("00000000-0000-4000-8000-000000000001"),
        ..IntegrationChange::default()
    };
    assert_eq!(
        codes(&change),
        [
            ("/profile/tenant_id".to_owned(), "secret_required"),
            ("/profile/client_id".to_owned(), "secret_required")
        ]
    );
    let same = IntegrationChange {
        tenant_id: to(&TENANT.to_uppercase()),
        ..IntegrationChange::default()
    };
    assert!(same.apply(&whole(), None, now()).is_ok());
}

/// XC-10: a tenant cannot be cleared and set again to carry the secret elsewhere.
#[test]
fn a_cleared_tenant_does_not_take_the_secret_along() {
    let clear = IntegrationChange {
        tenant_id: Some(None),
        ..IntegrationChange::default()
    };
    let cleared = clear.apply(&whole(), None, now()).unwrap();
    let set = IntegrationChange {
        tenant_id: to("fabrikam.example"),
        ..IntegrationChange::default()
    };
    assert!(set.apply(&cleared, None, now()).is_err());
}

/// TS-1: hostile and mistaken values are refused with their place.
#[test]
fn wrong_values_are_refused_by_name() {
    let long = "a.".repeat(200);
    for tenant in [
        "",
        "common",
        "COMMON",
        "organizations",
        "consumers",
        "../..",
        "a/b",
        "contoso",
        "contoso.com/x",
        "contoso.com?x",
        "contoso.com#",
        "127.0.0.1",
        "[::1]",
        "a b.com",
        "contoso.com\r\n",
        "%2e%2e",
        "münchen.de",
        "77aa1f0e2f6d4a5c9b1e0c7d5e3a9f10",
        "{77aa1f0e-2f6d-4a5c-9b1e-0c7d5e3a9f10}",
        "a@b.com",
        &long,
    ] {
        let change = IntegrationChange {
            tenant_id: to(tenant),
            ..IntegrationChange::default()
        };
        assert!(
            codes(&change).contains(&("/profile/tenant_id".to_owned(), "invalid_tenant_id")),
            "{tenant}"
        );
    }
    let all = IntegrationChange {
        client_id: to("contoso.com"),
        client_secret: to("two words"),
        install_status: to("enabled"),
        default_meeting_organizer_upn: to("not an address"),
        ..IntegrationChange::default()
    };
    let found: Vec<_> = codes(&all).into_iter().map(|(_, code)| code).collect();
    assert_eq!(
        found,
        [
            "invalid_client_id",
            "invalid_secret",
            "unknown_status",
            "invalid_organizer"
        ]
    );
    let huge = "x".repeat(SECRET_MAX + 1);
    for (secret, code) in [("", "empty"), ("  ", "empty"), (huge.as_str(), "too_long")] {
        let change = IntegrationChange {
            client_secret: to(secret),
            ..IntegrationChange::default()
        };
        assert_eq!(
            codes(&change),
            [("/profile/client_secret".to_owned(), code)]
        );
    }
}

/// XC-9: a change in a debug line shows neither secret nor address.
#[test]
fn a_change_hides_its_secret_in_debug_output() {
    let change = IntegrationChange {
        client_secret: to("canary-secret"),
        default_meeting_organizer_upn: to("canary@contoso.example"),
        ..IntegrationChange::default()
    };
    assert!(!format!("{change:?}").contains("canary"));
}
