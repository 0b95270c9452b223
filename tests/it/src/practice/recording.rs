//! Meetings that staff schedule, what Microsoft makes of them, and looking for it
//! as people, sweep and queue do.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::{Artifact, ArtifactType};
use convoke_domain::engagement::Engagement;
use convoke_domain::id::OnlineMeetingId;
use convoke_domain::online_meeting::Capture;
use convoke_platform::blobs::BlobName;
use convoke_platform::queue::Incoming;
use convoke_platform::records::{
    ArtifactPointerRecord, engagement_of, engagement_partition, read_engagement,
};
use convoke_platform::store::{DueKind, TenantStore};
use convoke_platform::tenant::Tenant;
use graph_simulator::{Content, NewArtifact};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CONTACT, Practice};
use crate::api::Answer;
use crate::gateway::Event;
use crate::process::{Process, sdk_config};
use crate::requests::id_of;

/// Where online meetings are.
const ROOT: &str = "/api/v1/online-meetings";
/// Rounds of due looks after which they are taken for endless.
const ROUNDS: u32 = 60;

/// A Teams meeting that staff scheduled.
#[derive(Debug, Clone)]
pub struct Meeting {
    /// Convoke's id.
    pub id: OnlineMeetingId,
    /// As Microsoft gave it.
    pub join_url: String,
}

impl Meeting {
    /// When meetings of tests start.
    pub const START: &str = "2026-12-01T09:00:00Z";
    /// When they end.
    pub const END: &str = "2026-12-01T10:00:00Z";
    /// While they go on.
    pub const BETWEEN: &str = "2026-12-01T09:30:00Z";
    /// A minute after their end.
    pub const AFTER: &str = "2026-12-01T10:01:00Z";

    /// The job that looks for its recordings.
    pub fn job(&self) -> Value {
        json!({ "job": "capture_artifacts", "online_meeting_id": self.id.uuid() })
    }
}

/// A text in Teams' own form, with a line that can be found again.
pub fn vtt(line: &str) -> String {
    format!("WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n<v Ann Archer>{line}</v>\n")
}

/// A transcript with such a text.
pub fn transcript(line: &str) -> NewArtifact {
    NewArtifact::of(Content::text(&vtt(line)))
}

