//! An Ethernet interface of another driver as a port of a bridge.

/// Whose the host's addresses are, on an interface that is a member.
pub(crate) enum HostMode {
    /// The bridge's interface has them: nothing that the member receives reaches the host by the member.
    Bridge,
    /// The member keeps them (`hostaddr`): what it receives for the host, for a group or for all reaches the host by it, and what the
    /// bridge has for the member's own address is given to the host.
    Member,
}

/// What a member is able to at present.
pub(crate) enum Condition {
    /// Up, and its link has a carrier.
    Running,
    /// Up, without a carrier.
    NoCarrier,
    /// Down, or its interface was taken away from the stack while the driver is still there.
    Down,
    /// The hardware is gone. The worker has let it go already; detach the port, and attach it when it is back.
    Gone,
}

pub(crate) struct Member {}

impl Member {
    pub(crate) fn name(&self) -> &str;
    pub(crate) fn condition(&self) -> Condition;
    pub(crate) fn mac(&self) -> Mac;
    pub(crate) fn mtu_bytes(&self) -> u32;
    /// Bits a second.
    pub(crate) fn speed(&self) -> u64;
    pub(crate) fn host_mode(&self) -> HostMode;
    pub(crate) fn set_host_mode(&self, host: HostMode);
    /// Whether its driver receives what is for others; some cannot.
    pub(crate) fn is_promiscuous(&self) -> bool;
}

/// Why an interface does not become a port.
pub(crate) enum AttachError { NoInterface, NotEthernet, Own, Taken, PortTaken, Stack(Status), NoMemory }
/// Returns what the state may hold of an interface that is to be a member: MTU, MAC, whether it has addresses of its own (then `addm` sets `hostaddr`).
pub(crate) fn look(interface: &str) -> Result<Look, AttachError>;
