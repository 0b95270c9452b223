//! What a request for a recording is answered with, before any octet of it is sent.

use convoke_domain::error::Error;
use convoke_platform::http::{Problem, Reply};
use convoke_platform::log::Outcome;
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::facts::{Facts, guards, set};
use super::open::Found;
use super::pump::Origin;
use super::range::Part;

/// Status, headers, and where the body comes from.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
    /// Why there is no recording in it, for the line.
    pub(super) code: Option<&'static str>,
    pub(super) outcome: Outcome,
}

/// Where a body comes from.
pub(super) enum Content {
    /// It is here.
    Octets(Vec<u8>),
    /// It is on its way, so long where that is known.
    From { origin: Origin, length: Option<u64> },
}

impl Answer {
    pub(super) fn of(found: Found, request_id: &str) -> Self {
        let problem = |status, code, detail: &str| problem(status, code, detail, request_id);
        match found {
            Found::Head(facts) => Self::head(&facts),
            Found::Whole(facts, origin) => {
                let length = facts.total;
                Self::streaming(StatusCode::OK, facts.headers(), origin, length)
            }
            Found::Part(facts, part, origin) => Self::part(&facts, part, origin),
            Found::Nothing(facts) => {
                let detail = "the recording ends before the range begins";
                let answer = problem(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "range_not_satisfiable",
                    detail,
                );
                let range = facts.total.map(|total| format!("bytes */{total}"));
                answer
                    .with(header::ACCEPT_RANGES, Some("bytes"))
                    .with(header::CONTENT_RANGE, range.as_deref())
            }
            Found::Link(link) => {
                let mut answer = Self::plain(StatusCode::SEE_OTHER, guards(), vec![]);
                set(&mut answer.headers, header::LOCATION, Some(&link));
                answer
            }
            Found::TooLarge => {
                let detail = "the recording is larger than one answer: ask for ranges, as players do, or let the organisation store recordings (download_recordings) and download the stored file";
                problem(StatusCode::CONFLICT, "recording_too_large", detail)
                    .with(header::ACCEPT_RANGES, Some("bytes"))
            }
            Found::Gone => {
                let detail =
                    "Microsoft does not have the recording any more, and it was not stored";
                problem(StatusCode::NOT_FOUND, "recording_gone", detail)
            }
            Found::NoMethod => {
                let detail = "this path takes GET, HEAD";
                problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
                    .with(header::ALLOW, Some("GET, HEAD"))
            }
        }
    }

    /// An error as its problem document.
    pub(super) fn refusing(error: Error, request_id: &str) -> Self {
        let code = error.code();
        let outcome = match &error {
            Error::Internal { context } => {
                tracing::error!(context, "internal error");
                Outcome::Failed
            }
            Error::Upstream { .. } | Error::Busy { .. } => Outcome::Failed,
            _ => Outcome::Refused,
        };
        Self {
            code: Some(code),
            outcome,
            ..Self::of_reply(&Reply::of_error(error, request_id))
        }
    }

    /// Names the request in the answer.
    pub(super) fn name(&mut self, request_id: &str) {
        let name = HeaderName::from_static("x-request-id");
        set(&mut self.headers, name, Some(request_id));
    }

    fn head(facts: &Facts) -> Self {
        let length = facts.total.map(|total| total.to_string());
        Self::plain(StatusCode::OK, facts.headers(), vec![])
            .with(header::CONTENT_LENGTH, length.as_deref())
    }

    fn part(facts: &Facts, part: Part, origin: Origin) -> Self {
        let headers = facts.headers_of(part);
        let answer = Self::streaming(
            StatusCode::PARTIAL_CONTENT,
            headers,
            origin,
            Some(part.length()),
        );
        match facts.total {
            Some(_) => answer,
            // It may turn out shorter: then its end is an error, and no length was told.
            None => answer.with(header::CONTENT_LENGTH, None),
        }
    }

    fn streaming(
        status: StatusCode,
        headers: HeaderMap,
        origin: Origin,
        length: Option<u64>,
    ) -> Self {
        let told = length.map(|length| length.to_string());
        Self {
            content: Content::From { origin, length },
            ..Self::plain(status, headers, vec![])
        }
        .with(header::CONTENT_LENGTH, told.as_deref())
    }

    fn plain(status: StatusCode, headers: HeaderMap, octets: Vec<u8>) -> Self {
        Self {
            status,
            headers,
            content: Content::Octets(octets),
            code: None,
            outcome: Outcome::Done,
        }
    }

    fn of_reply(reply: &Reply) -> Self {
        let mut headers = guards();
        headers.extend(reply.headers().clone());
        Self::plain(reply.status(), headers, reply.body().to_vec())
    }

    /// Sets a header, or takes it away.
    fn with(mut self, name: HeaderName, value: Option<&str>) -> Self {
        self.headers.remove(&name);
        set(&mut self.headers, name, value);
        self
    }
}

/// A problem whose status no error of the rules has.
fn problem(status: StatusCode, code: &'static str, detail: &str, request_id: &str) -> Answer {
    let reply = Reply::problem(&Problem {
        kind: format!("https://convoke.dev/problems/{code}"),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        instance: format!("urn:convoke:request:{request_id}"),
        code: code.to_owned(),
        request_id: request_id.to_owned(),
        errors: vec![],
        missing_keys: vec![],
        required_permissions: vec![],
    });
    Answer {
        code: Some(code),
        outcome: Outcome::Refused,
        ..Answer::of_reply(&reply)
    }
}
