//! IV-1: who is invited, however lists, directory and earlier invitations name
//! the same people.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn candidate(who: Who, address: &str) -> Candidate {
    Candidate {
        who,
        email: (!address.is_empty()).then(|| email(address)),
        name: Some("From the directory".to_owned()),
    }
}

/// Fresh ids from 1000 on.
fn reconciled(candidates: Vec<Candidate>, roster: &[Invitee], told: &[Told]) -> Vec<Invitee> {
    let mut next = 999;
    let resolved = Resolved {
        candidates,
        client_id: None,
    };
    reconcile(&host(), resolved, roster, told, || {
        next += 1;
        Uuid::from_u128(next)
    })
}

/// Who is on it with which invitation.
fn places(roster: &[Invitee]) -> Vec<(&'static str, u128)> {
    let place = |one: &Invitee| (one.who.kind(), one.invitation_id.uuid().as_u128());
    roster.iter().map(place).collect()
}

/// IV-1: the same person as user, contact and address, however it is written,
/// is invited once, as what they are most.
#[test]
fn nobody_is_invited_twice() {
    let made = reconciled(
        vec![
            candidate(Who::External, "TESS@practice.example"),
            candidate(Who::External, "tess@PRACTICE.example"),
            candidate(contact("tess-at-client"), "Tess@Practice.example"),
            candidate(user("tess"), "tess@practice.example"),
            candidate(user("tess"), "tess@practice.example"),
            candidate(Who::External, "gus@guests.example"),
            candidate(Who::External, "Gus@guests.example"),
            candidate(contact("ada"), "ada@client.example"),
            candidate(Who::External, "ADA@client.example"),
        ],
        &[],
        &[],
    );
    assert_eq!(
        places(&made),
        [("internal", 1000), ("contact", 1001), ("external", 1002)]
    );
    assert_eq!(made[0].who, user("tess"));
    assert_eq!(made[2].email, Some(email("gus@guests.example")));
}

/// IV-1: the host is nobody's invitee, by whatever name.
#[test]
fn the_host_is_never_invited() {
    let made = reconciled(
        vec![
            candidate(user("host"), ""),
            candidate(user("host"), "other@practice.example"),
            candidate(Who::External, "HANNA@practice.example"),
            candidate(contact("hanna-at-client"), "hanna@practice.example"),
        ],
        &[],
        &[],
    );
    assert_eq!(made, []);
}

/// XC-14: whoever has no address is on it all the same, each on their own.
#[test]
fn people_without_address_are_not_taken_for_each_other() {
    let made = reconciled(
        vec![
            candidate(user("a"), ""),
            candidate(user("b"), ""),
            candidate(contact("a"), ""),
        ],
        &[],
        &[],
    );
    assert_eq!(made.len(), 3);
}

/// IV-1: whoever stays keeps invitation and answer; name and address are the
/// directory's.
#[test]
fn whoever_stays_keeps_their_invitation() {
    let mut roster = session().roster;
    roster[1].response = Response::Accepted;
    roster[1].joined_at = Some(now());
    let made = reconciled(
        vec![
            candidate(contact("ada"), "ada@elsewhere.example"),
            candidate(user("new"), "new@practice.example"),
        ],
        &roster,
        &[],
    );
    assert_eq!(places(&made), [("internal", 1000), ("contact", 12)]);
    assert_eq!(made[1].response, Response::Accepted);
    assert_eq!(made[1].joined_at, Some(now()));
    assert_eq!(made[1].email, Some(email("ada@elsewhere.example")));
    assert_eq!(made[1].name.as_deref(), Some("From the directory"));
    assert_eq!(made[0].response, Response::NeedsAction);
}

/// IV-1: a guest who became a user (or a contact), and one who left, keep the
/// invitation that went to their address.
#[test]
fn an_address_that_became_a_user_keeps_its_invitation() {
    let roster = session().roster;
    let made = reconciled(
        vec![
            candidate(user("gus"), "Gus@Guests.example"),
            candidate(Who::External, "tess@practice.example"),
        ],
        &roster,
        &[],
    );
    assert_eq!(places(&made), [("internal", 13), ("external", 11)]);
}

