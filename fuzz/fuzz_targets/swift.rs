//! No text makes the FIN reader, the tables, the rules or the deals panic; what is built of a deal is read back as that deal.
#![no_main]
use isthmus_wire::swift::{deal, fin, validate};
use libfuzzer_sys::fuzz_target;

const REPORT: &str = "35=8|17=X-1|150=F|55=EUR/USD|54=1|15=EUR|32=1000000|31=1.08455|75=20260302|64=20260304|";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for message in fin::split(&text) {
        let verdict = validate::validate(message);
        let lines = u32::try_from(message.lines().count()).unwrap_or(u32::MAX).max(1);
        for error in &verdict.errors {
            assert!((1..=lines + 1).contains(&error.line) || error.line == 1, "{error:?}");
        }
        assert!(verdict.errors.windows(2).all(|pair| pair[0].line <= pair[1].line));
        if let Some(read) = deal::read(message) {
            let _ = deal::to_fix(&read);
            let _ = deal::build(&read);
        }
    }
    let parties = deal::Parties { sender: "BANKGB2LXXX", receiver: "CHASUS33XXX", turned: bytes.len() % 2 == 1 };
    for report in [text.as_ref(), &format!("{REPORT}{text}"), &format!("{text}|{REPORT}")] {
        if let Ok(made) = deal::of_fix(report, parties)
            && let Some(message) = deal::build(&made).fin
        {
            assert_eq!(deal::read(&message), Some(made));
        }
    }
});
