//! Making a subscription at Microsoft (NT-1): written down first, whatever the call
//! then comes to.
//!
//! Microsoft has one subscription per application and organiser. What is in the way
//! is ours from a crash, and adopted; or made otherwise, and replaced; or another
//! organisation's of this deployment, and left alone.

use std::fmt::Write;

use convoke_domain::artifact::ArtifactType;
use convoke_domain::subscription::{Made, Subscription, SubscriptionState};
use convoke_graph::{
    ArtifactKind, GraphErrorClass, GraphSession, GraphSubscription, SubscriptionRequest,
    subscription_resource,
};

use super::outcome::{pointer, taken};
use super::stop::{Stop, is_gone};
use super::subscriber::ClientState;
use super::turn::{Done, HANDSHAKE_CALL, PLAIN_CALL, Turn};

/// How often one run tries to get what is in the way out of it.
const TRIES: u32 = 3;

/// What becomes of a subscription that is in the way.
enum InTheWay {
    Ours(GraphSubscription),
    OutOfIt,
}

impl Turn<'_> {
    /// Makes it. `is_gone`: what the row names does not exist any more; else that is
    /// removed first.
    pub(super) async fn make(&mut self, is_gone: bool) -> Result<Done, Stop> {
        let (kit, account) = (self.kit, self.account().await?);
        let client = kit.subscriber.microsoft.client();
        // Notifications name their tenant by its GUID: none could be believed without.
        let guid = client.microsoft_tenant_guid(&self.row.ms_tenant_id).await;
        let guid = guid.map_err(|error| self.failed(error))?;
        let state = kit.client_state(self.store.tenant(), &self.row.key);
        let state = state.map_err(Stop::Store)?;
        // Without an earlier intent nothing that is there can be this row's.
        let had_intent = self.row.state == SubscriptionState::Wanted
            && self.row.subscription_id.is_none()
            && !self.row.has_ended(self.now());
        let mut next = self.row.clone();
        next.ms_tenant_guid = Some(guid);
        next.intend(self.terms(), state.hash.clone(), is_gone, self.now());
        self.write(next).await?;
        let session = kit.session(&account, PLAIN_CALL);
        if let Some(id) = &self.row.subscription_id {
            let removed = session.delete_subscription(id).await;
            removed.map_err(|error| self.failed(error))?;
        }
        let patient = kit.session(&account, HANDSHAKE_CALL);
        let request = self.request(state)?;
        for _ in 0..TRIES {
            match patient.create_subscription(&request).await {
                Ok(made) => return self.live(made, Done::Made).await,
                Err(error) => match &error.class {
                    GraphErrorClass::DuplicateSubscription(id) => {
                        let may_be_ours = had_intent || error.outcome_unknown;
                        let found = self.clear(session, id.as_deref(), may_be_ours).await?;
                        if let InTheWay::Ours(found) = found {
                            return self.live(found, Done::Adopted).await;
                        }
                    }
                    _ => return Err(self.failed(error)),
                },
            }
        }
        Err(Stop::passing("duplicate_subscription"))
    }

    fn request(&self, state: ClientState) -> Result<SubscriptionRequest, Stop> {
        Ok(SubscriptionRequest {
            organizer_object_id: self.row.organizer_object_id.clone(),
            kind: kind_of(self.row.kind),
            notification_url: self.terms().notification_url.clone(),
            lifecycle_notification_url: self.terms().lifecycle_notification_url.clone(),
            client_state: state.plain,
            // As it was just written down.
            expires_at: self.row.expires_at.ok_or(Stop::Lost)?,
            certificate: self.kit.certificate.clone(),
        })
    }

    /// Finds out about what Microsoft says is there already. `may_be_ours`: an
    /// earlier try of this row's may have made it.
    async fn clear(
        &mut self,
        session: GraphSession<'_>,
        id: Option<&str>,
        may_be_ours: bool,
    ) -> Result<InTheWay, Stop> {
        let found = if let Some(id) = id {
            match session.subscription(id).await {
                Err(error) if is_gone(&error) => return Ok(InTheWay::OutOfIt),
                found => found.map_err(|error| self.failed(error))?,
            }
        } else {
            let all = session.list_subscriptions().await;
            let all = all.map_err(|error| self.failed(error))?;
            let found = all.into_iter().find(|one| watches(one, &self.row));
            found.ok_or_else(|| Stop::passing("duplicate_subscription"))?
        };
        if !watches(&found, &self.row) {
            // Nothing of ours, whatever it is.
            return Err(Stop::refused("duplicate_subscription"));
        }
        match self.holder(&found.id).await? {
            Holder::Another => Err(taken()),
            Holder::Nobody if may_be_ours && self.is_intended(&found) => Ok(InTheWay::Ours(found)),
            Holder::Nobody | Holder::OwnTenant => {
                let removed = session.delete_subscription(&found.id).await;
                removed.map_err(|error| self.failed(error))?;
                Ok(InTheWay::OutOfIt)
            }
        }
    }

    /// Whose row names a subscription at Microsoft.
    pub(super) async fn holder(&self, subscription_id: &str) -> Result<Holder, Stop> {
        let core = &self.kit.subscriber.core;
        let Some(pointer) = pointer(core, subscription_id).await? else {
            return Ok(Holder::Nobody);
        };
        let is_own = pointer.tenant()? == *self.store.tenant();
        Ok(if is_own {
            Holder::OwnTenant
        } else {
            Holder::Another
        })
    }

    /// Whether a subscription is what this row's own intent would have made.
    fn is_intended(&self, found: &GraphSubscription) -> bool {
        let terms = self.terms();
        !self.row.has_old_client_state
            && found.notification_url.as_ref() == Some(&terms.notification_url)
            && found.lifecycle_notification_url.as_ref() == Some(&terms.lifecycle_notification_url)
            && found.certificate_id == terms.certificate_id
            && found.expires_at.is_some_and(|at| at > self.now())
    }

    async fn live(&mut self, found: GraphSubscription, done: Done) -> Result<Done, Stop> {
        let made = Made {
            expires_at: found.expires_at.or(self.row.expires_at).ok_or(Stop::Lost)?,
            subscription_id: found.id,
            certificate_id: self.terms().certificate_id.clone(),
        };
        let now = self.now();
        let written = self.record(|row| {
            row.become_live(made.clone(), now);
            true
        });
        if written.await?.is_none() {
            // The row was given up in the meantime: so is what it was for.
            let (kit, account) = (self.kit, self.account().await?);
            let session = kit.session(&account, PLAIN_CALL);
            let removed = session.delete_subscription(&made.subscription_id).await;
            removed.map_err(|error| self.failed(error))?;
            return Ok(Done::Nothing);
        }
        Ok(done)
    }
}

