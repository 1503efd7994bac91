//! Findings as workflow commands of GitHub Actions, which show them in the diff of a pull request.

use crate::diag::escape::push_visible;
use crate::report::model::{Finding, Level};

/// One workflow command for each finding that is not ignored.
pub fn github<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    findings.into_iter().filter(|finding| finding.ignored.is_none()).map(command).collect()
}

fn command(finding: &Finding) -> String {
    let kind = match finding.severity {
        Level::Info => "notice",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let mut properties = Vec::new();
    if let Some(file) = &finding.file {
        properties.push(format!("file={}", property(file)));
        if finding.line > 0 {
            properties.push(format!("line={}", finding.line));
            properties.push(format!("endLine={}", finding.end_line.max(finding.line)));
            // Columns are only allowed within one line.
            if finding.end_line == finding.line {
                properties.push(format!("col={}", finding.column));
                properties.push(format!("endColumn={}", finding.end_column));
            }
        }
    }
    let task = match (&finding.dag, &finding.task) {
        (Some(dag), Some(task)) => format!(" {dag} > {task}"),
        _ => String::new(),
    };
    properties.push(format!("title={}", property(&format!("{}{task}", finding.code))));
    let text = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    format!("::{kind} {}::{}\n", properties.join(","), data(&text))
}

/// Text after the second `::`. People read these lines in logs, too.
fn data(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' => shown.push(char),
            _ => push_visible(&mut shown, char),
        }
    }
    shown.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::finding;

    #[test]
    fn nothing_in_a_name_or_message_can_end_a_command() {
        let mut hostile = finding("KPO201", "dags/a,b:c%.py", 3);
        hostile.message = "100 %\n::error::no".to_owned();
        hostile.help = None;
        assert_eq!(
            github([&hostile]),
            "::warning file=dags/a%2Cb%3Ac%25.py,line=3,endLine=3,col=1,endColumn=5,title=KPO201 nightly > load\
             ::100 %25%0A::error::no\n"
        );
        hostile.ignored = Some("known".to_owned());
        assert_eq!(github([&hostile]), "");
    }
}
