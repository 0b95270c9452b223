//! The two providers behind one face: tokens, and one event at a time.

use std::time::Duration;

use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarEntry, CalendarProvider, Consent, Wish,
};
use convoke_google::{GoogleClient, GoogleErrorClass, Secret};
#[cfg(feature = "enterprise")]
use convoke_graph::DelegatedClient;
use convoke_platform::keyring::sha256_hex;
use serde_json::json;
use uuid::Uuid;

use super::failure::Failure;
use super::google;
#[cfg(feature = "enterprise")]
use super::microsoft;

/// What asking for tokens gives.
pub(super) struct Granted {
    /// For the calls on the user's calendar.
    pub(super) access: Secret,
    /// How long it lasts.
    pub(super) lasts: Duration,
    /// To be kept instead of the one that was sent.
    pub(super) refresh: Option<Secret>,
    /// What the user allowed, where the provider says so.
    pub(super) scope: Option<String>,
}

/// One provider, as the deployment's application; clones share connections.
#[derive(Clone)]
pub(super) enum Remote {
    Google(GoogleClient),
    #[cfg(feature = "enterprise")]
    Microsoft(DelegatedClient),
}

/// An event, and where it is or is to be.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) connection: &'a CalendarConnection,
    pub(super) access: &'a Secret,
    /// Microsoft's mark of the creation.
    #[cfg_attr(
        not(feature = "enterprise"),
        expect(dead_code, reason = "nobody speaks to Microsoft")
    )]
    pub(super) transaction_id: Uuid,
    /// Our name for the event, which Google knows it by.
    pub(super) uid: &'a str,
}

#[cfg(feature = "enterprise")]
fn graph_secret(secret: &Secret) -> convoke_graph::Secret {
    convoke_graph::Secret::new(secret.expose())
}

impl Remote {
    /// Tries a consent.
    pub(super) async fn redeem(&self, consent: &Consent) -> Result<Granted, Failure> {
        match consent {
            Consent::RefreshToken(token) => self.refresh(&Secret::new(token.as_str())).await,
            Consent::Code {
                code,
                redirect_uri,
                verifier,
            } => {
                let code = Secret::new(code.as_str());
                let verifier = verifier.as_deref().map(Secret::new);
                self.exchange(&code, redirect_uri, verifier.as_ref()).await
            }
        }
    }

    async fn exchange(
        &self,
        code: &Secret,
        redirect_uri: &str,
        verifier: Option<&Secret>,
    ) -> Result<Granted, Failure> {
        match self {
            Self::Google(client) => {
                let tokens = client.exchange(code, redirect_uri, verifier).await;
                tokens
                    .map(Granted::from)
                    .map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let (code, verifier) = (graph_secret(code), verifier.map(graph_secret));
                let tokens = client.exchange(&code, redirect_uri, verifier.as_ref());
                let tokens = tokens.await.map(Granted::from);
                tokens.map_err(|error| microsoft::failure(&error))
            }
        }
    }

    /// An access token for a refresh token.
    pub(super) async fn refresh(&self, token: &Secret) -> Result<Granted, Failure> {
        match self {
            Self::Google(client) => {
                let tokens = client.refresh(token).await;
                tokens
                    .map(Granted::from)
                    .map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let tokens = client.refresh(&graph_secret(token)).await;
                tokens
                    .map(Granted::from)
                    .map_err(|error| microsoft::failure(&error))
            }
        }
    }

    /// Whether the account has this calendar, and lets it be read.
    pub(super) async fn has_calendar(&self, access: &Secret, id: &str) -> Result<bool, Failure> {
        match self {
            Self::Google(client) => match client.find_event(access, id, "convoke-probe").await {
                Ok(_) => Ok(true),
                Err(error) if error.class == GoogleErrorClass::NotFound => Ok(false),
                Err(error) => Err(google::failure(&error)),
            },
            #[cfg(feature = "enterprise")]
            Self::Microsoft(_) => Ok(true),
        }
    }

