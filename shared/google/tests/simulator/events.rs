//! What a calendar ends with.

use google_simulator::demo;
use serde_json::json;

use crate::peer::{Peer, UID, at, event};

/// IV-6: an event arrives with its UID, times, attendees and link, and Google writes to nobody.
#[tokio::test]
async fn an_inserted_event_is_complete_and_silent() {
    let peer = Peer::start().await;
    let id = peer.insert(event(3)).await;
    let [stored] = &peer.sim.events(demo::ANN)[..] else {
        panic!("one event");
    };
    assert_eq!(stored.id, id);
    assert_eq!(stored.ical_uid, UID);
    assert_eq!(stored.sequence, 3);
    let members = &stored.members;
    assert_eq!(members["summary"], "Review 3");
    assert_eq!(members["location"], "Room 4");
    let start = json!({"dateTime": "2026-11-30T10:00:00", "timeZone": "Europe/Berlin"});
    assert_eq!(members["start"], start);
    assert_eq!(
        members["attendees"],
        json!([
            {"email": "bob@partner.example", "displayName": "Bob Baker", "responseStatus": "accepted"},
            {"email": "eve@acme.example", "responseStatus": "needsAction"},
        ])
    );
    assert_eq!(members["source"]["url"], "https://meet.example/019ae0c1");
    peer.update(&id, event(4)).await;
    peer.delete(&id).await.unwrap();
    assert_eq!(peer.sim.mails(), []);
    let writes = peer.sim.received();
    assert!(writes.iter().all(|r| r.parameters["sendUpdates"] == "none"));
    assert_eq!(writes.len(), 3);
}

/// IV-6: an event without optional parts is accepted.
#[tokio::test]
async fn a_bare_event_is_taken() {
    let peer = Peer::start().await;
    let mut bare = event(0);
    (bare.description, bare.location, bare.source) = (None, None, None);
    bare.attendees.clear();
    peer.insert(bare).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert!(!stored.members.contains_key("description"));
    assert_eq!(stored.members["attendees"], json!([]));
}

/// IV-6: an update replaces what we say, removes what we say no more, and leaves alone what the user added.
#[tokio::test]
async fn an_update_is_the_whole_of_our_event_and_no_more() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    let colour = json!({"colorId": "7", "reminders": {"useDefault": false}});
    peer.sim.edit_by_hand(demo::ANN, &id, &colour).unwrap();
    let mut next = event(1);
    (next.location, next.source) = (None, None);
    (next.start, next.end) = (at(14), at(15));
    next.attendees.truncate(1);
    peer.update(&id, next).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["summary"], "Review 1");
    assert_eq!(stored.members["start"]["dateTime"], "2026-11-30T14:00:00");
    assert_eq!(stored.attendees(), ["bob@partner.example"]);
    assert!(!stored.members.contains_key("location"));
    assert!(!stored.members.contains_key("source"));
    assert_eq!(stored.members["colorId"], "7");
}

/// IV-6: what the user moved by hand, and so raised Google's sequence, is put right by our next state.
#[tokio::test]
async fn the_users_own_edits_do_not_lock_us_out() {
    let peer = Peer::start().await;
    let id = peer.insert(event(1)).await;
    for hour in [16, 17, 18] {
        let moved = json!({"start": {"dateTime": format!("2026-11-30T{hour}:00:00")}});
        peer.sim.edit_by_hand(demo::ANN, &id, &moved).unwrap();
    }
    peer.update(&id, event(2)).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["summary"], "Review 2");
    assert_eq!(stored.members["start"]["dateTime"], "2026-11-30T10:00:00");
    // And once more, from the sequence that Google has reached.
    peer.update(&id, event(3)).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["summary"], "Review 3");
}

