//! An answer with content, from Graph or from its storage: status and headers
//! now, the octets as they are read.

use super::content::{Content, Reader};
use super::delivery::Delivery;
use super::ranges::{Wanted, wanted};
use crate::reply::Reply;

/// What is worth nothing any more after a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Revocable {
    Token(String),
    /// Key of a link to the storage.
    Link(String),
}

/// A content to be sent.
pub(crate) struct Served<'a> {
    pub(crate) content: Content,
    pub(crate) media_type: &'static str,
    pub(crate) delivery: &'a Delivery,
    /// The artifact's answers before this one.
    pub(crate) number: u32,
    pub(crate) range: Option<&'a str>,
    pub(crate) credential: Revocable,
}

/// The octets of an answer, still to be made.
#[derive(Clone, Debug)]
pub(crate) struct ContentStream {
    content: Content,
    first: u64,
    /// Octets announced, or meant.
    pub(crate) length: u64,
    /// Octets after which it breaks off.
    pub(crate) cut: Option<u64>,
    pub(crate) is_quiet: bool,
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) revokes: Option<Revocable>,
}

impl ContentStream {
    /// How many octets go out.
    pub(crate) fn end(&self) -> u64 {
        self.cut.unwrap_or(self.length)
    }

    pub(crate) fn reader(&self) -> Reader {
        self.content.reader()
    }

    /// Where an octet of the answer lies in the content.
    pub(crate) fn place(&self, sent: u64) -> u64 {
        self.first + sent
    }

    /// As a fault has it: half of it, and the connection closes.
    pub(crate) fn halve(&mut self) {
        self.cut = Some(self.length / 2);
        self.is_quiet = false;
    }
}

/// 200 with everything, 206 with the part asked for, or 416.
pub(crate) fn serve(served: Served<'_>) -> Reply {
    let Served {
        content, delivery, ..
    } = served;
    let size = content.size();
    let part = match served.range {
        range if delivery.honours_ranges => wanted(range, size),
        _ => Wanted::Whole,
    };
    let (status, first, length) = match part {
        Wanted::Unsatisfiable => {
            return Reply::empty(416).with_header("content-range", &format!("bytes */{size}"));
        }
        Wanted::Whole => (200, 0, size),
        Wanted::Part { first, last } => (206, first, last - first + 1),
    };
    let media_type = delivery.content_type.as_deref();
    let mut reply =
        Reply::empty(status).with_header("content-type", media_type.unwrap_or(served.media_type));
    if delivery.honours_ranges {
        reply = reply.with_header("accept-ranges", "bytes");
    }
    if status == 206 {
        let last = first + length - 1;
        reply = reply.with_header("content-range", &format!("bytes {first}-{last}/{size}"));
    }
    if delivery.tells_length {
        reply = reply.with_header("content-length", &length.to_string());
    }
    let cut = delivery.cut(served.number, length);
    reply.content = Some(ContentStream {
        content,
        first,
        length,
        cut,
        is_quiet: delivery.cut_quietly,
        bytes_per_second: delivery.bytes_per_second,
        revokes: (cut.is_some() && delivery.revokes_when_cut).then_some(served.credential),
    });
    reply
}
