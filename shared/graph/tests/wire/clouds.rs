//! National clouds: their hosts are configuration, and nothing of one cloud reaches
//! another's (the protocol notes, §1).

use std::net::SocketAddr;

use convoke_graph::{ArtifactKind, DeltaFrom, GraphClient, GraphConfig};
use serde_json::json;

use crate::fixtures::{at, page, profile};
use crate::server::{Server, answer};
use crate::subscriptions::{ID, made, request};

/// Token host, Graph host.
const CLOUDS: [(&str, &str); 4] = [
    ("login.microsoftonline.com", "graph.microsoft.com"),
    ("login.microsoftonline.us", "graph.microsoft.us"),
    ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
];

fn address(server: &Server) -> SocketAddr {
    server.url.trim_start_matches("http://").parse().unwrap()
}

/// A client of the cloud with these hosts, which lead to the two servers.
fn client_of(login: (&str, &Server), graph: (&str, &Server)) -> GraphClient {
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve(login.0, address(login.1))
        .resolve(graph.0, address(graph.1))
        .build()
        .unwrap();
    let config = GraphConfig::new(
        format!("http://{}", graph.0),
        format!("http://{}/", login.0),
    );
    GraphClient::new(http, config)
}

/// NT-1, NT-3, NT-5: the token, its scope, discovery, subscriptions and deltas use the
/// configured cloud's hosts.
#[tokio::test]
async fn each_cloud_is_reached_at_its_own_hosts() {
    for (login_host, graph_host) in CLOUDS {
        let guid = "77aa0000-0000-4000-8000-00000000000f";
        let issuer = json!({ "issuer": format!("https://{login_host}/{guid}/v2.0") });
        let login = Server::start([answer(200, &issuer.to_string())]).await;
        let next = format!("http://{graph_host}/v1.0/users('2b0c')/x/delta?$skiptoken=1");
        let graph = Server::start([
            made(ID),
            answer(200, &page(&[], Some(&next))),
            answer(200, &page(&[], None)),
        ])
        .await;
        let client = client_of((login_host, &login), (graph_host, &graph));
        let profile = profile();
        let session = client.session(&profile);
        assert_eq!(
            client
                .microsoft_tenant_guid("contoso.example")
                .await
                .unwrap(),
            guid
        );
        session.create_subscription(&request()).await.unwrap();
        let from = DeltaFrom::Since(at(8).and_utc());
        let delta = session
            .artifact_delta("2b0c", ArtifactKind::Transcript, from)
            .await;
        assert!(delta.unwrap().is_complete);

        assert_eq!(login.token_requests().len(), 1);
        let scope = format!("scope=http%3A%2F%2F{graph_host}%2F.default");
        assert!(
            login.token_requests()[0].body.contains(&scope),
            "{graph_host}"
        );
        let received = login.received();
        assert!(
            received
                .iter()
                .all(|sent| sent.header("host") == Some(login_host))
        );
        let received = graph.received();
        assert_eq!(received.len(), 3);
        assert!(
            received
                .iter()
                .all(|sent| sent.header("host") == Some(graph_host))
        );
        let bearer = Some("Bearer token-1");
        assert!(
            received
                .iter()
                .all(|sent| sent.header("authorization") == bearer)
        );
    }
}

/// NT-5: a next page in another cloud is not followed.
#[tokio::test]
async fn no_list_goes_on_in_another_cloud() {
    let (login_host, graph_host) = CLOUDS[1];
    let (login, graph) = (Server::start([]).await, Server::start([]).await);
    let global = "https://graph.microsoft.com/v1.0/subscriptions?$skiptoken=1";
    graph.then([answer(200, &page(&[], Some(global)))]);
    let client = client_of((login_host, &login), (graph_host, &graph));
    let profile = profile();
    let error = client
        .session(&profile)
        .list_subscriptions()
        .await
        .unwrap_err();
    assert_eq!(error.code, "ForeignNextLink");
}
