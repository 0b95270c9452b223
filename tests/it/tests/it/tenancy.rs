//! One tenant's things do not exist for another (XC-1), driven over every
//! route and every kind of job.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use convoke_domain::artifact::ArtifactType;
use convoke_domain::directory::{Person, User};
use convoke_domain::id::{IntentId, MeetingId, UserId};
use convoke_domain::integration::SealedSecret;
use convoke_domain::meeting::{Identity, Operation};
use convoke_domain::subscription::{App, Made, Subscription};
use convoke_platform::records::{
    AttendanceRecord, DeltaRecord, IntentRecord, MeetingRecord, SubscriptionRecord,
    ThrowawayRecord, TransferRecord, UserRecord,
};
use convoke_platform::store::Transaction;
use convoke_services::jobs::{Arrival, Job, SubscriptionEvent};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed::new_org;
use it::gateway::Event;
use it::process::{Process, sdk_config};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::routes::{self, Estate, Foreign, Service, admin, cases, tenant};

type Items = BTreeMap<String, HashMap<String, AttributeValue>>;

/// Everything that a tenant has stored, but for messages and mails that are on
/// their way: the deployed functions send them meanwhile.
async fn items_of(org: &str) -> Items {
    let stack = routes::stack();
    let client = aws_sdk_dynamodb::Client::new(&sdk_config(&stack.aws_endpoint));
    let mut pages = client
        .scan()
        .table_name(&stack.outputs.table_name)
        .filter_expression("begins_with(pk, :tenant) AND sk <> :outbox AND sk <> :mail")
        .expression_attribute_values(":tenant", AttributeValue::S(format!("T#{org}#")))
        .expression_attribute_values(":outbox", AttributeValue::S("OUTBOX".into()))
        .expression_attribute_values(":mail", AttributeValue::S("MAIL".into()))
        .into_paginator()
        .items()
        .send();
    let mut items = Items::new();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        items.insert(
            format!(
                "{} {}",
                item["pk"].as_s().unwrap(),
                item["sk"].as_s().unwrap()
            ),
            item,
        );
    }
    assert!(!items.is_empty(), "{org} has nothing that could be harmed");
    items
}

/// XC-1: an `org_id` in a path must be the token's own, else 404, whatever the
/// route and whatever the permissions.
#[tokio::test]
async fn another_organisations_path_does_not_exist() {
    let (process, _) = routes::process();
    let (ours, theirs) = (new_org(), Estate::of(&process, &new_org()).await);
    let before = items_of(&theirs.org).await;
    let mut driven = 0;
    for case in cases()
        .into_iter()
        .filter(|case| case.template.contains("{org_id}"))
    {
        for scope in [ALL_SCOPES, ""] {
            let answer = case
                .send(&process, case.event(&theirs).internal(&ours, "u1", scope))
                .await;
            assert_eq!(answer.problem(404), "not_found", "{}", case.operation);
        }
        driven += 1;
    }
    assert!(driven > 10);
    assert_eq!(items_of(&theirs.org).await, before);
}

