//! Dictionaries: those that ship, ones in XML, groups seen through them, and the public scripts of acceptance where they lie.
use isthmus_wire::fix::dictionary::{Dictionary, Kind};
use isthmus_wire::fix::index::{Index, View};
use isthmus_wire::fix::part::Part;

fn wire(text: &str) -> Vec<u8> {
    text.replace('|', "\u{1}").into_bytes()
}

fn parsed<T>(text: &str, look: impl FnOnce(View) -> T) -> T {
    let message = wire(text);
    let mut index = Index::new();
    index.read(&message).expect(text);
    look(index.view(&message))
}

#[test]
fn the_standard_dictionaries_have_their_messages_and_fields() {
    for (dictionary, version, begin, messages) in [
        (Dictionary::fix42(), "FIX.4.2", "FIX.4.2", 46),
        (Dictionary::fix44(), "FIX.4.4", "FIX.4.4", 93),
        (Dictionary::fix50sp2(), "FIX.5.0SP2", "FIXT.1.1", 116),
        (Dictionary::fixt11(), "FIXT.1.1", "FIXT.1.1", 8),
    ] {
        assert_eq!((dictionary.version(), dictionary.begin_string()), (version, begin));
        assert_eq!(dictionary.messages().len(), messages, "{version}");
    }
    let fix44 = Dictionary::fix44();
    assert_eq!(
        (fix44.name(11), fix44.tag("ClOrdID"), fix44.kind(38)),
        (Some("ClOrdID"), Some(11), Some(Kind::Decimal))
    );
    assert_eq!((fix44.name(5000), fix44.tag("NoSuchField"), fix44.kind(5000)), (None, None, None));
    assert!(fix44.is_header(49) && fix44.is_trailer(10) && !fix44.is_header(11) && !fix44.is_trailer(11));
    assert_eq!((Dictionary::fix50sp2().application(), fix44.application()), (Some("9"), None));
    let order = fix44.message(b"D").unwrap();
    assert_eq!((&*order.name, order.admin, fix44.message(b"A").unwrap().admin), ("NewOrderSingle", false, true));
    assert!(fix44.message(b"").is_none() && fix44.message(b"TOOLONGTYPE").is_none());
}

const NESTED: &str = "8=FIX.4.4|9=5|35=D|34=2|49=A|52=20260101-00:00:00|56=B|60=20260101-00:00:00|453=2|448=P|447=D|452=1|\
    802=2|523=a|803=1|523=b|448=Q|55=X|11=id|54=1|38=5|40=1|10=000|";

fn values(part: Part, tag: u32) -> Vec<String> {
    part.group(tag).into_iter().flatten().map(|instance| text(instance.entries().next().unwrap().value)).collect()
}

fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).unwrap()
}

#[test]
fn groups_are_seen_instance_by_instance() {
    parsed(NESTED, |view| {
        let order = Dictionary::fix44().part(view).unwrap();
        assert_eq!(values(order, 453), ["P", "Q"]);
        let parties: Vec<Part> = order.group(453).unwrap().collect();
        assert_eq!(values(parties[0], 802), ["a", "b"]);
        assert!(parties[1].group(802).is_none());
        assert_eq!(parties[0].get(452), Some(&b"1"[..]));
        // what belongs to a group is not the message's own
        assert_eq!((order.get(448), order.get(55)), (None, Some(&b"X"[..])));
        assert_eq!(order.entries().count(), 15);
    });
}

#[test]
fn a_body_by_tag_keeps_groups_whole() {
    parsed(NESTED, |view| {
        let body = Dictionary::fix44().part(view).unwrap().sorted_body();
        let tags: Vec<u32> = body.iter().flat_map(|entry| entry.fields).map(|field| field.tag).collect();
        assert_eq!(tags, [11, 38, 40, 54, 55, 60, 453, 448, 447, 452, 802, 523, 803, 523, 448]);
    });
}

