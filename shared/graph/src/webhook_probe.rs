//! Whether a webhook answers as Microsoft wants it to: the handshake of
//! `POST /subscriptions`, made by ourselves (graph-protocol §6).

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};

use crate::client::GraphClient;

/// Microsoft's own limit.
const LIMIT: Duration = Duration::from_secs(10);
/// More than any handshake answers.
const ANSWER_MAX: usize = 4096;

/// Why a webhook does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookProblem {
    /// The address is none, or nothing answered there in ten seconds.
    #[error("it cannot be reached")]
    Unreachable,
    /// Something else than 200.
    #[error("it answered {0}")]
    Status(u16),
    /// Not the token, or not as plain text.
    #[error("it did not answer with the validation token as plain text")]
    Echo,
}

impl GraphClient {
    /// Makes the handshake with `url`; `token` has to come back as it is.
    pub async fn probe_webhook(&self, url: &str, token: &str) -> Result<(), WebhookProblem> {
        let mut url = Url::parse(url).map_err(|_| WebhookProblem::Unreachable)?;
        url.query_pairs_mut().append_pair("validationToken", token);
        let exchange = async {
            let request = self.inner.http.post(url);
            let response = request
                .header(CONTENT_TYPE, "text/plain; charset=utf-8")
                .header("content-length", "0")
                .send()
                .await
                .map_err(|_| WebhookProblem::Unreachable)?;
            if response.status() != StatusCode::OK {
                return Err(WebhookProblem::Status(response.status().as_u16()));
            }
            let kind = response.headers().get(CONTENT_TYPE);
            let is_plain = kind
                .and_then(|kind| kind.to_str().ok())
                .is_some_and(|kind| kind.starts_with("text/plain"));
            let body = response.bytes().await;
            let body = body.map_err(|_| WebhookProblem::Unreachable)?;
            let is_token = body.len() <= ANSWER_MAX && body == token.as_bytes();
            if is_plain && is_token {
                Ok(())
            } else {
                Err(WebhookProblem::Echo)
            }
        };
        tokio::time::timeout(LIMIT, exchange)
            .await
            .unwrap_or(Err(WebhookProblem::Unreachable))
    }
}
