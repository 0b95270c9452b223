//! Meetings as recurring events in a Microsoft 365 mailbox (CM-10, CM-11).

use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use convoke_domain::address::WebLink;
use convoke_domain::cadence::{Frequency, Occurrence};
use convoke_domain::error::Error;
use convoke_domain::meeting::{Intent, Meeting, RemoteEvent, Role};
use convoke_domain::provider::ProviderKind;
use convoke_domain::slot::Busy;
use convoke_graph::{
    AttendeeKind, BusyStatus, CreatedEvent, EventAttendee, EventChange, EventTimes, GraphClient,
    GraphError, GraphErrorClass, GraphProfile, MailboxSchedule, NewEvent, Recurrence,
    RecurrencePattern, RecurrenceRange, Secret,
};
use convoke_platform::config::Environment;
use convoke_platform::secrets::Secrets;
use convoke_platform::tenant::Tenant;
use tokio::sync::OnceCell;

use super::graph_zone::graph_zone_name;
use super::{
    CallFailure, Effect, FreeBusy, GRAPH_KEYS, GRAPH_PERMISSION, MeetingProvider, Placement,
    RemoteCalendar,
};

/// The deployment's own Microsoft profile, for the one organisation it names.
pub struct DeploymentProfile {
    org_id: Option<String>,
    tenant_id: Option<String>,
    client_id: Option<String>,
    client_secret_arn: Option<String>,
    organizer: Option<String>,
    secrets: Secrets,
    secret: OnceCell<Secret>,
}

impl DeploymentProfile {
    /// Reads the `MS_GRAPH_*` settings; the secret itself is read when first needed.
    pub fn of_environment(environment: &Environment, secrets: Secrets) -> Self {
        Self {
            org_id: environment.optional("MS_GRAPH_ORG_ID"),
            tenant_id: environment.optional("MS_GRAPH_TENANT_ID"),
            client_id: environment.optional("MS_GRAPH_CLIENT_ID"),
            client_secret_arn: environment.optional("MS_GRAPH_CLIENT_SECRET_ARN"),
            organizer: environment.optional("MS_GRAPH_ORGANIZER_EMAIL"),
            secrets,
            secret: OnceCell::new(),
        }
    }

    fn missing_keys(&self, tenant: &Tenant) -> Vec<&'static str> {
        if self.org_id.as_deref() != Some(tenant.id().as_str()) {
            return GRAPH_KEYS.to_vec();
        }
        let settings = [
            &self.tenant_id,
            &self.client_id,
            &self.client_secret_arn,
            &self.organizer,
        ];
        GRAPH_KEYS
            .iter()
            .zip(settings)
            .filter(|(_, setting)| setting.is_none())
            .map(|(key, _)| *key)
            .collect()
    }

    async fn profile(&self) -> Result<GraphProfile, Error> {
        let (Some(tenant_id), Some(client_id), Some(arn)) =
            (&self.tenant_id, &self.client_id, &self.client_secret_arn)
        else {
            return Err(Error::internal(
                "an unconfigured Graph profile was asked for",
            ));
        };
        let secret = self
            .secret
            .get_or_try_init(|| async {
                let text = self.secrets.text(arn).await?;
                text.map(Secret::new)
                    .ok_or_else(|| Error::internal("the Microsoft client secret has no value"))
            })
            .await?;
        Ok(GraphProfile {
            tenant_id: tenant_id.clone(),
            client_id: client_id.clone(),
            client_secret: secret.clone(),
        })
    }
}

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
            .map_err(failure)?;
        remote_event(created, meeting, &intent.organizer)
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
            .map_err(failure)?;
        remote_event(updated, meeting, organizer)
    }

    async fn delete(&self, _: &Tenant, organizer: &str, event_id: &str) -> Result<(), CallFailure> {
        let profile = self.account().await?;
        self.client
            .session(&profile)
            .delete_event(organizer, event_id)
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn find(&self, _: &Tenant, intent: &Intent) -> Result<Option<RemoteEvent>, CallFailure> {
        let profile = self.account().await?;
        let session = self.client.session(&profile);
        let window = (
            intent.first_start - TimeDelta::days(1),
            intent.first_start + TimeDelta::days(2),
        );
        let transaction = intent.intent_id.to_string();
        let found = session
            .find_event_by_transaction(&intent.organizer, &transaction, window)
            .await
            .map_err(failure)?;
        let Some(found) = found else { return Ok(None) };
        let event = session
            .get_event(&intent.organizer, &found.id)
            .await
            .map_err(failure)?;
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
            .map_err(failure)?;
        Ok(schedules.into_iter().map(free_busy_of).collect())
    }
}

