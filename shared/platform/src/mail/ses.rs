//! Sending by SES, and what its refusals mean.
//!
//! The SDK's own retries are off: after a time-out nobody knows whether the
//! mail went out, and trying again at once would double it. Only a call that
//! SES certainly refused for its rate is repeated here.

use std::time::Duration;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use convoke_domain::address::EmailAddress;

use tokio::time::Instant;

use super::Sender;
use crate::backoff;

/// Longer than SES ever takes: after a time-out nobody knows what happened.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Times that a throttled call is made before the mail is left for later.
const THROTTLED_TRIES: u32 = 4;
/// How long after the first call another is made.
const THROTTLED_FOR: Duration = Duration::from_secs(3);
/// The longest that [`Mailer::send`] takes: throttled up to the end, a pause of
/// less than a second, and a call that runs into its time-out.
pub const LONGEST_SEND: Duration = THROTTLED_FOR
    .saturating_add(Duration::from_secs(1))
    .saturating_add(CALL_TIMEOUT);
/// [`backoff::pause`]'s attempt from which on it waits its longest.
const LONG_PAUSE: u32 = 6;

/// Why a mail did not go out; the code is safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// SES will never take this mail.
    #[error("rejected: {code}")]
    Rejected {
        /// SES's own word.
        code: String,
    },
    /// The same mail may go out later; after a time-out it may have gone out.
    #[error("not sent: {code}")]
    Passing {
        /// SES's own word, or what happened to the connection.
        code: String,
    },
}

/// Sends mails as the deployment's sender.
#[derive(Clone)]
pub struct Mailer {
    client: aws_sdk_sesv2::Client,
    sender: Option<Sender>,
    configuration_set: Option<String>,
}

impl Mailer {
    /// Over a client without retries of its own; no `sender`: no mail leaves.
    pub fn new(
        client: aws_sdk_sesv2::Client,
        sender: Option<Sender>,
        configuration_set: Option<String>,
    ) -> Self {
        Self {
            client,
            sender,
            configuration_set,
        }
    }

    /// Who mails come from, if anybody.
    pub fn sender(&self) -> Option<&Sender> {
        self.sender.as_ref()
    }

    /// Sends a message of [`super::mime`] to one reader, whatever its headers
    /// say; answers SES's id of it.
    pub async fn send(
        &self,
        sender: &Sender,
        reader: &EmailAddress,
        message: Vec<u8>,
    ) -> Result<String, SendFailure> {
        let message = Blob::new(message);
        let (mut tries, began) = (1, Instant::now());
        loop {
            let may_repeat = tries < THROTTLED_TRIES;
            match self.send_once(sender, reader, &message).await {
                Err(Refusal::Throttled(_)) if may_repeat && began.elapsed() < THROTTLED_FOR => {
                    backoff::pause(LONG_PAUSE).await;
                    tries += 1;
                }
                Err(Refusal::Throttled(code) | Refusal::Passing(code)) => {
                    return Err(SendFailure::Passing { code });
                }
                Err(Refusal::Final(code)) => return Err(SendFailure::Rejected { code }),
                Ok(id) => return Ok(id),
            }
        }
    }

    async fn send_once(
        &self,
        sender: &Sender,
        reader: &EmailAddress,
        message: &Blob,
    ) -> Result<String, Refusal> {
        let raw = RawMessage::builder().data(message.clone()).build();
        let raw = raw.map_err(|_| Refusal::Final("no_message".to_owned()))?;
        let answer = self
            .client
            .send_email()
            .from_email_address(sender.address().as_str())
            .destination(Destination::builder().to_addresses(reader.as_str()).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
            Err(error) => Err(refusal_of(&error)),
        }
    }
}

/// What one call's failure means.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Final(String),
    Throttled(String),
    Passing(String),
}

fn refusal_of(error: &SdkError<SendEmailError>) -> Refusal {
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let service_code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    let code = match (error, service_code) {
        (_, Some(code)) => code,
        (SdkError::TimeoutError(_), None) => "timeout",
        (SdkError::DispatchFailure(_), None) => "connection_failed",
        (SdkError::ConstructionFailure(_), None) => "not_buildable",
        _ => "unreadable_answer",
    };
    let message = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::message);
    match classify(status, code) {
        // About the deployment's identities, which somebody may verify yet.
        Refusal::Final(code) if message.is_some_and(|text| text.contains("not verified")) => {
            Refusal::Passing(code)
        }
        refusal => refusal,
    }
}

/// A code that says nothing for certain is a passing failure: the mail is tried
/// again for days.
fn classify(status: u16, code: &str) -> Refusal {
    let text = code
        .chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect();
    match code {
        _ if status >= 500 => Refusal::Passing(text),
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
            Refusal::Throttled(text)
        }
        _ if status == 429 => Refusal::Throttled(text),
        "MessageRejected"
        | "BadRequestException"
        | "InvalidParameterValue"
        | "ValidationException"
        | "not_buildable" => Refusal::Final(text),
        _ => Refusal::Passing(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-13: what SES will never take is told apart from what it may take later.
    #[test]
    fn refusals_are_final_only_where_the_mail_itself_is_refused() {
        let is_final = |status, code| matches!(classify(status, code), Refusal::Final(_));
        let is_throttled = |status, code| matches!(classify(status, code), Refusal::Throttled(_));
        for code in ["MessageRejected", "BadRequestException"] {
            assert!(is_final(400, code), "{code}");
            assert!(
                !is_final(503, code),
                "{code}: an outage says nothing of the mail"
            );
        }
        for code in [
            "AccountSuspendedException",
            "MailFromDomainNotVerifiedException",
            "SendingPausedException",
            "LimitExceededException",
            "NotFoundException",
            "AccessDeniedException",
            "timeout",
        ] {
            assert_eq!(classify(400, code), Refusal::Passing(code.to_owned()));
        }
        assert!(is_throttled(429, "TooManyRequestsException"));
        assert!(is_throttled(429, "anything"));
    }
}
