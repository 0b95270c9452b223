mod wish;

use super::*;
use crate::integration::{InstallStatus, MicrosoftProfile, TeamsIntegration};

const TARGET: &str = "0123456789abcdef0123456789abcdef";

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn settings() -> TeamsIntegration {
    TeamsIntegration {
        profile: MicrosoftProfile {
            tenant_id: Some("contoso.example".to_owned()),
            client_id: Some("app".to_owned()),
            client_secret: Some(SealedSecret::new("sealed".to_owned())),
        },
        install_status: InstallStatus::Active,
        default_meeting_organizer_upn: Some("ann@contoso.example".to_owned()),
        default_meeting_organizer_object_id: Some("ann".to_owned()),
        ..TeamsIntegration::default()
    }
}

fn fresh() -> Subscription {
    let wish = Wish::of(&settings());
    let (app, organizer) = wish.target().unwrap();
    let key = SubscriptionKey::new(TARGET, ArtifactType::Recording).unwrap();
    Subscription::wanted(key, app, organizer, "hash".to_owned(), at(0))
}

fn terms() -> Terms {
    Terms {
        notification_url: "https://hooks/n".to_owned(),
        lifecycle_notification_url: "https://hooks/l".to_owned(),
        certificate_id: Some("c1".to_owned()),
    }
}

fn made(id: &str, from: DateTime<Utc>) -> Made {
    Made {
        subscription_id: id.to_owned(),
        expires_at: from + LIFETIME,
        certificate_id: Some("c1".to_owned()),
    }
}

fn live() -> Subscription {
    let mut row = fresh();
    row.intend(&terms(), "hash".to_owned(), false, at(0));
    row.become_live(made("s1", at(0)), at(0));
    row
}

fn passing(code: &str) -> Setback {
    Setback {
        code: code.to_owned(),
        is_refusal: false,
        retry_after: None,
        may_be_done: false,
    }
}

fn refused(code: &str) -> Setback {
    Setback {
        is_refusal: true,
        ..passing(code)
    }
}

#[test]
fn a_key_reads_back_and_nothing_else_does() {
    for kind in ArtifactType::ALL {
        let key = SubscriptionKey::new(TARGET, kind).unwrap();
        assert_eq!(SubscriptionKey::parse(&key.to_string()), Some(key));
    }
    for bad in [
        "",
        TARGET,
        "0123#recording",
        "0123456789ABCDEF0123456789ABCDEF#recording",
        "0123456789abcdef0123456789abcdef#video",
        "0123456789abcdef0123456789abcdef#recording#",
    ] {
        assert_eq!(SubscriptionKey::parse(bad), None, "{bad:?}");
    }
}

/// NT-1: what may come to exist is written down before it is made, and nobody
/// else makes or removes it meanwhile.
#[test]
fn an_intent_names_what_may_exist_and_keeps_others_away() {
    let mut row = fresh();
    assert_eq!(row.step(&terms(), at(0)), Step::Make);
    row.intend(&terms(), "hash".to_owned(), false, at(0));
    assert_eq!(row.expires_at, Some(at(0) + LIFETIME));
    assert!(row.was_made_on(&Terms {
        certificate_id: None,
        ..terms()
    }));
    assert_eq!(row.step(&terms(), at(1)), Step::Wait);
    assert!(!row.is_due(at(1)));
    row.begin_removal(at(1));
    assert_eq!(row.step(&terms(), at(1)), Step::Wait);
    // Whoever made it died: it is looked for.
    assert!(row.is_due(at(2)));
    assert_eq!(row.step(&terms(), at(2)), Step::Remove);
}

