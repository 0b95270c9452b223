//! Hostile input: the rows of the attack list that the webhook itself sees.

use super::*;

fn list_of(octets: usize) -> String {
    let frame = r#"{"value":[""]}"#;
    frame.replace("\"\"", &format!("\"{}\"", "x".repeat(octets - frame.len())))
}

/// NT-2: forged client states, unknown subscriptions, other tenants, mixed batches,
/// both spellings, null tokens, and what is no notification at all: the same
/// answer, byte by byte, as a genuine one gets.
#[tokio::test]
async fn forged_and_genuine_bodies_get_the_same_answer() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let with = |name: &str, value: Value| {
        let mut one = notification();
        one[name] = value;
        json!({ "value": [one] })
    };
    let mixed: Vec<Value> = (0..1000)
        .map(|number| {
            let mut one = notification();
            one["tenantId"] = json!(format!("tenant-{}", number % 3));
            one
        })
        .collect();
    let bodies = [
        json!({ "value": [notification()] }),
        with("clientState", json!("x".repeat(1000))),
        with("clientState", Value::Null),
        with("subscriptionId", json!("unknown")),
        with("tenantId", json!("another")),
        with("encryptedContent", json!({ "data": "!", "dataKey": 7 })),
        with("EncryptedContent", json!({ "data": "" })),
        json!({ "value": mixed }),
        json!({ "value": [], "validationTokens": null }),
        json!({ "value": [1, null, "x", [[]]], "validationTokens": ["eyJhbGciOiJub25lIn0.e30."] }),
        json!({ "value": [{}], "more": { "value": "<script>" } }),
    ];
    let expected = bodies.len();
    for body in bodies {
        assert_kept(&hook.post(PATHS[0].0, &body.to_string()).await);
    }
    assert_eq!(hook.kept().await.len(), expected);
}

/// NT-2: five megabytes are kept; more than the limit is 413; both without a
/// second look.
#[tokio::test]
async fn a_body_of_five_megabytes_is_kept_and_a_larger_one_refused() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    for octets in [5_000_000, graph_webhook::BODY_MAX] {
        let body = list_of(octets);
        assert_kept(&hook.post(PATHS[0].0, &body).await);
        let kept = hook.kept().await;
        let [raw] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!(hook.read(raw).await, body);
    }
    hook.calls();
    let larger = list_of(graph_webhook::BODY_MAX + 1);
    let answer = hook.post(PATHS[0].0, &larger).await;
    assert_eq!(answer.problem(413), "payload_too_large");
    let octets = Event::new("POST", PATHS[1].0).octets(larger.as_bytes());
    let answer = hook.send(octets).await;
    assert_eq!(answer.problem(413), "payload_too_large");
    assert_eq!(hook.calls(), []);
}

/// NT-2: what nothing of Graph's could be is refused, and kept nowhere.
#[tokio::test]
async fn bodies_that_could_not_be_graphs_are_refused() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let deep_list = format!(
        r#"{{"value":[{}{}]}}"#,
        "[".repeat(500_000),
        "]".repeat(500_000)
    );
    let deep_object = format!(r#"{{"value":[{}"#, r#"{"a":"#.repeat(200_000));
    let unknown = [
        "null",
        "7",
        "[]",
        "{}",
        r#"{"value":null}"#,
        r#"{"value":{"canary":1}}"#,
        r#"{"Value":[]}"#,
        r#"[{"value":[]}]"#,
        &deep_list,
        &deep_object,
    ];
    let malformed = [
        "",
        " ",
        "{",
        "canary",
        "{\"value\":[]",
        "{\"value\":[]}{}",
        "\u{feff}{}",
    ];
    for (path, _) in PATHS {
        for (bodies, code) in [
            (&unknown[..], "malformed_notification"),
            (&malformed, "malformed_json"),
        ] {
            for body in bodies {
                let answer = hook.post(path, body).await;
                let start: String = body.chars().take(40).collect();
                assert_eq!(answer.problem(400), code, "{start}");
                assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
                assert_guarded(&answer);
            }
        }
        let not_utf8 = Event::new("POST", path).octets(b"{\"value\":[\"\xff\"]}");
        assert_eq!(hook.send(not_utf8).await.problem(400), "malformed_json");
        let nothing = hook.send(Event::new("POST", path)).await;
        assert_eq!(nothing.problem(400), "malformed_json");
        let mut no_base64 = Event::new("POST", path).octets(b"x").to_value();
        no_base64["body"] = json!("*");
        let event = serde_json::from_value(no_base64).unwrap();
        let answer = answer_of_webhook(hook.app.handle(event).await);
        assert_eq!(answer.problem(400), "malformed_json");
    }
    assert_eq!(hook.calls(), []);
}

