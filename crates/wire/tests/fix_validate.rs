//! The rules of the session layer, breach by breach, in the versions that ship.
use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::index::Index;
use isthmus_wire::fix::validate::Reject;

/// Checks a message; fields 9 and 10 are put in (their values are not looked at here).
fn check(dictionary: &Dictionary, text: &str) -> Result<(), Reject> {
    let (begin, rest) = text.split_once('|').expect("a BeginString");
    let message = format!("{begin}|9=5|{rest}10=000|").replace('|', "\u{1}").into_bytes();
    let mut index = Index::new();
    index.read(&message).expect(text);
    dictionary.validate(&index.view(&message))
}

/// Reason and tag of the breach; None for none.
fn told(dictionary: &Dictionary, text: &str) -> Option<(u16, i32)> {
    let reject = check(dictionary, text).err()?;
    Some((reject.reason.number(), reject.tag.map_or(0, u32::cast_signed)))
}

const HEADER: &str = "34=2|49=A|52=20260101-00:00:00.000|56=B|";
const ORDER: &str = "11=ID|21=1|40=1|54=1|38=200.00|55=INTC|60=20260101-00:00:00|";

fn fix44(msg_type: &str, body: &str) -> Option<(u16, i32)> {
    told(Dictionary::fix44(), &format!("8=FIX.4.4|35={msg_type}|{HEADER}{body}"))
}

fn order(more: &str) -> Option<(u16, i32)> {
    fix44("D", &format!("{ORDER}{more}"))
}