/// NT-4: looked after every six hours, prolonged from half of its time on.
#[test]
fn a_live_one_is_checked_then_renewed_then_made_again() {
    let row = live();
    assert_eq!(row.state, SubscriptionState::Live);
    assert_eq!(row.due_at, at(6 * 60));
    assert_eq!(row.step(&terms(), at(6 * 60)), Step::Check);
    let half = 4_290 / 2;
    assert_eq!(row.step(&terms(), at(half - 1)), Step::Check);
    assert_eq!(row.step(&terms(), at(half)), Step::Renew);
    assert_eq!(row.step(&terms(), at(4_289)), Step::Renew);
    assert_eq!(row.step(&terms(), at(4_290)), Step::Make);
}

/// NT-6: other addresses, or encryption switched on or off, replace it; another
/// certificate is taken on with a renewal.
#[test]
fn what_was_made_on_other_terms_is_made_again() {
    let row = live();
    for other in [
        Terms {
            notification_url: "https://new/n".to_owned(),
            ..terms()
        },
        Terms {
            lifecycle_notification_url: "https://new/l".to_owned(),
            ..terms()
        },
        Terms {
            certificate_id: None,
            ..terms()
        },
    ] {
        assert_eq!(row.step(&other, at(1)), Step::Make, "{other:?}");
    }
    let rotated = Terms {
        certificate_id: Some("c2".to_owned()),
        ..terms()
    };
    assert_eq!(row.step(&rotated, at(1)), Step::Check);
    let mut replaced = row.clone();
    let other = Terms {
        certificate_id: None,
        ..terms()
    };
    replaced.intend(&other, "hash".to_owned(), false, at(1));
    assert_eq!(
        replaced.subscription_id.as_deref(),
        Some("s1"),
        "still to be removed"
    );
    assert!(
        replaced.certificate_id.is_some(),
        "what still comes of it is encrypted"
    );
    replaced.become_live(
        Made {
            certificate_id: None,
            ..made("s2", at(1))
        },
        at(1),
    );
    assert_eq!(replaced.subscription_id.as_deref(), Some("s2"));
    assert_eq!(replaced.certificate_id, None);
}

/// NT-4: the outcome of a call counts only for the subscription that it was about.
#[test]
fn an_outcome_of_another_subscription_changes_nothing() {
    let mut row = live();
    let before = row.clone();
    assert!(!row.become_renewed(&made("s0", at(60)), at(60)));
    assert!(!row.become_checked("s0", at(60)));
    assert!(!row.become_lost("s0", at(60)));
    assert_eq!(row, before);
    assert!(row.become_renewed(
        &Made {
            certificate_id: Some("c2".to_owned()),
            ..made("s1", at(60))
        },
        at(60)
    ));
    assert_eq!(row.expires_at, Some(at(60) + LIFETIME));
    assert_eq!(row.certificate_id.as_deref(), Some("c2"));
    assert_eq!(row.due_at, at(60 + 360));
    assert!(row.become_checked("s1", at(500)));
    assert_eq!(
        (row.checked_at, row.renewed_at),
        (Some(at(500)), Some(at(60)))
    );
}

/// NT-4: Microsoft asks again and again; one renewal in ten minutes does.
#[test]
fn a_renewal_counts_for_ten_minutes() {
    let row = live();
    assert!(row.is_just_renewed(at(9)));
    assert!(!row.is_just_renewed(at(10)));
    assert!(!fresh().is_just_renewed(at(0)));
}

/// NT-4: one that is gone is made again, or forgotten if nobody wants it.
#[test]
fn what_is_gone_is_made_again_or_forgotten() {
    let mut row = live();
    assert!(row.become_lost("s1", at(60)));
    assert_eq!(row.subscription_id, None);
    assert_eq!(row.step(&terms(), at(60)), Step::Make);
    let mut unwanted = live();
    unwanted.begin_removal(at(1));
    assert_eq!(unwanted.step(&terms(), at(1)), Step::Remove);
    assert!(unwanted.become_lost("s1", at(60)));
    assert_eq!(unwanted.step(&terms(), at(60)), Step::Forget);
}

