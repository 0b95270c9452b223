//! The community edition has no recordings, and keeps the documents that there
//! are (XC-11).

use it::api::ALL_SCOPES;
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::gateway::Event;
use it::process::Process;
use it::recorded::{RecordedMeeting, VTT};

/// XC-11: tickets and the streaming address answer 404; a stored transcript is read
/// as ever.
#[tokio::test]
async fn recordings_are_not_there_and_documents_are() {
    let clock = TestClock::at("2026-12-01T09:30:00Z");
    let process = Process::new(deployed::resources(), clock.ports(), None);
    let org = new_org();
    let stored = RecordedMeeting::store(&process, &org, "client-1", "contact-1").await;
    let recording = format!("/api/v1/online-meetings/recordings/{}", stored.recording_id);
    let staff =
        |method: &str, path: &str| Event::new(method, path).internal(&org, "u-1", ALL_SCOPES);
    for (method, path) in [("POST", format!("{recording}/ticket")), ("GET", recording)] {
        let answer = process.recordings(staff(method, &path)).await;
        assert_eq!(answer.problem(404), "not_found", "{method}");
    }
    let path = format!("/recordings/{}?ticket=x", stored.recording_id);
    let event = Event::new("GET", &path).into_request();
    assert_eq!(process.recording_stream.handle(event).await.status(), 404);

    let path = format!("/api/v1/documents/{}", stored.document_id);
    let document = process.recordings(staff("GET", &path)).await.expect(200);
    assert_eq!(document["size"], VTT.len());
    let text = format!("{path}/download?format=text");
    let answer = process.recordings(staff("GET", &text)).await;
    assert_eq!(answer.status, 200);
    assert!(
        String::from_utf8(answer.body)
            .unwrap()
            .contains("Good morning.")
    );
}
