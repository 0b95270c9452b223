//! The organisation's own wording of mails (XC-13).

use std::sync::Arc;

use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_platform::http::{Call, Reply};
use convoke_services::mail::MailKey;
use convoke_services::mail::templates::{self, TemplateInput};

use crate::App;
use crate::wire::template::{TemplateBody, TemplateView};

#[utoipa::path(get, path = "/api/v1/mail-templates/{key}/{locale}", tag = "settings",
    params(("key" = String, Path, example = "appointment-assigned"), ("locale" = String, Path, example = "en")),
    responses((status = 200, body = TemplateView, headers(("ETag" = String)))))]
/// Read the template that mails of this organisation use
pub(crate) async fn get_mail_template(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (key, locale) = named(&call)?;
    let template = templates::get(&app.core, call.tenant()?, key, locale).await?;
    Ok(Reply::ok(&TemplateView::from(&template)).with_version(template.version))
}

#[utoipa::path(put, path = "/api/v1/mail-templates/{key}/{locale}", tag = "settings",
    params(("key" = String, Path, example = "appointment-assigned"), ("locale" = String, Path, example = "en")),
    request_body = TemplateBody,
    responses((status = 200, body = TemplateView, headers(("ETag" = String)))))]
/// Set the organisation's own sections; absent ones are the product's
pub(crate) async fn put_mail_template(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (key, locale) = named(&call)?;
    let input = TemplateInput::from(call.command::<TemplateBody>()?);
    let (tenant, if_match) = (call.tenant()?, call.if_match()?);
    let template = templates::put(&app.core, tenant, key, locale, &input, if_match).await?;
    Ok(Reply::ok(&TemplateView::from(&template)).with_version(template.version))
}

/// The template that the path names.
fn named(call: &Call) -> Result<(MailKey, Locale), Error> {
    let key = MailKey::parse(call.param("key"));
    let locale = Locale::parse(call.param("locale")).ok();
    key.zip(locale).ok_or(Error::NotFound {
        what: "mail template",
    })
}
