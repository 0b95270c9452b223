//! Deltas: how they are asked for, pages, tokens, and lists that do not fit one call.

use std::time::Duration;

use chrono::{DateTime, Utc};
use convoke_graph::{
    ArtifactDelta, ArtifactKind, DeltaArtifact, DeltaFrom, GraphError, GraphErrorClass,
};
use serde_json::{Value, json};

use crate::fixtures::{at, client, client_with, page, profile};
use crate::server::{Server, Step, answer, refusal};

const BASE: &str = "/v1.0/users/2b0c/onlineMeetings";
const WHOSE: &str = "meetingOrganizerUserId='2b0c'";

fn since() -> DateTime<Utc> {
    at(8).and_utc()
}

fn item(id: &str) -> Value {
    json!({ "@odata.type": "#microsoft.graph.callRecording", "id": id, "meetingId": "MSo=",
        "createdDateTime": "2026-11-02T08:02:11.5990966Z",
        "meetingOrganizer": { "application": null, "user": { "id": "2b0c", "tenantId": "77aa" } } })
}

/// The last page.
fn last(items: &[Value], delta_link: Option<&str>) -> Step {
    let mut body = json!({ "value": items });
    if let Some(link) = delta_link {
        body["@odata.deltaLink"] = link.into();
    }
    answer(200, &body.to_string())
}

fn link(server: &Server, query: &str) -> String {
    format!(
        "{}/v1.0/users('2b0c')/onlineMeetings/getAllRecordings({WHOSE})/delta?{query}",
        server.url
    )
}

async fn delta(server: &Server, from: DeltaFrom<'_>) -> Result<ArtifactDelta, GraphError> {
    client(server)
        .session(&profile())
        .artifact_delta("2b0c", ArtifactKind::Recording, from)
        .await
}

fn ids(delta: &ArtifactDelta) -> Vec<&str> {
    delta
        .artifacts
        .iter()
        .map(|found| found.id.as_str())
        .collect()
}

fn targets(server: &Server) -> Vec<String> {
    let requests = server.graph_requests();
    assert!(requests.iter().all(|sent| sent.method == "GET"));
    requests.into_iter().map(|sent| sent.target).collect()
}

/// NT-5: the arguments travel in the function's parentheses; what is listed says whose it is.
#[tokio::test]
async fn a_delta_is_asked_for_as_documented() {
    let bare =
        json!({ "id": "T=", "meetingId": "M", "createdDateTime": null, "meetingOrganizer": null });
    let server = Server::start([]).await;
    let next = link(&server, "$deltatoken=a");
    server.then([last(&[item("V=")], Some(&next)), last(&[bare], None)]);
    let found = delta(&server, DeltaFrom::Since(since())).await.unwrap();
    let created = DateTime::parse_from_rfc3339("2026-11-02T08:02:11.5990966Z").unwrap();
    assert_eq!(
        found,
        ArtifactDelta {
            artifacts: vec![DeltaArtifact {
                id: "V=".into(),
                meeting_id: "MSo=".into(),
                created: Some(created.to_utc()),
                organizer_object_id: Some("2b0c".into()),
            }],
            token: Some("a".into()),
            is_complete: true,
        }
    );
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let transcripts = session
        .artifact_delta("2b0c", ArtifactKind::Transcript, DeltaFrom::Since(since()))
        .await
        .unwrap();
    assert_eq!(ids(&transcripts), ["T="]);
    let only = &transcripts.artifacts[0];
    assert_eq!((only.created, &only.organizer_object_id), (None, &None));
    assert_eq!((transcripts.token, transcripts.is_complete), (None, true));
    assert_eq!(
        targets(&server),
        [
            format!("{BASE}/getAllRecordings({WHOSE},startDateTime=2026-11-02T08:00:00Z)/delta"),
            format!("{BASE}/getAllTranscripts({WHOSE},startDateTime=2026-11-02T08:00:00Z)/delta"),
        ]
    );
}

/// NT-5: only the token is kept, under whatever name, wherever the link leads; the
/// next call goes to the configured host with the token as it came.
#[tokio::test]
async fn a_token_leads_on_from_our_own_address() {
    for (query, sent) in [
        ("$deltatoken=aQ-_.%2B%3D", "$deltatoken=aQ-_.%2B%3D"),
        ("%24deltaToken=a", "$deltatoken=a"),
        ("skipToken=a+/=", "skipToken=a+/="),
        ("$skiptoken=a&$deltatoken=b", "$deltatoken=b"),
    ] {
        let away = format!("https://elsewhere.example/beta/x/delta?{query}");
        let server = Server::start([last(&[item("A")], Some(&away)), last(&[], None)]).await;
        let token = delta(&server, DeltaFrom::Since(since()))
            .await
            .unwrap()
            .token
            .unwrap();
        assert!(!token.contains("elsewhere"));
        let next = delta(&server, DeltaFrom::Token(&token)).await.unwrap();
        assert!(next.artifacts.is_empty() && next.is_complete);
        let asked = targets(&server).pop().unwrap();
        assert_eq!(
            asked,
            format!("{BASE}/getAllRecordings({WHOSE})/delta?{sent}")
        );
    }
}

