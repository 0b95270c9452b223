//! Who may still have an answer that an `Idempotency-Key` brings back (XC-4):
//! whoever belongs now to the meeting that it is about. Its link was for those who
//! were invited then.

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_platform::http::{Call, CheckFuture};
use convoke_services::sessions::{self, Membership};

use super::store_of;
use crate::App;

/// Authorises the caller again where membership decided at first.
pub(crate) fn check(app: Arc<App>, call: &Call) -> CheckFuture<'_> {
    Box::pin(async move {
        match call.operation {
            "join_session" | "respond_to_invitation" => {
                membership(&app, call, call.session_id()?).await?;
            }
            "cancel_session" | "end_session" => {
                let membership = membership(&app, call, call.session_id()?).await?;
                membership.require_to_manage()?;
            }
            "post_message" => {
                let unknown = Error::NotFound {
                    what: "conversation",
                };
                let id = SessionId::parse(call.param("conversation_id")).ok_or(unknown.clone())?;
                let store = store_of(&app, call)?;
                let (held, _) = sessions::enter(&store, id, call.caller()?).await?;
                if !sessions::takes_part(&held.session, call.caller()?) {
                    return Err(unknown);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

async fn membership(app: &App, call: &Call, id: SessionId) -> Result<Membership, Error> {
    let store = store_of(app, call)?;
    let (_, membership) = sessions::enter(&store, id, call.caller()?).await?;
    Ok(membership)
}
