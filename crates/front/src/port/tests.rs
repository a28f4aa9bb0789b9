//! The port as its clients meet it: over real sockets.
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Arrival, Counted, Options, Port, Queue, Takers};

const HTTP: &[u8] = b"GET /health HTTP/1.1\r\n";
const LOGON: &[u8] = b"8=FIX.4.4\x019=5\x0135=A\x01";
const GRPC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(10);

fn options() -> Options {
    Options {
        deadline: PATIENCE,
        undecided: 100,
        connections: 100,
        trusted: Vec::new(),
        tls: None,
        tls_only: false,
        grpc: None,
        mqtt: None,
        amqp: None,
    }
}

struct World {
    port: Port,
    address: SocketAddr,
    http: Arc<Queue>,
    fix: Arc<Queue>,
}

impl World {
    fn new(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (http, fix) = (Arc::new(Queue::new().expect("a queue")), Arc::new(Queue::new().expect("a queue")));
        let takers = Takers { http: http.clone(), fix: Some(fix.clone()) };
        Self { port: Port::open(listener, options, takers).expect("a port"), address, http, fix }
    }

    fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).expect("it listens");
        client.set_nodelay(true).expect("a socket");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client
    }

    fn says(&self, bytes: &[u8]) -> TcpStream {
        let mut client = self.client();
        client.write_all(bytes).expect("room for it");
        client
    }

    fn count(&self, counted: Counted) -> u64 {
        self.port.tower().count(counted)
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(1));
    }
}

/// The only connection that came, and the first bytes that its taker reads.
fn arrived(queue: &Queue, bytes: usize) -> (Arrival, Vec<u8>) {
    let mut came = Vec::new();
    until("a connection", || {
        came.append(&mut queue.collect(10));
        !came.is_empty()
    });
    assert_eq!(came.len(), 1);
    let arrival = came.pop().expect("one");
    let mut stream = TcpStream::from(arrival.stream.try_clone().expect("a descriptor"));
    stream.set_nonblocking(false).expect("a socket");
    let mut read = vec![0; bytes];
    stream.read_exact(&mut read).expect("all that was sent");
    (arrival, read)
}

