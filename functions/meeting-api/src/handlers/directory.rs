//! The directory of people and clients (XC-14).

use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::id::ClientId;
use convoke_platform::http::{Call, FieldProblem, ListRequest, Listing, Reply, query, read_value};
use convoke_services::directory::{self, ContactEntry, Imported, PeopleFilter, UserEntry};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::put_reply;
use crate::App;
use crate::wire::control::NameBody;
use crate::wire::directory::{
    ClientView, ContactBody, ContactView, EntryView, ImportBody, ImportedView, UserBody, UserView,
};

/// Entries of one kind that one import takes.
const IMPORT_MAX: usize = 1_000;

#[utoipa::path(put, path = "/api/v1/users/{user_id}", tag = "directory", params(("user_id" = String, Path)),
    request_body = UserBody,
    responses((status = 200, body = UserView, headers(("ETag" = String))),
        (status = 201, body = UserView, headers(("Location" = String), ("ETag" = String)))))]
/// Set a user
pub(crate) async fn put_user(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<UserBody>()?;
    let (tenant, id, active) = (call.tenant()?, call.user_id()?, body.active.unwrap_or(true));
    let (user, new) = directory::put_user(
        &app.core,
        tenant,
        &id,
        &body.person(),
        active,
        call.if_match()?,
    )
    .await?;
    Ok(put_reply(&call, new, user.version, &UserView::from(&user)))
}

#[utoipa::path(get, path = "/api/v1/users/{user_id}", tag = "directory", params(("user_id" = String, Path)),
    responses((status = 200, body = UserView, headers(("ETag" = String)))))]
/// Read a user
pub(crate) async fn get_user(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let user = directory::get_user(&app.core, call.tenant()?, &call.user_id()?).await?;
    Ok(Reply::ok(&UserView::from(&user)).with_version(user.version))
}

#[utoipa::path(get, path = "/api/v1/users", tag = "directory",
    params(("email" = Option<String>, Query), ("q" = Option<String>, Query), ("active" = Option<bool>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<UserView>)))]
/// List users
pub(crate) async fn list_users(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let request = ListRequest::read(&call, &app.secrets).await?;
    let filter = PeopleFilter {
        active: query::flag(&call, "active")?,
        ..people_filter(&call)?
    };
    let page = directory::list_users(
        &app.core,
        call.tenant()?,
        &filter,
        request.limit,
        request.after.clone(),
    )
    .await?;
    request
        .reply(page, &app.secrets, |user| UserView::from(user))
        .await
}

#[utoipa::path(put, path = "/api/v1/contacts/{contact_id}", tag = "directory", params(("contact_id" = String, Path)),
    request_body = ContactBody,
    responses((status = 200, body = ContactView, headers(("ETag" = String))),
        (status = 201, body = ContactView, headers(("Location" = String), ("ETag" = String)))))]
/// Set a contact
pub(crate) async fn put_contact(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<ContactBody>()?;
    let (tenant, id) = (call.tenant()?, call.contact_id()?);
    let (contact, new) = directory::put_contact(
        &app.core,
        tenant,
        &id,
        &body.client_id,
        &body.person(),
        call.if_match()?,
    )
    .await?;
    Ok(put_reply(
        &call,
        new,
        contact.version,
        &ContactView::from(&contact),
    ))
}

#[utoipa::path(get, path = "/api/v1/contacts/{contact_id}", tag = "directory", params(("contact_id" = String, Path)),
    responses((status = 200, body = ContactView, headers(("ETag" = String)))))]
/// Read a contact
pub(crate) async fn get_contact(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let contact = directory::get_contact(&app.core, call.tenant()?, &call.contact_id()?).await?;
    Ok(Reply::ok(&ContactView::from(&contact)).with_version(contact.version))
}

#[utoipa::path(get, path = "/api/v1/contacts", tag = "directory",
    params(("email" = Option<String>, Query), ("q" = Option<String>, Query), ("client_id" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<ContactView>)))]
/// List contacts
pub(crate) async fn list_contacts(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let request = ListRequest::read(&call, &app.secrets).await?;
    let client_id = query::text(&call, "client_id")?
        .map(ClientId::parse)
        .transpose()
        .map_err(|error| Error::Malformed {
            code: "invalid_query",
            message: format!("client_id: {error}"),
        })?;
    let filter = PeopleFilter {
        client_id,
        ..people_filter(&call)?
    };
    let page = directory::list_contacts(
        &app.core,
        call.tenant()?,
        &filter,
        request.limit,
        request.after.clone(),
    )
    .await?;
    request
        .reply(page, &app.secrets, |contact| ContactView::from(contact))
        .await
}

fn people_filter(call: &Call) -> Result<PeopleFilter, Error> {
    Ok(PeopleFilter {
        email: query::text(call, "email")?.map(str::to_owned),
        text: query::text(call, "q")?.map(str::to_owned),
        ..PeopleFilter::default()
    })
}

