//! What a deployment tells the client: hosts and credentials.
//!
//! Guarantee: a secret can be used, but neither printed nor shown in a debug line.

use std::fmt;

use reqwest::Url;

/// Hosts and credentials of one deployment, the same for every user.
#[derive(Debug, Clone)]
pub struct GoogleConfig {
    /// The OAuth client's id.
    pub client_id: String,
    /// The OAuth client's secret.
    pub client_secret: Secret,
    /// The Calendar API's host, normally `https://www.googleapis.com`.
    pub calendar_base_url: String,
    /// The token endpoint's host, normally `https://oauth2.googleapis.com`.
    pub token_base_url: String,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The named setting is not an http(s) address without credentials, query and fragment.
    #[error("{0} is not a usable address")]
    Address(&'static str),
    /// TLS could not be set up.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

/// Text that must not reach a log: `Debug` hides it and there is no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret over.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An http(s) address without credentials, query or fragment.
pub(crate) fn base_url(text: &str, setting: &'static str) -> Result<Url, SetupError> {
    let url = Url::parse(text.trim_end_matches('/')).ok();
    let plain = |url: &Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.has_host()
            && matches!(url.scheme(), "http" | "https")
    };
    url.filter(plain).ok_or(SetupError::Address(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-9: a configuration in a debug line shows no secret.
    #[test]
    fn a_configuration_hides_its_secret_in_debug_output() {
        let config = GoogleConfig {
            client_id: "id-1".into(),
            client_secret: Secret::new("canary-secret"),
            calendar_base_url: String::new(),
            token_base_url: String::new(),
        };
        let shown = format!("{config:?}");
        assert!(shown.contains("id-1"));
        assert!(!shown.contains("canary-secret"), "{shown}");
    }

    #[test]
    fn only_plain_addresses_are_taken() {
        for good in ["https://www.googleapis.com/", "http://127.0.0.1:9000"] {
            assert!(base_url(good, "x").is_ok(), "{good}");
        }
        for bad in [
            "",
            "www.googleapis.com",
            "ftp://x",
            "https://a:b@x",
            "https://x?y=1",
            "https://x#y",
        ] {
            assert!(base_url(bad, "x").is_err(), "{bad}");
        }
    }
}
