//! What a file's text alone says: whether it can make a DAG, and whether it speaks of pods.
//!
//! Both questions are asked before or beside evaluation, as a net under it: a file that names the
//! KubernetesPodOperator and yields no task is worth a word.

/// Names of the operators podlift translates, as they appear in code.
const OPERATORS: [&str; 8] = [
    "KubernetesPodOperator",
    "GKEStartPodOperator",
    "GKEPodOperator",
    "EksPodOperator",
    "KubernetesJobOperator",
    "SparkKubernetesOperator",
    "task.kubernetes",
    "task.kubernetes_cmd",
];

/// Airflow's own test (its safe mode): a file that does not contain both words cannot make a DAG, in whatever case.
/// `asset` stands in for `dag` since Airflow 3.
pub fn looks_like_dag(bytes: &[u8]) -> bool {
    let text = bytes.to_ascii_lowercase();
    let contains = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    contains(b"airflow") && (contains(b"dag") || contains(b"asset"))
}

/// The byte range of the first mention of a pod operator outside comments and strings.
pub fn operator_mention(text: &str) -> Option<std::ops::Range<usize>> {
    let mut rest = Code { text, at: 0 };
    while let Some(word) = rest.next_name() {
        let name = text.get(word.clone()).unwrap_or("");
        let named = OPERATORS.iter().any(|operator| {
            name == *operator || name.strip_suffix(operator).is_some_and(|head| head.ends_with('.'))
        });
        if named {
            return Some(word);
        }
    }
    None
}

/// Walks over names, skipping comments and strings. Expressions inside f-strings are skipped too: no operator
/// is made there.
struct Code<'a> {
    text: &'a str,
    at: usize,
}

impl Code<'_> {
    /// The next dotted name.
    fn next_name(&mut self) -> Option<std::ops::Range<usize>> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            match byte {
                b'#' => self.skip_comment(),
                b'"' | b'\'' => self.skip_string(byte),
                _ if is_name(byte) => {
                    let start = self.at;
                    while bytes.get(self.at).is_some_and(|byte| is_name(*byte) || *byte == b'.') {
                        self.at += 1;
                    }
                    return Some(start..self.at);
                }
                _ => self.at += 1,
            }
        }
    }

    fn skip_comment(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        self.at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
    }

    fn skip_string(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        let triple = [quote; 3];
        let starts = |at: usize| bytes.get(at..at + 3) == Some(&triple);
        let is_triple = starts(self.at);
        self.at += if is_triple { 3 } else { 1 };
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                // A backslash never ends a string, raw or not.
                b'\\' => self.at += 2,
                b'\n' | b'\r' if !is_triple => return,
                _ if is_triple && starts(self.at) => {
                    self.at += 3;
                    return;
                }
                _ if !is_triple && *byte == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dag_file_mentions_airflow_and_dags_in_any_case() {
        assert!(looks_like_dag(b"from AirFlow import DAG"));
        assert!(looks_like_dag(b"from airflow.sdk import asset"));
        assert!(!looks_like_dag(b"import airflow"));
        assert!(!looks_like_dag(b"dag = 1"));
        assert!(!looks_like_dag(b""));
    }

    #[test]
    fn operators_are_found_in_code() {
        for code in [
            "x = KubernetesPodOperator(",
            "k8s.KubernetesPodOperator(",
            "class Mine(GKEStartPodOperator):",
            "@task.kubernetes(image='a')",
            "f'''a''';\nEksPodOperator()",
            "'it\\'s'; SparkKubernetesOperator",
        ] {
            assert!(operator_mention(code).is_some(), "{code}");
        }
    }

    #[test]
    fn comments_and_strings_are_no_mention() {
        for text in [
            "# KubernetesPodOperator(",
            "'''\nUse KubernetesPodOperator(\n'''",
            "x = \"KubernetesPodOperator\"",
            "r'\\' # KubernetesPodOperator'",
            "MyKubernetesPodOperator()",
            "KubernetesPodOperatorFactory()",
            "task.kubernetes_thing()",
            "\"\"\" unclosed KubernetesPodOperator",
        ] {
            assert_eq!(operator_mention(text), None, "{text}");
        }
    }

    #[test]
    fn the_mention_is_the_whole_name() {
        let text = "é = 1\nop = k8s.KubernetesPodOperator()";
        let found = operator_mention(text).and_then(|range| text.get(range));
        assert_eq!(found, Some("k8s.KubernetesPodOperator"));
    }
}
