//! Runs job specs on the test cluster and looks at what is left there.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use podlift::launch::api::{Call, Cluster, Verb};
use podlift::launch::cancel::{Canceller, cancellation};
use podlift::launch::connect::{Access, Clusters};
use podlift::launch::events::{Record, Sink, Teller};
use podlift::launch::plan::{Overrides, plan};
use podlift::launch::rules::TaskState;
use podlift::launch::run::{Planned, Run, RunReport};
use podlift::pipes::{AssetKey, ContextData};
use podlift::spec::JobSpec;
use serde_json::{Value as Json, json};

/// The image of the tests.
pub(crate) const IMAGE: &str = "localhost/pipes-test:v1";

/// The kubeconfig of the cluster, or none where tests may do without.
pub(crate) fn kubeconfig() -> Option<PathBuf> {
    match std::env::var_os("PODLIFT_TEST_KUBECONFIG") {
        Some(path) => Some(path.into()),
        None => {
            assert!(std::env::var_os("CI").is_none(), "PODLIFT_TEST_KUBECONFIG is not set in CI");
            None
        }
    }
}

/// The cluster and a namespace on it that all tests share.
pub(crate) struct Lab {
    pub(crate) access: Access,
    pub(crate) cluster: Cluster,
    pub(crate) namespace: String,
}

/// Everything that was told.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Json>>>);

impl Sink for Told {
    fn take(&self, record: &Arc<Record>) {
        self.0.lock().unwrap().push(serde_json::to_value(&**record).unwrap());
    }
}

impl Told {
    /// All records of one kind.
    pub(crate) fn events(&self, name: &str) -> Vec<Json> {
        self.0.lock().unwrap().iter().filter(|it| it["event"] == name).cloned().collect()
    }

