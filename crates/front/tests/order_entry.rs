//! Orders of FIX sessions against a real engine in memory: what is staged, and what is reported of it.
use isthmus_core::broker::Broker;
use isthmus_core::messages::{
    AddAsset, AddInstrument, Code, Command, Deposit, Kill, OpenAccount, PlaceOrder, Symbol, VenueAccepted,
};
use isthmus_front::order_entry::desk::{Desk, Outcome};
use isthmus_front::order_entry::member::Member;
use isthmus_front::order_entry::report::{Kind, Report, Status};
use isthmus_front::order_entry::writing;
use isthmus_front::session::Version;
use isthmus_front::shared::Shared;
use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::index::Index;

const NOW: u64 = 1_700_000_000_000_000_000;

fn code(text: &str) -> Code {
    let mut padded = [0; 16];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    Code(padded)
}

fn symbol(text: &str) -> Symbol {
    let mut padded = [0; 32];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    Symbol(padded)
}

struct House {
    desk: Desk,
    members: [Member; 2],
    index: Index,
}

fn member(session: u32, account: u32) -> Member {
    Member { session, user: 1, role: 1, account, account_text: format!("acc-{account}").into(), secret_sha256: [0; 32] }
}

fn command(broker: &mut Broker, command: Command) -> u64 {
    broker.stage_one(&command, NOW, &[], |_, _| ());
    broker.engine.sequence
}

fn house() -> House {
    let mut broker = Broker::in_memory();
    command(&mut broker, Command::AddAsset(AddAsset { code: code("USD"), decimals: 2 }));
    command(&mut broker, Command::AddAsset(AddAsset { code: code("ACME"), decimals: 0 }));
    let instrument = AddInstrument {
        symbol: symbol("ACME"),
        kind: 1,
        base: 2,
        quote: 1,
        price_decimals: 2,
        quantity_decimals: 0,
        tick: 1,
        lot: 1,
        multiplier: 1,
        maker_fee_ppm: 0,
        taker_fee_ppm: 100,
        collar_bps: 0,
        initial_margin_bps: 0,
        mark: 0,
    };
    command(&mut broker, Command::AddInstrument(instrument));
    let mut accounts = [0; 2];
    for (at, account) in accounts.iter_mut().enumerate() {
        command(&mut broker, Command::OpenAccount(OpenAccount { kind: 1, client_id: [at as u8 + 1; 16], side: 0 }));
        *account = broker.engine.ledger.accounts.len() as u32 - 1;
        for asset in [1, 2] {
            let deposit = Deposit { account: *account, asset, amount: 100_000_000, client_id: [0; 16] };
            command(&mut broker, Command::Deposit(deposit));
        }
    }
    let shared = Shared::new(broker);
    shared.serve();
    let mut desk = Desk::new(shared);
    desk.hear();
    House { desk, members: [member(71, accounts[0]), member(72, accounts[1])], index: Index::new() }
}

impl House {
    fn say(&mut self, who: usize, text: &str) -> Outcome {
        let mut encoder = Encoder::new();
        let mut fields = text.split('|').map(|field| field.split_once('=').expect("tag=value"));
        let (_, msg_type) = fields.next().expect("MsgType first");
        encoder.begin(b"FIX.4.4", msg_type.as_bytes());
        for (tag, value) in fields {
            encoder.field(tag.parse().unwrap(), value.as_bytes());
        }
        let message = encoder.finish().unwrap().to_vec();
        self.index.read(&message).unwrap();
        self.desk.instruct(&self.members[who], &self.index.view(&message), NOW)
    }

    fn reports(&mut self) -> Vec<Report> {
        self.desk.commit();
        self.desk.hear();
        let mut all = Vec::new();
        while let Some(report) = self.desk.due() {
            self.require_valid(&report);
            all.push(report);
        }
        all
    }

    fn stage(&mut self, command: Command) {
        let shared = self.desk.shared().clone();
        let mut held = shared.lock();
        let (body, _) = held.stage_one(&command, NOW, &[], |framed, frames| framed.body(frames).to_vec());
        held.staged_by_python(&body);
        let sequence = held.engine.sequence;
        drop(held);
        shared.release(sequence);
    }

