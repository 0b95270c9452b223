//! Sessions: planning them, changing them, telling those whom it concerns, and
//! taking their answers (IV).
//!
//! Every use case writes the session on the condition of its version, and with
//! it jobs: `tell` works out what each invitee is still owed and writes mails and
//! notifications; `follow` keeps a Teams meeting where the session is. Both look
//! at what is there rather than at what was changed, so they may come late,
//! twice and at once.

mod answer;
mod change;
mod create;
mod end;
mod follow;
mod letters;
mod people;
mod read;
mod refresh;
mod tell;

use convoke_domain::address::WebLink;
use convoke_domain::error::Error;
use convoke_domain::id::{EventId, SessionId};
use convoke_domain::session::{Session, SessionEvent, SessionEventKind};
use convoke_platform::config::{ConfigError, Environment};
use convoke_platform::store::TenantStore;

pub use answer::{LinkView, answer, answer_by_link, join, look_at_link};
pub use change::{Changed, Notified, change};
pub use create::{Planned, create};
pub use end::{cancel, end};
pub use follow::follow;
pub(crate) use read::who;
pub use read::{
    Held, Membership, SessionFilter, enter, list, load, mail_states, membership, takes_part,
};
pub use refresh::{refresh_contact, refresh_user};
pub use tell::tell;

use crate::engagements::Desk;
use crate::jobs::{CalendarSubject, Job};

/// What sessions are worked on with.
#[derive(Clone)]
pub struct Sessions {
    /// The table, Teams, and what calendar files name.
    pub desk: Desk,
    page_url: String,
}

impl Sessions {
    /// Reads `CONVOKE_MEETING_PAGE_URL`, to which a session's id is added where it
    /// has no other link.
    pub fn of_environment(environment: &Environment, desk: Desk) -> Result<Self, ConfigError> {
        let invalid = ConfigError::Invalid {
            name: "CONVOKE_MEETING_PAGE_URL",
            problem: "is not the beginning of a link",
        };
        let page_url = environment
            .optional("CONVOKE_MEETING_PAGE_URL")
            .unwrap_or_else(|| format!("https://{}/meetings/", desk.domain));
        let ends_well = page_url.ends_with(['/', '=']);
        let page_url = if ends_well {
            page_url
        } else {
            format!("{page_url}/")
        };
        WebLink::parse(&format!("{page_url}x")).map_err(|_| invalid)?;
        Ok(Self { desk, page_url })
    }

    fn page(&self, id: SessionId) -> Result<WebLink, Error> {
        WebLink::parse(&format!("{}{id}", self.page_url))
            .map_err(|error| Error::internal(error.to_string()))
    }

    /// The jobs that follow from a session's new state, and its event.
    fn jobs(
        &self,
        store: &TenantStore,
        session: &Session,
        event: Option<(SessionEventKind, &[&'static str])>,
    ) -> Result<Vec<Job>, Error> {
        let session_id = session.session_id.uuid();
        let mut jobs = vec![];
        if let Some((kind, changes)) = event {
            let id = EventId::new(self.desk.core.ports.mint());
            let event = SessionEvent::of(session, id, store.tenant().id(), changes);
            jobs.push(Job::publish(kind.detail_type(), &event)?);
        }
        jobs.push(Job::TellSession { session_id });
        jobs.push(Job::SyncCalendars {
            subject: CalendarSubject::Session,
            id: session_id,
        });
        Ok(jobs)
    }
}
