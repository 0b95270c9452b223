//! The steps of a diagnosis that ask Microsoft, each with the call that decides it.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::integration::RecordingReason;
use convoke_graph::{DirectoryUser, GraphError, GraphErrorClass, GraphSession};

use super::deadline::Deadline;
use super::diagnosis::{Diagnosis, StepStatus};
use super::reason::Reason;
use crate::microsoft::{Microsoft, TeamsAccount};

/// Application permissions that the product uses.
const ROLES: [&str; 4] = [
    "Calendars.ReadWrite",
    "OnlineMeetings.ReadWrite.All",
    "OnlineMeetingRecording.Read.All",
    "OnlineMeetingTranscript.Read.All",
];
/// The longest that one step's call takes.
const STEP: Duration = Duration::from_secs(5);

/// What was found of recordings.
#[derive(Default)]
pub(super) struct Finding {
    policy: Found,
    transcripts: Found,
}

/// What one probe found.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Found {
    /// It did not say.
    #[default]
    Open,
    /// Nothing keeps recordings away.
    Clear,
    /// This does.
    Obstacle(RecordingReason),
}

impl Finding {
    /// What the capability is to say, as far as everything was found out.
    pub(super) fn whole(&self) -> Found {
        match (self.policy, self.transcripts) {
            (obstacle @ Found::Obstacle(_), _) | (_, obstacle @ Found::Obstacle(_)) => obstacle,
            (Found::Clear, Found::Clear) => Found::Clear,
            _ => Found::Open,
        }
    }
}

/// The steps that ask Microsoft.
pub(super) struct Examination<'a> {
    diagnosis: Diagnosis,
    microsoft: &'a Microsoft,
    session: GraphSession<'a>,
    account: &'a TeamsAccount,
    deadline: Deadline,
    now: DateTime<Utc>,
    finding: Finding,
}

