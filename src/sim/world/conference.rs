//! The rooms of conferences and their members.

/// One room.
#[derive(Debug)]
pub(in crate::sim) struct Conference {
    pub(in crate::sim) name: String,
    pub(in crate::sim) profile: String,
    pub(in crate::sim) uuid: String,
    pub(in crate::sim) since: u64,
    pub(in crate::sim) locked: bool,
    pub(in crate::sim) floor: Option<u64>,
    pub(in crate::sim) members: Vec<Member>,
}

#[derive(Debug, Clone)]
pub(in crate::sim) struct Member {
    pub(in crate::sim) id: u64,
    pub(in crate::sim) channel: u64,
    pub(in crate::sim) speaks: bool,
    pub(in crate::sim) hears: bool,
}

impl Conference {
    pub(in crate::sim) fn member(&self, id: u64) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }
}
