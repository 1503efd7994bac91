//! Logs of containers: bytes in any pieces, lines out.

use podlift::launch::logs::{Framer, LogLine, Position};

/// Cuts a log into lines. Where the network cuts it must not show, and a stream that is opened again repeats nothing.
pub(crate) fn logs(input: &[u8]) {
    let Some((size, stream)) = input.split_first() else { return };
    let size = usize::from(*size) + 1;
    let whole = lines(&[stream]);
    assert_eq!(lines(&stream.chunks(size).collect::<Vec<_>>()), whole, "in pieces of {size} bytes");
    let ends = stream.iter().filter(|byte| **byte == b'\n').count();
    let rest = usize::from(!stream.is_empty() && !stream.ends_with(b"\n"));
    assert_eq!(whole.len(), ends + rest);
    for line in &whole {
        assert!(line.last_piece <= line.bytes.len());
        assert_eq!(line.time.is_some(), line.last_time.is_some());
        line.text();
    }
    again(&whole);
}

/// Reads the lines of a log, and then those that the server sends when asked for the last of them once more.
fn again(whole: &[LogLine]) {
    let mut position = Position::default();
    let first: Vec<bool> = whole.iter().map(|line| position.admit(line)).collect();
    assert!(first.iter().all(|admitted| *admitted), "a line of the first stream is dropped");
    let Some(since) = position.reopen() else { return };
    let sent = whole.iter().filter(|line| line.last_time.is_some_and(|time| time >= since));
    for line in sent {
        assert!(!position.admit(line), "repeated: {line:?}");
    }
}

fn lines(chunks: &[&[u8]]) -> Vec<LogLine> {
    let mut framer = Framer::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        framer.push(chunk, |line| lines.push(line));
    }
    lines.extend(framer.finish());
    lines
}
