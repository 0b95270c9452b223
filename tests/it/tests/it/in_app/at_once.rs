//! Notifications that are marked by many calls at once, and while others arrive (IV-8, XC-5).

use super::*;

/// IV-8, XC-5: each notification is marked by one of many calls at once, and by
/// each call that says so.
#[tokio::test]
async fn thirty_calls_at_once_mark_each_notification_once() {
    let house = House::open();
    house.tell_many(READER, 130).await;
    let calls = (0..30).map(|_| house.call(READER, "POST", READ_ALL));
    let answers = join_all(calls).await;
    let marked: u64 = answers
        .iter()
        .map(|answer| number(&answer.expect(200)["read"]))
        .sum();
    assert_eq!(marked, 130);
    let list = house.list(READER, "?limit=100").await;
    assert_eq!(list["unread"], 0);
    for item in list["items"].as_array().unwrap() {
        assert_eq!(item["read"], true);
        let id = text(&item["notification_id"]);
        assert_eq!(house.version(READER, id).await, 2);
    }
}

/// IV-8: one notification that is read thirty times at once is read once.
#[tokio::test]
async fn thirty_readers_of_one_notification_all_succeed() {
    let house = House::open();
    house.tell_numbered(READER, 0..2).await;
    let id = id_at(&house.list(READER, "").await, 0);
    let answers = join_all((0..30).map(|_| house.read(READER, &id))).await;
    for answer in &answers {
        assert_eq!(answer.expect(200)["unread"], 1);
    }
    assert_eq!(house.version(READER, &id).await, 2);
}

/// IV-8: what arrives while everything is marked is either marked or unread,
/// never lost.
#[tokio::test]
async fn what_arrives_meanwhile_is_marked_or_left_unread() {
    let house = House::open();
    house.tell_many(READER, 60).await;
    let arrivals = async {
        for at in 0..20 {
            house.tell(vec![note(READER, &format!("late {at}"))]).await;
        }
    };
    let marking = join_all((0..5).map(|_| house.call(READER, "POST", READ_ALL)));
    let (answers, ()) = futures_util::join!(marking, arrivals);
    let marked: u64 = answers
        .iter()
        .map(|answer| number(&answer.expect(200)["read"]))
        .sum();
    let unread = number(&house.list(READER, "").await["unread"]);
    assert_eq!(marked + unread, 80);
    let rest = house.call(READER, "POST", READ_ALL).await.expect(200);
    assert_eq!(rest, json!({ "read": unread, "unread": 0 }));
}
