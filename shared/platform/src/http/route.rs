//! The table of routes: what exists, and who may call it.

use std::pin::Pin;
use std::sync::Arc;

use convoke_domain::error::Error;
use http::Method;

use super::body::{FORM, JSON};
use super::{Call, Caller, CallerKind, Reply};

/// What a handler returns.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// Whether portal users may call a route at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portal {
    /// Refused, whatever their scopes.
    Refused,
    /// For what belongs to their client; the handler narrows what they see.
    Own,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Callers whose token carries the permission.
    Permission(&'static str, Portal),
    /// Any user of the organisation, whatever their permissions.
    AnyInternal,
    /// Any verified caller, portal users too: whether they belong to what the
    /// path names decides, and strangers find nothing.
    Member,
    /// Nobody is asked: the link itself is the permission.
    SignedLink,
    /// Nobody is asked: whoever works on what was posted checks who posted it.
    Webhook,
}

impl Access {
    /// The type of a body that such a route takes: whoever follows a link sends a
    /// page's form.
    pub(super) const fn body_type(self) -> &'static str {
        match self {
            Self::SignedLink => FORM,
            Self::Permission(..) | Self::AnyInternal | Self::Member | Self::Webhook => JSON,
        }
    }

    /// Refuses a caller who may not.
    pub(super) fn check(self, caller: &Caller) -> Result<(), Error> {
        let (permission, portal) = match self {
            Self::SignedLink | Self::Webhook | Self::Member => return Ok(()),
            Self::AnyInternal => (None, Portal::Refused),
            Self::Permission(permission, portal) => (Some(permission), portal),
        };
        if portal == Portal::Refused && caller.kind != CallerKind::Internal {
            return Err(Error::Forbidden {
                code: "internal_only",
                message: "this is for users of the organisation only".to_owned(),
            });
        }
        let Some(permission) = permission.filter(|permission| !caller.may(permission)) else {
            return Ok(());
        };
        Err(Error::Forbidden {
            code: "permission_missing",
            message: format!("the token lacks the permission {permission}"),
        })
    }
}

/// One route of a function.
pub struct Route<S> {
    /// HTTP method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// The handler's name: `operationId`, log lines, metrics.
    pub operation: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does.
    pub handler: fn(Arc<S>, Call) -> HandlerFuture,
}
