//! A TCP proxy between podlift and the API that can cut, stall and refuse connections.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// A proxy; it ends with the test.
pub(crate) struct Proxy {
    address: SocketAddr,
    cut: broadcast::Sender<()>,
    down: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens, and forwards to the API server of a kubeconfig.
    pub(crate) async fn start(kubeconfig: &Path) -> Self {
        let text = std::fs::read_to_string(kubeconfig).unwrap();
        let target = address_in(&text).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, _) = broadcast::channel(1);
        let down = Arc::new(AtomicBool::new(false));
        let (cutter, refused) = (cut.clone(), down.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if refused.load(Ordering::SeqCst) {
                    continue;
                }
                let mut cut = cutter.subscribe();
                let target = target.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(&target).await else { return };
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    tokio::select! {
                        _ = cut.recv() => {}
                        () = pump(&mut from_client, &mut to_server) => {}
                        () = pump(&mut from_server, &mut to_client) => {}
                    }
                });
            }
        });
        Self { address, cut, down }
    }

    /// Breaks all connections; new ones are accepted.
    pub(crate) fn cut(&self) {
        let _ = self.cut.send(());
    }

    /// Breaks all connections and refuses new ones, or accepts them again.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
        self.cut();
    }

    /// A kubeconfig that leads through the proxy.
    pub(crate) fn kubeconfig(&self, original: &Path, folder: &Path) -> PathBuf {
        let text = std::fs::read_to_string(original).unwrap();
        let target = address_in(&text);
        let path = folder.join("kubeconfig");
        std::fs::write(&path, text.replace(target, &self.address.to_string())).unwrap();
        path
    }
}

/// Host and port of the API server in a kubeconfig.
fn address_in(kubeconfig: &str) -> &str {
    let rest = kubeconfig.split("https://").nth(1).unwrap();
    rest.split(|c: char| !c.is_ascii_alphanumeric() && !".:-".contains(c)).next().unwrap()
}

async fn pump(from: &mut (impl AsyncReadExt + Unpin), to: &mut (impl AsyncWriteExt + Unpin)) {
    let mut buffer = vec![0; 65536];
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
