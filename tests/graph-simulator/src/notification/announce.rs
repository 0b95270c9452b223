//! Making notifications: of a recording or transcript once it can be seen, for the
//! subscriptions that were there before it (graph-protocol §6), and of lifecycle events.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::disturbance::{DisturbanceEffect, Disturbances};
use super::endpoint::{self, Endpoints};
use super::{
    Content, EndpointState, Item, LifecycleEvent, NotificationKind, Pending, SentNotification,
};
use crate::artifact::{ArtifactKind, StoredArtifact};
use crate::subscription::{StoredSubscription, SubscriptionTarget};
use crate::world::World;

/// An artifact of which nobody has been told yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unannounced {
    pub(crate) artifact_id: String,
    pub(crate) added_at: DateTime<Utc>,
}

/// What decides about a notification besides the world.
pub(super) struct Circumstances<'a> {
    pub(super) disturbances: &'a mut Disturbances,
    pub(super) endpoints: &'a mut Endpoints,
    /// Those that were not sent.
    pub(super) dropped: Vec<SentNotification>,
}

/// Makes the notifications of everything that can be seen by now.
pub(super) fn announce(world: &mut World, circumstances: &mut Circumstances<'_>) {
    if world.unannounced.is_empty() {
        return;
    }
    let now = world.now();
    world.subscriptions.expire(now);
    let waiting = std::mem::take(&mut world.unannounced);
    let mut waiting: BTreeMap<String, DateTime<Utc>> = waiting
        .into_iter()
        .map(|u| (u.artifact_id, u.added_at))
        .collect();
    let mut visible: Vec<(StoredArtifact, DateTime<Utc>)> = Vec::new();
    for artifact in &world.artifacts {
        if let Some(added_at) = waiting.get(&artifact.id)
            && artifact.is_visible(now)
        {
            let from = artifact
                .visible_from
                .map_or(*added_at, |from| from.max(*added_at));
            // How long ago the last listing was is not known.
            let from = if artifact.visible_after_listings > 0 {
                now
            } else {
                from
            };
            visible.push((artifact.clone(), from));
            waiting.remove(&artifact.id);
        }
    }
    // Those that were removed meanwhile are forgotten.
    let still = world.artifacts.iter().filter_map(|artifact| {
        let added_at = *waiting.get(&artifact.id)?;
        let artifact_id = artifact.id.clone();
        Some(Unannounced {
            artifact_id,
            added_at,
        })
    });
    world.unannounced = still.collect();
    for (artifact, since) in &visible {
        for subscription in concerned(world, artifact, *since) {
            notify(world, circumstances, &subscription, artifact);
        }
    }
}

/// The subscriptions that are told of it.
fn concerned(
    world: &World,
    artifact: &StoredArtifact,
    since: DateTime<Utc>,
) -> Vec<StoredSubscription> {
    let meeting = world.meetings.get(&artifact.meeting_id);
    // graph-protocol §6: only scheduled meetings.
    let Some(meeting) = meeting.filter(|meeting| meeting.calendar_backed) else {
        return Vec::new();
    };
    let settings = &world.behaviour.notifications;
    let early_enough = |subscription: &&StoredSubscription| {
        // graph-protocol §6: a transcript is announced only if the subscription
        // existed before transcription started.
        let strict = artifact.kind == ArtifactKind::Transcript
            && settings.transcripts_need_earlier_subscription;
        subscription.created_at <= since
            && (!strict || subscription.created_at <= artifact.created_at)
    };
    let targets = [
        SubscriptionTarget::Tenant,
        SubscriptionTarget::Organizer(artifact.organizer_id.clone()),
        SubscriptionTarget::Meeting(artifact.meeting_id.clone()),
    ];
    let places = targets.map(|target| (meeting.tenant_id.clone(), artifact.kind, target));
    let found = places
        .iter()
        .flat_map(|place| world.subscriptions.at(place));
    found.filter(early_enough).cloned().collect()
}

fn notify(
    world: &mut World,
    circumstances: &mut Circumstances<'_>,
    subscription: &StoredSubscription,
    artifact: &StoredArtifact,
) {
    let make = |world: &World, is_plain| Item::created(world, subscription, artifact, is_plain);
    let url = &subscription.notification_url;
    send(
        world,
        circumstances,
        subscription,
        artifact.kind.into(),
        url,
        make,
    );
}

/// Makes the notification of a lifecycle event.
pub(super) fn announce_lifecycle(
    world: &mut World,
    circumstances: &mut Circumstances<'_>,
    subscription: &StoredSubscription,
    event: LifecycleEvent,
) {
    let other = subscription.lifecycle_notification_url.as_ref();
    let url = other.unwrap_or(&subscription.notification_url);
    let make = |_: &World, _| Item::lifecycle(subscription, event);
    let kind = NotificationKind::Lifecycle;
    send(world, circumstances, subscription, kind, url, make);
}

/// Puts a notification where deliveries wait, in as many copies and as late as
/// the rules and the state of its address want.
fn send(
    world: &mut World,
    circumstances: &mut Circumstances<'_>,
    subscription: &StoredSubscription,
    kind: NotificationKind,
    url: &str,
    make: impl Fn(&World, bool) -> Item,
) {
    let now = world.now();
    let settings = world.behaviour.notifications.clone();
    let (id, tenant) = (&subscription.id, &subscription.tenant_id);
    let effect = circumstances.disturbances.strike(kind, id, tenant);
    let is_plain = effect == Some(DisturbanceEffect::Plain);
    let state = circumstances.endpoints.state(url, now, &settings);
    // graph-protocol §6: what a dropped address misses is lost for good.
    if effect == Some(DisturbanceEffect::Drop) || state == EndpointState::Dropping {
        let item = make(world, true);
        circumstances.dropped.push(SentNotification {
            subscription_ids: vec![item.subscription_id],
            artifact_ids: item.artifact_id.into_iter().collect(),
            attempt: 0,
            ..SentNotification::begun(kind, url, now)
        });
        return;
    }
    let mut wait = TimeDelta::milliseconds(settings.delay_ms.try_into().unwrap_or(i64::MAX));
    if state == EndpointState::Slow {
        wait += endpoint::period(&settings);
    }
    if let Some(DisturbanceEffect::Delay(ms)) = effect {
        wait += TimeDelta::milliseconds(ms.try_into().unwrap_or(i64::MAX));
    }
    let copies = match effect {
        Some(DisturbanceEffect::Duplicate(more)) => more.saturating_add(1),
        _ => 1,
    };
    for _ in 0..copies {
        let mut item = make(world, is_plain);
        item.null_tokens = effect == Some(DisturbanceEffect::NullTokens);
        world.pending.push(Pending {
            url: url.into(),
            due_at: now
                .checked_add_signed(wait)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            content: Content::Items(vec![item]),
            attempts: 0,
            first_at: None,
        });
    }
}
