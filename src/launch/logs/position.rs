//! Where a log was left, and how to go on from exactly there.
//!
//! The API can be asked for lines since a moment, in whole seconds. A stream that is opened again therefore
//! repeats lines. Which ones is known exactly: the server sends every line whose (last) piece is not older than the
//! moment asked for, in the order of the file, and the file only grows. So the seen lines of that span
//! are the head of the new stream, and each is compared before it is dropped. Comparing times alone would not do:
//! several lines can share a timestamp, and the lines of stdout and stderr are not in order of time.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::LogLine;

/// How far before the last line a stream is opened again, beyond the whole second, in seconds.
const MARGIN: i64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Seen {
    /// Time of the last piece.
    time: Timestamp,
    /// Hash of the last piece.
    hash: u64,
}

/// Lines that have yet to come again. Thousands may have one time, and most of those that come are new.
#[derive(Debug, Default)]
struct Expected {
    order: VecDeque<Seen>,
    /// How often each is among them.
    counts: FxHashMap<Seen, usize>,
}

impl Expected {
    fn of(seen: impl Iterator<Item = Seen>) -> Self {
        let order: VecDeque<Seen> = seen.collect();
        let mut counts = FxHashMap::default();
        for seen in &order {
            *counts.entry(*seen).or_insert(0) += 1;
        }
        Self { order, counts }
    }

    /// Takes out a line and all before it, if it is there.
    fn take_through(&mut self, this: Seen) -> bool {
        if self.counts.get(&this).is_none_or(|count| *count == 0) {
            return false;
        }
        while let Some(first) = self.order.pop_front() {
            if let Some(count) = self.counts.get_mut(&first) {
                *count -= 1;
            }
            if first == this {
                break;
            }
        }
        true
    }
}

/// What was seen of one container's log.
#[derive(Debug, Default)]
pub struct Position {
    /// The lines that a new stream would repeat, in the order of the file.
    seen: VecDeque<Seen>,
    /// The latest time of all lines.
    latest: Option<Timestamp>,
    /// The seen lines that the open stream still has to repeat.
    expected: Expected,
    /// The open stream was asked to start in the middle and gave no line yet that carries a time.
    headless: Option<Timestamp>,
    /// Whether the open stream has begun where it was to.
    met: bool,
    /// Whether lines between two streams are gone.
    has_gap: bool,
    /// Counts lines that were recognised and dropped.
    repeated: u64,
}

impl Position {
    /// Begins a new stream of the same log. Gives the moment to ask for, none for the beginning.
    pub fn reopen(&mut self) -> Option<Timestamp> {
        let since = self.since()?;
        self.expected = Expected::of(self.seen.iter().copied().filter(|seen| seen.time >= since));
        self.headless = Some(since);
        self.met = false;
        Some(since)
    }

    /// Goes on to the log of the next instance of the container, which repeats nothing.
    pub fn next_instance(&mut self) {
        self.seen.clear();
        self.expected = Expected::default();
    }

    /// Whether the line is new. Seen lines of a stream that was opened again are not.
    pub fn admit(&mut self, line: &LogLine) -> bool {
        // The server leaves out pieces before the moment it was asked for, so the stream may begin with the rest
        // of a line that was seen whole. It has no time of its own, or something in it looks like one.
        let rest = |since: Timestamp| line.last_time.is_none_or(|time| time < since);
        if self.headless.is_some_and(rest) {
            self.met = true;
            return false;
        }
        // Without a time it is what the kubelet itself has to say.
        let Some(time) = line.last_time else { return true };
        self.headless = None;
        let this = Seen { time, hash: hash(line) };
        // Lines before it are gone from the server: the log was rotated.
        if self.expected.take_through(this) {
            self.met = true;
            self.repeated += 1;
            return false;
        }
        if self.latest.is_none_or(|latest| time > latest) {
            // Beyond all that was seen, so nothing that is still expected can come. The last line always comes again,
            // unless the server has thrown it away, and who knows what with it.
            self.has_gap |= !self.met && !self.expected.order.is_empty();
            self.expected = Expected::default();
        }
        self.remember(this);
        true
    }

