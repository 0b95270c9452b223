//! Interactions: the timeline of a client or contact (OM-5).

use convoke_domain::engagement::Engagement;
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, InteractionId, UserId};
use convoke_domain::interaction::{self, Interaction, InteractionDraft, InteractionInput};
use convoke_platform::http::{Seal, require_version};
use convoke_platform::records::InteractionRecord;
use convoke_platform::store::{Index, Page, Position, Query, SortRange, TenantStore};

use super::follow::FollowUp;
use super::people::{Timeline, check_timeline, require_users};
use super::warning::Verb;
use super::write::Write;
use super::{Desk, Handled, Warning, load};
use crate::core::undisturbed;

const UNKNOWN: Error = Error::NotFound {
    what: "interaction",
};

/// Whose timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimelineOf {
    /// A client's, with all their contacts'.
    Client(ClientId),
    /// A contact's.
    Contact(ContactId),
}

/// Reads one page of a timeline, the latest first.
pub async fn list_interactions(
    store: &TenantStore,
    of: &TimelineOf,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Interaction>, Error> {
    let (index, partition) = match of {
        TimelineOf::Client(id) => (Index::Gsi1, InteractionRecord::list_of_client(id)),
        TimelineOf::Contact(id) => (Index::Gsi2, InteractionRecord::list_of_contact(id)),
    };
    let query = Query {
        index,
        partition,
        range: SortRange::All,
        filters: vec![],
        limit,
        after,
    };
    let page = store.query_backwards::<InteractionRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(Interaction::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}

/// Reads an interaction with its meeting and artifacts: one call.
pub async fn get_interaction(store: &TenantStore, id: InteractionId) -> Result<Engagement, Error> {
    let engagement = load(store, id.uuid()).await?;
    engagement.interaction.as_ref().ok_or(UNKNOWN)?;
    Ok(engagement)
}

/// Logs something that happened, or will.
pub async fn log_interaction(
    desk: &Desk,
    store: &TenantStore,
    caller: &UserId,
    mut draft: InteractionDraft,
    seal: &Seal<'_, Engagement>,
) -> Result<Engagement, Error> {
    let timeline = Timeline {
        client_id: draft.client_id.take(),
        contact_id: draft.contact_id.take(),
    };
    let timeline = check_timeline(store, timeline).await?;
    (draft.client_id, draft.contact_id) = (timeline.client_id, timeline.contact_id);
    // Whoever calls is one, though the directory may not have noted them yet.
    if draft.user_id != *caller {
        require_users(store, [("/user_id".to_owned(), &draft.user_id)]).await?;
    }
    let id = InteractionId::new(desk.core.ports.mint());
    let after = Engagement {
        interaction: Some(draft.into_interaction(id, desk.core.ports.now())),
        ..Engagement::default()
    };
    let before = Engagement::default();
    undisturbed(|| async {
        Write::of(desk, store, &before)
            .commit(after.clone(), |transaction, after| {
                seal.apply(transaction, after)
            })
            .await
    })
    .await
}

/// Changes what an interaction says.
pub async fn change_interaction(
    desk: &Desk,
    store: &TenantStore,
    id: InteractionId,
    input: &InteractionInput,
    if_match: Option<u64>,
) -> Result<Engagement, Error> {
    undisturbed(|| async {
        let before = get_interaction(store, id).await?;
        let mut after = before.clone();
        let interaction = after.interaction.as_mut().ok_or(UNKNOWN)?;
        require_version(if_match, interaction.version)?;
        let now = desk.core.ports.now();
        interaction::change(interaction, before.meeting.as_ref(), input, now)?;
        if after == before {
            return Ok(before);
        }
        Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await
    })
    .await
}

/// Takes an interaction off the timeline; its meeting, if it lies ahead, is
/// cancelled first.
pub async fn delete_interaction(
    desk: &Desk,
    store: &TenantStore,
    id: InteractionId,
    if_match: Option<u64>,
) -> Result<Option<Warning>, Error> {
    let claim = desk.claim();
    let engagement = undisturbed(|| async {
        let before = get_interaction(store, id).await?;
        let interaction = before.interaction.as_ref().ok_or(UNKNOWN)?;
        require_version(if_match, interaction.version)?;
        let mut after = before.clone();
        after.drop_interaction(claim, desk.core.ports.now());
        Write::of(desk, store, &before)
            .commit(after, |_, _| Ok(()))
            .await
    })
    .await?;
    let handled = Handled::of(engagement, None);
    let handled = FollowUp::of(desk, store, claim.token, Verb::CancelMeeting)
        .run(handled, None)
        .await?;
    Ok(handled.warning)
}
