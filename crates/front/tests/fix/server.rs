use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use isthmus_front::server::{Dial, Server, ServerSettings};
use isthmus_front::session::{Role, Session, Version};
use isthmus_front::store::Store;
use isthmus_wire::fix::frame::{Head, head};

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
