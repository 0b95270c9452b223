//! Conversations of sessions (IV-2, IV-5): who belongs to the session reads and
//! writes; for anybody else there is no conversation.

use convoke_domain::conversation::{self, Author, Message};
use convoke_domain::error::Error;
use convoke_domain::id::{MessageId, SessionId};
use convoke_platform::http::{Caller, Seal};
use convoke_platform::records::{MessageRecord, SessionRecord};
use convoke_platform::store::{Page, Position, Query, Record, TenantStore};

use crate::core::{Core, undisturbed};
use crate::sessions::{self, Held};

const UNKNOWN: Error = Error::NotFound {
    what: "conversation",
};

/// Reads one page as a chat shows it: the first page ends with the newest
/// message, and going on leads to older ones; within a page the newest is last.
/// A conversation can be read as long as its session is there, whatever became
/// of that, by its members; who may manage all sessions is none for that.
pub async fn list(
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Message>, Error> {
    enter(store, id, caller).await?;
    let query = Query {
        after,
        ..Query::partition(MessageRecord::list_of(id), limit)
    };
    let page = store.query_backwards::<MessageRecord>(&query).await?;
    let records = page.records.into_iter().rev();
    Ok(Page {
        records: records.map(Message::try_from).collect::<Result<_, _>>()?,
        next: page.next,
    })
}

/// Adds a message, on the condition that the session is still as it was when the
/// caller was found to be a member: whoever was removed gets no word in after it.
/// A cancelled session takes none (409 `meeting_cancelled`), an ended one does.
pub async fn post(
    core: &Core,
    store: &TenantStore,
    caller: &Caller,
    id: SessionId,
    body: &str,
    seal: &Seal<'_, Message>,
) -> Result<Message, Error> {
    conversation::check_body(body)?;
    undisturbed(|| async {
        let session = enter(store, id, caller).await?.session;
        let mut author = Author::of(&session, &sessions::who(caller)).ok_or(UNKNOWN)?;
        conversation::require_open(&session)?;
        author.name = author.name.or_else(|| caller.name.clone());
        let message = Message {
            message_id: MessageId::new(core.ports.mint()),
            conversation_id: id,
            author,
            body: body.to_owned(),
            created_at: core.ports.now(),
        };
        let mut transaction = store.transaction();
        transaction.require(
            SessionRecord::KIND,
            &SessionRecord::key_of(id),
            session.version,
        );
        transaction.create(&MessageRecord::from(&message));
        seal.apply(&mut transaction, &message)?;
        transaction.commit().await?;
        Ok(message)
    })
    .await
}

async fn enter(store: &TenantStore, id: SessionId, caller: &Caller) -> Result<Held, Error> {
    match sessions::enter(store, id, caller).await {
        Ok((held, _)) if sessions::takes_part(&held.session, caller) => Ok(held),
        Ok(_) | Err(Error::NotFound { .. }) => Err(UNKNOWN),
        Err(error) => Err(error),
    }
}
