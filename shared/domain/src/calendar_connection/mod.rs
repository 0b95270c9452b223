//! Calendars that users have connected: Google's or Microsoft 365's, each with
//! the user's own consent (IV-6).
//!
//! A connection is one consent. What stands in the calendar is kept apart from it
//! (`CalendarSync`), and names the consent under which it was made: another
//! consent may be for another account.

mod command;
mod entry;
mod sync;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use command::{ConnectionDraft, ConnectionInput, Consent};
pub use entry::CalendarEntry;
pub use sync::{CalendarSync, Step, SyncKey, SyncSubject, Wish};

use crate::id::UserId;
use crate::integration::SealedSecret;
use crate::online_meeting::Claim;

/// Whose calendars can be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CalendarProvider {
    /// Google Calendar.
    Google,
    /// Microsoft 365 and Outlook.
    Microsoft,
}

impl CalendarProvider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Google, Self::Microsoft];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// Whether a connection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// As far as is known.
    Connected,
    /// The consent is gone: the user has to connect again.
    Revoked,
    /// The provider takes the consent, but not what is to be written.
    Error,
}

impl ConnectionStatus {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Revoked => "revoked",
            Self::Error => "error",
        }
    }

    /// Reads the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Connected, Self::Revoked, Self::Error]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A user's connected calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarConnection {
    /// Minted with each consent.
    pub connection_id: Uuid,
    /// Whose calendar it is.
    pub user_id: UserId,
    /// Where it is.
    pub provider: CalendarProvider,
    /// What a new access token is asked with; replaced whenever the provider
    /// gives another one.
    pub refresh_token: SealedSecret,
    /// Which of the account's calendars; Google's word for the first is `primary`.
    pub calendar_id: String,
    /// Whether it works.
    pub status: ConnectionStatus,
    /// Stable code of what went wrong last, until something goes well again.
    pub last_error: Option<String>,
    /// Who is asking for an access token: a refresh token may work only once.
    pub renewal: Option<Claim>,
    /// When the user consented.
    pub connected_at: DateTime<Utc>,
    /// When the provider last took something, to the minute.
    pub last_synced_at: Option<DateTime<Utc>>,
    /// Rises with every write.
    pub version: u64,
}

impl CalendarConnection {
    /// The calendar that an account has in any case.
    pub const PRIMARY: &'static str = "primary";

    /// A connection by a consent that was just tried.
    pub fn new(
        connection_id: Uuid,
        owner: (UserId, CalendarProvider),
        refresh_token: SealedSecret,
        calendar_id: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            connection_id,
            user_id: owner.0,
            provider: owner.1,
            refresh_token,
            calendar_id: calendar_id.unwrap_or_else(|| Self::PRIMARY.to_owned()),
            status: ConnectionStatus::Connected,
            last_error: None,
            renewal: None,
            connected_at: now,
            last_synced_at: None,
            version: 1,
        }
    }

    /// Whether anything can be written by it.
    pub fn is_usable(&self) -> bool {
        self.status != ConnectionStatus::Revoked
    }

    /// Whether somebody else is asking for an access token.
    pub fn is_renewed_elsewhere(&self, now: DateTime<Utc>) -> bool {
        self.renewal.is_some_and(|claim| claim.until > now)
    }

    /// The consent is gone.
    pub fn become_revoked(&mut self) {
        self.status = ConnectionStatus::Revoked;
        self.last_error = Some("grant_revoked".to_owned());
        self.renewal = None;
    }

    /// The provider took something; whether that is worth writing down.
    pub fn note_success(&mut self, now: DateTime<Utc>) -> bool {
        let minute = chrono::TimeDelta::minutes(1);
        let is_recent = self.last_synced_at.is_some_and(|at| now - at < minute);
        if is_recent && self.last_error.is_none() && self.status == ConnectionStatus::Connected {
            return false;
        }
        self.status = ConnectionStatus::Connected;
        self.last_error = None;
        self.last_synced_at = Some(now);
        true
    }

    /// The provider did not take it; `is_lasting`: nor will it, before somebody
    /// changes something. Whether that is news.
    pub fn note_failure(&mut self, code: &str, is_lasting: bool) -> bool {
        let status = if is_lasting {
            ConnectionStatus::Error
        } else {
            self.status
        };
        if self.status == status && self.last_error.as_deref() == Some(code) {
            return false;
        }
        self.status = status;
        self.last_error = Some(code.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> CalendarConnection {
        CalendarConnection::new(
            Uuid::from_u128(1),
            (UserId::parse("u1").unwrap(), CalendarProvider::Google),
            SealedSecret::new("canary".to_owned()),
            None,
            at(0),
        )
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
    }

    /// IV-6: a failure shows until something goes well, and a lasting one as such.
    #[test]
    fn what_went_wrong_shows_until_something_goes_well() {
        let mut one = connection();
        assert_eq!(one.calendar_id, "primary");
        assert!(one.note_success(at(0)));
        assert!(!one.note_success(at(59)), "not for every event");
        assert!(one.note_failure("unavailable", false));
        assert!(!one.note_failure("unavailable", false), "no news");
        assert_eq!(one.status, ConnectionStatus::Connected);
        assert!(one.note_failure("forbidden", true));
        assert_eq!(one.status, ConnectionStatus::Error);
        assert!(one.note_success(at(60)));
        assert_eq!(
            (one.status, one.last_error),
            (ConnectionStatus::Connected, None)
        );
    }

    /// IV-6: a revoked connection is used no more.
    #[test]
    fn a_revoked_connection_is_not_usable() {
        let mut one = connection();
        assert!(one.is_usable());
        one.become_revoked();
        assert!(!one.is_usable());
        assert_eq!(one.last_error.as_deref(), Some("grant_revoked"));
    }

    /// XC-9: no debug line shows even the ciphertext.
    #[test]
    fn a_debug_line_hides_the_token() {
        assert!(!format!("{:?}", connection()).contains("canary"));
        for provider in CalendarProvider::ALL {
            assert_eq!(CalendarProvider::parse(provider.as_str()), Some(provider));
        }
    }
}
