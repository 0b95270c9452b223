//! Reads answers without trusting their size, pace or completeness.
//!
//! Guarantees: a success body is read up to a limit ([`LARGEST_JSON`],
//! [`LARGEST_TEXT`]) and an error body up to [`LARGEST_ERROR`]; a failing or
//! dawdling error body never hides the status that came before it.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::{GraphError, GraphErrorClass};

/// Free/busy of 20 mailboxes over 62 days stays below this.
const LARGEST_JSON: usize = 16 * 1024 * 1024;
/// The words of a 30-hour meeting stay far below this.
const LARGEST_TEXT: usize = 20 * 1024 * 1024;
const LARGEST_ERROR: usize = 64 * 1024;
/// An error body is worth less than the time to the next attempt.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(2);

/// What a caller makes of a success.
pub(crate) trait Answer: Sized + Send {
    /// Reads the answer to `call`, or says why it is unusable.
    fn read(
        response: Response,
        call: &Call,
    ) -> impl Future<Output = Result<Self, GraphError>> + Send;
}

/// A success whose body does not matter, or that has none.
pub(crate) struct Done;

impl Answer for Done {
    async fn read(_: Response, _: &Call) -> Result<Self, GraphError> {
        Ok(Self)
    }
}

/// A success with a JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> Answer for Json<T> {
    async fn read(response: Response, _: &Call) -> Result<Self, GraphError> {
        let body = json_body(response).await?;
        let value = json(&body);
        value
            .map(Self)
            .ok_or_else(|| unusable("UnreadableAnswer", "the answer is not what Graph documents"))
    }
}

/// A success with a text, byte for byte.
pub(crate) struct Text(pub(crate) Vec<u8>);

impl Answer for Text {
    async fn read(response: Response, _: &Call) -> Result<Self, GraphError> {
        refuse_encoded(response.headers())?;
        // Not `Malformed`: to fetch it again would not make it smaller.
        let too_large = GraphError::without_answer(
            GraphErrorClass::Permanent,
            "TextTooLarge",
            "the text is larger than 20 MiB",
        );
        success_body(response, LARGEST_TEXT, too_large)
            .await
            .map(Self)
    }
}

/// Refuses compressed content: it was not asked for, and its octets are not the content's.
pub(crate) fn refuse_encoded(headers: &HeaderMap) -> Result<(), GraphError> {
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(unusable("EncodedContent", "the content is compressed"))
}

/// The whole body of a success that should be JSON.
pub(crate) async fn json_body(response: Response) -> Result<Vec<u8>, GraphError> {
    json_body_of(response, LARGEST_JSON).await
}

/// The same, of at most `largest` octets.
pub(crate) async fn json_body_of(
    response: Response,
    largest: usize,
) -> Result<Vec<u8>, GraphError> {
    let too_large = unusable(
        "AnswerTooLarge",
        "the answer is larger than any documented one",
    );
    success_body(response, largest, too_large).await
}

/// The whole body of a success, or why it is not usable.
async fn success_body(
    mut response: Response,
    largest: usize,
    too_large: GraphError,
) -> Result<Vec<u8>, GraphError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > largest => return Err(too_large),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(lost(&error)),
            Err(_) => return Err(unusable("AnswerCut", "the answer ended early")),
        }
    }
}

/// As much of a refusal's body as arrives in time and fits.
pub(crate) async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = LARGEST_ERROR - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == LARGEST_ERROR {
                break;
            }
        }
    };
    // What arrived before the patience ended is kept.
    let _ = tokio::time::timeout(ERROR_BODY_PATIENCE, read).await;
    body
}

/// A success body as JSON; `None` when it is something else.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).ok()
}

/// A 2xx that cannot be understood.
pub(crate) fn unusable(code: &str, message: &str) -> GraphError {
    GraphError::without_answer(GraphErrorClass::Malformed, code, message)
}

/// No answer; only a failed connection proves that nothing was sent.
pub(crate) fn lost(error: &reqwest::Error) -> GraphError {
    let (class, code, message, sent) = if error.is_builder() {
        (
            GraphErrorClass::InvalidRequest,
            "UnsendableRequest",
            "the request cannot be sent",
            false,
        )
    } else if error.is_connect() {
        (
            GraphErrorClass::Transient,
            "ConnectFailed",
            "no connection could be made",
            false,
        )
    } else if error.is_timeout() {
        (
            GraphErrorClass::Transient,
            "TimedOut",
            "no answer in time",
            true,
        )
    } else {
        (
            GraphErrorClass::Transient,
            "ConnectionLost",
            "the connection broke before the answer",
            true,
        )
    };
    let mut lost = GraphError::without_answer(class, code, message);
    lost.outcome_unknown = sent;
    lost
}

/// The attempt's own time-out.
pub(crate) fn timed_out() -> GraphError {
    let mut error =
        GraphError::without_answer(GraphErrorClass::Transient, "TimedOut", "no answer in time");
    error.outcome_unknown = true;
    error
}

/// The budget ended before the request could be sent.
pub(crate) fn not_sent() -> GraphError {
    GraphError::without_answer(
        GraphErrorClass::Transient,
        "BudgetSpent",
        "no time was left to send the request",
    )
}
