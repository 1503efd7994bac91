//! The README says what is so: its coverage table is the one the program prints, its DAG is a fixture.

use std::fs;

use podlift::mapping::{Tables, coverage_markdown};

const BEGIN: &str = "<!-- mappings: begin (podlift mappings --format markdown) -->\n";
const END: &str = "<!-- mappings: end -->";

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

#[test]
fn the_coverage_table_is_the_one_of_the_mapping_tables() {
    let readme = readme();
    let (before, rest) = readme.split_once(BEGIN).expect("the marker before the table");
    let (table, after) = rest.split_once(END).expect("the marker after the table");
    let wanted = coverage_markdown(&Tables::builtin());
    if std::env::var_os("PODLIFT_UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        fs::write(path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        assert!(table == wanted, "run `PODLIFT_UPDATE=1 cargo test readme` to renew the table");
    }
}

#[test]
fn the_dag_of_the_readme_is_the_fixture() {
    let dag = include_str!("../../fixtures/dags/hello_guide.py");
    assert!(readme().contains(&format!("```python\n{dag}```\n")));
}
