//! Who reaches what: routes, policies, keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::document::{FUNCTION, every, of_type, target, template, texts};

/// Paths that may be reached without a token: each is checked in another way.
const WITHOUT_TOKEN: [&str; 3] = ["/webhooks/", "/ics/", "/rsvp/"];

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

/// XC-1: what is indexed across tenants is for the sweeping functions alone; all else stays within tenants' keys.
#[test]
fn only_the_sweeping_functions_read_across_tenants() {
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
                    // Whoever is reachable by anybody writes notes of use alone.
                    let notes = statement["Sid"] == "NoteUses";
                    let wanted = if notes { "T#*#AUDIT#*" } else { "T#*" };
                    assert_eq!(keys, &json!([wanted]), "{name}");
                }
            }
        }
    }
    assert_eq!(
        readers,
        [
            "ArtifactCaptureRole",
            "OutboxRelayRole",
            "SubscriptionRenewalRole"
        ]
    );
}

/// What each function's role may do, without what all of them share (logs, their items, the key through services).
fn own_actions(template: &Value) -> BTreeMap<&str, BTreeSet<String>> {
    let (roles, policies) = (
        of_type(template, "AWS::IAM::Role"),
        of_type(template, "AWS::IAM::ManagedPolicy"),
    );
    of_type(template, FUNCTION)
        .into_iter()
        .map(|(name, function)| {
            let role = roles[target(&function["Role"])];
            let mut actions = Vec::new();
            every(&role["Policies"], "Action", &mut actions);
            for held in role["ManagedPolicyArns"].as_array().into_iter().flatten() {
                if !["WriteTenantItems", "UseKey"].contains(&target(held)) {
                    every(policies[target(held)], "Action", &mut actions);
                }
            }
            let own = actions
                .into_iter()
                .flat_map(texts)
                .filter(|action| !action.starts_with("logs:"))
                .collect();
            (name, own)
        })
        .collect()
}

/// XC-10, XC-13, OM-9: secrets are sealed by the function that saves them and opened by those that use them; mail is
/// sent by delivery; functions behind the API reach no queue but the webhook its own; who hands documents out writes
/// none.
#[test]
fn functions_behind_the_api_hold_only_what_they_use() {
    let template = template();
    let actions = own_actions(&template);
    let held = |name: &str| actions[name].iter().map(String::as_str).collect::<Vec<_>>();
    let secret = "secretsmanager:GetSecretValue";
    let (read, list, write) = ("s3:GetObject", "s3:ListBucket", "s3:PutObject");
    assert_eq!(
        held("MeetingApi"),
        [
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            write,
            secret
        ]
    );
    assert_eq!(held("RecordingProxy"), ["kms:Decrypt", read, list, secret]);
    let items: Vec<_> = held("RecordingStream")
        .into_iter()
        .filter(|action| !["kms:Decrypt", read, list, secret].contains(action))
        .collect();
    assert_eq!(
        items,
        ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
    );
    assert_eq!(held("Approval"), ["kms:Decrypt", secret]);
    assert_eq!(held("Settings"), ["kms:Decrypt", "kms:Encrypt", secret]);
    assert_eq!(
        held("GraphWebhook"),
        ["kms:GenerateDataKey", write, "sqs:SendMessage"]
    );
    for (name, actions) in &actions {
        let mail = actions.iter().any(|action| action.starts_with("ses:"));
        assert_eq!(mail, *name == "Delivery", "{name} and mail");
    }
}

/// XC-10: the key is used for secrets only with tenant and purpose as encryption context; else through a service.
#[test]
fn every_use_of_the_key_is_bound() {
    let template = template();
    let bound = |name: &str| {
        let mut bound = json!({
            "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["tenant", "purpose"] },
            "Null": { "kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:purpose": "false" },
        });
        let purpose = "kms:EncryptionContext:purpose";
        if name.ends_with("NotificationKeys") {
            bound["StringEquals"] = json!({
                "kms:EncryptionContext:tenant": "<deployment>",
                purpose: "notification_key",
            });
        } else if name == "UseCalendarTokens" {
            bound["StringEquals"] = json!({ purpose: "calendar_refresh_token" });
        } else {
            bound["StringNotEquals"] =
                json!({ purpose: ["notification_key", "calendar_refresh_token"] });
        }
        bound
    };
    let (mut direct, mut through) = (0, 0);
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (name, properties) in of_type(&template, kind) {
            let mut statements = Vec::new();
            every(properties, "Statement", &mut statements);
            for statement in statements.iter().flat_map(|it| it.as_array().unwrap()) {
                if !statement["Action"].to_string().contains("kms:") {
                    continue;
                }
                assert_eq!(target(&statement["Resource"]), "Key", "{name}");
                if statement["Condition"]["StringEquals"]["kms:ViaService"].is_array() {
                    through += 1;
                } else {
                    assert_eq!(statement["Condition"], bound(name), "{name}");
                    direct += 1;
                }
            }
        }
    }
    assert_eq!((direct, through), (5, 4));
}

/// XC-10, IV-6: refresh tokens of people's calendars are sealed and opened where they are connected and where calendars
/// are kept in step, and nowhere else.
#[test]
fn calendar_tokens_are_used_by_those_who_connect_calendars_and_keep_them_in_step() {
    let template = template();
    let mut holders = Vec::new();
    for (name, role) in of_type(&template, "AWS::IAM::Role") {
        let held = role["ManagedPolicyArns"].as_array().into_iter().flatten();
        if held.map(target).any(|policy| policy == "UseCalendarTokens") {
            holders.push(name);
        }
    }
    assert_eq!(holders, ["DeliveryRole", "MeetingApiRole"]);
}

