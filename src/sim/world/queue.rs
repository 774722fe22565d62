//! The state of the call queue: its agents, their tiers, and the calls that wait.

/// The queue that there is.
pub(in crate::sim) const QUEUE: &str = "support@default";

/// Agents, tiers, and who waits.
#[derive(Debug)]
pub(in crate::sim) struct Queue {
    pub(in crate::sim) agents: Vec<Agent>,
    /// Queue, agent, level, position.
    pub(in crate::sim) tiers: Vec<(String, String, u32, u32)>,
    pub(in crate::sim) members: Vec<Member>,
    /// Who waits in a fifo: its name, the channel.
    pub(in crate::sim) fifos: Vec<(String, u64)>,
}

#[derive(Debug)]
pub(in crate::sim) struct Agent {
    pub(in crate::sim) name: String,
    pub(in crate::sim) kind: String,
    pub(in crate::sim) contact: String,
    pub(in crate::sim) status: String,
    pub(in crate::sim) state: String,
    pub(in crate::sim) answered: u32,
}

impl Agent {
    pub(in crate::sim) fn new(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            contact: String::new(),
            status: "Logged Out".to_owned(),
            state: "Waiting".to_owned(),
            answered: 0,
        }
    }
}

/// A call that waits for an agent or talks to one.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Member {
    pub(in crate::sim) uuid: String,
    pub(in crate::sim) channel: u64,
    pub(in crate::sim) session: String,
    pub(in crate::sim) cid: (String, String),
    pub(in crate::sim) joined: u64,
    pub(in crate::sim) agent: Option<String>,
    /// The agent's leg once it has answered, and when.
    pub(in crate::sim) leg: Option<(u64, String, u64)>,
}

impl Default for Queue {
    fn default() -> Self {
        let mut agent = Agent::new("a@default", "callback");
        "[leg_timeout=10]sofia/external/7003@127.0.0.1:5080".clone_into(&mut agent.contact);
        "Available".clone_into(&mut agent.status);
        Self {
            tiers: vec![(QUEUE.to_owned(), agent.name.clone(), 1, 1)],
            agents: vec![agent],
            members: Vec::new(),
            fifos: Vec::new(),
        }
    }
}

impl Member {
    pub(in crate::sim) fn headers(&self) -> crate::sim::event::Extra {
        vec![
            ("CC-Member-UUID", self.uuid.clone()),
            ("CC-Member-Session-UUID", self.session.clone()),
            ("CC-Member-CID-Name", self.cid.0.clone()),
            ("CC-Member-CID-Number", self.cid.1.clone()),
        ]
    }

    pub(in crate::sim) fn agent_headers(&self) -> crate::sim::event::Extra {
        let mut all = Vec::new();
        if let (Some(agent), Some((_, uuid, at))) = (&self.agent, &self.leg) {
            all.extend([
                ("CC-Agent", agent.clone()),
                ("CC-Agent-System", "single_box".to_owned()),
                ("CC-Agent-UUID", uuid.clone()),
                ("CC-Agent-Called-Time", at.to_string()),
                ("CC-Agent-Answered-Time", at.to_string()),
            ]);
        }
        all.push(("CC-Member-Joined-Time", self.joined.to_string()));
        all.extend(self.headers());
        all
    }
}
