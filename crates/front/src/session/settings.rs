//! What a session is told: who it is, how it behaves, what it may take. Plain values, checked once.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use isthmus_wire::fix::index::View;

use super::fault::Fault;
use super::schedule::Schedule;

/// The versions that sessions speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    Fix42,
    Fix44,
    /// FIXT 1.1 with FIX 5.0 SP2 as the default of application messages.
    Fix50Sp2,
}

impl Version {
    /// BeginString (8).
    pub const fn begin_string(self) -> &'static [u8] {
        match self {
            Self::Fix42 => b"FIX.4.2",
            Self::Fix44 => b"FIX.4.4",
            Self::Fix50Sp2 => b"FIXT.1.1",
        }
    }

    /// DefaultApplVerID (1137), where the transport has one.
    pub const fn default_appl_ver_id(self) -> Option<&'static [u8]> {
        match self {
            Self::Fix50Sp2 => Some(b"9"),
            _ => None,
        }
    }

    /// The version as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fix42 => "FIX.4.2",
            Self::Fix44 => "FIX.4.4",
            Self::Fix50Sp2 => "FIX.5.0SP2",
        }
    }

    /// By the name of the version as people write it: `FIX.4.2`, `FIX.4.4`, `FIX.5.0SP2`.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Fix42, Self::Fix44, Self::Fix50Sp2].into_iter().find(|version| version.name() == name)
    }

    /// Whether a reason of a session-level Reject has a number in this version (FIX 4.2 ends at 11).
    pub(super) const fn knows_reason(self, reason: u16) -> bool {
        !matches!(self, Self::Fix42) || reason <= 11
    }
}

/// Who waits for the Logon and who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Acceptor,
    Initiator,
}

/// How a session is found: both sides' names as they stand in what we send.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    pub version: Version,
    /// SenderCompID (49) of what we send.
    pub sender: Vec<u8>,
    /// TargetCompID (56) of what we send.
    pub target: Vec<u8>,
}

impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        write!(out, "{}:{}->{}", text(self.version.begin_string()), text(&self.sender), text(&self.target))
    }
}

/// When both numberings begin with 1 again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resets {
    pub on_logon: bool,
    pub on_logout: bool,
    pub on_disconnect: bool,
}

/// What one session may take; each limit has its name in the reason that a breach is told with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages a second, 0 without a limit; reading waits when it is reached.
    pub messages_per_s: u32,
    /// Bytes a second, 0 without a limit; reading waits when it is reached.
    pub bytes_per_s: u64,
    /// Messages that came before their turn and are kept until the gap is filled.
    pub early_messages: usize,
    pub early_bytes: usize,
    /// Bytes waiting for a counterparty that reads slowly; over it the connection is cut.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_s: 0,
            bytes_per_s: 0,
            early_messages: 10_000,
            early_bytes: 16 << 20,
            output_bytes: 64 << 20,
        }
    }
}

/// Username (553) and Password (554): what an initiator sends and an acceptor asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: Vec<u8>,
    pub password: Vec<u8>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({})", String::from_utf8_lossy(&self.username))
    }
}

/// The rules of a dictionary. Without them only the header is looked at.
pub trait Rules: Send + Sync {
    /// The first breach, in the order of the standard.
    fn check(&self, view: &View) -> Result<(), Fault>;
}

/// How a session behaves.
#[derive(Clone)]
pub struct Settings {
    pub identity: Identity,
    pub role: Role,
    /// SenderSubID (50) and TargetSubID (57) of what we send, if any.
    pub sender_sub: Option<Vec<u8>>,
    pub target_sub: Option<Vec<u8>>,
    /// HeartBtInt that an initiator asks for; an acceptor takes the initiator's.
    pub heartbeat_s: u32,
    pub resets: Resets,
    /// Messages that one ResendRequest asks for, 0 for all of a gap.
    pub resend_chunk: u64,
    /// NextExpectedMsgSeqNum (789) instead of resend requests at logon.
    pub next_expected: bool,
    /// LastMsgSeqNumProcessed (369) in every header.
    pub last_processed: bool,
    /// How far SendingTime may lie from our clock; None does not look.
    pub latency: Option<Duration>,
    /// Decimals of a second in the times that we write: 0, 3, 6, 9.
    pub timestamp_digits: u8,
    /// TestMessageIndicator (464): a test session; a Logon that says otherwise is refused.
    pub test: bool,
    /// A PossDup message that was not received before needs OrigSendingTime too.
    pub strict_duplicates: bool,
    /// A message counts as taken when the host says so (`Session::taken`), not when it was delivered.
    pub taken_by_host: bool,
    pub credentials: Option<Credentials>,
    pub schedule: Schedule,
    pub limits: Limits,
    pub logon_timeout: Duration,
    pub logout_timeout: Duration,
    pub rules: Option<Arc<dyn Rules>>,
}

impl Settings {
    /// Settings of a session with nothing out of the ordinary.
    pub fn new(identity: Identity, role: Role) -> Self {
        Self {
            identity,
            role,
            sender_sub: None,
            target_sub: None,
            heartbeat_s: 30,
            resets: Resets::default(),
            resend_chunk: 0,
            next_expected: false,
            last_processed: false,
            latency: Some(Duration::from_secs(120)),
            timestamp_digits: 3,
            test: false,
            strict_duplicates: true,
            taken_by_host: false,
            credentials: None,
            schedule: Schedule::always(),
            limits: Limits::default(),
            logon_timeout: Duration::from_secs(10),
            logout_timeout: Duration::from_secs(10),
            rules: None,
        }
    }
}
