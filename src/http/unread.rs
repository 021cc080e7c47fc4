//! Bodies that a request was answered without: what is left is read and dropped, within bounds, so that the connection serves
//! further requests and closing it does not destroy the answer on its way. It never keeps what it reads.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

use crate::limits::{UNREAD_BODY_BYTES_MAX, UNREAD_BODY_MS_MAX};

/// A body that goes back when it is dropped before its end.
#[derive(Debug)]
pub struct Lent<B: Body> {
    body: Option<B>,
    back: Option<oneshot::Sender<B>>,
}

/// Where a lent body comes back to.
#[derive(Debug)]
pub struct Lender<B>(oneshot::Receiver<B>);

/// Lends a body.
pub fn lend<B: Body>(body: B) -> (Lent<B>, Lender<B>) {
    let (back, returned) = oneshot::channel();
    (Lent { body: Some(body), back: Some(back) }, Lender(returned))
}

impl<B: Body + Unpin> Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl<B: Body> Drop for Lent<B> {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take())
            && !body.is_end_stream()
        {
            // Nobody waits for it where the whole request was given up.
            drop(back.send(body));
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Lender<B> {
    /// Reads and drops the rest, where it is on its way. False where some is left: the connection cannot be used any further.
    pub async fn drain(mut self, on_its_way: bool) -> bool {
        let Ok(mut body) = self.0.try_recv() else { return true };
        if !on_its_way {
            return false;
        }
        let limit = u64::try_from(UNREAD_BODY_BYTES_MAX).unwrap_or(u64::MAX);
        if body.size_hint().lower() > limit {
            return false;
        }
        let mut left = Some(limit);
        let reading = async {
            while let Some(bytes) = left {
                match body.frame().await {
                    Some(Ok(frame)) => left = bytes.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)),
                    Some(Err(_)) => return false,
                    None => return true,
                }
            }
            false
        };
        tokio::time::timeout(Duration::from_millis(UNREAD_BODY_MS_MAX), reading).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn what_is_left_is_read_within_bounds() {
        let of = |bytes: usize| Full::new(Bytes::from(vec![b' '; bytes]));
        for (bytes, drained) in
            [(0, true), (1, true), (UNREAD_BODY_BYTES_MAX, true), (UNREAD_BODY_BYTES_MAX + 1, false)]
        {
            let (lent, lender) = lend(of(bytes));
            drop(lent);
            assert_eq!(lender.drain(true).await, drained, "{bytes}");
        }
        let (lent, lender) = lend(of(1));
        drop(lent);
        assert!(!lender.drain(false).await, "it was never sent");
        let (lent, lender) = lend(of(UNREAD_BODY_BYTES_MAX + 1));
        assert_eq!(lent.collect().await.unwrap().to_bytes().len(), UNREAD_BODY_BYTES_MAX + 1);
        assert!(lender.drain(true).await, "it was read to its end");
    }
}