/// XC-10: the deployment's own client secrets are kept in Secrets Manager; functions are told where, never what.
#[test]
fn client_secrets_are_kept_in_secrets_manager() {
    let template = template();
    let secrets = of_type(&template, "AWS::SecretsManager::Secret");
    let functions = of_type(&template, FUNCTION);
    for (parameter, secret, variable) in [
        (
            "MsGraphClientSecret",
            "MsGraphSecret",
            "MS_GRAPH_CLIENT_SECRET_ARN",
        ),
        (
            "GoogleClientSecret",
            "GoogleSecret",
            "CONVOKE_GOOGLE_CLIENT_SECRET_ARN",
        ),
        (
            "MicrosoftCalendarClientSecret",
            "MicrosoftCalendarSecret",
            "CONVOKE_MICROSOFT_CALENDAR_CLIENT_SECRET_ARN",
        ),
    ] {
        assert_eq!(template["Parameters"][parameter]["NoEcho"], true);
        let by_reference = json!({ "Ref": parameter });
        assert_eq!(secrets[secret]["SecretString"], by_reference);
        let mut told = 0;
        for (name, function) in &functions {
            let variables = function["Environment"]["Variables"].as_object().unwrap();
            assert!(
                variables.values().all(|value| *value != by_reference),
                "{name} is told {parameter}"
            );
            let Some(value) = variables.get(variable) else {
                continue;
            };
            told += 1;
            let arn = json!({ "Fn::GetAtt": [secret, "Id"] });
            assert_eq!(value["Fn::If"], json!([format!("Has{secret}"), arn, ""]));
            let role = &template["Resources"][target(&function["Role"])];
            assert!(
                role.to_string().contains(&arn.to_string()),
                "{name} cannot read {secret}"
            );
        }
        assert!(told > 1, "{parameter}: {told}");
    }
}

/// NT-2: whom anybody can call reaches neither table nor secret, and one queue.
#[test]
fn the_webhook_reaches_its_queue_and_what_is_too_large_for_it() {
    let template = template();
    let role = of_type(&template, "AWS::IAM::Role")["GraphWebhookRole"];
    assert!(role["ManagedPolicyArns"].is_null());
    let mut resources = Vec::new();
    every(&role["Policies"], "Resource", &mut resources);
    let raw = json!({ "Fn::Sub": "${Documents.Arn}/raw/*" });
    let (named, subs): (Vec<_>, Vec<_>) = resources
        .into_iter()
        .partition(|resource| resource["Fn::GetAtt"].is_array());
    let named: Vec<_> = named.into_iter().map(target).collect();
    assert_eq!(named, ["GraphWebhookLogs", "NotificationQueue", "Key"]);
    assert_eq!(subs, [&raw]);
}

/// OM-8, OM-10, NT-2: documents are reached by their own prefix, one by one, by the functions that have to do with
/// them; notifications that are too large for a message have a prefix beside it.
#[test]
fn documents_are_within_reach_of_those_who_keep_and_show_them() {
    let template = template();
    let (mut named, mut holders) = (0, BTreeSet::new());
    for kind in ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"] {
        for (name, properties) in of_type(&template, kind) {
            let mut statements = Vec::new();
            every(properties, "Statement", &mut statements);
            for statement in statements.iter().flat_map(|it| it.as_array().unwrap()) {
                if statement["Action"].to_string().contains("s3:") {
                    let resource = match statement["Action"].as_str() {
                        // Tells what is gone from what is forbidden.
                        Some("s3:ListBucket") => json!({ "Fn::GetAtt": ["Documents", "Arn"] }),
                        Some("s3:DeleteObject") => {
                            json!({ "Fn::Sub": "${Documents.Arn}/t/*/recordings/*" })
                        }
                        _ if ["KeepLargeOnes", "TakeLargeNotifications"]
                            .map(Value::from)
                            .contains(&statement["Sid"]) =>
                        {
                            json!({ "Fn::Sub": "${Documents.Arn}/raw/*" })
                        }
                        _ => json!({ "Fn::Sub": "${Documents.Arn}/t/*" }),
                    };
                    assert_eq!(statement["Resource"], resource, "{name}");
                    named += 1;
                }
            }
        }
    }
    assert_eq!(named, 7);
    for (name, actions) in own_actions(&template) {
        if actions.iter().any(|action| action.starts_with("s3:")) {
            holders.insert(name);
        }
    }
    let expected = [
        "ArtifactCapture",
        "GraphWebhook",
        "MeetingApi",
        "RecordingProxy",
        "RecordingStream",
    ];
    assert_eq!(holders, expected.into());
}

/// XC-13: without a sender nobody may send mail.
#[test]
fn mail_is_permitted_only_where_a_sender_is_named() {
    let template = template();
    let delivery = &template["Resources"]["DeliveryRole"];
    let mut choices = Vec::new();
    every(delivery, "Fn::If", &mut choices);
    let mail = choices
        .iter()
        .find(|choice| choice[0] == "HasMailFrom")
        .unwrap();
    assert_eq!(
        mail[1]["Action"],
        json!(["ses:SendEmail", "ses:SendRawEmail"])
    );
    assert_eq!(
        mail[1]["Condition"]["StringEqualsIgnoreCase"]["ses:FromAddress"][0],
        json!({ "Ref": "MailFrom" })
    );
    assert_eq!(mail[2], json!({ "Ref": "AWS::NoValue" }));
    assert_eq!(template["Parameters"]["MailFrom"]["Default"], "");
}
