//! Sessions: meetings that a host invites people to (IV).

use std::collections::HashMap;
use std::sync::Arc;

use convoke_domain::error::Error;
use convoke_domain::session::{Response, Session, SessionDraft, SessionStatus};
use convoke_platform::http::{Call, ListRequest, Listing, Reply, query};
use convoke_services::sessions::{self, Held, Membership, Planned, SessionFilter};

use super::store_of;
use crate::App;
use crate::wire::session::{
    ChangedView, Eyes, InvitationView, PlannedView, ResponseBody, SessionBody, SessionPatchBody,
    SessionView,
};

fn path_of(session: &Session) -> String {
    format!("/api/v1/meetings/{}", session.session_id)
}

#[utoipa::path(post, path = "/api/v1/meetings", tag = "meetings with invitees", request_body = SessionBody,
    responses((status = 201, body = PlannedView, headers(("Location" = String), ("ETag" = String)))))]
/// Plan a meeting with invitees, or begin one at once; the caller is its host
pub(crate) async fn create_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let now = app.core.ports.now();
    let draft = SessionDraft::parse(&call.command::<SessionBody>()?.into(), now)?;
    let nothing_sent = HashMap::new();
    let render = |planned: &Planned| {
        let eyes = Eyes {
            membership: Membership::Host,
            mails: Some(&nothing_sent),
        };
        let view = SessionView::of(&planned.session, &eyes);
        Reply::created(
            &path_of(&planned.session),
            &PlannedView::of(view, planned.warning.as_ref()),
        )
        .with_version(planned.session.version)
    };
    let seal = call.seal(&render);
    let store = store_of(&app, &call)?;
    let planned = Box::pin(sessions::create(
        &app.sessions,
        &store,
        call.caller()?,
        draft,
        &seal,
    ))
    .await?;
    Ok(seal.reply(&planned))
}

#[utoipa::path(get, path = "/api/v1/meetings", tag = "meetings with invitees",
    params(("status" = Option<String>, Query, pattern = "^(scheduled|ended|cancelled)$"),
        ("from" = Option<String>, Query, description = "those that begin then or later: date or instant"),
        ("to" = Option<String>, Query, description = "those that begin before: date or instant"),
        ("all" = Option<bool>, Query, description = "all of the organisation; needs meetings:admin"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Listing<SessionView>)))]
/// List the meetings that the caller hosts or is invited to, by start
pub(crate) async fn list_sessions(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let caller = call.caller()?;
    let filter = SessionFilter {
        status: call.query("status")?.map(read_status).transpose()?,
        from: query::instant(&call, "from")?,
        to: query::instant(&call, "to")?,
        all: query::flag(&call, "all")?.unwrap_or(false),
    };
    let list = ListRequest::read_own(&call, &app.secrets).await?;
    let store = store_of(&app, &call)?;
    let page = sessions::list(&store, caller, &filter, list.limit, list.after.clone()).await?;
    list.reply(page, &app.secrets, |session| {
        let membership = sessions::membership(session, caller).unwrap_or(Membership::Admin);
        SessionView::of(
            session,
            &Eyes {
                membership,
                mails: None,
            },
        )
    })
    .await
}

fn read_status(word: &str) -> Result<SessionStatus, Error> {
    SessionStatus::parse(word).ok_or_else(|| Error::Malformed {
        code: "invalid_query",
        message: "status is scheduled, ended or cancelled".to_owned(),
    })
}

#[utoipa::path(get, path = "/api/v1/meetings/{meeting_id}", tag = "meetings with invitees",
    params(("meeting_id" = String, Path)),
    responses((status = 200, body = SessionView, headers(("ETag" = String)))))]
/// Read a meeting with its invitations: host, administrators and invitees
pub(crate) async fn get_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let (store, id) = (store_of(&app, &call)?, call.session_id()?);
    let (held, membership) = sessions::enter(&store, id, call.caller()?).await?;
    let mails = if membership.may_manage() {
        sessions::mail_states(&store, &held.session, &held.told).await?
    } else {
        HashMap::new()
    };
    Ok(reply(&held.session, membership, &mails))
}

fn reply(
    session: &Session,
    membership: Membership,
    mails: &HashMap<convoke_domain::id::InvitationId, &'static str>,
) -> Reply {
    let eyes = Eyes {
        membership,
        mails: Some(mails),
    };
    Reply::ok(&SessionView::of(session, &eyes)).with_version(session.version)
}

#[utoipa::path(patch, path = "/api/v1/meetings/{meeting_id}", tag = "meetings with invitees",
    params(("meeting_id" = String, Path)), request_body = SessionPatchBody,
    responses((status = 200, body = ChangedView, headers(("ETag" = String)))))]
