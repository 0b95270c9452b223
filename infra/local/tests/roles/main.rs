//! The functions' roles, evaluated: what each may do with the key, mail, documents and queues, and what it may not.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what surrounds the tests fails like the tests"
)]

mod reach;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use convoke_local::{Functions, REGION, Stack, StackOptions, Workspace, of_template};
use reqwest::Client;
use serde_json::{Value, json};

/// The functions that open organisations' secrets, and those that do not.
const READERS: [&str; 7] = [
    "meeting-api",
    "approval",
    "settings",
    "delivery",
    "artifact-capture",
    "recording-stream",
    "subscription-renewal",
];
const OTHERS: [&str; 4] = [
    "ics-download",
    "outbox-relay",
    "recording-proxy",
    "graph-webhook",
];

static STACK: LazyLock<Stack> = LazyLock::new(|| {
    let echo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/echo/bootstrap");
    let names = of_template(&Workspace::of_this_build()).expect("the template is readable");
    Stack::start(StackOptions {
        functions: Functions::Executables(
            names.into_iter().map(|name| (name, echo.clone())).collect(),
        ),
        enforce_iam: true,
        parameters: [("SesConfigurationSet", "mails".to_owned())].into(),
        ..StackOptions::temporary()
    })
    .expect("the stack starts")
});

/// What a function signs its calls with: its role's credentials, which only the local AWS knows.
async fn role_of(function: &str) -> Credentials {
    let scope = format!("test/20260101/{REGION}/lambda/aws4_request");
    let answer = Client::builder()
        .build()
        .unwrap()
        .post(format!(
            "{}/2015-03-31/functions/convoke-{function}/invocations",
            STACK.aws_endpoint
        ))
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        )
        .body(json!({ "requestContext": {} }).to_string())
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let shown = |name: &str| seen["env"][name].as_str().map(str::to_owned);
    Credentials::new(
        shown("AWS_ACCESS_KEY_ID").unwrap(),
        shown("AWS_SECRET_ACCESS_KEY").unwrap(),
        shown("AWS_SESSION_TOKEN"),
        None,
        "role",
    )
}

/// The owner of the account, whom no policy limits.
fn owner() -> Credentials {
    Credentials::new("test", "test", None, None, "owner")
}

fn kms(credentials: Credentials) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(&STACK.aws_endpoint)
        .credentials_provider(credentials)
        .build();
    aws_sdk_kms::Client::from_conf(config)
}

fn ses(credentials: Credentials) -> aws_sdk_sesv2::Client {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(&STACK.aws_endpoint)
        .credentials_provider(credentials)
        .build();
    aws_sdk_sesv2::Client::from_conf(config)
}

/// Encrypts a word bound to these names; answers the ciphertext, or the refusal's code.
async fn seal(client: &aws_sdk_kms::Client, names: &[&str]) -> Result<Blob, String> {
    let mut call = client
        .encrypt()
        .key_id(&STACK.outputs.key_arn)
        .plaintext(Blob::new("hello"));
    for name in names {
        call = call.encryption_context(*name, "x");
    }
    let sealed = call.send().await.map_err(|error| code(&error))?;
    Ok(sealed.ciphertext_blob.unwrap())
}

/// Decrypts what was bound to these names; answers the refusal's code where there is one.
async fn open(client: &aws_sdk_kms::Client, sealed: &Blob, names: &[&str]) -> Result<(), String> {
    let mut call = client.decrypt().ciphertext_blob(sealed.clone());
    for name in names {
        call = call.encryption_context(*name, "x");
    }
    let opened = call.send().await.map_err(|error| code(&error))?;
    assert_eq!(opened.plaintext.unwrap().as_ref(), b"hello");
    Ok(())
}

fn code(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap_or("no code").to_owned()
}

fn refused() -> String {
    "AccessDeniedException".to_owned()
}

