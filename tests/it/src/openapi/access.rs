//! Who may call each operation, read off the functions' permission tables.

use convoke_platform::http::{Access, Portal};
use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;

/// Says it in words, and in `x-access` for programs.
pub(super) fn describe(operation: &mut Operation, access: Access) {
    let (has_token, permission, portal, words) = words_of(access);
    let words = match operation.description.take() {
        Some(text) => format!("{text}\n\n{words}"),
        None => words,
    };
    operation.description = Some(words);
    let access = json!({ "token": has_token, "permission": permission, "portal_users": portal });
    operation.extensions = Some(Extensions::from_iter([("x-access", access)]));
}

fn words_of(access: Access) -> (bool, Option<&'static str>, Option<&'static str>, String) {
    let (has_token, portal, words) = match access {
        Access::Permission(permission, portal) => {
            let (word, text) = match portal {
                Portal::Refused => ("refused", "portal users are refused"),
                Portal::Own => ("own", "portal users: for what belongs to their client"),
            };
            let words = format!("Needs the permission `{permission}`; {text}.");
            return (true, Some(permission), Some(word), words);
        }
        Access::AnyInternal => (
            true,
            Some("refused"),
            "For any user of the organisation, without a permission; portal users are refused.",
        ),
        Access::Member => (
            true,
            Some("taking_part"),
            "For those who take part, portal users included, without a permission; others find nothing.",
        ),
        Access::SignedLink => (
            false,
            None,
            "Without a token: the link itself is the permission.",
        ),
        Access::Webhook => (
            false,
            None,
            "Without a token: whether Microsoft posted it is checked when it is worked on.",
        ),
    };
    (has_token, None, portal, words.to_owned())
}
