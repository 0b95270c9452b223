//! Does what was put on the queues: publishes events, advances meetings,
//! refreshes copies of the directory, sends mails, settles provider calls.
//!
//! Every job may come twice, and is done once.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use convoke_domain::error::Error;
use convoke_domain::id::{
    ContactId, ControlId, IntentId, MailId, MeetingId, OnlineMeetingId, SessionId, UserId,
};
use convoke_platform::aws;
use convoke_platform::batch;
use convoke_platform::bus::Bus;
use convoke_platform::clock::Ports;
use convoke_platform::config::Environment;
use convoke_platform::mail::{Mailer, Sender};
use convoke_platform::queue::Incoming;
use convoke_services::calendars::{self, Calendars};
use convoke_services::core::Core;
use convoke_services::engagements::{self, Desk};
use convoke_services::jobs::Job;
use convoke_services::mail::{self, Links};
use convoke_services::microsoft::Microsoft;
use convoke_services::providers::{self, Providers};
use convoke_services::sessions::{self, Sessions};
use convoke_services::{integration, lockstep, meetings};

/// The function's state, built once per process.
pub struct App {
    /// Store, clock and ids.
    pub core: Core,
    /// Where events go.
    pub bus: Bus,
    /// The calendars of this deployment.
    pub providers: Providers,
    /// Appointments, with each tenant's own Microsoft account.
    pub desk: Desk,
    /// Meetings with invitees.
    pub sessions: Sessions,
    /// Users' connected calendars.
    pub calendars: Calendars,
    /// The post.
    pub mailer: Mailer,
    /// The signed links that mails carry.
    pub links: Links,
}

/// Builds the function from its environment; no network call.
pub async fn boot(environment: &Environment) -> Result<App, lambda_runtime::Error> {
    let sdk = aws::load().await;
    let ports = Ports::system();
    let secrets = aws::secrets(&sdk, environment)?;
    let vault = aws::vault(&sdk, environment)?;
    let microsoft = Microsoft::of_environment(environment, &secrets, vault.clone())?;
    let core = Core::new(aws::store(&sdk, environment)?, ports.clone());
    let organizer = Sender::of_environment(environment)?.map(|sender| sender.address().clone());
    let domain = environment.required("CONVOKE_DOMAIN")?;
    let desk = Desk::new(core.clone(), microsoft.clone(), &domain, organizer);
    Ok(App {
        bus: aws::bus(&sdk, environment)?,
        calendars: Calendars::of_environment(environment, core.clone(), vault, &secrets)?,
        providers: providers::of_environment(environment, &microsoft, &ports)?,
        mailer: aws::mailer(&sdk, environment)?,
        sessions: Sessions::of_environment(environment, desk.clone())?,
        desk,
        links: Links {
            secrets,
            public_url: environment
                .required("CONVOKE_PUBLIC_URL")?
                .trim_end_matches('/')
                .to_owned(),
        },
        core,
    })
}

impl App {
    /// Works a batch off; failed messages are reported one by one.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        batch::run(event, "deliver", &self.core.ports, |message| {
            Box::pin(self.deliver(message))
        })
        .await
    }

    async fn deliver(&self, message: Incoming) -> Result<(), Error> {
        let tenant = &message.tenant;
        match Job::parse(message.job)? {
            Job::PublishEvent {
                detail_type,
                detail,
            } => self.bus.publish(&detail_type, &detail).await,
            Job::AdvanceLinked {
                control_id,
                completed_steps,
            } => {
                let control_id = ControlId::parse(&control_id)
                    .map_err(|error| Error::internal(error.to_string()))?;
                lockstep::advance_all(&self.core, tenant, &control_id, completed_steps).await
            }
            Job::AdvancePassed { meeting_id } => {
                lockstep::advance_passed(&self.core, tenant, MeetingId::new(meeting_id)).await
            }
            Job::RefreshUser { user_id } => {
                let user_id =
                    UserId::parse(&user_id).map_err(|error| Error::internal(error.to_string()))?;
                meetings::refresh_user(&self.core, tenant, &user_id).await?;
                engagements::refresh_user(&self.desk, tenant, &user_id).await?;
                sessions::refresh_user(&self.core, tenant, &user_id).await
            }
            Job::RefreshContact { contact_id } => {
                let contact_id = ContactId::parse(&contact_id)
                    .map_err(|error| Error::internal(error.to_string()))?;
                engagements::refresh_contact(&self.desk, tenant, &contact_id).await?;
                sessions::refresh_contact(&self.core, tenant, &contact_id).await
            }
            Job::SendMail { mail_id } => {
                let mail_id = MailId::new(mail_id);
                mail::send(&self.core, &self.mailer, &self.links, tenant, mail_id).await
            }
            Job::TellSession { session_id } => {
                sessions::tell(&self.sessions, tenant, SessionId::new(session_id)).await
            }
            Job::FollowSession { session_id } => {
                let id = SessionId::new(session_id);
                Box::pin(sessions::follow(&self.sessions, tenant, id)).await
            }
            Job::SyncCalendars { subject, id } => {
                Box::pin(calendars::sync(&self.calendars, tenant, subject, id)).await
            }
            Job::SyncOnlineMeeting {
                online_meeting_id, ..
            } => {
                let id = OnlineMeetingId::new(online_meeting_id);
                engagements::sync(&self.desk, tenant, id).await
            }
            Job::CaptureArtifacts { .. }
            | Job::ListDelta { .. }
            | Job::TransferRecording { .. }
            | Job::AlignSubscriptions {}
            | Job::RenewSubscription { .. } => {
                Err(Error::internal("a job of artifact-capture's queues"))
            }
            Job::RemoveThrowaway { throwaway_id, .. } => {
                integration::remove_throwaway(
                    &self.core,
                    &self.desk.microsoft,
                    tenant,
                    throwaway_id,
                )
                .await
            }
            Job::SettleIntent {
                meeting_id,
                intent_id,
                ..
            } => {
                let (meeting_id, intent_id) =
                    (MeetingId::new(meeting_id), IntentId::new(intent_id));
                meetings::settle(&self.core, &self.providers, tenant, meeting_id, intent_id).await
            }
        }
    }
}
