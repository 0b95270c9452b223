//! What the edge reads off a gateway's event, and what it gives back.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};

use super::Reply;

/// What names an event in logs and answers: the gateway's id, else Lambda's.
pub fn request_id_of(event: &Request) -> String {
    let gateway = match event.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    gateway
        .or_else(|| {
            event
                .lambda_context_ref()
                .map(|context| context.request_id.clone())
        })
        .filter(|id| {
            !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

pub(super) fn claims_of(event: &Request) -> Option<HashMap<String, String>> {
    match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => {
            Some(context.authorizer.as_ref()?.jwt.as_ref()?.claims.clone())
        }
        #[allow(
            unreachable_patterns,
            reason = "other gateways exist only with other features of lambda_http"
        )]
        _ => None,
    }
}

pub(super) fn path_and_query_of(event: &Request) -> String {
    let query = event.uri().query().unwrap_or_default();
    format!("{}?{query}", event.raw_http_path())
}

pub(super) fn query_of(event: &Request) -> Vec<(String, String)> {
    let parameters = event.query_string_parameters();
    parameters
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub(super) fn bytes_of(body: Body) -> Bytes {
    match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    }
}

pub(super) fn respond(mut reply: Reply, request_id: &str) -> Response<Body> {
    reply.set_header(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    if reply.header(header::CACHE_CONTROL).is_none() {
        reply.set_header(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        reply.set_header(HeaderName::from_static("x-request-id"), id);
    }
    let body = match std::str::from_utf8(reply.body()) {
        Ok("") => Body::Empty,
        Ok(text) => Body::Text(text.to_owned()),
        Err(_) => Body::Binary(reply.body().to_vec()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status();
    *response.headers_mut() = reply.headers().clone();
    response
}