/// XC-1: every id of another tenant answers 404, never 403; where the caller
/// may choose the id, they get one of their own, and the other's stays as it was.
#[tokio::test]
async fn another_tenants_ids_name_nothing_here() {
    let (process, _) = routes::process();
    let ours = new_org();
    let theirs = Estate::of(&process, &new_org()).await;
    let before = items_of(&theirs.org).await;
    for case in cases() {
        // One's own organisation, empty, with all other ids the other tenant's.
        let org = new_org();
        let event = case.event_in(&org, &theirs);
        if case.service == Service::IcsDownload && case.permission().is_none() {
            continue;
        }
        let answer = case
            .send(&process, event.internal(&org, "u1", ALL_SCOPES))
            .await;
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        match case.foreign {
            Foreign::NotFound => assert_eq!(
                answer.problem(404),
                "not_found",
                "{}: {shown}",
                case.operation
            ),
            Foreign::Lists => {
                assert_eq!(answer.expect(200)["items"], json!([]), "{}", case.operation);
            }
            Foreign::Makes => assert_eq!(answer.status, 201, "{}: {shown}", case.operation),
            Foreign::Nameless => {
                assert_eq!(answer.status, case.status, "{}: {shown}", case.operation);
            }
            Foreign::Unknown => {
                assert_eq!(
                    answer.problem(422),
                    "invalid_input",
                    "{}: {shown}",
                    case.operation
                );
            }
        }
        // An id that the caller chose may come back, but nothing that is stored under it.
        for theirs in [
            "Ada",
            "Bob",
            "Eve",
            "\"Client\"",
            "\"Control\"",
            theirs.meeting.as_str(),
            theirs.pending.as_str(),
            theirs.approved.as_str(),
            theirs.interaction.as_str(),
            theirs.recorded.online_meeting_id.as_str(),
            theirs.recorded.recording_id.as_str(),
            theirs.recorded.document_id.as_str(),
        ] {
            assert!(!shown.contains(theirs), "{} shows {shown}", case.operation);
        }
    }
    // Ids in bodies and in queries are no way in either.
    let mut body = routes::meeting();
    body["attendees"] = json!([{ "user_id": theirs.user }]);
    let made = admin(
        &process,
        &ours,
        "POST",
        &format!("/api/v1/orgs/{ours}/controls/c1/meetings"),
        Some(&body),
    )
    .await;
    let made = made.expect(201);
    assert_eq!(
        made["unreachable_attendees"].as_array().map(Vec::len),
        Some(1),
        "{made}"
    );
    assert!(!made.to_string().contains("ada@"), "{made}");
    for query in [
        format!("/api/v1/users?email=ada@{}.example", theirs.org),
        format!("/api/v1/contacts?client_id={}", theirs.client),
        format!("/api/v1/interactions?client_id={}", theirs.client),
        format!("/api/v1/interactions?contact_id={}", theirs.contact),
        format!("/api/v1/orgs/{ours}/meetings?control_id={}", theirs.control),
    ] {
        assert_eq!(
            admin(&process, &ours, "GET", &query, None)
                .await
                .expect(200)["items"],
            json!([]),
            "{query}"
        );
    }
    assert_eq!(items_of(&theirs.org).await, before);
}

