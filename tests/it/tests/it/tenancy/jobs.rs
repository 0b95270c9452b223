//! Messages of queues: each is of one tenant, whatever it names (XC-1).

use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::calendar_connection::{
    CalendarConnection, CalendarProvider, CalendarSync, SyncKey, SyncSubject, Wish,
};
use convoke_domain::directory::{Person, User};
use convoke_domain::id::{IntentId, MeetingId, SessionId, UserId};
use convoke_domain::integration::{
    InstallStatus, MicrosoftProfile, SealedSecret, TeamsIntegration,
};
use convoke_domain::meeting::{Identity, Operation};
use convoke_domain::session::{LinkSource, Session};
use convoke_domain::subscription::{App, Made, Subscription};
use convoke_platform::records::{
    AttendanceRecord, CalendarConnectionRecord, CalendarSyncRecord, DeltaRecord, IntegrationRecord,
    IntentRecord, MeetingRecord, SessionRecord, SubscriptionRecord, ThrowawayRecord,
    TransferRecord, UserRecord,
};
use convoke_platform::store::Transaction;
use convoke_services::jobs::{Arrival, CalendarSubject, Job, SubscriptionEvent};
use convoke_services::sessions;
use it::deployed::new_org;
use it::process::Process;
use serde_json::{Value, json};
use uuid::Uuid;

use super::items_of;
use crate::routes::{self, Estate, admin, tenant};

/// Ids that jobs name, of one tenant.
struct JobIds {
    estate: Estate,
    intent: Uuid,
    throwaway: Uuid,
    subscription: String,
    /// A session of which nobody was told, and which no calendar has.
    untold: Uuid,
    /// A session whose Teams meeting nobody came back from making.
    abandoned: Uuid,
}

/// One job of every kind; a new kind does not compile before it is driven here.
fn jobs(ids: &JobIds) -> Vec<Job> {
    let meeting_id: Uuid = ids.estate.meeting.parse().unwrap();
    let mut jobs = vec![Job::PublishEvent {
        detail_type: "meeting.updated".into(),
        detail: json!({ "meeting_id": meeting_id, "tenant": ids.estate.org }),
    }];
    loop {
        let next = match jobs.last().unwrap() {
            Job::PublishEvent { .. } => Job::AdvanceLinked {
                control_id: ids.estate.control.clone(),
                completed_steps: 3,
            },
            Job::AdvanceLinked { .. } => Job::AdvancePassed { meeting_id },
            Job::AdvancePassed { .. } => Job::RefreshUser {
                user_id: "silent".into(),
            },
            Job::RefreshUser { .. } => Job::SettleIntent {
                meeting_id,
                intent_id: ids.intent,
                mailbox: "calendar@contoso.example".into(),
            },
            Job::SettleIntent { .. } => Job::RemoveThrowaway {
                throwaway_id: ids.throwaway,
                mailbox: "calendar@contoso.example".into(),
            },
            Job::RemoveThrowaway { .. } => Job::RefreshContact {
                contact_id: ids.estate.contact.clone(),
            },
            Job::RefreshContact { .. } => Job::TellSession {
                session_id: ids.untold,
            },
            Job::TellSession { .. } => Job::FollowSession {
                session_id: ids.abandoned,
            },
            Job::FollowSession { .. } => Job::SyncCalendars {
                subject: CalendarSubject::Session,
                id: ids.untold,
            },
            Job::SyncCalendars { .. } => Job::SendMail {
                mail_id: ids.intent,
            },
            Job::SendMail { .. } => Job::SyncOnlineMeeting {
                online_meeting_id: ids.intent,
                mailbox: "calendar@contoso.example".into(),
            },
            Job::SyncOnlineMeeting { .. } => Job::CaptureArtifacts {
                online_meeting_id: ids.intent,
                arrival: None,
            },
            Job::CaptureArtifacts { arrival: None, .. } => arrival_of(&ids.estate),
            Job::CaptureArtifacts { .. } => Job::ListDelta {
                subscription: ids.subscription.clone(),
            },
            Job::ListDelta { .. } => Job::RenewSubscription {
                subscription: ids.subscription.clone(),
                event: SubscriptionEvent::ReauthorizationRequired,
            },
            Job::RenewSubscription { .. } => Job::AlignSubscriptions {},
            Job::AlignSubscriptions {} => Job::TransferRecording {
                online_meeting_id: ids.intent,
                artifact_id: ids.intent,
            },
            Job::TransferRecording { .. } => return jobs,
        };
        jobs.push(next);
    }
}

/// The recording that an estate has came up by one more way.
fn arrival_of(estate: &Estate) -> Job {
    let meeting = &estate.recorded.online_meeting_id;
    Job::CaptureArtifacts {
        online_meeting_id: meeting.parse().unwrap(),
        arrival: Some(Arrival {
            kind: "recording".into(),
            provider_artifact_id: format!("provider-recording-{meeting}"),
            provider_meeting_id: format!("meeting-{meeting}"),
            path: "notification".into(),
            at: routes::NOW.parse().unwrap(),
        }),
    }
}

