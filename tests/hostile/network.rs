//! What goes over the network: nothing, but for `podlift run` and `podlift doctor`.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Place;

/// Whether a program that is told of a cluster and of proxies at the address of a listener connects to it.
fn connects(place: &Place, args: &[&str]) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    place.file(
        "config",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}]\n\
             users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
        ),
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_podlift"))
        .args(args)
        .current_dir(place.path())
        .env("KUBECONFIG", place.path().join("config"))
        .envs(
            ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
                .map(|name| (name, format!("http://{address}"))),
        )
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        let ended = child.try_wait().unwrap().is_some();
        match listener.accept() {
            Ok(_) => {
                _ = child.kill();
                child.wait().unwrap();
                return true;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        if ended {
            return false;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn only_run_and_doctor_connect_to_anything() {
    let place = Place::new();
    place.dag(
        "d.py",
        "import requests, urllib.request\n\
         x = requests.get('http://example.com').text\ny = urllib.request.urlopen('http://example.com').read()\n\
         with DAG('d'):\n    K(task_id='t', name='n', image='i', arguments=[x, y])\n",
    );
    place.dag("plain.py", "with DAG('d'):\n    K(task_id='t', name='n', image='i')\n");
    for args in [
        &["translate", "d.py"][..],
        &["translate", "d.py", "--emit", "dagster", "-o", "out"],
        &["translate", "d.py", "--emit", "airlift"],
        &["report", "d.py", "--format", "html"],
        &["check", "d.py"],
        &["diff", "d.py", "plain.py"],
        &["explain", "image"],
        &["mappings"],
        &["schema"],
        &["run", "plain.py", "--dry-run", "client"],
    ] {
        assert!(!connects(&place, args), "{args:?}");
    }
    for args in [&["doctor", "plain.py"][..], &["run", "plain.py"]] {
        assert!(connects(&place, args), "{args:?} does talk to the cluster");
    }
}

#[test]
fn only_the_launcher_can_talk_to_a_network() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![source.clone()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
            continue;
        }
        let place = path.strip_prefix(&source).unwrap();
        let may = ["launch", "cli/run", "cli/doctor.rs"].iter().any(|it| place.starts_with(it));
        let text = fs::read_to_string(&path).unwrap();
        for name in [
            "kube::",
            "hyper",
            "tokio::net",
            "std::net",
            "TcpStream",
            "UdpSocket",
            "reqwest",
            "ureq",
        ] {
            // Names of Kubernetes objects hold the words as well.
            let named = text.lines().any(|line| {
                line.trim_start().starts_with("use ") && line.contains(name)
                    || line.contains(&format!(" {name}")) && name.ends_with("::")
            });
            assert!(may || !named, "{} names `{name}`", place.display());
        }
    }
}
