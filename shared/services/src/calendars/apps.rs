//! The deployment's applications at the providers: ids, secrets, and the clients
//! that speak with them.
//!
//! A secret is read when first needed, and anew after the provider refused it.

use std::time::Duration;

use convoke_domain::calendar_connection::CalendarProvider;
use convoke_domain::error::Error;
use convoke_google::{GoogleClient, GoogleConfig, Secret};
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use tokio::sync::Mutex;

use super::remote::Remote;
use crate::microsoft::ENTERPRISE;

/// The longest one call may take: a worker makes several, and has half a minute.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// Where Google's users consent.
const GOOGLE_CONSENT: &str = "https://accounts.google.com/o/oauth2/v2/auth";
/// What they are asked for: their events, and nothing else of the account.
pub(super) const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
#[cfg(feature = "enterprise")]
const MICROSOFT_SCOPE: &str = "offline_access Calendars.ReadWrite";

/// Both applications.
pub(super) struct Apps {
    google: App,
    microsoft: App,
    hosts: Hosts,
    secrets: Secrets,
}

struct Hosts {
    google_calendar: String,
    google_token: String,
    #[cfg(feature = "enterprise")]
    graph: String,
    #[cfg(feature = "enterprise")]
    login: String,
}

/// One application.
struct App {
    client_id: Option<String>,
    secret_arn: Option<String>,
    /// The secret itself, as it is given locally.
    secret: Option<String>,
    id_key: &'static str,
    secret_key: &'static str,
    remote: Mutex<Option<Remote>>,
}

impl App {
    fn of_environment(environment: &Environment, keys: [&'static str; 3]) -> Self {
        let [id_key, secret_key, plain_key] = keys;
        Self {
            client_id: environment.optional(id_key),
            secret_arn: environment.optional(secret_key),
            secret: environment.optional(plain_key),
            id_key,
            secret_key,
            remote: Mutex::default(),
        }
    }

    fn missing_keys(&self) -> Vec<&'static str> {
        let has_secret = self.secret_arn.is_some() || self.secret.is_some();
        [
            (self.id_key, self.client_id.is_some()),
            (self.secret_key, has_secret),
        ]
        .into_iter()
        .filter_map(|(key, is_there)| (!is_there).then_some(key))
        .collect()
    }
}

impl Apps {
    pub(super) fn of_environment(environment: &Environment, secrets: Secrets) -> Self {
        let host = |name: &str, usual: &str| {
            let host = environment.optional(name);
            host.unwrap_or_else(|| usual.to_owned())
        };
        Self {
            google: App::of_environment(
                environment,
                [
                    "CONVOKE_GOOGLE_CLIENT_ID",
                    "CONVOKE_GOOGLE_CLIENT_SECRET_ARN",
                    "CONVOKE_GOOGLE_CLIENT_SECRET",
                ],
            ),
            microsoft: App::of_environment(
                environment,
                [
                    "CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID",
                    "CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET_ARN",
                    "CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET",
                ],
            ),
            hosts: Hosts {
                google_calendar: host("GOOGLE_CALENDAR_BASE_URL", "https://www.googleapis.com"),
                google_token: host("GOOGLE_TOKEN_BASE_URL", "https://oauth2.googleapis.com"),
                #[cfg(feature = "enterprise")]
                graph: host("GRAPH_BASE_URL", "https://graph.microsoft.com"),
                #[cfg(feature = "enterprise")]
                login: host("LOGIN_BASE_URL", "https://login.microsoftonline.com"),
            },
            secrets,
        }
    }

    fn app(&self, provider: CalendarProvider) -> &App {
        match provider {
            CalendarProvider::Google => &self.google,
            CalendarProvider::Microsoft => &self.microsoft,
        }
    }

