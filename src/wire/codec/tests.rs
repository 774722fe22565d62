use proptest::prelude::*;

use super::*;

const STREAM: &str = "Content-Type: auth/request\n\n\
    Content-Type: command/reply\nReply-Text: +OK Job-UUID: 1\nJob-UUID: 1\n\n\
    Content-Type: api/response\nContent-Length: 4\n\n\u{fc}\n\n\
    Content-Length: 27\nContent-Type: text/event-plain\n\nEvent-Name: HEARTBEAT\nA: b\n\n\
    Content-Length: 26\nContent-Type: text/event-json\n\n{\"Event-Name\":\"HEARTBEAT\"}\
    \n\nContent-Type: log/data\nContent-Length: 6\nLog-Level: 5\nUser-Data: u\n\nhello\n\
    Content-Type: text/disconnect-notice\nContent-Length: 5\n\nbye.\n\
    Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n\
    Content-Type: text/new\nContent-Length: 0\n\n";

fn decode_in(chunks: &[&[u8]]) -> Result<Vec<Frame>, WireError> {
    let (mut decoder, mut buf, mut frames) = (Decoder::new(), BytesMut::new(), Vec::new());
    for chunk in chunks {
        buf.extend_from_slice(chunk);
        while let Some(frame) = decoder.decode(&mut buf)? {
            frames.push(frame);
        }
    }
    assert!(!decoder.is_mid_frame(&buf), "left over: {buf:?}");
    Ok(frames)
}

#[limited::test]
fn every_kind_of_frame() {
    let frames = decode_in(&[STREAM.as_bytes()]).unwrap();
    let kinds: Vec<String> = frames
        .iter()
        .map(|frame| match frame {
            Frame::AuthRequest => "auth".to_owned(),
            Frame::Reply(reply) => format!("reply {} {:?}", reply.text(), reply.get("job-uuid")),
            Frame::Api(body) => format!("api {}", String::from_utf8_lossy(body)),
            Frame::Event(event) => format!("event {:?}", event.get("Event-Name")),
            Frame::Log(line) => {
                format!("log {} {} {}", line.level(), line.user_data(), line.text())
            }
            Frame::Disconnect(notice) => format!("bye {} {}", notice.text(), notice.lingers()),
            Frame::Rejected(body) => format!("rejected {}", String::from_utf8_lossy(body)),
            Frame::Other { content_type, .. } => format!("other {content_type}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "auth",
            "reply +OK Job-UUID: 1 Some(\"1\")",
            "api ü\n\n",
            "event Some(\"HEARTBEAT\")",
            "event Some(\"HEARTBEAT\")",
            "log 5 u hello",
            "bye bye. false",
            "rejected Access Denied, go away.\n",
            "other text/new",
        ]
    );
}

#[limited::test]
fn lines_that_end_with_cr_lf_are_read_too() {
    let stream = "Content-Type: auth/request\r\n\r\nContent-Type: command/reply\r\n\
                  Reply-Text: +OK accepted\r\n\r\nContent-Type: api/response\r\n\
                  Content-Length: 3\r\n\r\n\r\nxContent-Type: auth/request\n\n";
    let whole = decode_in(&[stream.as_bytes()]).unwrap();
    let single: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
    assert_eq!(decode_in(&single).unwrap(), whole);
    let [first, Frame::Reply(reply), Frame::Api(body), last] = whole.as_slice() else {
        panic!("{whole:?}")
    };
    assert_eq!((first, last), (&Frame::AuthRequest, &Frame::AuthRequest));
    assert_eq!((&*reply.text(), &body[..]), ("+OK accepted", &b"\r\nx"[..]));
}

#[limited::test]
fn split_at_every_byte() {
    let whole = decode_in(&[STREAM.as_bytes()]).unwrap();
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        assert_eq!(decode_in(&[head, tail]).unwrap(), whole, "split at {at}");
    }
    let single: Vec<&[u8]> = STREAM.as_bytes().chunks(1).collect();
    assert_eq!(decode_in(&single).unwrap(), whole);
}

/// The frames of a stream in pieces, and what ended it: the kind of error, not its excerpt.
fn outcome(limits: Limits, stream: &[u8], pieces: &[usize]) -> (Vec<Frame>, Option<String>) {
    let mut decoder = Decoder::new().with_limits(limits);
    let (mut buf, mut frames, mut rest) = (BytesMut::new(), Vec::new(), stream);
    for piece in pieces.iter().copied().chain([usize::MAX]) {
        let (head, tail) = rest.split_at(piece.min(rest.len()));
        buf.extend_from_slice(head);
        rest = tail;
        loop {
            match decoder.decode(&mut buf) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(err) => {
                    let kind = format!("{err:?}");
                    let kind = kind.split(['{', '(']).next().unwrap_or_default().trim().to_owned();
                    return (frames, Some(kind));
                }
            }
        }
    }
    (frames, None)
}