#[test]
fn a_right_message_passes_in_every_version() {
    assert_eq!(told(Dictionary::fix42(), &format!("8=FIX.4.2|35=D|{HEADER}{ORDER}")), None);
    assert_eq!(told(Dictionary::fix44(), &format!("8=FIX.4.4|35=D|{HEADER}{ORDER}")), None);
    assert_eq!(told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=D|{HEADER}{ORDER}")), None);
    assert_eq!(told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=A|{HEADER}98=0|108=2|1137=9|")), None);
    assert_eq!(told(Dictionary::fixt11(), &format!("8=FIXT.1.1|35=0|{HEADER}112=x|")), None);
}

#[test]
fn body_fields_may_come_in_any_order() {
    assert_eq!(fix44("D", "40=1|55=MSFT|60=20260101-00:00:00|54=1|21=3|11=id|38=5|"), None);
}

#[test]
fn a_tag_that_no_dictionary_has_is_invalid() {
    for tag in [999, 0, -1, 5000] {
        assert_eq!(fix44("0", &format!("{tag}=HI|")), Some((0, tag)));
        assert_eq!(told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=0|{HEADER}{tag}=HI|")), Some((0, tag)));
    }
}

#[test]
fn tags_of_ones_own_pass_where_they_are_allowed() {
    let dictionary = Dictionary::fix44().clone().with_user_defined();
    let told = |body: &str| told(&dictionary, &format!("8=FIX.4.4|35=0|{HEADER}{body}"));
    assert_eq!(told("5000=HI|20001=x|"), None);
    assert_eq!(told("5000=|"), Some((4, 5000)));
    assert_eq!(told("4999=HI|"), Some((0, 4999)));
    assert_eq!(told("-1=HI|"), Some((0, -1)));
}

#[test]
fn a_tag_of_other_messages_is_not_of_this_one() {
    assert_eq!(fix44("0", "41=HI|"), Some((2, 41)));
    // over FIXT the session's messages know the transport's fields only
    assert_eq!(told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=0|{HEADER}41=HI|")), Some((0, 41)));
    assert_eq!(told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=D|{HEADER}{ORDER}41=HI|")), Some((2, 41)));
}

#[test]
fn what_is_required_is_told_header_first_then_by_tag() {
    assert_eq!(told(Dictionary::fix44(), "8=FIX.4.4|35=0|34=2|49=A|52=20260101-00:00:00|"), Some((1, 56)));
    assert_eq!(told(Dictionary::fix44(), "8=FIX.4.4|35=D|34=2|49=A|52=20260101-00:00:00|40=1|"), Some((1, 56)));
    assert_eq!(fix44("D", "40=1|60=20260101-00:00:00|"), Some((1, 11)));
    assert_eq!(
        told(Dictionary::fix42(), &format!("8=FIX.4.2|35=D|{HEADER}40=1|60=20260101-00:00:00|54=1|21=3|11=id|")),
        Some((1, 55))
    );
    assert_eq!(
        told(Dictionary::fix50sp2(), &format!("8=FIXT.1.1|35=D|{HEADER}40=1|60=20260101-00:00:00|21=3|11=id|")),
        Some((1, 54))
    );
}

#[test]
fn a_missing_field_is_told_before_a_wrong_one() {
    assert_eq!(fix44("D", "40=1|60=x|54=1|5000=x|"), Some((1, 11)));
}

#[test]
fn a_tag_without_value_is_told() {
    assert_eq!(order("58=|"), Some((4, 58)));
    assert_eq!(order("50=|"), Some((14, 50)));
    assert_eq!(told(Dictionary::fix44(), &format!("8=FIX.4.4|35=D|50=|115=|{HEADER}{ORDER}")), Some((4, 50)));
    assert_eq!(order("999=|"), Some((4, 999)));
}

#[test]
fn a_value_of_another_form_is_told() {
    for (field, tag) in
        [("44=+200.00|", 44), ("126=20260101|", 126), ("114=y|", 114), ("77=OO|", 77), ("210=1,5|", 210)]
    {
        assert_eq!(order(field), Some((6, tag)), "{field}");
    }
}

#[test]
fn a_value_that_is_none_of_the_codes_is_told() {
    assert_eq!(order("167=BOO|"), Some((5, 167)));
    assert_eq!(order("167=CS|"), None);
    assert_eq!(order("59=9|"), Some((5, 59)));
    assert_eq!(order("18=1 5 M|"), None);
    assert_eq!(order("18=1 ! M|"), Some((5, 18)));
}

#[test]
fn a_tag_that_appears_twice_is_told() {
    assert_eq!(order("40=2|"), Some((13, 40)));
    assert_eq!(told(Dictionary::fix44(), &format!("8=FIX.4.4|35=0|{HEADER}49=A|")), Some((13, 49)));
}

#[test]
fn the_first_field_out_of_its_section_is_told_before_all_else() {
    let body_first = format!("8=FIX.4.4|35=D|{ORDER}{HEADER}");
    assert_eq!(told(Dictionary::fix44(), &body_first), Some((14, 34)));
    assert_eq!(told(Dictionary::fix44(), &format!("8=FIX.4.4|35=D|55=X|{HEADER}11=id|")), Some((14, 34)));
    assert_eq!(order("93=1|89=x|58=behind|"), Some((14, 58)));
    assert_eq!(order("999=x|50=late|"), Some((14, 50)));
}

#[test]
fn a_type_that_the_dictionary_does_not_have_is_told_without_a_tag() {
    let reject = check(Dictionary::fix44(), &format!("8=FIX.4.4|35=*|{HEADER}5=x|")).unwrap_err();
    assert_eq!((reject.reason.number(), reject.tag), (11, None));
    assert_eq!(fix44("*", "58=x|34=2|"), Some((14, 34)));
    assert_eq!(told(Dictionary::fixt11(), &format!("8=FIXT.1.1|35=D|{HEADER}{ORDER}")), Some((11, 0)));
}

#[test]
fn another_version_of_the_application_is_told() {
    let message = |version: &str| format!("8=FIXT.1.1|35=D|{HEADER}1128={version}|{ORDER}");
    assert_eq!(told(Dictionary::fix50sp2(), &message("9")), None);
    assert_eq!(told(Dictionary::fix50sp2(), &message("6")), Some((18, 1128)));
}

#[test]
fn a_group_has_as_many_instances_as_its_count_says() {
    assert_eq!(order("386=2|336=PRE-OPEN|336=AFTER-HOURS|"), None);
    assert_eq!(order("386=3|336=PRE-OPEN|336=AFTER-HOURS|"), Some((16, 386)));
    assert_eq!(order("386=1|336=PRE-OPEN|336=AFTER-HOURS|"), Some((16, 386)));
    assert_eq!(order("386=0|"), None);
    assert_eq!(order("386=1|"), Some((16, 386)));
    assert_eq!(order("386=0|336=X|"), Some((16, 386)));
    assert_eq!(order("386=-1|336=X|"), Some((16, 386)));
    assert_eq!(order("386=x|336=X|"), Some((6, 386)));
}

#[test]
fn an_instance_begins_with_its_first_member_and_keeps_the_order() {
    assert_eq!(order("453=1|447=D|448=P|"), Some((15, 447)));
    assert_eq!(order("453=1|448=P|452=1|447=D|"), Some((15, 447)));
    assert_eq!(order("453=1|448=P|447=D|447=D|"), Some((13, 447)));
    assert_eq!(order("453=1|448=P|447=D|452=1|"), None);
    assert_eq!(order("448=P|"), Some((2, 448)));
}

#[test]
fn groups_lie_in_groups() {
    let nested = "453=2|448=P|447=D|452=1|802=2|523=a|803=1|523=b|448=Q|";
    assert_eq!(order(nested), None);
    assert_eq!(order("453=1|448=P|802=2|523=a|803=1|"), Some((16, 802)));
    assert_eq!(order("453=1|448=P|802=1|523=a|803=x|"), Some((6, 803)));
    assert_eq!(order("453=1|448=P|802=1|803=1|523=a|"), Some((15, 803)));
    assert_eq!(order("453=2|448=P|802=1|523=a|"), Some((16, 453)));
}

#[test]
fn what_an_instance_requires_is_told() {
    // NewOrderList: ClOrdID, ListSeqNo and Side of each order
    let list = |orders: &str| fix44("E", &format!("66=L|394=1|68=1|{orders}"));
    assert_eq!(list("73=1|11=a|67=1|55=X|54=1|38=5|"), None);
    assert_eq!(list("73=1|11=a|55=X|54=1|38=5|"), Some((1, 67)));
    assert_eq!(list("73=2|11=a|67=1|55=X|11=b|67=2|55=X|54=1|"), Some((1, 54)));
    assert_eq!(list("73=1|11=a|67=1|55=X|"), Some((1, 54)));
}

#[test]
fn a_field_behind_a_group_that_is_also_the_groups_belongs_to_the_message() {
    // Text (58) is a member of each order, and of the list behind them
    assert_eq!(fix44("N", "66=L|429=1|82=1|431=3|83=1|68=1|73=1|11=a|14=0|39=0|151=0|84=0|6=0|58=in|"), None);
    // Currency (15) lies before SettlType (63) nowhere in a leg, so it goes on with the message
    assert_eq!(fix44("D", &format!("78=1|79=acc|80=5|{ORDER}15=USD|")), None);
}

#[test]
fn the_hops_of_the_header_are_a_group() {
    let hops = |hops: &str| told(Dictionary::fix44(), &format!("8=FIX.4.4|35=0|{HEADER}{hops}"));
    assert_eq!(hops("627=2|628=H|629=20260101-00:00:00|628=I|"), None);
    assert_eq!(hops("627=2|628=H|"), Some((16, 627)));
}
