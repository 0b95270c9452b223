//! The steps of a diagnosis that say whether recordings come by themselves: the
//! subscriptions, the webhook, and what the last meeting left behind (TS-5).

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::event::rfc3339;
use convoke_domain::integration::TeamsIntegration;
use convoke_domain::online_meeting::CaptureStatus;
use convoke_domain::subscription::{Subscription, SubscriptionState};
use convoke_graph::{GraphErrorClass, GraphSession, GraphSubscription};
use convoke_platform::store::TenantStore;

use super::deadline::Deadline;
use super::diagnosis::{Diagnosis, StepStatus};
use crate::core::Core;
use crate::engagements::{last_ended_before, load};
use crate::microsoft::{Microsoft, TeamsAccount};
use crate::subscriptions;

/// What a subscription has left, at least, while it is looked after.
const NEAR: TimeDelta = TimeDelta::hours(12);
/// The longest that a call takes.
const CALL: Duration = Duration::from_secs(5);

/// What these steps look at.
pub(super) struct Arrivals<'a> {
    pub(super) core: &'a Core,
    pub(super) microsoft: &'a Microsoft,
    pub(super) store: &'a TenantStore,
    pub(super) integration: &'a TeamsIntegration,
    pub(super) account: &'a TeamsAccount,
    pub(super) deadline: Deadline,
}

/// What a step comes to.
struct Finding(StepStatus, String, Option<&'static str>);

impl Arrivals<'_> {
    /// Notes the three steps.
    pub(super) async fn run(&self, diagnosis: &mut Diagnosis) -> Result<(), Error> {
        let since = Instant::now();
        let Finding(status, detail, remedy) = self.subscriptions().await?;
        diagnosis.note("subscriptions", since, status, detail, remedy);
        let since = Instant::now();
        let Finding(status, detail, remedy) = self.webhook().await;
        diagnosis.note("webhook", since, status, detail, remedy);
        let since = Instant::now();
        let Finding(status, detail, remedy) = self.last_capture().await?;
        diagnosis.note("last_capture", since, status, detail, remedy);
        Ok(())
    }

    fn now(&self) -> DateTime<Utc> {
        self.core.ports.now()
    }

    async fn subscriptions(&self) -> Result<Finding, Error> {
        let Some(organizer) = &self.integration.default_meeting_organizer_object_id else {
            return Ok(skipped(
                "not tested: without the organiser's object id there are no subscriptions",
            ));
        };
        let rows = subscriptions::list(self.store).await?;
        let session = self.microsoft.client().session(&self.account.profile);
        let mut worst = Finding(
            StepStatus::Pass,
            "Microsoft has a subscription to recordings and one to transcripts".to_owned(),
            None,
        );
        for kind in ArtifactType::ALL {
            let profile = &self.integration.profile;
            let is_it = |row: &&Subscription| {
                row.kind == kind
                    && row.organizer_object_id.eq_ignore_ascii_case(organizer)
                    && profile.tenant_id.as_ref() == Some(&row.ms_tenant_id)
                    && profile.client_id.as_ref() == Some(&row.client_id)
            };
            let found = match rows.iter().find(is_it) {
                Some(row) => self.examine(session, kind, row).await,
                None => Finding(
                    StepStatus::Fail,
                    format!("no subscription to {}s is wanted", kind.as_str()),
                    Some("Save the Teams settings again with install_status active."),
                ),
            };
            if severity(found.0) > severity(worst.0) {
                worst = found;
            }
        }
        Ok(worst)
    }

    async fn examine(
        &self,
        session: GraphSession<'_>,
        kind: ArtifactType,
        row: &Subscription,
    ) -> Finding {
        let word = kind.as_str();
        let Some(id) = row
            .subscription_id
            .as_ref()
            .filter(|_| row.state == SubscriptionState::Live)
        else {
            let code = row.error_code.as_deref().unwrap_or("being_made");
            let detail = format!("there is no subscription to {word}s: {code}");
            return Finding(StepStatus::Fail, detail, Some(remedy_of(code)));
        };
        if row.expires_at.is_none_or(|at| at < self.now() + NEAR) {
            let detail = format!("the subscription to {word}s is about to expire");
            let remedy = "See why subscription-renewal does not renew it: its log names the row.";
            return Finding(StepStatus::Warn, detail, Some(remedy));
        }
        if self.deadline.is_over() {
            return skipped("not tested: the time of this test is over");
        }
        let budget = self.deadline.share(CALL, Duration::ZERO);
        match session.with_budget(budget).subscription(id).await {
            Ok(found) if !self.leads_here(&found) => Finding(
                StepStatus::Fail,
                format!("the subscription to {word}s leads to another address"),
                Some("It is replaced within six hours; saving the settings does it at once."),
            ),
            Ok(found) if found.expires_at.is_some_and(|at| at < self.now() + NEAR) => Finding(
                StepStatus::Warn,
                format!("the subscription to {word}s is about to expire"),
                Some("See why subscription-renewal does not renew it: its log names the row."),
            ),
            Ok(_) => Finding(StepStatus::Pass, String::new(), None),
            Err(error) if error.class == GraphErrorClass::NotFoundOrGone => Finding(
                StepStatus::Fail,
                format!("Microsoft has no subscription to {word}s any more"),
                Some("It is made again within six hours; saving the settings does it at once."),
            ),
            Err(error) => Finding(
                StepStatus::Fail,
                format!(
                    "Microsoft does not say whether it has a subscription: {}",
                    error.class.as_str()
                ),
                Some("Try again; if it stays so, see the step that failed before."),
            ),
        }
    }

    /// Whether notifications come to this deployment, as far as both are known.
    fn leads_here(&self, found: &GraphSubscription) -> bool {
        match (self.microsoft.webhook_url(), &found.notification_url) {
            (Some(base), Some(told)) => *told == format!("{base}/webhooks/graph/notifications"),
            _ => true,
        }
    }

    async fn webhook(&self) -> Finding {
        let Some(base) = self.microsoft.webhook_url() else {
            return skipped(
                "not tested: this deployment has no address for Microsoft (CONVOKE_WEBHOOK_URL)",
            );
        };
        let token = format!("Validation: Convoke's own test {}", self.core.ports.mint());
        for end in ["notifications", "lifecycle"] {
            if self.deadline.is_over() {
                return skipped("not tested: the time of this test is over");
            }
            let url = format!("{base}/webhooks/graph/{end}");
            let probe = self.microsoft.client().probe_webhook(&url, &token);
            let limit = self.deadline.share(CALL, Duration::ZERO);
            let problem = match tokio::time::timeout(limit, probe).await {
                Ok(Ok(())) => continue,
                Ok(Err(problem)) => problem.to_string(),
                Err(_) => "it takes too long".to_owned(),
            };
            return Finding(
                StepStatus::Fail,
                format!("the webhook for {end} does not do: {problem}"),
                Some(
                    "Microsoft has to reach POST /webhooks/graph/… of this deployment without a token: look at what stands in front of it.",
                ),
            );
        }
        let detail = "both addresses answer the handshake, as seen from this deployment";
        Finding(StepStatus::Pass, detail.to_owned(), None)
    }

    async fn last_capture(&self) -> Result<Finding, Error> {
        let Some(organizer) = &self.integration.default_meeting_organizer_object_id else {
            return Ok(skipped(
                "not tested: the organiser's object id is not known",
            ));
        };
        let now = self.now();
        let Some(last) = last_ended_before(self.store, organizer, now).await? else {
            return Ok(skipped(
                "not tested: no meeting of this organiser has ended yet",
            ));
        };
        let engagement = load(self.store, last.uuid()).await?;
        Ok(captured(&engagement, now))
    }
}

