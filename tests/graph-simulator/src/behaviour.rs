//! The points on which Graph's documentation is silent, contradicts itself or
//! has changed: `graph-protocol.md` asks that each be configurable, so that a
//! client can be tested against every reading.

use serde::{Deserialize, Serialize};

use crate::artifact::Delivery;
use crate::notification::NotificationSettings;
use crate::subscription::SubscriptionSettings;

/// Switches for what is unsettled about Graph; the defaults follow the newest
/// official text, else what most observers report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an open question about Graph, independent of the others"
)]
pub struct Behaviour {
    /// `expires_in` of new tokens, in seconds (§1: real ones vary from 60 to 90 minutes).
    pub token_lifetime_seconds: u32,
    /// The `error` string beside code 90002: `invalid_tenant` (2023+) or `invalid_request` (before).
    pub unknown_tenant_error: String,
    /// Roots accepted in `scope` besides the simulator's own address, e.g. of a national cloud.
    pub graph_roots: Vec<String>,
    /// HTTP status of `ErrorDuplicateTransactionId`: 409 or 400 (§2).
    pub duplicate_transaction_status: u16,
    /// Whether that error names the first event in `@event.existingEventId` (§2, weakly observed).
    pub duplicate_names_existing_event: bool,
    /// Whether a transaction id stays used after its event was deleted (§2: not documented).
    pub transaction_ids_outlive_deletion: bool,
    /// Whether occurrences in a calendar view repeat their master's `transactionId` (§2: not documented).
    pub transaction_id_on_occurrences: bool,
    /// Whether `$filter=transactionId eq '…'` works (§2: unverified).
    pub transaction_id_filterable: bool,
    /// Whether GET by immutable id still finds an event just deleted (§2: inferred).
    pub deleted_events_answer_by_immutable_id: bool,
    /// Whether any IANA zone is understood, not only the documented ones (§2).
    pub any_iana_zone: bool,
    /// The shape of new join links (§0.15).
    pub join_url_shape: JoinUrlShape,
    /// How long a new meeting cannot be found by its join link, in milliseconds of the simulator's clock.
    pub resolution_lag_ms: u64,
    /// What a join link that resolves to nothing answers (§3: not documented).
    pub unresolved_join_url: Unresolved,
    /// `availabilityView` digit for working elsewhere: `0` or `4` (§4: the pages conflict).
    pub working_elsewhere_digit: char,
    /// Requests in flight per app and mailbox before 429 (§8: 4).
    pub mailbox_concurrency: u32,
    /// Requests per app and mailbox in `mailbox_rate_seconds` before 429 (§8: 10,000).
    pub mailbox_rate: u32,
    /// Length of the rate window in seconds (§8: 600).
    pub mailbox_rate_seconds: u32,
    /// `Retry-After` of throttled answers, verbatim; absent: no such header (§8: may be fractional).
    pub retry_after: Option<String>,
    /// Time every request takes, in milliseconds of real time.
    pub latency_ms: u64,
    /// Recordings or transcripts on a page of a list (§5 is silent).
    pub artifact_page_size: usize,
    /// How their lists are cut into pages (§5: empty pages, duplicates).
    pub artifact_paging: ArtifactPaging,
    /// `createdDateTime` is `null` (§7: seen in a documented sample).
    pub artifact_created_null: bool,
    /// How recordings' content comes, those with a way of their own excepted (§5: ranges and redirects are unverified).
    pub recording_delivery: Delivery,
    /// The same of transcripts.
    pub transcript_delivery: Delivery,
    /// How long a link to the storage works, in seconds of the simulator's clock.
    pub storage_link_seconds: u32,
    /// Days after a single meeting's end, or a series' last, until its artifacts answer 404 (§3: 60).
    pub meeting_expiry_days: u32,
    /// Days after the last activity of a series without end (§3: a year).
    pub series_expiry_days: u32,
    /// Whether a delta list shows again what it has shown before (§5, known issue 22934).
    pub delta_shows_older: bool,
    /// Days until a delta token answers 410 (§5 is silent).
    pub delta_token_days: u32,
    /// Whether a refresh token is spent by being used; Microsoft's documentation says that it is not.
    pub refresh_tokens_single_use: bool,
    /// Days until a refresh token has expired (90 by default).
    pub refresh_token_days: u32,
    /// Limits of subscriptions (§6).
    pub subscriptions: SubscriptionSettings,
    /// How notifications travel (§6, §7).
    pub notifications: NotificationSettings,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            token_lifetime_seconds: 3599,
            unknown_tenant_error: "invalid_tenant".into(),
            graph_roots: vec!["https://graph.microsoft.com".into()],
            duplicate_transaction_status: 409,
            duplicate_names_existing_event: false,
            transaction_ids_outlive_deletion: true,
            transaction_id_on_occurrences: false,
            transaction_id_filterable: true,
            deleted_events_answer_by_immutable_id: false,
            any_iana_zone: false,
            join_url_shape: JoinUrlShape::MeetupJoin,
            resolution_lag_ms: 0,
            unresolved_join_url: Unresolved::EmptyList,
            working_elsewhere_digit: '0',
            mailbox_concurrency: 4,
            mailbox_rate: 10_000,
            mailbox_rate_seconds: 600,
            retry_after: Some("2.128".into()),
            latency_ms: 0,
            artifact_page_size: 10,
            artifact_paging: ArtifactPaging::Plain,
            artifact_created_null: false,
            recording_delivery: Delivery::default(),
            transcript_delivery: Delivery::without_ranges(),
            storage_link_seconds: 3600,
            meeting_expiry_days: 60,
            series_expiry_days: 365,
            delta_shows_older: false,
            delta_token_days: 30,
            refresh_tokens_single_use: false,
            refresh_token_days: 90,
            subscriptions: SubscriptionSettings::default(),
            notifications: NotificationSettings::default(),
        }
    }
}

/// The two shapes of join links in circulation (§0.15, §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinUrlShape {
    /// `https://teams.microsoft.com/l/meetup-join/19%3ameeting_…%40thread.v2/0?context=%7b…%7d`.
    MeetupJoin,
    /// `https://teams.microsoft.com/meet/{digits}?p={passcode}`.
    Meet,
}

/// How a list of recordings or transcripts is cut into pages (§5, known problems).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactPaging {
    /// Every item once.
    Plain,
    /// After the first page an empty one, then the first page's items again, then the rest.
    EmptyThenDuplicates,
    /// Every page begins with the last item of the one before.
    Overlapping,
}

/// The answer to a join link that resolves to no meeting (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unresolved {
    /// 200 with an empty `value`.
    EmptyList,
    /// 404 `NotFound`.
    NotFound,
}
