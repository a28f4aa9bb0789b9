//! FIX orders over loopback TCP: socket, session, engine, journal, report, socket. The client is a bare one: it writes orders
//! made beforehand and looks for reports, one at a time without sleeping, since waking a core takes longer than an order.
//!
//! In place of Python stands a thread that takes what sessions made and does nothing with it: what read models cost is
//! measured by the server's own rows.
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use isthmus_core::broker::{Broker as Core, Options};
use isthmus_core::journal::Durability;
use isthmus_core::messages::{AddAsset, AddInstrument, Code, Command, Deposit, OpenAccount, Symbol};
use isthmus_front::order_entry::channel::Channel;
use isthmus_front::order_entry::desk::Desk;
use isthmus_front::order_entry::host::{Broker, Terms, folder_of, settings};
use isthmus_front::order_entry::member::Member;
use isthmus_front::server::{Server, ServerSettings};
use isthmus_front::shared::Shared;
use isthmus_wire::fix::encode::Encoder;
use sha2::{Digest, Sha256};

const KEY: &str = "IKBENCH";
const SECRET: &str = "secret";
const REPORT: &[u8] = b"\x0135=8\x01";
/// Orders on their way at once when they are pipelined.
const WINDOW: usize = 131_072;
/// Orders written at once then.
const BURST: usize = 256;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// A world with one instrument and one rich account.
fn world(folder: &Path, durability: Durability) -> io::Result<(Arc<Shared>, u32)> {
    let options = Options { durability, segment_bytes: 1 << 26, snapshot_records: u64::MAX };
    let mut core = Core::open(folder, options).map_err(|error| io::Error::other(format!("{error:?}")))?;
    let mut stage = |command: Command| {
        core.stage_one(&command, now(), &[], |_, _| ());
    };
    stage(Command::AddAsset(AddAsset { code: Code(*b"USD\0\0\0\0\0\0\0\0\0\0\0\0\0"), decimals: 2 }));
    stage(Command::AddAsset(AddAsset { code: Code(*b"ACME\0\0\0\0\0\0\0\0\0\0\0\0"), decimals: 0 }));
    let mut symbol = [0; 32];
    symbol[..4].copy_from_slice(b"ACME");
    stage(Command::AddInstrument(AddInstrument {
        symbol: Symbol(symbol),
        kind: 1,
        base: 2,
        quote: 1,
        price_decimals: 2,
        quantity_decimals: 0,
        tick: 1,
        lot: 1,
        multiplier: 1,
        maker_fee_ppm: 0,
        taker_fee_ppm: 0,
        collar_bps: 0,
        initial_margin_bps: 0,
        mark: 0,
    }));
    stage(Command::OpenAccount(OpenAccount { kind: 1, client_id: [1; 16], side: 0 }));
    let account = core.engine.ledger.accounts.len() as u32 - 1;
    core.stage_one(
        &Command::Deposit(Deposit { account, asset: 1, amount: i64::MAX / 4, client_id: [0; 16] }),
        now(),
        &[],
        |_, _| (),
    );
    core.settle().map_err(|error| io::Error::other(format!("{error:?}")))?;
    let shared = Shared::new(core);
    shared.serve();
    Ok((shared, account))
}

fn member(account: u32) -> (String, Member) {
    let secret_sha256: [u8; 32] = Sha256::digest(SECRET).into();
    let account_text = format!("acc-{account}").into_boxed_str();
    (KEY.to_owned(), Member { session: 1, user: 1, role: 1, account, account_text, secret_sha256 })
}

/// A client of the session.
struct Client {
    stream: TcpStream,
    encoder: Encoder,
    number: i64,
}

impl Client {
    fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, encoder: Encoder::new(), number: 1 };
        let logon = client.message(b"A", |encoder| {
            encoder.field(98, b"0");
            encoder.field(108, b"3600");
            encoder.field(554, SECRET.as_bytes());
        });
        client.stream.write_all(&logon)?;
        client.await_reports(b"\x0135=A\x01", 1)?;
        Ok(client)
    }

    fn message(&mut self, msg_type: &[u8], body: impl FnOnce(&mut Encoder)) -> Vec<u8> {
        let encoder = &mut self.encoder;
        encoder.begin(b"FIX.4.4", msg_type);
        encoder.int(34, self.number);
        encoder.field(49, KEY.as_bytes());
        encoder.time(52, now(), 3);
        encoder.field(56, b"ISTHMUS");
        self.number += 1;
        body(encoder);
        encoder.finish().expect("a message that can be encoded").to_vec()
    }

    fn order(&mut self) -> Vec<u8> {
        let client = format!("order-{}", self.number);
        let price = 10_000 - self.number % 100;
        self.message(b"D", |encoder| {
            encoder.field(11, client.as_bytes());
            encoder.field(55, b"ACME");
            encoder.field(54, b"1");
            encoder.time(60, now(), 3);
            encoder.int(38, 100);
            encoder.field(40, b"2");
            encoder.decimal(44, price, 2);
            encoder.field(59, b"1");
        })
    }

    /// Reads until so many messages of a type came.
    fn await_reports(&mut self, what: &[u8], count: usize) -> io::Result<()> {
        let mut seen = Seen::default();
        while seen.count < count {
            seen.read(&mut self.stream, what)?;
        }
        Ok(())
    }
}

