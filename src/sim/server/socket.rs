//! One client socket: bytes in, bytes out. What they mean is the world's business.
//!
//! # Invariants
//! - One request is with the world at a time; the next is read when it has been answered.
//! - The world never waits for a socket. What a client does not read piles up to a bound; then the
//!   world drops the client.

use crate::sim::client::outlet::{Asked, Inlet, Out};
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::oneshot;

use super::gate::Gate;
use crate::sim::client::record::Record;
use crate::sim::world::control::Control;
use crate::wire::RequestDecoder;

/// Serves one stream until either side closes it.
pub(in crate::sim) async fn run<S>(id: u64, stream: S, inlet: Inlet, gate: Gate)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut writing = std::pin::pin!(write(id, writer, inlet, gate.record.clone()));
    let reading = read(id, reader, gate.clone());
    tokio::select! {
        () = &mut writing => {}
        () = reading => {
            gate.control(Control::Gone(id));
            writing.await;
        }
    }
    gate.control(Control::Gone(id));
}

async fn read<S: AsyncRead>(id: u64, mut reader: ReadHalf<S>, gate: Gate) {
    let (mut decoder, mut buf) = (RequestDecoder::new(), BytesMut::with_capacity(4096));
    loop {
        match decoder.decode(&mut buf) {
            Ok(Some(request)) => {
                gate.record.request(id, &request);
                let (done, answered) = oneshot::channel();
                if gate.ask(Asked { socket: id, request, done }).await.is_err() {
                    return;
                }
                // The world drops its end: there is no value to wait for.
                let _dropped = answered.await;
            }
            Ok(None) => match reader.read_buf(&mut buf).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(_) => return,
        }
    }
}

async fn write<S: AsyncWrite>(id: u64, mut writer: WriteHalf<S>, mut inlet: Inlet, record: Record) {
    loop {
        let out = tokio::select! {
            biased;
            _ = &mut inlet.killed => break,
            out = inlet.queue.recv() => out,
        };
        let bytes = match out {
            Some(Out::Data(bytes)) => bytes,
            Some(Out::Stall(time)) => {
                tokio::select! {
                    biased;
                    _ = &mut inlet.killed => break,
                    () = tokio::time::sleep(time) => continue,
                }
            }
            Some(Out::Close(_)) | None => break,
        };
        record.written(id, &bytes);
        let size = inlet.split.load(Ordering::Relaxed);
        let written = tokio::select! {
            biased;
            _ = &mut inlet.killed => break,
            written = pieces(&mut writer, &bytes, size) => written,
        };
        inlet.queued.fetch_sub(bytes.len(), Ordering::Relaxed);
        if written.is_err() {
            break;
        }
    }
    // The client may be gone: no reader is left.
    let _closed = writer.shutdown().await;
}

async fn pieces<S: AsyncWrite>(
    writer: &mut WriteHalf<S>,
    bytes: &[u8],
    size: usize,
) -> std::io::Result<()> {
    if size == 0 {
        writer.write_all(bytes).await?;
        return writer.flush().await;
    }
    for piece in bytes.chunks(size) {
        writer.write_all(piece).await?;
        writer.flush().await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