    /// Settings that this provider still needs; the community edition has nobody to
    /// speak to Microsoft with, whatever is set.
    pub(super) fn missing_keys(&self, provider: CalendarProvider) -> Vec<&'static str> {
        if provider == CalendarProvider::Microsoft && !ENTERPRISE {
            return vec![self.microsoft.id_key];
        }
        self.app(provider).missing_keys()
    }

    /// Where a user consents, without `redirect_uri` and `state`.
    pub(super) fn authorization_url(&self, provider: CalendarProvider) -> Option<String> {
        if !self.missing_keys(provider).is_empty() {
            return None;
        }
        let client_id = encoded(self.app(provider).client_id.as_deref()?);
        match provider {
            CalendarProvider::Google => Some(format!(
                "{GOOGLE_CONSENT}?client_id={client_id}&response_type=code&scope={}\
                 &access_type=offline&prompt=consent",
                encoded(GOOGLE_SCOPE)
            )),
            #[cfg(feature = "enterprise")]
            CalendarProvider::Microsoft => Some(format!(
                "{}/common/oauth2/v2.0/authorize?client_id={client_id}&response_type=code\
                 &response_mode=query&scope={}&prompt=select_account",
                self.hosts.login.trim_end_matches('/'),
                encoded(MICROSOFT_SCOPE)
            )),
            #[cfg(not(feature = "enterprise"))]
            CalendarProvider::Microsoft => None,
        }
    }

    /// The client of a provider: 501 where this edition has none, 503 where the
    /// deployment lacks its application.
    pub(super) async fn remote(&self, provider: CalendarProvider) -> Result<Remote, Error> {
        if provider == CalendarProvider::Microsoft && !ENTERPRISE {
            return Err(Error::NotImplemented {
                code: "ee_disabled",
                message: "Microsoft 365 calendars need the enterprise edition".to_owned(),
            });
        }
        let app = self.app(provider);
        let missing = app.missing_keys();
        if !missing.is_empty() {
            return Err(not_configured(provider, missing));
        }
        let mut held = app.remote.lock().await;
        if let Some(remote) = &*held {
            return Ok(remote.clone());
        }
        let secret = match (&app.secret, &app.secret_arn) {
            (Some(secret), _) => Some(secret.clone()),
            (None, Some(arn)) => self.secrets.text(arn).await?,
            (None, None) => None,
        };
        let (Some(client_id), Some(secret)) = (app.client_id.clone(), secret) else {
            return Err(not_configured(provider, vec![app.secret_key]));
        };
        let remote = self.build(provider, client_id, secret)?;
        Ok(held.insert(remote).clone())
    }

    fn build(
        &self,
        provider: CalendarProvider,
        client_id: String,
        secret: String,
    ) -> Result<Remote, Error> {
        match provider {
            CalendarProvider::Google => {
                let client = GoogleClient::new(GoogleConfig {
                    client_id,
                    client_secret: Secret::new(secret),
                    calendar_base_url: self.hosts.google_calendar.clone(),
                    token_base_url: self.hosts.google_token.clone(),
                });
                let client = client.map_err(|error| Error::internal(error.to_string()))?;
                Ok(Remote::Google(client.with_budget(CALL_WITHIN)))
            }
            #[cfg(feature = "enterprise")]
            CalendarProvider::Microsoft => {
                let client = convoke_graph::DelegatedClient::new(convoke_graph::DelegatedConfig {
                    client_id,
                    client_secret: convoke_graph::Secret::new(secret),
                    graph_base_url: self.hosts.graph.clone(),
                    login_base_url: self.hosts.login.clone(),
                });
                let client = client.map_err(|error| Error::internal(error.to_string()))?;
                Ok(Remote::Microsoft(
                    client.with_limits(CALL_WITHIN, CALL_WITHIN),
                ))
            }
            #[cfg(not(feature = "enterprise"))]
            CalendarProvider::Microsoft => {
                drop((client_id, secret));
                Err(Error::internal(
                    "no client of this edition speaks to Microsoft",
                ))
            }
        }
    }

    /// The provider refused the application: its secret may have been replaced, and
    /// is read anew for the next call. Answers with what the caller is told.
    pub(super) fn refused(&self, provider: CalendarProvider) -> Error {
        let app = self.app(provider);
        // Held by somebody else, it is just being read.
        if let Ok(mut held) = app.remote.try_lock() {
            *held = None;
        }
        tracing::error!(
            provider = provider.as_str(),
            "the provider refuses the deployment's calendar application"
        );
        not_configured(provider, vec![app.id_key, app.secret_key])
    }
}

fn not_configured(provider: CalendarProvider, missing_keys: Vec<&'static str>) -> Error {
    Error::NotConfigured {
        code: "calendar_not_configured",
        message: format!(
            "this deployment has no working application for {} calendars: set {}",
            provider.as_str(),
            missing_keys.join(" and ")
        ),
        missing_keys,
        required_permissions: vec![],
    }
}

/// Percent-encoded as a query's value.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_querys_value_is_encoded() {
        assert_eq!(encoded("a b/c~d&é"), "a%20b%2Fc~d%26%C3%A9");
    }
}
