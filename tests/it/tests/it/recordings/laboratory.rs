//! A meeting that is over, its recording at Microsoft, and whoever plays it.

use std::time::Duration;

use bytes::Bytes;
use convoke_domain::artifact::{Artifact, ArtifactType, Document, StoredFile};
use convoke_domain::id::{ArtifactId, OnlineMeetingId};
use convoke_platform::blobs::{BlobName, TenantBlobs};
use convoke_platform::records::{ArtifactPointerRecord, ArtifactRecord, AuditRecord};
use convoke_platform::store::{Query, TenantStore};
use convoke_platform::tenant::Tenant;
use futures_util::StreamExt;
use graph_simulator::{Content, Delivery, NewArtifact, Received};
use http::HeaderMap;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, Practice};
use it::process::{Process, STREAMING_URL};
use recording_proxy::stream::{Body, StreamApp};
use serde_json::{Value, json};

use crate::routes::tenant;

pub(super) const KIB: u64 = 1024;
/// What an answer of the laboratory holds at most.
pub(super) const LIMIT: u64 = 256 * KIB;
/// What no answer, header or link may show.
const MICROSOFT: [&str; 5] = [
    "/v1.0/",
    "onlineMeetings",
    "/storage/",
    "Bearer",
    "graph.microsoft",
];

/// See the module.
pub(super) struct Laboratory {
    pub(super) practice: Practice,
    /// The meeting that was held; its request's id too.
    pub(super) meeting: OnlineMeetingId,
    join_url: String,
}

/// An answer of the streaming function, its body still to come.
pub(super) struct Streamed {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

impl Streamed {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body, or as much of it as came; whether it is as long as was told.
    pub(super) async fn read(&mut self) -> (Vec<u8>, bool) {
        let mut octets = vec![];
        while let Some(chunk) = self.body.next().await {
            match chunk {
                Ok(chunk) => octets.extend_from_slice(&chunk),
                Err(error) => panic!("the runtime would write this into the body: {error}"),
            }
        }
        let told = self
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let is_whole = told.is_none_or(|told: usize| told == octets.len());
        (octets, is_whole)
    }

    /// The whole body, of an answer that must have this status.
    pub(super) async fn octets(&mut self, status: u16) -> Vec<u8> {
        let (octets, is_whole) = self.read().await;
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&octets));
        assert!(is_whole, "broken off after {}", octets.len());
        octets
    }

    /// The problem's code, of an answer that must have this status.
    pub(super) async fn problem(&mut self, status: u16) -> String {
        let body = self.octets(status).await;
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(problem["status"], status);
        problem["code"].as_str().expect("a code").to_owned()
    }
}

impl Laboratory {
    /// An appointment that was held; answers hold [`LIMIT`] octets at most.
    pub(super) async fn open() -> Self {
        let mut practice = Practice::open().await;
        let id = practice.approved().await;
        let request = practice.read(&id).await;
        practice.clock.set("2026-12-01T09:30:00Z");
        practice.process.recording_stream.limit = LIMIT;
        practice.relay().await;
        Self {
            practice,
            meeting: OnlineMeetingId::parse(&id).expect("one id for all parts"),
            join_url: request["online_meeting_url"]
                .as_str()
                .expect("a link")
                .to_owned(),
        }
    }

    /// With a recording, and a ticket's path to it.
    pub(super) async fn recorded(content: Content, delivery: Delivery) -> (Box<Self>, String) {
        let laboratory = Box::pin(Self::open()).await;
        let recording = laboratory.add_recording(content, delivery).await;
        let path = laboratory.ticket(&recording).await;
        (Box::new(laboratory), path)
    }

    /// The same organisation's functions in another process.
    pub(super) fn another_process(&self) -> Process {
        let (clock, graph) = (&self.practice.clock, &self.practice.graph);
        let site = &self.practice.process.site;
        Process::with_graph(site, clock.ports(), None, graph.base_url())
    }

    pub(super) fn tenant(&self) -> Tenant {
        tenant(&self.practice.org)
    }

    pub(super) fn store(&self) -> TenantStore {
        self.practice.process.store.tenant(&self.tenant())
    }

    pub(super) fn blobs(&self) -> TenantBlobs {
        let recorder = &self.practice.process.artifact_capture.recorder;
        recorder.blobs.tenant(&self.tenant())
    }

    /// A recording that Microsoft has.
    pub(super) async fn add_recording(&self, content: Content, delivery: Delivery) -> Artifact {
        let new = NewArtifact::of(content).delivered(delivery);
        let held = self.practice.graph.add_recording(&self.join_url, new);
        let held = held.expect("the meeting is known");
        let recording = Artifact {
            provider_artifact_id: held.id,
            ..self.artifact(ArtifactType::Recording)
        };
        self.write(&recording).await;
        recording
    }

    /// A recording whose copy the bucket has, and Microsoft nothing any more.
    pub(super) async fn add_stored(&self, content: &Content) -> Artifact {
        let size = content.size();
        let recording = Artifact {
            file: Some(StoredFile {
                size,
                sha256: content.sha256(),
                content_type: "video/mp4".to_owned(),
                stored_at: self.practice.now(),
            }),
            ..self.artifact(ArtifactType::Recording)
        };
        let name = BlobName::Recording(self.meeting, recording.artifact_id);
        let octets = content.read(0, usize::try_from(size).unwrap());
        self.blobs()
            .put(name, "video/mp4", octets.into())
            .await
            .unwrap();
        self.write(&recording).await;
        recording
    }

