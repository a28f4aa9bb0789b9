//! Whatever bytes come, a FIX session answers in messages: no panic, numbers only grow, memory stays within its limits.
//!
//! The input is a list of steps: a kind (a byte), a length (a byte), so many bytes. Most kinds wrap the bytes into a message
//! that is whole, so that they get past the framing.
#![no_main]
use isthmus_front::echo::{Echo, EchoBoard};
use isthmus_front::rules::DictionaryRules;
use isthmus_front::session::{Identity, Role, Session, Settings, Version};
use isthmus_front::store::Store;
use isthmus_wire::fix::frame::{Head, checksum, head};
use libfuzzer_sys::fuzz_target;

const NOON: u64 = 1_767_614_400_000_000_000;
const SECOND: u64 = 1_000_000_000;
const TIME: &str = "52=20260105-12:00:00\x0156=ISLD\x01";

fn framed(body: &[u8]) -> Vec<u8> {
    let mut message = format!("8=FIX.4.4\x019={}\x01", body.len()).into_bytes();
    message.extend_from_slice(body);
    let sum = checksum(&message);
    message.extend(format!("10={sum:03}\x01").into_bytes());
    message
}

fn body(kind: u8, number: u64, bytes: &[u8]) -> Vec<u8> {
    const TYPES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "A", "D", "C", "j"];
    let mut body =
        format!("35={}\x0134={number}\x0149=TW\x01{TIME}", TYPES[usize::from(kind) % TYPES.len()]).into_bytes();
    body.extend(bytes.iter().map(|byte| if *byte == b'|' { 1 } else { *byte }));
    body.push(1);
    body
}

fuzz_target!(|bytes: &[u8]| {
    let identity = Identity { version: Version::Fix44, sender: b"ISLD".to_vec(), target: b"TW".to_vec() };
    let mut settings = Settings::new(identity, Role::Acceptor);
    settings.rules = Some(DictionaryRules::of(Version::Fix44));
    settings.limits.early_messages = 16;
    let mut session = Session::new(settings, Store::in_memory(NOON), 0);
    let mut echo = Echo::new(EchoBoard::default(), false);
    let mut now = NOON;
    session.connect(now);
    session.receive(&framed(&body(6, 1, b"98=0|108=30")), now, &mut echo);
    let mut rest = bytes;
    while let [kind, length, behind @ ..] = rest {
        let (part, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = behind;
        let before = session.next_in();
        match kind % 16 {
            0 => now += SECOND * u64::from(*length) / 16,
            1 => {
                session.receive(part, now, &mut echo);
            }
            2 => {
                session.receive(&framed(part), now, &mut echo);
            }
            shift => {
                let number = (before + u64::from(shift / 14)).saturating_sub(u64::from(shift == 13));
                session.receive(&framed(&body(kind / 16, number, part)), now, &mut echo);
            }
        }
        session.tick(now, &mut echo);
        session.commit().expect("a store in memory does not fail");
        let output = std::mem::take(session.output());
        let mut at = 0;
        while at < output.len() {
            let Head::Message { length } = head(&output[at..]) else { panic!("what is said is no message") };
            at += length;
        }
        if session.close_after_output() {
            session.disconnected(now, &mut echo);
            session.connect(now);
            let number = session.next_in();
            session.receive(&framed(&body(6, number, b"98=0|108=30")), now, &mut echo);
        }
    }
});
