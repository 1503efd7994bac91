//! Lines out of a stream of bytes.
//!
//! The kubelet sends `2026-11-21T20:11:15.629388886Z text\n`. A chunk may end anywhere, also inside a timestamp or
//! a character, so only `\n` separates lines. Container runtimes cut lines into pieces of 16 KiB (some of 8 KiB);
//! kubelets before 1.27 put a timestamp before every piece, in the middle of the line, where it is taken out
//! again. Text is made only from whole lines, so a character cut by a piece is whole again, and bytes that are
//! no UTF-8 cost themselves, not the line.

use jiff::Timestamp;

/// Sizes at which runtimes cut lines: containerd and Docker, conmon.
const PIECES: [usize; 2] = [16384, 8192];

/// The longest line that is kept whole, in bytes.
const LONGEST: usize = 16 << 20;
/// How a longer one ends.
const CUT: &[u8] = b" [cut by podlift: the line has more than 16 MiB]";

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the line was written; absent for what the kubelet itself says in the stream.
    pub time: Option<Timestamp>,
    /// When its last piece was written.
    pub last_time: Option<Timestamp>,
    /// The bytes after the timestamp, without the line end.
    pub bytes: Vec<u8>,
    /// How many of `bytes` belong to the last piece.
    pub last_piece: usize,
}

impl LogLine {
    /// The line as text; bytes that are no UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn parse(mut raw: &[u8]) -> Self {
        let Some((time, rest)) = split_time(raw) else {
            return Self {
                time: None,
                last_time: None,
                bytes: raw.to_vec(),
                last_piece: raw.len(),
            };
        };
        let (mut last_time, mut bytes) = (time, Vec::with_capacity(rest.len()));
        raw = rest;
        while let Some((piece, later, rest)) = PIECES.iter().find_map(|size| {
            let (piece, rest) = raw.split_at_checked(*size)?;
            let (later, rest) = split_time(rest)?;
            // Pieces are written in order; any other time is the text of the line itself.
            (later >= last_time).then_some((piece, later, rest))
        }) {
            bytes.extend_from_slice(piece);
            last_time = later;
            raw = rest;
        }
        bytes.extend_from_slice(raw);
        Self { time: Some(time), last_time: Some(last_time), bytes, last_piece: raw.len() }
    }
}

/// The timestamp a line starts with, and the rest after the blank.
fn split_time(raw: &[u8]) -> Option<(Timestamp, &[u8])> {
    // `2006-01-02T15:04:05Z` to `2006-01-02T15:04:05.999999999+00:00`.
    let blank = raw.iter().take(36).position(|byte| *byte == b' ')?;
    let (time, rest) = raw.split_at_checked(blank)?;
    if time.len() < 20 || time.get(10) != Some(&b'T') {
        return None;
    }
    let time = std::str::from_utf8(time).ok()?.parse().ok()?;
    Some((time, rest.get(1..)?))
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub struct Framer {
    rest: Vec<u8>,
    searched: usize,
    /// Whether the rest of the line is left out.
    is_cut: bool,
}

impl Framer {
    /// Takes a chunk and hands out the lines it completes.
    pub fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(LogLine)) {
        if self.is_cut {
            let Some(end) = chunk.iter().position(|byte| *byte == b'\n') else { return };
            chunk = chunk.get(end..).unwrap_or_default();
            self.is_cut = false;
        }
        self.rest.extend_from_slice(chunk);
        let mut start = 0;
        while let Some(length) = self
            .rest
            .get(self.searched..)
            .and_then(|bytes| bytes.iter().position(|byte| *byte == b'\n'))
        {
            let end = self.searched + length;
            each(LogLine::parse(self.rest.get(start..end).unwrap_or_default()));
            start = end + 1;
            self.searched = start;
        }
        self.rest.drain(..start);
        if self.rest.len() > LONGEST {
            self.rest.truncate(LONGEST);
            self.rest.extend_from_slice(CUT);
            self.is_cut = true;
        }
        self.searched = self.rest.len();
    }

    /// The line without an end that a finished log may close with. Only for streams known to be
    /// complete: after a broken connection the piece comes again.
    pub fn finish(self) -> Option<LogLine> {
        (!self.rest.is_empty()).then(|| LogLine::parse(&self.rest))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<LogLine> {
        let mut framer = Framer::default();
        let mut out = vec![];
        for chunk in chunks {
            framer.push(chunk, |line| out.push(line));
        }
        out.extend(framer.finish());
        out
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let chunk = vec![b'a'; 1 << 20];
        let mut chunks: Vec<&[u8]> = vec![&chunk; 20];
        chunks.extend([b"b\nnext\n".as_slice(), b"last"]);
        let lines: Vec<String> = lines(&chunks).iter().map(LogLine::text).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].len(), LONGEST + CUT.len());
        assert!(lines[0].ends_with("16 MiB]"));
        assert_eq!(lines[1..], ["next", "last"]);
    }

    fn texts(stream: &[u8]) -> Vec<String> {
        lines(&[stream]).iter().map(LogLine::text).collect()
    }

    #[test]
    fn every_cut_gives_the_same_lines() {
        let stream = "2026-11-21T20:11:15.629388886Z one\n2026-11-21T20:11:15.629388886Z two é\n\
                      2026-11-21T20:11:15.6Z \n2026-11-21T20:11:15Z 2026-11-21T20:11:15Z x\nno time\n\
                      2026-11-21T22:11:15.7+02:00 end"
            .as_bytes();
        let whole = lines(&[stream]);
        assert_eq!(whole.len(), 6);
        for first in 0..stream.len() {
            for second in first..stream.len() {
                let cut = lines(&[&stream[..first], &stream[first..second], &stream[second..]]);
                assert_eq!(cut, whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn blank_lines_and_equal_timestamps_stay_lines() {
        let stream = b"2026-11-21T20:11:15Z a\n2026-11-21T20:11:15Z \n2026-11-21T20:11:15Z b\n";
        assert_eq!(texts(stream), ["a", "", "b"]);
    }

    #[test]
    fn timestamps_inside_long_lines_are_taken_out() {
        let text = "é".repeat(20_000);
        let mut stream = vec![];
        for (second, piece) in text.as_bytes().chunks(16384).enumerate() {
            stream.extend_from_slice(format!("2026-11-21T20:11:0{second}.000000001Z ").as_bytes());
            stream.extend_from_slice(piece);
        }
        stream.push(b'\n');
        let lines = lines(&[&stream]);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].text(), text);
        assert_eq!(lines[0].last_piece, 40_000 - 2 * 16384);
        assert_eq!(lines[0].last_time.unwrap().to_string(), "2026-11-21T20:11:02.000000001Z");
    }

    #[test]
    fn a_line_that_only_looks_cut_keeps_its_text() {
        let text = format!("{}2026-11-21T20:11:15Z tail", "x".repeat(100));
        assert_eq!(texts(format!("2026-11-21T20:11:15Z {text}\n").as_bytes()), [text]);
    }

    #[test]
    fn bytes_that_are_no_text_stay_readable() {
        assert_eq!(texts(b"2026-11-21T20:11:15Z bad \xff utf\n"), ["bad \u{fffd} utf"]);
    }
}