/// XC-10: who saves secrets encrypts, who uses them decrypts, nobody else does either.
#[tokio::test]
async fn only_those_who_save_secrets_seal_them_and_only_their_users_open_them() {
    let bound = ["tenant", "purpose"];
    let settings = kms(role_of("settings").await);
    let sealed = seal(&settings, &bound).await.unwrap();
    for function in READERS {
        let client = kms(role_of(function).await);
        assert_eq!(open(&client, &sealed, &bound).await, Ok(()), "{function}");
        let sealing = seal(&client, &bound).await.map(drop);
        let saves = function == "settings";
        let expected = if saves { Ok(()) } else { Err(refused()) };
        assert_eq!(sealing, expected, "{function}");
    }
    for function in OTHERS {
        let client = kms(role_of(function).await);
        assert_eq!(seal(&client, &bound).await, Err(refused()), "{function}");
        let opened = open(&client, &sealed, &bound).await;
        assert_eq!(opened, Err(refused()), "{function}");
    }
}

/// XC-10: nothing is sealed or opened that is not bound to a tenant and a purpose, and to these alone.
#[tokio::test]
async fn the_key_is_used_only_with_tenant_and_purpose() {
    let (all, settings) = (kms(owner()), kms(role_of("settings").await));
    for names in [
        &[][..],
        &["tenant"],
        &["purpose"],
        &["tenant", "purpose", "more"],
    ] {
        let sealed = seal(&all, names).await.unwrap();
        assert_eq!(seal(&settings, names).await, Err(refused()), "{names:?}");
        let opened = open(&settings, &sealed, names).await;
        assert_eq!(opened, Err(refused()), "{names:?}");
    }
}

/// XC-10, NT-3: the deployment's own key for notifications is sealed by who makes it and opened by who reads them; to
/// whoever opens organisations' secrets it stays shut.
#[tokio::test]
async fn the_notification_key_is_sealed_by_renewal_and_opened_by_capture() {
    let context = [("tenant", "<deployment>"), ("purpose", "notification_key")];
    let bound = |names: [(&str, &str); 2]| {
        let names = names.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(HashMap::from(names))
    };
    let seal = async |client: &aws_sdk_kms::Client, names| {
        let call = client.encrypt().key_id(&STACK.outputs.key_arn);
        let call = call.plaintext(Blob::new("hello"));
        let sealed = call.set_encryption_context(bound(names)).send().await;
        sealed.map_err(|error| code(&error))
    };
    let sealed = seal(&kms(owner()), context).await.unwrap();
    let sealed = sealed.ciphertext_blob.unwrap();
    for function in READERS.into_iter().chain(OTHERS) {
        let client = kms(role_of(function).await);
        let seals = seal(&client, context).await.map(drop);
        let makes = function == "subscription-renewal";
        assert_eq!(
            seals,
            if makes { Ok(()) } else { Err(refused()) },
            "{function}"
        );
        let call = client.decrypt().ciphertext_blob(sealed.clone());
        let opened = call.set_encryption_context(bound(context)).send().await;
        let opened = opened.map(drop).map_err(|error| code(&error));
        let takes = function == "artifact-capture";
        assert_eq!(
            opened,
            if takes { Ok(()) } else { Err(refused()) },
            "{function}"
        );
    }
    // Nothing else of the deployment's, and no organisation's under that word.
    let renewal = kms(role_of("subscription-renewal").await);
    for names in [
        [("tenant", "acme"), ("purpose", "notification_key")],
        [("tenant", "<deployment>"), ("purpose", "x")],
    ] {
        assert_eq!(seal(&renewal, names).await.map(drop), Err(refused()));
    }
}

/// XC-10, IV-6: what opens a person's calendar is sealed and opened by those who connect calendars and keep them in
/// step, for one organisation at a time; to whoever opens other secrets it stays shut.
#[tokio::test]
async fn calendar_tokens_are_sealed_and_opened_by_meeting_api_and_delivery_alone() {
    let bound = |tenant: &str| {
        let names = [("tenant", tenant), ("purpose", "calendar_refresh_token")];
        let names = names.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(HashMap::from(names))
    };
    let seal = async |client: &aws_sdk_kms::Client| {
        let call = client.encrypt().key_id(&STACK.outputs.key_arn);
        let call = call.plaintext(Blob::new("hello"));
        let sealed = call.set_encryption_context(bound("acme")).send().await;
        sealed.map_err(|error| code(&error))
    };
    let sealed = seal(&kms(owner())).await.unwrap().ciphertext_blob.unwrap();
    for function in READERS.into_iter().chain(OTHERS) {
        let client = kms(role_of(function).await);
        let uses = ["meeting-api", "delivery"].contains(&function);
        let expected = || if uses { Ok(()) } else { Err(refused()) };
        assert_eq!(seal(&client).await.map(drop), expected(), "{function}");
        let open = |tenant| {
            let call = client.decrypt().ciphertext_blob(sealed.clone());
            call.set_encryption_context(bound(tenant)).send()
        };
        let opened = open("acme").await.map(drop).map_err(|error| code(&error));
        assert_eq!(opened, expected(), "{function}");
        assert!(open("initech").await.is_err(), "{function}");
    }
}

