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

/// The byte range of the first use of a pod operator outside comments, strings and import statements. A file that only
/// imports an operator makes nothing of it; one that imports it under another name is searched for that name.
pub fn operator_mention(text: &str) -> Option<std::ops::Range<usize>> {
    let aliases = aliases(text);
    let is_operator = |name: &str| {
        OPERATORS.iter().any(|operator| {
            name.strip_suffix(operator).is_some_and(|head| head.is_empty() || head.ends_with('.'))
        }) || aliases.contains(&name)
    };
    let mut statements = Statements::new(text);
    while let Some((word, in_import)) = statements.next_word() {
        if !in_import && text.get(word.clone()).is_some_and(is_operator) {
            return Some(word);
        }
    }
    None
}

/// Names under which import statements bring in a pod operator: `import KubernetesPodOperator as KPO`.
fn aliases(text: &str) -> Vec<&str> {
    let mut statements = Statements::new(text);
    let mut last_words = ["", ""];
    let mut found = Vec::new();
    while let Some((word, in_import)) = statements.next_word() {
        let word = text.get(word).unwrap_or("");
        let [before, previous] = last_words;
        if in_import && previous == "as" && OPERATORS.contains(&before) {
            found.push(word);
        }
        last_words = [previous, word];
    }
    found
}

/// Walks over the words of a file and knows which of them stand in import statements.
struct Statements<'a> {
    code: Code<'a>,
    depth: usize,
    at_start: bool,
    in_import: bool,
}

impl<'a> Statements<'a> {
    fn new(text: &'a str) -> Self {
        Self { code: Code { text, at: 0 }, depth: 0, at_start: true, in_import: false }
    }

    fn next_word(&mut self) -> Option<(std::ops::Range<usize>, bool)> {
        loop {
            match self.code.next()? {
                Token::Open => self.depth += 1,
                Token::Close => self.depth = self.depth.saturating_sub(1),
                Token::End if self.depth == 0 => (self.at_start, self.in_import) = (true, false),
                Token::End => {}
                Token::Word(word) => {
                    let text = self.code.text.get(word.clone()).unwrap_or("");
                    if self.at_start {
                        self.in_import = matches!(text, "from" | "import");
                        self.at_start = false;
                    }
                    return Some((word, self.in_import));
                }
            }
        }
    }
}

/// What matters of a Python text.
enum Token {
    /// A name, keyword or number, with the dotted names that follow it.
    Word(std::ops::Range<usize>),
    /// An opening bracket.
    Open,
    /// A closing bracket.
    Close,
    /// The end of a line, `;` or `:`, after which a statement may begin.
    End,
}

/// Walks over tokens, skipping comments and strings. Expressions inside f-strings are skipped too: no operator
/// is made there.
struct Code<'a> {
    text: &'a str,
    at: usize,
}

impl Code<'_> {
    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            let token = match byte {
                b'#' => {
                    self.skip_comment();
                    continue;
                }
                b'"' | b'\'' => {
                    self.skip_string(byte);
                    continue;
                }
                // A backslash joins the next line to this one.
                b'\\' => {
                    let is_crlf = bytes.get(self.at + 1..self.at + 3) == Some(b"\r\n");
                    self.at += if is_crlf { 3 } else { 2 };
                    continue;
                }
                _ if is_name(byte) => return Some(Token::Word(self.word())),
                b'(' | b'[' | b'{' => Some(Token::Open),
                b')' | b']' | b'}' => Some(Token::Close),
                b'\n' | b'\r' | b';' | b':' => Some(Token::End),
                _ => None,
            };
            self.at += 1;
            if token.is_some() {
                return token;
            }
        }
    }

    fn word(&mut self) -> std::ops::Range<usize> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_name(*byte) || *byte == b'.') {
            self.at += 1;
        }
        start..self.at
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
            "from x import KubernetesPodOperator\nKubernetesPodOperator()",
            "from x import (\n  KubernetesPodOperator as K,\n)\nif a: K()",
            "from x import \\\r\n KubernetesPodOperator as K; b = K()",
        ] {
            assert!(operator_mention(code).is_some(), "{code}");
        }
    }

    #[test]
    fn comments_strings_and_imports_are_no_mention() {
        for text in [
            "# KubernetesPodOperator(",
            "'''\nUse KubernetesPodOperator(\n'''",
            "x = \"KubernetesPodOperator\"",
            "r'\\' # KubernetesPodOperator'",
            "MyKubernetesPodOperator()",
            "KubernetesPodOperatorFactory()",
            "task.kubernetes_thing()",
            "from x import KubernetesPodOperator  # unused",
            "if a:\n  import y.KubernetesPodOperator as K\n  # K()",
            "from x import (\n  KubernetesPodOperator,\n)",
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
