//! FIX sessions for Python: a server whose application sends messages back, or keeps them for whoever asks.
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use isthmus_front::echo::{Echo, EchoBoard, Wanted};
use isthmus_front::rules::DictionaryRules;
use isthmus_front::server::{Dial, Server, ServerSettings, Waker};
use isthmus_front::session::{Identity, Phase, Resets, Role, Session, Settings, Version};
use isthmus_front::store::{Store, StoreSettings};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Old message files kept at a reset.
const FILES_KEPT: usize = 1;

/// What all sessions of a server have in common; read from the attributes of a Python value.
#[derive(FromPyObject)]
struct Common {
    reset_on_logon: bool,
    resend_chunk: u64,
    next_expected: bool,
    /// None does not look at SendingTime.
    check_latency_s: Option<u64>,
    timestamp_digits: u8,
    /// The folder of the message stores; None keeps messages in memory.
    store: Option<PathBuf>,
    /// Keeps messages instead of sending them back.
    listen: bool,
}

/// One session; read from the attributes of a Python value.
#[derive(FromPyObject)]
struct Named {
    version: String,
    sender: String,
    target: String,
    /// `host:port` of an initiator; None waits for the other side.
    connect: Option<String>,
    heartbeat_s: u32,
}

/// A server of FIX sessions on a thread of its own (`run`).
#[pyclass(module = "isthmus._core", frozen)]
pub struct FixEcho {
    server: Mutex<Option<(Server, Echo)>>,
    board: EchoBoard,
    waker: Waker,
    #[pyo3(get)]
    port: u16,
}

#[pymethods]
impl FixEcho {
    /// Listens at `host:port` (0: a free port). Raises OSError if it cannot, or if a message store cannot be read.
    #[new]
    #[pyo3(signature = (address, common, sessions, /))]
    fn new(address: &str, common: Common, sessions: Vec<Named>) -> PyResult<Self> {
        let mut server = Server::new(ServerSettings::default()).map_err(os_error)?;
        let port = server.listen(resolved(address)?).map_err(os_error)?.port();
        for named in sessions {
            add(&mut server, &common, &named)?;
        }
        let board = EchoBoard::default();
        let mut echo = Echo::new(board.clone(), common.listen);
        echo.show(&server.sessions);
        let waker = server.waker();
        Ok(Self { server: Mutex::new(Some((server, echo))), board, waker, port })
    }

    /// Serves until `stop`. Once only.
    fn run(&self, py: Python<'_>) -> PyResult<()> {
        let taken = self.server.lock().ok().and_then(|mut server| server.take());
        let (mut server, mut echo) = taken.ok_or_else(|| PyRuntimeError::new_err("it ran already"))?;
        py.detach(|| server.run(&mut echo)).map_err(os_error)
    }

    /// Logs every session out and ends `run`.
    fn stop(&self) {
        self.waker.stop();
    }

    /// Has a message sent on a session: its body in the order of the wire. Without a link it is kept, and goes out when the
    /// counterparty asks for it. `cause` is remembered with it (`standing`).
    #[pyo3(signature = (place, msg_type, fields, cause = 0, /))]
    fn send(&self, place: usize, msg_type: Vec<u8>, fields: Vec<(u32, Vec<u8>)>, cause: u64) {
        self.board.want(Wanted { place, msg_type, cause, fields });
        self.waker.wake();
    }

    /// Messages kept since the last call: (place of the session, bytes).
    fn heard<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyBytes>)> {
        self.board.take_heard().into_iter().map(|(place, bytes)| (place, PyBytes::new(py, &bytes))).collect()
    }

    /// What happened since the last call, a line each.
    fn notes(&self) -> Vec<String> {
        self.board.take_notes()
    }

    /// (logged on, next number out, next number in, latest cause) of a session.
    #[pyo3(signature = (place, /))]
    fn standing(&self, place: usize) -> PyResult<(bool, u64, u64, u64)> {
        let standing = self.board.standing(place).ok_or_else(|| PyValueError::new_err("place: no such session"))?;
        let numbers = standing.numbers;
        Ok((standing.phase == Phase::LoggedOn, numbers.next_out, numbers.next_in, numbers.cause))
    }
}

fn add(server: &mut Server, common: &Common, named: &Named) -> PyResult<()> {
    let version = Version::of(&named.version)
        .ok_or_else(|| PyValueError::new_err("version: must be FIX.4.2, FIX.4.4 or FIX.5.0SP2"))?;
    let identity =
        Identity { version, sender: named.sender.clone().into_bytes(), target: named.target.clone().into_bytes() };
    let role = if named.connect.is_some() { Role::Initiator } else { Role::Acceptor };
    let file = format!("{}-{}-{}.fix", named.version, named.sender, named.target);
    let path = common.store.as_ref().map(|folder| folder.join(file));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let store = Store::open(StoreSettings { path, keep: FILES_KEPT, sync: false }, now)
        .map_err(|error| PyOSError::new_err(error.to_string()))?;
    let settings = Settings {
        resets: Resets { on_logon: common.reset_on_logon, ..Resets::default() },
        resend_chunk: common.resend_chunk,
        next_expected: common.next_expected,
        latency: common.check_latency_s.map(Duration::from_secs),
        timestamp_digits: common.timestamp_digits,
        strict_duplicates: false,
        heartbeat_s: named.heartbeat_s,
        logon_timeout: Duration::from_secs(5),
        rules: Some(DictionaryRules::of(version)),
        ..Settings::new(identity, role)
    };
    let place = server
        .sessions
        .add(Session::new(settings, store, 0))
        .ok_or_else(|| PyValueError::new_err("sessions: two have the same version, sender and target"))?;
    if let Some(address) = &named.connect {
        let addresses = address.to_socket_addrs().map_err(os_error)?.collect();
        server.dial(place, Dial { addresses, every: Duration::from_millis(200), tls: None });
    }
    Ok(())
}

fn resolved(address: &str) -> PyResult<SocketAddr> {
    let mut found = address.to_socket_addrs().map_err(os_error)?;
    found.next().ok_or_else(|| PyValueError::new_err("address: names no host"))
}

fn os_error(error: std::io::Error) -> PyErr {
    error.into()
}
