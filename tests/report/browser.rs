//! The page of a report in a real browser.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::driver::Browser;
use crate::cli::command_line::{podlift, repository};

/// Opens the report on some paths of a folder; gives the browser and the address.
fn opened(cwd: &Path, paths: &[&str], page: &Path) -> (Browser, String) {
    let args = [&["report", "-o", page.to_str().unwrap()], paths].concat();
    let ran = podlift(cwd, b"", &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let browser = Browser::start();
    let address = format!("file://{}", page.display());
    browser.open(&address);
    (browser, address)
}

const SHOWN: &str =
    "return [...document.querySelectorAll('details.task')].filter(one => !one.hidden).length";

#[test]
fn a_report_can_be_filtered_opened_and_shared_without_errors() {
    let folder = tempfile::tempdir().unwrap();
    let (browser, address) =
        opened(&repository(), &["fixtures/dags"], &folder.path().join("r.html"));
    let all = browser.run(SHOWN).as_u64().unwrap();
    assert!(all > 250, "{all}");

    // A status, then a word on top of it, then everything again.
    browser.click(".chip[data-name=needs-values]");
    let some = browser.run(SHOWN).as_u64().unwrap();
    let badges = browser.run(
        "return [...document.querySelectorAll('details.task')].filter(one => !one.hidden)\
         .every(one => one.querySelector('.badge').textContent === 'needs values')",
    );
    assert!(some > 0 && some < all && badges == true, "{some} of {all}");
    assert_eq!(browser.run("return location.hash"), "#?status=needs-values");
    browser.press("/");
    browser.press("plain_secrets");
    assert_eq!(browser.run(SHOWN), 1);
    let count = browser.run("return document.getElementById('count').textContent");
    assert_eq!(count, format!("1 of {all} tasks"));
    browser.click("button[type=reset]");
    browser.run("return new Promise(done => setTimeout(done, 50))");
    assert_eq!(browser.run(SHOWN), all);

    // A filter by address: by finding and by argument.
    browser.open(&format!("{address}#?code=KPO314"));
    assert_eq!(browser.run(SHOWN), 1, "an ignored finding is none");
    browser.open(&format!("{address}#?argument=callbacks"));
    assert!(browser.run(SHOWN).as_u64().unwrap() >= 1);

    // A task by address: open, with its source at the call, and no credential anywhere.
    browser.open("about:blank");
    browser.open(&format!("{address}#t:plain_secrets/load"));
    assert_eq!(browser.run("return document.querySelectorAll('details.task[open]').length"), 1);
    let own = browser.run("return document.querySelector('.source .ln.own .t').textContent.trim()");
    assert_eq!(own, "KubernetesPodOperator(");
    let text = browser.run("return document.documentElement.outerHTML");
    assert!(!text.as_str().unwrap().contains("tr0ub4dor"));

    // A line of the pod leads to the line of the source that made it, and its argument is named.
    let line = |text: &str| {
        format!(
            "const line = [...document.querySelectorAll('details[open] .pod .ln')]\
             .find(one => one.textContent.includes('{text}')); line.click(); \
             return [...document.querySelectorAll('details[open] .source .hit .t')].map(one => one.textContent.trim()).join('|')"
        )
    };
    assert_eq!(
        browser.run(&line("/run/secrets/sftp")),
        "\"SFTP_PASSWORD_FILE\": \"/run/secrets/sftp\","
    );
    assert_eq!(browser.run(&line("name: WAREHOUSE_URL")), "\"WAREHOUSE_URL\": WAREHOUSE,");
    assert!(browser.run(&line("value: postgresql")).as_str().unwrap().starts_with("WAREHOUSE = "));
    let names = browser.run(
        "return [...document.querySelectorAll('details[open] .pod .kw')].map(one => one.textContent).join(' ')",
    );
    assert!(names.as_str().unwrap().contains("env_vars image"), "{names}");

    // Keys: down one line in the pod; from task to task; open; light and dark.
    browser.press("\u{E015}");
    let current = "return document.querySelector('.pod .cur').textContent";
    assert!(browser.run(current).as_str().unwrap().contains("name: SFTP_PASSWORD"));
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0)");
    browser.press("j");
    let focused = "return document.activeElement.closest('details')?.id";
    let first = browser.run(focused);
    browser.press("j");
    assert_ne!(browser.run(focused), first);
    browser.press("k");
    assert_eq!(browser.run(focused), first);
    browser.press("\u{E007}");
    assert_eq!(browser.run("return document.activeElement.closest('details').open"), true);
    let shade = "return getComputedStyle(document.body).backgroundColor";
    let before = browser.run(shade);
    browser.press("t");
    assert_ne!(browser.run(shade), before);

    assert_eq!(browser.console(), [] as [&str; 0]);
}

#[test]
fn a_report_on_two_thousand_tasks_stays_quick() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dags")).unwrap();
    for file in 0..100 {
        let mut text = String::from(
            "import os\nfrom airflow import DAG\n\
             from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n",
        );
        writeln!(text, "with DAG('dag_{file}', default_args={{'owner': 'team_{}'}}):", file % 7)
            .unwrap();
        for task in 0..20 {
            let tag = if task % 3 == 0 { "os.environ['TAG']" } else { "'7'" };
            write!(
                text,
                "    KubernetesPodOperator(\n        task_id='task_{task}', name='task', namespace='data',\n        \
                 image='registry.example/app:' + {tag},\n        arguments=['--n', '{task}'],\n        \
                 env_vars={{'A': '{task}', 'B': 'b'}},\n        labels={{'team': 'core'}},\n    )\n"
            )
            .unwrap();
        }
        fs::write(folder.path().join(format!("dags/dag_{file}.py")), text).unwrap();
    }
    let (browser, _) = opened(folder.path(), &["dags"], &folder.path().join("r.html"));
    assert_eq!(browser.run(SHOWN), 2000);
    // Bounds a slow machine keeps, too; a page that lays out everything at once takes many times as long.
    let loaded = browser
        .run("const [it] = performance.getEntriesByType('navigation'); return it.loadEventEnd");
    assert!(loaded.as_f64().unwrap() < 15_000.0, "loaded after {loaded} ms");
    let filtered = browser.run(
        "const began = performance.now(); document.querySelector('.chip[data-name=needs-values]').click(); \
         document.body.offsetHeight; return performance.now() - began",
    );
    assert!(filtered.as_f64().unwrap() < 2_000.0, "filtered in {filtered} ms");
    assert_eq!(browser.run(SHOWN), 700);
    assert_eq!(browser.console(), [] as [&str; 0]);
}
