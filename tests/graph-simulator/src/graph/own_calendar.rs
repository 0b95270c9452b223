//! `/me` and what a delegated token reaches: the mailbox of the user who consented,
//! and no other. Whatever asks for an application permission refuses such a token,
//! since it has no roles.

use std::borrow::Cow;

use super::no_mailbox;
use crate::bearer::{Caller, SignedIn};
use crate::directory::User;
use crate::reply::GraphError;
use crate::world::World;

/// The path with `me` spelt out. An app of its own has none: `me` stays.
pub(super) fn addressed<'a>(segments: &'a [String], caller: &Caller) -> Cow<'a, [String]> {
    let (Some(user), [first, rest @ ..]) = (&caller.user, segments) else {
        return Cow::Borrowed(segments);
    };
    if !first.eq_ignore_ascii_case("me") {
        return Cow::Borrowed(segments);
    }
    let own = ["users".to_owned(), user.id.clone()];
    Cow::Owned(own.into_iter().chain(rest.iter().cloned()).collect())
}

/// The user's own mailbox, if they consented to one of these permissions, which
/// for calendars have the same names as the application's.
pub(super) fn mailbox(
    world: &World,
    caller: &Caller,
    signed_in: &SignedIn,
    key: &str,
    scopes: &[&str],
) -> Result<User, GraphError> {
    let denied = || {
        let message = "Access is denied. Check credentials and try again.";
        GraphError::new(403, "ErrorAccessDenied", message)
    };
    if !signed_in
        .scopes
        .iter()
        .any(|s| scopes.contains(&s.as_str()))
    {
        return Err(denied());
    }
    let user = world.user(&caller.tenant_id, key).ok_or_else(|| {
        GraphError::new(404, "ResourceNotFound", "Resource could not be discovered.")
    })?;
    // Nobody shares calendars here.
    if user.id != signed_in.id {
        return Err(denied());
    }
    if !user.mailbox.enabled {
        return Err(no_mailbox());
    }
    Ok(user.clone())
}
