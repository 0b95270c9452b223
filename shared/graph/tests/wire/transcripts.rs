//! The text of transcripts: with speakers, without them, too long, elsewhere.

use convoke_graph::{GraphError, GraphErrorClass, TranscriptContent};
use serde_json::json;

use crate::fixtures::{client, profile};
use crate::server::{Server, Step, answer, content, redirect};

const UNATTRIBUTED: &str = "application/vnd.microsoft.graph.transcript+text";
/// Not UTF-8, and looks like JSON to whoever tries.
const TEXT: &[u8] = b"{}\xff\r\n<v Ann>Hello</v>";

async fn transcript(server: &Server) -> Result<TranscriptContent, GraphError> {
    client(server)
        .session(&profile())
        .transcript_content("2b0c", "MSo=", "T+/=")
        .await
}

fn forbidden(inner: &str) -> Step {
    let error = json!({ "error": { "code": "Forbidden", "message": "m", "innerError": { "code": inner } } });
    answer(403, &error.to_string())
}

fn accepts(server: &Server) -> Vec<String> {
    let requests = server.graph_requests();
    requests
        .iter()
        .map(|request| request.all("accept").join(","))
        .collect()
}

/// OM-7: `text/vtt` is asked for by its header, once, and read byte for byte.
#[tokio::test]
async fn a_transcript_is_read_as_bytes() {
    let server = Server::start([content(200, &[("content-type", "text/vtt")], TEXT)]).await;
    let read = transcript(&server).await.unwrap();
    assert_eq!((read.bytes.as_slice(), read.is_attributed), (TEXT, true));
    assert_eq!(accepts(&server), ["text/vtt"]);
    let target = &server.graph_requests()[0].target;
    assert_eq!(
        target,
        "/v1.0/users/2b0c/onlineMeetings/MSo%3D/transcripts/T%2B%2F%3D/content"
    );
    assert!(!format!("{read:?}").contains("Hello"));
}

/// OM-7: where speakers are kept back, the text is fetched without them.
#[tokio::test]
async fn a_tenant_without_attribution_gives_the_text_alone() {
    let server = Server::start([
        forbidden("SpeakerAttributionNotAllowed"),
        content(200, &[], b"00:00\nHello"),
    ])
    .await;
    let read = transcript(&server).await.unwrap();
    assert_eq!(
        (read.bytes.as_slice(), read.is_attributed),
        (&b"00:00\nHello"[..], false)
    );
    assert_eq!(accepts(&server), ["text/vtt", UNATTRIBUTED]);
    let requests = server.graph_requests();
    assert_eq!(requests[0].target, requests[1].target);
}

/// OM-7: the tenant's switch is final: neither repeated nor tried in the other form.
#[tokio::test]
async fn a_tenant_that_blocks_transcripts_is_not_asked_again() {
    let server = Server::start([forbidden("GraphAccessToTranscriptsDisabled")]).await;
    let error = transcript(&server).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::TranscriptsDisabled);
    assert_eq!(server.graph_requests().len(), 1);
}

#[tokio::test]
async fn attribution_refused_in_both_forms_is_an_error() {
    let refused = || forbidden("SpeakerAttributionNotAllowed");
    let server = Server::start([refused(), refused(), refused()]).await;
    let error = transcript(&server).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::AttributionDisabled);
    assert_eq!(server.graph_requests().len(), 2);
}

/// OM-7: 20 MiB are read, more is an error that is not tried again.
#[tokio::test]
async fn an_oversized_transcript_is_refused() {
    const LARGEST: usize = 20 * 1024 * 1024;
    let mut text = vec![b'x'; LARGEST];
    let server = Server::start([content(200, &[], &text)]).await;
    let patience = std::time::Duration::from_secs(20);
    let (client, profile) = (
        crate::fixtures::client_with(&server, |config| config.attempt_timeout = patience),
        profile(),
    );
    let session = client.session(&profile).with_budget(patience);
    let read = session.transcript_content("2b0c", "M", "T").await.unwrap();
    assert_eq!(read.bytes.len(), LARGEST);

    text.push(b'x');
    server.then([content(200, &[], &text), content(200, &[], b"short")]);
    let error = session
        .transcript_content("2b0c", "M", "T")
        .await
        .unwrap_err();
    assert_eq!(error.code, "TextTooLarge");
    assert!(!error.retryable());
    assert_eq!(server.graph_requests().len(), 2);
}

/// OM-7: an answer that breaks off is no transcript.
#[tokio::test]
async fn a_cut_transcript_is_fetched_again() {
    let mut cut = crate::server::content_head(200, &[], 10);
    cut.extend_from_slice(b"half");
    let server = Server::start([Step::AnswerAndClose(cut), content(200, &[], b"whole")]).await;
    assert_eq!(transcript(&server).await.unwrap().bytes, b"whole");
}

/// OM-9: a redirect to the storage is followed without the token, for transcripts too.
#[tokio::test]
async fn a_transcript_may_lie_in_the_storage() {
    let storage = Server::start([content(200, &[], TEXT)]).await;
    let server = Server::start([redirect(302, &format!("{}/t?sig=canary", storage.url))]).await;
    assert_eq!(transcript(&server).await.unwrap().bytes, TEXT);
    let asked = &storage.received()[0];
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(asked.header("accept"), Some("text/vtt"));
}

/// A compressed answer would be stored as if it were text.
#[tokio::test]
async fn compressed_content_is_refused() {
    let gzip = || content(200, &[("content-encoding", "gzip")], b"\x1f\x8b");
    let server = Server::start([gzip(), gzip(), gzip()]).await;
    assert_eq!(
        transcript(&server).await.unwrap_err().code,
        "EncodedContent"
    );
    assert_eq!(
        server.graph_requests()[0].header("accept-encoding"),
        Some("identity")
    );
}
