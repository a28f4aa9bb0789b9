//! FIX sessions of the broker, for Python: their thread, and both queues between it and the loop.
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isthmus_core::journal::{Check, Reader};
use isthmus_front::order_entry::channel::{Channel, Event, Sent};
use isthmus_front::order_entry::desk::Desk;
use isthmus_front::order_entry::host::{Broker, Counterparty, Terms, folder_of, settings};
use isthmus_front::order_entry::member::Member;
use isthmus_front::rules::dictionary_of;
use isthmus_front::server::{Dial, Server, ServerSettings, Taker, Waker};
use isthmus_front::session::{Credentials, Identity, Schedule, Version};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::engine::Engine;
use crate::errors::journal_error;
use crate::fix::FixMessage;
use crate::front::FixTaker;

/// Between two tries to reach a counterparty.
const REDIAL: Duration = Duration::from_secs(1);

/// Key, number of the key, user, role, account (0: none), its name, SHA-256 of the secret.
type MemberRow = (String, u32, u32, u8, u32, String, [u8; 32]);

fn member((key, session, user, role, account, text, secret_sha256): MemberRow) -> (String, Member) {
    (key, Member { session, user, role, account, account_text: text.into_boxed_str(), secret_sha256 })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// What a server is made of until it runs.
struct Prepared {
    server: Server,
    broker: Broker,
}

/// The sessions' thread. Made, told who may log on, taught what the journal holds, then started.
#[pyclass(module = "isthmus._core", frozen)]
pub struct FixServer {
    prepared: Mutex<Option<Prepared>>,
    channel: Arc<Channel>,
    waker: Waker,
    taker: Taker,
    port: Option<u16>,
    thread: Mutex<Option<JoinHandle<std::io::Result<()>>>>,
    full_bytes: usize,
}

#[pymethods]
impl FixServer {
    /// `listen`: an address of its own ("127.0.0.1:0"), or None to be handed connections only. Raises OSError, ValueError.
    #[new]
    #[pyo3(signature = (engine, data, *, comp_id, members, listen = None, sync = false, messages_per_s = 0,
        unsent_bytes = 67_108_864, resend_chunk = 0, latency_s = 120, hours = None, full_bytes = 1_048_576))]
    #[allow(clippy::too_many_arguments)] // the settings of sessions, by keyword
    fn new(
        engine: &Engine,
        data: PathBuf,
        comp_id: &str,
        members: Vec<MemberRow>,
        listen: Option<&str>,
        sync: bool,
        messages_per_s: u32,
        unsent_bytes: usize,
        resend_chunk: u64,
        latency_s: u64,
        hours: Option<([bool; 7], u32, u32, i32)>,
        full_bytes: usize,
    ) -> PyResult<Self> {
        let mut each = settings(comp_id);
        each.limits.messages_per_s = messages_per_s;
        each.limits.output_bytes = unsent_bytes;
        each.resend_chunk = resend_chunk;
        each.latency = (latency_s > 0).then(|| Duration::from_secs(latency_s));
        if let Some((days, open, close, offset)) = hours {
            let schedule = Schedule::daily(days, open, close, offset);
            each.schedule = schedule.ok_or_else(|| PyValueError::new_err("hours: no times of a day"))?;
        }
        let terms = Terms { each, folder: folder_of(&data)?, sync };
        let channel = Arc::new(Channel::new()?);
        let mut broker = Broker::new(terms, Desk::new(engine.shared.clone()), channel.clone());
        let mut server = Server::new(ServerSettings::default())?;
        let members = members.into_iter().map(member).collect();
        broker.open(members, &mut server.sessions, now()).map_err(PyOSError::new_err)?;
        let port = match listen {
            Some(address) => {
                let address: SocketAddr =
                    address.parse().map_err(|_| PyValueError::new_err("listen: not ADDRESS:PORT"))?;
                Some(server.listen(address)?.port())
            }
            None => None,
        };
        let (waker, taker) = (server.waker(), server.taker());
        let prepared = Mutex::new(Some(Prepared { server, broker }));
        Ok(Self { prepared, channel, waker, taker, port, thread: Mutex::new(None), full_bytes })
    }

    /// The port of its own, or None.
    #[getter]
    fn port(&self) -> Option<u16> {
        self.port
    }

    /// A session that we begin, before `start`: its place. Raises OSError for an address or a store, ValueError for names.
    #[pyo3(signature = (address, version, sender, target, *, heartbeat_s = 30, reset_on_logon = false, credentials = None))]
    #[allow(clippy::too_many_arguments)] // the settings of a session, by keyword
    fn call(
        &self,
        address: &str,
        version: &str,
        sender: &str,
        target: &str,
        heartbeat_s: u32,
        reset_on_logon: bool,
        credentials: Option<(String, String)>,
    ) -> PyResult<usize> {
        let version = Version::of(version).ok_or_else(|| PyValueError::new_err("version: no such version"))?;
        let addresses = address.to_socket_addrs()?.collect();
        let identity = Identity { version, sender: sender.into(), target: target.into() };
        let credentials =
            credentials.map(|(user, secret)| Credentials { username: user.into(), password: secret.into() });
        let dial = Dial { addresses, every: REDIAL, tls: None };
        let mut kept = held(&self.prepared);
        let Some(Prepared { server, broker }) = kept.as_mut() else { return Err(running()) };
        let counterparty = Counterparty { identity, heartbeat_s, reset_on_logon, credentials, dial };
        broker.call(counterparty, server, now()).map_err(PyOSError::new_err)
    }

    /// What the journal says up to a record, for orders that sessions placed before.
    #[pyo3(signature = (data, last, /))]
    fn learn(&self, py: Python<'_>, data: &str, last: u64) -> PyResult<()> {
        let mut kept = held(&self.prepared);
        let Some(Prepared { server, broker }) = kept.as_mut() else { return Err(running()) };
        py.detach(|| {
            let mut reader = Reader::open(Path::new(data), 1, Check::Frames)?;
            let mut sequence = 0;
            while sequence < last {
                let Some(entry) = reader.read()? else { break };
                sequence = entry.sequence;
                broker.learn(entry.body, &mut server.sessions, now());
            }
            Ok(())
        })
        .map_err(journal_error)
    }

    /// Begins to serve, on a thread of its own.
    fn start(&self) -> PyResult<()> {
        let Some(Prepared { mut server, mut broker }) = held(&self.prepared).take() else { return Err(running()) };
        broker.learnt(&mut server.sessions, now());
        let thread = std::thread::Builder::new().name("fix".to_owned()).spawn(move || server.run(&mut broker))?;
        *held(&self.thread) = Some(thread);
        Ok(())
    }

    /// Whether the thread works.
    #[getter]
    fn running(&self) -> bool {
        held(&self.thread).as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// The descriptor that is readable while there is something to take in.
    fn fileno(&self) -> i32 {
        self.channel.bell.as_fd().as_raw_fd()
    }

    /// What sessions did and said since the last time, oldest first.
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for event in self.channel.events() {
            list.append(row(py, event)?)?;
        }
        Ok(list)
    }

    #[pyo3(signature = (place, msg_type, body, cause = 0, /))]
    fn send(&self, place: usize, msg_type: String, body: Vec<(u32, String)>, cause: u64) {
        self.channel.ask(|asked| asked.sent.push(Sent { place, msg_type, body, cause }));
        self.waker.wake();
    }

    /// One more message of the session is dealt with.
    #[pyo3(signature = (place, /))]
    fn done(&self, place: usize) {
        self.channel.ask(|asked| asked.done.push(place));
        self.waker.wake();
    }

    /// Whether market data should wait for the session to read.
    #[pyo3(signature = (place, /))]
    fn is_full(&self, place: usize) -> bool {
        self.channel.unsent_of(place) > self.full_bytes
    }

    /// There may be reports to send.
    fn wake(&self) {
        self.waker.wake();
    }

    #[pyo3(signature = (members, /))]
    fn set_members(&self, members: Vec<MemberRow>) {
        self.channel.ask(|asked| asked.members = Some(members.into_iter().map(member).collect()));
        self.waker.wake();
    }

    #[pyo3(signature = (instruments, /))]
    fn set_routed(&self, instruments: Vec<u32>) {
        self.channel.ask(|asked| asked.routed = Some(instruments));
        self.waker.wake();
    }

    /// Who takes connections over from the one port.
    fn taker(&self) -> FixTaker {
        FixTaker::of(Arc::new(self.taker.clone()))
    }

    /// Logs every session out and ends the thread. Raises OSError for what ended it before.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.waker.stop();
        let Some(thread) = held(&self.thread).take() else { return Ok(()) };
        match py.detach(|| thread.join()) {
            Ok(ended) => ended.map_err(Into::into),
            Err(_) => Err(PyRuntimeError::new_err("the thread of FIX sessions panicked")),
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn running() -> PyErr {
    PyRuntimeError::new_err("the sessions are served already")
}

fn row(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
    let tuple = match event {
        Event::LoggedOn { place, version, key, last_cause } => {
            PyTuple::new(py, ("logon", place, version, key, last_cause).into_pyobject(py)?.iter())
        }
        Event::LoggedOut { place } => PyTuple::new(py, ("logout", place).into_pyobject(py)?.iter()),
        Event::Message { place, version, bytes, order } => {
            let message = FixMessage::of_session(py, &bytes, dictionary_of(version))?;
            PyTuple::new(py, ("message", place, message, order).into_pyobject(py)?.iter())
        }
        Event::Note(text) => PyTuple::new(py, ("note", 0, text).into_pyobject(py)?.iter()),
    }?;
    Ok(tuple.into_any())
}