/// Ids that jobs name, of one tenant.
struct JobIds {
    estate: Estate,
    intent: Uuid,
    throwaway: Uuid,
    subscription: String,
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
            Job::RefreshContact { .. } => Job::SendMail {
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

/// A live subscription with the list that goes with it; answers with its sort key.
/// Its secret does not open: trying leaves a trace, and calls nobody.
fn subscribe(transaction: &mut Transaction, process: &Process) -> String {
    let now = process.ports.now();
    let app = App {
        ms_tenant_id: "contoso.example".to_owned(),
        client_id: "c".to_owned(),
        client_secret: SealedSecret::new("bm8gY2lwaGVydGV4dA==".to_owned()),
    };
    let kind = ArtifactType::Recording;
    let key = SubscriptionRecord::name_of(&app.ms_tenant_id, &app.client_id, "o", kind).unwrap();
    let mut row = Subscription::wanted(key.clone(), &app, "o", "hash".to_owned(), now);
    let made = Made {
        subscription_id: process.ports.mint().to_string(),
        expires_at: now + TimeDelta::hours(71),
        certificate_id: None,
    };
    row.become_live(made, now - TimeDelta::hours(1));
    transaction.create(&SubscriptionRecord::from(&row));
    transaction.create(&DeltaRecord {
        token: Some("token".to_owned()),
        version: 1,
        ..DeltaRecord::fresh(&key.to_string(), now)
    });
    key.to_string()
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
    let subscription = subscribe(&mut transaction, process);
    transaction.create(&UserRecord::from(&user));
    transaction.put(&AttendanceRecord::new(&user.user_id, id));
    transaction.replace(&MeetingRecord::from(&stale), meeting.version);
    transaction.commit().await.unwrap();
    JobIds {
        estate,
        intent: intent_id.uuid(),
        throwaway: throwaway.throwaway_id,
        subscription,
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
        expected.extend([
            "remove_throwaway",
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

/// XC-1, XC-6, XC-4: cursors and idempotency keys of one tenant are worthless
/// to another.
#[tokio::test]
async fn cursors_and_idempotency_keys_do_not_cross() {
    let (process, _) = routes::process();
    let (ours, theirs) = (new_org(), new_org());
    for org in [&ours, &theirs] {
        for user in ["u1", "u2"] {
            let path = format!("/api/v1/users/{user}");
            admin(&process, org, "PUT", &path, Some(&json!({ "name": user })))
                .await
                .expect(201);
        }
    }
    let page = admin(&process, &theirs, "GET", "/api/v1/users?limit=1", None)
        .await
        .expect(200);
    let path = format!(
        "/api/v1/users?limit=1&cursor={}",
        routes::text(&page["next_cursor"])
    );
    admin(&process, &theirs, "GET", &path, None)
        .await
        .expect(200);
    assert_eq!(
        admin(&process, &ours, "GET", &path, None)
            .await
            .problem(400),
        "invalid_cursor"
    );

    let import = |org: &str| {
        let body = json!({ "users": [{ "user_id": "u9", "name": org }], "contacts": [] });
        Event::new("POST", "/api/v1/directory/import")
            .internal(org, "u-admin", ALL_SCOPES)
            .header("idempotency-key", "the same")
            .json(&body)
    };
    process.api(import(&theirs)).await.expect(200);
    let answer = process.api(import(&ours)).await;
    assert_eq!(answer.expect(200)["users"][0]["result"], "created");
    assert_eq!(answer.header("idempotency-replayed"), None);
}

/// XC-1, XC-10: a signed link opens its own tenant's file; a link whose tenant
/// or meeting was changed opens none.
#[tokio::test]
async fn a_link_opens_its_own_tenants_file_only() {
    let (process, clock) = routes::process();
    let (org, other) = (new_org(), new_org());
    let ours = Estate::of(&process, &org).await;
    let theirs = Estate::of(&process, &other).await;
    let open = async |token: &str| {
        process
            .ics(Event::new("GET", &format!("/ics/{token}")))
            .await
    };
    let file = open(&ours.token).await;
    assert_eq!(file.status, 200);
    assert!(String::from_utf8_lossy(&file.body).contains(&ours.meeting));
    assert_ne!(ours.token, theirs.token);
    for (at, _) in ours.token.char_indices() {
        let mut forged = ours.token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        // The last character's unused bits make it another spelling, which is refused too.
        assert_eq!(
            open(std::str::from_utf8(&forged).unwrap())
                .await
                .problem(404),
            "not_found",
            "character {at}"
        );
    }
    let spliced = format!("{}{}", &theirs.token[..60], &ours.token[60..]);
    assert_eq!(open(&spliced).await.problem(404), "not_found");
    clock.advance(TimeDelta::days(9));
    assert_eq!(open(&ours.token).await.problem(404), "not_found");
}

/// XC-1: the deployed API, too, knows no other tenant's meeting.
#[tokio::test]
async fn the_deployed_api_knows_no_other_tenants_meeting() {
    let (ours, theirs) = (Api::admin(&new_org()), Api::admin(&new_org()));
    let made = theirs
        .post(
            &theirs.org_path("/controls/c1/meetings"),
            &routes::meeting(),
        )
        .await
        .expect(201);
    let rest = format!("/meetings/{}", routes::text(&made["meeting_id"]));
    theirs.get(&theirs.org_path(&rest)).await.expect(200);
    for path in [
        ours.org_path(&rest),
        theirs.org_path(&rest),
        format!("{}/ics", theirs.org_path(&rest)),
    ] {
        assert_eq!(ours.get(&path).await.problem(404), "not_found", "{path}");
    }
    let claimed = [("x-org-id", theirs.org.as_str())];
    assert_eq!(
        ours.call(Method::GET, &theirs.org_path(&rest), &claimed, None)
            .await
            .problem(404),
        "not_found"
    );
}
