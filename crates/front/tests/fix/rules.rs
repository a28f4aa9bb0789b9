//! The rules of the session layer, without a socket.
use isthmus_front::session::{Credentials, Phase, Resets, Role, Schedule, Session, Settings};
use isthmus_front::store::Store;

use crate::support::{Echo, NOON, SECOND, settings, store_at, told, wire};

/// A session, its application, and what the counterparty sends it.
struct Talk {
    session: Session,
    echo: Echo,
    now: u64,
}

const LOGON: &str = "35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|";

impl Talk {
    fn with(settings: Settings) -> Self {
        let mut session = Session::new(settings, Store::in_memory(NOON), 0);
        session.connect(NOON);
        Self { session, echo: Echo::default(), now: NOON }
    }

    fn logged_on() -> Self {
        let mut talk = Self::with(settings(Role::Acceptor));
        assert_eq!(talk.say(LOGON), ["35=A|34=1|49=ISLD|56=TW|98=0|108=30"]);
        talk
    }

    /// Sends it and gives back what is answered.
    fn say(&mut self, body: &str) -> Vec<String> {
        let bytes = wire("FIX.4.4", body, self.now);
        self.raw(&bytes)
    }

    fn raw(&mut self, bytes: &[u8]) -> Vec<String> {
        self.session.receive(bytes, self.now, &mut self.echo);
        self.answers()
    }

    fn answers(&mut self) -> Vec<String> {
        self.session.commit().unwrap();
        told(&std::mem::take(self.session.output()))
    }

    /// Lets seconds pass, and gives back what is said meanwhile.
    fn pass(&mut self, seconds: u64) -> Vec<String> {
        for _ in 0..seconds {
            self.now += SECOND;
            self.session.tick(self.now, &mut self.echo);
        }
        self.answers()
    }

    fn reconnect(&mut self) {
        self.session.disconnected(self.now, &mut self.echo);
        self.session.connect(self.now);
    }

    fn send(&mut self, text: &str) {
        self.session.send(b"B", 0, self.now, |encoder| encoder.field(58, text.as_bytes())).unwrap();
    }
}

#[test]
fn a_gap_is_asked_for_once_and_what_came_early_is_taken_in_its_turn() {
    let mut talk = Talk::logged_on();
    assert_eq!(talk.say("35=B|34=4|49=TW|52=<now>|56=ISLD|58=four|"), ["35=2|34=2|49=ISLD|56=TW|7=2|16=0"]);
    assert!(talk.say("35=B|34=5|49=TW|52=<now>|56=ISLD|58=five|").is_empty());
    assert!(talk.say("35=4|34=2|43=Y|49=TW|52=<now>|56=ISLD|36=3|123=Y|").is_empty());
    assert_eq!(talk.say("35=B|34=3|43=Y|49=TW|52=<now>|56=ISLD|122=<now>|58=three|").len(), 3);
    assert!(talk.say("35=B|34=4|43=Y|49=TW|52=<now>|56=ISLD|122=<now>|58=four|").is_empty(), "a duplicate");
    assert_eq!(talk.echo.heard, ["logon", "three", "four", "five"]);
}

