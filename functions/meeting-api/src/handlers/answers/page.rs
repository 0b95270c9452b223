//! What the pages of answer links look like. They say no more of a meeting than
//! the mail that led to them, and the join link not at all.

use convoke_domain::directory::Locale;
use convoke_domain::error::Error;
use convoke_domain::session::{Response, Session, SessionStatus};
use convoke_platform::http::{Page, Reply, escape};
use convoke_services::mail::shown_time;
use convoke_services::sessions::LinkView;
use http::StatusCode;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;padding:1.5rem;font:1rem/1.5 'Segoe UI',Helvetica,Arial,sans-serif;background:#f3f4f6;color:#1f2937}\
main{max-width:34rem;margin:0 auto;padding:1.75rem 2rem;background:#fff;border-radius:.5rem}\
h1{margin:0 0 1rem;font-size:1.4rem;line-height:1.3;overflow-wrap:anywhere}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0 0 1.25rem}\
dt{color:#4b5563}dd{margin:0;overflow-wrap:anywhere}\
fieldset{margin:0;padding:0;border:0}legend{margin:0 0 .5rem;padding:0;font-weight:600}\
button{font:inherit;margin:0 .5rem .5rem 0;padding:.6rem 1.4rem;color:#4f52b2;background:#fff;\
border:2px solid #4f52b2;border-radius:.4rem;cursor:pointer}\
button.marked{color:#fff;background:#4f52b2;font-weight:600}\
button:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{background:#111827;color:#e5e7eb}main{background:#1f2937}dt{color:#9ca3af}\
button{color:#c7c8ff;background:#1f2937;border-color:#8b8ee8}}";

/// The answers that a page offers: each with its button and the word for it.
const ANSWERS: [(Response, &str, &str); 3] = [
    (Response::Accepted, "Accept", "accepted"),
    (Response::Tentative, "Maybe", "maybe"),
    (Response::Declined, "Decline", "declined"),
];

fn words(response: Response) -> Option<(&'static str, &'static str)> {
    let found = ANSWERS.iter().find(|(one, ..)| *one == response);
    found.map(|(_, button, word)| (*button, *word))
}

/// What a link leads to: the question, or why there is none.
/// `has_moved`: an answer came that was meant for another time.
pub(super) fn of(view: &LinkView, marked: Option<Response>, has_moved: bool) -> Reply {
    let session = &view.session;
    let closed = match session.status {
        SessionStatus::Cancelled => Some(CANCELLED),
        SessionStatus::Ended => Some(ENDED),
        SessionStatus::Scheduled => view.is_used.then_some(USED),
    };
    let rest = match closed {
        Some(why) => format!("<p role=\"status\">{why}</p>"),
        None => question(marked, session.sequence),
    };
    let title = escape(&session.title);
    let main = format!(
        "<h1>{title}</h1>\n{}{}\n{}{rest}",
        if has_moved { MOVED } else { "" },
        details(session),
        so_far(view.invitee.response)
    );
    let status = if has_moved {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    reply(status, &session.title, &main)
}

/// The answer was taken.
pub(super) fn recorded(response: Response) -> Reply {
    let (_, word) = words(response).unwrap_or_default();
    let main = format!(
        "<h1>Thank you</h1>\n<p role=\"status\">Your answer: <strong>{word}</strong>. \
        The host sees it. You can close this page.</p>"
    );
    reply(StatusCode::OK, "Thank you", &main)
}

const USED: &str = "This link was used already. Changed your mind? Answer by the link in a newer mail, \
    or where you see your meetings, or tell the host.";
const MOVED: &str = "<p role=\"alert\">Not recorded yet: the meeting was moved since you opened this page. \
    Please answer for the new time.</p>\n";
const CANCELLED: &str = "This meeting was cancelled. There is nothing to answer any more.";
const ENDED: &str = "This meeting has ended. There is nothing to answer any more.";
const UNKNOWN: &str = "This link leads nowhere: it is incomplete, it has expired, or you are not \
    invited any more. The newest mail about the meeting has a newer link.";
const NO_ANSWER: &str = "That is no answer. Go back, and choose one of the three buttons.";

/// Errors that the reader can do something about; `None`: another.
pub(super) fn of_error(error: &Error) -> Option<Reply> {
    let (status, heading, text) = match error {
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "No such link", UNKNOWN),
        Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "Not recorded", NO_ANSWER),
        Error::Conflict { code, .. } => {
            let why = match *code {
                "link_used" => USED,
                "meeting_cancelled" => CANCELLED,
                "meeting_ended" => ENDED,
                _ => return None,
            };
            (StatusCode::CONFLICT, "Not recorded", why)
        }
        _ => return None,
    };
    let main = format!("<h1>{heading}</h1>\n<p role=\"alert\">{text}</p>");
    Some(reply(status, heading, &main))
}

fn reply(status: StatusCode, title: &str, main: &str) -> Reply {
    let page = Page {
        title,
        style: STYLE,
        main,
    };
    page.reply(status)
}

fn details(session: &Session) -> String {
    let duration = format!("{} minutes", session.duration_minutes);
    let rows = [
        (
            "Time",
            Some(shown_time(Locale::En, session.start, &session.zone)),
        ),
        ("Duration", Some(duration)),
        ("Place", session.location.clone()),
        ("Host", session.host.name.clone()),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| {
        let value = escape(&value?);
        Some(format!("<dt>{name}</dt><dd>{value}</dd>"))
    });
    format!("<dl>\n{}\n</dl>", rows.collect::<Vec<_>>().join("\n"))
}

fn so_far(response: Response) -> String {
    words(response)
        .map(|(_, word)| format!("<p>Your answer so far: <strong>{word}</strong></p>\n"))
        .unwrap_or_default()
}

/// The form: a button for each answer, the one that the mail's link named marked
/// and ready for the Enter key. It sends to the page's own address.
fn question(marked: Option<Response>, sequence: u32) -> String {
    let buttons = ANSWERS.map(|(response, button, _)| {
        let mark = if marked == Some(response) {
            " class=\"marked\" aria-describedby=\"marked\" autofocus"
        } else {
            ""
        };
        let value = response.as_str();
        format!(
            "<button type=\"submit\" name=\"response\" value=\"{value}\"{mark}>{button}</button>"
        )
    });
    let hint = marked.and_then(words).map(|(button, _)| {
        format!("<p id=\"marked\">Press “{button}” to send that answer, or another button.</p>\n")
    });
    format!(
        "<form method=\"post\" action=\"?\">\n<input type=\"hidden\" name=\"sequence\" value=\"{sequence}\">\n<fieldset>\n<legend>Will you come?</legend>\n{}{}\n</fieldset>\n</form>",
        hint.unwrap_or_default(),
        buttons.join("\n")
    )
}

#[cfg(test)]
mod tests;
