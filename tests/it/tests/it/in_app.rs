//! In-app notifications (IV-8), as their user lists and reads them.

mod at_once;

use chrono::TimeDelta;
use convoke_domain::id::{NotificationId, SessionId, UserId};
use convoke_domain::notification::NotificationKind;
use convoke_domain::session::{Field, Response};
use convoke_domain::zone::Zone;
use convoke_platform::records::NotificationRecord;
use convoke_platform::store::{Filter, Index, Query, Record, TenantStore};
use convoke_services::in_app::{self, Note};
use futures_util::future::join_all;
use it::api::Answer;
use it::clock::TestClock;
use it::deployed::{self, new_org};
use it::gateway::Event;
use it::process::Process;
use serde_json::{Value, json};

use crate::routes::{NOW, tenant, text};

const READER: &str = "u-reader";
const OTHER: &str = "u-other";
const LIST: &str = "/api/v1/notifications";
const READ_ALL: &str = "/api/v1/notifications/read-all";

/// An organisation whose users are told things.
struct House {
    org: String,
    clock: TestClock,
    process: Process,
}

impl House {
    fn open() -> Self {
        let clock = TestClock::at(NOW);
        let process = Process::new(deployed::resources(), clock.ports(), None);
        let org = new_org();
        Self {
            org,
            clock,
            process,
        }
    }

    fn store(&self) -> TenantStore {
        self.process.core.store(&tenant(&self.org))
    }

    async fn tell(&self, notes: Vec<Note>) {
        for some in notes.chunks(100) {
            let mut transaction = self.store().transaction();
            in_app::notify(&self.process.core, &mut transaction, some.to_vec()).unwrap();
            transaction.commit().await.unwrap();
        }
    }

    /// So many notifications, whose titles are their numbers, a second apart.
    async fn tell_numbered(&self, user: &str, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.clock.advance(TimeDelta::seconds(1));
            self.tell(vec![note(user, &number.to_string())]).await;
        }
    }

    async fn tell_many(&self, user: &str, many: u32) {
        let notes = (0..many).map(|number| note(user, &number.to_string()));
        self.tell(notes.collect()).await;
    }

    /// A user without any permission.
    async fn call(&self, user: &str, method: &str, path: &str) -> Answer {
        let event = Event::new(method, path).internal(&self.org, user, "");
        self.process.api(event).await
    }

    async fn list(&self, user: &str, query: &str) -> Value {
        let path = format!("{LIST}{query}");
        self.call(user, "GET", &path).await.expect(200)
    }

    async fn read(&self, user: &str, id: &str) -> Answer {
        self.call(user, "POST", &format!("{LIST}/{id}/read")).await
    }

    async fn version(&self, user: &str, id: &str) -> u64 {
        let (user, id) = (
            UserId::parse(user).unwrap(),
            NotificationId::parse(id).unwrap(),
        );
        let key = NotificationRecord::key_of(&user, id);
        let record = self.store().get::<NotificationRecord>(&key).await.unwrap();
        record.unwrap().version()
    }
}

fn note(user: &str, title: &str) -> Note {
    Note {
        title: title.to_owned(),
        ..Note::to(
            UserId::parse(user).unwrap(),
            NotificationKind::MeetingScheduled,
        )
    }
}

fn titles(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["title"])).collect()
}

