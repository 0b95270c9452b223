//! Something of everything that routes can name, of one tenant; in both
//! editions, without Microsoft.

use chrono::TimeDelta;
use convoke_domain::calendar_connection::{CalendarConnection, CalendarProvider};
use convoke_domain::id::{InvitationId, MailId, SessionId, UserId};
use convoke_domain::integration::SealedSecret;
use convoke_domain::notification::NotificationKind;
use convoke_platform::answer_link::{self, AnswerLink};
use convoke_platform::records::CalendarConnectionRecord;
use convoke_services::in_app::{self, Note};
use it::api::ALL_SCOPES;
use it::gateway::Event;
use it::process::Process;
use it::recorded::RecordedMeeting;
use serde_json::{Value, json};

use super::{admin, appointment, fill_all, meeting, schedule, session, tenant, text};

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
    /// A meeting with contact, user and somebody from outside, of whom all know.
    pub(crate) session: String,
    /// A meeting that has begun, with nobody but its host.
    pub(crate) begun: String,
    /// The user's invitation.
    pub(crate) invitation: String,
    /// The contact's invitation.
    pub(crate) contact_invitation: String,
    /// By which the user can answer from a mail.
    pub(crate) answer_token: String,
    /// One of the user's notifications.
    pub(crate) notification: String,
    /// A user with a connected calendar, and nothing that is to stand in it.
    pub(crate) connected: String,
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
            session: String::new(),
            begun: String::new(),
            invitation: String::new(),
            contact_invitation: String::new(),
            answer_token: String::new(),
            notification: String::new(),
            connected: of_org("connected"),
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
        estate.invite(process).await;
        estate
    }

    /// Meetings with invitees, what was told and written of them, and a connected calendar.
    async fn invite(&mut self, process: &Process) {
        let org = self.org.clone();
        let mut body = session();
        fill_all(&mut body, self);
        let planned = admin(process, &org, "POST", "/api/v1/meetings", Some(&body)).await;
        let planned = planned.expect(201);
        text(&planned["meeting_id"]).clone_into(&mut self.session);
        let invitation = |kind: &str| {
            let mut invitations = planned["invitations"].as_array().unwrap().iter();
            let found = invitations.find(|one| one["kind"] == kind).unwrap();
            text(&found["invitation_id"]).to_owned()
        };
        self.invitation = invitation("internal");
        self.contact_invitation = invitation("contact");
        // The deployed functions do so too, and one of them the rest.
        let tell = json!({ "job": "tell_session", "session_id": self.session });
        assert!(process.deliver(&org, &tell, false).await);
        let body = json!({ "title": "Stand-up", "instant": true, "duration_minutes": 15, "timezone": "UTC" });
        let begun = admin(process, &org, "POST", "/api/v1/meetings", Some(&body)).await;
        text(&begun.expect(201)["meeting_id"]).clone_into(&mut self.begun);
        let path = format!("/api/v1/conversations/{}/messages", self.session);
        let said = json!({ "body": "Secret of this estate" });
        let posted = admin(process, &org, "POST", &path, Some(&said)).await;
        posted.expect(201);
        self.answer_token = self.link(process).await;
        self.notify(process).await;
        self.connect(process).await;
    }

    /// As a mail to the user carries it.
    async fn link(&self, process: &Process) -> String {
        let link = AnswerLink {
            session_id: SessionId::parse(&self.session).unwrap(),
            invitation_id: InvitationId::parse(&self.invitation).unwrap(),
            mail_id: MailId::new(process.ports.mint()),
            expires_at: process.ports.now() + TimeDelta::days(7),
        };
        let ring = process.delivery.links.secrets.keyring().await.unwrap();
        answer_link::seal(&ring, &tenant(&self.org), &link).unwrap()
    }

    async fn notify(&mut self, process: &Process) {
        let user = UserId::parse(&self.user).unwrap();
        let mut transaction = process.store.tenant(&tenant(&self.org)).transaction();
        let note = Note {
            title: "Kick-off".to_owned(),
            ..Note::to(user, NotificationKind::MeetingScheduled)
        };
        in_app::notify(&process.core, &mut transaction, vec![note]).unwrap();
        transaction.commit().await.unwrap();
        let list = Event::new("GET", "/api/v1/notifications").internal(&self.org, &self.user, "");
        let listed = process.api(list).await.expect(200);
        text(&listed["items"][0]["notification_id"]).clone_into(&mut self.notification);
    }

    /// Its secret does not open: nobody is called with it.
    async fn connect(&self, process: &Process) {
        let user = UserId::parse(&self.connected).unwrap();
        let connection = CalendarConnection::new(
            process.ports.mint(),
            (user, CalendarProvider::Google),
            SealedSecret::new("bm8gY2lwaGVydGV4dA==".to_owned()),
            Some(format!("calendar-of-{}", self.org)),
            process.ports.now(),
        );
        let store = process.store.tenant(&tenant(&self.org));
        let record = CalendarConnectionRecord::from(&connection);
        store.put(&record).await.unwrap();
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
        let meeting = match template {
            _ if template.contains("/orgs/") => &self.meeting,
            _ if template.ends_with("/end") => &self.begun,
            _ => &self.session,
        };
        let token = if template.starts_with("/rsvp/") {
            &self.answer_token
        } else {
            &self.token
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
            ("{meeting_id}", meeting),
            ("{invitation_id}", &self.invitation),
            ("{conversation_id}", &self.session),
            ("{notification_id}", &self.notification),
            ("{provider}", &"google".to_owned()),
            ("{user_id}", &self.user),
            ("{contact_id}", &self.contact),
            ("{client_id}", &self.client),
            ("{token}", token),
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
