//! Sessions (IV): planning, inviting, changing, calling off.

mod access;
mod answers;
mod changing;
#[cfg(feature = "enterprise")]
mod crash;
mod directory;
mod downloads;
mod ending;
mod events;
mod faults;
mod hostile;
mod lists;
mod planning;
mod race;
#[cfg(feature = "enterprise")]
mod teams;

use it::practice::{Letter, Practice};
use it::requests::id_of;
use serde_json::Value;

/// Another guest of the default session.
const GIL: &str = "gil@guests.example";
/// The address of the second technician.
const TOM_EMAIL: &str = "tom@practice.example";

/// An organisation with a host, and without Teams.
async fn practice() -> Practice {
    Box::pin(async { Practice::without_teams().await.with_host().await }).await
}

/// What calendars are told, by address.
fn news(letters: &[Letter]) -> Vec<(&str, &str, u32)> {
    let mut news: Vec<_> = letters.iter().map(Letter::news).collect();
    news.sort_unstable();
    news
}

/// The invitation of whoever is named so.
fn place_of(session: &Value, name: &str, value: &str) -> String {
    let invitations = session["invitations"].as_array().unwrap();
    let mut found = invitations.iter().filter(|one| one[name] == value);
    id_of(found.next().expect("invited"), "invitation_id")
}