/// Whose a subscription is, as far as this deployment knows.
pub(super) enum Holder {
    Nobody,
    /// A row of the same tenant.
    OwnTenant,
    Another,
}

/// Whether a subscription watches what a row is about.
pub(super) fn watches(found: &GraphSubscription, row: &Subscription) -> bool {
    let wanted = subscription_resource(&row.organizer_object_id, kind_of(row.kind));
    plain(&found.resource) == plain(&wanted)
}

/// A resource without what Microsoft spells in several ways.
fn plain(resource: &str) -> String {
    let mut plain = String::with_capacity(resource.len());
    for part in resource.split(['/', '(', ')', '\'']) {
        if !part.is_empty() {
            let _ = write!(plain, "/{}", part.to_lowercase());
        }
    }
    plain
}

fn kind_of(kind: ArtifactType) -> ArtifactKind {
    match kind {
        ArtifactType::Recording => ArtifactKind::Recording,
        ArtifactType::Transcript => ArtifactKind::Transcript,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NT-4: what is in the way is recognised however Microsoft spells it.
    #[test]
    fn a_resource_is_the_same_in_each_spelling() {
        let ours = plain(&subscription_resource("a-b", ArtifactKind::Recording));
        for same in [
            "users/A-B/onlineMeetings/getAllRecordings",
            "/users/a-b/onlinemeetings/getallrecordings",
            "users('a-b')/onlineMeetings/getAllRecordings()",
        ] {
            assert_eq!(plain(same), ours, "{same}");
        }
        for other in [
            "users/a-c/onlineMeetings/getAllRecordings",
            "users/a-b/onlineMeetings/getAllTranscripts",
            "communications/onlineMeetings/getAllRecordings",
            "",
        ] {
            assert_ne!(plain(other), ours, "{other}");
        }
    }
}
