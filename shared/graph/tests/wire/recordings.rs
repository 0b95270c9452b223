//! A recording's octets: ranges, what answers promise, and how bodies end.

use std::time::{Duration, Instant};

use convoke_graph::{ContentRange, GraphError, GraphErrorClass, RecordingContent};

use crate::fixtures::{client, client_with, profile};
use crate::server::{Server, Step, content, content_head, refusal};

const CONTENT: &[u8] = b"0123456789";

pub(crate) async fn open(
    server: &Server,
    range: ContentRange,
) -> Result<RecordingContent, GraphError> {
    client(server)
        .session(&profile())
        .recording_content("2b0c", "MSo=", "V+/=", range)
        .await
}

pub(crate) async fn all(content: &mut RecordingContent) -> Result<Vec<u8>, GraphError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = content.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A 206 with these headers' `Content-Range`.
pub(crate) fn partial(content_range: &str, body: &[u8]) -> Step {
    content(
        206,
        &[
            ("content-range", content_range),
            ("content-type", "video/mp4"),
        ],
        body,
    )
}

const MIDDLE: ContentRange = ContentRange::Between { first: 2, last: 5 };

/// OM-9: the whole, as documented: no `Range`, any media type, the length told.
#[tokio::test]
async fn a_whole_recording_is_streamed() {
    let server = Server::start([content(200, &[("content-type", "video/mp4")], CONTENT)]).await;
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    assert_eq!(
        (opened.first, opened.total, opened.length),
        (0, Some(10), Some(10))
    );
    assert!(!opened.is_partial);
    assert_eq!(opened.content_type.as_deref(), Some("video/mp4"));
    assert_eq!(all(&mut opened).await.unwrap(), CONTENT);
    assert_eq!(opened.chunk().await.unwrap(), None, "the end stays the end");
    let asked = &server.graph_requests()[0];
    assert_eq!(
        asked.target,
        "/v1.0/users/2b0c/onlineMeetings/MSo%3D/recordings/V%2B%2F%3D/content"
    );
    assert_eq!(
        (asked.header("range"), asked.header("accept")),
        (None, Some("*/*"))
    );
}

/// OM-9: each kind of range is asked for, and its 206 understood.
#[tokio::test]
async fn ranges_are_forwarded_and_their_answers_read() {
    for (range, header, content_range, body) in [
        (
            ContentRange::From(7),
            "bytes=7-",
            "bytes 7-9/10",
            &CONTENT[7..],
        ),
        (MIDDLE, "bytes=2-5", "bytes 2-5/10", &CONTENT[2..6]),
        (
            ContentRange::Between { first: 8, last: 99 },
            "bytes=8-99",
            "bytes 8-9/10",
            &CONTENT[8..],
        ),
        (
            ContentRange::Suffix(3),
            "bytes=-3",
            "bytes 7-9/10",
            &CONTENT[7..],
        ),
    ] {
        let server = Server::start([partial(content_range, body)]).await;
        let mut opened = open(&server, range).await.unwrap();
        assert!(opened.is_partial);
        assert_eq!(
            opened.first,
            10 - CONTENT.len() as u64
                + CONTENT
                    .windows(body.len())
                    .position(|part| part == body)
                    .unwrap() as u64
        );
        assert_eq!(
            (opened.total, opened.length),
            (Some(10), Some(body.len() as u64))
        );
        assert_eq!(all(&mut opened).await.unwrap(), body);
        assert_eq!(server.graph_requests()[0].header("range"), Some(header));
    }
}

/// OM-9: Graph may take no notice of a range, which the caller has to know.
#[tokio::test]
async fn an_ignored_range_is_told() {
    let server = Server::start([content(200, &[], CONTENT)]).await;
    let mut opened = open(&server, MIDDLE).await.unwrap();
    assert_eq!(
        (opened.is_partial, opened.first, opened.total),
        (false, 0, Some(10))
    );
    assert_eq!(opened.content_type, None);
    assert_eq!(all(&mut opened).await.unwrap(), CONTENT);
}