    /// In each version the report is a message of its dictionary.
    fn require_valid(&self, report: &Report) {
        let listed = self.desk.listing.of(report.order.instrument).unwrap();
        let versions = [
            (&b"FIX.4.2"[..], Version::Fix42, Dictionary::fix42()),
            (b"FIX.4.4", Version::Fix44, Dictionary::fix44()),
            (b"FIXT.1.1", Version::Fix50Sp2, Dictionary::fix50sp2()),
        ];
        for (begin, version, dictionary) in versions {
            let mut encoder = Encoder::new();
            encoder.begin(begin, writing::msg_type(report));
            encoder.int(34, 7);
            encoder.field(49, b"ISTHMUS");
            encoder.time(52, NOW, 3);
            encoder.field(56, b"IK1");
            writing::write(report, listed, version, &mut encoder);
            let message = encoder.finish().unwrap().to_vec();
            let mut index = Index::new();
            index.read(&message).unwrap();
            let text = String::from_utf8_lossy(&message).replace('\u{1}', "|");
            assert_eq!(dictionary.validate(&index.view(&message)), Ok(()), "{text}");
        }
    }

    fn wire(&self, report: &Report, version: Version) -> String {
        self.require_valid(report);
        let mut encoder = Encoder::new();
        let listed = self.desk.listing.of(report.order.instrument).unwrap();
        encoder.begin(b"FIX.4.4", writing::msg_type(report));
        writing::write(report, listed, version, &mut encoder);
        String::from_utf8(encoder.finish().unwrap().to_vec()).unwrap().replace('\u{1}', "|")
    }
}

const BUY: &str = "35=D|11=b1|55=ACME|54=1|38=5|40=2|44=10.50|59=1|60=20260101-00:00:00";
const SELL: &str = "35=D|11=s1|55=ACME|54=2|38=8|40=2|44=10.40|59=0|60=20260101-00:00:00";

#[test]
fn an_order_rests_and_is_reported_new() {
    let mut house = house();
    assert_eq!(house.say(0, BUY), Outcome::Staged);
    let reports = house.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].kind, reports[0].order.status, &*reports[0].client), (Kind::New, Status::New, "b1"));
    let wire = house.wire(&reports[0], Version::Fix44);
    for field in ["35=8|", "|150=0|39=0|", "|38=5|", "|44=10.50|", "|151=5|14=0|6=0|", "|11=b1|"] {
        assert!(wire.contains(field), "{field} in {wire}");
    }
}

#[test]
fn a_trade_is_reported_to_both_sides() {
    let mut house = house();
    house.say(0, BUY);
    house.say(1, SELL);
    let reports = house.reports();
    let told: Vec<_> = reports.iter().map(|r| (&*r.client, r.order.status, r.order.filled)).collect();
    let partly = ("s1", Status::PartlyFilled, 5);
    assert_eq!(told, [("b1", Status::New, 0), ("s1", Status::New, 0), ("b1", Status::Filled, 5), partly]);
    assert_eq!(reports[2].sequence, reports[3].sequence);
    let wire = house.wire(&reports[3], Version::Fix44);
    for field in ["|150=F|39=1|", "|32=5|31=10.50|", "|151=3|14=5|6=10.5|", "|851=2|", "|12=0.01|13=3|"] {
        assert!(wire.contains(field), "{field} in {wire}");
    }
    assert!(house.wire(&reports[2], Version::Fix42).contains("|20=0|150=2|39=2|"));
}

#[test]
fn a_cancel_and_a_replacement_carry_both_ids() {
    let mut house = house();
    house.say(0, BUY);
    assert_eq!(
        house.say(0, "35=G|11=b2|41=b1|55=ACME|54=1|38=9|40=2|44=10.30|59=1|60=20260101-00:00:00"),
        Outcome::Staged
    );
    assert_eq!(house.say(0, "35=F|11=b3|41=b2|55=ACME|54=1|38=9|60=20260101-00:00:00"), Outcome::Staged);
    let reports = house.reports();
    let told: Vec<_> = reports.iter().map(|r| (r.kind, &*r.client, r.original.as_deref())).collect();
    assert_eq!(told[1], (Kind::Replaced, "b2", Some("b1")));
    assert_eq!((told[2].1, told[2].2, reports[2].order.status), ("b3", Some("b2"), Status::Cancelled));
    assert_eq!(reports[1].order.quantity, 9);
    assert!(house.wire(&reports[2], Version::Fix44).contains("|151=0|"));
}

#[test]
fn what_is_not_plain_is_for_python() {
    let mut house = house();
    house.say(0, BUY);
    for text in [
        "35=D|11=x|55=NONE|54=1|38=5|40=2|44=10",
        "35=D|11=x|55=ACME|54=1|38=5|40=4|44=10|99=9",
        "35=D|11=x|55=ACME|54=1|38=5|40=2|44=10|847=2",
        "35=D|11=x|1=acc-9999|55=ACME|54=1|38=5|40=2|44=10",
        "35=D|11=x|55=ACME|54=1|38=5|40=2|44=10|100=ELSEWHERE",
        "35=F|11=x|41=unknown|55=ACME|54=1",
        "35=G|11=x|41=b1|55=ACME|54=2|38=5|40=2|44=10",
        "35=H|11=b1|55=ACME|54=1",
    ] {
        assert_eq!(house.say(0, text), Outcome::Cold, "{text}");
    }
    assert_eq!(house.reports().len(), 1);
}

