//! No token: nothing is done at Microsoft, and the caller hears why.

use graph_simulator::{Fault, demo};
use it::practice::{Command, Practice};

use super::{each, warning_of};

/// What becomes of token requests, by name.
fn faults() -> Vec<(&'static str, Fault)> {
    let on = || Fault::on("POST", "**/token").always();
    vec![
        (
            "401",
            on().respond(
                401,
                serde_json::json!({ "error": "invalid_client", "error_codes": [7_000_215],
                    "error_description": "AADSTS7000215: Invalid client secret provided." }),
            ),
        ),
        (
            "500",
            on().respond(500, serde_json::json!({ "error": "server_error" })),
        ),
        ("429", on().throttle("60")),
        ("hang", on().hang()),
        ("cut", on().cut()),
        ("malformed", on().malformed_json()),
    ]
}

/// AP-5 to AP-7: without a token each command succeeds all the same, and Microsoft
/// follows once there is one.
#[tokio::test]
async fn without_a_token_every_command_succeeds_and_is_caught_up_with() {
    let mut cases = vec![];
    for command in Command::ALL {
        cases.extend(
            faults()
                .into_iter()
                .map(|(name, fault)| (command, name, fault)),
        );
    }
    each(cases, async |(command, name, fault)| {
        let case = format!("{command:?}, {name}");
        let practice = Practice::open().await;
        let id = practice.ready_for(command).await;
        practice.graph.expire_tokens();
        practice.graph.inject(fault);
        let writes = practice.on_calendar();
        let warning = warning_of(&practice.command(command, &id).await, &case);
        let expected = match name {
            "401" => "graph_credentials_refused",
            _ => "graph_unavailable",
        };
        assert_eq!(warning["reason"], expected, "{case}");
        assert_eq!(practice.on_calendar(), writes, "{case}");
        practice.graph.clear_faults();
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
        if Command::CREATING.contains(&command) && name == "401" {
            assert_eq!(practice.graph.events(demo::ORGANIZER_UPN), [], "{case}");
            practice.command(Command::Generate, &id).await.expect(200);
            practice.settle().await;
            practice.assert_in_step(&id, &case).await;
        }
        assert_eq!(
            practice.on_calendar().len(),
            usize::from(!command.ends()),
            "{case}"
        );
    })
    .await;
}
