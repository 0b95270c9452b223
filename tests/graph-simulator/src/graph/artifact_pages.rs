//! Pages of recordings and transcripts, with the oddities that Graph's lists
//! of them are known for (graph-protocol §5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::filter::Filter;
use super::{Answer, Call, odata};
use crate::behaviour::ArtifactPaging;
use crate::reply::{GraphError, Reply};
use crate::world::{World, same};

/// graph-protocol §5: no options are documented; these appear in newer pages.
pub(super) const OPTIONS: [&str; 4] = ["$filter", "$select", "$top", "$skiptoken"];
/// Of those, what the functions over all meetings take.
pub(super) const FUNCTION_OPTIONS: [&str; 1] = ["$skiptoken"];
const MAX_TOP: usize = 100;

/// Whether this is a list's first page.
pub(super) fn is_first(call: &Call<'_>) -> bool {
    call.request.parameter("$skiptoken").is_none()
}

/// The page that the call asks for.
pub(super) fn page(
    world: &World,
    call: &Call<'_>,
    context: &str,
    kind: &str,
    mut items: Vec<Value>,
) -> Answer {
    if let Some(text) = call.request.parameter("$filter") {
        let filter = Filter::parse(text)?;
        // graph-protocol §5: how a recording and its transcript are paired.
        if !filter
            .paths()
            .iter()
            .all(|path| same(path, "contentCorrelationId"))
        {
            let message = "Only contentCorrelationId can be filtered by.";
            return Err(GraphError::bad_request(message));
        }
        items.retain(|item| filter.accepts(item));
    }
    let top = top(call)?;
    let size = top.unwrap_or(world.behaviour.artifact_page_size).max(1);
    let mut pages = cut(&items, size, world.behaviour.artifact_paging);
    let number = number(call)?;
    let is_last = number + 1 >= pages.len();
    let Some(page) = pages.get_mut(number) else {
        return Err(GraphError::bad_request("The $skiptoken is invalid."));
    };
    let value: Result<Vec<Value>, GraphError> = std::mem::take(page)
        .into_iter()
        .map(|item| odata::select(call, item, kind))
        .collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context(context));
    // graph-protocol §5, known issue 22931: `$top` loses the next link.
    if !is_last && top.is_none() {
        body.insert("@odata.nextLink".into(), next_link(call, number + 1).into());
    }
    body.insert("value".into(), value?.into());
    Ok(Reply::json(200, &Value::Object(body)))
}

/// At least one page, of which some may be empty.
pub(super) fn cut(items: &[Value], size: usize, paging: ArtifactPaging) -> Vec<Vec<Value>> {
    let mut pages: Vec<Vec<Value>> = items.chunks(size).map(<[Value]>::to_vec).collect();
    match paging {
        ArtifactPaging::Plain => {}
        ArtifactPaging::EmptyThenDuplicates => {
            if let Some(first) = pages.first().cloned() {
                pages.splice(1..1, [Vec::new(), first]);
            }
        }
        ArtifactPaging::Overlapping => {
            for number in (1..pages.len()).rev() {
                let last = pages[number - 1].last().cloned();
                pages[number].splice(0..0, last);
            }
        }
    }
    if pages.is_empty() {
        pages.push(Vec::new());
    }
    pages
}

fn top(call: &Call<'_>) -> Result<Option<usize>, GraphError> {
    let Some(text) = call.request.parameter("$top") else {
        return Ok(None);
    };
    let wanted = text.parse().ok().filter(|top| (1..=MAX_TOP).contains(top));
    let invalid = || format!("Invalid value '{text}' for the query option '$top'.");
    let top = wanted.ok_or_else(|| GraphError::bad_request(invalid()))?;
    Ok(Some(top))
}

fn number(call: &Call<'_>) -> Result<usize, GraphError> {
    let Some(token) = call.request.parameter("$skiptoken") else {
        return Ok(0);
    };
    let invalid = || GraphError::bad_request("The $skiptoken is invalid.");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let number = text.strip_prefix("page:").and_then(|n| n.parse().ok());
    number.ok_or_else(invalid)
}

fn next_link(call: &Call<'_>, number: usize) -> String {
    let kept = call.request.query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase().replace("%24", "$");
        !pair.is_empty() && name != "$skiptoken"
    });
    let mut query: Vec<String> = kept.map(String::from).collect();
    let token = URL_SAFE_NO_PAD.encode(format!("page:{number}"));
    query.push(format!("$skiptoken={token}"));
    let request = call.request;
    format!("{}{}?{}", request.base_url, request.path, query.join("&"))
}