/// NT-2: HTML, control characters and endless tokens do not come back.
#[tokio::test]
async fn a_validation_token_cannot_carry_anything_else() {
    if !ENTERPRISE {
        return;
    }
    let hook = Hook::new().await;
    let long = format!("validationToken={}", "a".repeat(2049));
    for query in [
        "validationToken=%3Cscript%3Ealert%281%29%3C%2Fscript%3E",
        "validationToken=%3cimg+src=x+onerror=alert(1)%3e",
        "validationToken=a%0d%0aSet-Cookie%3A+a%3Db",
        "validationToken=a%00b",
        "validationToken=%1B%5B31m",
        "validationToken=%C2%85",
        "validationToken=%ff%fe",
        "validationToken=",
        "validationToken",
        "validationToken=a&validationToken=b",
        &long,
    ] {
        for (path, _) in PATHS {
            let answer = hook.post(&format!("{path}?{query}"), "").await;
            assert_eq!(answer.problem(400), "invalid_validation_token", "{query}");
            let shown = String::from_utf8_lossy(&answer.body).to_lowercase();
            assert!(!shown.contains("script") && !shown.contains("onerror"));
            assert_guarded(&answer);
        }
    }
    assert_eq!(hook.calls(), []);
}

/// NT-2, XC-9: through the deployed stack as well, and no body, client state or
/// query in any line.
#[tokio::test]
async fn the_deployed_function_answers_alike_and_logs_nothing_of_it() {
    let stack = deployed::stack();
    let url = |query: &str| {
        let api = stack.api_url.as_deref().unwrap();
        format!("{api}{}{query}", PATHS[0].0)
    };
    let client = reqwest::Client::builder().build().unwrap();
    let post = async |query: &str, body: String| {
        let request = client.post(url(query)).body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let expected = |status: u16| if ENTERPRISE { status } else { 404 };
    let mut body = notification();
    body["clientState"] = json!("CANARY-state");
    body["resource"] = json!("CANARY-resource");
    let body = json!({ "value": [body] }).to_string();
    let kept = post("?key=CANARY-query", body).await;
    assert_eq!(kept.0, expected(202), "{kept:?}");
    let shaken = post("?validationToken=CANARY%2B1+%C3%A9", String::new()).await;
    assert_eq!(shaken.0, expected(200));
    if ENTERPRISE {
        assert_eq!(shaken.1, "CANARY+1 \u{e9}");
    }
    let refused = post("", r#"{"value":"CANARY"}"#.to_owned()).await;
    assert_eq!(refused.0, expected(400));
    let since = std::time::Instant::now();
    let lines = loop {
        let lines = deployed::logs().lines();
        let of_hook = |line: &&convoke_local::LogLine| line.function == "graph-webhook";
        let own = lines.iter().filter(of_hook).count();
        if own >= 3 || since.elapsed() > Duration::from_secs(20) {
            assert!(own >= 3, "{own} lines");
            break lines;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for line in lines.iter().filter(|line| line.function == "graph-webhook") {
        assert!(!line.text.contains("CANARY"), "{}", line.text);
    }
}
