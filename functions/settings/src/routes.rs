//! Every route of the function, and who may call it.

use convoke_platform::http::{Access, Portal, Route};
use http::Method;

use crate::App;
use crate::handlers::{integration, templates};

macro_rules! route {
    ($method:ident $path:literal, $access:expr, $module:ident :: $handler:ident) => {
        Route {
            method: Method::$method,
            path: $path,
            operation: stringify!($handler),
            access: $access,
            handler: |app, call| Box::pin($module::$handler(app, call)),
        }
    };
}

const READ: Access = Access::Permission("tenant_integrations:read", Portal::Refused);
const UPDATE: Access = Access::Permission("tenant_integrations:update", Portal::Refused);

/// The permission table of `settings`. Portal users have no route here.
#[rustfmt::skip]
pub static ROUTES: &[Route<App>] = &[
    route!(GET "/api/v1/teams-integration", READ, integration::get_teams_integration),
    route!(PUT "/api/v1/teams-integration", UPDATE, integration::put_teams_integration),
    route!(POST "/api/v1/teams-integration/verify-organizer", UPDATE, integration::verify_organizer),
    route!(GET "/api/v1/teams-integration/capability", Access::AnyInternal, integration::get_teams_capability),
    route!(GET "/api/v1/teams-integration/diagnostics", UPDATE, integration::get_teams_diagnostics),
    route!(GET "/api/v1/mail-templates/{key}/{locale}", UPDATE, templates::get_mail_template),
    route!(PUT "/api/v1/mail-templates/{key}/{locale}", UPDATE, templates::put_mail_template),
];
