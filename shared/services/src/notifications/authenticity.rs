//! Whether a notification is Microsoft's, and what it tells (NT-3).
//!
//! Guarantee: the checks that ask nobody come first, so that a stranger's
//! notifications cost no look-up of keys. A subscription made with encryption
//! takes encrypted notifications only, vouched for by a token of its own
//! Microsoft tenant and application.

use chrono::{DateTime, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::error::Error;
use convoke_graph::ArtifactKind;
use convoke_graph::notification::{
    ArtifactAddress, DecryptedArtifact, Notification, SigningKeys, TokenProblem, ValidatedToken,
};
use convoke_platform::keyring::{is_same, sha256_hex};
use tokio::sync::OnceCell;

use super::known::Known;
use super::tally::Verdict;
use crate::notification_keys::NotificationKeys;

/// What a genuine notification tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Microsoft's id of the meeting.
    pub(super) meeting_id: String,
    /// Microsoft's id of the artifact.
    pub(super) artifact_id: String,
}

/// Why a notification is refused for what it says of itself, if so.
pub(super) fn refuse(known: &Known, notification: &Notification) -> Option<Verdict> {
    let row = &known.subscription;
    let state = notification.client_state.as_ref();
    let hash = sha256_hex(state.map_or("", |state| state.expose()).as_bytes());
    if state.is_none() || !is_same(&hash, &row.client_state_hash) {
        return Some(Verdict::WrongClientState);
    }
    let tenant = notification.tenant_id.as_deref();
    let is_of_tenant = match (&row.ms_tenant_guid, tenant) {
        (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
        _ => false,
    };
    (!is_of_tenant).then_some(Verdict::WrongTenant)
}

/// What Microsoft's tokens say of a delivery.
enum Vouchers {
    /// All of them are valid.
    Valid(Vec<ValidatedToken>),
    /// One is forged: Microsoft vouches for nothing here.
    Forged,
    /// Microsoft's keys could not be read.
    Unknown,
}

/// What the notifications of one delivery have in common.
pub(super) struct Delivered<'a> {
    signing_keys: &'a SigningKeys,
    decryption_keys: &'a NotificationKeys,
    tokens: Option<Vec<String>>,
    received_at: DateTime<Utc>,
    vouchers: OnceCell<Vouchers>,
}

impl<'a> Delivered<'a> {
    pub(super) fn new(
        signing_keys: &'a SigningKeys,
        decryption_keys: &'a NotificationKeys,
        tokens: Option<Vec<String>>,
        received_at: DateTime<Utc>,
    ) -> Self {
        Self {
            signing_keys,
            decryption_keys,
            tokens,
            received_at,
            vouchers: OnceCell::new(),
        }
    }

    /// When it came: tokens are valid as of then, however long the queue was.
    pub(super) fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    /// What a notification tells that was not refused; or why it is.
    pub(super) async fn told_of(
        &self,
        known: &Known,
        notification: &Notification,
    ) -> Result<Result<Told, Verdict>, Error> {
        let row = &known.subscription;
        if notification
            .change_type
            .as_deref()
            .is_none_or(|change| change != "created")
        {
            return Ok(Err(Verdict::Ignored));
        }
        let told = if row.certificate_id.is_some() {
            self.opened(known, notification).await?
        } else {
            plain(known, notification)
        };
        Ok(told)
    }

    async fn opened(
        &self,
        known: &Known,
        notification: &Notification,
    ) -> Result<Result<Told, Verdict>, Error> {
        let row = &known.subscription;
        let Some(content) = &notification.encrypted else {
            return Ok(Err(Verdict::PlainRefused));
        };
        let valid = match self.vouchers.get_or_init(|| self.vouch()).await {
            Vouchers::Valid(tokens) => tokens.as_slice(),
            Vouchers::Forged => &[],
            Vouchers::Unknown => {
                return Err(Error::Upstream {
                    code: "signing_keys_unavailable",
                    message: "Microsoft's signing keys cannot be read; try again".to_owned(),
                    retry_after: None,
                });
            }
        };
        let is_vouched_for = valid.iter().any(|token| {
            let is_of_tenant = row
                .ms_tenant_guid
                .as_ref()
                .is_some_and(|tenant| tenant.eq_ignore_ascii_case(&token.tenant_id));
            is_of_tenant && token.audience.eq_ignore_ascii_case(&row.client_id)
        });
        if !is_vouched_for {
            return Ok(Err(Verdict::NotAuthenticated));
        }
        let key = self.decryption_keys.open(&content.certificate_id).await?;
        let plain = key.and_then(|key| key.decrypt(content).ok());
        let Some(artifact) = plain.as_deref().and_then(DecryptedArtifact::parse) else {
            return Ok(Err(Verdict::NotDecrypted));
        };
        let fits = |ours: &str, theirs: Option<&String>| {
            theirs.is_none_or(|theirs| theirs.eq_ignore_ascii_case(ours))
        };
        let tenant = row.ms_tenant_guid.as_deref().unwrap_or_default();
        let is_organizers = fits(
            &row.organizer_object_id,
            artifact.organizer_object_id.as_ref(),
        ) && fits(tenant, artifact.tenant_id.as_ref());
        // The kind is in the clear only; the subscription's own where that is left out.
        let kind = notification
            .resource
            .as_deref()
            .and_then(ArtifactAddress::parse);
        if !is_organizers || kind.is_some_and(|address| !is_of_kind(row.kind, address.kind)) {
            return Ok(Err(Verdict::WrongResource));
        }
        Ok(Ok(Told {
            meeting_id: artifact.meeting_id,
            artifact_id: artifact.id,
        }))
    }

    /// Once for the whole delivery.
    async fn vouch(&self) -> Vouchers {
        let mut valid = vec![];
        for token in self.tokens.iter().flatten() {
            match self.signing_keys.validate(token, self.received_at).await {
                Ok(token) => valid.push(token),
                Err(TokenProblem::Forged(why)) => {
                    tracing::debug!(why, "a validation token is refused");
                    return Vouchers::Forged;
                }
                Err(TokenProblem::KeysUnavailable) => return Vouchers::Unknown,
            }
        }
        Vouchers::Valid(valid)
    }
}

fn plain(known: &Known, notification: &Notification) -> Result<Told, Verdict> {
    let row = &known.subscription;
    let address = notification
        .resource
        .as_deref()
        .and_then(ArtifactAddress::parse)
        .ok_or(Verdict::WrongResource)?;
    let is_organizers = address
        .organizer_object_id
        .as_ref()
        .is_none_or(|organizer| organizer.eq_ignore_ascii_case(&row.organizer_object_id));
    if !is_organizers || !is_of_kind(row.kind, address.kind) {
        return Err(Verdict::WrongResource);
    }
    Ok(Told {
        meeting_id: address.meeting_id,
        artifact_id: address.artifact_id,
    })
}

fn is_of_kind(ours: ArtifactType, theirs: ArtifactKind) -> bool {
    match theirs {
        ArtifactKind::Recording => ours == ArtifactType::Recording,
        ArtifactKind::Transcript => ours == ArtifactType::Transcript,
    }
}