/// Change a meeting; only those whom the change concerns hear of it
pub(crate) async fn update_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let patch = call.command::<SessionPatchBody>()?.into();
    let (store, id) = (store_of(&app, &call)?, call.session_id()?);
    let (caller, if_match) = (call.caller()?, call.if_match()?);
    let changed = sessions::change(&app.sessions, &store, caller, id, &patch, if_match).await?;
    // The change is made: what became of mails is left out where it cannot be read.
    let mails = sessions::mail_states(&store, &changed.session, &changed.told).await;
    let eyes = Eyes {
        membership: Membership::Host,
        mails: mails.as_ref().ok(),
    };
    Ok(Reply::ok(&ChangedView::of(&changed, &eyes)).with_version(changed.session.version))
}

#[utoipa::path(post, path = "/api/v1/meetings/{meeting_id}/cancel", tag = "meetings with invitees",
    params(("meeting_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = SessionView, headers(("ETag" = String)))))]
/// Call a meeting off; everybody who knows of it hears so
pub(crate) async fn cancel_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let render = |held: &Held| ended(held);
    let seal = call.seal(&render);
    let (store, id) = (store_of(&app, &call)?, call.session_id()?);
    let (caller, if_match) = (call.caller()?, call.if_match()?);
    let held = sessions::cancel(&app.sessions, &store, caller, id, if_match, &seal).await?;
    Ok(seal.reply(&held))
}

#[utoipa::path(post, path = "/api/v1/meetings/{meeting_id}/end", tag = "meetings with invitees",
    params(("meeting_id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = SessionView, headers(("ETag" = String)))))]
/// Note that a meeting was held
pub(crate) async fn end_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let render = |held: &Held| ended(held);
    let seal = call.seal(&render);
    let (store, id) = (store_of(&app, &call)?, call.session_id()?);
    let (caller, if_match) = (call.caller()?, call.if_match()?);
    let held = sessions::end(&app.sessions, &store, caller, id, if_match, &seal).await?;
    Ok(seal.reply(&held))
}

/// What became of mails is not looked up for an answer that is stored.
fn ended(held: &Held) -> Reply {
    let eyes = Eyes {
        membership: Membership::Host,
        mails: None,
    };
    Reply::ok(&SessionView::of(&held.session, &eyes)).with_version(held.session.version)
}

#[utoipa::path(post, path = "/api/v1/meetings/{meeting_id}/invitations/{invitation_id}/respond",
    tag = "meetings with invitees", params(("meeting_id" = String, Path), ("invitation_id" = String, Path)),
    request_body = ResponseBody, responses((status = 200, body = InvitationView)))]
/// Answer one's own invitation; another answer replaces the one before
pub(crate) async fn respond_to_invitation(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    let body = call.command::<ResponseBody>()?;
    let response = Response::parse_answer(&body.response).ok_or_else(|| {
        Error::invalid(
            "/response",
            "unknown_response",
            "answer accepted, declined or tentative",
        )
    })?;
    let (id, invitation_id) = (call.session_id()?, call.invitation_id()?);
    let render = |session: &Session| {
        let eyes = Eyes {
            membership: Membership::Invitee(invitation_id),
            mails: None,
        };
        match session.invitee(invitation_id) {
            Some(invitee) => Reply::ok(&InvitationView::of(invitee, &eyes)),
            None => Reply::empty(http::StatusCode::NO_CONTENT),
        }
    };
    let seal = call.seal(&render);
    let (store, caller) = (store_of(&app, &call)?, call.caller()?);
    let session = sessions::answer(
        &app.core,
        &store,
        caller,
        id,
        invitation_id,
        response,
        &seal,
    )
    .await?;
    Ok(seal.reply(&session))
}

#[utoipa::path(post, path = "/api/v1/meetings/{meeting_id}/join", tag = "meetings with invitees",
    params(("meeting_id" = String, Path)),
    responses((status = 200, body = SessionView, headers(("ETag" = String)))))]
/// Join a meeting: makes an invitee a participant, and answers with the link
pub(crate) async fn join_session(app: Arc<App>, call: Call) -> Result<Reply, Error> {
    call.no_command()?;
    let caller = call.caller()?;
    let render = |held: &Held| {
        let membership = sessions::membership(&held.session, caller).unwrap_or(Membership::Admin);
        let eyes = Eyes {
            membership,
            mails: None,
        };
        Reply::ok(&SessionView::of(&held.session, &eyes)).with_version(held.session.version)
    };
    let seal = call.seal(&render);
    let (store, id) = (store_of(&app, &call)?, call.session_id()?);
    let held = sessions::join(&app.sessions, &store, caller, id, &seal).await?;
    Ok(seal.reply(&held))
}