/// Live subscriptions that are due, as the settings want them, so that the deployed
/// functions leave them alone; and a list. Answers with a sort key. The secret does not
/// open: trying leaves a trace, and calls nobody.
async fn subscribe(transaction: &mut Transaction, process: &Process, org: &str) -> String {
    let now = process.ports.now();
    let app = App {
        ms_tenant_id: "contoso.example".to_owned(),
        client_id: "c".to_owned(),
        client_secret: SealedSecret::new("bm8gY2lwaGVydGV4dA==".to_owned()),
    };
    let store = process.store.tenant(&tenant(org));
    let stored = store.get(&IntegrationRecord::key_of()).await.unwrap();
    let stored: IntegrationRecord = stored.expect("an estate has settings");
    let mut settings = TeamsIntegration::try_from(stored).unwrap();
    let version = settings.version;
    settings.version += 1;
    settings.install_status = InstallStatus::Active;
    settings.default_meeting_organizer_upn = Some("o@contoso.example".to_owned());
    settings.default_meeting_organizer_object_id = Some("o".to_owned());
    settings.profile = MicrosoftProfile {
        tenant_id: Some(app.ms_tenant_id.clone()),
        client_id: Some(app.client_id.clone()),
        client_secret: Some(app.client_secret.clone()),
    };
    transaction.replace(&IntegrationRecord::from(&settings), version);
    let [key, _] = ArtifactType::ALL.map(|kind| {
        let key = SubscriptionRecord::name_of(&app.ms_tenant_id, &app.client_id, "o", kind);
        let key = key.unwrap();
        let mut row = Subscription::wanted(key.clone(), &app, "o", "hash".to_owned(), now);
        let made = Made {
            subscription_id: process.ports.mint().to_string(),
            expires_at: now + TimeDelta::hours(64),
            certificate_id: None,
        };
        row.become_live(made, now - TimeDelta::hours(7));
        transaction.create(&SubscriptionRecord::from(&row));
        key.to_string()
    });
    transaction.create(&DeltaRecord {
        token: Some("token".to_owned()),
        version: 1,
        ..DeltaRecord::fresh(&key, now)
    });
    key
}

/// Sessions as of a moment at which no job of theirs had come, and a row that says
/// that one is to stand in the calendar of its host: no message was ever sent of them.
async fn convene(transaction: &mut Transaction, process: &Process, estate: &Estate) -> [Uuid; 2] {
    let (now, store) = (
        process.ports.now(),
        process.store.tenant(&tenant(&estate.org)),
    );
    let model = SessionId::parse(&estate.session).unwrap();
    let model = sessions::load(&store, model)
        .await
        .unwrap()
        .unwrap()
        .session;
    let ids = [process.ports.mint(), process.ports.mint()];
    let host = UserId::parse(&estate.connected).unwrap();
    let [mut untold, mut abandoned] = ids.map(|id| Session {
        session_id: SessionId::new(id),
        version: 1,
        ..model.clone()
    });
    untold.host.user_id = host.clone();
    // Nobody is there whom the deployed functions could tell what came of it.
    abandoned.roster.clear();
    (abandoned.join_url, abandoned.link_source) = (None, LinkSource::TeamsPending);
    abandoned.created_at = now - TimeDelta::hours(1);
    let key = SyncKey {
        subject: SyncSubject::Session(ids[0]),
        user_id: host.clone(),
        provider: CalendarProvider::Google,
    };
    let wish = Wish {
        fingerprint: "wished".to_owned(),
        span: (untold.start, untold.end()),
    };
    let connection = CalendarConnectionRecord::key_of(&host, key.provider);
    let connection = store.get::<CalendarConnectionRecord>(&connection).await;
    let connection = CalendarConnection::try_from(connection.unwrap().unwrap()).unwrap();
    let mut row = CalendarSync::new(key, connection.connection_id, process.ports.mint(), &wish);
    (row.version, row.due_at) = (1, Some(now));
    transaction
        .create(&SessionRecord::from(&untold))
        .create(&SessionRecord::from(&abandoned))
        .create(&CalendarSyncRecord::from(&row));
    ids
}