#[utoipa::path(put, path = "/api/v1/clients/{client_id}", tag = "directory", params(("client_id" = String, Path)),
    request_body = NameBody,
    responses((status = 200, body = ClientView, headers(("ETag" = String))),
        (status = 201, body = ClientView, headers(("Location" = String), ("ETag" = String)))))]
/// Set a client
pub(crate) async fn put_client(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<NameBody>()?;
    let (tenant, id) = (call.tenant()?, call.client_id()?);
    let (client, new) =
        directory::put_client(&app.core, tenant, &id, &body.name, call.if_match()?).await?;
    Ok(put_reply(
        &call,
        new,
        client.version,
        &ClientView::from(&client),
    ))
}

#[utoipa::path(get, path = "/api/v1/clients/{client_id}", tag = "directory", params(("client_id" = String, Path)),
    responses((status = 200, body = ClientView, headers(("ETag" = String)))))]
/// Read a client
pub(crate) async fn get_client(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let client = directory::get_client(&app.core, call.tenant()?, &call.client_id()?).await?;
    Ok(Reply::ok(&ClientView::from(&client)).with_version(client.version))
}

#[utoipa::path(get, path = "/api/v1/clients", tag = "directory",
    params(("q" = Option<String>, Query),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<ClientView>)))]
/// List clients
pub(crate) async fn list_clients(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let request = ListRequest::read(&call, &app.secrets).await?;
    let text = query::text(&call, "q")?;
    let page = directory::list_clients(
        &app.core,
        call.tenant()?,
        text,
        request.limit,
        request.after.clone(),
    )
    .await?;
    request
        .reply(page, &app.secrets, |client| ClientView::from(client))
        .await
}

#[utoipa::path(post, path = "/api/v1/directory/import", tag = "directory", request_body = ImportBody,
    responses((status = 200, body = ImportedView)))]
/// Set many users and contacts; each entry stands for itself
pub(crate) async fn import_directory(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<ImportBody>()?;
    for (pointer, count) in [
        ("/users", body.users.len()),
        ("/contacts", body.contacts.len()),
    ] {
        if count > IMPORT_MAX {
            return Err(Error::invalid(
                pointer,
                "too_many",
                format!("at most {IMPORT_MAX} entries at once"),
            ));
        }
    }
    let tenant = call.tenant()?;
    let mut users = Sorted::default();
    for entry in body.users {
        users.sort(entry, "user_id", |user_id, body: UserBody| UserEntry {
            user_id,
            person: body.person(),
            active: body.active.unwrap_or(true),
        });
    }
    let mut contacts = Sorted::default();
    for entry in body.contacts {
        contacts.sort(entry, "contact_id", |contact_id, body: ContactBody| {
            ContactEntry {
                contact_id,
                client_id: body.client_id.clone(),
                person: body.person(),
            }
        });
    }
    let imported_users = directory::import_users(&app.core, tenant, users.readable).await;
    let imported_contacts = directory::import_contacts(&app.core, tenant, contacts.readable).await;
    Ok(Reply::ok(&ImportedView {
        users: in_order(imported_users, users.refused),
        contacts: in_order(imported_contacts, contacts.refused),
    }))
}

/// Entries that can be read, and those that cannot with their place in the list.
struct Sorted<T> {
    readable: Vec<T>,
    refused: Vec<(usize, Imported)>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            readable: vec![],
            refused: vec![],
        }
    }
}

impl<T> Sorted<T> {
    fn sort<B: DeserializeOwned>(
        &mut self,
        mut entry: Map<String, Value>,
        id_name: &'static str,
        build: impl FnOnce(String, B) -> T,
    ) {
        let id = match entry.remove(id_name) {
            Some(Value::String(id)) => Some(id),
            _ => None,
        };
        let read = read_value(Value::Object(entry));
        match (id, read) {
            (Some(id), Ok(body)) => self.readable.push(build(id, body)),
            (id, read) => {
                let error = read.err().unwrap_or_else(|| {
                    Error::invalid(
                        format!("/{id_name}"),
                        "required",
                        "every entry needs its id, a text",
                    )
                });
                let at = self.readable.len() + self.refused.len();
                self.refused
                    .push((at, (id.unwrap_or_default(), Err(error))));
            }
        }
    }
}

/// Puts refused entries back to where they were sent.
fn in_order(imported: Vec<Imported>, refused: Vec<(usize, Imported)>) -> Vec<EntryView> {
    let mut all = imported;
    for (at, entry) in refused {
        all.insert(at, entry);
    }
    all.into_iter().map(entry_view).collect()
}

fn entry_view((id, done): Imported) -> EntryView {
    match done {
        Ok(new) => EntryView {
            id,
            result: if new { "created" } else { "updated" },
            code: None,
            errors: vec![],
        },
        Err(error) => {
            let errors = match &error {
                Error::Invalid { violations } => {
                    violations.iter().map(FieldProblem::from).collect()
                }
                _ => vec![],
            };
            EntryView {
                id,
                result: "refused",
                code: Some(error.code()),
                errors,
            }
        }
    }
}
