//! Transcripts as documents: read, shown, downloaded (OM-8).

use bytes::Bytes;
use convoke_domain::artifact::Artifact;
use it::api::Answer;
use it::practice::{CLIENT, CONTACT};
use serde_json::json;

use super::laboratory::Laboratory;

const VTT: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Ann Archer>Good morning.</v>\n\n00:00:04.000 --> 00:00:06.000\n<v Bob Baker>Shall we begin?</v>\n";

fn path_of(transcript: &Artifact) -> String {
    format!("/api/v1/documents/{}", transcript.artifact_id)
}

async fn portal_download(laboratory: &Laboratory, transcript: &Artifact, client: &str) -> Answer {
    let path = format!("{}/download", path_of(transcript));
    laboratory
        .ask(laboratory.portal("GET", &path, client))
        .await
}

/// OM-8: staff read what is known of a transcript; clients do not.
#[tokio::test]
async fn a_document_is_described_to_staff() {
    let laboratory = Laboratory::open().await;
    let transcript = laboratory.add_transcript(VTT.into()).await;
    let path = path_of(&transcript);
    let answer = laboratory.call("GET", &path, None).await;
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let document = answer.expect(200);
    let id = transcript.artifact_id.to_string();
    assert_eq!(
        document,
        json!({
            "document_id": id, "artifact_id": id,
            "online_meeting_id": laboratory.meeting.to_string(),
            "interaction_id": laboratory.meeting.to_string(),
            "name": "Transcript - Quarterly review", "content_type": "text/vtt",
            "size": VTT.len(), "is_attributed": true, "is_client_visible": false,
            "created_at": "2026-12-01T09:30:00Z", "client_id": CLIENT, "contact_id": CONTACT,
            "links": { "vtt": format!("{path}/download?format=vtt"), "text": format!("{path}/download?format=text") },
            "version": 1,
        })
    );
    for method in ["GET", "PATCH"] {
        let event = laboratory.portal(method, &path, CLIENT);
        let answer = laboratory.ask(event).await;
        assert_eq!(answer.problem(403), "internal_only");
    }
    for unknown in ["x", "0192f5a0-1111-7222-8333-444455556666"] {
        let path = format!("/api/v1/documents/{unknown}");
        assert_eq!(
            laboratory.call("GET", &path, None).await.problem(404),
            "not_found"
        );
    }
}

/// OM-8: a client downloads a transcript while recordings are exposed, or once
/// staff made it visible; another client never does.
#[tokio::test]
async fn a_client_downloads_what_is_shown_to_them() {
    let laboratory = Laboratory::open().await;
    let transcript = laboratory.add_transcript(VTT.into()).await;
    let seen = async |client: &str| {
        portal_download(&laboratory, &transcript, client)
            .await
            .status
    };
    assert_eq!(seen(CLIENT).await, 404);
    laboratory.expose(true).await;
    assert_eq!((seen(CLIENT).await, seen("client-2").await), (200, 404));
    laboratory.expose(false).await;
    assert_eq!(seen(CLIENT).await, 404, "at the time of reading");
    let show = json!({ "is_client_visible": true });
    let shown = laboratory
        .call("PATCH", &path_of(&transcript), Some(&show))
        .await;
    assert_eq!(shown.expect(200)["is_client_visible"], true);
    assert_eq!((seen(CLIENT).await, seen("client-2").await), (200, 404));
}

/// OM-8, XC-5: making visible honours `If-Match`, and changes nothing twice.
#[tokio::test]
async fn visibility_is_changed_by_version() {
    let laboratory = Laboratory::open().await;
    let transcript = laboratory.add_transcript(VTT.into()).await;
    let path = path_of(&transcript);
    let patch = async |tag: &str, is_visible: bool| {
        let body = json!({ "is_client_visible": is_visible });
        let event = laboratory.practice.staff("PATCH", &path, Some(&body));
        laboratory.ask(event.header("if-match", tag)).await
    };
    assert_eq!(patch("\"7\"", true).await.problem(412), "version_mismatch");
    assert_eq!(patch("\"1\"", true).await.expect(200)["version"], 2);
    assert_eq!(patch("\"1\"", false).await.problem(412), "version_mismatch");
    assert_eq!(patch("\"2\"", true).await.expect(200)["version"], 2);
    assert_eq!(patch("*", false).await.expect(200)["version"], 3);
    for (body, status) in [(json!({}), 422), (json!({ "name": "x" }), 422)] {
        let answer = laboratory.call("PATCH", &path, Some(&body)).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let flips = (0..8).map(|at| patch("*", at % 2 == 0));
    for answer in futures_util::future::join_all(flips).await {
        answer.expect(200);
    }
}

/// OM-8: as VTT and as readable text with speakers, each as a file of that name.
#[tokio::test]
async fn a_transcript_downloads_as_vtt_and_as_text() {
    let laboratory = Laboratory::open().await;
    let transcript = laboratory.add_transcript(VTT.into()).await;
    let path = path_of(&transcript);
    for (format, kind, ending) in [
        ("", "text/vtt; charset=utf-8", "vtt"),
        ("?format=vtt", "text/vtt; charset=utf-8", "vtt"),
        ("?format=text", "text/plain; charset=utf-8", "txt"),
    ] {
        let answer = laboratory
            .call("GET", &format!("{path}/download{format}"), None)
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some(kind));
        let file = format!(
            "attachment; filename=\"Transcript-Quarterly-review.{ending}\"; filename*=UTF-8''Transcript%20-%20Quarterly%20review.{ending}"
        );
        assert_eq!(answer.header("content-disposition"), Some(file.as_str()));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let text = String::from_utf8(answer.body).unwrap();
        if ending == "vtt" {
            assert_eq!(text, VTT);
        } else {
            for said in [
                "Ann Archer",
                "Good morning.",
                "Bob Baker",
                "Shall we begin?",
            ] {
                assert!(text.contains(said), "{said} in {text}");
            }
            assert!(!text.contains("-->") && !text.contains("<v"), "{text}");
        }
    }
    let answer = laboratory
        .call("GET", &format!("{path}/download?format=pdf"), None)
        .await;
    assert_eq!(answer.problem(400), "invalid_query");
}

/// OM-8: what is too large for an answer goes by a link of minutes.
#[tokio::test]
async fn a_large_transcript_downloads_by_a_link() {
    let laboratory = Laboratory::open().await;
    let mut vtt = "WEBVTT\n".to_owned();
    while vtt.len() < 5_000_000 {
        vtt.push_str(
            "\n00:00:01.000 --> 00:00:03.000\n<v Ann Archer>And so on and so on, on and on.</v>\n",
        );
    }
    let transcript = laboratory.add_transcript(Bytes::from(vtt)).await;
    let path = format!("{}/download", path_of(&transcript));
    let answer = laboratory.call("GET", &path, None).await;
    assert_eq!(answer.status, 303);
    let link = answer.header("location").unwrap();
    assert!(link.contains("X-Amz-Expires=300"), "{link}");
    let text = laboratory
        .call("GET", &format!("{path}?format=text"), None)
        .await;
    assert_eq!(text.status, 200);
}