/// IV-1: an address that has passed from one invitee to somebody else takes no
/// invitation along: both are who they are.
#[test]
fn an_address_that_passed_on_takes_no_invitation_along() {
    let roster = [invitee(12, contact("ada"), "desk@client.example")];
    let made = reconciled(
        vec![
            candidate(contact("ada"), "ada@client.example"),
            candidate(user("new"), "desk@client.example"),
        ],
        &roster,
        &[],
    );
    assert_eq!(places(&made), [("internal", 1000), ("contact", 12)]);
    // The copy on the roster is fresh already; what she was told is not.
    let fresh = [invitee(12, contact("ada"), "ada@client.example")];
    let made = reconciled(
        vec![
            candidate(contact("ada"), "ada@client.example"),
            candidate(user("new"), "desk@client.example"),
        ],
        &fresh,
        &[told(&roster[0], 3)],
    );
    assert_eq!(places(&made), [("internal", 1000), ("contact", 12)]);
}

/// IV-1, IV-4: who was removed and comes back, before or after they were told,
/// by identity or by address, gets their old place, and owes no old answer.
#[test]
fn whoever_comes_back_gets_their_place_back() {
    let left = session().roster;
    for is_cancelled in [false, true] {
        let rows: Vec<_> = left
            .iter()
            .map(|one| Told {
                is_cancelled,
                ..told(one, 3)
            })
            .collect();
        let made = reconciled(
            vec![
                candidate(Who::External, "GUS@guests.example"),
                candidate(contact("ada"), "moved@client.example"),
                candidate(Who::External, "tess@practice.example"),
            ],
            &[],
            &rows,
        );
        assert_eq!(
            places(&made),
            [("contact", 12), ("external", 13), ("external", 11)]
        );
        assert!(
            made.iter()
                .all(|one| one.response == Response::NeedsAction && one.joined_at.is_none())
        );
    }
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        prop::sample::select(vec!["host", "a", "b", "c"]).prop_map(user),
        prop::sample::select(vec!["a", "b", "c"]).prop_map(contact),
        Just(Who::External),
    ]
}

/// Few addresses, so that they clash; an external has one.
fn address(who: &Who) -> impl Strategy<Value = &'static str> + use<> {
    let mut all = vec!["a@x.example", "A@X.example", "b@x.example", "c@x.example"];
    all.extend(["hanna@practice.example", "d@x.example"]);
    if *who != Who::External {
        all.push("");
    }
    prop::sample::select(all)
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = who().prop_flat_map(|who| {
        let address = address(&who);
        (Just(who), address).prop_map(|(who, address)| candidate(who, address))
    });
    prop::collection::vec(one, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// IV-1: of any lists on any roster after any others, nobody is invited twice
    /// by identity, address or invitation, nobody who was named is left out, and
    /// the same lists once more change nothing.
    #[test]
    fn any_lists_make_a_roster(before in candidates(), lists in candidates(), kept in any::<u8>()) {
        let first = reconciled(before, &[], &[]);
        let rows: Vec<_> = first.iter().map(|one| told(one, 1)).collect();
        // Some of them were removed a moment ago.
        let roster: Vec<_> = first
            .iter()
            .enumerate()
            .filter(|(at, _)| kept & (1 << at) != 0)
            .map(|(_, one)| one.clone())
            .collect();
        let mut next = 4_999;
        let mut mint = || {
            next += 1;
            Uuid::from_u128(next)
        };
        let resolved = Resolved { candidates: lists.clone(), client_id: None };
        let made = reconcile(&host(), resolved, &roster, &rows, &mut mint);

        let mut seen = HashSet::new();
        for one in &made {
            prop_assert!(seen.insert(one.invitation_id.to_string()));
            if one.who != Who::External {
                let identity = format!("{:?}", one.who);
                prop_assert!(seen.insert(identity));
            }
            if let Some(email) = &one.email {
                prop_assert!(seen.insert(email.lookup_key()));
                prop_assert_ne!(email.lookup_key(), "hanna@practice.example");
            }
            prop_assert_ne!(&one.who, &user("host"));
        }
        for one in &lists {
            let is_host = one.who == user("host") || one.email == host().email;
            let address = one.email.as_ref().map(EmailAddress::lookup_key);
            let is_in = made.iter().any(|made| {
                (one.who != Who::External && made.who == one.who)
                    || (address.is_some() && made.email.as_ref().map(EmailAddress::lookup_key) == address)
            });
            prop_assert!(is_host || is_in, "{one:?} is left out");
        }
        for kept in &roster {
            if let Some(same) = made.iter().find(|one| kept.who != Who::External && one.who == kept.who) {
                prop_assert_eq!(same.invitation_id, kept.invitation_id);
            }
        }
        let resolved = Resolved { candidates: lists, client_id: None };
        let again = reconcile(&host(), resolved, &made, &rows, &mut mint);
        prop_assert_eq!(again, made);
    }
}
