//! Who the organiser is to Microsoft: the object id behind a UPN (TS-2).

use std::time::Duration;

use convoke_domain::address::EmailAddress;
use convoke_domain::integration::{InstallStatus, MicrosoftProfile, TeamsIntegration};
use convoke_graph::GraphErrorClass;
use convoke_platform::tenant::Tenant;
use tokio::sync::Mutex;

use super::SettingsWarning;
use super::reason::Reason;
use crate::microsoft::Microsoft;

/// The longest that saving waits for Microsoft.
const BUDGET: Duration = Duration::from_secs(10);

/// Looks an organiser up, once per profile and organiser however often the
/// saving around it starts over.
pub(super) struct Resolver<'a> {
    microsoft: &'a Microsoft,
    tenant: &'a Tenant,
    asked: Mutex<Option<(Question, Answer)>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Question {
    profile: MicrosoftProfile,
    organizer: String,
}

/// Object id and, where Graph says it, the user principal name.
type Answer = Result<(String, Option<String>), Reason>;

impl<'a> Resolver<'a> {
    pub(super) fn new(microsoft: &'a Microsoft, tenant: &'a Tenant) -> Self {
        Self {
            microsoft,
            tenant,
            asked: Mutex::default(),
        }
    }

    /// Completes settings that are about to be written; a warning says why they
    /// stay incomplete.
    pub(super) async fn resolve(
        &self,
        present: &TeamsIntegration,
        next: &mut TeamsIntegration,
    ) -> Option<SettingsWarning> {
        let organizer = next.default_meeting_organizer_upn.clone()?;
        let known = next.default_meeting_organizer_object_id.is_some();
        if known && present.profile == next.profile {
            return None;
        }
        match self.answer(next, organizer).await {
            Ok((object_id, upn)) => {
                next.default_meeting_organizer_object_id = Some(object_id);
                if let Some(upn) = upn {
                    next.default_meeting_organizer_upn = Some(upn);
                }
                None
            }
            Err(reason) => {
                // Only a new secret did not work: the same organiser's id stays true.
                if reason == Reason::UserNotFound {
                    next.default_meeting_organizer_object_id = None;
                }
                Some(warning(
                    reason,
                    next.default_meeting_organizer_object_id.is_some(),
                ))
            }
        }
    }

    async fn answer(&self, next: &TeamsIntegration, organizer: String) -> Answer {
        let question = Question {
            profile: next.profile.clone(),
            organizer,
        };
        let mut asked = self.asked.lock().await;
        if let Some((earlier, answer)) = &*asked
            && *earlier == question
        {
            return answer.clone();
        }
        let answer = self.ask(next, &question.organizer).await;
        *asked = Some((question, answer.clone()));
        answer
    }

    async fn ask(&self, next: &TeamsIntegration, organizer: &str) -> Answer {
        let complete = next.profile.missing().is_empty();
        if next.install_status == InstallStatus::Disabled || !complete {
            return Err(Reason::NotConfigured);
        }
        let account = self.microsoft.account_of(self.tenant, next).await;
        let account = account.map_err(|error| {
            tracing::warn!(code = error.code(), "the organiser was not looked up");
            Reason::GraphError
        })?;
        let session = self.microsoft.client().session(&account.profile);
        let found = session.with_budget(BUDGET).get_user(organizer).await;
        let user = found.map_err(|error| {
            if error.class == GraphErrorClass::InvalidCredentials {
                self.microsoft.refused(&account);
            }
            Reason::of_directory(&error)
        })?;
        // Calendars address people: an id gives way to the name behind it.
        let by_id = !organizer.contains('@');
        let upn = user.user_principal_name.filter(|_| by_id);
        let upn = upn.filter(|upn| EmailAddress::parse(upn).is_ok());
        Ok((user.id, upn))
    }
}

fn warning(reason: Reason, known: bool) -> SettingsWarning {
    let fact = if known {
        "Saved, but Microsoft did not confirm the organiser."
    } else {
        "Saved, but the organiser's object id is not known: recordings and transcripts wait for it."
    };
    SettingsWarning {
        reason: reason.as_str(),
        message: format!("{fact} {}", reason.remedy()),
    }
}
