//! What a mail says: its template in the tenant's wording, or else the
//! product's, filled in.

use std::collections::BTreeMap;

use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_platform::mail::template::{Rendered, Source, render};
use convoke_platform::records::MailRecord;
use convoke_platform::store::TenantStore;

use super::key::{self, MailKey};
use super::{product, templates};

/// The mail's sections, with a link that is signed for this sending and not
/// stored; `None`: there is no template that can be used.
pub(super) async fn wording(
    store: &TenantStore,
    mail: &MailRecord,
    calendar_url: String,
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
    values
        .entry(key::CALENDAR_URL.to_owned())
        .and_modify(|url| *url = calendar_url);
    let held = templates::find(store, template, locale).await?;
    let own = held.and_then(|held| templates::overlaid(product, &held));
    let own = own.and_then(|own| rendered(mail, &own, &values, "the organisation's"));
    Ok(own.or_else(|| rendered(mail, product, &values, "the product's")))
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