/// NT-6: one that was to be removed while it was being made is removed.
#[test]
fn what_was_made_too_late_is_still_removed() {
    let mut row = fresh();
    row.intend(&terms(), "hash".to_owned(), false, at(0));
    row.begin_removal(at(0));
    row.become_live(made("s1", at(0)), at(1));
    assert_eq!(row.state, SubscriptionState::Removing);
    assert_eq!(row.step(&terms(), at(1)), Step::Remove);
    assert!(row.is_due(at(1)));
}

/// NT-6: it dies by itself; nothing that was never made is looked for.
#[test]
fn what_has_ended_or_never_was_is_forgotten() {
    let mut row = live();
    row.begin_removal(at(1));
    row.fail(&refused("invalid_credentials"), at(1));
    assert_eq!(row.due_at, at(361));
    assert_eq!(row.step(&terms(), at(4_289)), Step::Remove);
    assert_eq!(row.step(&terms(), at(4_290)), Step::Forget);
    let mut never = fresh();
    never.begin_removal(at(1));
    assert_eq!(never.step(&terms(), at(1)), Step::Forget);
}

/// XC-8: what turns up is not taken for ours if its client state may be another.
#[test]
fn another_client_state_is_remembered_until_it_is_made_anew() {
    let mut row = fresh();
    row.intend(&terms(), "other".to_owned(), false, at(0));
    assert!(
        !row.has_old_client_state,
        "nothing was made with the old one"
    );
    row.intend(&terms(), "third".to_owned(), false, at(5));
    assert!(row.has_old_client_state);
    row.intend(&terms(), "third".to_owned(), false, at(9));
    assert!(row.has_old_client_state);
    row.become_live(made("s1", at(9)), at(9));
    assert!(!row.has_old_client_state);
    assert_eq!(row.client_state_hash, "third");
}

/// NT-4: waits double up to six hours, and never pass a live one's end by.
#[test]
fn failures_wait_ever_longer_but_not_too_long() {
    let mut row = fresh();
    let mut waits = vec![];
    for _ in 0..9 {
        row.fail(&passing("transient"), at(0));
        waits.push((row.due_at - at(0)).num_minutes());
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
    row.fail(
        &Setback {
            retry_after: Some(TimeDelta::hours(8)),
            ..passing("throttled")
        },
        at(0),
    );
    assert_eq!(row.due_at, at(480));
    row.fail(
        &Setback {
            retry_after: Some(TimeDelta::days(400)),
            ..passing("throttled")
        },
        at(0),
    );
    assert_eq!(row.due_at, at(24 * 60));
    row.fail(&refused("consent_missing"), at(0));
    assert_eq!(
        (row.due_at, row.error_code.as_deref()),
        (at(360), Some("consent_missing"))
    );

    let mut row = live();
    row.fail(&refused("consent_missing"), at(4_290 - 60));
    assert_eq!(row.due_at, at(4_290 - 30));
    row.fail(&refused("consent_missing"), at(4_290 - 2));
    assert_eq!(row.due_at, at(4_290 + 3));
    row.become_renewed(&made("s1", at(4_288)), at(4_288));
    assert_eq!((row.attempts, row.error_code), (0, None));
}

/// XC-8: a lost answer is waited for; a refusal holds nobody up.
#[test]
fn only_what_may_have_happened_keeps_its_claim() {
    let mut row = fresh();
    row.intend(&terms(), "hash".to_owned(), false, at(0));
    let mut refusal = row.clone();
    refusal.fail(&refused("consent_missing"), at(0));
    refusal.try_at_once(at(1));
    assert!(refusal.is_due(at(1)));
    row.fail(
        &Setback {
            may_be_done: true,
            ..passing("timed_out")
        },
        at(0),
    );
    row.try_at_once(at(1));
    assert!(!row.is_due(at(1)));
    assert!(row.is_due(at(2)));
}

/// XC-10: a debug line shows no ciphertext.
#[test]
fn a_debug_line_shows_no_secret() {
    let mut row = fresh();
    row.client_secret = SealedSecret::new("canary".to_owned());
    assert!(!format!("{row:?}").contains("canary"));
}
