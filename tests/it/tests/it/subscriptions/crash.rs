//! Whoever looks after subscriptions dies at any step: what is left behind is found,
//! and there is one of each kind (XC-7, XC-8).

use chrono::TimeDelta;
use graph_simulator::Fault;
use it::death::Moment;
use serde_json::json;

use super::function::Function;
use super::house::House;

const ALL: &str = "/v1.0/subscriptions";
const ONE: &str = "/v1.0/subscriptions/*";
/// Longer than a claim holds.
const LATER: TimeDelta = TimeDelta::minutes(30);

/// What is going on when the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Making,
    Replacing,
    Renewing,
    MakingAgain,
    Removing,
}

impl Work {
    const ALL: [Self; 5] = [
        Self::Making,
        Self::Replacing,
        Self::Renewing,
        Self::MakingAgain,
        Self::Removing,
    ];

    async fn prepare(self) -> House {
        let house = match self {
            Self::Making => House::empty().await,
            _ => House::subscribed().await,
        };
        match self {
            Self::Making => house.save(House::settings()).await,
            Self::Renewing => house.later(TimeDelta::hours(36)),
            Self::MakingAgain => {
                for one in house.graph.subscriptions() {
                    house.graph.lose_subscription(&one.id);
                }
                house.later(TimeDelta::hours(6));
            }
            Self::Replacing => {
                for one in house.graph.subscriptions() {
                    let elsewhere = "https://elsewhere.example".to_owned();
                    house
                        .graph
                        .update_subscription(&one.id, |one| one.notification_url = elsewhere)
                        .unwrap();
                }
                house.later(TimeDelta::hours(6));
            }
            Self::Removing => {
                let mut off = House::settings();
                off.install_status = Some(Some("disabled".to_owned()));
                house.save(off).await;
            }
        }
        house
    }

    async fn run(self, function: &Function, org: &str) {
        match self {
            Self::Making | Self::Removing => {
                function
                    .job(org, &json!({ "job": "align_subscriptions" }))
                    .await;
            }
            // A round may end with an error when the table is gone.
            _ => drop(function.app.renew(std::time::Duration::from_mins(10)).await),
        }
    }

    /// The message comes again, and rounds go on.
    async fn assert_made_good(self, house: &House, case: &str) {
        for _ in 0..2 {
            if matches!(self, Self::Making | Self::Removing) {
                house.align().await;
            }
            house.later(LATER);
            house.round().await;
        }
        if self == Self::Removing {
            assert_eq!(house.graph.subscriptions(), [], "{case}");
            assert_eq!(house.rows().await, [], "{case}");
        } else {
            house.assert_in_step(case).await;
        }
    }
}

/// XC-8: dropped at each call to Microsoft, before and after its effect.
#[tokio::test]
async fn a_call_that_nobody_hears_of_is_made_good() {
    let steps = [
        (Work::Making, "POST", ALL),
        (Work::MakingAgain, "GET", ONE),
        (Work::MakingAgain, "POST", ALL),
        (Work::Replacing, "DELETE", ONE),
        (Work::Replacing, "POST", ALL),
        (Work::Renewing, "PATCH", ONE),
        (Work::Removing, "DELETE", ONE),
    ];
    for (work, method, path) in steps {
        for lands in [false, true] {
            let case = format!("{work:?}, {method} {path}, lands: {lands}");
            let house = work.prepare().await;
            let fault = Fault::on(method, path).hang();
            house
                .graph
                .inject(if lands { fault.after() } else { fault });
            let mortal = house.another();
            tokio::select! {
                () = work.run(&mortal, &house.org) => panic!("{case}: nothing hung"),
                () = house.until_hanging() => {}
            }
            house.graph.clear_faults();
            work.assert_made_good(&house, &case).await;
        }
    }
}

/// XC-7: a process that dies at any write, before and after its effect.
#[tokio::test]
async fn a_process_that_dies_at_any_write_leaves_one_of_each() {
    let mut deaths = 0;
    for work in Work::ALL {
        for nth in 1..=6 {
            for moment in [Moment::Before, Moment::After] {
                let case = format!("{work:?}, write {nth}, {moment:?}");
                let house = work.prepare().await;
                let mortal = house.another();
                mortal.death.at("TransactWriteItems", nth, moment);
                work.run(&mortal, &house.org).await;
                if !mortal.death.has_come() {
                    continue;
                }
                deaths += 1;
                work.assert_made_good(&house, &case).await;
            }
        }
    }
    // Two rows each: an intent and an outcome, or one write alone.
    assert!(deaths >= 2 * (5 + 4 + 2 + 4 + 4), "{deaths}");
}

/// XC-8: deactivated while a subscription is being made whose maker then dies: it is
/// not forgotten.
#[tokio::test]
async fn what_was_made_by_the_dead_is_removed() {
    let house = House::empty().await;
    house.save(House::settings()).await;
    house.graph.inject(Fault::on("POST", ALL).hang().after());
    let mortal = house.another();
    let align = json!({ "job": "align_subscriptions" });
    tokio::select! {
        _ = mortal.job(&house.org, &align) => panic!("nothing hung"),
        () = house.until_hanging() => {}
    }
    house.graph.clear_faults();
    assert_eq!(
        house.graph.subscriptions().len(),
        1,
        "nobody knows of it yet"
    );
    let mut off = House::settings();
    off.install_status = Some(Some("disabled".to_owned()));
    house.save(off).await;
    house.align().await;
    assert_eq!(
        house.graph.subscriptions().len(),
        1,
        "its maker may still live"
    );
    house.later(LATER);
    house.round().await;
    assert_eq!(house.graph.subscriptions(), []);
    assert_eq!(house.rows().await, []);
}
