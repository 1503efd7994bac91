//! x
/// x
pub fn page(report: &super::Report, texts: &std::collections::BTreeMap<String, String>) -> String {
    format!("{}{}", report.kind, texts.len())
}