    /// Writes down that the bucket has a copy, which it has not.
    pub(super) async fn pretend_stored(&self, recording: &Artifact, content: &Content) {
        let claimed = Artifact {
            file: Some(StoredFile {
                size: content.size(),
                sha256: content.sha256(),
                content_type: "video/mp4".to_owned(),
                stored_at: self.practice.now(),
            }),
            version: 2,
            ..recording.clone()
        };
        let mut transaction = self.store().transaction();
        transaction.replace(&ArtifactRecord::from(&claimed), 1);
        transaction.commit().await.unwrap();
    }

    /// A transcript whose text is stored.
    pub(super) async fn add_transcript(&self, vtt: Bytes) -> Artifact {
        let transcript = Artifact {
            document: Some(Document {
                name: "Transcript - Quarterly review".to_owned(),
                is_client_visible: false,
                size: vtt.len() as u64,
                is_attributed: true,
                stored_at: self.practice.now(),
            }),
            ..self.artifact(ArtifactType::Transcript)
        };
        let name = BlobName::Transcript(self.meeting, transcript.artifact_id);
        self.blobs().put(name, "text/vtt", vtt).await.unwrap();
        self.write(&transcript).await;
        transcript
    }

    fn artifact(&self, artifact_type: ArtifactType) -> Artifact {
        let id = self.practice.process.ports.mint();
        Artifact {
            artifact_id: ArtifactId::new(id),
            online_meeting_id: self.meeting,
            artifact_type,
            provider_artifact_id: id.to_string(),
            created_at: self.practice.now(),
            document: None,
            file: None,
            arrivals: vec![],
            version: 1,
        }
    }

    async fn write(&self, artifact: &Artifact) {
        let mut transaction = self.store().transaction();
        transaction.create(&ArtifactRecord::from(artifact));
        transaction.create(&ArtifactPointerRecord::to(artifact));
        transaction.commit().await.unwrap();
    }

    /// A portal user's request, for the meeting's client or another.
    pub(super) fn portal(&self, method: &str, path: &str, client: &str) -> Event {
        let scopes = "interaction:read interaction:update";
        Event::new(method, path).portal(&self.practice.org, "portal-1", scopes, client, CONTACT)
    }

    /// Calls the API as staff.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let event = self.practice.staff(method, path, body);
        self.practice.process.recordings(event).await
    }

    /// Asks for a ticket.
    pub(super) async fn ask(&self, event: Event) -> Answer {
        self.practice.process.recordings(event).await
    }

    /// A ticket of staff's, as path and query.
    pub(super) async fn ticket(&self, recording: &Artifact) -> String {
        let path = ticket_path(recording);
        let answer = self.call("POST", &path, None).await.expect(200);
        path_of(&answer)
    }

    /// A ticket of the client's own.
    pub(super) async fn portal_ticket(&self, recording: &Artifact) -> String {
        let event = self.portal("POST", &ticket_path(recording), CLIENT);
        path_of(&self.ask(event).await.expect(200))
    }

    /// Whether the portal shows recordings.
    pub(super) async fn expose(&self, is_exposed: bool) {
        let fields = json!({ "expose_recordings_in_portal": is_exposed });
        self.practice.integrate(&fields).await;
    }

    /// GET at the streaming address.
    pub(super) async fn get(&self, path: &str) -> Streamed {
        self.stream("GET", path, &[]).await
    }

    /// GET of a range.
    pub(super) async fn range(&self, path: &str, range: &str) -> Streamed {
        self.stream("GET", path, &[("range", range)]).await
    }

    pub(super) async fn stream(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Streamed {
        stream_by(
            &self.practice.process.recording_stream,
            method,
            path,
            headers,
        )
        .await
    }

    /// The rows of a recording's audit, oldest ticket first.
    pub(super) async fn audit(&self, recording: &Artifact) -> Vec<AuditRecord> {
        let partition = AuditRecord::partition_of(recording.artifact_id.uuid());
        let query = Query::partition(partition, 100);
        self.store().query_all(query).await.unwrap()
    }

    /// Requests for a recording's octets at Graph.
    pub(super) fn fetches(&self) -> Vec<Received> {
        self.practice.requests("GET", "/content")
    }

    /// Returns once Graph's last answer with octets ended as `is_ended` wants it.
    pub(super) async fn until(&self, is_ended: impl Fn(&Received) -> bool) {
        let ended = async {
            while !self.fetches().last().is_some_and(&is_ended) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), ended).await;
        waited.unwrap_or_else(|_| panic!("{:?}", self.fetches().last()));
    }
}

/// A request to a streaming function. No answer of it shows anything of Microsoft's.
pub(super) async fn stream_by(
    app: &StreamApp,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Streamed {
    let mut event = Event::new(method, path);
    for (name, value) in headers {
        event = event.header(name, value);
    }
    let (parts, body) = app.handle(event.into_request()).await.into_parts();
    let shown = format!("{:?}", parts.headers);
    for part in MICROSOFT {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
    for (name, value) in [
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(parts.headers[name], value, "{name} of {}", parts.status);
    }
    Streamed {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

pub(super) fn ticket_path(recording: &Artifact) -> String {
    format!("{}/ticket", recording_path(recording))
}

pub(super) fn recording_path(recording: &Artifact) -> String {
    let id = recording.artifact_id;
    format!("/api/v1/online-meetings/recordings/{id}")
}

/// Path and query of a ticket's address.
pub(super) fn path_of(ticket: &Value) -> String {
    let url = ticket["url"].as_str().expect("an address");
    url.strip_prefix(STREAMING_URL)
        .expect("our address")
        .to_owned()
}

/// What a content holds between two octets, the last one included.
pub(super) fn between(content: &Content, first: u64, last: u64) -> Vec<u8> {
    content.read(first, usize::try_from(last - first + 1).unwrap())
}
