//! Functions: limits, logs, alarms, and what they are told.

use std::collections::BTreeSet;

use serde_json::json;

use crate::document::{FUNCTION, QUEUE, of_type, queue_mappings, target, template};

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

// Variables that belong together.
const EDGE: [&str; 4] = [
    "CONVOKE_ROOT_SECRET_ARN",
    "CONVOKE_PUBLIC_URL",
    "CONVOKE_CLAIMS",
    "CONVOKE_DEFAULT_USER_TYPE",
];
const CLOUD: [&str; 3] = ["CONVOKE_KEY_ID", "GRAPH_BASE_URL", "LOGIN_BASE_URL"];
const PROFILE: [&str; 5] = [
    "MS_GRAPH_TENANT_ID",
    "MS_GRAPH_CLIENT_ID",
    "MS_GRAPH_CLIENT_SECRET_ARN",
    "MS_GRAPH_ORGANIZER_EMAIL",
    "MS_GRAPH_ORG_ID",
];
const CAPTURE: [&str; 4] = [
    "CONVOKE_BUCKET",
    "CONVOKE_CAPTURE_ATTEMPTS",
    "CONVOKE_DOMAIN",
    "CONVOKE_MAIL_FROM",
];
const CAPTURE_QUEUES: [&str; 2] = ["CONVOKE_CAPTURE_QUEUE_URL", "CONVOKE_TRANSFER_QUEUE_URL"];
const SESSIONS: [&str; 7] = [
    "CONVOKE_MEETING_PAGE_URL",
    "GOOGLE_CALENDAR_BASE_URL",
    "GOOGLE_TOKEN_BASE_URL",
    "CONVOKE_GOOGLE_CLIENT_ID",
    "CONVOKE_GOOGLE_CLIENT_SECRET_ARN",
    "CONVOKE_MICROSOFT_CALENDAR_CLIENT_ID",
    "CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET_ARN",
];
const WEBHOOK: [&str; 1] = ["CONVOKE_WEBHOOK_URL"];
const ENCRYPTION: [&str; 1] = ["CONVOKE_ENCRYPT_NOTIFICATIONS"];
const NOTIFICATIONS: [&str; 1] = ["CONVOKE_NOTIFICATION_QUEUE_URL"];

/// What each function is told besides what all of them are: its boot fails, or a feature is off, without.
#[test]
fn every_function_is_told_what_it_reads() {
    let expected: [(&str, Vec<&[&str]>); 11] = [
        (
            "MeetingApi",
            vec![&EDGE, &CLOUD, &PROFILE, &CAPTURE, &SESSIONS],
        ),
        (
            "RecordingProxy",
            vec![&EDGE, &["CONVOKE_BUCKET", "CONVOKE_STREAMING_URL"]],
        ),
        (
            "RecordingStream",
            vec![
                &EDGE[..1],
                &CLOUD,
                &["CONVOKE_BUCKET", "CONVOKE_RANGE_LIMIT_BYTES"],
                &["CONVOKE_STREAMS"],
            ],
        ),
        (
            "ArtifactCapture",
            vec![
                &EDGE[..1],
                &CLOUD,
                &CAPTURE,
                &CAPTURE_QUEUES,
                &NOTIFICATIONS,
                &ENCRYPTION,
            ],
        ),
        ("GraphWebhook", vec![&NOTIFICATIONS, &["CONVOKE_BUCKET"]]),
        (
            "SubscriptionRenewal",
            vec![
                &EDGE[..1],
                &CLOUD,
                &WEBHOOK,
                &ENCRYPTION,
                &["CONVOKE_CAPTURE_ATTEMPTS"],
            ],
        ),
        (
            "Approval",
            vec![&EDGE, &CLOUD, &["CONVOKE_DOMAIN", "CONVOKE_MAIL_FROM"]],
        ),
        ("Settings", vec![&EDGE, &CLOUD, &PROFILE, &WEBHOOK]),
        ("IcsDownload", vec![&EDGE, &["CONVOKE_DOMAIN"]]),
        (
            "OutboxRelay",
            vec![
                &["CONVOKE_DELIVERY_QUEUE_URL", "CONVOKE_GRAPH_QUEUE_URL"],
                &CAPTURE_QUEUES,
                &["CONVOKE_SUBSCRIPTION_QUEUE_URL"],
            ],
        ),
        (
            "Delivery",
            vec![
                &EDGE[..2],
                &CLOUD,
                &PROFILE,
                &["CONVOKE_DOMAIN", "CONVOKE_EVENT_BUS"],
                &["CONVOKE_MAIL_FROM", "CONVOKE_SES_CONFIGURATION_SET"],
                &SESSIONS,
            ],
        ),
    ];
    let template = template();
    let functions = of_type(&template, FUNCTION);
    assert_eq!(functions.len(), expected.len());
    for (name, parts) in expected {
        let mut wanted: BTreeSet<&str> = parts.into_iter().flatten().copied().collect();
        wanted.insert("CONVOKE_FUNCTION_TIMEOUT_S");
        let told = functions[name]["Environment"]["Variables"]
            .as_object()
            .unwrap();
        let told: BTreeSet<&str> = told.keys().map(String::as_str).collect();
        assert_eq!(told, wanted, "{name}");
    }
    let all = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert!(all["CONVOKE_TABLE"].is_object() && all["CONVOKE_LOG"].is_object());
}

