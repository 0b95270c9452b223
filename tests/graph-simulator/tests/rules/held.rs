//! A meeting of the demo organiser, to be given recordings and transcripts.

use graph_simulator::{ArtifactKind, Content, Delivery, NewArtifact, StoredArtifact, demo};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, Response};

use crate::peer::{Answer, Peer, online};

/// Peer and meeting.
pub(crate) struct Held {
    pub(crate) peer: Peer,
    pub(crate) meeting: String,
    pub(crate) event: String,
    pub(crate) join_url: String,
}

pub(crate) fn encoded(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

fn name(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Recording => "recordings",
        ArtifactKind::Transcript => "transcripts",
    }
}

impl Held {
    pub(crate) async fn start() -> Self {
        let peer = Peer::start().await;
        let event = peer.create(&online()).await.id();
        let stored = peer.sim.events(demo::ORGANIZER_ID).remove(0);
        peer.sim.clear_received();
        Self {
            meeting: stored.online_meeting_id.unwrap(),
            join_url: stored.join_url.unwrap(),
            event,
            peer,
        }
    }

    /// Path of the meeting's recordings or transcripts, for this user.
    pub(crate) fn list_of(&self, user: &str, kind: ArtifactKind) -> String {
        let meeting = encoded(&self.meeting);
        format!("/users/{user}/onlineMeetings/{meeting}/{}", name(kind))
    }

    pub(crate) fn recordings(&self) -> String {
        self.list_of(demo::ORGANIZER_ID, ArtifactKind::Recording)
    }

    pub(crate) fn transcripts(&self) -> String {
        self.list_of(demo::ORGANIZER_ID, ArtifactKind::Transcript)
    }

    pub(crate) fn path(&self, artifact: &StoredArtifact) -> String {
        let list = self.list_of(demo::ORGANIZER_ID, artifact.kind);
        format!("{list}/{}", encoded(&artifact.id))
    }

    pub(crate) fn content(&self, artifact: &StoredArtifact) -> String {
        format!("{}/content", self.path(artifact))
    }

    pub(crate) fn record(&self, new: NewArtifact) -> StoredArtifact {
        self.peer.sim.add_recording(&self.meeting, new).unwrap()
    }

    pub(crate) fn transcribe(&self, new: NewArtifact) -> StoredArtifact {
        self.peer.sim.add_transcript(&self.meeting, new).unwrap()
    }

    /// A recording of so many octets that comes this way.
    pub(crate) fn delivered(&self, size: u64, delivery: Delivery) -> StoredArtifact {
        let content = Content::generated(size, 7);
        self.record(NewArtifact::of(content).delivered(delivery))
    }

    pub(crate) fn ask(&self, artifact: &StoredArtifact) -> RequestBuilder {
        self.peer.request(Method::GET, &self.content(artifact))
    }

    pub(crate) async fn fetch(&self, artifact: &StoredArtifact) -> Response {
        self.ask(artifact).send().await.unwrap()
    }

    pub(crate) async fn fetch_range(&self, artifact: &StoredArtifact, range: &str) -> Response {
        let request = self.ask(artifact).header("range", range);
        request.send().await.unwrap()
    }

    /// Refused or not, as JSON.
    pub(crate) async fn answer(&self, artifact: &StoredArtifact) -> Answer {
        Answer::of(self.ask(artifact)).await
    }

    /// The ids on every page of a list, a list of them per page.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut page = self.peer.get(path).await;
        loop {
            let ids = page.values().iter();
            pages.push(ids.map(|a| a["id"].as_str().unwrap().to_owned()).collect());
            let Some(next) = page.body["@odata.nextLink"].as_str() else {
                return pages;
            };
            assert!(pages.len() < 50, "the list does not end");
            page = self.peer.follow(next).await;
        }
    }
}

/// A client that follows no redirects.
pub(crate) fn stay() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy();
    let none = reqwest::redirect::Policy::none();
    builder.redirect(none).build().unwrap()
}
