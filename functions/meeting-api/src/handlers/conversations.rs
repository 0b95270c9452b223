//! Conversations of meetings (IV-5).

use std::sync::Arc;

use convoke_domain::conversation::Message;
use convoke_domain::error::Error;
use convoke_domain::id::SessionId;
use convoke_platform::http::{Call, ListRequest, Listing, Reply};
use convoke_services::conversations;

use super::store_of;
use crate::App;
use crate::wire::conversation::{MessageBody, MessageView};

fn conversation_id(call: &Call) -> Result<SessionId, Error> {
    SessionId::parse(call.param("conversation_id")).ok_or(Error::NotFound {
        what: "conversation",
    })
}

#[utoipa::path(get, path = "/api/v1/conversations/{conversation_id}/messages", tag = "meetings with invitees",
    params(("conversation_id" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "leads to older messages")),
    responses((status = 200, body = Listing<MessageView>)))]
/// Read a meeting's conversation: the newest messages first, within a page the newest last
pub(crate) async fn list_messages(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let id = conversation_id(&call)?;
    let request = ListRequest::read(&call, &app.secrets).await?;
    let (store, after) = (store_of(&app, &call)?, request.after.clone());
    let page = conversations::list(&store, call.caller()?, id, request.limit, after).await?;
    request
        .reply(page, &app.secrets, |message| MessageView::from(message))
        .await
}

#[utoipa::path(post, path = "/api/v1/conversations/{conversation_id}/messages", tag = "meetings with invitees",
    params(("conversation_id" = String, Path)), request_body = MessageBody,
    responses((status = 201, body = MessageView, headers(("Location" = String)))))]
/// Write to a meeting's conversation; also after the meeting, but not once it was cancelled
pub(crate) async fn post_message(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let id = conversation_id(&call)?;
    let body = call.command::<MessageBody>()?.body;
    let path = call.path();
    let render = |message: &Message| Reply::created(&path, &MessageView::from(message));
    let seal = call.seal(&render);
    let (store, caller) = (store_of(&app, &call)?, call.caller()?);
    let message = conversations::post(&app.core, &store, caller, id, &body, &seal).await?;
    Ok(seal.reply(&message))
}
