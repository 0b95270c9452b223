//! Changing an agenda on a calendar that switches the meeting off when its block is gone.

use convoke_graph::EventChange;
use graph_simulator::demo;

use crate::world::{World, at, meeting};

const ORGANIZER: &str = demo::ORGANIZER_UPN;

fn agenda(html: &str) -> EventChange {
    EventChange {
        body_html: Some(html.into()),
        ..EventChange::default()
    }
}

/// CM-12: an agenda can change any number of times, and the meeting stays.
#[tokio::test]
async fn a_changed_agenda_keeps_the_teams_meeting() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let mut lengths = Vec::new();
    for html in [
        "<p>First &amp; foremost</p>",
        "<div>Other</div><ul><li>x</li></ul>",
        "",
        "<p>1</p>",
        "<p>2</p>",
    ] {
        let updated = session
            .update_event(ORGANIZER, &created.id, &agenda(html))
            .await
            .unwrap();
        assert_eq!(updated.teams_join_url(), created.teams_join_url());
        let stored = world.on_calendar()[0].graph["body"]["content"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            stored.contains(html) && !stored.contains("Agenda"),
            "{stored}"
        );
        lengths.push(stored.len() - html.len());
    }
    assert!(
        lengths.windows(2).all(|pair| pair[0] == pair[1]),
        "nothing piles up: {lengths:?}"
    );
}

/// CM-12: one PATCH carries everything that changed, body included.
#[tokio::test]
async fn a_full_update_is_one_patch() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let change = EventChange {
        subject: Some("Renamed".into()),
        location: Some(String::new()),
        attendees: Some(vec![]),
        ..agenda("<p>New</p>")
    };
    let change = EventChange {
        times: EventChange::times(at(4, 9), at(4, 10), "UTC").times,
        ..change
    };
    let updated = session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap();
    assert_eq!(updated.start, Some(at(4, 9).and_utc()));
    assert_eq!(updated.teams_join_url(), created.teams_join_url());
    assert_eq!(world.on_calendar()[0].subject, "Renamed");
    let patches = world
        .sim
        .received()
        .iter()
        .filter(|request| request.method == "PATCH")
        .count();
    assert_eq!(patches, 1);
}
