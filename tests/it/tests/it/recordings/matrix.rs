//! Every caller and every artifact, in every state that decides: who gets what
//! (OM-8, OM-9). The rule is written down a second time here.

use convoke_domain::artifact::Artifact;
use it::deployed;
use it::gateway::Event;
use it::practice::{CLIENT, CONTACT};
use serde_json::json;

use super::laboratory::{Laboratory, Streamed, path_of, recording_path, ticket_path};

const SCOPES: &str = "interaction:read interaction:update";
const VTT: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Ann Archer>Good morning.</v>\n";
/// What a caller may add to an address; none of it changes anything.
const ADDED: [&str; 4] = [
    "",
    "portal=false",
    "user_type=internal&client_id=client-1",
    "expose_recordings_in_portal=true",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Staff,
    StaffWithoutPermission,
    AnotherTenant,
    Client,
    ClientWithoutPermission,
    AnotherClient,
    AnotherTenantsClient,
}

const EVERYBODY: [Who; 7] = [
    Who::Staff,
    Who::StaffWithoutPermission,
    Who::AnotherTenant,
    Who::Client,
    Who::ClientWithoutPermission,
    Who::AnotherClient,
    Who::AnotherTenantsClient,
];

#[derive(Debug, Clone, Copy)]
struct State {
    is_exposed: bool,
    is_visible: bool,
    is_cancelled: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Ticket,
    Redirect,
    Metadata,
    Download,
}

fn expected(who: Who, what: What, state: State) -> u16 {
    let shown = match what {
        What::Ticket | What::Redirect => state.is_exposed,
        What::Metadata | What::Download => state.is_exposed || state.is_visible,
    };
    let given = if what == What::Redirect { 303 } else { 200 };
    match who {
        Who::StaffWithoutPermission | Who::ClientWithoutPermission => 403,
        Who::Client | Who::AnotherClient | Who::AnotherTenantsClient if what == What::Metadata => {
            403
        }
        Who::Staff if state.is_cancelled => 409,
        Who::Staff => given,
        Who::Client if shown && !state.is_cancelled => given,
        Who::Client | Who::AnotherClient | Who::AnotherTenant | Who::AnotherTenantsClient => 404,
    }
}

struct Matrix {
    laboratory: Laboratory,
    recording: Artifact,
    transcript: Artifact,
    other_org: String,
}

impl Matrix {
    fn event(&self, who: Who, method: &str, path: &str) -> Event {
        let (org, other) = (&self.laboratory.practice.org, &self.other_org);
        let event = Event::new(method, path);
        match who {
            Who::Staff => event.internal(org, "u-1", SCOPES),
            Who::StaffWithoutPermission => event.internal(org, "u-1", "appointments:read"),
            Who::AnotherTenant => event.internal(other, "u-1", SCOPES),
            Who::Client => event.portal(org, "p-1", SCOPES, CLIENT, CONTACT),
            Who::ClientWithoutPermission => {
                event.portal(org, "p-1", "appointments:read", CLIENT, CONTACT)
            }
            Who::AnotherClient => event.portal(org, "p-2", SCOPES, "client-2", "contact-2"),
            Who::AnotherTenantsClient => event.portal(other, "p-1", SCOPES, CLIENT, CONTACT),
        }
    }

    async fn status(&self, who: Who, what: What, added: &str) -> u16 {
        let document = format!("/api/v1/documents/{}", self.transcript.artifact_id);
        let (method, path) = match what {
            What::Ticket => ("POST", ticket_path(&self.recording)),
            What::Redirect => ("GET", recording_path(&self.recording)),
            What::Metadata => ("GET", document),
            What::Download => ("GET", format!("{document}/download")),
        };
        let path = if added.is_empty() {
            path
        } else {
            format!("{path}?{added}")
        };
        let event = self.event(who, method, &path);
        self.laboratory.ask(event).await.status
    }

    async fn assert_all(&self, state: State) {
        for who in EVERYBODY {
            for what in [What::Ticket, What::Redirect, What::Metadata, What::Download] {
                for added in ADDED {
                    let status = self.status(who, what, added).await;
                    let wanted = expected(who, what, state);
                    assert_eq!(status, wanted, "{who:?} {what:?} {state:?} {added}");
                }
            }
        }
    }
}

/// OM-8, OM-9, XC-1, XC-2: every caller, artifact and state; no parameter matters.
/// A ticket is worth what its holder may see at that moment.
#[tokio::test]
async fn everybody_gets_what_the_rule_gives_them() {
    let laboratory = Laboratory::open().await;
    let content = graph_simulator::Content::generated(5_000, 3);
    let recording = laboratory
        .add_recording(content, graph_simulator::Delivery::default())
        .await;
    let transcript = laboratory.add_transcript(VTT.into()).await;
    let matrix = Matrix {
        laboratory,
        recording,
        transcript,
        other_org: deployed::new_org(),
    };
    let laboratory = &matrix.laboratory;
    laboratory.expose(true).await;
    let of_staff = laboratory.ticket(&matrix.recording).await;
    let event = matrix.event(Who::Client, "POST", &ticket_path(&matrix.recording));
    let of_client = path_of(&laboratory.ask(event).await.expect(200));
    let plays = async |ticket: &str| {
        let played: Streamed = laboratory
            .get(&format!("{ticket}&portal=false&user_type=internal"))
            .await;
        played.status
    };
    for is_visible in [false, true] {
        let show = json!({ "is_client_visible": is_visible });
        let document = format!("/api/v1/documents/{}", matrix.transcript.artifact_id);
        laboratory
            .call("PATCH", &document, Some(&show))
            .await
            .expect(200);
        for is_exposed in [false, true] {
            laboratory.expose(is_exposed).await;
            let is_cancelled = false;
            matrix
                .assert_all(State {
                    is_exposed,
                    is_visible,
                    is_cancelled,
                })
                .await;
            let portal = if is_exposed { 200 } else { 404 };
            let played = (plays(&of_staff).await, plays(&of_client).await);
            assert_eq!(played, (200, portal), "{is_exposed}");
        }
    }
    // Before it took place: what did is not cancelled any more.
    laboratory.practice.clock.set("2026-12-01T07:00:00Z");
    let cancel = format!("/{}/cancel", laboratory.meeting);
    let nothing = json!({});
    let cancelled = laboratory.practice.call("POST", &cancel, Some(&nothing));
    cancelled.await.expect(200);
    matrix
        .assert_all(State {
            is_exposed: true,
            is_visible: true,
            is_cancelled: true,
        })
        .await;
    let played = (plays(&of_staff).await, plays(&of_client).await);
    assert_eq!(played, (409, 404));
}
