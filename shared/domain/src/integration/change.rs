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
mod tests;