/// IV-6: an update that comes late never replaces a newer state of ours.
#[tokio::test]
async fn a_late_update_changes_nothing() {
    let peer = Peer::start().await;
    let id = peer.insert(event(1)).await;
    peer.update(&id, event(3)).await;
    peer.update(&id, event(2)).await;
    assert_eq!(peer.sim.events(demo::ANN)[0].members["summary"], "Review 3");
    // Nor after the user moved the event, which made Google's sequence ours no more.
    let moved = json!({"location": "Garden"});
    peer.sim.edit_by_hand(demo::ANN, &id, &moved).unwrap();
    peer.update(&id, event(2)).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["summary"], "Review 3");
    assert_eq!(stored.members["location"], "Garden");
    // The same state again is no older one.
    peer.update(&id, event(3)).await;
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["location"], "Room 4");
}

/// IV-6: an event whose UID is taken is found, and adopted.
#[tokio::test]
async fn a_duplicate_is_found_and_updated() {
    let peer = Peer::start().await;
    assert_eq!(peer.found().await, None);
    let id = peer.insert(event(0)).await;
    let error = peer.try_insert(event(1)).await.unwrap_err();
    assert_eq!(error.class.as_str(), "duplicate");
    assert_eq!(error.code, "duplicate");
    let found = peer.found().await.unwrap();
    assert_eq!(found, id);
    peer.update(&found, event(1)).await;
    assert_eq!(peer.sim.events(demo::ANN).len(), 1);
    assert_eq!(peer.sim.events(demo::ANN)[0].members["summary"], "Review 1");
}

/// IV-6: a deleted event keeps its UID at Google; it is found and restored, not inserted for ever.
#[tokio::test]
async fn a_deleted_event_is_found_and_restored() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    peer.sim.delete_by_hand(demo::ANN, &id).unwrap();
    assert_eq!(peer.sim.events(demo::ANN), []);
    assert_eq!(
        peer.try_insert(event(1)).await.unwrap_err().class.as_str(),
        "duplicate"
    );
    let found = peer.found().await.unwrap();
    peer.update(&found, event(1)).await;
    let [stored] = &peer.sim.events(demo::ANN)[..] else {
        panic!("one event");
    };
    assert_eq!(stored.members["summary"], "Review 1");
    // Once Google has forgotten it, the UID is free again.
    peer.sim.delete_by_hand(demo::ANN, &id).unwrap();
    peer.sim.forget_deleted();
    assert_eq!(peer.found().await, None);
    peer.insert(event(2)).await;
}

/// IV-6: where Google does not restore, that is a refusal to report, not to repeat.
#[tokio::test]
async fn what_cannot_be_restored_is_forbidden() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| b.restores_deleted = false);
    let id = peer.insert(event(0)).await;
    peer.sim.delete_by_hand(demo::ANN, &id).unwrap();
    let error = peer.try_update(&id, event(1)).await.unwrap_err();
    assert_eq!(error.class.as_str(), "forbidden");
    assert!(!error.retryable());
}

/// IV-6: deleting is done when the event is gone, whoever did it.
#[tokio::test]
async fn deleting_twice_or_nothing_is_a_success() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    for id in [id.as_str(), id.as_str(), "neverseen"] {
        peer.delete(id).await.unwrap();
    }
    assert_eq!(peer.sim.events(demo::ANN), []);
}

/// IV-6: an event is found on a later page, behind empty ones too.
#[tokio::test]
async fn pages_are_followed() {
    use google_simulator::Fault;
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    let empty = json!({"items": [], "nextPageToken": "0"});
    peer.sim.inject(
        Fault::on("GET", crate::peer::EVENTS)
            .times(3)
            .respond(200, empty),
    );
    assert_eq!(peer.found().await, Some(id));
    let asked = peer.sim.received();
    assert_eq!(asked.last().unwrap().parameters["pageToken"], "0");
    // Pages without end come to one.
    let empty = json!({"nextPageToken": "0"});
    peer.sim.inject(
        Fault::on("GET", crate::peer::EVENTS)
            .always()
            .respond(200, empty),
    );
    let endless = peer.client.find_event(&peer.access, "primary", UID);
    assert_eq!(endless.await.unwrap_err().code, "tooManyPages");
}
