//! `docs/openapi.yaml` is what the code says (issue 2, item 9).

use std::collections::BTreeSet;
use std::path::Path;

use it::openapi;

/// Every route is described, and nothing else is.
#[test]
fn the_document_describes_every_route_and_no_other() {
    let described: BTreeSet<String> = openapi::document()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            openapi::operations(item)
                .into_iter()
                .map(move |(method, operation)| {
                    format!(
                        "{method} {path} {}",
                        operation.operation_id.as_deref().unwrap_or_default()
                    )
                })
        })
        .collect();
    let meeting_api = meeting_api::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let ics_download = ics_download::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let settings = settings::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let approval = approval::routes::ROUTES
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.operation));
    let routes = meeting_api
        .chain(ics_download)
        .chain(settings)
        .chain(approval);
    assert_eq!(described, routes.collect());
}

/// The committed file is what the code generates; `CONVOKE_UPDATE_OPENAPI=1`
/// writes it.
#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.yaml");
    let generated = openapi::document().to_yaml().unwrap();
    if std::env::var_os("CONVOKE_UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/openapi.yaml is old: CONVOKE_UPDATE_OPENAPI=1 cargo test -p it openapi"
    );
}
