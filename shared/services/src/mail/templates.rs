//! A tenant's own wording of the product's mails (XC-13).

use chrono::{DateTime, Utc};
use convoke_domain::directory::Locale;
use convoke_domain::error::{Error, Violations};
use convoke_platform::backoff::Attempt;
use convoke_platform::http::require_version;
use convoke_platform::mail::template::{Section, Source, check_section};
use convoke_platform::records::MailTemplateRecord;
use convoke_platform::store::{StoreError, TenantStore};
use convoke_platform::tenant::Tenant;

use super::key::{MailKey, Variable};
use super::product;
use crate::core::{Core, undisturbed};

/// A template as mails use it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveTemplate {
    /// Which mail.
    pub key: MailKey,
    /// In which language.
    pub locale: Locale,
    /// The tenant's sections, the product's where there is none.
    pub source: Source,
    /// Whether a section is the tenant's own.
    pub overridden: bool,
    /// Rises with every write; 0 before the first.
    pub version: u64,
    /// When the tenant last wrote it.
    pub updated_at: Option<DateTime<Utc>>,
    /// What a template may use.
    pub variables: &'static [Variable],
}

/// What a tenant writes: an absent section is the product's; all absent
/// restores the product's template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateInput {
    /// The subject line.
    pub subject: Option<String>,
    /// The plain text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
}

/// Reads the template that mails of this tenant use.
pub async fn get(
    core: &Core,
    tenant: &Tenant,
    key: MailKey,
    locale: Locale,
) -> Result<EffectiveTemplate, Error> {
    let held = find(&core.store(tenant), key, locale).await?;
    effective(key, locale, held)
}

/// Checks and stores a tenant's own sections.
pub async fn put(
    core: &Core,
    tenant: &Tenant,
    key: MailKey,
    locale: Locale,
    input: &TemplateInput,
    if_match: Option<u64>,
) -> Result<EffectiveTemplate, Error> {
    check(key, input)?;
    let store = core.store(tenant);
    undisturbed(|| async {
        let held = find(&store, key, locale).await?;
        let expected = held.as_ref().map_or(0, |held| held.version);
        require_version(if_match, expected)?;
        let record = MailTemplateRecord {
            template: key.as_str().to_owned(),
            locale: locale.as_str().to_owned(),
            subject: input.subject.clone(),
            text: input.text.clone(),
            html: input.html.clone(),
            version: expected + 1,
            updated_at: core.ports.now(),
        };
        let mut transaction = store.transaction();
        if expected == 0 {
            transaction.create(&record);
        } else {
            transaction.replace(&record, expected);
        }
        match transaction.commit().await {
            Ok(()) => Ok(effective(key, locale, Some(record))?),
            // Somebody else wrote the first version in between.
            Err(error @ StoreError::AlreadyExists(_)) => Err(Attempt::Disturbed(error)),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

fn check(key: MailKey, input: &TemplateInput) -> Result<(), Error> {
    let known = key.variable_names();
    let mut wrong = Violations::new();
    for (section, source) in [
        (Section::Subject, &input.subject),
        (Section::Text, &input.text),
        (Section::Html, &input.html),
    ] {
        if let Some(source) = source {
            check_section(section, source, &known, &mut wrong);
        }
    }
    wrong.finish()
}

pub(super) async fn find(
    store: &TenantStore,
    key: MailKey,
    locale: Locale,
) -> Result<Option<MailTemplateRecord>, Error> {
    let key = MailTemplateRecord::key_of(key.as_str(), locale);
    Ok(store.get::<MailTemplateRecord>(&key).await?)
}

/// The tenant's sections over the product's; nothing where no section is the
/// tenant's own.
pub(super) fn overlaid(product: &Source, held: &MailTemplateRecord) -> Option<Source> {
    let own = [&held.subject, &held.text, &held.html];
    if own.iter().all(|section| section.is_none()) {
        return None;
    }
    let of =
        |own: &Option<String>, product: &str| own.clone().unwrap_or_else(|| product.to_owned());
    Some(Source {
        subject: of(&held.subject, &product.subject),
        text: of(&held.text, &product.text),
        html: of(&held.html, &product.html),
    })
}

fn effective(
    key: MailKey,
    locale: Locale,
    held: Option<MailTemplateRecord>,
) -> Result<EffectiveTemplate, Error> {
    let missing = || Error::NotFound {
        what: "mail template",
    };
    let product = product::source(key, locale).ok_or_else(missing)?;
    let own = held.as_ref().and_then(|held| overlaid(product, held));
    Ok(EffectiveTemplate {
        key,
        locale,
        overridden: own.is_some(),
        source: own.unwrap_or_else(|| product.clone()),
        version: held.as_ref().map_or(0, |held| held.version),
        updated_at: held.map(|held| held.updated_at),
        variables: key.variables(),
    })
}