/// OM-9: a length may be unknown, of the whole or of the answer.
#[tokio::test]
async fn unknown_lengths_are_unknown() {
    let server = Server::start([partial("bytes 2-5/*", &CONTENT[2..6])]).await;
    let mut opened = open(&server, MIDDLE).await.unwrap();
    assert_eq!(
        (opened.first, opened.total, opened.length),
        (2, None, Some(4))
    );
    assert_eq!(all(&mut opened).await.unwrap(), &CONTENT[2..6]);

    let chunked = [("transfer-encoding", "chunked")];
    server.then([content(
        200,
        &chunked,
        b"4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n",
    )]);
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    assert_eq!((opened.total, opened.length), (None, None));
    assert_eq!(all(&mut opened).await.unwrap(), CONTENT);
}

/// OM-9: 416 is an answer to the player, not a fault, and says how long the recording is.
#[tokio::test]
async fn a_range_beyond_the_end_is_told_with_the_length() {
    for (header, total) in [("bytes */10", Some(10)), ("bytes */*", None)] {
        let server = Server::start([content(416, &[("content-range", header)], b"")]).await;
        let error = open(&server, ContentRange::From(10)).await.unwrap_err();
        assert_eq!(error.class, GraphErrorClass::RangeNotSatisfiable { total });
        assert!(!error.retryable());
        assert_eq!(server.graph_requests().len(), 1);
    }
}

/// OM-9: octets of another place would corrupt what is stored or played.
#[tokio::test]
async fn other_octets_than_those_asked_for_are_refused() {
    for step in [
        partial("bytes 3-5/10", &CONTENT[3..6]),
        partial("bytes 2-6/10", &CONTENT[2..7]),
        partial("nonsense", &CONTENT[2..6]),
        content(206, &[], &CONTENT[2..6]),
    ] {
        let server = Server::start([step, partial("bytes 2-5/10", &CONTENT[2..6])]).await;
        let mut opened = open(&server, MIDDLE).await.unwrap();
        assert_eq!(all(&mut opened).await.unwrap(), &CONTENT[2..6]);
        assert_eq!(server.graph_requests().len(), 2, "asked once more");
    }
    let server = Server::start((0..3).map(|_| content(204, &[], b""))).await;
    let error = open(&server, ContentRange::Whole).await.unwrap_err();
    assert_eq!(error.code, "UnexpectedSuccess");
}

#[tokio::test]
async fn a_range_without_octets_is_refused_here() {
    let server = Server::start([]).await;
    for range in [
        ContentRange::Suffix(0),
        ContentRange::Between { first: 5, last: 4 },
    ] {
        let error = open(&server, range).await.unwrap_err();
        assert_eq!(error.code, "InvalidRange");
    }
    assert!(server.received().is_empty());
}

/// OM-9, OM-10: a body that ends early is an error, whether the connection breaks or
/// the answer pretends to be complete.
#[tokio::test]
async fn a_cut_body_ends_in_an_error() {
    let promise = |body: &[u8]| [&content_head(200, &[], 10), body].concat();
    let quiet = [
        ("transfer-encoding", "chunked"),
        ("content-range", "bytes 2-5/10"),
    ];
    for (step, range) in [
        (Step::AnswerAndClose(promise(b"0123")), ContentRange::Whole),
        (Step::AnswerAndClose(promise(b"")), ContentRange::Whole),
        (content(206, &quiet, b"2\r\n23\r\n0\r\n\r\n"), MIDDLE),
        (partial("bytes 2-5/10", b"23"), MIDDLE),
    ] {
        let server = Server::start([step]).await;
        let mut opened = open(&server, range).await.unwrap();
        let error = all(&mut opened).await.unwrap_err();
        assert_eq!(
            (error.class.clone(), error.code.as_str()),
            (GraphErrorClass::Transient, "ContentCut")
        );
        assert!(
            opened.chunk().await.is_err(),
            "an error does not turn into an end"
        );
    }
}

/// OM-9: what comes beyond the promised length is not the recording's.
#[tokio::test]
async fn a_body_that_is_too_long_is_cut() {
    let server = Server::start([partial("bytes 2-5/10", b"2345extra")]).await;
    let mut opened = open(&server, MIDDLE).await.unwrap();
    assert_eq!(all(&mut opened).await.unwrap(), b"2345");
}