#[test]
fn a_number_with_too_many_decimals_is_bad() {
    let mut house = house();
    let Outcome::Bad(bad) = house.say(0, "35=D|11=x|55=ACME|54=1|38=5|40=2|44=10.505|59=1") else { panic!("taken") };
    assert_eq!(bad.tag, 44);
    let Outcome::Bad(bad) = house.say(0, "35=D|11=x|55=ACME|54=1|38=5.5|40=2|44=10.5|59=1") else { panic!("taken") };
    assert_eq!(bad.tag, 38);
}

#[test]
fn a_refusal_of_the_gate_and_the_same_id_with_another_order_are_rejected() {
    let mut house = house();
    house.say(0, "35=D|11=big|55=ACME|54=1|38=99999999|40=2|44=10.50|59=1");
    house.say(0, BUY);
    house.say(0, &BUY.replace("38=5", "38=6"));
    house.say(0, BUY);
    let reports = house.reports();
    let kinds: Vec<_> = reports.iter().map(|r| (r.kind, r.order.status)).collect();
    assert!(matches!(kinds[0], (Kind::Rejected(_), Status::Rejected)));
    assert_eq!(kinds[1], (Kind::New, Status::New));
    assert!(matches!(kinds[2], (Kind::Rejected(_), Status::Rejected)));
    assert!(house.wire(&reports[2], Version::Fix44).contains("|103=6|"));
    assert_eq!(kinds[3], (Kind::Again, Status::New));
    assert!(house.wire(&reports[0], Version::Fix44).contains("|103=3|58=insufficient_funds|"));
}

#[test]
fn a_refused_cancel_is_an_order_cancel_reject() {
    let mut house = house();
    house.say(0, BUY);
    house.say(0, "35=G|11=b2|41=b1|55=ACME|54=1|38=99999999|40=2|44=10.30|59=1");
    let reports = house.reports();
    assert!(matches!(reports[1].kind, Kind::ChangeRefused { cancel: false, .. }));
    let wire = house.wire(&reports[1], Version::Fix44);
    for field in ["35=9|", "|11=b2|41=b1|39=0|434=2|102=99|"] {
        assert!(wire.contains(field), "{field} in {wire}");
    }
}

#[test]
fn what_others_stage_is_reported_in_its_place() {
    let mut house = house();
    house.say(0, BUY);
    let order = PlaceOrder {
        account: house.members[1].account,
        instrument: 1,
        venue: 0,
        side: 2,
        kind: 2,
        tif: 2,
        flags: 0,
        price: 0,
        quantity: 2,
        client_id: [0; 16],
        session: 0,
    };
    house.stage(Command::PlaceOrder(order));
    house.say(0, "35=F|11=b3|41=b1|55=ACME|54=1|38=5|60=20260101-00:00:00");
    let reports = house.reports();
    let told: Vec<_> = reports.iter().map(|r| (r.order.status, r.order.filled)).collect();
    assert_eq!(told, [(Status::New, 0), (Status::PartlyFilled, 2), (Status::Cancelled, 2)]);
}

#[test]
fn a_kill_ends_what_its_scope_has() {
    let mut house = house();
    house.say(0, BUY);
    house.say(1, "35=D|11=s9|55=ACME|54=2|38=8|40=2|44=99.00|59=1");
    let of = house.members[0].account;
    house.stage(Command::Kill(Kill { scope: 1, of, user: 1 }));
    let reports = house.reports();
    let told: Vec<_> = reports.iter().map(|r| (&*r.client, r.order.status)).collect();
    assert_eq!(told, [("b1", Status::New), ("s9", Status::New), ("b1", Status::Cancelled)]);
}

#[test]
fn nothing_is_reported_before_it_may_be() {
    let mut house = house();
    house.desk.shared().wait_for_receipts();
    house.say(0, BUY);
    assert!(house.reports().is_empty());
    let sequence = house.desk.made();
    house.desk.shared().release(sequence);
    assert_eq!(house.reports().len(), 1);
}

#[test]
fn an_answer_of_a_venue_that_concerns_nobody_is_nothing() {
    let mut house = house();
    house.say(0, BUY);
    house.stage(Command::VenueAccepted(VenueAccepted { order: 99, venue: 3 }));
    assert_eq!(house.reports().len(), 1);
}
