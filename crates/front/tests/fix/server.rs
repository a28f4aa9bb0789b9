use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use isthmus_front::server::{Dial, Server, ServerSettings, Tls};
use isthmus_front::session::{Identity, Role, Session, Settings, Version};
use isthmus_front::store::Store;
use isthmus_wire::fix::frame::{Head, head};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};

use crate::support::{Echo, identity, settings, told, wire};

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_nanos() as u64
}

struct Counterparty {
    stream: TcpStream,
    kept: Vec<u8>,
}

impl Counterparty {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, kept: Vec::new() }
    }

    fn say(&mut self, body: &str) {
        self.stream.write_all(&wire("FIX.4.4", body, now())).unwrap();
    }

    /// The next message, without times, length and sum; `end` at the end.
    fn hear(&mut self) -> String {
        loop {
            if let Head::Message { length } = head(&self.kept) {
                let message: Vec<u8> = self.kept.drain(..length).collect();
                return told(&message).remove(0);
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes).unwrap() {
                0 => return "end".to_owned(),
                count => self.kept.extend_from_slice(&bytes[..count]),
            }
        }
    }
}

fn server(role: Role) -> (Server, SocketAddr) {
    let mut server = Server::new(ServerSettings::default()).unwrap();
    server.sessions.add(Session::new(settings(role), Store::in_memory(now()), 0)).unwrap();
    let address = server.listen("127.0.0.1:0".parse().unwrap()).unwrap();
    (server, address)
}

/// Runs the server while the talk goes on, and gives back what its application heard.
fn during(mut server: Server, talk: impl FnOnce()) -> Vec<String> {
    let waker = server.waker();
    let running = thread::spawn(move || {
        let mut echo = Echo::default();
        server.run(&mut echo).unwrap();
        echo.heard
    });
    talk();
    waker.stop();
    running.join().unwrap()
}

#[test]
fn a_counterparty_logs_on_is_answered_and_logs_out() {
    let (server, address) = server(Role::Acceptor);
    let heard = during(server, || {
        let mut other = Counterparty::new(TcpStream::connect(address).unwrap());
        other.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        assert_eq!(other.hear(), "35=A|34=1|49=ISLD|56=TW|98=0|108=30");
        other.say("35=B|34=2|49=TW|52=<now>|56=ISLD|58=hello|");
        assert_eq!(other.hear(), "35=B|34=2|49=ISLD|56=TW|58=hello");
        other.say("35=5|34=3|49=TW|52=<now>|56=ISLD|");
        assert_eq!(other.hear(), "35=5|34=3|49=ISLD|56=TW");
        assert_eq!(other.hear(), "end");
    });
    assert_eq!(heard, ["logon", "hello", "logout"]);
}

#[test]
fn a_logon_may_come_byte_by_byte_over_a_connection_that_was_handed_in() {
    let (server, _) = server(Role::Acceptor);
    let taker = server.taker();
    let heard = during(server, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut other = Counterparty::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let (stream, peer) = listener.accept().unwrap();
        assert!(taker.take(stream, peer));
        for byte in wire("FIX.4.4", "35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|", now()) {
            other.stream.write_all(&[byte]).unwrap();
        }
        assert_eq!(other.hear(), "35=A|34=1|49=ISLD|56=TW|98=0|108=30");
    });
    assert_eq!(heard, ["logon", "logout"]);
}

#[test]
fn a_second_connection_of_the_same_identity_is_closed_and_the_first_goes_on() {
    let (server, address) = server(Role::Acceptor);
    during(server, || {
        let mut first = Counterparty::new(TcpStream::connect(address).unwrap());
        first.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        assert!(first.hear().starts_with("35=A"));
        let mut second = Counterparty::new(TcpStream::connect(address).unwrap());
        second.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        assert_eq!(second.hear(), "end");
        first.say("35=1|34=2|49=TW|52=<now>|56=ISLD|112=there|");
        assert_eq!(first.hear(), "35=0|34=2|49=ISLD|56=TW|112=there");
    });
}

