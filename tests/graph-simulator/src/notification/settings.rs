//! How notifications travel: what is unsettled, and what a test makes quicker.

use serde::{Deserialize, Serialize};

/// Switches for notifications; the defaults follow the newest official text (§6, §7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// How long after an artifact is there its notification leaves, in milliseconds of
    /// the simulator's clock (§5: 10 s on average, 60 minutes at most).
    pub delay_ms: u64,
    /// Most notifications in one POST (§6: not documented). What is due for an address at
    /// the same moment goes out together.
    pub batch_size: usize,
    /// In which order what is due at the same moment leaves.
    pub order: NotificationOrder,
    /// How long an address has to answer the first time, in milliseconds of real time (3,000).
    pub first_timeout_ms: u64,
    /// How long for repetitions (10,000).
    pub retry_timeout_ms: u64,
    /// Wait before the first repetition, in milliseconds; it doubles each time, until four hours are over.
    pub first_retry_ms: u64,
    /// Waits, and the ten minutes after which an address is judged again, pass so many
    /// times faster than the simulator's clock (1).
    pub speed: u32,
    /// Answers of an address in ten minutes before it is judged (not documented).
    pub judged_after: usize,
    /// The newer or the older validation tokens (§0.7).
    pub token_version: TokenVersion,
    /// `validationTokens` is `null` for every app (§0.6; of one app: `App::role_assignment_required`).
    pub null_tokens: bool,
    /// A transcript is announced only to subscriptions older than its transcription (§6).
    pub transcripts_need_earlier_subscription: bool,
    /// `EncryptedContent`, as the page on recordings spells it (§6).
    pub capital_encrypted_content: bool,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            batch_size: 50,
            order: NotificationOrder::AsMade,
            first_timeout_ms: 3000,
            retry_timeout_ms: 10_000,
            first_retry_ms: 10_000,
            speed: 1,
            judged_after: 20,
            token_version: TokenVersion::V2,
            null_tokens: false,
            transcripts_need_earlier_subscription: true,
            capital_encrypted_content: false,
        }
    }
}

/// In which order notifications leave that are due at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationOrder {
    /// Oldest first.
    AsMade,
    /// Newest first, one POST after the other.
    Reversed,
}

/// The two shapes of validation tokens in circulation (§0.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenVersion {
    /// `iss https://sts.windows.net/{tid}/`, caller in `appid`.
    V1,
    /// `iss https://login.microsoftonline.com/{tid}/v2.0`, caller in `azp`.
    V2,
}
