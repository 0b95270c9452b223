//! One plain address in front of the HTTP API, whose own host name no person wants to type.
//!
//! Method, path, query, headers and body pass as they came: percent-encoding is not touched. Only `Host` is set, to
//! the name that the API answers under, and what belongs to one connection (RFC 9110, section 7.6.1) is left off.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

const OF_ONE_CONNECTION: [HeaderName; 5] = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

#[derive(Clone)]
struct Front {
    client: Client<HttpConnector, Body>,
    aws_port: u16,
    host: HeaderValue,
}

/// Serves the API with this id until the runtime ends.
pub(crate) fn serve(listener: TcpListener, aws_port: u16, api_id: &str) -> anyhow::Result<()> {
    let front = Front {
        // Shorter than the other side keeps connections, so that none is used as it closes.
        client: Client::builder(TokioExecutor::new())
            .pool_idle_timeout(std::time::Duration::from_secs(30))
            .build_http(),
        aws_port,
        host: HeaderValue::try_from(format!("{api_id}.execute-api.localhost:{aws_port}"))?,
    };
    let routes = axum::Router::new().fallback(forward).with_state(front);
    tokio::spawn(axum::serve(listener, routes).into_future());
    Ok(())
}

async fn forward(State(front): State<Front>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let Ok(uri) = format!("http://127.0.0.1:{}{path}", front.aws_port).parse::<Uri>() else {
        return (
            StatusCode::BAD_REQUEST,
            "this address cannot be forwarded\n",
        )
            .into_response();
    };
    *request.uri_mut() = uri;
    drop_hops(request.headers_mut());
    request.headers_mut().insert(HOST, front.host.clone());
    match front.client.request(request).await {
        Ok(mut answer) => {
            drop_hops(answer.headers_mut());
            answer.map(Body::new)
        }
        Err(error) => (
            StatusCode::BAD_GATEWAY,
            format!("the local AWS does not answer: {error}\n"),
        )
            .into_response(),
    }
}

fn drop_hops(headers: &mut HeaderMap) {
    for name in &OF_ONE_CONNECTION {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stack_that_is_down_is_told_as_bad_gateway() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/users", listener.local_addr().unwrap());
        serve(listener, gone, "0a1b2c3d").unwrap();
        let answer = reqwest::Client::builder()
            .build()
            .unwrap()
            .get(url)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert!(answer.text().await.unwrap().contains("does not answer"));
    }
}