#[test]
fn an_initiator_connects_until_somebody_is_there() {
    let mut server = Server::new(ServerSettings::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let place = server.sessions.add(Session::new(settings(Role::Initiator), Store::in_memory(now()), 0)).unwrap();
    server.dial(place, Dial { addresses: vec![address], every: Duration::from_millis(50), tls: None });
    let heard = during(server, || {
        thread::sleep(Duration::from_millis(200));
        let listener = TcpListener::bind(address).unwrap();
        let mut other = Counterparty::new(listener.accept().unwrap().0);
        assert_eq!(other.hear(), "35=A|34=1|49=ISLD|56=TW|98=0|108=30");
        other.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        other.say("35=B|34=2|49=TW|52=<now>|56=ISLD|58=hello|");
        assert_eq!(other.hear(), "35=B|34=2|49=ISLD|56=TW|58=hello");
    });
    assert_eq!(heard, ["logon", "hello", "logout"]);
    assert_eq!(identity(Version::Fix44).to_string(), "FIX.4.4:ISLD->TW");
}

/// A certificate of `localhost` that signs itself, and its key; for tests only.
const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.der");
const KEY: &[u8] = include_bytes!("tls/key.der");

fn trust() -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(CERTIFICATE)).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Tls { config: Arc::new(config), name: ServerName::try_from("localhost").unwrap() }
}

#[test]
fn an_initiator_speaks_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::new(ServerSettings::default()).unwrap();
    let place = server.sessions.add(Session::new(settings(Role::Initiator), Store::in_memory(now()), 0)).unwrap();
    server.dial(place, Dial { addresses: vec![address], every: Duration::from_millis(50), tls: Some(trust()) });
    let heard = during(server, || {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key).unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut secret = rustls::Stream::new(&mut tls, &mut stream);
        let mut bytes = [0; 4096];
        let count = secret.read(&mut bytes).unwrap();
        assert_eq!(told(&bytes[..count]), ["35=A|34=1|49=ISLD|56=TW|98=0|108=30"]);
        secret.write_all(&wire("FIX.4.4", "35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|", now())).unwrap();
        let long = format!("35=B|34=2|49=TW|52=<now>|56=ISLD|58={}|", "x".repeat(100_000));
        secret.write_all(&wire("FIX.4.4", &long, now())).unwrap();
        let mut answer = Vec::new();
        while head(&answer) == Head::Incomplete {
            let count = secret.read(&mut bytes).unwrap();
            answer.extend_from_slice(&bytes[..count]);
        }
        assert!(told(&answer)[0].starts_with("35=B|34=2|49=ISLD|56=TW|58=xxx"));
    });
    assert_eq!(heard.len(), 3);
}

#[test]
fn a_long_resend_does_not_keep_another_session_waiting() {
    let (mut server, address) = server(Role::Acceptor);
    let other = Identity { target: b"OTHER".to_vec(), ..identity(Version::Fix44) };
    server.sessions.add(Session::new(Settings::new(other, Role::Acceptor), Store::in_memory(now()), 0)).unwrap();
    let first = server.sessions.get_mut(0).unwrap();
    for _ in 0..100_000 {
        first.send(b"B", 0, now(), |encoder| encoder.field(58, &[b'x'; 100])).unwrap();
    }
    during(server, || {
        let mut busy = Counterparty::new(TcpStream::connect(address).unwrap());
        busy.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        assert!(busy.hear().starts_with("35=A|34=100001"));
        let mut quick = Counterparty::new(TcpStream::connect(address).unwrap());
        quick.say("35=A|34=1|49=OTHER|52=<now>|56=ISLD|98=0|108=30|");
        assert!(quick.hear().starts_with("35=A"));
        busy.say("35=2|34=2|49=TW|52=<now>|56=ISLD|7=1|16=0|");
        let reading = thread::spawn(move || {
            let messages = (0..100_001).filter(|_| busy.hear().starts_with("35=")).count();
            (messages, std::time::Instant::now())
        });
        quick.say("35=1|34=2|49=OTHER|52=<now>|56=ISLD|112=quick|");
        assert_eq!(quick.hear(), "35=0|34=2|49=ISLD|56=OTHER|112=quick");
        let answered = std::time::Instant::now();
        let (messages, done) = reading.join().unwrap();
        assert!(messages == 100_001 && answered < done, "the answer came before the resend was done");
    });
}

#[test]
fn a_reader_that_is_too_slow_is_cut_off() {
    let mut server = Server::new(ServerSettings::default()).unwrap();
    let mut narrow = settings(Role::Acceptor);
    narrow.limits.output_bytes = 100_000;
    server.sessions.add(Session::new(narrow, Store::in_memory(now()), 0)).unwrap();
    let address = server.listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let heard = during(server, || {
        let mut other = Counterparty::new(TcpStream::connect(address).unwrap());
        other.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|");
        let text = "x".repeat(500_000);
        for number in 2..100 {
            let body = format!("35=B|34={number}|49=TW|52=<now>|56=ISLD|58={text}|");
            if other.stream.write_all(&wire("FIX.4.4", &body, now())).is_err() {
                return;
            }
        }
        panic!("it is still served");
    });
    assert_eq!(heard.last().map(String::as_str), Some("logout"));
}
