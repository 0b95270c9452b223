//! What each step of a calendar's event decides.

use super::*;

const OWN: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn wish(fingerprint: &str, start: i64) -> Wish {
    Wish {
        fingerprint: fingerprint.to_owned(),
        span: (at(start), at(start + 60)),
    }
}

fn row() -> CalendarSync {
    let key = SyncKey {
        subject: SyncSubject::Session(Uuid::from_u128(9)),
        user_id: UserId::parse("u1").unwrap(),
        provider: CalendarProvider::Google,
    };
    CalendarSync::new(key, OWN, Uuid::from_u128(3), &wish("a", 600))
}

fn standing() -> CalendarSync {
    let mut row = row();
    row.stand("e1".to_owned(), &wish("a", 600));
    row
}

/// IV-6: created, updated, deleted, by what stands and what is wanted alone.
#[test]
fn what_is_there_follows_what_is_wanted() {
    let (a, b) = (wish("a", 600), wish("b", 600));
    assert_eq!(row().step(Some(&a), OWN, at(0)), Step::Create);
    assert_eq!(row().step(None, OWN, at(0)), Step::Forget);
    assert_eq!(standing().step(Some(&a), OWN, at(0)), Step::Rest);
    let update = Step::Update("e1".to_owned());
    assert_eq!(standing().step(Some(&b), OWN, at(0)), update);
    let delete = Step::Delete("e1".to_owned());
    assert_eq!(standing().step(None, OWN, at(0)), delete);
}

/// IV-6: a creation that was cut off is looked for, whether it is wanted or not.
#[test]
fn what_may_exist_is_looked_for() {
    let mut row = row();
    row.take(Uuid::from_u128(4), OWN, at(0));
    row.may_exist = true;
    assert_eq!(row.step(None, OWN, at(1)), Step::Rest, "somebody is at it");
    assert_eq!(row.step(Some(&wish("a", 600)), OWN, at(2)), Step::Find);
    assert_eq!(row.step(None, OWN, at(2)), Step::Find);
    assert!(row.look_again(at(2)), "it may land a little later");
    assert_eq!(row.step(None, OWN, at(2)), Step::Rest);
    assert_eq!(row.step(None, OWN, at(3)), Step::Find);
    assert!(!row.look_again(at(3)));
    row.become_found("e2".to_owned());
    assert_eq!(row.step(None, OWN, at(3)), Step::Delete("e2".to_owned()));
    let update = Step::Update("e2".to_owned());
    assert_eq!(row.step(Some(&wish("a", 600)), OWN, at(3)), update);
}

/// IV-6: another consent may be for another account.
#[test]
fn another_connection_looks_for_what_the_last_one_made() {
    let mut row = standing();
    for wanted in [Some(&wish("a", 600)), None] {
        assert_eq!(row.step(wanted, OTHER, at(0)), Step::Find);
    }
    row.put_back(None, "unavailable", None, at(0));
    assert_eq!(
        row.step(None, OTHER, at(0)),
        Step::Find,
        "and waits for nothing"
    );
    row.take(Uuid::from_u128(4), OTHER, at(0));
    assert_eq!((row.remote_id.as_ref(), row.may_exist), (None, true));
    assert_eq!(
        super::CalendarSync {
            connection_id: OWN,
            ..self::row()
        }
        .step(None, OTHER, at(0)),
        Step::Forget
    );
}

/// IV-6: who removed an event does not want it, unless it takes place at
/// another time.
#[test]
fn what_its_user_removed_stays_gone_until_its_time_changes() {
    let mut row = standing();
    row.become_removed();
    assert_eq!(row.step(Some(&wish("b", 600)), OWN, at(0)), Step::Rest);
    assert_eq!(row.step(None, OWN, at(0)), Step::Forget);
    let back = Step::Restore("e1".to_owned());
    assert_eq!(row.step(Some(&wish("b", 601)), OWN, at(0)), back);
    row.become_gone(Uuid::from_u128(5));
    assert_eq!(row.step(Some(&wish("b", 601)), OWN, at(0)), Step::Create);
    assert_eq!(row.transaction_id, Uuid::from_u128(5));
}

/// IV-6: waits double from a minute to an hour; after four days it is given up,
/// until it is to look different.
#[test]
fn what_fails_is_tried_for_four_days() {
    let (a, b) = (wish("a", 99_999), wish("b", 99_999));
    let (mut row, mut now, mut waits) = (row(), at(0), vec![]);
    while let Some(due) = row.put_back(Some(&a), "unavailable", None, now) {
        assert_eq!(row.step(Some(&a), OWN, now), Step::Rest);
        waits.push((due - now).num_minutes());
        now = due;
        assert_eq!(row.step(Some(&a), OWN, now), Step::Create);
    }
    assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!((now - at(0)).num_hours(), 96);
    assert_eq!(row.step(Some(&a), OWN, now), Step::Rest);
    assert_eq!(row.step(Some(&b), OWN, now), Step::Create);
    assert_eq!(row.step(None, OWN, now), Step::Forget);
    let asked = Some(TimeDelta::hours(3));
    let due = row.put_back(Some(&b), "rate_limited", asked, now).unwrap();
    assert_eq!(due, now + TimeDelta::hours(3), "when the provider wants it");
}

#[test]
fn a_removal_that_is_given_up_stays_so() {
    let mut row = standing();
    row.refuse(None, "forbidden");
    assert_eq!(row.step(None, OWN, at(0)), Step::Rest);
    assert_eq!(row.step(None, OTHER, at(0)), Step::Find);
    assert_eq!(row.expiry(), at(660) + TimeDelta::days(90));
}
