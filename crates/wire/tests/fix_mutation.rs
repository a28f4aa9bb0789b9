//! Changed bytes: whatever comes in, frames go forward, fields cover the message, and what passes the dictionary is what it says.
use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::frame::{Head, checksum, head};
use isthmus_wire::fix::index::{Index, View};
use isthmus_wire::fix::part::Part;

const ORDER: &str = "35=D|34=2|49=A|52=20260101-00:00:00.000|56=B|11=ID|453=2|448=P|447=D|452=1|802=2|523=a|803=1|523=b|\
    448=Q|386=1|336=X|55=INTC|54=1|38=200.00|40=2|44=12.50|59=0|60=20260101-00:00:00|354=3|355=a=b|";
const LIST: &str = "35=E|34=3|49=A|52=20260101-00:00:00|56=B|66=L|394=1|68=2|73=2|11=a|67=1|78=1|79=acc|80=5|55=X|54=1|38=5|\
    11=b|67=2|55=Y|54=2|38=6|";

/// Numbers that look random and are the same every time (Knuth's MMIX constants).
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A frame around a body, with BodyLength and CheckSum right.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut message = format!("8=FIX.4.4\u{1}9={}\u{1}", body.len()).into_bytes();
    message.extend(body);
    let sum = checksum(&message);
    message.extend(format!("10={sum:03}\u{1}").bytes());
    message
}

/// One change of a body: a byte, a field out, twice, elsewhere.
fn changed(body: &mut Vec<u8>, draws: &mut Draws) {
    let fields: Vec<Vec<u8>> = body.split_inclusive(|byte| *byte == 1).map(<[u8]>::to_vec).collect();
    if fields.is_empty() {
        return;
    }
    let (one, other) = (draws.below(fields.len()), draws.below(fields.len()));
    let mut fields = fields;
    match draws.below(5) {
        0 => {
            let place = draws.below(body.len());
            body[place] = [1, b'=', b'0', b'9', b'-', b'.', 0, 0xFF][draws.below(8)];
            return;
        }
        1 => drop(fields.remove(one)),
        2 => fields.insert(other, fields[one].clone()),
        3 => fields.swap(one, other),
        _ => {
            let field = fields.remove(one);
            fields.insert(other.min(fields.len()), field);
        }
    }
    *body = fields.concat();
}

/// Every group has as many instances as its count says, and no field is lost.
fn groups_agree(part: Part) -> usize {
    part.entries()
        .map(|entry| {
            let Some(group) = entry.group else { return 1 };
            let instances: Vec<Part> = group.collect();
            assert_eq!(entry.value, instances.len().to_string().as_bytes());
            let inside: usize = instances.iter().map(|part| groups_agree(*part)).sum();
            assert_eq!(inside + 1, entry.fields.len());
            inside + 1
        })
        .sum()
}

/// A right message is right again when its body is put in order.
fn order_keeps(dictionary: &Dictionary, view: View) {
    let part = dictionary.part(view).expect("it passed");
    assert_eq!(groups_agree(part), view.fields.len());
    let header: Vec<_> = view.fields.iter().copied().filter(|field| dictionary.is_header(field.tag)).collect();
    let mut encoder = Encoder::new();
    encoder.begin(b"FIX.4.4", view.msg_type());
    encoder.copy(&view, &header);
    part.sorted_body().iter().for_each(|entry| encoder.copy(&view, entry.fields));
    let message = encoder.finish().expect("every field has a value").to_vec();
    let mut index = Index::new();
    index.read(&message).unwrap();
    // the trailer's other fields are left out
    assert_eq!(dictionary.validate(&index.view(&message)), Ok(()), "{}", String::from_utf8_lossy(&message));
}

#[test]
fn changed_messages_are_told_apart_and_never_break_anything() {
    let (dictionary, mut draws, mut index) = (Dictionary::fix44(), Draws(7), Index::new());
    let (mut passed, mut refused, mut malformed) = (0, 0, 0);
    for round in 0..60_000 {
        let mut body = [ORDER, LIST][round % 2].replace('|', "\u{1}").into_bytes();
        for _ in 0..draws.below(4) {
            changed(&mut body, &mut draws);
        }
        let message = framed(&body);
        if body.last().is_none_or(|byte| *byte != 1) {
            // then no CheckSum stands where the body ends
            assert!(matches!(head(&message), Head::Garbled { .. }));
            continue;
        }
        assert_eq!(head(&message), Head::Message { length: message.len() });
        if index.read(&message).is_err() {
            malformed += 1;
            continue;
        }
        let view = index.view(&message);
        let written: Vec<u8> = view
            .iter()
            .flat_map(|(tag, value)| [tag.cast_signed().to_string().as_bytes(), b"=", value, b"\x01"].concat())
            .collect();
        assert_eq!(written, message);
        match dictionary.validate(&view) {
            Ok(()) => {
                passed += 1;
                order_keeps(dictionary, view);
            }
            Err(reject) => {
                refused += 1;
                if let (Some(at), Some(tag)) = (reject.field, reject.tag) {
                    assert_eq!(tag, view.fields[at].tag);
                }
            }
        }
    }
    assert!(passed > 5_000 && refused > 5_000 && malformed > 1_000, "{passed} {refused} {malformed}");
}

#[test]
fn a_stream_of_changed_bytes_goes_forward_to_its_end() {
    let mut draws = Draws(11);
    let whole = [ORDER, LIST, ORDER].map(|body| framed(body.replace('|', "\u{1}").as_bytes())).concat();
    for _ in 0..20_000 {
        let mut stream = whole.clone();
        for _ in 0..draws.below(6) {
            let place = draws.below(stream.len());
            stream[place] = draws.below(256) as u8;
        }
        let mut at = 0;
        while at < stream.len() {
            at += match head(&stream[at..]) {
                Head::Message { length } => length,
                Head::Garbled { skip, .. } => skip,
                Head::Incomplete => break,
            };
            assert!(at <= stream.len());
        }
    }
}
