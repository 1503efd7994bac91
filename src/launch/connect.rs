//! Which cluster a task runs on, and how to reach it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::api::Cluster;
use crate::disk;
use crate::kubernetes::check_namespace;
use crate::spec::{Client, Open};

/// The longest kubeconfig, in bytes.
const LONGEST: u64 = 16 << 20;

/// What selects a cluster and an identity on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Access {
    /// Use the service account of the pod podlift runs in.
    pub in_cluster: bool,
    /// Path of a kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig.
    pub context: Option<String>,
}

/// Why a cluster cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Two ways are given that exclude each other.
    #[error(
        "the service account of the pod (in_cluster) excludes a kubeconfig and a context; keep one of them"
    )]
    Conflict,
    /// A field holds a text where something else belongs.
    #[error("client.load_incluster_config is `{0}`, neither true nor false")]
    Flag(String),
    /// The namespace of the context names none.
    #[error("{from}: the namespace of the context: {reason}")]
    Namespace {
        /// Which configuration.
        from: String,
        /// Why.
        reason: String,
    },
    /// The configuration cannot be used.
    #[error("{from}: {reason}")]
    Config {
        /// Which one.
        from: String,
        /// Why.
        reason: String,
    },
}

impl Access {
    /// The access of a job spec, unless the caller has its own.
    ///
    /// # Errors
    /// When it contradicts itself.
    pub fn of(client: &Client, own: &Self) -> Result<Self, ConnectError> {
        if *own != Self::default() {
            return own.clone().checked();
        }
        let in_cluster = match &client.load_incluster_config {
            None => false,
            Some(Open::Known(flag)) => *flag,
            Some(Open::Text(text)) => match text.trim() {
                "true" | "True" => true,
                "false" | "False" => false,
                _ => return Err(ConnectError::Flag(text.clone())),
            },
        };
        let kubeconfig = client.kubeconfig_file.as_ref().map(PathBuf::from);
        Self { in_cluster, kubeconfig, context: client.kube_context.clone() }.checked()
    }

    fn checked(self) -> Result<Self, ConnectError> {
        if self.in_cluster && (self.kubeconfig.is_some() || self.context.is_some()) {
            return Err(ConnectError::Conflict);
        }
        Ok(self)
    }

    /// In words, for errors and `podlift doctor`.
    pub fn describe(&self) -> String {
        match (self.in_cluster, &self.kubeconfig, &self.context) {
            (true, ..) => "service account of the pod".into(),
            (_, Some(file), Some(context)) => {
                format!("kubeconfig {} (context {context})", file.display())
            }
            (_, Some(file), None) => format!("kubeconfig {}", file.display()),
            (_, None, Some(context)) => format!("default kubeconfig (context {context})"),
            (_, None, None) => "default kubeconfig, or the service account of the pod".into(),
        }
    }

