//! What a process answers, on its way to whoever asked: the head from the prelude, then the bytes as they come.

use std::io;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::stream::{self, Stream};
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

/// The content type of an answer that begins with a prelude.
const WITH_PRELUDE: &str = "application/vnd.awslambda.http-integration-response";
const END_OF_PRELUDE: [u8; 8] = [0; 8];
/// More than any function says before its first byte.
const PRELUDE_LIMIT: usize = 64 * 1024;
/// The trailer of a process that fails within its answer.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
/// How much may be on its way: a slow reader slows the process down.
const CHUNKS_AHEAD: usize = 4;

/// Status and headers.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

/// A begun answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    chunks: Option<mpsc::Receiver<io::Result<Bytes>>>,
}

/// Why an answer did not arrive whole, which is the process's fault.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl Answer {
    /// The body, as it comes; an error where the process failed within it. Once.
    pub(super) fn chunks(&mut self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::unfold(self.chunks.take(), |chunks| async move {
            let mut chunks = chunks?;
            let chunk = chunks.recv().await?;
            if chunk.is_err() {
                // What came before goes out first: an error drops what is still held back.
                tokio::task::yield_now().await;
            }
            Some((chunk, Some(chunks)))
        })
    }
}

/// Reads an answer to its end: its head and then its bytes go to whoever asked, as fast as they are taken. What
/// nobody takes any more is dropped.
pub(super) async fn pass_on(
    headers: &HeaderMap,
    mut body: Body,
    asked: oneshot::Sender<Answer>,
) -> Result<(), Broken> {
    let kind = headers.get(CONTENT_TYPE);
    let (head, rest) = if kind.is_some_and(|it| it.as_bytes().starts_with(WITH_PRELUDE.as_bytes()))
    {
        prelude(&mut body).await?
    } else {
        (plain(kind), Bytes::new())
    };
    let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
    let _ = asked.send(Answer {
        head,
        chunks: Some(chunks),
    });
    if !rest.is_empty() {
        let _ = sender.send(Ok(rest)).await;
    }
    while let Some(piece) = next(&mut body).await {
        match piece {
            Piece::Data(data) => {
                let _ = sender.send(Ok(data)).await;
            }
            Piece::Failed => cut(&sender).await,
            Piece::Broken => {
                cut(&sender).await;
                return Err(Broken);
            }
        }
    }
    Ok(())
}

/// What comes from a process.
enum Piece {
    Data(Bytes),
    /// The function says that it failed.
    Failed,
    /// The process is gone, or let its answer go.
    Broken,
}

async fn next(body: &mut Body) -> Option<Piece> {
    let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    let Ok(frame) = frame else {
        return Some(Piece::Broken);
    };
    Some(match frame.into_data() {
        Ok(data) => Piece::Data(data),
        Err(other) => {
            let trailers = other.into_trailers().unwrap_or_default();
            if trailers.contains_key(ERROR_TYPE) {
                Piece::Failed
            } else {
                Piece::Data(Bytes::new())
            }
        }
    })
}

/// Lets the reader see that this is not the end.
async fn cut(sender: &mpsc::Sender<io::Result<Bytes>>) {
    let error = io::Error::other("the function failed within its answer");
    let _ = sender.send(Err(error)).await;
}

/// The head, and what of the body came with it.
async fn prelude(body: &mut Body) -> Result<(Head, Bytes), Broken> {
    let mut read = Vec::new();
    loop {
        let end = read
            .windows(END_OF_PRELUDE.len())
            .position(|it| it == END_OF_PRELUDE);
        if let Some(end) = end {
            let head = parse(&read[..end])?;
            let rest = read.split_off(end + END_OF_PRELUDE.len());
            return Ok((head, rest.into()));
        }
        if read.len() > PRELUDE_LIMIT {
            return Err(Broken);
        }
        let Some(Piece::Data(data)) = next(body).await else {
            return Err(Broken);
        };
        read.extend_from_slice(&data);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
}

fn parse(text: &[u8]) -> Result<Head, Broken> {
    let prelude: Prelude = serde_json::from_slice(text).map_err(|_| Broken)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &prelude.headers {
        let name: HeaderName = name.parse().map_err(|_| Broken)?;
        // These belong to one connection.
        if name == CONNECTION || name == TRANSFER_ENCODING {
            continue;
        }
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value.as_str().ok_or(Broken)?;
            headers.append(name.clone(), text.parse().map_err(|_| Broken)?);
        }
    }
    for cookie in prelude.cookies {
        headers.append(SET_COOKIE, cookie.parse().map_err(|_| Broken)?);
    }
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/octet-stream"));
    Ok(Head {
        status: StatusCode::from_u16(prelude.status_code).map_err(|_| Broken)?,
        headers,
    })
}

/// An answer without prelude is all body, whatever it says.
fn plain(kind: Option<&HeaderValue>) -> Head {
    let kind = kind
        .cloned()
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Head {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, kind)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(chunks: &[&'static [u8]]) -> (Result<(), Broken>, Option<Answer>) {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(WITH_PRELUDE))]);
        let chunks: Vec<io::Result<Bytes>> =
            chunks.iter().map(|it| Ok(Bytes::from_static(it))).collect();
        let (asked, answered) = oneshot::channel();
        let body = Body::from_stream(stream::iter(chunks));
        let result = pass_on(&headers, body, asked).await;
        (result, answered.await.ok())
    }

    #[tokio::test]
    async fn a_prelude_that_comes_in_pieces_is_put_together() {
        let pieces: [&[u8]; 4] = [
            br#"{"statusCode":206,"headers":{"Content-Range":"bytes 0-3/9","x":["1","2"]},"#,
            b"\"cookies\":[\"a=b\"]}\0\0\0",
            b"\0\0\0\0\0by",
            b"te",
        ];
        let (result, answer) = passed(&pieces).await;
        assert_eq!(result, Ok(()));
        let mut answer = answer.unwrap();
        assert_eq!(answer.head.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer.head.headers["content-range"], "bytes 0-3/9");
        assert_eq!(answer.head.headers.get_all("x").iter().count(), 2);
        assert_eq!(answer.head.headers[SET_COOKIE], "a=b");
        assert_eq!(
            answer.head.headers[CONTENT_TYPE],
            "application/octet-stream"
        );
        let body = axum::body::to_bytes(Body::from_stream(answer.chunks()), 100).await;
        assert_eq!(body.unwrap().as_ref(), b"byte");
    }

    #[tokio::test]
    async fn what_is_no_prelude_is_no_answer() {
        for pieces in [
            &[&b"{}\0\0\0\0\0\0\0\0"[..]][..],
            &[&b"{\"statusCode\":200}"[..]][..],
            &[&b"{\"statusCode\":99}\0\0\0\0\0\0\0\0"[..]][..],
        ] {
            let (result, answer) = passed(pieces).await;
            assert_eq!(result, Err(Broken));
            assert!(answer.is_none());
        }
    }
}
