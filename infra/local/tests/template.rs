//! The rules that `infra/template.yaml` has to keep, whatever is added to it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use convoke_local::Workspace;
use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// Paths that may be reached without a token: each is checked in another way.
const WITHOUT_TOKEN: [&str; 3] = ["/webhooks/", "/ics/", "/rsvp/"];
const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// The template as JSON, CloudFormation's short tags in their long form.
fn template() -> Value {
    let text = std::fs::read_to_string(Workspace::of_this_build().template()).unwrap();
    long_form(yaml_serde::from_str(&text).unwrap())
}

fn long_form(value: Yaml) -> Value {
    match value {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let mut inner = long_form(tagged.value);
            if let (Value::String(text), "GetAtt") = (&inner, name) {
                inner = text
                    .split_once('.')
                    .map_or(Value::Null, |(resource, attribute)| {
                        json!([resource, attribute])
                    });
            }
            let name = if matches!(name, "Ref" | "Condition") {
                name.to_owned()
            } else {
                format!("Fn::{name}")
            };
            Value::Object(Map::from_iter([(name, inner)]))
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(long_form).collect()),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = key
                        .as_str()
                        .map_or_else(|| format!("{key:?}"), str::to_owned);
                    (key, long_form(value))
                })
                .collect(),
        ),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// The properties of every resource of a type, by name.
fn of_type<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let found: BTreeMap<_, _> = template["Resources"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
        .collect();
    assert!(
        !found.is_empty(),
        "the template has no {kind}; is this test out of date?"
    );
    found
}

/// The resource that a `Ref` or `GetAtt` names.
fn target(value: &Value) -> &str {
    value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"][0].as_str())
        .unwrap_or_else(|| panic!("no reference: {value}"))
}

/// Every value of this key, at any depth.
fn every<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(entries) => {
            for (name, inner) in entries {
                if name == key {
                    found.push(inner);
                }
                every(inner, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, key, found)),
        _ => {}
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn queue_mappings(template: &Value) -> Vec<(&str, &Value, &str)> {
    let queues = of_type(template, QUEUE);
    of_type(template, MAPPING)
        .into_iter()
        .map(|(name, mapping)| (name, mapping, target(&mapping["EventSourceArn"])))
        .filter(|(_, _, source)| queues.contains_key(source))
        .collect()
}

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
fn every_function_has_a_timeout_a_memory_size_a_role_of_its_own_and_logs_that_expire() {
    let template = template();
    let default_memory = &template["Globals"]["Function"]["MemorySize"];
    let logs = of_type(&template, "AWS::Logs::LogGroup");
    let mut roles = BTreeSet::new();
    for (name, function) in of_type(&template, FUNCTION) {
        let timeout = function["Timeout"]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} has no time-out"));
        let told = &function["Environment"]["Variables"]["CONVOKE_FUNCTION_TIMEOUT_S"];
        assert_eq!(
            told,
            &json!(timeout.to_string()),
            "{name} is told another time-out than it has"
        );
        assert!(
            function["MemorySize"].is_u64() || default_memory.is_u64(),
            "{name} has no memory size"
        );
        assert!(
            roles.insert(target(&function["Role"])),
            "{name} shares its role"
        );
        let group = target(&function["LoggingConfig"]["LogGroup"]);
        assert!(
            !logs[group]["RetentionInDays"].is_null(),
            "{name}'s logs stay for ever"
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
        assert!(
            visibility >= 6 * timeout,
            "{source}: {visibility} s is less than six times {timeout} s"
        );
    }
}

#[test]
fn reserved_concurrency_is_asked_for_only_by_parameter() {
    let template = template();
    for (name, function) in of_type(&template, FUNCTION) {
        let choice = &function["ReservedConcurrentExecutions"]["Fn::If"];
        let parameter = target(&choice[1]);
        assert_eq!(
            template["Parameters"][parameter]["Default"], 0,
            "{name}: {parameter}"
        );
        assert_eq!(choice[2], json!({ "Ref": "AWS::NoValue" }), "{name}");
    }
}

#[test]
fn functions_behind_the_api_answer_before_it_gives_up() {
    let template = template();
    let functions = of_type(&template, FUNCTION);
    for (name, integration) in of_type(&template, "AWS::ApiGatewayV2::Integration") {
        let timeout = functions[target(&integration["IntegrationUri"])]["Timeout"]
            .as_u64()
            .unwrap();
        assert!(timeout <= 29, "{name}: {timeout} s");
        assert_eq!(integration["PayloadFormatVersion"], "2.0", "{name}");
    }
}

/// XC-2: what can be reached without a token is enumerated.
#[test]
fn only_enumerated_routes_go_without_an_authorizer() {
    let template = template();
    for (name, route) in of_type(&template, "AWS::ApiGatewayV2::Route") {
        let (method, path) = route["RouteKey"]
            .as_str()
            .unwrap()
            .split_once(' ')
            .unwrap_or_else(|| panic!("{name}"));
        // `ANY` behind an authorizer would take a browser's preflight request too.
        assert_ne!(method, "ANY", "{name}");
        if WITHOUT_TOKEN.iter().any(|prefix| path.starts_with(prefix)) {
            assert_eq!(route["AuthorizationType"], "NONE", "{name}");
        } else {
            assert_eq!(route["AuthorizationType"], "JWT", "{name}");
            assert_eq!(target(&route["AuthorizerId"]), "Authorizer", "{name}");
        }
    }
}

#[test]
fn no_policy_names_every_resource_or_every_action() {
    let template = template();
    let mut statements = 0;
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (name, properties) in of_type(&template, kind) {
            let (mut resources, mut actions) = (Vec::new(), Vec::new());
            every(properties, "Resource", &mut resources);
            every(properties, "Action", &mut actions);
            statements += resources.len();
            assert!(
                resources
                    .iter()
                    .flat_map(|it| texts(it))
                    .all(|it| it != "*"),
                "{name}: every resource"
            );
            assert!(
                actions
                    .iter()
                    .flat_map(|it| texts(it))
                    .all(|it| it != "*" && !it.ends_with(":*")),
                "{name}: every action"
            );
        }
    }
    assert!(
        statements > 10,
        "only {statements} statements were looked at"
    );
}