fn id_at(list: &Value, at: usize) -> String {
    text(&list["items"][at]["notification_id"]).to_owned()
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// IV-8: a notification says what it is about, in a sentence whose time is the
/// meeting's own; the newest comes first. No permission is needed.
#[tokio::test]
async fn a_user_reads_what_they_were_told_the_newest_first() {
    let house = House::open();
    let session = SessionId::parse("01a1e000-0000-7000-8000-000000000001").unwrap();
    let about = |kind| Note {
        session_id: Some(session),
        title: "Review <b>&\u{7}".to_owned(),
        start: Some("2050-01-14T08:00:00Z".parse().unwrap()),
        zone: Some(Zone::parse("Europe/Berlin").unwrap()),
        ..Note::to(UserId::parse(READER).unwrap(), kind)
    };
    house
        .tell(vec![about(NotificationKind::MeetingScheduled)])
        .await;
    house.clock.advance(TimeDelta::minutes(1));
    house
        .tell(vec![Note {
            changes: vec![Field::Time],
            ..about(NotificationKind::MeetingUpdated)
        }])
        .await;
    house
        .tell(vec![Note {
            person: Some("Cleo".to_owned()),
            response: Some(Response::Declined),
            start: None,
            ..about(NotificationKind::MeetingResponse)
        }])
        .await;
    house
        .tell(vec![Note {
            provider: Some("google"),
            ..Note::to(
                UserId::parse(READER).unwrap(),
                NotificationKind::CalendarConnectionRevoked,
            )
        }])
        .await;
    let list = house.list(READER, "").await;
    assert_eq!(list["unread"], 4);
    assert_eq!(list["next_cursor"], Value::Null);
    let items = list["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| text(&item["type"])).collect();
    assert_eq!(
        kinds,
        [
            "calendar_connection_revoked",
            "meeting_response",
            "meeting_updated",
            "meeting_scheduled"
        ]
    );
    assert_eq!(
        items[3],
        json!({
            "notification_id": items[3]["notification_id"], "type": "meeting_scheduled",
            "meeting_id": session.to_string(), "title": "Review <b>&\u{7}",
            "message": "You are invited to \"Review <b>&\u{7}\" on Friday, 14 January 2050, 09:00 (Europe/Berlin).",
            "start": "2050-01-14T08:00:00Z", "created_at": NOW, "read": false,
        })
    );
    assert!(text(&items[2]["message"]).contains("was changed: time. It now begins on"));
    assert_eq!(
        text(&items[1]["message"]),
        "Cleo declined \"Review <b>&\u{7}\"."
    );
    assert_eq!(items[0]["title"], "Google Calendar");
    assert_eq!(items[0].get("meeting_id"), None);
    assert_eq!(items[0].get("start"), None);
}

/// IV-8: what was read is not unread any more; reading it again changes nothing.
#[tokio::test]
async fn reading_once_more_changes_nothing() {
    let house = House::open();
    house.tell_numbered(READER, 0..3).await;
    let id = id_at(&house.list(READER, "").await, 1);
    let first = house.read(READER, &id).await.expect(200);
    assert_eq!(first["unread"], 2);
    assert_eq!(first["notification"]["read"], true);
    assert_eq!(first["notification"]["title"], "1");
    house.clock.advance(TimeDelta::hours(1));
    assert_eq!(house.read(READER, &id).await.expect(200), first);
    assert_eq!(house.version(READER, &id).await, 2);
    let all = house.list(READER, "").await;
    assert_eq!(
        (titles(&all), &all["unread"]),
        (vec!["2", "1", "0"], &json!(2))
    );
    assert_eq!(all["items"][1]["read"], true);
    let unread = house.list(READER, "?unread=true").await;
    assert_eq!(
        (titles(&unread), &unread["unread"]),
        (vec!["2", "0"], &json!(2))
    );
    let both = house.list(READER, "?unread=false").await;
    assert_eq!(both["items"], all["items"]);
}

/// IV-8, XC-1: nobody else's notification exists for a caller, whoever they are
/// and whichever organisation they are of.
#[tokio::test]
async fn nobody_reads_anybody_elses() {
    let (house, elsewhere) = (House::open(), House::open());
    house.tell_numbered(READER, 0..2).await;
    let id = id_at(&house.list(READER, "").await, 0);
    for (at, user) in [(&house, OTHER), (&elsewhere, READER)] {
        let list = at.list(user, "").await;
        assert_eq!((&list["items"], &list["unread"]), (&json!([]), &json!(0)));
        assert_eq!(at.read(user, &id).await.problem(404), "not_found");
        let all = at.call(user, "POST", READ_ALL).await.expect(200);
        assert_eq!(all, json!({ "read": 0, "unread": 0 }));
    }
    for unknown in ["01a1e000-0000-7000-8000-000000000009", "x", "%2e%2e"] {
        assert_eq!(house.read(READER, unknown).await.problem(404), "not_found");
    }
    assert_eq!(house.list(READER, "").await["unread"], 2);
}

/// IV-8: notifications are for users of the organisation.
#[tokio::test]
async fn a_portal_user_has_none() {
    let house = House::open();
    house.tell_numbered(READER, 0..1).await;
    let id = id_at(&house.list(READER, "").await, 0);
    let read = format!("{LIST}/{id}/read");
    for (method, path) in [("GET", LIST), ("POST", &read), ("POST", READ_ALL)] {
        let portal = Event::new(method, path).portal(&house.org, READER, "", "client-1", "k1");
        let answer = house.process.api(portal).await;
        assert_eq!(answer.problem(403), "internal_only", "{path}");
        let nobody = house.process.api(Event::new(method, path)).await;
        assert_eq!(nobody.status, 401, "{path}");
    }
    assert_eq!(house.list(READER, "").await["unread"], 1);
}

/// IV-8: everything is read at once, and what comes after it is not.
#[tokio::test]
async fn everything_is_read_but_what_comes_later() {
    let house = House::open();
    house.tell_many(READER, 120).await;
    house.tell_many(OTHER, 3).await;
    let all = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(all, json!({ "read": 120, "unread": 0 }));
    house.clock.advance(TimeDelta::seconds(1));
    house.tell_numbered(READER, 500..501).await;
    let list = house.list(READER, "?unread=true").await;
    assert_eq!((titles(&list), &list["unread"]), (vec!["500"], &json!(1)));
    assert_eq!(house.list(OTHER, "").await["unread"], 3);
    let again = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(again, json!({ "read": 1, "unread": 0 }));
}

/// IV-8: counting and marking stop at a thousand, and say so; a further call goes on.
#[tokio::test]
async fn one_call_marks_and_counts_a_thousand() {
    let house = House::open();
    house.tell_many(READER, 1004).await;
    assert_eq!(house.list(READER, "").await["unread"], 1000);
    let first = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(first, json!({ "read": 1000, "unread": 4 }));
    let second = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(second, json!({ "read": 4, "unread": 0 }));
}

/// IV-8, XC-6: pages follow each other without gap or repetition, and a cursor is
/// of use to its own user and list alone.
#[tokio::test]
async fn a_cursor_is_its_users_alone() {
    let house = House::open();
    house.tell_numbered(READER, 0..7).await;
    house.tell_numbered(OTHER, 0..7).await;
    for filter in ["limit=3", "limit=3&unread=true"] {
        let (mut seen, mut next) = (vec![], String::new());
        loop {
            let page = house.list(READER, &format!("?{filter}{next}")).await;
            seen.extend(titles(&page).into_iter().map(str::to_owned));
            assert_eq!(page["unread"], 7);
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"], "{filter}");
        let first = house.list(READER, &format!("?{filter}")).await;
        let cursor = text(&first["next_cursor"]);
        let same = format!("{LIST}?{filter}&cursor={cursor}");
        let answer = house.call(OTHER, "GET", &same).await;
        assert_eq!(answer.problem(400), "invalid_cursor");
        let other_filter = format!("{LIST}?unread=false&cursor={cursor}");
        let answer = house.call(READER, "GET", &other_filter).await;
        assert_eq!(answer.problem(400), "invalid_cursor");
    }
    let maybe = format!("{LIST}?unread=maybe");
    let answer = house.call(READER, "GET", &maybe).await;
    assert_eq!(answer.problem(400), "invalid_query");
}

/// IV-8: a page of the unread ones leaves out what was read since.
#[tokio::test]
async fn unread_pages_go_on_while_notifications_are_read() {
    let house = House::open();
    house.tell_numbered(READER, 0..6).await;
    let first = house.list(READER, "?limit=2&unread=true").await;
    let third = id_at(&house.list(READER, "").await, 2);
    house.read(READER, &third).await.expect(200);
    let cursor = text(&first["next_cursor"]);
    let second = house
        .list(READER, &format!("?limit=2&unread=true&cursor={cursor}"))
        .await;
    assert_eq!(titles(&second), ["2", "1"]);
}

/// IV-8: after 90 days a notification is gone, before DynamoDB drops it as well.
#[tokio::test]
async fn an_old_notification_is_gone() {
    let house = House::open();
    house.tell_numbered(READER, 0..2).await;
    let id = id_at(&house.list(READER, "").await, 0);
    house.clock.advance(TimeDelta::days(89));
    house.tell_numbered(READER, 2..3).await;
    assert_eq!(house.list(READER, "").await["unread"], 3);
    house.clock.advance(TimeDelta::days(1));
    for query in ["", "?unread=true"] {
        let list = house.list(READER, query).await;
        assert_eq!((titles(&list), &list["unread"]), (vec!["2"], &json!(1)));
    }
    assert_eq!(house.read(READER, &id).await.problem(404), "not_found");
    let all = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(all, json!({ "read": 1, "unread": 0 }));
}

/// XC-4: the answer to a repeated request is the first one's.
#[tokio::test]
async fn a_repeated_request_is_answered_again() {
    let house = House::open();
    house.tell_many(READER, 5).await;
    let event = || {
        Event::new("POST", READ_ALL)
            .internal(&house.org, READER, "")
            .header("idempotency-key", "k1")
    };
    let first = house.process.api(event()).await;
    assert_eq!(first.expect(200)["read"], 5);
    let second = house.process.api(event()).await;
    assert_eq!(second.expect(200), first.json());
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    let with_body = Event::new("POST", READ_ALL)
        .internal(&house.org, READER, "")
        .json(&json!({ "until": "now" }));
    assert_eq!(house.process.api(with_body).await.status, 422);
}

/// IV-8: a count leaves out the notification that the index may still hold.
#[tokio::test]
async fn a_count_honours_filters_and_its_limit() {
    let house = House::open();
    house.tell_numbered(READER, 0..5).await;
    let id = id_at(&house.list(READER, "").await, 0);
    let user = UserId::parse(READER).unwrap();
    let mut query = Query {
        index: Index::Gsi1,
        ..Query::partition(NotificationRecord::unread_of(&user), 2)
    };
    let store = house.store();
    assert_eq!(store.count(&query, 100).await, Ok(5));
    assert_eq!(store.count(&query, 3).await, Ok(3));
    query.filters = vec![Filter::IsNot("id", id)];
    assert_eq!(store.count(&query, 100).await, Ok(4));
}
