//! The port that understands everyone, for Python: a listener goes in, descriptors of HTTP connections come out.
//!
//! No descriptor is ever made of a number here: the listener comes by a message (SCM_RIGHTS), which carries ownership.
use std::io;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isthmus_front::port::sniff::{Kind, Sniffed, sniff as look};
use isthmus_front::port::tls::{Files, TlsConfig};
use isthmus_front::port::{Counted, Network, Options, Port, Queue, Taker, Takers};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// One HTTP connection: its descriptor, which the caller owns from now on, the client's address and port, whether TLS.
type Came = (i32, String, u16, bool);

/// Who takes FIX connections: made by the server that does (`FixTaker::of`), given to `Front` as `fix`.
#[pyclass(module = "isthmus._core", frozen)]
pub struct FixTaker(Arc<dyn Taker>);

impl FixTaker {
    /// The server, as the port sees it.
    pub fn of(server: Arc<dyn Taker>) -> Self {
        Self(server)
    }
}

/// A queue of connections that a Python event loop takes: `wake` is readable while `take` has something to give.
#[pyclass(module = "isthmus._core", frozen)]
pub struct Arrivals(Arc<Queue>);

#[pymethods]
impl Arrivals {
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self(Arc::new(Queue::new()?)))
    }

    /// The descriptor to watch; it stays the queue's.
    #[getter]
    fn wake(&self) -> i32 {
        self.0.wake().as_raw_fd()
    }

    /// Up to `most` connections, oldest first. Each descriptor belongs to the caller.
    #[pyo3(signature = (most, /))]
    fn take(&self, most: usize) -> Vec<Came> {
        let arrivals = self.0.collect(most).into_iter();
        let rows = arrivals.map(|arrival| {
            let (host, port) = (arrival.peer.ip().to_canonical().to_string(), arrival.peer.port());
            (arrival.stream.into_raw_fd(), host, port, arrival.tls)
        });
        rows.collect()
    }

    /// How many connections the caller has open now: they count for the limit.
    #[pyo3(signature = (count, /))]
    fn serve(&self, count: usize) {
        self.0.serve(count);
    }

    /// This queue as the taker of FIX.
    fn for_fix(&self) -> FixTaker {
        FixTaker::of(self.0.clone())
    }
}

/// The port at work.
#[pyclass(module = "isthmus._core")]
pub struct Front {
    port: Port,
}

/// TLS of the settings: certificate, key, the authority of clients (or None), whether plain connections are refused.
type TlsTerms = (PathBuf, PathBuf, Option<PathBuf>, bool);

#[pymethods]
impl Front {
    /// Serves a listening `socket.socket`, which the caller closes; the port has its own descriptor of it. HTTP goes to
    /// `http`, FIX to `fix`, and is closed where there is none.
    #[new]
    #[pyo3(signature = (listener, http, *, sniff_s, undecided, connections, trusted, fix = None, tls = None, grpc = None, mqtt = None, amqp = None))]
    #[allow(clippy::too_many_arguments)] // the settings of a port, by keyword
    fn new(
        listener: &Bound<'_, PyAny>,
        http: &Arrivals,
        sniff_s: f64,
        undecided: usize,
        connections: usize,
        trusted: Vec<String>,
        fix: Option<&FixTaker>,
        tls: Option<TlsTerms>,
        grpc: Option<PathBuf>,
        mqtt: Option<String>,
        amqp: Option<String>,
    ) -> PyResult<Self> {
        let deadline = Duration::try_from_secs_f64(sniff_s).map_err(|error| refused("sniff_s", error))?;
        let trusted: Result<Vec<Network>, String> = trusted.iter().map(|network| network.parse()).collect();
        let options = Options {
            deadline,
            undecided,
            connections,
            trusted: trusted.map_err(|error| refused("trusted_proxies", error))?,
            tls_only: tls.as_ref().is_some_and(|terms| terms.3),
            tls: tls.map(|terms| tls_config(&terms, grpc.is_some())).transpose()?,
            grpc,
            mqtt: mqtt.map(|text| address("mqtt", &text)).transpose()?,
            amqp: amqp.map(|text| address("amqp", &text)).transpose()?,
        };
        let takers = Takers { http: http.0.clone(), fix: fix.map(|taker| Arc::clone(&taker.0)) };
        let port = Port::open(TcpListener::from(received(listener)?), options, takers)?;
        Ok(Self { port })
    }

