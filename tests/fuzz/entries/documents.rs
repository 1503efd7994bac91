//! YAML and JSON as the DAG itself reads them, with `yaml.safe_load` and `json.loads`.

use podlift::eval::pure::yaml::{YamlNode, safe_dump, safe_load, safe_load_all};
use podlift::eval::pure::{json, yaml};

/// Loads a document; what is dumped of it loads as the same.
pub(crate) fn documents(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(value) = json::loads(&text) {
        json_reads_back(&value);
    }
    for document in safe_load_all(&text).unwrap_or_default() {
        within(&document, text.len());
    }
    if let Ok(document) = safe_load(&text) {
        yaml_reads_back(&document);
    }
}

/// Every place lies in the text.
fn within(node: &YamlNode, length: usize) {
    assert!(node.mark.start <= node.mark.end && node.mark.end <= length, "{node:?}");
}

/// Values that are not equal to themselves are compared by their text.
fn yaml_reads_back(node: &YamlNode) {
    let options = yaml::DumpOptions::default();
    let Ok(dumped) = safe_dump(node, &options) else { return };
    let again = safe_load(&dumped).and_then(|node| safe_dump(&node, &options));
    assert_eq!(again.as_deref(), Ok(dumped.as_str()), "{node:?}");
}

fn json_reads_back(value: &json::JsonValue) {
    let options = json::DumpOptions::default();
    let Ok(dumped) = json::dumps(value, &options) else { return };
    let again = json::loads(&dumped).and_then(|value| json::dumps(&value, &options));
    assert_eq!(again.as_deref(), Ok(dumped.as_str()), "{value:?}");
}
