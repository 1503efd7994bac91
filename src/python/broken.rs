//! Where the parser stumbled: what it made of these places is not believed.

use rustpython_text_size::{Ranged, TextRange, TextSize};

/// The broken places of a text.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// Text without a meaning, in order and disjoint.
    places: Vec<TextRange>,
    /// Where the parser reported an error, in order.
    stops: Vec<TextSize>,
}

impl Broken {
    /// `lost` was taken out of the text before parsing; `errors` are the parser's.
    pub(super) fn new(lost: Vec<TextRange>, errors: Vec<TextRange>) -> Self {
        let mut stops: Vec<TextSize> = errors.iter().map(|error| error.start()).collect();
        stops.sort_unstable();
        let mut all: Vec<TextRange> = lost.into_iter().chain(errors).collect();
        all.sort_unstable_by_key(|place| (place.start(), place.end()));
        let mut places: Vec<TextRange> = Vec::with_capacity(all.len());
        for place in all {
            match places.last_mut() {
                Some(last) if last.end() >= place.start() => *last = last.cover(place),
                _ => places.push(place),
            }
        }
        Self { places, stops }
    }

    /// Whether the parser stumbled within a node.
    pub(super) fn touches(&self, node: &impl Ranged) -> bool {
        let behind = self.places.partition_point(|place| place.end() <= node.start());
        let empty_at_start = behind.checked_sub(1).and_then(|before| self.places.get(before));
        self.places.get(behind).is_some_and(|place| place.start() < node.end())
            || empty_at_start.is_some_and(|place| place.is_empty() && place.end() == node.start())
    }

    /// Whether the parser stumbled exactly at `start`.
    pub(super) fn stops_at(&self, start: TextSize) -> bool {
        self.stops.binary_search(&start).is_ok()
    }

    /// The next place behind `end` where the parser stumbled.
    pub(super) fn next_stop(&self, end: TextSize) -> Option<TextSize> {
        self.stops.get(self.stops.partition_point(|stop| *stop < end)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    #[test]
    fn nodes_are_touched_by_what_overlaps_them() {
        let broken = Broken::new(vec![range(10, 20)], vec![range(12, 13), range(30, 30)]);
        for (node, expected) in [
            (range(0, 10), false),
            (range(0, 11), true),
            (range(15, 16), true),
            (range(19, 25), true),
            (range(20, 30), false),
            (range(29, 31), true),
            (range(30, 31), true),
            (range(31, 40), false),
        ] {
            assert_eq!(broken.touches(&node), expected, "{node:?}");
        }
        assert!(broken.stops_at(12.into()) && !broken.stops_at(10.into()));
        assert_eq!(broken.next_stop(13.into()), Some(30.into()));
        assert_eq!(broken.next_stop(31.into()), None);
    }
}
