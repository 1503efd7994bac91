//! What a process says through Pipes.

use podlift::pipes::{AssetKey, ContextData, Line, PROTOCOL_FIELD, Session, parse_line};

/// Reads each line of a log as the launcher does, and writes down what was reported.
pub(crate) fn messages(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut session = Session::default();
    for line in text.split('\n') {
        match parse_line(line) {
            Line::Text => {}
            Line::Message(message, faults) => {
                assert!(line.contains(PROTOCOL_FIELD), "{line}");
                session.take(&message);
                faults.into_iter().for_each(|fault| session.fault(fault));
            }
            Line::Fault(fault) => session.fault(fault),
        }
        let _ = serde_json::from_str::<ContextData>(line);
        let key = AssetKey::parse(line);
        // An empty last part has no escaped form: Dagster reads `a//` as `a` and an empty part, and writes that as `a/`.
        if key.0.last().is_some_and(|last| !last.is_empty()) {
            assert_eq!(AssetKey::parse(&key.escaped()), key, "{line:?}");
        }
    }
    session.finish(true);
    serde_json::to_string(&session).expect("a session can be written");
}