    /// The namespace of a pod: the one that is named for it, or else that of the context.
    ///
    /// # Errors
    /// When the context's is needed and cannot be a namespace.
    pub fn namespace(
        &self,
        named: Option<String>,
        default: String,
    ) -> Result<String, ConnectError> {
        if let Some(named) = named {
            return Ok(named);
        }
        match check_namespace(&default) {
            Ok(()) => Ok(default),
            Err(reason) => Err(ConnectError::Namespace { from: self.describe(), reason }),
        }
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// When there is none, or it is unusable.
    pub async fn config(&self) -> Result<Config, ConnectError> {
        let options =
            KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        // What follows the first line is an excerpt, which may show a token.
        let failed = |reason: String| ConnectError::Config {
            from: self.describe(),
            reason: reason.lines().next().unwrap_or_default().to_owned(),
        };
        if self.in_cluster {
            return Config::incluster().map_err(|error| failed(error.to_string()));
        }
        if self.kubeconfig.is_none() {
            for file in default_files() {
                ends(&file).map_err(&failed)?;
            }
            // Whatever is wrong with it is told below.
            if let Ok(config) = Kubeconfig::read() {
                named_files_end(&config).map_err(&failed)?;
            }
        }
        match (&self.kubeconfig, &self.context) {
            (Some(file), _) => {
                disk::ends(file, LONGEST).map_err(|error| failed(error.to_string()))?;
                let config =
                    Kubeconfig::read_from(file).map_err(|error| failed(error.to_string()))?;
                named_files_end(&config).map_err(&failed)?;
                Config::from_custom_kubeconfig(config, &options)
                    .await
                    .map_err(|error| failed(error.to_string()))
            }
            (None, Some(_)) => {
                Config::from_kubeconfig(&options).await.map_err(|error| failed(error.to_string()))
            }
            (None, None) => Config::infer().await.map_err(|error| failed(error.to_string())),
        }
    }
}

/// The kubeconfigs that are read where none is named.
fn default_files() -> Vec<PathBuf> {
    match std::env::var_os("KUBECONFIG") {
        Some(list) if !list.is_empty() => std::env::split_paths(&list).collect(),
        _ => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}

/// Looks whether a file can be read to its end, if it is there.
fn ends(file: &Path) -> Result<(), String> {
    match disk::ends(file, LONGEST) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", file.display()))
        }
        _ => Ok(()),
    }
}

/// The same of the certificates, keys and tokens that a kubeconfig names.
fn named_files_end(config: &Kubeconfig) -> Result<(), String> {
    let clusters = config.clusters.iter().filter_map(|one| one.cluster.as_ref());
    let users = config.auth_infos.iter().filter_map(|one| one.auth_info.as_ref());
    let files =
        clusters.filter_map(|one| one.certificate_authority.as_ref()).chain(users.flat_map(
            |one| [&one.client_certificate, &one.client_key, &one.token_file].into_iter().flatten(),
        ));
    files.into_iter().try_for_each(|file| ends(Path::new(file)))
}

/// The clusters of a run, each connected once.
#[derive(Default)]
pub struct Clusters {
    known: BTreeMap<Access, (Cluster, String)>,
}

impl Clusters {
    /// The cluster of an access and its default namespace.
    ///
    /// # Errors
    /// When it cannot be connected to.
    pub async fn get(&mut self, access: &Access) -> Result<(Cluster, String), ConnectError> {
        if let Some(known) = self.known.get(access) {
            return Ok(known.clone());
        }
        let config = access.config().await?;
        let namespace = config.default_namespace.clone();
        let again = access.clone();
        let cluster = Cluster::connect(config, move || {
            let access = again.clone();
            async move { access.config().await.map_err(|error| error.to_string()) }
        })
        .await
        .map_err(|reason| ConnectError::Config { from: access.describe(), reason })?;
        self.known.insert(access.clone(), (cluster.clone(), namespace.clone()));
        Ok((cluster, namespace))
    }

    /// Adds a cluster that is connected already.
    pub fn add(&mut self, access: Access, cluster: Cluster, namespace: &str) {
        self.known.insert(access, (cluster, namespace.into()));
    }

    /// Requests sent so far to all of them.
    pub fn requests(&self) -> u64 {
        self.known.values().map(|(cluster, _)| cluster.requests()).sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_caller_overrides_the_spec_as_a_whole() {
        let client = Client { kube_context: Some("prod".into()), ..Client::default() };
        assert_eq!(
            Access::of(&client, &Access::default()).unwrap().context.as_deref(),
            Some("prod")
        );
        let own = Access { in_cluster: true, ..Access::default() };
        assert_eq!(Access::of(&client, &own).unwrap(), own);
    }

    #[test]
    fn contradictions_are_refused() {
        let client = Client {
            kube_context: Some("prod".into()),
            load_incluster_config: Some(Open::Known(true)),
            ..Client::default()
        };
        assert_eq!(Access::of(&client, &Access::default()), Err(ConnectError::Conflict));
        let client = Client {
            load_incluster_config: Some(Open::Text("{{ x }}".into())),
            ..Client::default()
        };
        assert!(Access::of(&client, &Access::default()).is_err());
    }
}
