use super::*;

/// NT-6: settings that are not in use, or name another application, want nothing.
#[test]
fn settings_out_of_use_want_nothing() {
    let row = live();
    let mut all = vec![];
    for status in [InstallStatus::Pending, InstallStatus::Disabled] {
        all.push(TeamsIntegration {
            install_status: status,
            ..settings()
        });
    }
    let mut cleared = settings();
    cleared.profile.client_secret = None;
    all.push(cleared);
    for (field, value) in [(0, "fabrikam.example"), (1, "another app")] {
        let mut other = settings();
        if field == 0 {
            other.profile.tenant_id = Some(value.to_owned());
        } else {
            other.profile.client_id = Some(value.to_owned());
        }
        all.push(other);
    }
    for settings in all {
        let wish = Wish::of(&settings);
        assert_eq!(wish.verdict(&row), Verdict::Remove, "{settings:?}");
        let mut row = row.clone();
        assert!(wish.apply(&mut row, at(1)));
        assert_eq!(row.step(&terms(), at(1)), Step::Remove);
        assert!(row.is_due(at(1)));
        assert!(!wish.apply(&mut row, at(2)), "once is enough");
    }
    assert_eq!(Wish::of(&TeamsIntegration::default()).target(), None);
}

/// NT-6: a replaced or cleared organiser's stays until it was seen that nobody needs it.
#[test]
fn a_replaced_organisers_is_reconsidered_and_lives_until_then() {
    let mut other = settings();
    for (upn, object_id) in [
        (Some("bob@x"), Some("bob")),
        (Some("bob@x"), None),
        (None, None),
    ] {
        other.default_meeting_organizer_upn = upn.map(str::to_owned);
        other.default_meeting_organizer_object_id = object_id.map(str::to_owned);
        let wish = Wish::of(&other);
        let mut row = live();
        assert_eq!(wish.verdict(&row), Verdict::Retire);
        assert!(wish.apply(&mut row, at(60)));
        assert!(row.is_due(at(60)));
        assert_eq!(row.step(&terms(), at(60)), Step::Reconsider);
        row.retire(at(3_000), at(60));
        assert_eq!(row.step(&terms(), at(60)), Step::Check);
        assert_eq!(row.step(&terms(), at(2_200)), Step::Renew);
        assert!(!wish.apply(&mut row, at(61)), "its end is known");
        assert!(row.become_renewed(&made("s1", at(2_900)), at(2_900)));
        assert_eq!(row.due_at, at(3_000));
        assert_eq!(row.step(&terms(), at(3_000)), Step::Reconsider);
        // Who comes back is not retired any more.
        assert!(Wish::of(&settings()).apply(&mut row, at(3_001)));
        assert_eq!(row.retire_at, None);
        assert_eq!(row.state, SubscriptionState::Live);
    }
}

/// NT-6: what is wanted again before it is removed goes on.
#[test]
fn what_is_wanted_again_is_looked_at_at_once() {
    let wish = Wish::of(&settings());
    let mut row = live();
    row.begin_removal(at(1));
    assert!(wish.apply(&mut row, at(2)));
    assert_eq!((row.state, row.due_at), (SubscriptionState::Live, at(2)));
    let mut never = fresh();
    never.begin_removal(at(1));
    assert!(wish.apply(&mut never, at(2)));
    assert_eq!(never.step(&terms(), at(2)), Step::Make);
}

/// XC-10: a new secret of the same application is taken over, by what is to be
/// removed as well.
#[test]
fn a_new_secret_is_taken_over() {
    let mut changed = settings();
    let secret = SealedSecret::new("another".to_owned());
    changed.profile.client_secret = Some(secret.clone());
    let wish = Wish::of(&changed);
    let mut row = live();
    row.fail(&refused("invalid_credentials"), at(1));
    assert!(wish.apply(&mut row, at(2)));
    assert_eq!(
        (row.client_secret.clone(), row.due_at),
        (secret.clone(), at(2))
    );
    let mut removing = live();
    removing.begin_removal(at(1));
    changed.default_meeting_organizer_upn = None;
    assert!(Wish::of(&changed).apply(&mut removing, at(2)));
    assert_eq!(removing.client_secret, secret);
    assert_eq!(removing.state, SubscriptionState::Removing);
}
