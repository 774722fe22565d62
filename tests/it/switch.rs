//! A simulated switch on a port of its own, for tests of the program.
use std::time::Duration;

use switchy::client::Client;
use switchy::sim::{Config, Fault, Sim};
use tokio::runtime::Runtime;

/// A switch that runs until it is dropped.
pub(crate) struct Switch {
    sim: Sim,
    runtime: Runtime,
    port: u16,
}

impl Switch {
    pub(crate) fn start() -> Self {
        Self::with(Config::new().with_seed(7))
    }

    pub(crate) fn with(config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let (sim, port) = runtime.block_on(async {
            let sim = Sim::start(config);
            let port = sim.listen("127.0.0.1:0").await.unwrap().port();
            (sim, port)
        });
        Self { sim, runtime, port }
    }

    /// The arguments that lead to it, and some more.
    pub(crate) fn args(&self, more: &[&str]) -> Vec<String> {
        let port = self.port.to_string();
        let own = ["-H", "127.0.0.1", "-P", port.as_str()];
        own.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.sim.inject(fault);
    }

    /// A fault as it is written for `switchy sim --fault`.
    pub(crate) fn plan(&self, fault: &str) {
        self.sim.inject(fault.parse::<switchy::sim::Planned>().unwrap());
    }

    pub(crate) fn stop(&self) {
        self.sim.stop();
    }

    pub(crate) fn flood(&self, events_per_second: u32) {
        self.inject(Fault::Flood { events_per_second });
    }

    /// Fires an event at everybody who wants it.
    pub(crate) fn fire(&self, headers: &[(&str, &str)]) {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.sim.fire(headers.iter().map(own).collect(), None);
    }

    pub(crate) fn channels(&self) -> usize {
        self.runtime.block_on(self.sim.channels())
    }

    /// Lets so much time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Runs an api command as another client and returns its answer.
    pub(crate) fn api(&self, line: &str) -> String {
        self.runtime.block_on(async {
            let config = switchy::conn::Config::new("127.0.0.1").with_port(self.port);
            let client = Client::with_config(config);
            client.connect().await.unwrap();
            let reply = client.api_within(line, Duration::from_secs(60)).await.unwrap();
            client.disconnect().await;
            reply.text().trim_end().to_owned()
        })
    }
}