    /// Whether lines between two streams are gone; told once.
    pub fn take_gap(&mut self) -> bool {
        std::mem::take(&mut self.has_gap)
    }

    /// How many lines were recognised as seen.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    fn since(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.latest?.as_second() - MARGIN).ok()
    }

    fn remember(&mut self, this: Seen) {
        self.seen.push_back(this);
        if self.latest.is_none_or(|latest| this.time > latest) {
            let before = self.since();
            self.latest = Some(this.time);
            if self.since() != before {
                self.forget();
            }
        }
    }

    /// Drops what no new stream can repeat.
    fn forget(&mut self) {
        if let Some(since) = self.since() {
            self.seen.retain(|seen| seen.time >= since);
        }
    }
}

fn hash(line: &LogLine) -> u64 {
    let start = line.bytes.len().saturating_sub(line.last_piece);
    let mut hasher = DefaultHasher::new();
    line.bytes.get(start..).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::Framer;
    use super::*;
    use proptest::prelude::*;

    /// A piece of a line in the log file of a container, as the runtime wrote it.
    #[derive(Clone)]
    struct Piece {
        time: Timestamp,
        text: Vec<u8>,
        ends_line: bool,
    }

    impl std::fmt::Debug for Piece {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let end = &self.text[self.text.len().saturating_sub(30)..];
            write!(
                f,
                "{} {} {:?} {}",
                self.time,
                self.text.len(),
                String::from_utf8_lossy(end),
                self.ends_line
            )
        }
    }

    /// What a kubelet sends for a log file. `every` is the manner before 1.27: a time before every piece.
    fn serve(file: &[Piece], since: Option<Timestamp>, every: bool) -> Vec<u8> {
        let mut out = vec![];
        let mut line_start = true;
        for piece in file {
            if since.is_none_or(|since| piece.time >= since) {
                if line_start || every {
                    out.extend_from_slice(format!("{:.9} ", piece.time).as_bytes());
                }
                out.extend_from_slice(&piece.text);
                if piece.ends_line {
                    out.push(b'\n');
                }
            }
            line_start = piece.ends_line;
        }
        out
    }

    /// Reads a file over connections that break after the given numbers of bytes, then to the end.
    fn read(file: &[Piece], cuts: &[usize], every: bool) -> Vec<Vec<u8>> {
        let mut position = Position::default();
        let mut seen = vec![];
        let mut since = None;
        for cut in cuts.iter().copied().map(Some).chain([None]) {
            let stream = serve(file, since, every);
            let stream = &stream[..cut.unwrap_or(stream.len()).min(stream.len())];
            let mut framer = Framer::default();
            framer.push(stream, |line| {
                if position.admit(&line) {
                    seen.push(line.bytes);
                }
            });
            assert!(!position.take_gap(), "nothing was thrown away");
            since = position.reopen();
        }
        seen
    }

    fn whole_lines(file: &[Piece]) -> Vec<Vec<u8>> {
        file.split_inclusive(|piece| piece.ends_line)
            .map(|line| line.iter().flat_map(|piece| piece.text.clone()).collect())
            .collect()
    }

    fn line(nanosecond: i64, text: &str) -> Piece {
        let time = Timestamp::from_nanosecond(1_800_000_000_000_000_000 + i128::from(nanosecond));
        Piece { time: time.unwrap(), text: text.into(), ends_line: true }
    }

    #[test]
    fn breaking_at_every_byte_loses_and_repeats_nothing() {
        let file: Vec<_> = [
            (0, "a"),
            (0, "a"),
            (0, "b"),
            (999_999_999, "c"),
            (1_000_000_000, "d"),
            (1_600_000_000, "e"),
            (1_599_999_999, "stderr, late"),
            (1_600_000_000, "e"),
            (4_000_000_000, ""),
            (4_000_000_001, "é"),
            (9_500_000_000, "f"),
            (9_500_000_000, "f"),
            (9_500_000_000, "f"),
        ]
        .into_iter()
        .map(|(time, text)| line(time, text))
        .collect();
        let expected = whole_lines(&file);
        let length = serve(&file, None, false).len();
        for first in 0..=length {
            for second in (0..=length).step_by(7) {
                assert_eq!(
                    read(&file, &[first, second], false),
                    expected,
                    "cut at {first}, {second}"
                );
            }
        }
    }

    #[test]
    fn a_rotated_log_loses_only_what_the_server_lost() {
        let file: Vec<_> = (0..10).map(|n| line(n * 10_000_000, &format!("line {n}"))).collect();
        let mut position = Position::default();
        let mut seen = vec![];
        for (from, to) in [(0, 6), (4, 8), (7, 10)] {
            position.reopen();
            let mut framer = Framer::default();
            framer.push(&serve(&file[from..to], None, false), |line| {
                if position.admit(&line) {
                    seen.push(line.text());
                }
            });
        }
        assert_eq!(seen, (0..10).map(|n| format!("line {n}")).collect::<Vec<_>>());
    }

    #[test]
    fn lines_that_were_thrown_away_between_two_streams_are_noticed() {
        let file: Vec<_> = (0..10).map(|n| line(n * 10_000_000, &format!("line {n}"))).collect();
        for (next, gap) in [(2, false), (3, true), (6, true)] {
            let mut position = Position::default();
            for (from, to) in [(0, 3), (next, 10)] {
                position.reopen();
                let mut framer = Framer::default();
                framer.push(&serve(&file[from..to], None, false), |line| {
                    position.admit(&line);
                });
            }
            assert_eq!(position.take_gap(), gap, "{next}");
            // The log of the next instance repeats nothing.
            position.next_instance();
            position.reopen();
            let mut framer = Framer::default();
            framer.push(&serve(&[line(200_000_000, "x")], None, false), |line| {
                position.admit(&line);
            });
            assert!(!position.take_gap());
        }
    }

    /// Lines by length and end, so that a failure can be read.
    fn brief(lines: &[Vec<u8>]) -> Vec<(usize, String)> {
        let end = |line: &Vec<u8>| {
            String::from_utf8_lossy(&line[line.len().saturating_sub(30)..]).into_owned()
        };
        lines.iter().map(|line| (line.len(), end(line))).collect()
    }

    fn files() -> impl Strategy<Value = Vec<Piece>> {
        let text = prop_oneof![
            "[a-c]{0,3}",
            Just(String::from("same")),
            Just(String::from("2026-01-01T00:00:00Z x"))
        ];
        let step = prop_oneof![Just(0i64), Just(1), 0i64..3_000_000_000, -2_000_000i64..0];
        let lines = prop::collection::vec((step, text, 0usize..40), 0..25);
        lines.prop_map(|lines| {
            let mut now = 0;
            let mut file = vec![];
            for (step, text, long) in lines {
                now += step;
                if long > 36 {
                    // A long line arrives as full pieces and a rest, some time apart.
                    for _ in 0..long - 36 {
                        let mut piece = line(now, &"p".repeat(16384));
                        piece.ends_line = false;
                        file.push(piece);
                        now += step.max(0);
                    }
                }
                file.push(line(now, &text));
            }
            file
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn reconnecting_anywhere_loses_and_repeats_nothing(
            file in files(),
            cuts in prop::collection::vec(prop_oneof![0usize..2000, 0usize..80_000], 0..6),
            every in any::<bool>(),
        ) {
            prop_assert_eq!(brief(&read(&file, &cuts, every)), brief(&whole_lines(&file)));
        }
    }
}