#[test]
fn a_gap_is_asked_for_in_chunks_when_the_settings_say_so() {
    let mut talk = Talk::with(Settings { resend_chunk: 2, ..settings(Role::Acceptor) });
    talk.say(LOGON);
    talk.echo.silent = true;
    assert_eq!(talk.say("35=B|34=7|49=TW|52=<now>|56=ISLD|58=7|"), ["35=2|34=2|49=ISLD|56=TW|7=2|16=3"]);
    let mut asked = Vec::new();
    for number in 2..7 {
        let body = format!("35=B|34={number}|43=Y|49=TW|52=<now>|56=ISLD|122=<now>|58={number}|");
        asked.extend(talk.say(&body));
    }
    assert_eq!(asked, ["35=2|34=3|49=ISLD|56=TW|7=4|16=5", "35=2|34=4|49=ISLD|56=TW|7=6|16=0"]);
    assert_eq!(talk.echo.heard, ["logon", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn a_gap_that_is_not_filled_is_asked_for_again() {
    let mut talk = Talk::logged_on();
    talk.say("35=0|34=3|49=TW|52=<now>|56=ISLD|");
    let said: Vec<String> = talk.pass(31);
    assert!(said.contains(&"35=2|34=4|49=ISLD|56=TW|7=2|16=0".to_owned()), "{said:?}");
}

#[test]
fn what_is_asked_for_again_comes_as_duplicates_with_gaps_filled_over_the_rest() {
    let mut talk = Talk::logged_on();
    for text in ["one", "two"] {
        talk.send(text);
    }
    talk.say("35=1|34=2|49=TW|52=<now>|56=ISLD|112=x|");
    talk.send("three");
    talk.answers();
    assert_eq!(
        talk.say("35=2|34=3|49=TW|52=<now>|56=ISLD|7=1|16=0|"),
        [
            "35=4|34=1|43=Y|49=ISLD|56=TW|36=2|123=Y",
            "35=B|34=2|43=Y|49=ISLD|56=TW|58=one",
            "35=B|34=3|43=Y|49=ISLD|56=TW|58=two",
            "35=4|34=4|43=Y|49=ISLD|56=TW|36=5|123=Y",
            "35=B|34=5|43=Y|49=ISLD|56=TW|58=three",
        ]
    );
    assert_eq!(talk.session.counts.resent, 3);
}

#[test]
fn a_request_for_messages_that_never_were_is_rejected() {
    let mut talk = Talk::logged_on();
    for (number, range, tag) in [(2, "7=9|16=0", 7), (3, "7=0|16=0", 7), (4, "7=2|16=1", 16)] {
        let said = talk.say(&format!("35=2|34={number}|49=TW|52=<now>|56=ISLD|{range}|"));
        let end = format!("|45={number}|58=Value is incorrect (out of range) for this tag|371={tag}|372=2|373=5");
        assert!(said.len() == 1 && said[0].ends_with(&end), "{said:?}");
    }
}

#[test]
fn new_messages_wait_behind_a_long_resend_and_keep_their_order() {
    let mut talk = Talk::logged_on();
    for number in 0..3_000 {
        talk.send(&format!("{number} {}", "x".repeat(100)));
    }
    talk.answers();
    let mut told = talk.say("35=2|34=2|49=TW|52=<now>|56=ISLD|7=1|16=0|");
    assert!(told.len() < 1_500, "one slice only: {}", told.len());
    talk.send("behind");
    assert!(talk.answers().is_empty());
    while talk.session.work(talk.now, &mut talk.echo) {
        told.extend(talk.answers());
    }
    told.extend(talk.answers());
    assert_eq!(told.len(), 3_002);
    assert_eq!(told[3_001], "35=B|34=3002|49=ISLD|56=TW|58=behind");
    assert!(told[3_000].starts_with("35=B|34=3001|43=Y"));
}

#[test]
fn a_number_that_is_too_low_ends_the_session_unless_it_is_a_duplicate() {
    let mut talk = Talk::logged_on();
    talk.say("35=0|34=2|49=TW|52=<now>|56=ISLD|");
    assert!(talk.say("35=0|34=2|43=Y|49=TW|52=<now>|56=ISLD|122=<now>|").is_empty());
    let said = talk.say("35=0|34=2|49=TW|52=<now>|56=ISLD|");
    assert_eq!(said, ["35=5|34=2|49=ISLD|56=TW|58=MsgSeqNum too low, expecting 3 but received 2"]);
    assert!(talk.session.close_after_output());
}

#[test]
fn a_reset_moves_the_expected_number_forward_only() {
    let mut talk = Talk::logged_on();
    assert!(talk.say("35=4|34=0|49=TW|52=<now>|56=ISLD|36=20|").is_empty());
    assert_eq!(talk.session.next_in(), 20);
    let said = talk.say("35=4|34=0|49=TW|52=<now>|56=ISLD|36=19|");
    assert!(said[0].contains("58=Value is incorrect"), "{said:?}");
    let said = talk.say("35=4|34=20|49=TW|52=<now>|56=ISLD|36=18446744073709551615|123=Y|");
    assert!(said[0].contains("58=Value is incorrect"), "{said:?}");
    assert_eq!(talk.session.next_in(), 21);
}

#[test]
fn a_new_numbering_may_begin_while_logged_on() {
    let mut talk = Talk::logged_on();
    talk.send("old");
    talk.answers();
    let said = talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|141=Y|");
    assert_eq!(said, ["35=A|34=1|49=ISLD|56=TW|98=0|108=30|141=Y"]);
    assert_eq!(talk.session.next_in(), 2);
    talk.session.restart_numbers(talk.now);
    assert_eq!(talk.answers(), ["35=A|34=1|49=ISLD|56=TW|98=0|108=30|141=Y"]);
    assert!(talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|141=Y|").is_empty(), "the answer to ours");
    assert_eq!((talk.session.next_in(), talk.session.numbers().next_out), (2, 2));
}

#[test]
fn a_quiet_link_is_tested_and_then_closed() {
    let mut talk = Talk::with(settings(Role::Acceptor));
    talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=10|");
    assert_eq!(talk.pass(14), ["35=0|34=2|49=ISLD|56=TW"]);
    assert_eq!(talk.pass(1), ["35=1|34=3|49=ISLD|56=TW|112=TEST"]);
    talk.say("35=0|34=2|49=TW|52=<now>|56=ISLD|112=TEST|");
    assert_eq!(talk.pass(15), ["35=0|34=4|49=ISLD|56=TW", "35=1|34=5|49=ISLD|56=TW|112=TEST"]);
    assert!(talk.pass(8).is_empty());
    assert!(!talk.session.close_after_output());
    talk.pass(1);
    assert!(talk.session.close_after_output());
}

#[test]
fn garbled_bytes_are_passed_over_and_not_counted() {
    let mut talk = Talk::logged_on();
    let mut bytes = wire("FIX.4.4", "35=B|34=2|49=TW|52=<now>|56=ISLD|58=x|", NOON);
    let length = bytes.len();
    bytes[length - 2] ^= 1;
    bytes.extend(b"8=FIX.4.4\x0135=0\x019=5\x0134=2\x0110=000\x01");
    bytes.extend(wire("FIX.4.4", "35=B|34=2|49=TW|52=<now>|56=ISLD|58=good|", NOON));
    assert_eq!(talk.raw(&bytes), ["35=B|34=2|49=ISLD|56=TW|58=good"]);
    assert_eq!(talk.session.counts.garbled, 2);
}

#[test]
fn names_and_clocks_that_are_wrong_are_rejected_and_end_the_session() {
    for (header, reason) in [
        ("49=WT|52=<now>|56=ISLD", "CompID problem|372=B|373=9"),
        ("49=TW|52=20260105-11:50:00|56=ISLD", "SendingTime accuracy problem|372=B|373=10"),
    ] {
        let mut talk = Talk::logged_on();
        let said = talk.say(&format!("35=B|34=2|{header}|58=x|"));
        assert!(said[0].ends_with(reason) && said[1].starts_with("35=5|34=3"), "{said:?}");
        assert_eq!((said.len(), talk.session.phase()), (2, Phase::LoggingOut));
    }
}

#[test]
fn duplicates_say_when_they_were_sent_first() {
    let mut talk = Talk::logged_on();
    talk.say("35=0|34=2|49=TW|52=<now>|56=ISLD|");
    let said = talk.say("35=B|34=2|43=Y|49=TW|52=<now>|56=ISLD|58=x|");
    assert!(said[0].ends_with("58=Required tag missing|371=122|372=B|373=1"), "{said:?}");
    let said = talk.say("35=B|34=2|43=Y|49=TW|52=<now>|56=ISLD|122=20260105-13:00:00|58=x|");
    assert!(said[0].ends_with("58=SendingTime accuracy problem|372=B|373=10"), "{said:?}");
}

#[test]
fn messages_sent_without_a_link_come_when_they_are_asked_for() {
    let mut talk = Talk::logged_on();
    talk.say("35=5|34=2|49=TW|52=<now>|56=ISLD|");
    talk.reconnect();
    talk.send("meanwhile");
    assert!(talk.answers().is_empty());
    let said = talk.say("35=A|34=3|49=TW|52=<now>|56=ISLD|98=0|108=30|");
    assert_eq!(said, ["35=A|34=4|49=ISLD|56=TW|98=0|108=30"]);
    let said = talk.say("35=2|34=4|49=TW|52=<now>|56=ISLD|7=3|16=0|");
    assert_eq!(said, ["35=B|34=3|43=Y|49=ISLD|56=TW|58=meanwhile", "35=4|34=4|43=Y|49=ISLD|56=TW|36=5|123=Y"]);
}

#[test]
fn next_expected_numbers_replace_requests_on_both_sides() {
    let mut talk = Talk::with(Settings { next_expected: true, ..settings(Role::Acceptor) });
    let said = talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|789=1|");
    assert_eq!(said, ["35=A|34=1|49=ISLD|56=TW|98=0|108=30|789=2"]);
    talk.send("lost");
    talk.answers();
    talk.reconnect();
    let said = talk.say("35=A|34=4|49=TW|52=<now>|56=ISLD|98=0|108=30|789=2|");
    assert_eq!(
        said,
        ["35=A|34=3|49=ISLD|56=TW|98=0|108=30|789=2", "35=B|34=2|43=Y|49=ISLD|56=TW|58=lost"],
        "and no ResendRequest"
    );
    talk.reconnect();
    let said = talk.say("35=A|34=5|49=TW|52=<now>|56=ISLD|98=0|108=30|789=9|");
    assert_eq!(said, ["35=5|34=4|49=ISLD|56=TW|58=NextExpectedMsgSeqNum(789) too high, 9 over 4"]);
}

#[test]
fn who_may_not_log_on_is_told_why() {
    let wanted = Credentials { username: b"u".to_vec(), password: b"p".to_vec() };
    let mut talk = Talk::with(Settings { credentials: Some(wanted), ..settings(Role::Acceptor) });
    let said = talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|553=u|554=x|");
    assert_eq!(said, ["35=5|34=1|49=ISLD|56=TW|58=not authorized"]);
    let mut talk = Talk::with(settings(Role::Acceptor));
    talk.echo.refuse = Some("not today".to_owned());
    assert_eq!(talk.say(LOGON), ["35=5|34=1|49=ISLD|56=TW|58=not today"]);
    assert!(talk.echo.heard.is_empty() && talk.session.close_after_output());
}

#[test]
fn hours_end_with_a_logout_and_new_hours_begin_with_one() {
    let schedule = Schedule::daily([true; 7], 8 * 3600, 12 * 3600 + 10, 0).unwrap();
    let mut talk = Talk::with(Settings { schedule, ..settings(Role::Acceptor) });
    talk.say(LOGON);
    assert_eq!(talk.pass(10), ["35=5|34=2|49=ISLD|56=TW|58=the hours of this session have ended"]);
    talk.reconnect();
    assert!(talk.say("35=A|34=2|49=TW|52=<now>|56=ISLD|98=0|108=30|").is_empty(), "outside of the hours");
    assert!(talk.session.close_after_output());
    talk.now += 20 * 3600 * SECOND;
    talk.reconnect();
    assert_eq!(talk.say(LOGON), ["35=A|34=1|49=ISLD|56=TW|98=0|108=30"]);
}

#[test]
fn an_initiator_resets_when_its_settings_say_so() {
    let resets = Resets { on_logon: true, ..Resets::default() };
    let mut talk = Talk::with(Settings { resets, ..settings(Role::Initiator) });
    assert_eq!(talk.answers(), ["35=A|34=1|49=ISLD|56=TW|98=0|108=30|141=Y"]);
    assert!(talk.say("35=A|34=1|49=TW|52=<now>|56=ISLD|98=0|108=30|141=Y|").is_empty());
    assert_eq!((talk.session.next_in(), talk.session.is_logged_on()), (2, true));
}

#[test]
fn what_the_host_did_not_take_is_asked_for_after_a_crash() {
    let path = std::env::temp_dir().join(format!("isthmus-taken-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let build = || Settings { taken_by_host: true, ..settings(Role::Acceptor) };
    let mut session = Session::new(build(), store_at(&path), 0);
    let mut echo = Echo { silent: true, ..Echo::default() };
    session.connect(NOON);
    session.receive(&wire("FIX.4.4", LOGON, NOON), NOON, &mut echo);
    for number in 2..6 {
        let body = format!("35=B|34={number}|49=TW|52=<now>|56=ISLD|58={number}|");
        session.receive(&wire("FIX.4.4", &body, NOON), NOON, &mut echo);
    }
    session.taken(4);
    session.commit().unwrap();
    drop(session);
    let session = Session::new(build(), store_at(&path), 0);
    assert_eq!((session.next_in(), session.numbers().next_out), (4, 2));
    let _ = std::fs::remove_file(&path);
}

#[test]
fn a_limit_on_messages_a_second_makes_the_reader_wait() {
    let mut limited = settings(Role::Acceptor);
    limited.limits.messages_per_s = 5;
    let mut talk = Talk::with(limited);
    talk.echo.silent = true;
    let mut bytes = wire("FIX.4.4", LOGON, NOON);
    for number in 2..20 {
        bytes.extend(wire("FIX.4.4", &format!("35=B|34={number}|49=TW|52=<now>|56=ISLD|58=x|"), NOON));
    }
    let taken = talk.session.receive(&bytes, NOON, &mut talk.echo);
    assert!(taken < bytes.len() && talk.session.next_in() == 7);
    let until = talk.session.waits_until().unwrap();
    assert!(until > NOON && talk.session.receive(&bytes[taken..], until, &mut talk.echo) > 0);
}
