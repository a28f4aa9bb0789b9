//! Engine and gateways on one lane after the other: in one process, and as processes that are killed.
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use isthmus_core::broker::{Broker, Options};
use isthmus_core::journal::Durability;
use isthmus_core::messages::{
    AddAsset, AddInstrument, CancelOrder, Code, Command, Deposit, OpenAccount, PlaceOrder, Symbol,
};
use isthmus_core::names::Reason;
use isthmus_core::orders::{BUY, GTC, LIMIT, SELL};
use isthmus_core::record::Origin;
use isthmus_core::row::{DONE, NOT_CANCELLED, REFUSED, REPEATED, row};
use isthmus_port::lane::{FILLS, MORE, SLOTS};
use isthmus_port::{Gateway, Port, Reply};

const ANN: u32 = 16;
const BEN: u32 = 17;
const OPTIONS: Options = Options { durability: Durability::Os, segment_bytes: 64 << 20, snapshot_records: 1 << 20 };
const LIMIT_S: Duration = Duration::from_secs(20);

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [0; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    padded
}

/// One instrument, two accounts with money and stock.
fn setup() -> Vec<Command> {
    let asset = |code| Command::AddAsset(AddAsset { code: Code(text(code)), decimals: 0 });
    let mut made = vec![asset("USD"), asset("STOCK")];
    made.push(Command::AddInstrument(AddInstrument {
        symbol: Symbol(text("STOCK-USD")),
        kind: 1,
        base: 2,
        quote: 1,
        price_decimals: 0,
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
    for account in [ANN, BEN] {
        made.push(Command::OpenAccount(OpenAccount { kind: 1, client_id: [0; 16], side: 0 }));
        for asset in [1, 2] {
            made.push(Command::Deposit(Deposit { account, asset, amount: 1 << 40, client_id: [0; 16] }));
        }
    }
    made
}

fn order(account: u32, side: u8, price: i64, quantity: i64, client_id: u8) -> [u8; 64] {
    let placed = PlaceOrder {
        account,
        instrument: 1,
        venue: 0,
        side,
        kind: LIMIT,
        tif: GTC,
        flags: 0,
        price,
        quantity,
        client_id: [client_id; 16],
        session: 0,
    };
    row(&Command::PlaceOrder(placed)).expect("rows carry orders")
}

fn cancel(order: u64, account: u32) -> [u8; 64] {
    row(&Command::CancelOrder(CancelOrder { order, account, reason: 0, client_id: [0; 16] }))
        .expect("rows carry cancels")
}

/// An engine in memory that serves on a thread of its own until it is dropped.
struct Engine {
    stop: Arc<AtomicBool>,
    gateways: Arc<AtomicUsize>,
    thread: Option<JoinHandle<Broker>>,
}

impl Engine {
    fn serve(name: &str) -> Self {
        let (stop, gateways) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (served, until, count) = (name.to_owned(), stop.clone(), gateways.clone());
        let (ready, started) = sync_channel(0);
        let thread = std::thread::spawn(move || {
            let mut broker = in_memory();
            let mut port = Port::create(&served).expect("no other test has this name");
            ready.send(()).unwrap();
            while !until.load(Ordering::Relaxed) {
                if port.turn(&mut broker).expect("in memory nothing fails") == 0 {
                    std::thread::yield_now();
                }
                count.store(port.gateways(), Ordering::Relaxed);
            }
            broker
        });
        started.recv().unwrap();
        Self { stop, gateways, thread: Some(thread) }
    }

    fn end(mut self) -> Broker {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }

    fn wait_for_gateways(&self, count: usize) {
        let started = Instant::now();
        while self.gateways.load(Ordering::Relaxed) != count {
            assert!(started.elapsed() < LIMIT_S, "still {} gateways", self.gateways.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a name leaves in shared memory.
fn memory_of(name: &str) -> PathBuf {
    Path::new("/dev/shm").join(format!("isthmus-{name}"))
}

fn stage(broker: &mut Broker, commands: Vec<Command>) {
    for command in commands {
        broker.stage(&command, 1, &[]);
    }
    broker.settle().unwrap();
}

fn in_memory() -> Broker {
    let mut broker = Broker::in_memory();
    stage(&mut broker, setup());
    broker
}

fn name(test: &str) -> String {
    format!("test-{test}-{}", std::process::id())
}

fn gateway(name: &str, number: u8) -> Gateway {
    Gateway::open(name, number, LIMIT_S).unwrap()
}

/// Sends and waits for the one reply.
fn told(gateway: &mut Gateway, row: [u8; 64]) -> Reply {
    gateway.send(row).expect("a free place");
    gateway.wait(LIMIT_S).expect("a reply")
}

#[test]
fn orders_trade_and_are_cancelled_over_two_lanes() {
    let name = name("two-lanes");
    let engine = Engine::serve(&name);
    let (mut first, mut second) = (gateway(&name, 1), gateway(&name, 2));
    let placed = told(&mut first, order(ANN, SELL, 100, 10, 0));
    assert_eq!((placed.ask, placed.status, placed.filled), (1, DONE, 0));
    assert_eq!((placed.order, placed.cancelled), (placed.sequence, NOT_CANCELLED));
    let taken = told(&mut second, order(BEN, BUY, 100, 4, 0));
    assert_eq!((taken.filled, taken.fills().len(), taken.sequence), (4, 1, placed.sequence + 1));
    let fill = taken.fills()[0];
    assert_eq!((fill.maker_order, fill.price, fill.quantity), (placed.order, 100, 4));
    let gone = told(&mut first, cancel(placed.order, ANN));
    assert_eq!((gone.ask, gone.order, gone.status, gone.cancelled), (2, placed.order, DONE, 0));
    let refused = told(&mut second, cancel(placed.order, BEN));
    assert_eq!((refused.status, refused.reason), (REFUSED, Reason::UnknownOrder as u16));
    assert!(first.poll().is_none() && second.poll().is_none());
    assert!(engine.end().engine.orders.is_empty());
}

#[test]
fn records_are_those_of_the_same_commands_with_the_gateway_as_their_origin() {
    let name = name("records");
    let engine = Engine::serve(&name);
    told(&mut gateway(&name, 3), order(ANN, SELL, 100, 10, 7));
    let served = engine.end();
    let mut other = in_memory();
    let origin = Origin { gateway: 3, ..Origin::default() }.encode();
    other.stage(&isthmus_core::row::command(&order(ANN, SELL, 100, 10, 7)), served.engine.stamp, &origin);
    assert_eq!(other.engine.state(), served.engine.state());
}

#[test]
fn more_fills_than_a_reply_carries_come_in_several() {
    let name = name("fills");
    let _engine = Engine::serve(&name);
    let mut gateway = gateway(&name, 1);
    let makers = 2 * FILLS as i64 + 1;
    for price in 1..=makers {
        told(&mut gateway, order(ANN, SELL, price, 1, 0));
    }
    gateway.send(order(BEN, BUY, makers, makers + 5, 0)).unwrap();
    let replies: Vec<Reply> = (0..3).map(|_| gateway.wait(LIMIT_S).unwrap()).collect();
    assert_eq!(replies.iter().map(|r| r.status).collect::<Vec<_>>(), [MORE, MORE, DONE]);
    assert!(replies.iter().all(|r| r.ask == makers as u64 + 1 && r.filled == makers));
    let prices: Vec<i64> = replies.iter().flat_map(|r| r.fills().iter().map(|f| f.price)).collect();
    assert_eq!(prices, (1..=makers).collect::<Vec<_>>());
    assert_eq!(told(&mut gateway, cancel(1, BEN)).ask, makers as u64 + 2);
}

#[test]
fn a_gateway_that_does_not_read_waits_alone_and_misses_nothing() {
    let name = name("slow");
    let _engine = Engine::serve(&name);
    let (mut slow, mut quick) = (gateway(&name, 1), gateway(&name, 2));
    for ask in 1..=SLOTS {
        assert_eq!(slow.send(order(ANN, SELL, 100, 1, 0)), Some(ask));
    }
    assert_eq!(slow.send(order(ANN, SELL, 100, 1, 0)), None);
    assert_eq!(told(&mut quick, order(BEN, SELL, 101, 1, 0)).status, DONE);
    let read: Vec<u64> = (0..SLOTS).map(|_| slow.wait(LIMIT_S).unwrap().ask).collect();
    assert_eq!(read, (1..=SLOTS).collect::<Vec<_>>());
    // One ask whose fills need many replies, and behind it as many asks as there are places: more than fits unread.
    assert_eq!(slow.send(order(BEN, BUY, 100, SLOTS as i64, 0)), Some(SLOTS + 1));
    for ask in 2..=SLOTS {
        assert_eq!(slow.send(cancel(1, BEN)), Some(SLOTS + ask));
    }
    assert_eq!(told(&mut quick, cancel(1, BEN)).status, REFUSED);
    let replies = (SLOTS as usize).div_ceil(FILLS) + SLOTS as usize - 1;
    let replies: Vec<Reply> = (0..replies).map(|_| slow.wait(LIMIT_S).unwrap()).collect();
    assert_eq!(replies.iter().map(|reply| reply.fills().len()).sum::<usize>(), SLOTS as usize);
    assert_eq!(replies.last().map(|reply| reply.ask), Some(2 * SLOTS));
    assert!(replies.iter().zip(replies.iter().skip(1)).all(|(a, b)| b.ask >= a.ask));
    assert_eq!(slow.poll(), None);
}

#[test]
fn a_name_is_one_engines_and_without_an_engine_nobody_answers() {
    let name = name("alone");
    let nobody = Gateway::open(&name, 1, Duration::from_millis(30)).err().unwrap();
    assert!(nobody.0.ends_with("no engine answers"));
    let engine = Engine::serve(&name);
    assert!(Port::create(&name).err().unwrap().0.contains("another engine serves this name"));
    drop(engine);
    assert!(!memory_of(&name).exists());
    drop(Engine::serve(&name));
    for wrong in ["", "a/b", "..", &"x".repeat(65)] {
        assert!(Port::create(wrong).is_err() && Gateway::open(wrong, 1, LIMIT_S).is_err());
    }
}

#[test]
fn a_gateway_that_leaves_is_forgotten_and_may_come_back() {
    let name = name("back");
    let engine = Engine::serve(&name);
    let mut first = gateway(&name, 1);
    told(&mut first, order(ANN, SELL, 100, 10, 2));
    let other = gateway(&name, 1);
    engine.wait_for_gateways(2);
    drop((first, other));
    engine.wait_for_gateways(0);
    let again = told(&mut gateway(&name, 1), order(ANN, SELL, 100, 10, 2));
    assert_eq!((again.ask, again.status), (1, REPEATED));
}

#[test]
fn a_killed_gateway_is_forgotten_and_may_come_back() {
    let name = name("killed-gateway");
    let engine = Engine::serve(&name);
    let mut dying = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "dies_as_a_gateway", "--ignored"])
        .env("LANE_OF", &name)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    engine.wait_for_gateways(1);
    dying.kill().unwrap();
    dying.wait().unwrap();
    engine.wait_for_gateways(0);
    let reply = told(&mut gateway(&name, 1), order(BEN, BUY, 90, 4, 2));
    assert_eq!((reply.ask, reply.status), (1, DONE));
}

/// Not a test: what the one above kills.
#[test]
#[ignore = "a process of another test"]
fn dies_as_a_gateway() {
    let mut gateway = Gateway::open(&std::env::var("LANE_OF").unwrap(), 1, LIMIT_S).unwrap();
    gateway.send(order(ANN, SELL, 100, 10, 1)).unwrap();
    std::thread::sleep(LIMIT_S);
}

/// `isthmus-port` on a folder.
struct Served {
    process: Child,
    folder: PathBuf,
}

impl Served {
    fn start(folder: &Path, name: &str) -> Self {
        let mut process = Process::new(env!("CARGO_BIN_EXE_isthmus-port"))
            .args(["--data", folder.to_str().unwrap(), "--durability", "os", "--name", name])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with(r#"{"event":"ready""#), "{line}");
        Self { process, folder: folder.to_owned() }
    }

    fn ended(&mut self) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < LIMIT_S {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the engine did not end");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn prepared(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(name(test));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let mut broker = Broker::open(&folder, OPTIONS).expect("a fresh folder");
    stage(&mut broker, setup());
    broker.close().unwrap();
    folder
}

#[test]
fn a_killed_engine_serves_again_and_what_it_replied_is_there() {
    let (folder, name) = (prepared("killed"), name("killed"));
    let mut served = Served::start(&folder, &name);
    let mut before = gateway(&name, 1);
    let placed = told(&mut before, order(ANN, SELL, 100, 10, 1));
    served.process.kill().unwrap();
    served.process.wait().unwrap();
    before.send(order(BEN, BUY, 100, 4, 2)).unwrap();
    assert_eq!(before.wait(Duration::from_millis(50)), None);

    let mut served = Served::start(&folder, &name);
    let mut gateway = gateway(&name, 1);
    let again = told(&mut gateway, order(ANN, SELL, 100, 10, 1));
    assert_eq!((again.status, again.ask), (REPEATED, 1));
    let taken = told(&mut gateway, order(BEN, BUY, 100, 4, 2));
    assert_eq!((taken.status, taken.fills()[0].maker_order), (DONE, placed.order));
    assert_eq!(before.poll(), None);
    drop(before);
    drop(gateway);
    let asked = Process::new("kill").args(["-TERM", &served.process.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(served.ended(), Some(0));
    let found = Broker::open(&served.folder, OPTIONS).expect("sealed");
    assert_eq!((found.recovered.records, found.recovered.snapshot), (0, taken.sequence));
    drop(found);
    std::fs::remove_dir_all(&folder).unwrap();
    let _ = std::fs::remove_dir_all(memory_of(&name));
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let run = |arguments: &[&str]| {
        let done = Process::new(env!("CARGO_BIN_EXE_isthmus-port")).args(arguments).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    for wrong in [&[][..], &["--data"], &["--data", "x", "--durability", "perhaps"], &["--name", "x"]] {
        let (code, said) = run(wrong);
        assert!(code == Some(2) && said.contains("--data DIR"), "{wrong:?}: {said}");
    }
    let folder = prepared("locked");
    let kept = Broker::open(&folder, OPTIONS).expect("prepared");
    let (code, said) = run(&["--data", folder.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("lock"), "{said}");
    drop(kept);
    std::fs::remove_dir_all(&folder).unwrap();
}
