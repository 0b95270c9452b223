//! Queues, streams, schedules, and what is kept.

use std::collections::BTreeSet;

use serde_json::json;

use crate::document::{FUNCTION, MAPPING, QUEUE, of_type, queue_mappings, target, template};

#[test]
fn every_queue_that_is_read_has_a_dead_letter_queue() {
    let template = template();
    let queues = of_type(&template, QUEUE);
    for (name, _, source) in queue_mappings(&template) {
        let dead_letters = target(&queues[source]["RedrivePolicy"]["deadLetterTargetArn"]);
        assert!(
            queues.contains_key(dead_letters),
            "{name}: {source} gives up into {dead_letters}"
        );
        assert_eq!(
            queues[source]["FifoQueue"], queues[dead_letters]["FifoQueue"],
            "{source} and its dead letters"
        );
        assert!(
            queues[dead_letters]["MessageRetentionPeriod"].as_u64() >= Some(1_209_600),
            "{dead_letters} keeps 14 days"
        );
    }
}

#[test]
fn streams_and_schedules_have_somewhere_to_put_what_fails() {
    let template = template();
    let queues = of_type(&template, QUEUE);
    let streams = of_type(&template, MAPPING)
        .into_iter()
        .filter(|(_, it)| !queues.contains_key(target(&it["EventSourceArn"])));
    for (name, mapping) in streams {
        assert!(
            queues.contains_key(target(
                &mapping["DestinationConfig"]["OnFailure"]["Destination"]
            )),
            "{name}"
        );
        assert!(
            mapping["MaximumRetryAttempts"].is_u64(),
            "{name} retries for ever"
        );
        assert_eq!(
            mapping["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{name}"
        );
    }
    let run_by_events: BTreeSet<_> = of_type(&template, "AWS::Lambda::EventInvokeConfig")
        .into_values()
        .filter(|it| {
            queues.contains_key(target(&it["DestinationConfig"]["OnFailure"]["Destination"]))
        })
        .map(|it| target(&it["FunctionName"]))
        .collect();
    for (name, schedule) in of_type(&template, "AWS::Scheduler::Schedule") {
        assert!(
            queues.contains_key(target(&schedule["Target"]["DeadLetterConfig"]["Arn"])),
            "{name}"
        );
        // The scheduler only hands over; a run that fails afterwards is the function's own business.
        assert!(
            run_by_events.contains(target(&schedule["Target"]["Arn"])),
            "{name}"
        );
    }
}

#[test]
fn queue_mappings_limit_their_concurrency_report_failures_and_leave_time_for_retries() {
    let template = template();
    let (queues, functions) = (of_type(&template, QUEUE), of_type(&template, FUNCTION));
    for (name, mapping, source) in queue_mappings(&template) {
        assert!(
            mapping["ScalingConfig"]["MaximumConcurrency"].as_u64() >= Some(2),
            "{name}"
        );
        assert_eq!(
            mapping["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{name}"
        );
        let timeout = functions[target(&mapping["FunctionName"])]["Timeout"]
            .as_u64()
            .unwrap();
        let visibility = queues[source]["VisibilityTimeout"].as_u64().unwrap();
        // Six times is for batches and throttled workers. What a worker took that may run for a quarter of an hour
        // must not be hidden for hours after the worker died.
        let least = if timeout == 900 {
            timeout + 60
        } else {
            6 * timeout
        };
        assert!(
            visibility >= least,
            "{source}: {visibility} s is less than {least} s"
        );
    }
}

/// OM-7, OM-10: looking for recordings and copying them do not wait for each other, and a sweep finds what neither
/// queue holds any more.
#[test]
fn captures_and_transfers_have_a_queue_each_and_a_sweep() {
    let template = template();
    let limits: Vec<_> = queue_mappings(&template)
        .into_iter()
        .filter(|(_, mapping, _)| target(&mapping["FunctionName"]) == "ArtifactCapture")
        .map(|(_, mapping, source)| {
            let batch = if source == "NotificationQueue" { 10 } else { 1 };
            assert_eq!(mapping["BatchSize"], batch, "{source}");
            (
                source,
                mapping["ScalingConfig"]["MaximumConcurrency"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        limits,
        [
            ("CaptureQueue", Some(10)),
            ("NotificationQueue", Some(5)),
            ("TransferQueue", Some(3))
        ]
    );
    let sweep = of_type(&template, "AWS::Scheduler::Schedule")["CaptureSweep"];
    assert_eq!(sweep["ScheduleExpression"], "rate(10 minutes)");
    assert_eq!(target(&sweep["Target"]["Arn"]), "ArtifactCapture");
    assert_eq!(sweep["Target"]["Input"], r#"{"sweep":true}"#);
    let scheduler = &of_type(&template, "AWS::IAM::Role")["SchedulerRole"]["Policies"];
    let invoked = &scheduler[0]["PolicyDocument"]["Statement"][0]["Resource"];
    let invoked: Vec<_> = invoked.as_array().unwrap().iter().map(target).collect();
    assert_eq!(
        invoked,
        ["OutboxRelay", "ArtifactCapture", "SubscriptionRenewal"]
    );
}

/// NT-4: subscriptions are looked after every half hour, and one by one when something happens to one.
#[test]
fn subscriptions_have_a_schedule_and_a_queue() {
    let template = template();
    let schedule = of_type(&template, "AWS::Scheduler::Schedule")["SubscriptionRenewals"];
    assert_eq!(schedule["ScheduleExpression"], "rate(30 minutes)");
    assert_eq!(target(&schedule["Target"]["Arn"]), "SubscriptionRenewal");
    assert_eq!(schedule["Target"]["Input"], r#"{"renew":true}"#);
    let mappings = of_type(&template, MAPPING);
    let mapping = mappings["SubscriptionMessages"];
    assert_eq!(target(&mapping["FunctionName"]), "SubscriptionRenewal");
    assert_eq!(target(&mapping["EventSourceArn"]), "SubscriptionQueue");
    assert_eq!(mapping["BatchSize"], 1);
}

/// NT-2: notifications that are too large for a message go when their message is long gone.
#[test]
fn large_notifications_expire_after_their_messages() {
    let template = template();
    let bucket = of_type(&template, "AWS::S3::Bucket")["Documents"];
    let rules = bucket["LifecycleConfiguration"]["Rules"]
        .as_array()
        .unwrap();
    let expiring: Vec<_> = rules
        .iter()
        .filter(|rule| !rule["ExpirationInDays"].is_null())
        .collect();
    let [rule] = &expiring[..] else {
        panic!("{rules:?}")
    };
    assert_eq!(
        (&rule["Prefix"], &rule["Status"]),
        (&json!("raw/"), &json!("Enabled"))
    );
    let kept = of_type(&template, QUEUE)["NotificationQueue"]["MessageRetentionPeriod"].as_u64();
    let days = rule["ExpirationInDays"].as_u64().unwrap();
    assert!(kept.unwrap() < days * 86_400);
}

#[test]
fn what_cannot_be_made_again_is_kept_and_protected() {
    let template = template();
    let resources = &template["Resources"];
    for name in ["Table", "Documents", "Key", "RootSecret"] {
        assert_eq!(resources[name]["DeletionPolicy"], "Retain", "{name}");
        assert_eq!(resources[name]["UpdateReplacePolicy"], "Retain", "{name}");
    }
    let table = &resources["Table"]["Properties"];
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
    assert_eq!(
        table["TimeToLiveSpecification"],
        json!({ "AttributeName": "expires_at", "Enabled": true })
    );
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    assert_eq!(
        table["SSESpecification"]["KMSMasterKeyId"],
        json!({ "Fn::GetAtt": ["Key", "Arn"] })
    );
    assert_eq!(
        template["Parameters"]["DeletionProtection"]["Default"],
        "true"
    );
    assert_eq!(resources["Key"]["Properties"]["EnableKeyRotation"], true);
}