impl<'a> Examination<'a> {
    /// With an account that is whole.
    pub(super) fn new(
        diagnosis: Diagnosis,
        microsoft: &'a Microsoft,
        account: &'a TeamsAccount,
        deadline: Deadline,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            diagnosis,
            microsoft,
            session: microsoft.client().session(&account.profile),
            account,
            deadline,
            now,
            finding: Finding::default(),
        }
    }

    /// All steps, and what they found of recordings.
    pub(super) fn outcome(self) -> (Diagnosis, Finding) {
        (self.diagnosis, self.finding)
    }

    /// Asks step by step; what one decides for another is skipped with the reason.
    pub(super) async fn run(&mut self) {
        if !self.token_and_roles().await {
            self.diagnosis
                .skip_microsoft("not tested: there is no token to ask Microsoft with");
            return;
        }
        let Some(organizer) = self.account.organizer.clone() else {
            self.diagnosis.note(
                "mailbox",
                Instant::now(),
                StepStatus::Fail,
                "no organiser is set",
                Some(Reason::NoOrganizer.remedy()),
            );
            self.diagnosis
                .skip_microsoft("not tested: no organiser is set");
            return;
        };
        self.mailbox(&organizer.upn).await;
        self.diagnosis.skip(
            "mailbox_scoping",
            "not tested: Graph does not tell which mailboxes Exchange opens to the application; \
             ask Exchange with Test-ServicePrincipalAuthorization or Test-ApplicationAccessPolicy",
        );
        let since = Instant::now();
        let user = self.look_up(&organizer.upn).await;
        let looked_up = since.elapsed();
        let found = user.as_ref().ok().map(|user| user.id.clone());
        if let Some(object_id) = organizer.object_id.clone().or(found) {
            self.access_policy(&object_id).await;
            self.transcripts(&object_id).await;
        } else {
            let why = "not tested: the organiser's object id is not known";
            self.diagnosis.skip("teams_access_policy", why);
            self.diagnosis.skip("transcript_access", why);
        }
        let since = Instant::now().checked_sub(looked_up).unwrap_or(since);
        self.object_id(since, organizer.object_id.as_deref(), user);
        self.diagnosis.skip_microsoft("not tested");
    }

    fn session(&self) -> GraphSession<'a> {
        self.session
            .with_budget(self.deadline.share(STEP, Duration::ZERO))
    }

    async fn token_and_roles(&mut self) -> bool {
        let since = Instant::now();
        let roles = match self.session().token_roles().await {
            Ok(roles) => roles,
            Err(error) => {
                if error.class == GraphErrorClass::InvalidCredentials {
                    self.microsoft.refused(self.account);
                }
                self.failed("token", since, &error, Reason::of(&error));
                return false;
            }
        };
        let detail = "Microsoft issued a token";
        self.diagnosis
            .note("token", since, StepStatus::Pass, detail, None);
        let missing: Vec<_> = ROLES
            .into_iter()
            .filter(|role| !roles.iter().any(|granted| granted == role))
            .collect();
        let since = Instant::now();
        if missing.is_empty() {
            let detail = "the token carries every permission";
            self.diagnosis
                .note("roles", since, StepStatus::Pass, detail, None);
        } else {
            let detail = format!(
                "the token lacks {}; grants by Exchange RBAC do not show in it, so the steps below decide",
                missing.join(", ")
            );
            let remedy = Some(Reason::ConsentMissing.remedy());
            self.diagnosis
                .note("roles", since, StepStatus::Warn, detail, remedy);
        }
        true
    }

    /// Reads the calendar: neither a grant nor a licence shows in a token.
    async fn mailbox(&mut self, organizer: &str) {
        let since = Instant::now();
        if self.out_of_time("mailbox") {
            return;
        }
        match self.session().get_calendar(organizer).await {
            Ok(calendar) if calendar.allows_teams() => self.diagnosis.note(
                "mailbox",
                since,
                StepStatus::Pass,
                "the organiser's calendar can be read and allows Teams meetings; \
                 verify-organizer tests writing",
                None,
            ),
            Ok(_) => self.diagnosis.note(
                "mailbox",
                since,
                StepStatus::Fail,
                "no_teams_licence: the organiser's calendar does not allow Teams meetings",
                Some(Reason::NoTeamsLicence.remedy()),
            ),
            Err(error) => self.failed("mailbox", since, &error, Reason::of(&error)),
        }
    }

    async fn look_up(&self, organizer: &str) -> Result<DirectoryUser, GraphError> {
        self.session().get_user(organizer).await
    }

    async fn access_policy(&mut self, object_id: &str) {
        let step = "teams_access_policy";
        let since = Instant::now();
        if self.out_of_time(step) {
            return;
        }
        match self.session().probe_online_meetings(object_id).await {
            Ok(()) => {
                self.finding.policy = Found::Clear;
                let detail = "Teams lets the application act for the organiser";
                self.diagnosis
                    .note(step, since, StepStatus::Pass, detail, None);
            }
            Err(error)
                if matches!(
                    error.class,
                    GraphErrorClass::NotOrganiser | GraphErrorClass::InvalidRequest
                ) =>
            {
                self.diagnosis.note(
                    step,
                    since,
                    StepStatus::Warn,
                    "Teams answered the probe without saying whether the policy covers the organiser",
                    Some("Run verify-organizer, which makes and resolves a real meeting."),
                );
            }
            Err(error) => {
                let reason = Reason::of(&error);
                self.finding.policy = found_by(reason);
                self.failed(step, since, &error, reason);
            }
        }
    }

    async fn transcripts(&mut self, object_id: &str) {
        let step = "transcript_access";
        let since = Instant::now();
        if self.out_of_time(step) {
            return;
        }
        let yesterday = self.now - TimeDelta::days(1);
        let probed = self.session().probe_transcripts(object_id, yesterday).await;
        match probed {
            Ok(()) => {
                self.finding.transcripts = Found::Clear;
                let detail = "Graph lists the organiser's transcripts";
                self.diagnosis
                    .note(step, since, StepStatus::Pass, detail, None);
            }
            Err(error) => {
                let reason = Reason::of(&error);
                self.finding.transcripts = found_by(reason);
                self.failed(step, since, &error, reason);
            }
        }
    }

    fn object_id(
        &mut self,
        since: Instant,
        stored: Option<&str>,
        user: Result<DirectoryUser, GraphError>,
    ) {
        let step = "organizer_object_id";
        let again = Some("Save the organiser again: that looks the object id up.");
        match (stored, user) {
            (Some(stored), Ok(user)) if user.id.eq_ignore_ascii_case(stored) => {
                let detail = "the stored object id is the organiser's";
                self.diagnosis
                    .note(step, since, StepStatus::Pass, detail, None);
            }
            (Some(_), Ok(_)) => {
                let detail = "the stored object id is another user's than the organiser's";
                self.diagnosis
                    .note(step, since, StepStatus::Fail, detail, again);
            }
            (None, Ok(_)) => {
                let detail = "missing_organizer_object_id: the organiser exists, but the object id is not stored";
                self.diagnosis
                    .note(step, since, StepStatus::Fail, detail, again);
            }
            (Some(_), Err(error)) if Reason::of_directory(&error) != Reason::UserNotFound => {
                let reason = Reason::of_directory(&error);
                let detail = format!(
                    "an object id is stored, but Microsoft did not confirm it ({})",
                    reason.as_str()
                );
                let remedy = Some(reason.remedy());
                self.diagnosis
                    .note(step, since, StepStatus::Warn, detail, remedy);
            }
            (_, Err(error)) => self.failed(step, since, &error, Reason::of_directory(&error)),
        }
    }

    fn out_of_time(&mut self, step: &'static str) -> bool {
        let over = self.deadline.is_over();
        if over {
            self.diagnosis
                .skip(step, "not tested: the steps before it took all the time");
        }
        over
    }

    /// Notes what Microsoft refused, by our reason and its own code.
    fn failed(&mut self, step: &'static str, since: Instant, error: &GraphError, reason: Reason) {
        let detail = format!("{}: Microsoft answered {}", reason.as_str(), error.code);
        let remedy = Some(reason.remedy());
        self.diagnosis
            .note(step, since, StepStatus::Fail, detail, remedy);
    }
}

/// What keeps recordings away for longer than a bad moment.
fn found_by(reason: Reason) -> Found {
    match reason {
        Reason::ConsentMissing => Found::Obstacle(RecordingReason::ConsentMissing),
        Reason::PolicyMissing => Found::Obstacle(RecordingReason::PolicyMissing),
        Reason::TranscriptsDisabled => Found::Obstacle(RecordingReason::TranscriptsDisabled),
        _ => Found::Open,
    }
}
