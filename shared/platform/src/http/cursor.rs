//! Lists: `limit`, and a cursor that only its own list can read (XC-6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use convoke_domain::error::Error;
use serde::Serialize;

use super::{Call, Reply};
use crate::keyring::{KEY_ID_LEN, Purpose};
use crate::secrets::Secrets;
use crate::store::{Page, Position};

/// Items of a page where the caller does not say.
pub const LIST_DEFAULT: u16 = 25;
/// Most items of a page.
pub const LIST_MAX: u16 = 100;

const CURSOR_MAX: usize = 4096;

/// Which page of which list the caller asks for.
pub struct ListRequest {
    /// Items of this page.
    pub limit: u16,
    /// Where it begins.
    pub after: Option<Position>,
    context: Vec<u8>,
}

/// The body of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// This page; it may be short though more follow.
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; `null` on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

fn refused() -> Error {
    Error::Malformed {
        code: "invalid_cursor",
        message: "this cursor does not belong to this list; begin without one".to_owned(),
    }
}

impl ListRequest {
    /// Reads `limit` and `cursor`; a forged or foreign cursor is refused.
    pub async fn read(call: &Call, secrets: &Secrets) -> Result<Self, Error> {
        Self::read_in(call, secrets, context_of(call, None)?).await
    }

    /// As [`Self::read`], of a list that is another one for each user: a cursor
    /// is its user's alone.
    pub async fn read_own(call: &Call, secrets: &Secrets) -> Result<Self, Error> {
        let own = call.caller()?.user_id.as_str();
        Self::read_in(call, secrets, context_of(call, Some(own))?).await
    }

    async fn read_in(call: &Call, secrets: &Secrets, context: Vec<u8>) -> Result<Self, Error> {
        let limit = match call.query("limit")? {
            None => LIST_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIST_MAX).contains(limit))
                .ok_or_else(|| Error::Malformed {
                    code: "invalid_limit",
                    message: format!("limit is a number from 1 to {LIST_MAX}"),
                })?,
        };
        let after = match call.query("cursor")? {
            None => None,
            Some(cursor) => Some(open(cursor, &context, secrets).await?),
        };
        Ok(Self {
            limit,
            after,
            context,
        })
    }

    /// Makes the answer of a page.
    pub async fn listing<T>(
        &self,
        items: Vec<T>,
        next: Option<Position>,
        secrets: &Secrets,
    ) -> Result<Listing<T>, Error> {
        let next_cursor = match next {
            None => None,
            Some(position) => Some(self.close(&position, secrets).await?),
        };
        Ok(Listing { items, next_cursor })
    }

    /// Answers with a page, each record as its view.
    pub async fn reply<T, V: Serialize>(
        &self,
        page: Page<T>,
        secrets: &Secrets,
        view: impl Fn(&T) -> V,
    ) -> Result<Reply, Error> {
        let items = page.records.iter().map(view).collect();
        let listing: Listing<V> = self.listing(items, page.next, secrets).await?;
        Ok(Reply::ok(&listing))
    }

    async fn close(&self, position: &Position, secrets: &Secrets) -> Result<String, Error> {
        let ring = secrets.keyring().await?;
        let plain =
            serde_json::to_vec(position).map_err(|error| Error::internal(error.to_string()))?;
        let sealed = ring
            .seal(Purpose::Cursor, &self.context, &plain)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode([&ring.id()[..], &sealed].concat()))
    }
}

async fn open(cursor: &str, context: &[u8], secrets: &Secrets) -> Result<Position, Error> {
    if cursor.len() > CURSOR_MAX {
        return Err(refused());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let (key_id, sealed) = bytes.split_at_checked(KEY_ID_LEN).ok_or_else(refused)?;
    let key_id = key_id.try_into().map_err(|_| refused())?;
    let ring = secrets.keyring_of(key_id).await?.ok_or_else(refused)?;
    let plain = ring
        .open(Purpose::Cursor, context, sealed)
        .ok_or_else(refused)?;
    serde_json::from_slice(&plain).map_err(|_| refused())
}

/// What a cursor is bound to: tenant, what the caller may see, the list, whose
/// alone it is, and its filters.
fn context_of(call: &Call, own: Option<&str>) -> Result<Vec<u8>, Error> {
    let caller = call.caller()?;
    let mut filters: Vec<_> = call
        .query
        .iter()
        .filter(|(name, _)| name != "cursor" && name != "limit")
        .collect();
    filters.sort();
    serde_json::to_vec(&(
        caller.tenant().id().as_str(),
        caller.view(),
        call.operation,
        &call.params,
        own,
        filters,
    ))
    .map_err(|error| Error::internal(error.to_string()))
}
