//! What a mail says: its template in the tenant's wording, or else the
//! product's, filled in.

use std::collections::BTreeMap;

use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_domain::session::Response;
use convoke_platform::mail::template::{Rendered, Source, render};
use convoke_platform::records::MailRecord;
use convoke_platform::store::TenantStore;

use super::key::{self, MailKey};
use super::send::Signed;
use super::{product, templates};

/// The mail's sections, with links that are signed for this sending and not
/// stored; `None`: there is no template that can be used.
pub(super) async fn wording(
    store: &TenantStore,
    mail: &MailRecord,
    links: &Signed,
) -> Result<Option<Rendered>, Error> {
    let (Some(template), Ok(locale)) =
        (MailKey::parse(&mail.template), Locale::parse(&mail.locale))
    else {
        return Ok(None);
    };
    let Some(product) = product::source(template, locale) else {
        return Ok(None);
    };
    let mut values = complete(template, &mail.variables);
    for (name, link) in links_of(links) {
        values.entry(name.to_owned()).and_modify(|url| *url = link);
    }
    let held = templates::find(store, template, locale).await?;
    let own = held.and_then(|held| templates::overlaid(product, &held));
    let own = own.and_then(|own| rendered(mail, &own, &values, "the organisation's"));
    Ok(own.or_else(|| rendered(mail, product, &values, "the product's")))
}

/// What the links are called in templates; an absent one is empty. The answer's
/// link only opens a page: what it names is chosen there already, and no more.
fn links_of(links: &Signed) -> [(&'static str, String); 4] {
    let answer = |response: Response| {
        let url = links.answer_url.as_ref();
        url.map(|url| format!("{url}?response={}", response.as_str()))
            .unwrap_or_default()
    };
    let calendar_url = links.calendar_url.clone().unwrap_or_default();
    [
        (key::CALENDAR_URL, calendar_url),
        (key::ACCEPT_URL, answer(Response::Accepted)),
        (key::TENTATIVE_URL, answer(Response::Tentative)),
        (key::DECLINE_URL, answer(Response::Declined)),
    ]
}

/// Every variable of the key: a mail that an older release wrote down may lack
/// one that templates use now.
fn complete(key: MailKey, stored: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let names = key.variable_names().into_iter();
    let value = |name: &str| stored.get(name).cloned().unwrap_or_default();
    names.map(|name| (name.to_owned(), value(name))).collect()
}

fn rendered(
    mail: &MailRecord,
    source: &Source,
    values: &BTreeMap<String, String>,
    whose: &'static str,
) -> Option<Rendered> {
    match render(source, values) {
        Ok(rendered) => Some(rendered),
        Err(error) => {
            tracing::warn!(mail_id = %mail.mail_id, template = mail.template, locale = mail.locale, whose,
                section = error.section.as_str(), code = error.reason.as_str(), "a mail's template cannot be used");
            None
        }
    }
}
