//! Meetings as recurring events in a Microsoft 365 mailbox (CM-10, CM-11).

mod event;
mod failure;
mod zone;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::error::Error;
use convoke_domain::meeting::{Intent, Meeting, RemoteEvent};
use convoke_domain::provider::ProviderKind;
use convoke_graph::{GraphError, GraphErrorClass, GraphSession};
use convoke_platform::store::TenantStore;

use self::event::{event_change, free_busy_of, new_event, remote_event};
pub(crate) use self::event::{graph_attendees, html_of};
pub(crate) use self::failure::failure;
use super::{CallFailure, FreeBusy, MeetingProvider, Placement, RemoteCalendar};
use crate::microsoft::{Microsoft, TeamsAccount};

/// Schedules on Microsoft 365, app-only.
pub struct GraphProvider {
    microsoft: Microsoft,
}

impl GraphProvider {
    /// Over the deployment's way to Microsoft.
    pub fn new(microsoft: Microsoft) -> Self {
        Self { microsoft }
    }

    fn calendar_of(&self, account: TeamsAccount) -> GraphCalendar {
        GraphCalendar {
            account,
            microsoft: self.microsoft.clone(),
        }
    }
}

#[async_trait]
impl MeetingProvider for GraphProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Graph
    }

    fn behaviour(&self) -> &'static str {
        "Creates and updates a recurring event in the organiser's Microsoft 365 calendar; attendees are invited by Microsoft."
    }

    async fn missing_keys(&self, store: &TenantStore) -> Result<Vec<&'static str>, Error> {
        self.microsoft.calendar_missing(store).await
    }

    async fn calendar(
        &self,
        store: &TenantStore,
    ) -> Result<Option<Box<dyn RemoteCalendar>>, Error> {
        let account = self.microsoft.calendar_credentials(store).await?;
        Ok(Some(Box::new(self.calendar_of(account))))
    }

    async fn place(&self, store: &TenantStore, _: &Meeting) -> Result<Placement, Error> {
        let mut account = self.microsoft.calendar_account(store).await?;
        let organizer = account
            .organizer
            .take()
            .ok_or_else(|| Error::internal("an account for new meetings has no organiser"))?;
        Ok(Placement::Elsewhere {
            organizer: organizer.upn,
            calendar: Box::new(self.calendar_of(account)),
        })
    }
}

/// The calendars that one tenant's account reaches.
struct GraphCalendar {
    microsoft: Microsoft,
    account: TeamsAccount,
}

impl GraphCalendar {
    fn session(&self) -> GraphSession<'_> {
        self.microsoft.client().session(&self.account.profile)
    }

    /// What a Graph error means; refused credentials are read anew next time.
    fn failed(&self, error: &GraphError) -> CallFailure {
        if error.class == GraphErrorClass::InvalidCredentials {
            self.microsoft.refused(&self.account);
        }
        failure(error)
    }
}

#[async_trait]
impl RemoteCalendar for GraphCalendar {
    async fn create(&self, meeting: &Meeting, intent: &Intent) -> Result<RemoteEvent, CallFailure> {
        let event = new_event(meeting, intent)?;
        let created = self
            .session()
            .create_event(&intent.organizer, &event)
            .await
            .map_err(|error| self.failed(&error))?;
        let adopted = created.adopted;
        let mut remote = remote_event(created, meeting, &intent.organizer);
        if adopted {
            // Made by an earlier call, which may have carried less.
            (remote.revision, remote.sequence) = (intent.revision, intent.sequence);
        }
        Ok(remote)
    }

    async fn update(
        &self,
        meeting: &Meeting,
        organizer: &str,
        event_id: &str,
    ) -> Result<RemoteEvent, CallFailure> {
        let change = event_change(meeting)?;
        let session = self.session();
        let updated = session
            .update_event(organizer, event_id, &change)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(remote_event(updated, meeting, organizer))
    }

    async fn delete(&self, organizer: &str, event_id: &str) -> Result<(), CallFailure> {
        self.session()
            .delete_event(organizer, event_id)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(())
    }

    async fn find(&self, intent: &Intent) -> Result<Option<RemoteEvent>, CallFailure> {
        let session = self.session();
        // The first occurrence's own minute: the mailbox may be full of other series.
        let window = (
            intent.first_start,
            intent.first_start + TimeDelta::minutes(1),
        );
        let transaction = intent.intent_id.to_string();
        let found = session
            .find_event_by_transaction(&intent.organizer, &transaction, window)
            .await
            .map_err(|error| self.failed(&error))?;
        let Some(found) = found else { return Ok(None) };
        let event = session
            .get_event(&intent.organizer, &found.id)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(event.map(|event| RemoteEvent {
            provider: ProviderKind::Graph,
            join_url: event
                .teams_join_url()
                .and_then(|url| WebLink::parse(url).ok()),
            external_event_id: event.id,
            organizer: Some(intent.organizer.clone()),
            revision: intent.revision,
            sequence: intent.sequence,
        }))
    }

    async fn free_busy(
        &self,
        organizer: &str,
        addresses: &[String],
        window: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<FreeBusy>, CallFailure> {
        let session = self.session();
        let schedules = session
            .get_schedule(organizer, addresses, window, 30)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(schedules.into_iter().map(free_busy_of).collect())
    }
}
