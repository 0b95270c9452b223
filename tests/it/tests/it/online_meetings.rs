//! Online meetings that staff schedule, and the timeline that they stand on
//! (OM-4, OM-5), over the API in this process. Faults, races and crashes have
//! modules of their own.

#[cfg(feature = "enterprise")]
mod crash;
#[cfg(feature = "enterprise")]
mod faults;
mod interactions;
#[cfg(feature = "enterprise")]
mod race;
#[cfg(feature = "enterprise")]
mod reading;
#[cfg(feature = "enterprise")]
mod scheduling;
mod unavailable;

/// Where events are made.
#[cfg(feature = "enterprise")]
const EVENTS: &str = "/v1.0/users/*/events";
/// One event.
#[cfg(feature = "enterprise")]
const EVENT: &str = "/v1.0/users/*/events/*";

/// XC-8: a creation that came to nothing: nobody sees anything of it, nobody hears of
/// it, and once the background is through Microsoft has nothing either.
#[cfg(feature = "enterprise")]
async fn assert_nothing_came_of_it(practice: &it::practice::Practice, case: &str) {
    let mut told = vec![];
    for is_settled in [false, true] {
        if is_settled {
            told = practice.settle().await;
        }
        for (partition, sort) in practice.items().await.into_keys() {
            assert!(
                !["INTERACTION", "ENTRY", "CAPTURE"].contains(&&*sort),
                "{case}: {partition} {sort}"
            );
            let Some((_, id)) = partition.split_once("#A#").filter(|_| sort == "MEETING") else {
                continue;
            };
            let read = practice.meetings("GET", &format!("/{id}"), None).await;
            assert_eq!(read.problem(404), "not_found", "{case}");
        }
        let path = "/api/v1/interactions?contact_id=contact-1";
        let timeline = practice
            .process
            .api(practice.staff("GET", path, None))
            .await;
        assert_eq!(
            timeline.expect(200)["items"],
            serde_json::json!([]),
            "{case}"
        );
    }
    assert_eq!(told, Vec::<serde_json::Value>::new(), "{case}");
    assert_eq!(practice.on_calendar(), [], "{case}: an orphan");
}
