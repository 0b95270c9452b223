//! The function at a URL of its own: streams recordings to whoever has a ticket
//! (OM-9).
//!
//! Guarantees: each request is decided anew (`tickets::open`); an answer holds no
//! more than the limit, since the platform streams 200 MB at most; no answer and
//! no line names an address, a token or an error text of Microsoft's. Ranges are
//! answered one by one, so a recording of any size plays and seeks.

mod answer;
mod facts;
mod open;
mod pump;
mod range;

use std::time::Duration;

use convoke_domain::error::Error;
use convoke_domain::id::ArtifactId;
use convoke_platform::aws;
use convoke_platform::blobs::Blobs;
use convoke_platform::clock::Ports;
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::http::request_id_of;
use convoke_platform::log::Work;
use convoke_platform::secrets::Secrets;
use convoke_services::core::Core;
use convoke_services::microsoft::Microsoft;
use convoke_services::recordings::tickets::{self, Opened, UsedTickets};
use convoke_services::teams::Teams;
use http::{HeaderName, Method, Response, header};
use lambda_http::{Request, RequestExt};
pub use lambda_runtime::streaming::Body;
use lambda_runtime::streaming::channel;
use tracing::{Instrument, Span};

use self::answer::{Answer, Content};
use self::open::{Asking, Found};
use self::pump::{Origin, Patience, Pump};
use self::range::Asked;

const OPERATION: &str = "stream_recording";
/// Octets of one answer where nothing else is set: half a minute at the 2 MB/s
/// that the platform streams with.
const LIMIT_DEFAULT: u32 = 64 * 1024 * 1024;
/// How long a client may take nothing; it goes on by another range.
const STALLED: Duration = Duration::from_mins(1);
/// What an answer leaves of the function's time.
const SPARE: Duration = Duration::from_secs(10);

/// The function's state, built once per process.
pub struct StreamApp {
    /// Store, clock and ids.
    pub core: Core,
    /// Keys of tickets.
    pub secrets: Secrets,
    /// Copies of recordings.
    pub blobs: Blobs,
    /// The calls to Microsoft.
    pub teams: Teams,
    /// Most octets of one answer; at least one.
    pub limit: u64,
    /// How long a client may take nothing.
    pub stalled: Duration,
    /// How long an answer may take in all.
    pub longest: Duration,
    /// Tickets whose first use is noted already.
    pub used: UsedTickets,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<StreamApp, lambda_http::Error> {
    let sdk = aws::load().await;
    let secrets = aws::secrets(&sdk, environment)?;
    let vault = aws::vault(&sdk, environment)?;
    let core = Core::new(aws::store(&sdk, environment)?, Ports::system());
    let blobs = aws::blobs(&sdk, environment)?;
    let microsoft = Microsoft::of_environment(environment, &secrets, vault)?;
    Ok(StreamApp::new(
        core,
        secrets,
        blobs,
        microsoft,
        environment,
    )?)
}

impl StreamApp {
    /// Over ready-made clients; `CONVOKE_RANGE_LIMIT_BYTES` and
    /// `CONVOKE_FUNCTION_TIMEOUT_S` (900 where absent) from the environment.
    pub fn new(
        core: Core,
        secrets: Secrets,
        blobs: Blobs,
        microsoft: Microsoft,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let limit = environment.number("CONVOKE_RANGE_LIMIT_BYTES", LIMIT_DEFAULT)?;
        let timeout = environment.number("CONVOKE_FUNCTION_TIMEOUT_S", 900)?;
        Ok(Self {
            core,
            secrets,
            blobs,
            teams: Teams::new(microsoft),
            limit: u64::from(limit.max(1)),
            stalled: STALLED,
            longest: Duration::from_secs(timeout.into()).saturating_sub(SPARE),
            used: UsedTickets::default(),
        })
    }

    /// Answers one event of the function URL. A body goes on after the answer has
    /// begun; its line is written when it ends.
    pub async fn handle(&self, event: Request) -> Response<Body> {
        let request_id = request_id_of(&event);
        let mut work = Work::begin(OPERATION);
        work.note("request_id", request_id.clone());
        let span = tracing::info_span!(
            "request",
            request_id,
            operation = OPERATION,
            tenant = tracing::field::Empty,
            artifact_id = tracing::field::Empty,
            online_meeting_id = tracing::field::Empty
        );
        let reached = self.reach(&event, &mut work).instrument(span.clone()).await;
        let mut answer = match reached {
            Ok(found) => Answer::of(found, &request_id),
            Err(error) => Answer::refusing(error, &request_id),
        };
        answer.name(&request_id);
        work.note("status", answer.status.as_u16());
        let body = match answer.content {
            Content::Octets(octets) => {
                if let Some(code) = answer.code {
                    work.note("code", code);
                }
                work.end(answer.outcome, self.core.ports.now());
                if event.method() == Method::HEAD {
                    Body::empty()
                } else {
                    Body::from(octets)
                }
            }
            Content::From { origin, length } => self.send(origin, length, work, span),
        };
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    /// Opens the recording that path and ticket name.
    async fn reach(&self, event: &Request, work: &mut Work) -> Result<Found, Error> {
        const UNKNOWN: Error = Error::NotFound { what: "recording" };
        let name = event.raw_http_path().strip_prefix("/recordings/");
        let id = name.and_then(ArtifactId::parse).ok_or(UNKNOWN)?;
        if !matches!(*event.method(), Method::GET | Method::HEAD) {
            return Ok(Found::NoMethod);
        }
        let query = event.query_string_parameters();
        let token = query.first("ticket").ok_or(UNKNOWN)?;
        let Opened { tenant, shown } =
            tickets::open(&self.core, &self.secrets, &self.used, id, token).await?;
        let span = tracing::Span::current();
        for (name, value) in [
            ("tenant", tenant.id().to_string()),
            ("artifact_id", id.to_string()),
            (
                "online_meeting_id",
                shown.meeting.online_meeting_id.to_string(),
            ),
        ] {
            span.record(name, &value);
            work.note(name, value);
        }
        // Ranges are for GET alone (RFC 9110, section 14.2).
        let range = text_of(event, &header::RANGE).filter(|_| event.method() == Method::GET);
        let asking = Asking {
            method: event.method(),
            range: range.and_then(Asked::read),
            if_range: text_of(event, &header::IF_RANGE),
            shown: &shown,
        };
        let (store, blobs) = (self.core.store(&tenant), self.blobs.tenant(&tenant));
        self.find(&store, &blobs, &asking).await
    }

    /// Sends octets from now on, until their end or the client's.
    fn send(&self, origin: Origin, length: Option<u64>, mut work: Work, span: Span) -> Body {
        work.note("origin", origin.name());
        let pump = Pump {
            origin,
            length,
            limit: self.limit,
            patience: Patience {
                stalled: self.stalled,
                whole: self.longest,
            },
            ports: self.core.ports.clone(),
            work,
        };
        let (sender, body) = channel();
        tokio::spawn(pump.run(sender).instrument(span));
        body
    }
}

/// A header that is given once, as text; `If-Range` that is no text matches nothing.
fn text_of<'a>(event: &'a Request, name: &HeaderName) -> Option<&'a str> {
    let mut values = event.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.to_str().unwrap_or_default()),
        _ => None,
    }
}