#[limited::test]
fn broken_streams_end_alike_however_cut() {
    let limits = Limits { header: 150, body: 32 };
    let long = |letters: usize| format!("Content-Type: {}\n\nx", "a".repeat(letters));
    let streams = [
        "junk\r\nContent-Type: api/response\nContent-Length: 4\n\nabc\n".to_owned(),
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "Content-Type: auth/request\n\nju nk: x\n\n".to_owned(),
        "\n\n\nContent-Type: auth/request\n\n\n\n%\n\n".to_owned(),
        "Content-Length: 5\n\nabcde".to_owned(),
        "Content-Type: a\nContent-Length: x\n\nabcde".to_owned(),
        "Content-Type: a\nContent-Length: 33\n\nabcde".to_owned(),
        "a".repeat(200),
        long(135),
        long(136),
        long(137),
        long(138),
    ];
    for stream in streams {
        let whole = outcome(limits, stream.as_bytes(), &[]);
        for at in 0..stream.len() {
            assert_eq!(outcome(limits, stream.as_bytes(), &[at]), whole, "{stream:?} cut at {at}");
        }
        let single = vec![1; stream.len()];
        assert_eq!(outcome(limits, stream.as_bytes(), &single), whole, "{stream:?} by bytes");
    }
}

proptest! {
    #[limited::test]
    fn any_stream_gives_the_same_however_cut(
        parts in prop::collection::vec(prop_oneof![
            Just(b"Content-Type: ".to_vec()), Just(b"api/response".to_vec()),
            Just(b"Content-Length: ".to_vec()), Just(b"\n".to_vec()), Just(b"\n\n".to_vec()),
            Just(b"4".to_vec()), Just(b"abc\n".to_vec()), Just(b"text/event-plain".to_vec()),
            Just(vec![b'x'; 127]), prop::collection::vec(any::<u8>(), 0..4),
        ], 0..16),
        pieces in prop::collection::vec(0_usize..20, 0..30),
    ) {
        let stream = parts.concat();
        let limits = Limits { header: 150, body: 32 };
        prop_assert_eq!(outcome(limits, &stream, &pieces), outcome(limits, &stream, &[]));
    }
}

#[limited::test]
fn what_is_no_event_socket_is_said_so() {
    let decode = |text: &[u8]| Decoder::new().decode(&mut BytesMut::from(text));
    assert_eq!(
        decode(b"SSH-2.0-OpenSSH_9.2\r\n"),
        Err(WireError::NotEventSocket { start: "SSH-2.0-OpenSSH_9.2\r\n".to_owned() })
    );
    assert!(matches!(decode(b"HTTP/1.1 400"), Err(WireError::NotEventSocket { .. })));
    assert!(matches!(decode(&[b'a'; 200]), Err(WireError::NotEventSocket { .. })));
    assert!(matches!(decode(b"A: b\n\n"), Err(WireError::NoContentType { .. })));
    assert_eq!(
        decode(b"Content-Type: x\nContent-Length: -1\n\n"),
        Err(WireError::BadLength { text: "-1".to_owned() })
    );
    assert_eq!(decode(b"Content-Type"), Ok(None));
}

#[limited::test]
fn limits_hold() {
    let mut decoder = Decoder::new().with_limits(Limits { header: 40, body: 10 });
    let mut buf = BytesMut::from(&b"Content-Type: a/b\nContent-Length: 11\n\n"[..]);
    assert_eq!(decoder.decode(&mut buf), Err(WireError::BodyTooLong { length: 11, limit: 10 }));
    let mut decoder = Decoder::new().with_limits(Limits { header: 40, body: 10 });
    let mut buf = BytesMut::from(&b"Content-Type: a/b\nX: "[..]);
    assert_eq!(decoder.decode(&mut buf), Ok(None));
    buf.extend_from_slice(&[b'x'; 40]);
    assert_eq!(decoder.decode(&mut buf), Err(WireError::HeaderTooLong { limit: 40 }));
}

proptest! {
    #[limited::test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut decoder = Decoder::new().with_limits(Limits { header: 100, body: 100 });
        let mut buf = BytesMut::from(&bytes[..]);
        while let Ok(Some(_)) = decoder.decode(&mut buf) {}
    }

    #[limited::test]
    fn any_cut_gives_the_same_frames(cuts in proptest::collection::vec(0..STREAM.len(), 0..12)) {
        let mut cuts = cuts;
        cuts.push(0);
        cuts.push(STREAM.len());
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> =
            cuts.windows(2).map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode_in(&chunks).unwrap(), decode_in(&[STREAM.as_bytes()]).unwrap());
    }
}