/// OM-9: what was sent before a cut is there to go on from.
#[tokio::test]
async fn octets_before_a_cut_are_given() {
    let bytes = [&content_head(200, &[], 10), &b"0123"[..]].concat();
    let server = Server::start([Step::AnswerAndClose(bytes)]).await;
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    let mut given = Vec::new();
    while let Ok(Some(chunk)) = opened.chunk().await {
        given.extend_from_slice(&chunk);
    }
    assert_eq!(given, b"0123");
}

/// OM-9, OM-10: the budget is for the head; the octets may take as long as they come.
#[tokio::test]
async fn a_slow_body_outlives_the_budget() {
    let mut pieces = vec![content_head(200, &[], 10)];
    pieces.extend(CONTENT.iter().map(|octet| vec![*octet]));
    let server = Server::start([Step::Slowly(Duration::from_millis(150), pieces)]).await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_millis(400);
    });
    let profile = profile();
    let session = client
        .session(&profile)
        .with_budget(Duration::from_millis(700));
    let begun = Instant::now();
    let mut opened = session
        .recording_content("2b0c", "M", "V", ContentRange::Whole)
        .await
        .unwrap();
    assert!(begun.elapsed() < Duration::from_millis(700));
    drop(profile);
    drop(client);
    assert_eq!(all(&mut opened).await.unwrap(), CONTENT);
    assert!(begun.elapsed() > Duration::from_millis(1_200));
}

/// OM-9, OM-10: octets that stop coming end the stream in seconds, so that somebody
/// can ask for the rest.
#[tokio::test]
async fn a_silent_body_ends() {
    let bytes = [&content_head(200, &[], 10), &b"0123"[..]].concat();
    let server = Server::start([Step::Hang(bytes)]).await;
    let mut opened = open(&server, ContentRange::Whole).await.unwrap();
    assert_eq!(opened.chunk().await.unwrap().unwrap(), &b"0123"[..]);
    let begun = Instant::now();
    let error = opened.chunk().await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable()), ("TimedOut", true));
    assert!(begun.elapsed() < Duration::from_secs(12));
}

/// OM-9: the head has a limit, since somebody waits for it.
#[tokio::test]
async fn a_silent_head_ends_within_the_budget() {
    let server = Server::start((0..3).map(|_| Step::Hang(Vec::new()))).await;
    let (client, profile) = (client(&server), profile());
    let session = client
        .session(&profile)
        .with_budget(Duration::from_millis(300));
    let begun = Instant::now();
    let opened = session
        .recording_content("2b0c", "M", "V", ContentRange::Whole)
        .await;
    assert_eq!(opened.unwrap_err().code, "TimedOut");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// OM-9: a token that expired is renewed and the range asked for again.
#[tokio::test]
async fn an_expired_token_is_renewed_at_the_head() {
    let expired = refusal(
        401,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
    );
    let server = Server::start([expired, partial("bytes 2-5/10", b"2345")]).await;
    let mut opened = open(&server, MIDDLE).await.unwrap();
    assert_eq!(all(&mut opened).await.unwrap(), b"2345");
    let requests = server.graph_requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|request| (request.header("authorization"), request.header("range")))
        .collect();
    assert_eq!(
        sent,
        [
            (Some("Bearer token-1"), Some("bytes=2-5")),
            (Some("Bearer token-2"), Some("bytes=2-5"))
        ]
    );
}

/// OM-9: a recording that is gone is told from one that cannot be had now.
#[tokio::test]
async fn refusals_of_content_are_told_apart() {
    let throttled = crate::server::answer_with(429, &[("Retry-After", "30.5")], "{}");
    for (step, class) in [
        (
            refusal(404, "NotFound", "gone"),
            GraphErrorClass::NotFoundOrGone,
        ),
        (
            refusal(403, "Forbidden", "missing role"),
            GraphErrorClass::ConsentMissing,
        ),
        (throttled, GraphErrorClass::Throttled),
    ] {
        let server = Server::start([step]).await;
        let error = open(&server, ContentRange::Whole).await.unwrap_err();
        assert_eq!(error.class, class);
        if class == GraphErrorClass::Throttled {
            assert_eq!(error.retry_after, Some(Duration::from_millis(30_500)));
        }
    }
    let busy = || refusal(503, "serviceNotAvailable", "busy");
    let server = Server::start([busy(), content(200, &[], CONTENT)]).await;
    assert!(
        open(&server, ContentRange::Whole).await.is_ok(),
        "asked again"
    );
}
