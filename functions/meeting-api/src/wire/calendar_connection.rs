//! Connected calendars on the wire.

use std::fmt;

use convoke_domain::calendar_connection::{CalendarConnection, CalendarProvider, ConnectionInput};
use convoke_domain::event::rfc3339;
use convoke_services::calendars::Calendars;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The user's consent: a refresh token, or a code with the address it was brought to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarConnectionInput)]
pub(crate) struct ConnectionBody {
    /// A refresh token of this deployment's application.
    #[schema(write_only, min_length = 1, max_length = 4096)]
    refresh_token: Option<String>,
    /// The code that the provider gave the browser; it works once.
    #[schema(write_only, min_length = 1, max_length = 4096)]
    authorization_code: Option<String>,
    /// The address that the code was brought to, as the consent was asked for with.
    #[schema(max_length = 2048, example = "https://console.example.com/calendars")]
    redirect_uri: Option<String>,
    /// PKCE's, where the consent was asked for with a challenge.
    #[schema(write_only, min_length = 1, max_length = 4096)]
    code_verifier: Option<String>,
    /// Which of the account's calendars; Google only, where absent the first.
    #[schema(min_length = 1, max_length = 320, example = "primary")]
    calendar_id: Option<String>,
}

impl From<ConnectionBody> for ConnectionInput {
    fn from(body: ConnectionBody) -> Self {
        Self {
            refresh_token: body.refresh_token,
            authorization_code: body.authorization_code,
            redirect_uri: body.redirect_uri,
            code_verifier: body.code_verifier,
            calendar_id: body.calendar_id,
        }
    }
}

impl fmt::Debug for ConnectionBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionBody").finish_non_exhaustive()
    }
}

/// A user's connection to one provider, there or not. Tokens are never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarConnection)]
pub(crate) struct ConnectionView {
    #[schema(example = "google", pattern = "^(google|microsoft)$")]
    provider: &'static str,
    #[schema(
        example = "connected",
        pattern = "^(connected|revoked|error|not_connected)$"
    )]
    status: &'static str,
    /// Whether this deployment can connect calendars of this provider.
    configured: bool,
    /// Where to send the user to consent; add `redirect_uri` and `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_url: Option<String>,
    /// Which of the account's calendars.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    connected_at: Option<String>,
    /// When the provider last took something, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_synced_at: Option<String>,
    /// What went wrong last, until something goes well again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "grant_revoked")]
    last_error: Option<String>,
}

impl ConnectionView {
    /// What a console needs to show it, or to offer it.
    pub(crate) fn of(
        calendars: &Calendars,
        provider: CalendarProvider,
        connection: Option<&CalendarConnection>,
    ) -> Self {
        Self {
            provider: provider.as_str(),
            status: connection.map_or("not_connected", |one| one.status.as_str()),
            configured: calendars.is_configured(provider),
            authorization_url: calendars.authorization_url(provider),
            calendar_id: connection.map(|one| one.calendar_id.clone()),
            connected_at: connection.map(|one| rfc3339(one.connected_at)),
            last_synced_at: connection.and_then(|one| one.last_synced_at.map(rfc3339)),
            last_error: connection.and_then(|one| one.last_error.clone()),
        }
    }
}