fn next_of(meeting: &Meeting) -> Result<Occurrence, CallFailure> {
    meeting.next_occurrence().ok_or_else(|| CallFailure {
        effect: Effect::Refused,
        error: Error::conflict("no_next_occurrence", "this meeting has no next occurrence"),
    })
}

/// Start and end on the wall clock of the meeting's zone.
fn times_of(meeting: &Meeting, next: &Occurrence) -> EventTimes {
    let zone = meeting.cadence.zone();
    let end = next.start + TimeDelta::minutes(meeting.duration_minutes.into());
    EventTimes {
        start_local: zone.local(next.start),
        end_local: zone.local(end),
        time_zone: graph_zone_name(zone, next.start),
    }
}

/// The cadence as Graph's pattern, from the next occurrence on: months and
/// years keep the anchor's day, which Outlook clamps in short months as we do.
fn recurrence_of(meeting: &Meeting, next: &Occurrence) -> Recurrence {
    let anchor = meeting.cadence.anchor().date();
    let pattern = match meeting.cadence.frequency() {
        Frequency::Daily => RecurrencePattern::Daily,
        Frequency::Weekly => RecurrencePattern::Weekly {
            day: anchor.weekday(),
        },
        Frequency::Monthly => RecurrencePattern::AbsoluteMonthly {
            interval: 1,
            day_of_month: anchor.day(),
        },
        Frequency::Quarterly => RecurrencePattern::AbsoluteMonthly {
            interval: 3,
            day_of_month: anchor.day(),
        },
        Frequency::Annual => RecurrencePattern::AbsoluteYearly {
            day_of_month: anchor.day(),
            month: anchor.month(),
        },
    };
    let start_date = meeting.cadence.zone().local(next.start).date();
    Recurrence {
        pattern,
        range: RecurrenceRange::NoEnd { start_date },
    }
}

fn attendees_of(meeting: &Meeting) -> Vec<EventAttendee> {
    meeting
        .attendees
        .iter()
        .filter_map(|attendee| {
            Some(EventAttendee {
                address: attendee.email()?.as_str().to_owned(),
                name: attendee.name().map(str::to_owned),
                kind: match attendee.role {
                    Role::Required => AttendeeKind::Required,
                    Role::Optional => AttendeeKind::Optional,
                    Role::Resource => AttendeeKind::Resource,
                },
            })
        })
        .collect()
}

/// The description as HTML; a link of the caller's own goes to its end.
fn body_of(meeting: &Meeting) -> String {
    let mut html = String::new();
    let description = meeting.description.as_deref().unwrap_or_default();
    let link = meeting
        .join_url
        .as_ref()
        .map(|url| format!("Join meeting: {}", url.as_str()));
    for line in description.lines().chain(link.as_deref()) {
        let _ = write!(html, "<p>{}</p>", escape(line));
    }
    html
}

fn escape(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(
        String::with_capacity(text.len()),
        |mut html, c| {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
            html
        },
    )
}