/// NT-5: an empty page may be followed by more, and Graph repeats itself.
#[tokio::test]
async fn every_page_is_read_past_empty_ones_and_nothing_is_told_twice() {
    let server = Server::start([]).await;
    let skip = |number: u32| link(&server, &format!("$skiptoken={number}"));
    let removed = json!({ "id": "gone", "@removed": { "reason": "deleted" } });
    let odd = [
        item("A"),
        json!({ "id": "no meeting" }),
        json!(7),
        removed,
        item("a"),
    ];
    let elsewhere = json!({ "id": "A", "meetingId": "other" });
    server.then([
        answer(200, &page(&[], Some(&skip(1)))),
        answer(200, &page(&odd, Some(&skip(2)))),
        answer(200, &page(&[], Some(&skip(3)))),
        last(
            &[item("A"), item("B"), elsewhere],
            Some(&link(&server, "$deltatoken=t")),
        ),
    ]);
    let found = delta(&server, DeltaFrom::Since(since())).await.unwrap();
    assert_eq!(ids(&found), ["A", "a", "B", "A"]);
    assert_eq!(found.artifacts[3].meeting_id, "other");
    assert_eq!(
        (found.token.as_deref(), found.is_complete),
        (Some("t"), true)
    );
    assert!(targets(&server)[3].ends_with("/delta?$skiptoken=3"));
}

/// NT-5: a token that Graph does not take any more is gone, so that the list begins
/// anew; without a token the same answers mean what they say.
#[tokio::test]
async fn a_forgotten_token_is_gone() {
    use GraphErrorClass as C;
    for (status, code, with_a_time) in [
        (410, "resyncRequired", C::NotFoundOrGone),
        (410, "", C::NotFoundOrGone),
        (400, "syncStateNotFound", C::NotFoundOrGone),
        (400, "BadRequest", C::InvalidRequest),
        (403, "Forbidden", C::ConsentMissing),
    ] {
        let refused = || refusal(status, code, "m");
        let server = Server::start([refused(), refused()]).await;
        let error = delta(&server, DeltaFrom::Token("a")).await.unwrap_err();
        let expected = if status == 403 {
            C::ConsentMissing
        } else {
            C::NotFoundOrGone
        };
        assert_eq!(error.class, expected, "{status} {code}");
        let error = delta(&server, DeltaFrom::Since(since())).await.unwrap_err();
        assert_eq!(error.class, with_a_time, "{status} {code}");
        assert_eq!(server.graph_requests().len(), 2, "not repeated");
    }
}

/// NT-5: a kept token that has been damaged heals like a forgotten one, and is not sent.
#[tokio::test]
async fn a_damaged_token_is_not_sent() {
    let server = Server::start([]).await;
    for token in ["", "a&$top=1", "a#b", "a b", "a\nb", "é"] {
        let error = delta(&server, DeltaFrom::Token(token)).await.unwrap_err();
        assert_eq!(error.class, GraphErrorClass::NotFoundOrGone, "{token:?}");
    }
    assert!(server.received().is_empty());
}

/// NT-5: a page on another host is not asked for; the token of ours stays here.
#[tokio::test]
async fn a_foreign_next_page_is_refused() {
    let elsewhere = Server::start([answer(200, &page(&[], None))]).await;
    let away = link(&elsewhere, "$skiptoken=1");
    let server = Server::start([answer(200, &page(&[item("A")], Some(&away)))]).await;
    let error = delta(&server, DeltaFrom::Since(since())).await.unwrap_err();
    assert_eq!(error.code, "ForeignNextLink");
    assert!(elsewhere.received().is_empty());
}