/// A tenant on whom every kind of job has something to do.
async fn with_work(process: &Process, org: &str) -> JobIds {
    let estate = Estate::of(process, org).await;
    let id = MeetingId::parse(&estate.meeting).unwrap();
    let meeting = convoke_services::meetings::get(&process.core, &tenant(org), id)
        .await
        .unwrap();
    let intent_id = IntentId::new(process.ports.mint());
    let mut intent = meeting.intend(
        intent_id,
        Operation::Create,
        "calendar@contoso.example",
        process.ports.now(),
    );
    intent.claimed = false;
    let mut transaction = process.store.tenant(&tenant(org)).transaction();
    transaction.create(&IntentRecord::from(&intent));
    // Its secret does not open: trying leaves a trace, and calls nobody.
    let throwaway = ThrowawayRecord {
        throwaway_id: process.ports.mint(),
        organizer: "calendar@contoso.example".to_owned(),
        start: process.ports.now(),
        ms_tenant_id: "contoso.example".to_owned(),
        client_id: "c".to_owned(),
        sealed_client_secret: "bm8gY2lwaGVydGV4dA==".to_owned(),
        attempts: 0,
    };
    transaction.create(&throwaway);
    // The copy of a recording that is gone: whoever takes it on clears it away.
    transaction.create(&TransferRecord {
        artifact_id: intent_id.uuid(),
        online_meeting_id: intent_id.uuid(),
        upload: None,
        furthest: 0,
        attempts: 0,
        error_code: None,
        claim: None,
        claimed_until: None,
        due_at: process.ports.now(),
        version: 1,
        created_at: process.ports.now(),
    });
    // The copy on the meeting is behind the directory; no message was ever sent
    // of it, so that the deployed functions do not bring it up to date first.
    let user = User {
        user_id: UserId::parse("silent").unwrap(),
        person: Person {
            name: Some("As it is".into()),
            ..Person::default()
        },
        active: true,
        version: 1,
        updated_at: process.ports.now(),
    };
    let mut stale = meeting.clone();
    stale.version += 1;
    for attendee in &mut stale.attendees {
        if let Identity::Internal { user_id, name, .. } = &mut attendee.identity {
            *user_id = user.user_id.clone();
            *name = Some("As it was".into());
        }
    }
    let subscription = subscribe(&mut transaction, process, org).await;
    let [untold, abandoned] = convene(&mut transaction, process, &estate).await;
    transaction.create(&UserRecord::from(&user));
    transaction.put(&AttendanceRecord::new(&user.user_id, id));
    transaction.replace(&MeetingRecord::from(&stale), meeting.version);
    transaction.commit().await.unwrap();
    JobIds {
        estate,
        intent: intent_id.uuid(),
        throwaway: throwaway.throwaway_id,
        subscription,
        untold,
        abandoned,
    }
}

async fn deliver(process: &Process, org: &str, job: &Job) -> bool {
    let message: Value = serde_json::to_value(job).unwrap();
    match job {
        Job::CaptureArtifacts { .. } | Job::ListDelta { .. } | Job::TransferRecording { .. } => {
            process.capture(org, &message).await
        }
        Job::AlignSubscriptions {} | Job::RenewSubscription { .. } => {
            process.subscribe(org, &message).await
        }
        _ => {
            let fifo = message["job"] == "settle_intent";
            process.deliver(org, &message, fifo).await
        }
    }
}

/// XC-1: a queue's message of one tenant never reaches another's items, though
/// it names their ids; the same message of their own tenant does.
#[tokio::test]
async fn a_job_reaches_nothing_of_another_tenant() {
    let (process, clock) = routes::process();
    let theirs = with_work(&process, &new_org()).await;
    let ours = new_org();
    let before = items_of(&theirs.estate.org).await;
    for job in jobs(&theirs) {
        deliver(&process, &ours, &job).await;
        assert!(
            items_of(&theirs.estate.org).await == before,
            "{job:?} changed something"
        );
    }
    let mut reached = vec![];
    let mut last = before;
    clock.advance(TimeDelta::minutes(5));
    for job in jobs(&theirs) {
        deliver(&process, &theirs.estate.org, &job).await;
        let now = items_of(&theirs.estate.org).await;
        if now != last {
            reached.push(serde_json::to_value(&job).unwrap()["job"].clone());
        }
        last = now;
    }
    // A linked meeting does not advance by itself, and an event changes no item.
    let mut expected = vec!["advance_linked", "refresh_user", "settle_intent"];
    if cfg!(feature = "enterprise") {
        expected.push("remove_throwaway");
    }
    expected.extend(["tell_session", "follow_session", "sync_calendars"]);
    if cfg!(feature = "enterprise") {
        expected.extend([
            "capture_artifacts",
            "list_delta",
            "renew_subscription",
            "align_subscriptions",
            "transfer_recording",
        ]);
    }
    assert_eq!(reached, expected);
}

/// XC-1: an unlinked meeting whose occurrence has passed advances by its own
/// tenant's message only.
#[tokio::test]
async fn a_passed_occurrence_is_advanced_by_its_own_tenant_only() {
    let (process, clock) = routes::process();
    let org = new_org();
    let path = format!("/api/v1/orgs/{org}/controls/c1/meetings");
    let made = admin(&process, &org, "POST", &path, Some(&routes::meeting()))
        .await
        .expect(201);
    let job = Job::AdvancePassed {
        meeting_id: routes::text(&made["meeting_id"]).parse().unwrap(),
    };
    clock.advance(TimeDelta::days(60));
    let before = items_of(&org).await;
    assert!(deliver(&process, &new_org(), &job).await);
    assert_eq!(items_of(&org).await, before);
    assert!(deliver(&process, &org, &job).await);
    assert_ne!(items_of(&org).await, before);
}
