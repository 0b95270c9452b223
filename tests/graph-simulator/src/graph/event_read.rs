//! Reading one event, and the calendar itself.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::event_wire::{View, render};
use super::{Answer, CALENDAR_READ, Call, extended, odata};
use crate::calendar::entry_id::{EntryId, IdForm};
use crate::calendar::event::{Event, Placed};
use crate::directory::{OnlineMeetingSupport, User};
use crate::reply::{GraphError, Reply};
use crate::world::{World, place_of, uuid_of};

/// An entry that an id was found to name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located {
    pub(super) event: Uuid,
    pub(super) occurrence: Option<NaiveDate>,
    /// Whether the mailbox is the organiser's.
    pub(super) organized: bool,
}

impl Located {
    pub(super) fn entry(self, user: &User) -> EntryId {
        EntryId {
            mailbox: uuid_of(&user.id),
            event: self.event,
            occurrence: self.occurrence,
        }
    }
}

/// graph-protocol §2: gone, or never there.
pub(super) fn not_found() -> GraphError {
    let message = "The specified object was not found in the store.";
    GraphError::new(404, "ErrorItemNotFound", message)
}

/// The entry that an id names on the user's calendar.
pub(super) fn locate(world: &World, user: &User, id: &str) -> Result<Located, GraphError> {
    find(world, user, id, false).map(|(located, _)| located)
}

fn find(
    world: &World,
    user: &User,
    id: &str,
    even_removed: bool,
) -> Result<(Located, Placed), GraphError> {
    let Some((entry, form)) = EntryId::decode(id) else {
        return Err(GraphError::new(
            400,
            "ErrorInvalidIdMalformed",
            "Id is malformed.",
        ));
    };
    // An id belongs to one mailbox.
    if entry.mailbox != uuid_of(&user.id) {
        return Err(not_found());
    }
    let event = world.events.get(&entry.event).ok_or_else(not_found)?;
    // graph-protocol §2, unverified: deleting moves the item, and immutable ids survive moves.
    let in_deleted_items = even_removed
        && form == IdForm::Immutable
        && world.behaviour.deleted_events_answer_by_immutable_id;
    if event.removal.is_some() && !in_deleted_items {
        return Err(not_found());
    }
    let organized = place_of(event, user).ok_or_else(not_found)?;
    let placed = match entry.occurrence {
        None => event.whole(),
        Some(date) if event.is_declined(&user.id, Some(date)) => return Err(not_found()),
        Some(date) => event.occurrence(date).ok_or_else(not_found)?,
    };
    let located = Located {
        event: event.id,
        occurrence: entry.occurrence,
        organized,
    };
    Ok((located, placed))
}

/// `GET …/events/{id}`.
pub(super) fn get(world: &World, call: &Call<'_>, user: &str, id: &str) -> Answer {
    odata::allow_options(call, &["$select", "$expand"])?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let (located, placed) = find(world, &user, id, true)?;
    let event = world.events.get(&located.event).ok_or_else(not_found)?;
    let mut body = show(world, call, &user, event, &placed, located.organized)?;
    body["@odata.context"] = call.context("users/events/$entity");
    Ok(Reply::json(200, &body))
}

/// An event as this call wants to see it: id form, zone, `$expand`, `$select`.
pub(super) fn show(
    world: &World,
    call: &Call<'_>,
    user: &User,
    event: &Event,
    placed: &Placed,
    organized: bool,
) -> Result<serde_json::Value, GraphError> {
    let view = View {
        user,
        organized,
        id_form: call.prefer.id_form,
        zone: &call.prefer.zone,
    };
    let mut body = render(world, event, placed, &view);
    extended::expand(call, event, &mut body)?;
    odata::select(call, body, "microsoft.graph.event")
}

/// `GET /users/{u}/calendar`; graph-protocol §2: says which online meetings the
/// mailbox allows.
pub(super) fn calendar(world: &World, call: &Call<'_>, user: &str) -> Answer {
    odata::allow_options(call, &["$select"])?;
    let user = call.mailbox(world, user, &CALENDAR_READ)?;
    let (allowed, default) = match user.mailbox.online_meetings {
        OnlineMeetingSupport::Teams => (vec!["teamsForBusiness"], "teamsForBusiness"),
        OnlineMeetingSupport::Unavailable => (Vec::new(), "unknown"),
    };
    let body = json!({
        "@odata.context": call.context("users/calendar/$entity"),
        "id": format!("AAMkADNkCalendar{}=", uuid_of(&user.id).simple()),
        "name": "Calendar", "color": "auto", "hexColor": "", "isDefaultCalendar": true,
        "changeKey": "DxYSthXJXEWwAQSYQnXvIgAAIxGttg==", "canShare": true,
        "canViewPrivateItems": true, "canEdit": true, "allowedOnlineMeetingProviders": allowed,
        "defaultOnlineMeetingProvider": default, "isTallyingResponses": true, "isRemovable": false,
        "owner": {"name": user.display_name, "address": user.address()},
    });
    let body = odata::select(call, body, "microsoft.graph.calendar")?;
    Ok(Reply::json(200, &body))
}
