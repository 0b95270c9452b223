//! Pickers: people and clients, page by page.

use convoke_domain::address::EmailAddress;
use convoke_domain::directory::{Client, Contact, Person, User};
use convoke_domain::error::Error;
use convoke_domain::id::{ClientId, ContactId, UserId};
use convoke_platform::records::{
    AddressKind, AddressRecord, ClientRecord, ContactRecord, UserRecord,
};
use convoke_platform::store::{
    Filter, Index, Page, Position, Query, SortRange, StoreError, TenantStore,
};
use convoke_platform::tenant::Tenant;

use super::{find_contact, find_user};
use crate::core::Core;

/// Which people a list shows.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// The one with this address, compared without case.
    pub email: Option<String>,
    /// Those whose name, address or id contains this, without case.
    pub text: Option<String>,
    /// Users only: active or not.
    pub active: Option<bool>,
    /// Contacts only: those of a client.
    pub client_id: Option<ClientId>,
}

impl PeopleFilter {
    fn filters(&self) -> Vec<Filter> {
        let text = self
            .text
            .as_ref()
            .map(|text| Filter::Contains("search", text.to_lowercase()));
        text.into_iter()
            .chain(self.active.map(|active| Filter::Flag("active", active)))
            .collect()
    }

    fn matches(&self, search: &str) -> bool {
        self.text
            .as_ref()
            .is_none_or(|text| search.to_lowercase().contains(&text.to_lowercase()))
    }
}

async fn holder_of(
    store: &TenantStore,
    kind: AddressKind,
    email: &str,
) -> Result<Option<String>, StoreError> {
    let Ok(email) = EmailAddress::parse(email) else {
        return Ok(None);
    };
    let held = store
        .get::<AddressRecord>(&AddressRecord::key_of(kind, &email))
        .await?;
    Ok(held.map(|held| held.holder))
}

fn display_text(id: &str, person: &Person) -> String {
    let email = person
        .email
        .as_ref()
        .map(EmailAddress::as_str)
        .unwrap_or_default();
    format!(
        "{} {email} {id}",
        person.name.as_deref().unwrap_or_default()
    )
}

/// Lists users.
pub async fn list_users(
    core: &Core,
    tenant: &Tenant,
    filter: &PeopleFilter,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<User>, Error> {
    let store = core.store(tenant);
    if let Some(email) = &filter.email {
        let holder = holder_of(&store, AddressKind::User, email)
            .await?
            .and_then(|id| UserId::parse(&id).ok());
        let user = match holder {
            Some(id) => find_user(&store, &id).await?,
            None => None,
        };
        let user = user.filter(|user| {
            filter.active.is_none_or(|active| active == user.active)
                && filter.matches(&display_text(user.user_id.as_str(), &user.person))
        });
        return Ok(Page {
            records: user.into_iter().collect(),
            next: None,
        });
    }
    let mut query = Query::partition(UserRecord::LIST, limit);
    query.filters = filter.filters();
    query.after = after;
    let page = store.query::<UserRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(User::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}

/// Lists contacts.
pub async fn list_contacts(
    core: &Core,
    tenant: &Tenant,
    filter: &PeopleFilter,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Contact>, Error> {
    let store = core.store(tenant);
    if let Some(email) = &filter.email {
        let holder = holder_of(&store, AddressKind::Contact, email)
            .await?
            .and_then(|id| ContactId::parse(&id).ok());
        let contact = match holder {
            Some(id) => find_contact(&store, &id).await?,
            None => None,
        };
        let contact = contact.filter(|contact| {
            filter
                .client_id
                .as_ref()
                .is_none_or(|client_id| *client_id == contact.client_id)
                && filter.matches(&display_text(contact.contact_id.as_str(), &contact.person))
        });
        return Ok(Page {
            records: contact.into_iter().collect(),
            next: None,
        });
    }
    let (index, partition) = match &filter.client_id {
        Some(client_id) => (Index::Gsi1, ContactRecord::list_of(client_id)),
        None => (Index::Primary, ContactRecord::LIST.to_owned()),
    };
    let query = Query {
        index,
        partition,
        range: SortRange::All,
        filters: filter.filters(),
        limit,
        after,
    };
    let page = store.query::<ContactRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(Contact::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}

/// Lists clients.
pub async fn list_clients(
    core: &Core,
    tenant: &Tenant,
    text: Option<&str>,
    limit: u16,
    after: Option<Position>,
) -> Result<Page<Client>, Error> {
    let mut query = Query::partition(ClientRecord::LIST, limit);
    query.filters = text
        .map(|text| Filter::Contains("search", text.to_lowercase()))
        .into_iter()
        .collect();
    query.after = after;
    let page = core.store(tenant).query::<ClientRecord>(&query).await?;
    let records = page
        .records
        .into_iter()
        .map(Client::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        records,
        next: page.next,
    })
}
