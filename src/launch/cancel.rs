//! How a user's wish to stop reaches everything that runs.

use tokio::sync::watch;

/// How urgent the wish is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Urgency {
    /// Go on.
    #[default]
    None,
    /// Stop, with the time pods need to end in order.
    Orderly,
    /// Leave at once; pods are still deleted, but nobody waits for them.
    AtOnce,
}

/// The sender: held by whoever listens to signals.
#[derive(Debug)]
pub struct Canceller(watch::Sender<Urgency>);

/// The receiver: held by everything that runs.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<Urgency>);

/// Makes both ends.
pub fn cancellation() -> (Canceller, Cancel) {
    let (send, receive) = watch::channel(Urgency::None);
    (Canceller(send), Cancel(receive))
}

impl Canceller {
    /// Asks more urgently than before: first orderly, then at once.
    pub fn press(&self) -> Urgency {
        self.0.send_modify(|urgency| {
            *urgency = match urgency {
                Urgency::None => Urgency::Orderly,
                Urgency::Orderly | Urgency::AtOnce => Urgency::AtOnce,
            };
        });
        *self.0.borrow()
    }
}

impl Cancel {
    /// How urgent it is now.
    pub fn now(&self) -> Urgency {
        *self.0.borrow()
    }

    /// Waits until it is at least this urgent; for ever if nobody can ask any more.
    pub async fn reached(&mut self, urgency: Urgency) {
        if self.0.wait_for(|now| *now >= urgency).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