    /// Makes the event; `Gone`: there is no such calendar.
    pub(super) async fn create(
        &self,
        spot: Spot<'_>,
        entry: &CalendarEntry,
    ) -> Result<String, Failure> {
        match self {
            Self::Google(client) => {
                let (access, calendar) = (spot.access, &spot.connection.calendar_id);
                let event = google::event_of(entry);
                let made = client.insert_event(access, calendar, &event).await;
                made.map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let event = microsoft::event_of(entry, spot.transaction_id);
                let made = client
                    .create_event(&graph_secret(spot.access), &event)
                    .await;
                made.map_err(|error| microsoft::failure(&error))
            }
        }
    }

    /// The event that a creation has made, if it has.
    pub(super) async fn find(&self, spot: Spot<'_>) -> Result<Option<String>, Failure> {
        match self {
            Self::Google(client) => {
                let calendar = &spot.connection.calendar_id;
                let found = client.find_event(spot.access, calendar, spot.uid).await;
                found.map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let access = graph_secret(spot.access);
                let found = client.find_event(&access, spot.transaction_id).await;
                found.map_err(|error| microsoft::failure(&error))
            }
        }
    }

    /// Brings the event up to date; `Gone`: its user removed it, unless it is to be
    /// brought back (`restores`), where that can be done.
    pub(super) async fn update(
        &self,
        spot: Spot<'_>,
        id: &str,
        entry: &CalendarEntry,
        restores: bool,
    ) -> Result<(), Failure> {
        match self {
            Self::Google(client) => {
                let (access, calendar) = (spot.access, &spot.connection.calendar_id);
                if !restores {
                    // An update would bring back what the user deleted.
                    let shown = client.shows_event(access, calendar, id).await;
                    if !shown.map_err(|error| google::failure(&error))? {
                        return Err(Failure::Gone);
                    }
                }
                let event = google::event_of(entry);
                let updated = client.update_event(access, calendar, id, &event).await;
                updated.map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let event = microsoft::event_of(entry, spot.transaction_id);
                let access = graph_secret(spot.access);
                let updated = client.update_event(&access, id, &event).await;
                updated.map_err(|error| microsoft::failure(&error))
            }
        }
    }

    /// Removes the event; one that is gone already is as good as removed.
    pub(super) async fn delete(&self, spot: Spot<'_>, id: &str) -> Result<(), Failure> {
        match self {
            Self::Google(client) => {
                let calendar = &spot.connection.calendar_id;
                let deleted = client.delete_event(spot.access, calendar, id).await;
                deleted.map_err(|error| google::failure(&error))
            }
            #[cfg(feature = "enterprise")]
            Self::Microsoft(client) => {
                let deleted = client.delete_event(&graph_secret(spot.access), id).await;
                deleted.map_err(|error| microsoft::failure(&error))
            }
        }
    }
}

impl From<convoke_google::Tokens> for Granted {
    fn from(tokens: convoke_google::Tokens) -> Self {
        Self {
            access: tokens.access_token,
            lasts: tokens.expires_in,
            refresh: tokens.refresh_token,
            scope: tokens.scope,
        }
    }
}

#[cfg(feature = "enterprise")]
impl From<convoke_graph::DelegatedTokens> for Granted {
    fn from(tokens: convoke_graph::DelegatedTokens) -> Self {
        let own = |secret: &convoke_graph::Secret| Secret::new(secret.expose());
        Self {
            access: own(&tokens.access_token),
            lasts: tokens.expires_in,
            refresh: tokens.refresh_token.as_ref().map(own),
            scope: None,
        }
    }
}

/// How an entry is to stand in calendars of this provider: another fingerprint for
/// whatever would look different there.
pub(super) fn wish_of(provider: CalendarProvider, entry: &CalendarEntry) -> Wish {
    // Microsoft's events name people, and know no answers.
    let people: Vec<_> = entry
        .attendees
        .iter()
        .map(|one| match provider {
            CalendarProvider::Google => {
                json!([
                    one.email.as_str(),
                    one.name,
                    format!("{:?}", one.participation)
                ])
            }
            CalendarProvider::Microsoft => json!([one.email.as_str(), one.name]),
        })
        .collect();
    let shown = json!([
        entry.title,
        entry.words,
        entry.join_line,
        entry.place,
        entry.start.to_string(),
        entry.end.to_string(),
        entry.zone.name(),
        people
    ]);
    Wish {
        fingerprint: sha256_hex(shown.to_string().as_bytes()),
        span: entry.span,
    }
}