/// Counts a text in a stream, across reads.
#[derive(Default)]
struct Seen {
    tail: Vec<u8>,
    count: usize,
}

impl Seen {
    fn read(&mut self, stream: &mut TcpStream, what: &[u8]) -> io::Result<()> {
        let kept = self.tail.len();
        self.tail.resize(kept + (1 << 16), 0);
        let read = loop {
            match stream.read(&mut self.tail[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::hint::spin_loop(),
                read => break read?,
            }
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.tail.truncate(kept + read);
        let mut at = 0;
        while let Some(found) = self.tail[at..].windows(what.len()).position(|window| window == what) {
            self.count += 1;
            at += found + what.len();
        }
        let keep = at.max(self.tail.len().saturating_sub(what.len() - 1));
        self.tail.drain(..keep);
        Ok(())
    }
}

/// {"ping_us": percentiles of one order at a time, "probe_us": of a bare write and fdatasync in the same folder, in between,
/// "pipelined_per_s", "orders"}.
pub fn measure(folder: &Path, durability: &str, pings: usize, orders: usize) -> io::Result<String> {
    let durability = match durability {
        "os" => Durability::Os,
        "group" => Durability::Group,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "durability is os or group")),
    };
    fs::create_dir_all(folder)?;
    let (shared, account) = world(folder, durability)?;
    let channel = Arc::new(Channel::new()?);
    let terms = Terms { each: settings("ISTHMUS"), folder: folder_of(folder)?, sync: false };
    let mut broker = Broker::new(terms, Desk::new(shared.clone()), channel.clone());
    let mut server = Server::new(ServerSettings::default())?;
    broker.open(vec![member(account)], &mut server.sessions, now()).map_err(io::Error::other)?;
    broker.learnt(&mut server.sessions, now());
    let port = server.listen("127.0.0.1:0".parse().expect("an address"))?.port();
    let waker = server.waker();
    let serving = thread::Builder::new().name("fix".to_owned()).spawn(move || server.run(&mut broker))?;
    let done = Arc::new(AtomicBool::new(false));
    let beside = thread::spawn({
        let (shared, done) = (shared.clone(), done.clone());
        move || stand_in(&shared, &channel, &done)
    });
    let mut client = Client::connect(port)?;
    let (ping, probe) = one_by_one(&mut client, folder, pings)?;
    let rate = pipelined(&mut client, orders)?;
    waker.stop();
    serving.join().map_err(|_| io::Error::other("the sessions' thread panicked"))??;
    done.store(true, Ordering::Release);
    beside.join().map_err(|_| io::Error::other("the thread beside panicked"))?;
    Ok(format!(
        r#"{{"ping_us":{},"probe_us":{},"pipelined_per_s":{rate:.0},"orders":{orders}}}"#,
        percentiles(ping),
        percentiles(probe)
    ))
}

fn stand_in(shared: &Shared, channel: &Channel, done: &AtomicBool) {
    while !done.load(Ordering::Acquire) {
        channel.events();
        let taken = std::mem::take(&mut shared.lock().for_python);
        match taken.len() {
            0 => thread::sleep(Duration::from_micros(500)),
            _ => shared.settle(u64::MAX),
        }
    }
}

fn one_by_one(client: &mut Client, folder: &Path, pings: usize) -> io::Result<(Vec<u64>, Vec<u64>)> {
    let mut probe = OpenOptions::new().create(true).append(true).open(folder.join("probe"))?;
    let (mut took, mut bare) = (Vec::with_capacity(pings), Vec::new());
    client.stream.set_nonblocking(true)?;
    for at in 0..pings {
        let order = client.order();
        let started = Instant::now();
        client.stream.write_all(&order)?;
        client.await_reports(REPORT, 1)?;
        took.push(started.elapsed().as_nanos() as u64);
        if at % 10 == 0 {
            let started = Instant::now();
            probe.write_all(&[0; 512])?;
            probe.sync_data()?;
            bare.push(started.elapsed().as_nanos() as u64);
        }
    }
    client.stream.set_nonblocking(false)?;
    Ok((took, bare))
}

fn pipelined(client: &mut Client, orders: usize) -> io::Result<f64> {
    let bursts: Vec<Vec<u8>> = (0..orders.div_ceil(BURST))
        .map(|burst| (burst * BURST..orders.min((burst + 1) * BURST)).flat_map(|_| client.order()).collect())
        .collect();
    let mut stream = client.stream.try_clone()?;
    let reported = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let started = Instant::now();
    let writer = thread::spawn({
        let reported = reported.clone();
        move || -> io::Result<()> {
            for (at, burst) in bursts.iter().enumerate() {
                while at * BURST > reported.load(Ordering::Acquire) + WINDOW {
                    thread::sleep(Duration::from_micros(50));
                }
                stream.write_all(burst)?;
            }
            Ok(())
        }
    });
    let mut seen = Seen::default();
    while seen.count < orders {
        seen.read(&mut client.stream, REPORT)?;
        reported.store(seen.count, Ordering::Release);
    }
    let took = started.elapsed();
    writer.join().map_err(|_| io::Error::other("the writer panicked"))??;
    Ok(orders as f64 / took.as_secs_f64())
}

fn percentiles(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    let at = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).map_or(0.0, |ns| *ns as f64 / 1e3);
    format!(r#"{{"p50":{:.2},"p99":{:.2},"p999":{:.2}}}"#, at(0.5), at(0.99), at(0.999))
}
