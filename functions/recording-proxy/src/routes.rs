//! The permission table of `recording-proxy`.

use convoke_platform::http::{Access, Portal, Route};
use http::Method;

use crate::App;
use crate::handlers::{documents, recordings};

/// Operations whose `Idempotency-Key` is left aside: a ticket must not lie in the
/// table, and a second one does no harm.
pub const KEYLESS: &[&str] = &["issue_recording_ticket"];

/// Every route, and who may call it.
pub static ROUTES: &[Route<App>] = &[
    Route {
        method: Method::POST,
        path: "/api/v1/online-meetings/recordings/{artifact_id}/ticket",
        operation: "issue_recording_ticket",
        access: Access::Permission("interaction:read", Portal::Own),
        handler: |app, call| Box::pin(recordings::issue_recording_ticket(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/online-meetings/recordings/{artifact_id}",
        operation: "open_recording",
        access: Access::Permission("interaction:read", Portal::Own),
        handler: |app, call| Box::pin(recordings::open_recording(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/documents/{document_id}",
        operation: "get_document",
        access: Access::Permission("interaction:read", Portal::Refused),
        handler: |app, call| Box::pin(documents::get_document(app, call)),
    },
    Route {
        method: Method::PATCH,
        path: "/api/v1/documents/{document_id}",
        operation: "update_document",
        access: Access::Permission("interaction:update", Portal::Refused),
        handler: |app, call| Box::pin(documents::update_document(app, call)),
    },
    Route {
        method: Method::GET,
        path: "/api/v1/documents/{document_id}/download",
        operation: "download_document",
        access: Access::Permission("interaction:read", Portal::Own),
        handler: |app, call| Box::pin(documents::download_document(app, call)),
    },
];