const OWN: &str = r"<fix type='FIX' major='4' minor='4'>
  <header><field name='BeginString' required='Y'/><field name='BodyLength' required='Y'/><field name='MsgType' required='Y'/></header>
  <trailer><field name='CheckSum' required='Y'/></trailer>
  <messages><message name='Basket' msgtype='U1' msgcat='app'>
    <field name='BasketID' required='Y'/><component name='Lines' required='Y'/></message></messages>
  <components><component name='Lines'><group name='NoLines' required='Y'>
    <field name='LineID' required='N'/><field name='Weight' required='Y'/></group></component></components>
  <fields><field number='8' name='BeginString' type='STRING'/><field number='9' name='BodyLength' type='LENGTH'/>
    <field number='35' name='MsgType' type='STRING'/><field number='10' name='CheckSum' type='STRING'/>
    <field number='20001' name='BasketID' type='STRING'><value enum='ONE' description='x'/><value enum='TWO' description='y'/></field>
    <field number='20002' name='NoLines' type='NUMINGROUP'/><field number='20003' name='LineID' type='STRING'/>
    <field number='20004' name='Weight' type='QTY'/></fields></fix>";

#[test]
fn a_dictionary_of_ones_own_is_read_from_xml() {
    let dictionary = Dictionary::from_xml(OWN).unwrap();
    let told = |body: &str| {
        parsed(&format!("8=FIX.4.4|9=5|35=U1|{body}10=000|"), |view| {
            dictionary.validate(&view).err().map(|reject| (reject.reason.number(), reject.tag.unwrap()))
        })
    };
    assert_eq!(told("20001=ONE|20002=2|20003=a|20004=1|20003=b|20004=2|"), None);
    assert_eq!(told("20001=SIX|20002=1|20003=a|20004=1|"), Some((5, 20001)));
    assert_eq!(told("20001=ONE|"), Some((1, 20002)));
    assert_eq!(told("20001=ONE|20002=1|20003=a|"), Some((1, 20004)));
}

#[test]
fn xml_that_is_no_dictionary_is_refused_by_what_is_wrong_in_it() {
    let without = |what: &str, instead: &str| {
        let text = OWN.replacen(what, instead, 1);
        assert_ne!(text, OWN, "{what}");
        Dictionary::from_xml(&text).expect_err(what).to_string()
    };
    for (what, instead, fault) in [
        ("</fix>", "", "XML: "),
        ("<fix type='FIX'", "<!DOCTYPE fix [<!ENTITY a 'b'>]><fix type='FIX'", "XML: "),
        ("major='4'", "", "has no major"),
        ("type='QTY'", "type='FLAVOUR'", "field Weight: has the type \"FLAVOUR\", which is not known"),
        ("number='20004'", "number='0'", "field Weight: has the number \"0\", which is no tag"),
        ("number='20004'", "number='20003'", "field 20003 (Weight): is defined twice"),
        (
            "<field name='LineID' required='N'/>",
            "<field name='Nothing'/>",
            "<field> Nothing (line 7): is not among the fields",
        ),
        ("<component name='Lines' required='Y'/>", "<component name='Rows'/>", "component Rows: is not defined"),
        (
            "<component name='Lines'><group",
            "<component name='Lines'><component name='Lines'/><group",
            "component Lines: lies too deep",
        ),
        ("<field name='LineID' required='N'/><field name='Weight' required='Y'/>", "", "group 20002: has no members"),
        (
            "name='NoLines' type='NUMINGROUP'",
            "name='NoLines' type='STRING'",
            "group 20002: is counted by a field that is no number",
        ),
        ("<component name='Lines' required='Y'/>", "<line name='x'/>", "<line> is not a field"),
        ("msgtype='U1'", "msgtype='UNREASONABLE'", "message \"UNREASONABLE\": has a type of over 8 bytes"),
    ] {
        let told = without(what, instead);
        assert!(told.contains(fault), "{told} for {instead}");
    }
    assert!(Dictionary::from_xml("<fox/>").unwrap_err().to_string().contains("not <fix>"));
}

#[test]
fn components_that_multiply_are_refused() {
    let mut components = "<component name='C0'><field name='Weight'/></component>".to_owned();
    for n in 1..=14 {
        let inner = format!("<component name='C{}'/>", n - 1).repeat(12);
        components += &format!("<component name='C{n}'>{inner}</component>");
    }
    let text = OWN.replacen("<components>", &format!("<components>{components}"), 1).replacen(
        "'Lines' required",
        "'C14' required",
        1,
    );
    assert!(Dictionary::from_xml(&text).unwrap_err().to_string().contains("members"));
}

