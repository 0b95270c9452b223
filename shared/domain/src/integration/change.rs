//! Changing the settings: what is absent stays, `null` clears, a value sets.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{InstallStatus, SECRET_MAX, SealedSecret, TeamsIntegration};
use crate::address::EmailAddress;
use crate::error::{Error, Violations};

/// Words that Microsoft's token endpoint takes for "any tenant".
const NOBODYS_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];
/// Longest domain name.
const DOMAIN_MAX: usize = 253;

/// A change of the settings. Outer `None`: stays; inner `None`: is cleared.
#[derive(Clone, Default)]
pub struct IntegrationChange {
    /// The Entra tenant.
    pub tenant_id: Option<Option<String>>,
    /// The application.
    pub client_id: Option<Option<String>>,
    /// The secret's value, in the clear until it is sealed.
    pub client_secret: Option<Option<String>>,
    /// `pending`, `active` or `disabled`; `null` means the default.
    pub install_status: Option<Option<String>>,
    /// A UPN or an object id.
    pub default_meeting_organizer_upn: Option<Option<String>>,
    /// Whether to copy recordings; `null` means the default.
    pub download_recordings: Option<Option<bool>>,
    /// Whether the portal shows them; `null` means the default.
    pub expose_recordings_in_portal: Option<Option<bool>>,
}

impl fmt::Debug for IntegrationChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntegrationChange")
            .field("install_status", &self.install_status)
            .finish_non_exhaustive()
    }
}

impl IntegrationChange {
    /// Whether it names an organiser.
    pub fn names_organizer(&self) -> bool {
        matches!(self.default_meeting_organizer_upn, Some(Some(_)))
    }

    /// Everything that is wrong with it, whatever the present settings are.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::new();
        if let Some(Some(tenant)) = &self.tenant_id {
            wrong.keep(
                "/profile/tenant_id",
                "invalid_tenant_id",
                microsoft_tenant(tenant),
            );
        }
        if let Some(Some(client)) = &self.client_id {
            let client = guid(client).ok_or("a client id is a GUID");
            wrong.keep("/profile/client_id", "invalid_client_id", client);
        }
        if let Some(Some(secret)) = &self.client_secret {
            check_secret(secret, &mut wrong);
        }
        if let Some(Some(status)) = &self.install_status {
            let status = InstallStatus::parse(status).ok_or("use pending, active or disabled");
            wrong.keep("/install_status", "unknown_status", status);
        }
        if let Some(Some(organizer)) = &self.default_meeting_organizer_upn {
            let pointer = "/default_meeting_organizer_upn";
            wrong.keep(pointer, "invalid_organizer", organizer_of(organizer));
        }
        wrong.finish()
    }

    /// The settings after a checked change; `sealed` is its secret. What was
    /// found out about another tenant, application or organiser is forgotten.
    pub fn apply(
        &self,
        present: &TeamsIntegration,
        sealed: Option<SealedSecret>,
        now: DateTime<Utc>,
    ) -> Result<TeamsIntegration, Error> {
        self.check()?;
        let mut next = present.clone();
        if let Some(tenant) = &self.tenant_id {
            next.profile.tenant_id = tenant
                .as_deref()
                .and_then(|text| microsoft_tenant(text).ok());
        }
        if let Some(client) = &self.client_id {
            next.profile.client_id = client.as_deref().and_then(guid);
        }
        if let Some(secret) = &self.client_secret {
            next.profile.client_secret = secret.as_ref().and(sealed);
        }
        self.keep_secret_with_its_application(present, &next)?;
        if let Some(status) = &self.install_status {
            let status = status.as_deref().and_then(InstallStatus::parse);
            next.install_status = status.unwrap_or_default();
        }
        if let Some(organizer) = &self.default_meeting_organizer_upn {
            let organizer = organizer
                .as_deref()
                .and_then(|text| organizer_of(text).ok());
            next.default_meeting_organizer_upn = organizer;
        }
        if let Some(download) = self.download_recordings {
            next.download_recordings = download.unwrap_or_default();
        }
        if let Some(expose) = self.expose_recordings_in_portal {
            next.expose_recordings_in_portal = expose.unwrap_or_default();
        }
        if present.speaks_for_another(&next) {
            next.default_meeting_organizer_object_id = None;
            next.recording_obstacle = None;
        }
        next.version = present.version + 1;
        next.updated_at = Some(now);
        Ok(next)
    }

    /// A stored secret is never sent to another tenant or for another
    /// application than it was given for.
    fn keep_secret_with_its_application(
        &self,
        present: &TeamsIntegration,
        next: &TeamsIntegration,
    ) -> Result<(), Error> {
        if self.client_secret.is_some() || present.profile.client_secret.is_none() {
            return Ok(());
        }
        let mut wrong = Violations::new();
        for (pointer, was, is) in [
            (
                "/profile/tenant_id",
                &present.profile.tenant_id,
                &next.profile.tenant_id,
            ),
            (
                "/profile/client_id",
                &present.profile.client_id,
                &next.profile.client_id,
            ),
        ] {
            if was != is && is.is_some() {
                wrong.add(
                    pointer,
                    "secret_required",
                    "another tenant or application needs its own client_secret in the same change",
                );
            }
        }
        wrong.finish()
    }
}

fn check_secret(secret: &str, wrong: &mut Violations) {
    let pointer = "/profile/client_secret";
    if secret.trim().is_empty() {
        wrong.add(pointer, "empty", "leave it out to keep it, null clears it");
    } else if secret.len() > SECRET_MAX {
        wrong.add(pointer, "too_long", format!("at most {SECRET_MAX} octets"));
    } else if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        wrong.add(
            pointer,
            "invalid_secret",
            "a secret has visible ASCII characters only; paste its value, not its id",
        );
    }
}

/// A hyphenated GUID, in lower case.
fn guid(text: &str) -> Option<String> {
    let parsed = Uuid::parse_str(text).ok().filter(|_| text.len() == 36)?;
    Some(parsed.hyphenated().to_string())
}

/// A GUID or a domain name, in lower case: it becomes part of an address.
fn microsoft_tenant(text: &str) -> Result<String, &'static str> {
    let tenant = text.to_ascii_lowercase();
    if NOBODYS_TENANTS.contains(&tenant.as_str()) {
        return Err("name your own tenant: this word stands for any");
    }
    if let Some(guid) = guid(&tenant) {
        return Ok(guid);
    }
    // An address's domain is held to the same rules.
    let is_domain =
        tenant.len() <= DOMAIN_MAX && EmailAddress::parse(&format!("a@{tenant}")).is_ok();
    is_domain
        .then_some(tenant)
        .ok_or("a tenant id is a GUID or a verified domain such as contoso.onmicrosoft.com")
}

/// Reads an organiser: a UPN as it is written, or an object id in lower case.
pub fn organizer_of(text: &str) -> Result<String, &'static str> {
    guid(text)
        .or_else(|| EmailAddress::parse(text).ok().map(|upn| upn.to_string()))
        .ok_or(
            "an organiser is a user principal name such as meetings@contoso.com, or an object id",
        )
}

#[cfg(test)]
mod tests {
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
}