    /// Whether the port's thread works.
    #[getter]
    fn running(&self) -> bool {
        self.port.is_running()
    }

    /// Connections by what became of them, and how many are undecided and carried now.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (counts, tower) = (PyDict::new(py), self.port.tower());
        for (counted, name) in Counted::ALL {
            counts.set_item(name, tower.count(counted))?;
        }
        counts.set_item("undecided", tower.undecided())?;
        counts.set_item("carried", tower.carried())?;
        Ok(counts)
    }

    /// Takes no more connections.
    fn stop(&self) {
        self.port.stop();
    }

    /// Waits up to so long for what is carried to end, then cuts it. Raises OSError for a fault that ended the port before.
    #[pyo3(signature = (grace_s, /))]
    fn close(&mut self, py: Python<'_>, grace_s: f64) -> PyResult<()> {
        let grace = Duration::try_from_secs_f64(grace_s).map_err(|error| refused("grace_s", error))?;
        py.detach(|| self.port.close(grace)).map_err(PyOSError::new_err)
    }
}

/// What the first bytes of a connection say: "more", "close", or what is spoken.
#[pyfunction]
#[pyo3(signature = (first, /))]
pub fn sniff(first: &[u8]) -> &'static str {
    match look(first) {
        Sniffed::More => "more",
        Sniffed::Close => "close",
        Sniffed::Is(Kind::Http) => "http",
        Sniffed::Is(Kind::Http2) => "http2",
        Sniffed::Is(Kind::Fix) => "fix",
        Sniffed::Is(Kind::Tls) => "tls",
        Sniffed::Is(Kind::Mqtt { .. }) => "mqtt",
        Sniffed::Is(Kind::Amqp) => "amqp",
        Sniffed::Is(Kind::Proxy) => "proxy",
    }
}

fn refused(field: &str, reason: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{field}: {reason}"))
}

fn address(field: &str, text: &str) -> PyResult<SocketAddr> {
    text.parse().map_err(|_| refused(field, format!("{text} is not ADDRESS:PORT")))
}

fn tls_config((certificate, key, clients, _): &TlsTerms, http2: bool) -> PyResult<Arc<TlsConfig>> {
    let files = Files { certificate, key, clients: clients.as_deref().map(Path::new) };
    let read = TlsConfig::read(&files, http2);
    read.map(Arc::new).map_err(|error| refused(error.field, error.reason))
}

/// A descriptor of the Python socket that is ours: it is sent through a pair of sockets.
fn received(listener: &Bound<'_, PyAny>) -> PyResult<OwnedFd> {
    let py = listener.py();
    let (ours, theirs) = UnixDatagram::pair()?;
    let module = py.import("socket")?;
    let sender = module.call_method1("socket", (-1, -1, -1, theirs.into_raw_fd()))?;
    let sent = listener.call_method0("fileno").and_then(|number| {
        let numbers = PyList::new(py, [number])?;
        module.call_method1("send_fds", (&sender, PyList::new(py, [PyBytes::new(py, b"l")])?, numbers))
    });
    sender.call_method0("close")?;
    sent?;
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut messages = RecvAncillaryBuffer::new(&mut room);
    let mut byte = [0_u8; 1];
    recvmsg(&ours, &mut [io::IoSliceMut::new(&mut byte)], &mut messages, RecvFlags::CMSG_CLOEXEC)
        .map_err(io::Error::from)?;
    let descriptor = messages.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    descriptor.ok_or_else(|| PyOSError::new_err("the listener did not arrive"))
}
