//! A stack for a program that tests it, as `.ci/fuzz-api` does: on free ports, its state gone with it, beside whatever
//! `cargo run` keeps in `.local/`.
//!
//! The first line that it prints says where everything is, as JSON, and has the demo organisation's tokens. It ends with its
//! standard input. Functions' lines go to standard error. Its argument is the folder of the functions' binaries; without
//! one they are built.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what is printed is what the program is for"
)]

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use convoke_local::{
    DEMO_ORG, Functions, MsGraphProfile, Stack, StackOptions, TokenClaims, Workspace, of_template,
};
use serde_json::json;

/// Every permission that there is.
const STAFF: &str = "controls:write meetings:read meetings:write meetings:admin directory:read directory:write \
                     appointments:request appointments:read user_schedule:read user_schedule:update \
                     interaction:read interaction:update interaction:delete tenant_integrations:read \
                     tenant_integrations:update";

fn main() -> Result<()> {
    let functions = match std::env::args().nth(1).map(PathBuf::from) {
        Some(folder) => {
            let names = of_template(&Workspace::of_this_build())?;
            let path = |name: &String| folder.join(name);
            Functions::Executables(names.iter().map(|it| (it.clone(), path(it))).collect())
        }
        None => StackOptions::temporary().functions,
    };
    let stack = Stack::start(StackOptions {
        functions,
        logs: Arc::new(|function, line| eprintln!("{function} {line}")),
        ..StackOptions::temporary()
    })?;
    let profile = MsGraphProfile::demo(DEMO_ORG);
    let staff = TokenClaims::internal(DEMO_ORG, "bob", STAFF);
    let colleague = TokenClaims::internal(DEMO_ORG, "ann", STAFF);
    let portal = TokenClaims::portal(DEMO_ORG, "cleo", STAFF, "globex", "cleo");
    println!(
        "{}",
        json!({
            "api_url": stack.api_url,
            "graph_base_url": stack.graph_base_url,
            "aws_endpoint": stack.aws_endpoint,
            "org_id": DEMO_ORG,
            "tokens": {
                "staff": stack.issuer.token(&staff)?,
                "colleague": stack.issuer.token(&colleague)?,
                "portal": stack.issuer.token(&portal)?,
            },
            "microsoft": {
                "profile": {
                    "tenant_id": profile.tenant_id,
                    "client_id": profile.client_id,
                    "client_secret": profile.client_secret,
                },
                "install_status": "active",
                "default_meeting_organizer_upn": profile.organizer_email,
            },
        })
    );
    std::io::stdin().read_to_end(&mut Vec::new())?;
    stack.stop();
    Ok(())
}
