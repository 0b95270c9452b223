//! Meetings as recurring events in a Microsoft 365 mailbox (CM-10, CM-11).

mod event;
mod failure;
mod profile;
mod zone;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::error::Error;
use convoke_domain::meeting::{Intent, Meeting, RemoteEvent};
use convoke_domain::provider::ProviderKind;
use convoke_graph::{GraphClient, GraphError, GraphErrorClass, GraphProfile};
use convoke_platform::tenant::Tenant;

pub use profile::DeploymentProfile;

use self::event::{event_change, free_busy_of, new_event, remote_event};
use self::failure::failure;
use super::{CallFailure, Effect, FreeBusy, MeetingProvider, Placement, RemoteCalendar};

/// Schedules on Microsoft 365, app-only.
pub struct GraphProvider {
    client: GraphClient,
    profile: Arc<DeploymentProfile>,
}

impl GraphProvider {
    /// Over the shared client, with the deployment's profile.
    pub fn new(client: GraphClient, profile: Arc<DeploymentProfile>) -> Self {
        Self { client, profile }
    }

    /// What a Graph error means; refused credentials are read anew next time.
    fn failed(&self, error: &GraphError) -> CallFailure {
        if error.class == GraphErrorClass::InvalidCredentials {
            self.profile.refused();
        }
        failure(error)
    }

    async fn account(&self) -> Result<GraphProfile, CallFailure> {
        self.profile.profile().await.map_err(|error| CallFailure {
            effect: Effect::None,
            error,
        })
    }
}

impl MeetingProvider for GraphProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Graph
    }

    fn behaviour(&self) -> &'static str {
        "Creates and updates a recurring event in the organiser's Microsoft 365 calendar; attendees are invited by Microsoft."
    }

    fn missing_keys(&self, tenant: &Tenant) -> Vec<&'static str> {
        self.profile.missing_keys(tenant)
    }

    fn calendar(&self) -> Option<&dyn RemoteCalendar> {
        Some(self)
    }

    fn place(&self, _: &Tenant, _: &Meeting) -> Result<Placement<'_>, Error> {
        let organizer = self.profile.organizer.clone();
        let organizer = organizer.ok_or_else(|| {
            Error::internal("an unconfigured Graph provider was asked for a place")
        })?;
        Ok(Placement::Elsewhere {
            calendar: self,
            organizer,
        })
    }
}

#[async_trait]
impl RemoteCalendar for GraphProvider {
    async fn create(
        &self,
        _: &Tenant,
        meeting: &Meeting,
        intent: &Intent,
    ) -> Result<RemoteEvent, CallFailure> {
        let profile = self.account().await?;
        let event = new_event(meeting, intent)?;
        let created = self
            .client
            .session(&profile)
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
        _: &Tenant,
        meeting: &Meeting,
        organizer: &str,
        event_id: &str,
    ) -> Result<RemoteEvent, CallFailure> {
        let profile = self.account().await?;
        let change = event_change(meeting)?;
        let session = self.client.session(&profile);
        let updated = session
            .update_event(organizer, event_id, &change)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(remote_event(updated, meeting, organizer))
    }

    async fn delete(&self, _: &Tenant, organizer: &str, event_id: &str) -> Result<(), CallFailure> {
        let profile = self.account().await?;
        self.client
            .session(&profile)
            .delete_event(organizer, event_id)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(())
    }

    async fn find(&self, _: &Tenant, intent: &Intent) -> Result<Option<RemoteEvent>, CallFailure> {
        let profile = self.account().await?;
        let session = self.client.session(&profile);
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
        _: &Tenant,
        organizer: &str,
        addresses: &[String],
        window: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<FreeBusy>, CallFailure> {
        let profile = self.account().await?;
        let session = self.client.session(&profile);
        let schedules = session
            .get_schedule(organizer, addresses, window, 30)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(schedules.into_iter().map(free_busy_of).collect())
    }
}
