//! One call, as a handler sees it: routed, authorised, its body at hand.

use bytes::Bytes;
use convoke_domain::error::Error;
use convoke_domain::id::{
    ClientId, ContactId, ControlId, InteractionId, InvitationId, MeetingId, OnlineMeetingId,
    SessionId, UserId,
};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::idempotency::{Mark, Seal};
use super::{Caller, Reply, body};
use crate::tenant::Tenant;

/// A routed call.
pub struct Call {
    /// Names the call in logs and problem documents.
    pub request_id: String,
    /// The route's operation.
    pub operation: &'static str,
    pub(super) path: String,
    pub(super) caller: Option<Caller>,
    pub(super) params: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) mark: Option<Mark>,
}

impl Call {
    /// The verified caller; every route with a permission has one.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.caller
            .as_ref()
            .ok_or_else(|| Error::internal("a route without authorizer asked for its caller"))
    }

    /// The caller's tenant.
    pub fn tenant(&self) -> Result<&Tenant, Error> {
        Ok(self.caller()?.tenant())
    }

    /// A path parameter, decoded.
    pub fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// A query parameter that may be given once.
    pub fn query(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self
            .query
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Error::Malformed {
                code: "invalid_query",
                message: format!("give the query parameter {name} once"),
            }),
        }
    }

    /// The meeting that the path names; what is no id names nothing.
    pub fn meeting_id(&self) -> Result<MeetingId, Error> {
        MeetingId::parse(self.param("meeting_id")).ok_or(Error::NotFound { what: "meeting" })
    }

    /// The session that the path names; what is no id names nothing.
    pub fn session_id(&self) -> Result<SessionId, Error> {
        SessionId::parse(self.param("meeting_id")).ok_or(Error::NotFound { what: "meeting" })
    }

    /// The invitation that the path names; what is no id names nothing.
    pub fn invitation_id(&self) -> Result<InvitationId, Error> {
        let id = InvitationId::parse(self.param("invitation_id"));
        id.ok_or(Error::NotFound { what: "invitation" })
    }

    /// The online meeting that the path names; what is no id names nothing.
    pub fn online_meeting_id(&self) -> Result<OnlineMeetingId, Error> {
        OnlineMeetingId::parse(self.param("online_meeting_id")).ok_or(Error::NotFound {
            what: "online meeting",
        })
    }

    /// The interaction that the path names; what is no id names nothing.
    pub fn interaction_id(&self) -> Result<InteractionId, Error> {
        InteractionId::parse(self.param("interaction_id")).ok_or(Error::NotFound {
            what: "interaction",
        })
    }

    /// The control that the path names.
    pub fn control_id(&self) -> Result<ControlId, Error> {
        ControlId::parse(self.param("control_id"))
            .map_err(|error| Error::invalid("", "invalid_id", format!("control_id: {error}")))
    }

    /// The user that the path names.
    pub fn user_id(&self) -> Result<UserId, Error> {
        UserId::parse(self.param("user_id"))
            .map_err(|error| Error::invalid("", "invalid_id", format!("user_id: {error}")))
    }

    /// The contact that the path names.
    pub fn contact_id(&self) -> Result<ContactId, Error> {
        ContactId::parse(self.param("contact_id"))
            .map_err(|error| Error::invalid("", "invalid_id", format!("contact_id: {error}")))
    }

    /// The client that the path names.
    pub fn client_id(&self) -> Result<ClientId, Error> {
        ClientId::parse(self.param("client_id"))
            .map_err(|error| Error::invalid("", "invalid_id", format!("client_id: {error}")))
    }

    /// The body as a command.
    pub fn command<T: DeserializeOwned>(&self) -> Result<T, Error> {
        body::read(&self.body)
    }

    /// The body as a page's form; each field once, and unknown ones are refused.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, Error> {
        body::read_form(&self.body)
    }

    /// For a command without fields: an absent body or `{}`.
    pub fn no_command(&self) -> Result<(), Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        self.command::<Nothing>().map(|Nothing {}| ())
    }

    /// The path that was called, for `Location`.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// The version that `If-Match` names; `*` and absence name none (RFC 9110 §13.1.1).
    pub fn if_match(&self) -> Result<Option<u64>, Error> {
        let Some(value) = self.headers.get(header::IF_MATCH) else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        // A tag that none of our answers carried can match nothing.
        text.strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .and_then(|version| version.parse().ok())
            .map(Some)
            .ok_or(Error::VersionMismatch)
    }

    /// Stores the answer with the state it tells of, where the caller sent an
    /// `Idempotency-Key`.
    pub fn seal<'a, T>(&'a self, render: &'a (dyn Fn(&T) -> Reply + Send + Sync)) -> Seal<'a, T> {
        Seal::new(self.mark.as_ref(), render)
    }
}

/// Refuses a write when `If-Match` names another version than `actual`.
pub fn require_version(if_match: Option<u64>, actual: u64) -> Result<(), Error> {
    match if_match {
        Some(expected) if expected != actual => Err(Error::VersionMismatch),
        _ => Ok(()),
    }
}