impl Practice {
    /// What staff schedule by default, with the contact and in somebody's time;
    /// `fields` replace or add.
    pub fn plan(fields: &Value) -> Value {
        let mut body = json!({ "subject": "Quarterly review", "start": Meeting::START, "end": Meeting::END,
            "contact_id": CONTACT, "notes": "Figures of the third quarter", "create_schedule_entry": true });
        for (name, value) in fields.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    /// A request about online meetings, as staff send it.
    pub fn meeting_event(&self, method: &str, rest: &str, body: Option<&Value>) -> Event {
        self.staff(method, &format!("{ROOT}{rest}"), body)
    }

    /// Calls the online meetings, as staff.
    pub async fn meetings(&self, method: &str, rest: &str, body: Option<&Value>) -> Answer {
        let event = self.meeting_event(method, rest, body);
        self.process.api(event).await
    }

    /// A Teams meeting that staff scheduled, told to everybody; `fields` replace or add.
    pub async fn met(&self, fields: &Value) -> Meeting {
        let answer = self.meetings("POST", "", Some(&Self::plan(fields))).await;
        let made = answer.expect(201);
        self.work().await;
        meeting_of(&made)
    }

    /// One that is over by a minute; nobody has looked yet.
    pub async fn over(&self) -> Meeting {
        let meeting = self.met(&json!({})).await;
        self.clock.set(Meeting::AFTER);
        meeting
    }

    /// Reads a meeting that is there.
    pub async fn read_meeting(&self, meeting: &Meeting) -> Value {
        let rest = format!("/{}", meeting.id);
        self.meetings("GET", &rest, None).await.expect(200)
    }

    /// A command about a meeting.
    pub async fn tell_meeting(
        &self,
        meeting: &Meeting,
        command: &str,
        body: Option<&Value>,
    ) -> Answer {
        let rest = format!("/{}/{command}", meeting.id);
        self.meetings("POST", &rest, body).await
    }

    /// Looks for recordings now, as staff ask for it; answers with the meeting.
    pub async fn refresh(&self, meeting: &Meeting) -> Value {
        let answer = self.tell_meeting(meeting, "refresh-recordings", None).await;
        answer.expect(200)
    }

    /// Hands `artifact-capture` the message that a look is due.
    pub async fn look(&self, meeting: &Meeting) -> bool {
        self.process.capture(&self.org, &meeting.job()).await
    }

    /// Does what sweep and queues would do about looks, until none is due;
    /// answers with the published events.
    pub async fn look_due(&self) -> Vec<Value> {
        let mut published = self.work().await;
        for _ in 0..ROUNDS {
            let due = self.due_looks(self.now()).await;
            if due.is_empty() {
                return published;
            }
            for id in due {
                let job = json!({ "job": "capture_artifacts", "online_meeting_id": id });
                self.process.capture(&self.org, &job).await;
            }
            published.extend(self.work().await);
        }
        panic!("looks without end: {:?}", self.due_looks(self.now()).await)
    }

    /// Meetings to be looked at by then, as the due index has them a moment later.
    pub async fn due_looks(&self, by: DateTime<Utc>) -> Vec<Uuid> {
        let a_moment_later = by + TimeDelta::milliseconds(1);
        let rows = self.due(DueKind::Capture, a_moment_later).await;
        let ids = rows.iter().map(|row| engagement_of(&row.key));
        ids.map(|id| id.expect("a key of ours")).collect()
    }

    /// This organisation's part of the table.
    pub fn table(&self) -> TenantStore {
        self.process.store.tenant(&self.tenant())
    }

    /// This organisation, as a message of its own names it.
    pub fn tenant(&self) -> Tenant {
        let body = json!({ "id": Uuid::nil(), "tenant": self.org, "job": {} });
        Incoming::parse(&body.to_string())
            .expect("a message")
            .tenant
    }

    /// Everything that belongs to a meeting, as stored.
    pub async fn stored(&self, meeting: &Meeting) -> Engagement {
        let partition = engagement_partition(meeting.id.uuid());
        let items = self.table().collection(&partition).await;
        read_engagement(items.expect("the table answers")).expect("it reads")
    }

    /// How looking for a meeting's recordings stands.
    pub async fn capture(&self, meeting: &Meeting) -> Capture {
        self.stored(meeting)
            .await
            .capture
            .expect("it is looked for")
    }

    /// A transcript's text in the bucket.
    pub async fn text(&self, transcript: &Artifact) -> String {
        let name = BlobName::Transcript(transcript.online_meeting_id, transcript.artifact_id);
        let blobs = &self.process.artifact_capture.recorder.blobs;
        let bytes = blobs.tenant(&self.tenant()).get(name, u64::MAX).await;
        String::from_utf8(bytes.expect("it is stored").to_vec()).expect("UTF-8")
    }

    /// Everything that the organisation has in the bucket, by key.
    pub async fn objects(&self) -> Vec<String> {
        let site = &self.process.site;
        let client = convoke_platform::aws::bucket_client(&sdk_config(&site.aws_endpoint));
        let list = client
            .list_objects_v2()
            .bucket(&site.outputs.bucket_name)
            .prefix(format!("t/{}/", self.org));
        let listed = list.send().await.expect("the bucket answers");
        let keys = listed.contents.unwrap_or_default().into_iter();
        keys.filter_map(|object| object.key).collect()
    }

    /// Everything that the organisation has in the table, by key, without the
    /// answers and marks of idempotency keys.
    pub async fn items(&self) -> BTreeMap<(String, String), String> {
        let site = &self.process.site;
        let mut pages = site
            .dynamodb()
            .scan()
            .table_name(&site.outputs.table_name)
            .filter_expression("begins_with(pk, :tenant)")
            .expression_attribute_values(":tenant", AttributeValue::S(format!("T#{}#", self.org)))
            .into_paginator()
            .items()
            .send();
        let mut items = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.expect("the table answers");
            let text = |name: &str| item[name].as_s().expect("a text").clone();
            items.insert(
                (text("pk"), text("sk")),
                in_order(&AttributeValue::M(item.clone())),
            );
        }
        items.retain(|(partition, _), _| !partition.contains("#IDEM"));
        items
    }