/// Sends a small mail; answers its id, or the refusal's code.
async fn send(client: &aws_sdk_sesv2::Client, from: &str, set: &str) -> Result<String, String> {
    let mime =
        format!("From: {from}\r\nTo: cleo@globex.example\r\nSubject: Hello\r\n\r\nHello\r\n");
    send_mime(client, from, set, &mime).await
}

async fn send_mime(
    client: &aws_sdk_sesv2::Client,
    from: &str,
    set: &str,
    mime: &str,
) -> Result<String, String> {
    let raw = RawMessage::builder().data(Blob::new(mime)).build().unwrap();
    let sent = client
        .send_email()
        .from_email_address(from)
        .destination(
            Destination::builder()
                .to_addresses("cleo@globex.example")
                .build(),
        )
        .configuration_set_name(set)
        .content(EmailContent::builder().raw(raw).build())
        .send()
        .await
        .map_err(|error| code(&error))?;
    Ok(sent.message_id.unwrap())
}

/// XC-13: mail comes from the deployment's address, and from delivery.
#[tokio::test]
async fn only_delivery_sends_mail_and_only_from_the_deployments_address() {
    // The whole domain is verified, so that only the policy is in the way.
    let domain = ses(owner())
        .create_email_identity()
        .email_identity("example.com");
    domain.send().await.unwrap();

    let delivery = ses(role_of("delivery").await);
    for from in ["Convoke <convoke@example.com>", "convoke@example.com"] {
        let sent = send(&delivery, from, "mails").await;
        assert!(sent.is_ok(), "{from}: {sent:?}");
    }
    let other = send(&delivery, "ceo@example.com", "mails").await;
    assert_eq!(other, Err(refused()), "another sender");
    let other = send(&delivery, "convoke@example.com", "another").await;
    assert_eq!(other, Err(refused()), "another configuration set");
    for function in ["meeting-api", "approval", "settings", "artifact-capture"] {
        let sent = send(
            &ses(role_of(function).await),
            "convoke@example.com",
            "mails",
        )
        .await;
        assert_eq!(sent, Err(refused()), "{function}");
    }
}

/// A sent mail can be read as it was sent, which `cargo run -- mails` does.
#[tokio::test]
async fn sent_mails_are_kept_whole_and_their_calendar_files_are_read() {
    use base64::Engine;

    let file = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nSEQUENCE:3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let file = base64::engine::general_purpose::STANDARD.encode(file);
    let mime = format!(
        "From: convoke@example.com\r\nTo: \"Dot Doe\"\r\n <dot@initech.example>\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\
         Content-Type: text/plain; charset=UTF-8\r\n\r\nhttps://teams.microsoft.com/l/meetup-join/19\r\n--x\r\n\
         Content-Type: text/calendar; charset=UTF-8; method=CANCEL\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}\r\n--x--\r\n"
    );
    send_mime(&ses(owner()), "convoke@example.com", "mails", &mime)
        .await
        .unwrap();
    let sent = STACK.mails().await.unwrap();
    let mail = sent
        .iter()
        .find(|mail| mail.to == ["dot@initech.example"])
        .expect("the mail");
    assert_eq!(mail.raw, mime);
    assert_eq!(mail.subject, "Gr\u{fc}\u{df}e");
    assert!(mail.join_link, "{}", mail.text);
    let note = mail.ics.as_ref().unwrap();
    assert_eq!((note.method.as_str(), note.sequence), ("CANCEL", 3));
}
