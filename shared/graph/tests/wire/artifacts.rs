//! Lists of recordings and transcripts: pages, duplicates, items that do not read.

use convoke_graph::{ArtifactInfo, GraphError, GraphErrorClass};
use serde_json::{Value, json};

use crate::fixtures::{client, page, profile};
use crate::server::{Server, Step, answer, refusal};

const MEETING: &str = "MSo+/x==";

fn recording(id: &str) -> Value {
    json!({ "id": id, "meetingId": MEETING, "createdDateTime": "2026-11-02T08:02:11.5990966Z",
        "endDateTime": "2026-11-02T08:58:03.2346Z", "contentCorrelationId": "bc84-0",
        "recordingContentUrl": "https://elsewhere.example/v1.0/$metadata#users('x')/content" })
}

async fn recordings(server: &Server) -> Result<Vec<ArtifactInfo>, GraphError> {
    client(server)
        .session(&profile())
        .list_recordings("2b0c", MEETING)
        .await
}

fn ids(artifacts: &[ArtifactInfo]) -> Vec<&str> {
    artifacts
        .iter()
        .map(|artifact| artifact.id.as_str())
        .collect()
}

/// OM-7: ids stay one path segment each, and what is listed is read to the fraction.
#[tokio::test]
async fn a_meetings_artifacts_are_listed() {
    let server = Server::start([
        answer(200, &page(&[recording("V+/=")], None)),
        answer(
            200,
            &page(&[json!({ "id": "T=", "createdDateTime": null })], None),
        ),
    ])
    .await;
    let listed = recordings(&server).await.unwrap();
    assert_eq!(ids(&listed), ["V+/="]);
    let created = listed[0].created.unwrap().to_rfc3339();
    assert_eq!(created, "2026-11-02T08:02:11.599096600+00:00");
    let ended = listed[0].ended.unwrap().to_rfc3339();
    assert_eq!(ended, "2026-11-02T08:58:03.234600+00:00");
    assert_eq!(listed[0].content_correlation_id.as_deref(), Some("bc84-0"));

    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let transcripts = session.list_transcripts("2b0c", MEETING).await.unwrap();
    assert_eq!(
        (ids(&transcripts), transcripts[0].created),
        (vec!["T="], None)
    );

    let meeting = "/v1.0/users/2b0c/onlineMeetings/MSo%2B%2Fx%3D%3D";
    let requests = server.graph_requests();
    let targets: Vec<_> = requests
        .iter()
        .map(|request| request.target.as_str())
        .collect();
    assert_eq!(
        targets,
        [
            format!("{meeting}/recordings"),
            format!("{meeting}/transcripts")
        ]
    );
    assert!(requests.iter().all(|request| request.method == "GET"));
}

/// OM-7: all pages, past an empty one, each artifact once.
#[tokio::test]
async fn every_page_is_read_past_empty_ones_and_nothing_is_told_twice() {
    let server = Server::start([]).await;
    let link = |skip: u32| {
        format!(
            "{}/v1.0/users('2b0c')/onlineMeetings('x')/recordings?$skiptoken={skip}",
            server.url
        )
    };
    server.then([
        answer(
            200,
            &page(&[recording("A"), recording("a")], Some(&link(1))),
        ),
        answer(200, &page(&[], Some(&link(2)))),
        answer(
            200,
            &page(&[recording("A"), recording("B")], Some(&link(3))),
        ),
        answer(200, &page(&[recording("C")], None)),
    ]);
    assert_eq!(
        ids(&recordings(&server).await.unwrap()),
        ["A", "a", "B", "C"]
    );
    let last = &server.graph_requests()[3];
    assert!(
        last.target.ends_with("recordings?$skiptoken=3"),
        "{}",
        last.target
    );
}

/// OM-7: each fails alone: an item that does not read hides no other.
#[tokio::test]
async fn an_item_that_does_not_read_hides_no_other() {
    let odd = [
        recording("A"),
        json!({ "createdDateTime": "2026-11-02T08:02:11Z" }),
        json!("text"),
        json!({ "id": "B", "createdDateTime": {}, "endDateTime": "soon", "contentCorrelationId": 7 }),
        recording("C"),
    ];
    let server = Server::start([answer(200, &page(&odd, None))]).await;
    let listed = recordings(&server).await.unwrap();
    assert_eq!(ids(&listed), ["A", "B", "C"]);
    assert_eq!((listed[1].created, listed[1].ended), (None, None));
}

