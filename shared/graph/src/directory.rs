//! Users of the directory, and what their calendars allow.

use std::fmt;

use reqwest::Method;
use serde::Deserialize;

use crate::answer::Json;
use crate::call::Call;
use crate::client::GraphSession;
use crate::error::GraphError;
use crate::redact::Hidden;

/// A user of the Entra directory.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryUser {
    /// The object id, which every `onlineMeetings` path needs.
    pub id: String,
    /// The display name.
    pub display_name: Option<String>,
    /// The UPN, which may differ from the mail address.
    pub user_principal_name: Option<String>,
    /// The primary mail address; absent without a mailbox.
    pub mail: Option<String>,
    /// Whether sign-in is allowed; absent when Graph did not say.
    pub account_enabled: Option<bool>,
}

/// What a user's default calendar can do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalendarInfo {
    /// The calendar's id.
    pub id: Option<String>,
    /// For example `teamsForBusiness`; empty without a licence.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub allowed_online_meeting_providers: Vec<String>,
    /// The provider that an online event gets unless it names one.
    pub default_online_meeting_provider: Option<String>,
}

impl CalendarInfo {
    /// Whether an event on this calendar can be a Teams meeting.
    pub fn allows_teams(&self) -> bool {
        let mut providers = self.allowed_online_meeting_providers.iter();
        providers.any(|provider| provider.eq_ignore_ascii_case("teamsForBusiness"))
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl GraphSession<'_> {
    /// `GET /users/{id or UPN}`; an unknown user is [`GraphErrorClass::MailboxNotFound`](crate::GraphErrorClass).
    pub async fn get_user(&self, id_or_upn: &str) -> Result<DirectoryUser, GraphError> {
        let operation = self.operation();
        let fields = "id,displayName,userPrincipalName,mail,accountEnabled";
        let url = operation.url(&["users", id_or_upn], &[("$select", fields)])?;
        let call = Call::plain("get_user", Method::GET, url);
        operation
            .send::<Json<DirectoryUser>>(&call)
            .await
            .map(|Json(user)| user)
    }

    /// `GET /users/{user}/calendar`: whether Teams meetings can be made there.
    pub async fn get_calendar(&self, user: &str) -> Result<CalendarInfo, GraphError> {
        let operation = self.operation();
        let fields = "id,allowedOnlineMeetingProviders,defaultOnlineMeetingProvider";
        let url = operation.url(&["users", user, "calendar"], &[("$select", fields)])?;
        let call = Call::outlook("get_calendar", Method::GET, url);
        operation
            .send::<Json<CalendarInfo>>(&call)
            .await
            .map(|Json(calendar)| calendar)
    }
}

impl fmt::Debug for DirectoryUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryUser")
            .field("id", &self.id)
            .field(
                "user_principal_name",
                &Hidden::text(self.user_principal_name.as_ref()),
            )
            .field("mail", &Hidden::text(self.mail.as_ref()))
            .field("account_enabled", &self.account_enabled)
            .finish_non_exhaustive()
    }
}
