//! XC-13, AP-8, IV-3, XC-7: what mails say and look like, that each goes out once,
//! and what a tenant may make of them.

mod answers;
mod lasting;
mod order;
mod sending;
mod sessions;
mod wording;

use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::directory::Locale;
use convoke_domain::engagement::Reader;
use convoke_domain::ics::Method;
use convoke_domain::id::{AppointmentRequestId, MailId};
use convoke_domain::zone::Zone;
use convoke_platform::mail::Mailer;
use convoke_platform::outbox::OutboxRecord;
use convoke_platform::queue::Incoming;
use convoke_platform::records::{MailRecord, MailState};
use convoke_platform::store::{DueKind, TenantStore};
use convoke_platform::tenant::Tenant;
use convoke_services::jobs::Job;
use convoke_services::mail::{AppointmentLetter, MailKey, Recipient, post};
use it::clock::TestClock;
use it::deployed;
use it::process::Process;
use it::readers;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use self::sending::LOG;

const LINK: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0?context=%7b%7d&a=b";

/// An organisation with a post office of its own.
struct Post {
    org: String,
    clock: TestClock,
    process: Process,
}

impl Post {
    fn with(mailer: Mailer) -> Self {
        let clock = TestClock::at("2026-11-21T04:00:00Z");
        let mut process = Process::new(deployed::resources(), clock.ports(), None);
        process.delivery.mailer = mailer;
        Self {
            org: deployed::new_org(),
            clock,
            process,
        }
    }

    fn tenant(&self) -> Tenant {
        let body = json!({ "id": Uuid::nil(), "tenant": self.org, "job": null });
        Incoming::parse(&body.to_string()).unwrap().tenant
    }

    fn store(&self) -> TenantStore {
        self.process.core.store(&self.tenant())
    }

    fn letter(&self, key: MailKey) -> AppointmentLetter {
        AppointmentLetter {
            key,
            mail_id: MailId::new(self.process.ports.mint()),
            after: None,
            recipient: Recipient {
                email: EmailAddress::parse("ada@example.org").unwrap(),
                name: Some("Ada".to_owned()),
                locale: Locale::En,
                zone: Zone::parse("Europe/Berlin").unwrap(),
            },
            reader: Reader::Client,
            service_name: "Boiler check".to_owned(),
            start: "2026-12-01T09:00:00Z".parse().unwrap(),
            duration_minutes: 45,
            zone: Zone::parse("America/New_York").unwrap(),
            counterpart: Some("Tom".to_owned()),
            description: None,
            reason: None,
            online_meeting_url: Some(WebLink::parse(LINK).unwrap()),
            calendar: Some(invitation(Method::Request)),
            appointment_request_id: AppointmentRequestId::new(self.process.ports.mint()),
        }
    }

    /// Writes letters down with their outbox item, as a use case does; answers
    /// the jobs that the outbox holds.
    async fn write(&self, letters: Vec<AppointmentLetter>) -> Vec<Value> {
        let store = self.store();
        let mut transaction = store.transaction();
        let jobs = post(&self.process.core, &mut transaction, letters).unwrap();
        transaction.create(&self.process.core.outbox(&jobs).unwrap());
        transaction.commit().await.unwrap();
        self.outbox().await
    }

    async fn outbox(&self) -> Vec<Value> {
        let later = self.process.ports.now() + chrono::TimeDelta::days(1);
        let sweeper = self.process.store.sweeper();
        let rows = sweeper.due(DueKind::Outbox, later, 5_000).await.unwrap();
        let mut jobs = vec![];
        for row in rows.iter().filter(|row| row.tenant == self.tenant()) {
            let record = self.store().get::<OutboxRecord>(&row.key).await.unwrap();
            let record = serde_json::to_value(record.unwrap()).unwrap();
            let messages = record["messages"].as_array().unwrap().clone();
            jobs.extend(messages.into_iter().map(|message| message["job"].clone()));
            self.store().delete(&row.key).await.unwrap();
        }
        jobs
    }

    /// Writes one letter down; answers its job.
    async fn written(&self, letter: AppointmentLetter) -> Value {
        self.write(vec![letter]).await.remove(0)
    }

    /// Does what the sweep has done: a job for each mail that is due; answers
    /// how many those were.
    async fn sweep(&self) -> usize {
        let sweeper = self.process.store.sweeper();
        let now = self.process.ports.now();
        let rows = sweeper.due(DueKind::Mail, now, 5_000).await.unwrap();
        let own = rows.iter().filter(|row| row.tenant == self.tenant());
        let ids: Vec<_> = own
            .map(|row| MailRecord::id_of(&row.key).unwrap())
            .collect();
        for id in &ids {
            let job = json!({ "job": "send_mail", "mail_id": id.uuid() });
            assert!(self.deliver(&job).await, "{id}");
        }
        ids.len()
    }

    /// Hands `delivery` a job; answers whether it was done.
    async fn deliver(&self, job: &Value) -> bool {
        self.process.deliver(&self.org, job, false).await
    }

    async fn mail(&self, job: &Value) -> MailRecord {
        let Job::SendMail { mail_id } = Job::parse(job.clone()).unwrap() else {
            panic!("{job} sends no mail");
        };
        let key = MailRecord::key_of(MailId::new(mail_id));
        self.store().get(&key).await.unwrap().expect("a mail")
    }

    async fn state(&self, job: &Value) -> MailState {
        self.mail(job).await.state
    }
}

/// A calendar file of this method, from the readers' corpus.
fn invitation(method: Method) -> (Method, String) {
    let samples = readers::corpus().unwrap();
    let sample = samples
        .into_iter()
        .find(|sample| sample.method == Some(method));
    (method, sample.expect("a sample with this method").ics)
}