/// IV-2: a session without another link has the deployment's meeting page, whose address ends where the meeting's id
/// begins.
#[test]
fn the_meeting_page_is_the_deployments_own_unless_it_is_named() {
    let template = template();
    let functions = of_type(&template, FUNCTION);
    for name in ["MeetingApi", "Delivery"] {
        let told = &functions[name]["Environment"]["Variables"]["CONVOKE_MEETING_PAGE_URL"];
        let own = json!({ "Fn::Sub": "https://${CalendarDomain}/meetings/" });
        let choice = json!(["HasMeetingPageUrl", { "Ref": "MeetingPageUrl" }, own]);
        assert_eq!(told["Fn::If"], choice, "{name}");
    }
    let page = &template["Parameters"]["MeetingPageUrl"];
    assert_eq!(page["Default"], "");
    let pattern = page["AllowedPattern"].as_str().unwrap();
    assert!(pattern.ends_with("/)?)?$"), "{pattern}");
}

/// OM-9: the streaming address takes whole recordings as they come, from anybody, since a ticket is what counts; both
/// permissions that AWS asks for are there, and for no other function.
#[test]
fn one_function_streams_at_an_address_of_its_own() {
    let template = template();
    let urls = of_type(&template, "AWS::Lambda::Url");
    let url = urls["RecordingStreamUrl"];
    assert_eq!(urls.len(), 1);
    assert_eq!(target(&url["TargetFunctionArn"]), "RecordingStream");
    assert_eq!(
        (&url["AuthType"], &url["InvokeMode"]),
        (&json!("NONE"), &json!("RESPONSE_STREAM"))
    );
    let open: Vec<_> = of_type(&template, "AWS::Lambda::Permission")
        .into_values()
        .filter(|permission| permission["Principal"] == "*")
        .collect();
    assert_eq!(open.len(), 2);
    for permission in open {
        assert_eq!(target(&permission["FunctionName"]), "RecordingStream");
        if permission["Action"] == "lambda:InvokeFunctionUrl" {
            assert_eq!(permission["FunctionUrlAuthType"], "NONE");
        } else {
            assert_eq!(permission["Action"], "lambda:InvokeFunction");
            assert_eq!(permission["InvokedViaFunctionUrl"], true);
        }
    }
    let functions = of_type(&template, FUNCTION);
    assert_eq!(functions["RecordingStream"]["Timeout"], 900);
    let told = &functions["RecordingStream"]["Environment"]["Variables"];
    assert_eq!(told["CONVOKE_STREAMS"], "true");
}

/// NT-2: Microsoft waits for three seconds, and counts a 429 against the address: neither a slow function nor the other
/// callers' limit is in the way.
#[test]
fn microsofts_addresses_have_limits_of_their_own() {
    let template = template();
    let stage = of_type(&template, "AWS::ApiGatewayV2::Stage")["Stage"];
    let settings = stage["RouteSettings"].as_object().unwrap();
    let routes = of_type(&template, "AWS::ApiGatewayV2::Route");
    let mut keys = BTreeSet::new();
    for name in template["Resources"]["Stage"]["DependsOn"]
        .as_array()
        .unwrap()
    {
        let key = routes[name.as_str().unwrap()]["RouteKey"].as_str().unwrap();
        let limit = json!({ "ThrottlingRateLimit": { "Ref": "WebhookRateLimit" },
            "ThrottlingBurstLimit": { "Ref": "WebhookBurstLimit" } });
        assert_eq!(settings[key], limit);
        keys.insert(key);
    }
    assert_eq!(
        keys,
        [
            "POST /webhooks/graph/lifecycle",
            "POST /webhooks/graph/notifications"
        ]
        .into()
    );
    assert_eq!(settings.len(), keys.len());
    let functions = of_type(&template, FUNCTION);
    assert_eq!(functions["GraphWebhook"]["Timeout"], 5);
}

/// OM-9, OM-11: what a deployment gets that says nothing.
#[test]
fn recordings_are_looked_for_past_two_days_and_answered_below_the_platforms_limit() {
    let parameters = &template()["Parameters"];
    assert_eq!(parameters["CaptureAttempts"]["Default"], 14);
    assert_eq!(parameters["RangeLimitBytes"]["Default"], 64 * 1024 * 1024);
    let most = parameters["RangeLimitBytes"]["MaxValue"].as_u64().unwrap();
    assert!(most < 200_000_000, "{most}");
}