/// A subject is one line.
fn subject_of(meeting: &Meeting) -> String {
    meeting
        .title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn new_event(meeting: &Meeting, intent: &Intent) -> Result<NewEvent, CallFailure> {
    let next = next_of(meeting)?;
    let times = times_of(meeting, &next);
    Ok(NewEvent {
        subject: subject_of(meeting),
        body_html: Some(body_of(meeting)).filter(|html| !html.is_empty()),
        start_local: times.start_local,
        end_local: times.end_local,
        time_zone: times.time_zone,
        location: meeting.location.clone(),
        attendees: attendees_of(meeting),
        is_online_meeting: meeting.is_online && meeting.join_url.is_none(),
        recurrence: Some(recurrence_of(meeting, &next)),
        transaction_id: intent.intent_id.to_string(),
        allow_new_time_proposals: false,
    })
}

/// Everything that people see; the series only when it differs from what the
/// event shows, since sending it anew drops the occurrences that have passed.
fn event_change(meeting: &Meeting) -> Result<EventChange, CallFailure> {
    let same_series = meeting
        .remote
        .as_ref()
        .is_some_and(|remote| remote.sequence == meeting.sequence);
    let next = next_of(meeting)?;
    Ok(EventChange {
        subject: Some(subject_of(meeting)),
        body_html: Some(body_of(meeting)),
        times: (!same_series).then(|| times_of(meeting, &next)),
        location: Some(meeting.location.clone().unwrap_or_default()),
        attendees: Some(attendees_of(meeting)),
        recurrence: (!same_series).then(|| recurrence_of(meeting, &next)),
        ..EventChange::default()
    })
}

fn remote_event(
    event: CreatedEvent,
    meeting: &Meeting,
    organizer: &str,
) -> Result<RemoteEvent, CallFailure> {
    Ok(RemoteEvent {
        provider: ProviderKind::Graph,
        join_url: event
            .teams_join_url()
            .and_then(|url| WebLink::parse(url).ok()),
        external_event_id: event.series_master_id.unwrap_or(event.id),
        organizer: Some(organizer.to_owned()),
        revision: meeting.revision,
        sequence: meeting.sequence,
    })
}

fn free_busy_of(schedule: MailboxSchedule) -> FreeBusy {
    let busy = match schedule.error {
        Some(error) => Err(error.code),
        None => Ok(schedule
            .items
            .iter()
            .filter(|item| !matches!(item.status, BusyStatus::Free | BusyStatus::WorkingElsewhere))
            .map(|item| Busy {
                start: item.start,
                end: item.end,
            })
            .collect()),
    };
    FreeBusy {
        address: schedule.mailbox,
        busy,
    }
}

/// What a Graph error means for the saga and for the caller.
fn failure(error: GraphError) -> CallFailure {
    let effect = match &error.class {
        _ if error.outcome_unknown => Effect::Unknown,
        // Only what Exchange says of an item: other 404s are about the mailbox or the way there.
        GraphErrorClass::NotFoundOrGone
            if error.has_code("ErrorItemNotFound") || error.status == Some(410) =>
        {
            Effect::Gone
        }
        GraphErrorClass::DuplicateTransaction { .. } => Effect::Unknown,
        class if class.retryable() => Effect::None,
        _ => Effect::Refused,
    };
    let unconfigured =
        |code, message: &str, missing_keys, required_permissions| Error::NotConfigured {
            code,
            message: message.to_owned(),
            missing_keys,
            required_permissions,
        };
    let error = match &error.class {
        GraphErrorClass::ConsentMissing => unconfigured(
            "graph_permission_missing",
            "Microsoft Graph refused the calendar: grant Calendars.ReadWrite to the application and consent to it",
            vec![],
            vec![GRAPH_PERMISSION],
        ),
        GraphErrorClass::AccessPolicyMissing => unconfigured(
            "graph_access_policy_missing",
            "an access policy in Microsoft 365 keeps the application from the organiser's mailbox",
            vec![],
            vec![GRAPH_PERMISSION],
        ),
        GraphErrorClass::InvalidCredentials | GraphErrorClass::UnknownTenant => unconfigured(
            "graph_credentials_refused",
            "Microsoft refused the application's credentials: check tenant id, client id and client secret",
            vec![],
            vec![],
        ),
        GraphErrorClass::MailboxNotFound => unconfigured(
            "graph_organizer_not_found",
            "Microsoft Graph does not know the organiser's mailbox: check MS_GRAPH_ORGANIZER_EMAIL",
            vec![],
            vec![],
        ),
        class if class.retryable() || error.outcome_unknown => Error::Upstream {
            code: "graph_unavailable",
            message: "Microsoft Graph did not do it in time; try again".to_owned(),
            retry_after: error.retry_after,
        },
        _ => Error::Upstream {
            code: "graph_refused",
            message: format!(
                "Microsoft Graph refused the call ({})",
                error.class.as_str()
            ),
            retry_after: None,
        },
    };
    CallFailure { effect, error }
}
