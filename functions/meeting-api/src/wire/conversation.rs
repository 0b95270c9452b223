//! Messages of conversations: what members send, and what they read.

use convoke_domain::conversation::{Author, Message};
use convoke_domain::event::rfc3339;
use convoke_domain::session::Who;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMessage)]
pub(crate) struct MessageBody {
    /// Plain text with something visible; kept as it was sent.
    #[schema(example = "Here is the agenda.", min_length = 1, max_length = 4000)]
    pub(crate) body: String,
}

/// Who wrote a message: a user or a contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageAuthor)]
pub(crate) struct AuthorView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "u-host")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<String>,
    /// As they were called when they wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hana Host")]
    name: Option<String>,
}

impl From<&Author> for AuthorView {
    fn from(author: &Author) -> Self {
        let (user_id, contact_id) = match &author.who {
            Who::Internal(user_id) => (Some(user_id.to_string()), None),
            Who::Contact(contact_id) => (None, Some(contact_id.to_string())),
            Who::External => (None, None),
        };
        Self {
            user_id,
            contact_id,
            name: author.name.clone(),
        }
    }
}

/// A message of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView {
    #[schema(format = Uuid)]
    message_id: String,
    author: AuthorView,
    /// Plain text as it was sent: escape it where you show it.
    #[schema(example = "Here is the agenda.")]
    body: String,
    #[schema(format = DateTime, example = "2027-01-15T09:00:00Z")]
    created_at: String,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        Self {
            message_id: message.message_id.to_string(),
            author: AuthorView::from(&message.author),
            body: message.body.clone(),
            created_at: rfc3339(message.created_at),
        }
    }
}