/// OM-9: a page that continues elsewhere, or outside the API version, is refused;
/// the token travels nowhere.
#[tokio::test]
async fn a_foreign_next_page_is_refused() {
    let elsewhere = Server::start((0..4).map(|_| answer(200, &page(&[], None)))).await;
    let server = Server::start([]).await;
    for link in [
        format!("{}/v1.0/users/x/recordings", elsewhere.url),
        format!("{}/beta/users/x/recordings", server.url),
        server.url.replace("127.0.0.1", "localhost") + "/v1.0/x",
        server.url.replace("http://", "https://") + "/v1.0/x",
    ] {
        server.then([answer(200, &page(&[recording("A")], Some(&link)))]);
        let error = recordings(&server).await.unwrap_err();
        assert_eq!(error.code, "ForeignNextLink", "{link}");
    }
    assert_eq!(server.graph_requests().len(), 4);
    assert!(elsewhere.received().is_empty());
}

/// OM-7: a list that goes round in circles ends.
#[tokio::test]
async fn the_number_of_pages_is_bounded() {
    let server = Server::start([]).await;
    let link = format!("{}/v1.0/x?$skiptoken=1", server.url);
    let again = answer(200, &page(&[recording("A")], Some(&link)));
    server.then(std::iter::repeat_n(again, 300));
    let error = recordings(&server).await.unwrap_err();
    assert_eq!(error.code, "ListTooLong");
    assert_eq!(server.graph_requests().len(), 200);
}

#[tokio::test]
async fn the_number_of_artifacts_is_bounded() {
    let server = Server::start([]).await;
    let items = |from: usize| (from..from + 2_000).map(|id| json!({ "id": format!("{id}") }));
    for number in 0..7 {
        let link = format!("{}/v1.0/x?$skiptoken={number}", server.url);
        let items: Vec<_> = items(number * 2_000).collect();
        server.then([answer(200, &page(&items, Some(&link)))]);
    }
    let error = recordings(&server).await.unwrap_err();
    assert_eq!(error.code, "ListTooLong");
}

/// OM-7: the refusals that matter to whoever captures are told apart, and not repeated.
#[tokio::test]
async fn refusals_are_told_apart() {
    let disabled = json!({ "error": { "code": "Forbidden", "message": "m",
        "innerError": { "code": "GraphAccessToTranscriptsDisabled" } } });
    let policy = "Application is not allowed to perform operations on the user 'x', neither is allowed access through RSC permission evaluation.";
    let lookup = "3003: User does not have access to lookup meeting";
    for (step, class) in [
        (
            answer(403, &disabled.to_string()),
            GraphErrorClass::TranscriptsDisabled,
        ),
        (
            refusal(403, "Forbidden", policy),
            GraphErrorClass::AccessPolicyMissing,
        ),
        (
            refusal(403, "Forbidden", lookup),
            GraphErrorClass::NotOrganiser,
        ),
        (
            refusal(403, "Forbidden", "missing role"),
            GraphErrorClass::ConsentMissing,
        ),
        (
            refusal(404, "NotFound", "expired"),
            GraphErrorClass::NotFoundOrGone,
        ),
    ] {
        let server = Server::start([step]).await;
        let (client, profile) = (client(&server), profile());
        let session = client.session(&profile);
        let error = session.list_transcripts("2b0c", MEETING).await.unwrap_err();
        assert_eq!(error.class, class);
        assert_eq!(server.graph_requests().len(), 1);
    }
}

/// OM-7: a page that fails for a moment is asked again by itself.
#[tokio::test]
async fn a_failing_page_is_asked_again() {
    let server = Server::start([]).await;
    let link = format!("{}/v1.0/x?$skiptoken=1", server.url);
    server.then([
        answer(200, &page(&[recording("A")], Some(&link))),
        Step::Cut,
        answer(200, &page(&[recording("B")], None)),
    ]);
    assert_eq!(ids(&recordings(&server).await.unwrap()), ["A", "B"]);
}
