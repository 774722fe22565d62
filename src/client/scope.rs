//! A client for a while: what is set up is torn down on every path.

use std::sync::Arc;

use super::app::App;
use super::error::Error;
use super::handle::Client;
use crate::conn::Config;
use crate::listener::EventListener;
use crate::model::HangupCause;

/// A connected client with a running listener and loaded apps. When it is dropped, by return,
/// error, panic or cancellation, its calls are hung up, its apps unloaded and its connections
/// closed.
#[derive(Debug)]
pub struct Active {
    client: Client,
    listener: EventListener,
    is_open: bool,
}

/// Connects a client and a listener, and loads apps: what Switchy's `active_client` does.
///
/// # Cancel safety
/// Dropping the future tears down what was set up by then.
///
/// # Errors
/// Of connecting and of loading; what was set up by then is torn down.
pub async fn active_client(config: Config, apps: Vec<Arc<dyn App>>) -> Result<Active, Error> {
    let listener = EventListener::with_config(config.clone());
    let client = Client::with_config(config).with_listener(listener.clone());
    let active = Active { client, listener, is_open: true };
    active.listener.connect().await?;
    active.listener.start().await?;
    active.client.connect().await?;
    for app in apps {
        let name = app.name().to_owned();
        active.client.load_app_as(app, &name).await?;
    }
    Ok(active)
}

impl Active {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The listener.
    #[must_use]
    pub fn listener(&self) -> &EventListener {
        &self.listener
    }

    /// Tears down and waits until it is done. Dropping does the same without waiting.
    ///
    /// # Cancel safety
    /// Dropping the future leaves calls alive, apps loaded or connections open that were not reached.
    pub async fn close(mut self) {
        self.is_open = false;
        tear_down(self.client.clone(), self.listener.clone()).await;
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if self.is_open
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // It ends with the connections that it closes.
            let _task = runtime.spawn(tear_down(self.client.clone(), self.listener.clone()));
        }
    }
}

async fn tear_down(client: Client, listener: EventListener) {
    if client.is_connected()
        && let Err(err) = client.hupall(None, &HangupCause::NORMAL_CLEARING).await
    {
        tracing::warn!(%err, "calls of an active client are left");
    }
    for (_, id) in client.loaded_apps() {
        if let Err(err) = client.unload_app(id.as_str()).await {
            tracing::warn!(%err, app = %id, "tear-down failed");
        }
    }
    client.disconnect().await;
    listener.disconnect().await;
}