/// XC-1: what is indexed across tenants is for the sweeping function alone; all else stays within tenants' keys.
#[test]
fn only_the_relay_reads_across_tenants() {
    let template = template();
    let mut readers = Vec::new();
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (name, properties) in of_type(&template, kind) {
            let mut statements = Vec::new();
            every(properties, "Statement", &mut statements);
            for statement in statements.iter().flat_map(|it| it.as_array().unwrap()) {
                let resource = statement["Resource"].to_string();
                if resource.contains("index/due") {
                    readers.push(name);
                } else if resource.contains("Table")
                    && !resource.contains("stream")
                    && !resource.contains("StreamArn")
                {
                    let keys =
                        &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
                    assert_eq!(keys, &json!(["T#*"]), "{name}");
                }
            }
        }
    }
    assert_eq!(readers, ["OutboxRelayRole"]);
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

#[test]
fn alarms_watch_every_dead_letter_and_every_function() {
    let template = template();
    let mut watched = BTreeSet::new();
    for alarm in of_type(&template, "AWS::CloudWatch::Alarm").into_values() {
        let metric = alarm["MetricName"].as_str().unwrap();
        for dimension in alarm["Dimensions"].as_array().unwrap() {
            watched.insert((metric, target(&dimension["Value"])));
        }
    }
    for name in of_type(&template, FUNCTION).into_keys() {
        assert!(
            watched.contains(&("Errors", name)) && watched.contains(&("Throttles", name)),
            "{name}"
        );
    }
    let read: BTreeSet<_> = queue_mappings(&template)
        .into_iter()
        .map(|(_, _, source)| source)
        .collect();
    for name in of_type(&template, QUEUE).into_keys() {
        let metric = if read.contains(name) {
            "ApproximateAgeOfOldestMessage"
        } else {
            "ApproximateNumberOfMessagesVisible"
        };
        assert!(
            watched.contains(&(metric, name)),
            "nobody is told about {name}"
        );
    }
}

#[test]
fn functions_are_built_for_arm_unless_asked_otherwise() {
    let template = template();
    assert_eq!(template["Parameters"]["Architecture"]["Default"], "arm64");
    assert_eq!(
        template["Globals"]["Function"]["Architectures"],
        json!([{ "Ref": "Architecture" }])
    );
}
