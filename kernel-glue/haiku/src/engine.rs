//! A bridge at work in the kernel: its ports, and the one thread that carries frames between them.
//!
//! Whoever has a frame for a bridge only queues it: monitors, `send_data` and applications never forward. The worker
//! takes turns among the ports that have frames, a burst each.

/// A bridge and its worker.
///
/// The methods are the control side's: they are called one at a time, by a thread that holds no lock of the stack, and
/// under a permit of the heap. Dropping a handle is [`abandon`](Self::abandon).
pub(crate) struct BridgeHandle {}

/// What becomes a port.
pub(crate) enum Attachment<'a> {
    /// The bridge's own interface; only as [`PortId::HOST`].
    Host(Arc<Unit>),
    /// A tap or tun of ours: its application is on the bridge, its interface idles.
    Application(Arc<Unit>),
    /// An Ethernet interface of another driver, by name.
    Nic { interface: &'a str, host: HostMode },
    /// As `Nic`, for a span port: it only sends, and the host keeps all that it receives.
    Mirror { interface: &'a str },
}

impl BridgeHandle {
    /// Makes a bridge without ports and starts its worker, a kernel thread. `secret` is of the random source; `notice`
    /// is called by the worker, without a lock held, whenever a member's [`Condition`] has changed.
    pub(crate) fn create(name: &str, config: bridge::Config, secret: [u64; 4], notice: fn()) -> Result<Self, Status>;
    /// Returns the engine: tables, counters by port, configuration.
    pub(crate) fn engine(&self) -> &Arc<bridge::Bridge>;
    /// Makes a configuration the current one.
    pub(crate) fn publish(&self, config: bridge::Config);
    /// Adds a port. Its frames wait until a configuration that has it up is published, and are dropped until then.
    pub(crate) fn attach(&self, port: PortId, what: Attachment<'_>) -> Result<(), AttachError>;
    /// Takes a port away; returns when the worker has let it go. A port that is not there is no error.
    pub(crate) fn detach(&self, port: PortId);
    /// Returns the member behind a port, for its condition, MTU, speed and host mode; `None` for other kinds of port.
    pub(crate) fn member(&self, port: PortId) -> Option<Arc<Member>>;
    /// Who has which address, as the worker sees it (`neighbours()`: start(secret), stop, list(now), flush, forget_port).
    pub(crate) fn neighbours(&self) -> &Neighbours;
    /// Ends the worker and waits for it; every port is let go.
    pub(crate) fn stop(self);
    /// Has the worker let every port go and end by itself: for `uninit_device`, which may wait for nobody.
    pub(crate) fn abandon(self);
}
