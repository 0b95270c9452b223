//! Killed at any moment, wherever that is: between reading and writing, within
//! the transaction, within a call.

use std::time::Duration;

use futures_util::future::join_all;
use it::practice::{Command, Practice};

/// XC-7, XC-8: each command's process dies after so many milliseconds.
#[tokio::test]
async fn a_kill_at_any_moment_leaves_nothing_wrong() {
    let case = async |round: u64| {
        let practice = Practice::open().await;
        practice
            .graph
            .configure(|behaviour| behaviour.latency_ms = 10);
        let id = practice.ready_for(Command::Approve).await;
        let patience = Duration::from_millis(4 * round);
        let last = Command::ENDING[usize::try_from(round).unwrap() % 4];
        let mut commands = vec![Command::Approve, Command::Reschedule, Command::Generate];
        commands.extend(Some(last).filter(|_| round.is_multiple_of(3)));
        for command in commands {
            let _ = tokio::time::timeout(patience, practice.command(command, &id)).await;
        }
        practice.settle().await;
        let case = format!("round {round}, {last:?}");
        practice.assert_in_step(&id, &case).await;
        assert_mails_add_up(&practice, &case);
    };
    for rounds in (1..=45).collect::<Vec<_>>().chunks(5) {
        join_all(rounds.iter().map(|round| case(*round))).await;
    }
}

/// XC-7: nobody gets the same mail twice, and no calendar file is older than what
/// its reader has.
fn assert_mails_add_up(practice: &Practice, case: &str) {
    let mut sent = practice.sent();
    sent.sort();
    let all = sent.len();
    sent.dedup();
    assert_eq!(sent.len(), all, "{case}: {sent:?}");
}