    /// OM-7: there is one row, one pointer and, of a transcript, one document for
    /// each artifact that Microsoft has, and nothing else.
    pub async fn assert_kept_once(&self, meeting: &Meeting, case: &str) {
        let stored = self.stored(meeting).await;
        let held: BTreeSet<_> = self
            .graph
            .artifacts(&meeting.join_url)
            .into_iter()
            .map(|one| one.id)
            .collect();
        let kept: Vec<_> = stored
            .artifacts
            .iter()
            .map(|one| one.provider_artifact_id.clone())
            .collect();
        assert_eq!(kept.len(), held.len(), "{case}: {kept:?}");
        assert_eq!(kept.into_iter().collect::<BTreeSet<_>>(), held, "{case}");
        for one in &stored.artifacts {
            let key = ArtifactPointerRecord::key_of(one.artifact_id);
            let pointer = self.table().get::<ArtifactPointerRecord>(&key).await;
            assert!(pointer.expect("it reads").is_some(), "{case}: {one:?}");
        }
        let mut documents = BTreeSet::new();
        for one in &stored.artifacts {
            if one.artifact_type == ArtifactType::Recording {
                assert_eq!(one.document, None, "{case}");
                continue;
            }
            let document = one
                .document
                .as_ref()
                .unwrap_or_else(|| panic!("{case}: no text of {one:?}"));
            let text = self.text(one).await;
            assert!(text.starts_with("WEBVTT\n"), "{case}: {text}");
            assert_eq!(document.size, text.len() as u64, "{case}");
            assert!(!document.is_client_visible, "{case}");
            // Its making, its text, and each further way by which it came up: nobody
            // wrote it once more.
            let further = one.arrivals.len().saturating_sub(1) as u64;
            assert_eq!(one.version, 2 + further, "{case}: {one:?}");
            let key = format!(
                "t/{}/m/{}/transcripts/{}.vtt",
                self.org, meeting.id, one.artifact_id
            );
            documents.insert(key);
        }
        assert_eq!(
            self.objects().await.into_iter().collect::<BTreeSet<_>>(),
            documents,
            "{case}"
        );
    }

    /// OM-7: no look has left a pointer behind that leads to no artifact of the
    /// organisation's only meeting.
    pub async fn assert_no_other_pointers(&self, meeting: &Meeting, case: &str) {
        let items = self.items().await.into_keys();
        let pointers = items.filter_map(|(partition, _)| {
            let (_, id) = partition.split_once("#AF#")?;
            Some(id.to_owned())
        });
        let stored = self.stored(meeting).await;
        let ids = stored
            .artifacts
            .iter()
            .map(|one| one.artifact_id.to_string());
        assert_eq!(
            pointers.collect::<BTreeSet<_>>(),
            ids.collect(),
            "{case}: pointers"
        );
    }

    /// The same organisation's functions in another process.
    pub fn another_process(&self) -> Process {
        let site = &self.process.site;
        Process::with_graph(site, self.clock.ports(), None, self.graph.base_url())
    }
}

/// An attribute as text, the same for equal ones.
fn in_order(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map
                .iter()
                .map(|(name, value)| (name, in_order(value)))
                .collect();
            format!("{map:?}")
        }
        AttributeValue::L(list) => list.iter().map(in_order).collect::<Vec<_>>().join(", "),
        other => format!("{other:?}"),
    }
}

/// The meeting of an answer.
pub fn meeting_of(made: &Value) -> Meeting {
    let id = id_of(made, "online_meeting_id");
    Meeting {
        id: OnlineMeetingId::parse(&id).expect("an id"),
        join_url: made["join_url"].as_str().expect("a link").to_owned(),
    }
}

/// The events of a kind.
pub fn told<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    let of_kind = |event: &&Value| event["detail_type"] == kind;
    events.iter().filter(of_kind).collect()
}
