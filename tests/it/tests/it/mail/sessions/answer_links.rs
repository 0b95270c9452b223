//! The links by which readers of a mail answer (IV-7).

use super::*;

/// IV-7: a mail's three links open one page with one answer each; the link names
/// invitation and mail, ends with the meeting or after a week, and is not stored.
#[tokio::test]
async fn a_mail_that_asks_has_links_of_its_own_to_answer_with() {
    let ses = Ses::start(&[]).await;
    let post = Post::with(ses.mailer());
    let now = post.process.ports.now();
    let secrets = &post.process.delivery.links.secrets;
    for (start, days) in [("2026-11-22T09:00:00Z", 0), ("2027-06-01T09:00:00Z", 190)] {
        let mut letter = post.session_letter(MailKey::MeetingUpdated, Locale::En);
        letter.start = start.parse().unwrap();
        let ends = letter.start + TimeDelta::minutes(45);
        let expires_at = ends.max(now + TimeDelta::days(7));
        let expected = AnswerLink {
            session_id: letter.session_id,
            invitation_id: letter.invitation_id,
            mail_id: letter.mail_id,
            expires_at: DateTime::from_timestamp(expires_at.timestamp(), 0).unwrap(),
        };
        assert!(expires_at - now > TimeDelta::days(days));
        let job = post.written_session(letter).await;
        assert!(post.deliver(&job).await);
        let (text, html) = bodies(&read_mail(ses.received().last().unwrap()));
        let token = token_after(&text, "https://api.example.com/rsvp/");
        for (label, word) in [
            ("Accept", "accepted"),
            ("Maybe", "tentative"),
            ("Decline", "declined"),
        ] {
            let link = format!("https://api.example.com/rsvp/{token}?response={word}");
            assert!(text.contains(&format!("\n{label}: {link}\n")), "{text}");
            let href = link.replace('=', "&#x3D;");
            assert!(html.contains(&format!("href=\"{href}\"")), "{html}");
        }
        let opens = async |at: DateTime<Utc>| answer_link::open(secrets, token, at).await.ok();
        let whole = Some((post.tenant(), expected.clone()));
        assert_eq!(opens(now).await, whole);
        assert_eq!(
            opens(expected.expires_at - TimeDelta::seconds(1)).await,
            whole
        );
        assert_eq!(opens(expected.expires_at).await, None);
        let file = token_after(&text, "https://api.example.com/ics/");
        let opened = link::open(secrets, file, now).await.ok();
        let target = Target::Session(expected.session_id, expected.invitation_id);
        assert_eq!(opened, Some((post.tenant(), target)));
        assert!(answer_link::open(secrets, file, now).await.is_err());
        assert!(link::open(secrets, token, now).await.is_err());
        let stored = serde_json::to_string(&post.mail(&job).await).unwrap();
        assert!(
            !stored.contains(token) && !stored.contains(file),
            "{stored}"
        );
    }
}

/// IV-7: a mail that is sent again after a crash has a link to the same single
/// answer; two mails have two.
#[tokio::test]
async fn one_mail_answers_once_however_often_it_is_sent() {
    let ses = Ses::start(&[Outcome::Refused(503, "ServiceUnavailable")]).await;
    let post = Post::with(ses.mailer());
    let letter = post.session_letter(MailKey::InstantMeetingInvitation, Locale::En);
    let job = post.written_session(letter).await;
    assert!(post.deliver(&job).await);
    post.clock.advance(TimeDelta::minutes(2));
    assert_eq!(post.sweep().await, 1);
    let mut mails = vec![];
    for request in ses.received() {
        let (text, _) = bodies(&read_mail(&request));
        let token = token_after(&text, "https://api.example.com/rsvp/");
        let secrets = &post.process.delivery.links.secrets;
        let opened = answer_link::open(secrets, token, post.process.ports.now()).await;
        mails.push(opened.unwrap().1.mail_id);
    }
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
}
