//! JSON values as YAML text.
//!
//! serde-saphyr writes: a string stays plain only where no reader, old or new, takes it for anything
//! else, and text of several lines becomes a `|` block where a block can hold it.

use serde_json::Value as Json;

/// One YAML document in block style, ending in a line feed.
pub fn document(value: &Json) -> String {
    let options = serde_saphyr::ser_options! {
        // Long single lines stay on one line: `>` blocks are hard to search and to compare.
        folded_wrap_chars: usize::MAX,
    };
    // A JSON value has string keys and no foreign types, and a `String` takes every write; JSON is
    // YAML, so even the impossible error costs no more than beauty.
    serde_saphyr::to_string_with_options(value, options).unwrap_or_else(|_| format!("{value}\n"))
}

/// Several documents, parted by `---` lines.
pub fn stream<'a>(values: impl IntoIterator<Item = &'a Json>) -> String {
    values.into_iter().map(document).collect::<Vec<_>>().join("---\n")
}
#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn look() {
        let v = serde_json::json!({
            "apiVersion":"podlift/v1","metadata":{"dag":"x","upstream":["a","b"],"empty":{},"el":[]},
            "run":{"base_pod_spec":{"containers":[{"name":"base","image":"eu.gcr.io/x:${env:TAG}","args":["--day","{{ ds }}", "a: b", "don't", "it's: x", "say \"hi\"", "-x", "--y=1", "yes", "1.10", "x #y", "a,b", "[x]", "https://a.b/c?d=e&f", "a".repeat(100), "word ".repeat(30), "*.py", "\\d+", "C:\\x", "é"],
             "command":["bash","-c","set -e\necho hi\n"],
             "env":[{"name":"A","value":"1"},{"name":"B","value":"line\nline2"},{"name":"C","value":"  lead\nx\n\n"},{"name":"D","value":"a\n b \nc"},{"name":"D","value":"a\n\tb \nc"}, {"name":"E", "value":"\n"},{"name":"E", "value":"a\n"}, {"name":"Q", "value":"{\"json\": [1, 2]}"}],
             "resources":{"limits":{"cpu":"1","memory":"1Gi"}}, "x": 120.0, "y": 1e300, "z": 12345678901234567890u64, "k": null, "b": true, "list": [[1,2],[{"a":[1]}]],
             }], "nodeSelector":{"a/b":"c", "yes":"y", "1":"2", "":"", "a: b":"x", "multi\nline": "v", "k#": "# c", " x":"y ", "~":"x", "null": "x"}}}});
        let t = document(&v);
        println!("{t}");
        let back: Json = serde_yaml::from_str(&t).unwrap();
        assert_eq!(back, v);
    }
}
