//! An online meeting with its recording and transcript, as capture leaves it: for
//! tests that need one in both editions, without Microsoft.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::artifact::{Artifact, ArtifactType, Document, StoredFile};
use convoke_domain::engagement::{Created, Engagement, MeetingPlan, StaffMeeting};
use convoke_domain::id::{ArtifactId, ClientId, ContactId, OnlineMeetingId, UserId};
use convoke_domain::online_meeting::{Claim, Organizer, Span, StaffPlan};
use convoke_platform::blobs::BlobName;
use convoke_platform::keyring::sha256_hex;
use convoke_platform::queue::Incoming;
use convoke_platform::records::{
    ArtifactPointerRecord, ArtifactRecord, CaptureRecord, EntryRecord, InteractionRecord,
    OnlineMeetingRecord,
};
use convoke_platform::tenant::Tenant;
use serde_json::json;
use uuid::Uuid;

use crate::process::Process;

/// Its join link.
pub const JOIN_URL: &str = "https://teams.microsoft.com/l/meetup-join/19%3arecorded";
/// Its transcript, as stored.
pub const VTT: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ada Client>Good morning.</v>\n";

const MP4: &str = "video/mp4";

/// Its recording, as copied into the bucket.
pub const FILM: &str = "for all that anybody looks at it, a film";

/// The ids of what was stored.
#[derive(Debug, Clone, Default)]
pub struct RecordedMeeting {
    /// Also its interaction's and its schedule entry's.
    pub online_meeting_id: String,
    /// The recording's artifact.
    pub recording_id: String,
    /// The transcript's document and artifact.
    pub document_id: String,
}

impl RecordedMeeting {
    /// Stores one with a contact, a month from now: it was held once, and moved.
    pub async fn store(process: &Process, org: &str, client: &str, contact: &str) -> Self {
        let (tenant, id) = (tenant(org), process.ports.mint());
        let engagement = engagement(process, id, client, contact);
        let mut transaction = process.store.tenant(&tenant).transaction();
        transaction.create(&OnlineMeetingRecord::from(
            engagement.meeting.as_ref().expect("a meeting"),
        ));
        transaction.create(&EntryRecord::from(
            engagement.entry.as_ref().expect("an entry"),
        ));
        transaction.create(&InteractionRecord::from(
            engagement.interaction.as_ref().expect("an interaction"),
        ));
        transaction.create(&CaptureRecord::new(
            id,
            engagement.capture.as_ref().expect("a capture"),
        ));
        for artifact in &engagement.artifacts {
            transaction.create(&ArtifactRecord::from(artifact));
            transaction.create(&ArtifactPointerRecord::to(artifact));
        }
        transaction.commit().await.expect("a meeting is stored");
        let [recording, transcript] = &engagement.artifacts[..] else {
            panic!("two artifacts");
        };
        let blobs = process.blobs.tenant(&tenant);
        let meeting = OnlineMeetingId::new(id);
        let text = BlobName::Transcript(meeting, transcript.artifact_id);
        let film = BlobName::Recording(meeting, recording.artifact_id);
        for (name, media, content) in [(text, "text/vtt; charset=utf-8", VTT), (film, MP4, FILM)] {
            let put = blobs.put(name, media, content.into()).await;
            put.expect("it is stored");
        }
        Self {
            online_meeting_id: id.to_string(),
            recording_id: recording.artifact_id.to_string(),
            document_id: transcript.artifact_id.to_string(),
        }
    }
}

/// Vouched for the way a queue's message is.
fn tenant(org: &str) -> Tenant {
    let body = json!({ "id": Uuid::nil(), "tenant": org, "job": null });
    let message = Incoming::parse(&body.to_string()).expect("a message");
    message.tenant
}

fn engagement(process: &Process, id: Uuid, client: &str, contact: &str) -> Engagement {
    let now = process.ports.now();
    let start = now + TimeDelta::days(30);
    let user = UserId::parse("u-organiser").expect("an id");
    let claim = Claim {
        token: process.ports.mint(),
        until: now + TimeDelta::seconds(90),
    };
    let staff = StaffMeeting {
        subject: "Recorded review".to_owned(),
        span: Span {
            start,
            end: start + TimeDelta::hours(1),
        },
        client_id: ClientId::parse(client).ok(),
        contact_id: ContactId::parse(contact).ok(),
        plan: StaffPlan {
            entry_for: Some(vec![user.clone()]),
            ..StaffPlan::default()
        },
    };
    let plan = MeetingPlan {
        transaction_id: process.ports.mint(),
        claim,
        organizer: Organizer {
            ms_tenant_id: None,
            upn: "organiser@practice.example".to_owned(),
            object_id: Some(process.ports.mint().to_string()),
        },
        created_by: user,
    };
    let mut engagement = Engagement::of_staff(staff, plan, id, now);
    let created = Created {
        event_id: format!("event-{id}"),
        join_url: WebLink::parse(JOIN_URL).ok(),
        removed: false,
        meeting_id: Some(format!("meeting-{id}")),
    };
    engagement
        .created(created, claim.token, now)
        .expect("it is made");
    engagement.artifacts = vec![
        artifact(process, id, ArtifactType::Recording, now),
        artifact(process, id, ArtifactType::Transcript, now),
    ];
    engagement.keep_capture_in_step(&Engagement::default(), now);
    engagement.raise_versions(&Engagement::default());
    engagement
}

fn artifact(process: &Process, id: Uuid, kind: ArtifactType, now: DateTime<Utc>) -> Artifact {
    let document = (kind == ArtifactType::Transcript).then(|| Document {
        name: "Transcript - Recorded review".to_owned(),
        is_client_visible: false,
        size: VTT.len() as u64,
        is_attributed: true,
        stored_at: now,
    });
    Artifact {
        artifact_id: ArtifactId::new(process.ports.mint()),
        online_meeting_id: OnlineMeetingId::new(id),
        artifact_type: kind,
        provider_artifact_id: format!("provider-{}-{id}", kind.as_str()),
        created_at: now,
        document,
        file: (kind == ArtifactType::Recording).then(|| StoredFile {
            size: FILM.len() as u64,
            sha256: sha256_hex(FILM.as_bytes()),
            content_type: MP4.to_owned(),
            stored_at: now,
        }),
        arrivals: vec![],
        version: 1,
    }
}