    /// All lines of a container.
    pub(crate) fn lines(&self, container: &str) -> Vec<String> {
        let of = |it: &Json| it["container"] == container;
        self.events("log")
            .iter()
            .filter(|it| of(it))
            .map(|it| it["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until a record of this kind came.
    pub(crate) async fn wait(&self, name: &str) {
        for _ in 0..600 {
            if !self.events(name).is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no {name} in {:#?}", self.0.lock().unwrap());
    }
}

/// A run that was begun.
pub(crate) struct Begun {
    pub(crate) told: Told,
    pub(crate) canceller: Canceller,
    pub(crate) report: tokio::task::JoinHandle<RunReport>,
}

impl Lab {
    /// Connects, and makes the namespace if it is not there.
    pub(crate) async fn open() -> Option<Self> {
        let access = Access { kubeconfig: Some(kubeconfig()?), ..Access::default() };
        Some(Self::with(access).await)
    }

    pub(crate) async fn with(access: Access) -> Self {
        let (cluster, _) = Clusters::default().get(&access).await.unwrap();
        let cluster = cluster.patience(Duration::from_secs(20));
        let namespace = format!("podlift-test-{}", std::process::id());
        let call = Call::new(Verb::Create, "namespaces", "");
        let body =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        // Another test may have been faster.
        let _ = cluster.post(&call, "/api/v1/namespaces", &body).await;
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        let call = Call::new(Verb::Get, "serviceaccounts", &namespace);
        for _ in 0..100 {
            if cluster.get(&call, &account).await.is_ok_and(|it| it.get("secrets").is_some()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self { access, cluster, namespace }
    }

    /// Begins a run.
    pub(crate) fn begin(&self, id: &str, specs: Vec<JobSpec>, overrides: &Overrides) -> Begun {
        let tasks = specs
            .into_iter()
            .map(|spec| Planned {
                context: ContextData::new(id)
                    .asset(&AssetKey(vec![spec.metadata.dag.clone(), spec.metadata.task.clone()])),
                plan: plan(spec, overrides).unwrap(),
                access: self.access.clone(),
                namespace: Some(self.namespace.clone()),
                attempts_before: 0,
            })
            .collect();
        let run = Run {
            id: id.into(),
            tasks,
            others: vec![],
            assume: TaskState::Success,
            max_active: 64,
        };
        let told = Told::default();
        let teller = Teller::new(id, vec![Box::new(told.clone())]);
        let (canceller, cancel) = cancellation();
        let report =
            tokio::spawn(
                async move { run.run(Clusters::default(), &teller, cancel).await.unwrap() },
            );
        Begun { told, canceller, report }
    }

    /// Runs to the end.
    pub(crate) async fn run(&self, id: &str, spec: JobSpec) -> (RunReport, Told) {
        let begun = self.begin(id, vec![spec], &Overrides::default());
        let told = begun.told.clone();
        let report = tokio::time::timeout(Duration::from_secs(120), begun.report);
        (report.await.expect("the run hangs").unwrap(), told)
    }

    /// A kubeconfig of a service account that has only these rights, as `resource:verb,verb`.
    pub(crate) async fn weak_account(&self, name: &str, rights: &[&str]) -> Access {
        let rules: Vec<Json> = rights
            .iter()
            .map(|right| {
                let (resource, verbs) = right.split_once(':').unwrap();
                json!({"apiGroups": [""], "resources": [resource], "verbs": verbs.split(',').collect::<Vec<_>>()})
            })
            .collect();
        let rbac = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}", self.namespace);
        let core = format!("/api/v1/namespaces/{}", self.namespace);
        let group = "rbac.authorization.k8s.io";
        for (path, body) in [
            (format!("{core}/serviceaccounts"), json!({"metadata": {"name": name}})),
            (format!("{rbac}/roles"), json!({"metadata": {"name": name}, "rules": rules})),
            (
                format!("{rbac}/rolebindings"),
                json!({"metadata": {"name": name}, "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
                       "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.namespace}]}),
            ),
        ] {
            let call = Call::new(Verb::Create, "rights", &self.namespace);
            self.cluster.post(&call, &path, &body).await.unwrap();
        }
        let call = Call::new(Verb::Create, "serviceaccounts/token", &self.namespace);
        let path = format!("{core}/serviceaccounts/{name}/token");
        let body =
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        let answer = self.cluster.post(&call, &path, &body).await.unwrap();
        let token = answer["status"]["token"].as_str().unwrap();
        let original = std::fs::read_to_string(self.access.kubeconfig.as_ref().unwrap()).unwrap();
        let mut config: Json = serde_yaml::from_str(&original).unwrap();
        config["users"][0]["user"] = json!({"token": token});
        let path = std::env::temp_dir().join(format!("podlift-test-{}-{name}", std::process::id()));
        std::fs::write(&path, config.to_string()).unwrap();
        Access { kubeconfig: Some(path), ..Access::default() }
    }

    /// Names of the pods of a run that are there and not on their way out.
    pub(crate) async fn pods(&self, id: &str) -> Vec<String> {
        let selector = format!("podlift/run={id}");
        let list = self.cluster.list_pods(&self.namespace, &selector).await.unwrap();
        let living = |pod: &&Json| pod.pointer("/metadata/deletionTimestamp").is_none();
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .filter(living)
            .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A job spec with one container that runs a Python script.
pub(crate) fn python(task: &str, script: &str) -> JobSpec {
    container(task, json!({"command": ["python3", "-u", "-c", script]}))
}

/// A job spec with one container that runs a shell script.
pub(crate) fn shell(task: &str, script: &str) -> JobSpec {
    container(task, json!({"command": ["sh", "-c", script]}))
}

/// A job spec with one container.
pub(crate) fn container(task: &str, extra: Json) -> JobSpec {
    let mut container = json!({"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent"});
    container.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    spec(task, json!({"terminationGracePeriodSeconds": 1, "containers": [container]}), json!({}))
}

/// A job spec.
pub(crate) fn spec(task: &str, pod: Json, launcher: Json) -> JobSpec {
    serde_json::from_value(json!({
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "lab", "task": task, "operator": "test", "source": "test"},
        "run": {"base_pod_spec": pod}, "launcher": launcher,
    }))
    .unwrap()
}