/// What became of the last meeting that ended.
fn captured(engagement: &Engagement, now: DateTime<Utc>) -> Finding {
    let capture = engagement.capture.as_ref();
    let ended = engagement
        .meeting
        .as_ref()
        .map(|meeting| rfc3339(meeting.end));
    let of = format!("the meeting that ended at {}", ended.unwrap_or_default());
    let remedy = Some("Look at its capture_ledger, and at the steps above.");
    if let Some(code) = capture.and_then(|capture| capture.error_code.as_deref()) {
        let detail = format!("the last look at {of} was not a whole one: {code}");
        return Finding(StepStatus::Fail, detail, remedy);
    }
    let kept = engagement.kept();
    match engagement.capture_status(now) {
        CaptureStatus::None => skipped("not tested: the last meeting that ended is not looked at"),
        _ if kept > 0 => Finding(
            StepStatus::Pass,
            format!("{of} has {kept} recordings and transcripts"),
            None,
        ),
        CaptureStatus::Closed => Finding(
            StepStatus::Warn,
            format!("{of} left nothing behind: it may not have been recorded"),
            remedy,
        ),
        _ => skipped("not tested: what the last meeting left behind is still being looked for"),
    }
}

fn skipped(why: &str) -> Finding {
    Finding(StepStatus::Skip, why.to_owned(), None)
}

fn severity(status: StepStatus) -> u8 {
    match status {
        StepStatus::Pass => 0,
        StepStatus::Skip => 1,
        StepStatus::Warn => 2,
        StepStatus::Fail => 3,
    }
}

fn remedy_of(code: &str) -> &'static str {
    match code {
        "being_made" => "Wait a minute, then test again.",
        "consent_missing" => {
            "Grant OnlineMeetingRecording.Read.All and OnlineMeetingTranscript.Read.All to the application."
        }
        "subscription_validation" => "Microsoft could not reach the webhook: see the next step.",
        "subscription_taken" => {
            "Another organisation of this deployment has it: use an application of your own."
        }
        "quota" => "Remove subscriptions of other applications: Microsoft allows ten to a user.",
        _ => "It is tried again by itself; saving the settings does it at once.",
    }
}
