//! How long callers wait while Microsoft does not answer.

use std::time::{Duration, Instant};

use graph_simulator::Fault;
use it::practice::{Command, Practice};

use super::{EVENT, EVENTS};

/// What the function has, less what it needs to write down what came of it.
const LONGEST: Duration = Duration::from_secs(27);

async fn measured(practice: &Practice, command: Command, id: &str) -> Duration {
    let begun = Instant::now();
    let answer = practice.command(command, id).await;
    let took = begun.elapsed();
    // An earlier try's event is still being removed: that comes first.
    let is_early = command == Command::Generate && answer.status == 409;
    if is_early {
        assert_eq!(answer.problem(409), "meeting_in_progress");
    } else {
        answer.expect(200);
    }
    took
}

/// AP-5: every call hangs: the caller has an answer before the function's 29 s.
#[tokio::test]
async fn a_hanging_microsoft_does_not_use_the_functions_time_up() {
    futures_util::future::join_all(Command::ALL.map(async |command| {
        let practice = Practice::open().await;
        let id = practice.ready_for(command).await;
        practice.graph.inject(Fault::any().always().hang());
        let took = measured(&practice, command, &id).await;
        assert!(took < LONGEST, "{command:?} took {took:?}");
    }))
    .await;
}

/// AP-5: every call succeeds, each as late as it may: the sum still fits, whatever an
/// earlier try has left behind.
#[tokio::test]
async fn a_slow_microsoft_does_not_use_the_functions_time_up() {
    const SLOW_MS: u64 = 7_500;
    let fresh = Command::ALL.map(|command| (command, None));
    let cases = fresh.into_iter().chain([
        // The creation's outcome is unknown.
        (
            Command::Generate,
            Some(Fault::on("POST", EVENTS).after().cut()),
        ),
        (
            Command::Cancel,
            Some(Fault::on("POST", EVENTS).after().cut()),
        ),
        (Command::Delete, Some(Fault::on("POST", EVENTS).cut())),
        // An event without Teams meeting is still to be removed.
        (
            Command::Generate,
            Some(Fault::on("POST", EVENTS).without_teams_meeting()),
        ),
    ]);
    futures_util::future::join_all(cases.map(async |(command, left_behind)| {
        let case = format!("{command:?} after {left_behind:?}");
        let practice = Practice::open().await;
        let id = match left_behind {
            None => practice.ready_for(command).await,
            Some(fault) => {
                let id = practice.ready_for(Command::Approve).await;
                practice.graph.inject(fault.always());
                practice
                    .graph
                    .inject(Fault::on("DELETE", EVENT).always().unavailable("60"));
                practice.command(Command::Approve, &id).await.expect(200);
                practice.graph.clear_faults();
                id
            }
        };
        practice
            .graph
            .inject(Fault::any().always().delay_ms(SLOW_MS));
        practice.graph.expire_tokens();
        let took = measured(&practice, command, &id).await;
        assert!(took < LONGEST, "{case} took {took:?}");
        practice.graph.clear_faults();
        practice.settle().await;
        practice.assert_in_step(&id, &case).await;
    }))
    .await;
}