/// NT-5: a list longer than one call is given in parts, and each goes on where the
/// last one ended.
#[tokio::test]
async fn a_long_list_is_given_in_parts() {
    let server = Server::start([]).await;
    for number in 0..60 {
        let next = link(&server, &format!("$skiptoken={number}"));
        server.then([answer(
            200,
            &page(&[item(&number.to_string())], Some(&next)),
        )]);
    }
    let delta_link = link(&server, "$deltatoken=t");
    server.then([last(&[item("60")], Some(&delta_link))]);
    let first = delta(&server, DeltaFrom::Since(since())).await.unwrap();
    assert_eq!((first.artifacts.len(), first.is_complete), (50, false));
    let token = first.token.unwrap();
    let rest = delta(&server, DeltaFrom::Token(&token)).await.unwrap();
    assert_eq!((rest.artifacts.len(), rest.is_complete), (11, true));
    assert_eq!(rest.token.as_deref(), Some("t"));
    let asked = &targets(&server)[50];
    assert_eq!(
        asked,
        &format!("{BASE}/getAllRecordings({WHOSE})/delta?$skiptoken=49")
    );
}

/// NT-5: also a list of few, large pages.
#[tokio::test]
async fn many_artifacts_are_given_in_parts() {
    let server = Server::start([]).await;
    let items: Vec<_> = (0..3_000)
        .map(|id| json!({ "id": format!("a{id}"), "meetingId": "M" }))
        .collect();
    let more: Vec<_> = (0..3_000)
        .map(|id| json!({ "id": format!("b{id}"), "meetingId": "M" }))
        .collect();
    server.then([
        answer(200, &page(&items, Some(&link(&server, "$skiptoken=1")))),
        answer(200, &page(&more, Some(&link(&server, "$skiptoken=2")))),
    ]);
    let found = delta(&server, DeltaFrom::Since(since())).await.unwrap();
    assert_eq!((found.artifacts.len(), found.is_complete), (6_000, false));
    assert_eq!(found.token.as_deref(), Some("$skiptoken=2"));
}

/// NT-5: a list that goes round in circles ends.
#[tokio::test]
async fn a_circle_ends() {
    let server = Server::start([]).await;
    let round = answer(
        200,
        &page(&[item("A")], Some(&link(&server, "$skiptoken=1"))),
    );
    server.then(std::iter::repeat_n(round, 60));
    let error = delta(&server, DeltaFrom::Token("$skiptoken=1"))
        .await
        .unwrap_err();
    assert_eq!(error.code, "ListTooLong");
    assert_eq!(server.graph_requests().len(), 50);

    let server = Server::start([]).await;
    let nameless = answer(200, &page(&[item("A")], Some(&link(&server, "$skip=1"))));
    server.then(std::iter::repeat_n(nameless, 300));
    let error = delta(&server, DeltaFrom::Since(since())).await.unwrap_err();
    assert_eq!(error.code, "ListTooLong");
    assert_eq!(server.graph_requests().len(), 200);
}

/// NT-5: a failure on the way costs none of the pages before it, whether Graph fails
/// or the time is over; a page that fails for a moment is asked for again.
#[tokio::test]
async fn a_failure_on_the_way_keeps_what_was_read() {
    let busy = || crate::server::answer_with(429, &[("Retry-After", "60")], "{}");
    for failure in [busy(), Step::Hang(Vec::new())] {
        let server = Server::start([]).await;
        let next = link(&server, "$skiptoken=1");
        server.then([
            answer(200, &page(&[item("A")], Some(&next))),
            failure.clone(),
            failure,
        ]);
        let client = client_with(&server, |config| config.budget = Duration::from_millis(900));
        let profile = profile();
        let session = client.session(&profile);
        let from = DeltaFrom::Since(since());
        let found = session
            .artifact_delta("2b0c", ArtifactKind::Recording, from)
            .await
            .unwrap();
        assert_eq!((ids(&found), found.is_complete), (vec!["A"], false));
        assert_eq!(found.token.as_deref(), Some("$skiptoken=1"));
    }
    let server = Server::start([busy()]).await;
    let error = delta(&server, DeltaFrom::Token("$skiptoken=1"))
        .await
        .unwrap_err();
    assert_eq!(error.class, GraphErrorClass::Throttled);
    assert_eq!(error.retry_after, Some(Duration::from_mins(1)));

    let server = Server::start([Step::Cut, last(&[item("A")], None)]).await;
    let found = delta(&server, DeltaFrom::Since(since())).await.unwrap();
    assert_eq!(ids(&found), ["A"]);
}

/// NT-5: what keeps the rest from being read for good is told.
#[tokio::test]
async fn a_refusal_on_the_way_is_told() {
    let server = Server::start([]).await;
    let next = link(&server, "$skiptoken=1");
    server.then([
        answer(200, &page(&[item("A")], Some(&next))),
        refusal(403, "Forbidden", "missing role"),
    ]);
    let error = delta(&server, DeltaFrom::Since(since())).await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::ConsentMissing);
}
