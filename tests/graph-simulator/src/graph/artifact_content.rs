//! Content of recordings and transcripts (graph-protocol §5): a stream, a part
//! of one, or a redirect to the storage.

use chrono::TimeDelta;

use super::artifacts::{Place, check_switch, find, roles};
use super::{Answer, Call, odata};
use crate::artifact::{ArtifactKind, Form, Revocable, Served, serve};
use crate::bearer;
use crate::directory::User;
use crate::reply::{GraphError, Reply};
use crate::storage;
use crate::world::{World, same};

const UNATTRIBUTED: &str = "application/vnd.microsoft.graph.transcript+text";

/// `GET …/content` and `GET …/metadataContent`.
pub(super) fn get(
    world: &mut World,
    call: &Call<'_>,
    form: Form,
    (user, meeting, id): Place<'_>,
) -> Answer {
    let (kind, options): (_, &[&str]) = match form {
        Form::Video => (ArtifactKind::Recording, &[]),
        _ => (ArtifactKind::Transcript, &["$format"]),
    };
    odata::allow_options(call, options)?;
    // graph-protocol §3: a missing policy is worded differently for content.
    let refusal = |user: &User| {
        let id = &user.id;
        format!(
            "Application is not allowed to perform operations on the user '{id}', neither is allowed access through RSC permission evaluation."
        )
    };
    let user = call.user_under_policy(world, user, &roles(kind), refusal)?;
    check_switch(world, &user, kind)?;
    check_attribution(world, &user, form)?;
    let artifact = find(world, &user, kind, meeting, id)?.clone();
    let delivery = world.delivery(&artifact);
    if let Some(limit) = delivery.max_token_age_ms {
        let limit = TimeDelta::milliseconds(i64::try_from(limit).unwrap_or(i64::MAX / 1000));
        if world.now() - call.caller.issued_at >= limit {
            return Err(bearer::expired());
        }
    }
    if delivery.redirects || call.effects.redirects {
        let link = storage::link(world, &artifact, form);
        let base = storage::base_url(&call.request.base_url, world.storage_port);
        return Ok(Reply::empty(302).with_header("location", &format!("{base}{link}")));
    }
    let reply = serve(Served {
        content: form.apply(&artifact.content, artifact.created_at),
        media_type: form.media_type(),
        delivery: &delivery,
        number: artifact.served,
        range: call.request.header("range"),
        credential: Revocable::Token(call.caller.token.clone()),
    });
    if reply.content.is_some()
        && let Ok(artifact) = world.artifact_mut(&artifact.id)
    {
        artifact.served += 1;
    }
    Ok(reply)
}

/// graph-protocol §0.1, §5: the second switch governs what names speakers as
/// `text/vtt`, content only.
fn check_attribution(world: &World, user: &User, form: Form) -> Result<(), GraphError> {
    let tenant = world.tenants.get(&user.tenant_id);
    let allowed = tenant.is_some_and(|tenant| tenant.attributed_transcripts);
    if form != Form::Attributed || allowed {
        return Ok(());
    }
    let message = "Speaker attribution is not allowed for transcripts of this tenant.";
    Err(GraphError::new(403, "Forbidden", message).inner("code", "SpeakerAttributionNotAllowed"))
}

/// graph-protocol §5: `text/vtt` by header or by `$format`, which wins; the
/// unattributed form by header only.
pub(super) fn wanted_form(call: &Call<'_>) -> Result<Form, GraphError> {
    if let Some(format) = call.request.parameter("$format") {
        if same(format.trim(), "text/vtt") {
            return Ok(Form::Attributed);
        }
        let message = format!("The $format '{format}' is not supported.");
        return Err(GraphError::bad_request(message));
    }
    let accept = call.request.header("accept").unwrap_or("*/*");
    let named = accept.split(',').find_map(|range| {
        let media_type = range.split(';').next().unwrap_or_default().trim();
        if same(media_type, UNATTRIBUTED) {
            return Some(Form::Unattributed);
        }
        let any = ["text/vtt", "text/*", "*/*"].iter();
        any.into_iter()
            .any(|known| same(media_type, known))
            .then_some(Form::Attributed)
    });
    named.ok_or_else(|| {
        let message = "None of the accepted media types is supported.";
        GraphError::new(406, "NotAcceptable", message)
    })
}
