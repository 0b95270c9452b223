//! IV-3 to IV-5: what somebody is owed, as a table.

use super::*;

fn changed(fields: &[(Field, u32)]) -> Session {
    let mut session = session();
    session.changed_at = fields.iter().copied().collect();
    session
}

/// What Tess is owed.
fn owed_by(session: &Session, is_on_roster: bool, told: Option<&Told>) -> Option<Owed> {
    let mut session = session.clone();
    if !is_on_roster {
        session.roster.remove(0);
    }
    let invitee = session.invitee(invitation(11));
    owed(&session, invitee, told)
}

fn knows(sequence: u32) -> Told {
    told(&session().roster[0], sequence)
}

fn uninvited(sequence: u32) -> Told {
    Told {
        is_cancelled: true,
        holds_file: false,
        ..knows(sequence)
    }
}

/// IV-3 to IV-5: every state of a session, with somebody on the roster or not,
/// who knows of it, knows that it is off for them, or knows nothing.
#[test]
fn who_is_owed_what() {
    use SessionStatus::{Cancelled, Ended, Scheduled};
    let (invitation, off) = (Some(Owed::Invitation), Some(Owed::Cancellation));
    let table = [
        (Scheduled, true, None, invitation.clone()),
        (Scheduled, true, Some(uninvited(3)), invitation),
        (Scheduled, true, Some(knows(3)), None),
        (Scheduled, false, None, None),
        (Scheduled, false, Some(uninvited(3)), None),
        (Scheduled, false, Some(knows(3)), off.clone()),
        (Cancelled, true, None, None),
        (Cancelled, true, Some(uninvited(3)), None),
        (Cancelled, true, Some(knows(3)), off.clone()),
        (Cancelled, false, None, None),
        (Cancelled, false, Some(uninvited(3)), None),
        (Cancelled, false, Some(knows(3)), off.clone()),
        (Ended, true, None, None),
        (Ended, true, Some(knows(0)), None),
        (Ended, false, Some(knows(3)), off),
        (Ended, false, Some(uninvited(3)), None),
        (Ended, false, None, None),
    ];
    for (status, is_on_roster, told, expected) in table {
        let mut session = changed(&[(Field::Title, 2)]);
        session.status = status;
        let case = format!("{status:?}, on the roster: {is_on_roster}, {told:?}");
        assert_eq!(
            owed_by(&session, is_on_roster, told.as_ref()),
            expected,
            "{case}"
        );
        // IV-2: nobody hears of a meeting whose link is not known yet.
        session.link_source = LinkSource::TeamsPending;
        assert_eq!(
            owed_by(&session, is_on_roster, told.as_ref()),
            None,
            "{case}"
        );
    }
}

/// IV-4: an update names what has changed since they were told, in one order, and
/// nothing that they know.
#[test]
fn an_update_names_what_they_do_not_know() {
    let session = changed(&[
        (Field::Description, 3),
        (Field::Title, 1),
        (Field::Time, 2),
        (Field::JoinUrl, 3),
    ]);
    let all = [
        Field::Title,
        Field::Time,
        Field::JoinUrl,
        Field::Description,
    ];
    for (sequence, fields) in [(0, &all[..]), (1, &all[1..]), (2, &all[2..])] {
        let owed = owed_by(&session, true, Some(&knows(sequence)));
        assert_eq!(owed, Some(Owed::Update(fields.to_vec())), "{sequence}");
    }
    assert_eq!(owed_by(&session, true, Some(&knows(3))), None);
}

/// XC-14: whom no mail could reach is invited once one can, and not before.
#[test]
fn whom_no_mail_could_reach_is_invited_once_one_can() {
    let mut session = session();
    let mut told = Told {
        mail_note: Some(MailNote::Unreachable),
        holds_file: false,
        ..knows(3)
    };
    assert_eq!(owed_by(&session, true, Some(&told)), Some(Owed::Invitation));
    session.roster[0].email = None;
    assert_eq!(owed_by(&session, true, Some(&told)), None);
    told.mail_note = Some(MailNote::Skipped);
    session.roster[0].email = told.email.clone();
    assert_eq!(owed_by(&session, true, Some(&told)), None);
}

/// IV-4: nothing is taken back from a mailbox that another invitation still names,
/// until the session is called off or that one goes, too.
#[test]
fn nothing_is_taken_back_from_a_mailbox_that_is_still_invited() {
    let mut session = session();
    let gone = told(&invitee(99, user("other"), "GUS@guests.example"), 2);
    assert_eq!(owed(&session, None, Some(&gone)), None);
    let removed = session.roster.pop();
    let off = Some(Owed::Cancellation);
    assert_eq!(owed(&session, None, Some(&gone)), off);
    session.roster.extend(removed);
    session.cancel(now()).unwrap();
    assert_eq!(owed(&session, None, Some(&gone)), off);
}

/// IV-1: an address that turned out to be a user's is told so, once.
#[test]
fn whoever_turned_out_to_be_a_user_hears_so_once() {
    let session = session();
    let mut told = Told {
        who: Who::External,
        ..knows(3)
    };
    assert_eq!(
        owed_by(&session, true, Some(&told)),
        Some(Owed::Recognition)
    );
    told.who = session.roster[0].who.clone();
    assert_eq!(owed_by(&session, true, Some(&told)), None);
    let moved = changed(&[(Field::Time, 4)]);
    told.who = Who::External;
    let owed = owed_by(&moved, true, Some(&told));
    assert_eq!(owed, Some(Owed::Update(vec![Field::Time])), "one word only");
}
