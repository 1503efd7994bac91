//! What the cluster says about a pod in its events.

use serde_json::Value as Json;

use super::events::PodEvent;

/// Reads a list of events, in order of time.
pub(super) fn read(list: &Json) -> Vec<PodEvent> {
    let text = |event: &Json, name: &str| {
        event.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let mut events: Vec<_> = list
        .get("items")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(|event| {
            let time = ["lastTimestamp", "eventTime", "firstTimestamp"]
                .iter()
                .map(|name| text(event, name))
                .find(|time| !time.is_empty())
                .unwrap_or_default();
            let count = event.get("count").and_then(Json::as_u64).unwrap_or(1);
            let event = PodEvent {
                kind: text(event, "type"),
                reason: text(event, "reason"),
                message: text(event, "message"),
                count,
            };
            (time, event)
        })
        .collect();
    events.sort_by(|a, b| a.0.cmp(&b.0));
    events.into_iter().map(|(_, event)| event).collect()
}

/// Why an image could not be pulled, from the last event that says so.
pub(super) fn pull_failure(events: &[PodEvent]) -> Option<String> {
    events
        .iter()
        .rev()
        .find(|event| event.reason == "Failed" && event.message.starts_with("Failed to pull image"))
        .map(|event| event.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_come_in_order_of_time_and_tell_the_failed_pull() {
        let list = json!({"items": [
            {"type": "Warning", "reason": "Failed", "message": "Error: ImagePullBackOff", "lastTimestamp": "2026-01-01T00:00:09Z", "count": 3},
            {"type": "Warning", "reason": "Failed", "message": "Failed to pull image \"x\": not found", "lastTimestamp": "2026-01-01T00:00:05Z"},
            {"type": "Normal", "reason": "Scheduled", "message": "ok", "eventTime": "2026-01-01T00:00:01.000Z"},
        ]});
        let events = read(&list);
        assert_eq!(events.iter().map(|event| event.count).collect::<Vec<_>>(), [1, 1, 3]);
        assert_eq!(events.first().map(|event| event.reason.as_str()), Some("Scheduled"));
        assert_eq!(pull_failure(&events).as_deref(), Some("Failed to pull image \"x\": not found"));
    }
}
