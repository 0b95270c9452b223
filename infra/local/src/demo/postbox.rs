//! The mails of a walk, shown as they leave: that happens in the background.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::mails::{self, Mail};
use crate::output::line;

/// How long a walk waits for mails that have to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits to see that none comes.
const QUIET: Duration = Duration::from_secs(3);

/// Where mails are looked for.
pub(super) struct Postbox<'a> {
    aws_endpoint: &'a str,
    /// How many mails have been shown, or were there before.
    seen: usize,
}

impl<'a> Postbox<'a> {
    /// From now on.
    pub(super) async fn open(aws_endpoint: &'a str) -> Result<Self> {
        Ok(Self {
            aws_endpoint,
            seen: mails::sent(aws_endpoint).await?.len(),
        })
    }

    /// Waits until this many have left, and shows them.
    pub(super) async fn show(&mut self, expected: usize) -> Result<Vec<Mail>> {
        let patience = if expected == 0 { QUIET } else { PATIENCE };
        let least = self.seen + expected.max(1);
        let since = Instant::now();
        let mut sent = mails::sent(self.aws_endpoint).await?;
        while sent.len() < least && since.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(200)).await;
            sent = mails::sent(self.aws_endpoint).await?;
        }
        let new = sent.split_off(self.seen.min(sent.len()));
        self.seen += new.len();
        for mail in &new {
            line(&format!("  mail: {}", in_a_line(mail)));
        }
        if new.is_empty() {
            line("  no mail was sent");
        }
        Ok(new)
    }
}

fn in_a_line(mail: &Mail) -> String {
    let link = if mail.join_link {
        "join link"
    } else {
        "no join link"
    };
    let ics = mail.ics.as_ref().map_or("no .ics".to_owned(), |it| {
        format!(".ics {} {}", it.method, it.sequence)
    });
    format!(
        "{} \u{2013} {} ({link}, {ics})",
        mail.to.join(", "),
        mail.subject
    )
}