/// The data of public tests, where ISTHMUS_TEST_DATA says that it lies.
fn public(path: &str) -> Option<std::path::PathBuf> {
    let found =
        std::env::var_os("ISTHMUS_TEST_DATA").map(|root| std::path::Path::new(&root).join("protocols/fix").join(path));
    let found = found.filter(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: ISTHMUS_TEST_DATA has no protocols/fix/{path}");
    }
    found
}

#[test]
fn the_dictionaries_that_engines_ship_are_read() {
    let Some(folder) = public("dictionaries") else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    for (name, ours) in [("FIX42.xml", Dictionary::fix42()), ("FIX44.xml", Dictionary::fix44())] {
        let theirs = Dictionary::from_xml(&read(name)).unwrap();
        assert_eq!(theirs.version(), ours.version());
        let types = |of: &Dictionary| of.messages().iter().map(|message| message.msg_type.clone()).collect::<Vec<_>>();
        assert_eq!(types(&theirs), types(ours));
    }
    let fixt = Dictionary::from_xml_over(&read("FIXT11.xml"), &read("FIX50SP2.xml")).unwrap();
    assert_eq!((fixt.version(), fixt.begin_string(), fixt.application()), ("FIX.5.0SP2", "FIXT.1.1", Some("9")));
}

/// What each script expects of the messages that it sends: a session-level reject of some tag, or none.
fn expectations(script: &str) -> Vec<(String, Option<(u16, String)>)> {
    let lines: Vec<&str> = script.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(message) = line.strip_prefix("I8=") else { continue };
        let field = |text: &str, tag: &str| {
            text.split('\u{1}').find_map(|field| field.strip_prefix(tag)?.strip_prefix('=')).map(str::to_owned)
        };
        let reject = lines.get(at + 1).filter(|next| next.starts_with('E') && next.contains("\u{1}35=3\u{1}"));
        let told = reject.and_then(|reject| {
            let reasons = [
                ("Invalid tag number", 0),
                ("Required tag missing", 1),
                ("Value is incorrect (out of range) for this tag", 5),
                ("Tag specified out of required order", 14),
                ("Incorrect NumInGroup count for repeating group", 16),
            ];
            let reason = reasons.iter().find(|(text, _)| field(reject, "58").as_deref() == Some(text))?.1;
            Some((reason, field(reject, "371")?))
        });
        // what a session rejects is not the dictionary's matter (duplicates among it), nor are garbled messages
        if (reject.is_none() || told.is_some())
            && !["garbled", "\u{1}9=", "\u{1}10=", "\u{1}43=Y"].iter().any(|odd| message.contains(odd))
        {
            found.push((format!("8={message}"), told));
        }
    }
    found
}

#[test]
fn the_public_scripts_of_acceptance_see_what_they_expect() {
    let mut seen = 0;
    for (version, dictionary) in
        [("fix42", Dictionary::fix42()), ("fix44", Dictionary::fix44()), ("fix50sp2", Dictionary::fix50sp2())]
    {
        let Some(folder) = public(&format!("acceptance/{version}")) else { return };
        for script in std::fs::read_dir(folder).unwrap() {
            let path = script.unwrap().path();
            for (message, expected) in expectations(&std::fs::read_to_string(&path).unwrap()) {
                let (begin, rest) = message
                    .replace("<TIME>", "20260101-00:00:00")
                    .split_once('\u{1}')
                    .map(|(a, b)| (a.to_owned(), b.to_owned()))
                    .unwrap();
                let text = format!("{begin}\u{1}9=5\u{1}{rest}10=000\u{1}");
                let mut index = Index::new();
                index.read(text.as_bytes()).unwrap_or_else(|fault| panic!("{path:?}: {message:?}: {fault}"));
                let told = dictionary.validate(&index.view(text.as_bytes()));
                let told = told.err().map(|reject| {
                    (reject.reason.number(), reject.tag.map_or(String::new(), |tag| tag.cast_signed().to_string()))
                });
                assert_eq!(told, expected, "{path:?}: {}", message.replace('\u{1}', "|"));
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}
