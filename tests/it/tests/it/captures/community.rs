//! The community edition calls nobody: what the other edition left behind is read,
//! and stays as it is (XC-11).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::artifact::{Artifact, ArtifactType, Document};
use convoke_domain::engagement::{Created, Engagement, MeetingPlan, StaffMeeting};
use convoke_domain::id::{ArtifactId, ClientId, ContactId, OnlineMeetingId, UserId};
use convoke_domain::online_meeting::{Capture, Claim, Organizer, Span, StaffPlan};
use convoke_platform::records::{
    ArtifactPointerRecord, ArtifactRecord, CaptureRecord, EntryRecord, InteractionRecord,
    OnlineMeetingRecord,
};
use it::practice::{CLIENT, CONTACT, Meeting, Practice};
use serde_json::{Value, json};

/// A meeting that the enterprise edition made and began to look at, as stored.
async fn left_behind(practice: &Practice) -> Meeting {
    let ports = practice.process.ports.clone();
    let (id, now) = (ports.mint(), practice.now());
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let claim = Claim {
        token: ports.mint(),
        until: now + TimeDelta::seconds(90),
    };
    let staff = StaffMeeting {
        subject: "Quarterly review".to_owned(),
        span: Span {
            start: instant(Meeting::START),
            end: instant(Meeting::END),
        },
        client_id: Some(ClientId::parse(CLIENT).unwrap()),
        contact_id: Some(ContactId::parse(CONTACT).unwrap()),
        plan: StaffPlan {
            entry_for: Some(vec![UserId::parse("u-approver").unwrap()]),
            ..StaffPlan::default()
        },
    };
    let plan = MeetingPlan {
        transaction_id: ports.mint(),
        claim,
        organizer: Organizer {
            ms_tenant_id: None,
            upn: "meetings@contoso.example".to_owned(),
            object_id: None,
        },
        created_by: UserId::parse("u-approver").unwrap(),
    };
    let mut engagement = Engagement::of_staff(staff, plan, id, now);
    let join_url = "https://teams.microsoft.com/l/meetup-join/left-behind".to_owned();
    let created = Created {
        event_id: "event-1".to_owned(),
        join_url: Some(WebLink::parse(&join_url).unwrap()),
        removed: false,
        meeting_id: Some("MSo1".to_owned()),
    };
    engagement.created(created, claim.token, now).unwrap();
    engagement.raise_versions(&Engagement::default());
    let transcript = Artifact {
        artifact_id: ArtifactId::new(ports.mint()),
        online_meeting_id: OnlineMeetingId::new(id),
        artifact_type: ArtifactType::Transcript,
        provider_artifact_id: "V1".to_owned(),
        created_at: now,
        document: Some(Document {
            name: "Transcript - Quarterly review".to_owned(),
            is_client_visible: false,
            size: 7,
            is_attributed: true,
            stored_at: now,
        }),
        file: None,
        arrivals: vec![],
        version: 2,
    };
    let capture = Capture {
        due_at: Some(instant(Meeting::END)),
        error_code: Some("graph_unavailable".to_owned()),
        announced: 1,
        ..Capture::default()
    };
    let mut transaction = practice.table().transaction();
    transaction.create(&OnlineMeetingRecord::from(
        engagement.meeting.as_ref().unwrap(),
    ));
    transaction.create(&EntryRecord::from(engagement.entry.as_ref().unwrap()));
    transaction.create(&InteractionRecord::from(
        engagement.interaction.as_ref().unwrap(),
    ));
    transaction.create(&CaptureRecord::new(id, &capture));
    transaction.create(&ArtifactRecord::from(&transcript));
    transaction.create(&ArtifactPointerRecord::to(&transcript));
    transaction.commit().await.unwrap();
    Meeting {
        id: OnlineMeetingId::new(id),
        join_url,
    }
}

/// XC-11, OM-11: a refresh, a message and the sweep leave rows, attempts and status
/// untouched; the meeting and its artifacts are read as ever.
#[tokio::test]
async fn capture_leaves_everything_untouched() {
    let practice = Practice::without_teams().await;
    let meeting = left_behind(&practice).await;
    practice.clock.set(Meeting::AFTER);
    let before = practice.items().await;
    let seen = practice.refresh(&meeting).await;
    assert_eq!(seen, practice.read_meeting(&meeting).await);
    assert_eq!(seen["join_url"], json!(meeting.join_url));
    assert_eq!(
        (&seen["recording_fetch_attempts"], &seen["last_fetch_at"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(seen["artifacts"].as_array().unwrap().len(), 1);
    assert!(practice.look(&meeting).await);
    let sweep = practice
        .process
        .artifact_capture
        .handle(json!({ "sweep": true }), Duration::from_mins(15));
    sweep.await.unwrap();
    assert_eq!(
        practice.due_looks(practice.now()).await,
        [meeting.id.uuid()]
    );
    assert_eq!(practice.items().await, before);
    assert_eq!(practice.graph.received().len(), 0);
}

/// XC-11, OM-4: nobody can schedule a Teams meeting here, and nothing is stored.
#[tokio::test]
async fn a_teams_meeting_cannot_be_scheduled() {
    let practice = Practice::without_teams().await;
    let before = practice.items().await;
    let refused = practice
        .meetings("POST", "", Some(&Practice::plan(&json!({}))))
        .await;
    assert_eq!(refused.problem(503), "ee_disabled");
    assert_eq!(practice.items().await, before);
    assert_eq!(practice.graph.received().len(), 0);
}
