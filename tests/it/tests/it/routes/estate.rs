//! Something of everything that routes can name, of one tenant; in both
//! editions, without Microsoft.

use it::api::ALL_SCOPES;
use it::gateway::Event;
use it::process::Process;
use it::recorded::RecordedMeeting;
use serde_json::{Value, json};

use super::{admin, appointment, meeting, schedule, text};

/// Something of everything, of one tenant.
pub(crate) struct Estate {
    pub(crate) org: String,
    pub(crate) control: String,
    pub(crate) meeting: String,
    pub(crate) user: String,
    pub(crate) contact: String,
    pub(crate) client: String,
    pub(crate) token: String,
    /// A pending appointment request.
    pub(crate) pending: String,
    /// An approved one.
    pub(crate) approved: String,
    /// An entry of the contact's timeline.
    pub(crate) interaction: String,
    /// An online meeting with the contact.
    pub(crate) recorded: RecordedMeeting,
}

impl Estate {
    /// Makes one, with ids that no other has.
    pub(crate) async fn of(process: &Process, org: &str) -> Self {
        let of_org = |kind: &str| format!("{kind}-of-{org}");
        let mut estate = Self {
            org: org.to_owned(),
            control: of_org("control"),
            user: of_org("user"),
            contact: of_org("contact"),
            client: of_org("client"),
            meeting: String::new(),
            token: String::new(),
            pending: String::new(),
            approved: String::new(),
            interaction: String::new(),
            recorded: RecordedMeeting::default(),
        };
        let (user, control) = (estate.user.clone(), estate.control.clone());
        let put = async |path: &str, body: Value| {
            admin(process, org, "PUT", path, Some(&body))
                .await
                .expect(201);
        };
        put(
            &format!("/api/v1/users/{user}"),
            json!({ "name": "Ada", "email": format!("ada@{org}.example") }),
        )
        .await;
        let contact = json!({ "name": "Bob", "email": format!("bob@{org}.example"), "client_id": estate.client });
        put(&format!("/api/v1/contacts/{}", estate.contact), contact).await;
        put(
            &format!("/api/v1/clients/{}", estate.client),
            json!({ "name": "Client" }),
        )
        .await;
        put(
            &format!("/api/v1/orgs/{org}/controls/{control}"),
            json!({ "name": "Control" }),
        )
        .await;
        put(
            &format!("/api/v1/orgs/{org}/controls/{control}/schedule"),
            schedule(),
        )
        .await;
        let mut body = meeting();
        body["attendees"] =
            json!([{ "user_id": user }, { "email": "eve@outside.example", "name": "Eve" }]);
        let path = format!("/api/v1/orgs/{org}/controls/{control}/meetings");
        let made = admin(process, org, "POST", &path, Some(&body))
            .await
            .expect(201);
        text(&made["meeting_id"]).clone_into(&mut estate.meeting);
        text(&made["ics_url"])
            .rsplit('/')
            .next()
            .unwrap()
            .clone_into(&mut estate.token);
        estate.pending = estate.ask(process, "2050-01-14").await;
        estate.approved = estate.ask(process, "2050-01-17").await;
        let path = format!("/api/v1/appointment-requests/{}/approve", estate.approved);
        let approve = Event::new("POST", &path).internal(org, "u-admin", ALL_SCOPES);
        process.approval(approve.json(&json!({}))).await.expect(200);
        let body = json!({ "title": "A call", "type": "Call", "contact_id": estate.contact });
        let logged = admin(process, org, "POST", "/api/v1/interactions", Some(&body)).await;
        text(&logged.expect(201)["interaction_id"]).clone_into(&mut estate.interaction);
        estate.recorded =
            RecordedMeeting::store(process, org, &estate.client, &estate.contact).await;
        let put = Event::new("PUT", "/api/v1/teams-integration").internal(org, "u", ALL_SCOPES);
        let exposed = json!({ "expose_recordings_in_portal": true });
        process.settings(put.json(&exposed)).await.expect(200);
        estate
    }

    async fn ask(&self, process: &Process, date: &str) -> String {
        let mut body = appointment(date);
        body["contact_id"] = json!(self.contact);
        body["preferred_assigned_user_id"] = json!(self.user);
        let event = Event::new("POST", "/api/v1/appointment-requests");
        let event = event.internal(&self.org, "u-admin", ALL_SCOPES).json(&body);
        let made = process.approval(event).await.expect(201);
        text(&made["appointment_request_id"]).to_owned()
    }

    /// Puts these ids into a route's path.
    pub(crate) fn fill(&self, template: &str) -> String {
        let needs_approved = ["/ics", "/reschedule", "/generate-meeting"];
        let is_for_approved = needs_approved.iter().any(|end| template.ends_with(end));
        let request = if is_for_approved {
            &self.approved
        } else {
            &self.pending
        };
        let pairs = [
            ("{appointment_request_id}", request),
            ("{schedule_entry_id}", &self.approved),
            ("{interaction_id}", &self.interaction),
            ("{online_meeting_id}", &self.recorded.online_meeting_id),
            ("{artifact_id}", &self.recorded.recording_id),
            ("{document_id}", &self.recorded.document_id),
            ("{org_id}", &self.org),
            ("{control_id}", &self.control),
            ("{meeting_id}", &self.meeting),
            ("{user_id}", &self.user),
            ("{contact_id}", &self.contact),
            ("{client_id}", &self.client),
            ("{token}", &self.token),
            ("{key}", &"appointment-assigned".to_owned()),
            ("{locale}", &"en".to_owned()),
        ];
        let path = pairs
            .iter()
            .fold(template.to_owned(), |path, (name, value)| {
                path.replace(name, value)
            });
        assert!(
            !path.contains('{'),
            "{path} has a parameter that no estate fills"
        );
        path
    }
}