/// What the client hears until the end.
fn heard(mut client: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match client.read_to_end(&mut all) {
        Ok(_) => all,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => all,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_taker_gets_the_client_with_every_byte_still_to_read() {
    let world = World::new(options());
    let http = world.says(HTTP);
    let (arrival, read) = arrived(&world.http, HTTP.len());
    assert_eq!((read.as_slice(), arrival.tls), (HTTP, false));
    assert_eq!(arrival.peer, http.local_addr().expect("an address"));
    let fix = world.says(LOGON);
    let (arrival, read) = arrived(&world.fix, LOGON.len());
    assert_eq!((read.as_slice(), arrival.peer), (LOGON, fix.local_addr().expect("an address")));
    let mut taken = TcpStream::from(arrival.stream);
    taken.write_all(b"back").expect("it is the client's own");
    drop(taken);
    assert_eq!(heard(fix), b"back");
}

#[test]
fn a_byte_at_a_time_is_as_good_as_all_at_once() {
    let world = World::new(options());
    for (bytes, queue) in [(HTTP, &world.http), (LOGON, &world.fix)] {
        let mut client = world.client();
        for byte in bytes {
            client.write_all(&[*byte]).expect("room for it");
            sleep(Duration::from_millis(2));
        }
        assert_eq!(arrived(queue, bytes.len()).1, bytes);
    }
}

#[test]
fn a_client_that_ends_before_it_said_what_it_speaks_is_closed_at_once() {
    let world = World::new(options());
    for said in [&b""[..], b"G", b"8=FI", b"\x16\x03"] {
        let client = world.says(said);
        client.shutdown(Shutdown::Write).expect("a socket");
        assert_eq!(heard(client), b"");
    }
    until("four closed", || world.count(Counted::Closed) == 4);
    until("nobody is undecided", || world.port.tower().undecided() == 0);
}

#[test]
fn what_nobody_speaks_is_closed() {
    let world = World::new(options());
    for said in [&b"SSH-2.0-OpenSSH\r\n"[..], b"\0\0\0\0", b"8=FAX", b"get / http"] {
        assert_eq!(heard(world.says(said)), b"");
    }
    assert_eq!((world.count(Counted::Closed), world.count(Counted::Accepted)), (4, 4));
}

#[test]
fn who_says_nothing_is_closed_at_the_deadline_and_however_slowly_he_begins() {
    let world = World::new(Options { deadline: Duration::from_millis(300), ..options() });
    let began = Instant::now();
    let silent = world.client();
    let mut slow = world.client();
    for byte in b"GET" {
        slow.write_all(&[*byte]).expect("room for it");
        sleep(Duration::from_millis(50));
    }
    assert_eq!((heard(silent), heard(slow)), (Vec::new(), Vec::new()));
    assert!(began.elapsed() >= Duration::from_millis(300) && began.elapsed() < PATIENCE);
    assert_eq!(world.count(Counted::Late), 2);
}

#[test]
fn above_the_limit_of_the_undecided_the_one_that_waited_longest_goes() {
    let world = World::new(Options { undecided: 3, ..options() });
    let mut clients: Vec<TcpStream> = Vec::new();
    for number in 0..4 {
        clients.push(world.client());
        until("it is let in", || world.count(Counted::Accepted) == number + 1);
    }
    assert_eq!(heard(clients.remove(0)), b"");
    assert_eq!(world.count(Counted::Crowded), 1);
    clients[2].write_all(HTTP).expect("room for it");
    assert_eq!(arrived(&world.http, HTTP.len()).1, HTTP);
}

#[test]
fn connections_that_takers_have_count_for_the_limit_of_all() {
    let world = World::new(Options { connections: 3, ..options() });
    world.http.serve(2);
    let mut first = world.client();
    until("it is let in", || world.port.tower().undecided() == 1);
    assert_eq!(heard(world.client()), b"");
    assert_eq!(world.count(Counted::Crowded), 1);
    world.http.serve(0);
    first.write_all(HTTP).expect("room for it");
    assert_eq!(arrived(&world.http, HTTP.len()).1, HTTP);
}

#[test]
fn only_trusted_peers_may_speak_for_others_and_they_must() {
    let told = b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 8080\r\n";
    let open = World::new(options());
    assert_eq!(heard(open.says(told)), b"");
    let trusting = World::new(Options { trusted: vec!["127.0.0.0/8".parse().expect("a network")], ..options() });
    let mut client = trusting.client();
    for byte in [&told[..], LOGON].concat() {
        client.write_all(&[byte]).expect("room for it");
    }
    let (arrival, read) = arrived(&trusting.fix, LOGON.len());
    assert_eq!((read.as_slice(), arrival.peer), (LOGON, "192.0.2.7:4711".parse().expect("an address")));
    for wrong in [HTTP, b"PROXY TCP4 x\r\n", &[&told[..], &told[..]].concat()] {
        assert_eq!(heard(trusting.says(wrong)), b"");
    }
}

#[test]
fn mqtt_and_amqp_and_tls_that_nobody_serves_are_told_so() {
    let world = World::new(options());
    assert_eq!(heard(world.says(b"\x10\x0c\0\x04MQTT\x04")), [0x20, 2, 0, 3]);
    assert_eq!(heard(world.says(b"\x10\x0d\0\x04MQTT\x05")), [0x20, 3, 0, 0x88, 0]);
    assert_eq!(heard(world.says(b"\x10\x0c\0\x04MQTT\x09")), [0x20, 2, 0, 1]);
    assert_eq!(heard(world.says(b"AMQP\0\0\x09\x01")), b"AMQP\0\x01\0\0");
    assert_eq!(heard(world.says(b"\x16\x03\x01\x02\x00\x01\x00")), [0x15, 3, 3, 0, 2, 2, 40]);
    assert_eq!(world.count(Counted::Unserved), 5);
}

#[test]
fn mqtt_is_carried_to_its_broker_both_ways_and_each_half_ends_by_itself() {
    let broker = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = broker.local_addr().expect("an address");
    let world = World::new(Options { mqtt: Some(at), ..options() });
    let hello = b"\x10\x0c\0\x04MQTT\x04\x02";
    let client = world.says(hello);
    let (mut server, _) = broker.accept().expect("carried");
    let mut read = [0; 10];
    server.read_exact(&mut read).expect("what the client said");
    assert_eq!(&read, hello);
    client.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(server.read(&mut read).expect("the end"), 0);
    let much = vec![7; 3_000_000];
    let written = std::thread::spawn(move || server.write_all(&much).expect("the client reads"));
    assert_eq!(heard(client).len(), 3_000_000);
    written.join().expect("all of it");
    until("it is over", || world.port.tower().carried() == 0);
}

#[test]
fn grpc_is_carried_to_its_socket_by_a_name_that_tells_the_client() {
    let folder = std::env::temp_dir().join(format!("isthmus-port-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("grpc");
    let _ = std::fs::remove_file(&path);
    let server = UnixListener::bind(&path).expect("a socket");
    let world = World::new(Options { grpc: Some(path), ..options() });
    let _client = world.says(GRPC);
    let (mut stream, peer) = server.accept().expect("carried");
    let mut read = vec![0; GRPC.len()];
    stream.read_exact(&mut read).expect("the preface");
    assert_eq!(read, GRPC);
    let shown = format!("{peer:?}");
    assert!(shown.contains("/127.0.0.1") && shown.contains("isthmus/"), "{shown}");
    std::fs::remove_dir_all(folder).expect("it was ours");
}

#[test]
fn a_protocol_without_a_taker_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let http = Arc::new(Queue::new().expect("a queue"));
    let port = Port::open(listener, options(), Takers { http, fix: None }).expect("a port");
    for said in [LOGON, GRPC] {
        let mut client = TcpStream::connect(address).expect("it listens");
        client.write_all(said).expect("room for it");
        assert_eq!(heard(client), b"");
    }
    let tower = port.tower();
    assert_eq!((tower.count(Counted::Fix), tower.count(Counted::Unserved)), (1, 2));
}

#[test]
fn after_a_stop_nobody_is_let_in_and_the_undecided_are_dropped() {
    let mut world = World::new(options());
    let undecided = world.says(b"GE");
    until("it is let in", || world.port.tower().undecided() == 1);
    world.port.stop();
    assert_eq!(heard(undecided), b"");
    until("it listens no more", || TcpStream::connect(world.address).is_err());
    world.port.close(PATIENCE).expect("no fault");
    assert!(!world.port.is_running());
}
