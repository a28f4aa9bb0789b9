"""Conversations that two session engines should have alike: what a counterparty sends, as text with `|` for SOH.

`{h}` is the header behind MsgSeqNum (names and time), `{T}` and `{T+n}` are times, `{us}` the counterparty, `{B}`
the BeginString, `{A}` what a Logon of the version has at its end, `{L+n}` the length of the body and n, `{G0}` and
others the version's groups. Lines get BeginString, BodyLength and CheckSum where they are missing; behind `raw:`
stands what is sent as it is.
"""

from __future__ import annotations

ORDER = "11={id}|21=1|38=100|40=1|54=1|55=INTC|60={T}"


def order(number: int, identifier: str = "id", more: str = "", header: str = "") -> str:
    """A NewOrderSingle."""
    return f"35=D|34={number}|{{h}}{header}|" + ORDER.replace("{id}", identifier) + more


def beat(number: int, more: str = "") -> str:
    """A Heartbeat."""
    return f"35=0|34={number}|{{h}}{more}"


DUP = "|43=Y|122={T}"
TEST = "35=1|34={n}|{h}|112=HELLO"


def test(number: int) -> str:
    """A TestRequest."""
    return TEST.replace("{n}", str(number))


def bye(number: int) -> str:
    """A Logout."""
    return f"35=5|34={number}|{{h}}"


LOGON = "35=A|34=1|{h}|98=0|108=30{A}"

CONVERSATIONS: dict[str, list[str]] = {
    "gap fill above what is expected": [
        LOGON,
        "35=4|34=3|{h}|36=20|123=Y",
        "35=4|34=2|{h}|43=Y|122={T}|36=3|123=Y",
        test(20),
        bye(21),
    ],
    "gap fill below what is expected": [LOGON, beat(2), "35=4|34=1|{h}|36=20|123=Y"],
    "gap fill below, a duplicate": [LOGON, beat(2), "35=4|34=1|{h}|43=Y|122={T}|36=20|123=Y", test(3), bye(4)],
    "gap fill below, a duplicate without time": [LOGON, beat(2), "35=4|34=2|{h}|43=Y|36=20|123=Y", test(3), bye(4)],
    "reset to what is expected": [LOGON, "35=4|34=0|{h}|36=2", test(2), bye(3)],
    "reset to less": [LOGON, "35=4|34=0|{h}|36=1", test(2), bye(3)],
    "reset to less in turn": [LOGON, "35=4|34=2|{h}|36=1|123=N", test(2), bye(3)],
    "gap fill to less": [LOGON, beat(2), "35=4|34=3|{h}|36=2|123=Y", test(4), bye(5)],
    "tag not defined for the type": [
        LOGON,
        order(2, more="|41=id"),
        beat(3, "|41=x"),
        order(4, more="|320=x"),
        test(5),
        bye(6),
    ],
    "tag without a value": [
        LOGON,
        order(2, more="|58="),
        beat(3, "|58="),
        "35=D|34=4|{h}|11=|21=1|38=1|40=1|54=1|55=X|60={T}",
        test(5),
        bye(6),
    ],
    "data of a wrong form": [
        LOGON,
        "35=D|34=2|{h}|11=id|21=1|38=+200.00|40=1|54=1|55=X|60={T}",
        "35=D|34=3|{h}|11=id|21=1|38=200.|40=1|54=1|55=X|60={T}",
        "35=D|34=4|{h}|11=id|21=1|38=x|40=1|54=1|55=X|60={T}",
        "35=D|34=5|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60=20010101",
        "35=D|34=6|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}|210=1,000",
        "35=D|34=7|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}|114=x",
        "35=D|34=8|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}|126=20010101",
        "35=D|34=9|{h}|11=id|21=1|38=1|40=1|54=12|55=X|60={T}",
        "35=D|34=10|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}|117=x|432=2001",
        "35=D|34=11|{h}|11=id|21=1|38=1 |40=1|54=1|55=X|60={T}",
        "35=D|34=12|{h}|11=id|21=1|38=00023.2300|40=1|54=1|55=X|60={T}",
        "35=D|34=13|{h}|11=id|21=1|38=.5|40=1|54=1|55=X|60={T}",
        "35=D|34=14|{h}|11=id|21=1|38=-1|40=1|54=1|55=X|60={T}",
        "35=D|34=15|{h}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}|99=1e5",
        test(16),
        bye(17),
    ],
    "tag twice": [LOGON, order(2, more="|40=2"), order(3, header="|97=N|97=N"), test(4), bye(5)],
    "body tag in the header": [LOGON, "35=D|34=2|11=x|{h}|21=1|38=1|40=1|54=1|55=X|60={T}", test(3), bye(4)],
    "header tag in the body": [LOGON, order(2, more="|97=Y"), test(3), bye(4)],
    "possible resend seen": [
        LOGON,
        order(2, "a"),
        order(3, "a", header="|97=Y"),
        order(4, "b", header="|97=Y"),
        bye(5),
    ],
    "possible resend N": [LOGON, order(2, "a"), order(3, "a", header="|97=N"), order(4, "a"), bye(5)],
    "logon above what is expected": [
        "35=A|34=5|{h}|98=0|108=30{A}",
        "35=4|34=1|{h}|43=Y|122={T}|36=6|123=Y",
        test(6),
        bye(7),
    ],
    "logon above, filled one by one": [
        "35=A|34=3|{h}|98=0|108=30{A}",
        "35=0|34=1|{h}|43=Y|122={T}",
        "35=0|34=2|{h}|43=Y|122={T}",
        test(4),
        bye(5),
    ],
    "logon with wrong length": ["8={B}|9=12|35=A|34=1|{h}|98=0|108=30{A}"],
    "logon of another version": ["8=FIX.4.1|35=A|34=1|{h}|98=0|108=30{A}"],
    "logon to another": ["35=A|34=1|49={us}|52={T}|56=DLSI|98=0|108=30{A}"],
    "logon without heartbeat": ["35=A|34=1|{h}|98=0{A}"],
    "logon that resets": ["35=A|34=1|{h}|98=0|108=30|141=Y{A}", test(2), bye(3)],
    "logon again that resets": [
        LOGON,
        order(2),
        "35=A|34=1|{h}|98=0|108=30|141=Y{A}",
        order(2),
        "35=2|34=3|{h}|7=1|16=0",
        bye(4),
    ],
    "logon again that resets in turn": [LOGON, order(2), "35=A|34=3|{h}|98=0|108=30|141=Y{A}", test(2), bye(3)],
    "logon again": [LOGON, "35=A|34=2|{h}|98=0|108=30{A}"],
    "logon again, a duplicate": [LOGON, "35=A|34=1|{h}|43=Y|122={T}|98=0|108=30{A}", test(2)],
    "simultaneous requests": [
        LOGON,
        order(2),
        order(3),
        beat(6),
        "35=2|34=7|{h}|7=1|16=0",
        "35=4|34=4|{h}|43=Y|122={T}|36=8|123=Y",
        test(8),
        bye(9),
    ],
    "simultaneous requests, the last counts": [
        LOGON,
        order(2),
        beat(5),
        "35=2|34=6|{h}|7=1|16=0",
        "35=0|34=3|{h}|43=Y|122={T}",
        "35=0|34=4|{h}|43=Y|122={T}",
        test(7),
        bye(8),
    ],
    "request above what is expected": [LOGON, order(2), "35=2|34=5|{h}|7=1|16=0", test(3), bye(4)],
    "request above, then the next": [LOGON, order(2), "35=2|34=5|{h}|7=1|16=0", test(6), bye(7)],
    "request of administrative messages": [
        LOGON,
        test(2),
        test(3),
        "35=2|34=4|{h}|7=1|16=3",
        test(5),
        "35=2|34=6|{h}|7=2|16=2",
        bye(7),
    ],
    "request of all kinds": [
        LOGON,
        order(2),
        test(3),
        order(4),
        test(5),
        test(6),
        "35=2|34=7|{h}|7=1|16=0",
        "35=2|34=8|{h}|7=2|16=4",
        "35=2|34=9|{h}|7=3|16=3",
        "35=2|34=10|{h}|7=6|16=6",
        bye(11),
    ],
    "request beyond": [LOGON, order(2), "35=2|34=3|{h}|7=1|16=100", bye(4)],
    "request of 999999": [LOGON, order(2), "35=2|34=3|{h}|7=1|16=999999", bye(4)],
    "number too low": [LOGON, beat(2), beat(2)],
    "duplicate received before": [LOGON, order(2), order(2, header=DUP), test(3), bye(4)],
    "duplicate N received before": [LOGON, order(2), order(2, header="|43=N|122={T}"), test(3)],
    "duplicate not received before": [LOGON, order(2, header=DUP), test(3), bye(4)],
    "duplicate not received before without time": [LOGON, order(2, header="|43=Y"), test(3), bye(4)],
    "duplicate sent in the future": [LOGON, order(2), order(2, header="|43=Y|122={T+60}"), bye(3)],
    "duplicate in turn sent in the future": [LOGON, order(2, header="|43=Y|122={T+60}"), test(3), bye(4)],
    "another version": [LOGON, "8=FIX.4.1|35=0|34=2|{h}", bye(3)],
    "another version, order": [LOGON, "8=FIX.4.3|" + order(2), bye(3)],
    "length too short": [LOGON, "8={B}|9=20|35=0|34=2|{h}", test(2), bye(3)],
    "length one short": [LOGON, "8={B}|9={L-1}|35=0|34=2|{h}", test(2), bye(3)],
    "length one long": [LOGON, "8={B}|9={L+1}|35=0|34=2|{h}", test(2), test(3), bye(4)],
    "length five long": [LOGON, "8={B}|9={L+5}|35=0|34=2|{h}", test(2), test(3), bye(4)],
    "length eight long": [LOGON, "8={B}|9={L+8}|35=0|34=2|{h}", test(2), test(3), bye(4)],
    "length thirty long": [LOGON, "8={B}|9={L+30}|35=0|34=2|{h}", test(2), test(3), bye(4)],
    "length of nothing": [LOGON, "8={B}|9=0|35=0|34=2|{h}", test(2), bye(3)],
    "length of letters": [LOGON, "8={B}|9=abc|35=0|34=2|{h}", test(2), bye(3)],
    "type not known": [LOGON, "35=*|34=2|{h}", "35=ZZ|34=3|{h}|58=x", "35=99|34=4|{h}", test(5), bye(6)],
    "type empty": [LOGON, "35=|34=2|{h}", test(2), test(3), bye(4)],
    "types not supported": [LOGON, "35=F|34=2|{h}|11=a|41=b|54=1|55=X|60={T}", "35=H|34=3|{h}|11=a|54=1|55=X", bye(4)],
    "first three out of order": [
        LOGON,
        "9=40|8={B}|35=0|34=2|{h}",
        test(2),
        "8={B}|35=0|9=40|34=3|{h}",
        test(3),
        "35=0|8={B}|9=40|34=4|{h}",
        test(4),
        bye(5),
    ],
    "second field is the type": [LOGON, "8={B}|35=0|34=2|9=40|{h}", test(2), bye(3)],
    "garbled sum": [LOGON, beat(2) + "|10=000", test(2), bye(3)],
    "sum of two digits": [LOGON, beat(2) + "|10=12", test(2), bye(3)],
    "reject received": [LOGON, order(2), "35=3|34=3|{h}|45=2|58=why", test(4), "35=3|34=5|{h}|45=99", test(6), bye(7)],
    "reject too high": [LOGON, order(2), "35=3|34=4|{h}|45=2|58=why", test(5), bye(6)],
    "business reject received": [LOGON, order(2), "35=j|34=3|{h}|45=2|372=D|380=0", test(4), bye(5)],
    "a resent message is rejected": [
        LOGON,
        order(3, "b"),
        order(2, "a", header=DUP, more="|167=BOO"),
        order(3, "b", header=DUP),
        test(4),
        bye(5),
    ],
    "bad message above": [LOGON, order(3, "b", more="|167=BOO"), order(2, "a", header=DUP), test(4), bye(5)],
    "empty routing": [
        LOGON,
        order(2, header="|115=", more=""),
        order(3, header="|116=|115=JCD"),
        order(4, header="|128="),
        order(5, header="|115=JCD|116="),
        test(6),
        bye(7),
    ],
    "routing in an echo": [
        LOGON,
        order(2, header="|115=JCD|116=CS"),
        order(3, header="|50=SUB|57=TSUB"),
        order(4, header="|129=X|128=Y"),
        bye(5),
    ],
    "routing in a reject of an unknown type": [LOGON, "35=ZZ|34=2|{h}|115=JCD|50=S", bye(3)],
    "routing in a business reject": [LOGON, "35=H|34=2|{h}|115=JCD|50=S|11=a|54=1|55=X", bye(3)],
    "sub identifiers in a reject": [
        LOGON,
        "35=D|34=2|{h}|50=S|57=T|142=L|143=M|11=a|21=1|38=1|40=w|54=1|55=X|60={T}",
        bye(3),
    ],
    "missing names": [
        LOGON,
        "35=0|34=2|52={T}|56=ISLD",
        "35=0|34=3|49={us}|56=ISLD",
        "35=D|34=4|49={us}|52={T}|11=a|21=1|38=1|40=1|54=1|55=X|60={T}",
        test(5),
        bye(6),
    ],
    "missing time of an order": [
        LOGON,
        "35=D|34=2|49={us}|56=ISLD|11=a|21=1|38=1|40=1|54=1|55=X|60={T}",
        test(3),
        bye(4),
    ],
    "missing fields": [
        LOGON,
        "35=D|34=2|{h}|11=a|21=1|40=1|55=X|60={T}",
        "35=1|34=3|{h}",
        "35=2|34=4|{h}|7=1",
        "35=4|34=5|{h}|123=Y",
        test(6),
        bye(7),
    ],
    "missing number": [LOGON, "35=0|{h}", test(2)],
    "time of a wrong form": [LOGON, "35=0|34=2|49={us}|52=20010101|56=ISLD", test(3), bye(4)],
    "time in millis and micros": [
        LOGON,
        "35=1|34=2|49={us}|52={T}.123|56=ISLD|112=x",
        "35=1|34=3|49={us}|52={T}.123456|56=ISLD|112=x",
        bye(4),
    ],
    "not a number": [LOGON, "35=0|34=x|{h}", test(2)],
    "wrong names in a heartbeat": [LOGON, "35=0|34=2|49=WT|52={T}|56=ISLD", bye(3)],
    "wrong names and too high": [LOGON, "35=0|34=5|49=WT|52={T}|56=ISLD", bye(3)],
    "wrong time and too high": [LOGON, "35=0|34=5|49={us}|52={T-300}|56=ISLD", bye(3)],
    "logout too high": [LOGON, bye(5)],
    "logout too low": [LOGON, beat(2), bye(1)],
    "logout with a bad field": [LOGON, "35=5|34=2|{h}|999=x", bye(3)],
    "group of nothing": [LOGON, order(2, more="|{G0}"), test(3), bye(4)],
    "group": [LOGON, order(2, more="|{G2}"), test(3), bye(4)],
    "group too long": [LOGON, order(2, more="|{G1+}"), test(3), bye(4)],
    "group without its first": [LOGON, order(2, more="|{GX}"), test(3), bye(4)],
    "group out of order": [LOGON, order(2, more="|{GO}"), test(3), bye(4)],
    "group before other fields": [LOGON, "35=D|34=2|{h}|{G2}|11=id|21=1|38=1|40=1|54=1|55=X|60={T}", bye(3)],
    "e-mail": [LOGON, "35=C|34=2|{h}|164=T|94=0|147=S|33=2|58=one|58=two|95=3|96=a=b", bye(3)],
    "security definition": [LOGON, "35=d|34=2|{h}|320=R|322=S|323=4|55=X", bye(3)],
    "data": [LOGON, "35=C|34=2|{h}|164=T|94=0|147=S|33=1|58=one|95=5|96=a=b=c", bye(3)],
    "group in a heartbeat": [LOGON, beat(2, "|453=1|448=x"), test(3), bye(4)],
    "user defined": [
        LOGON,
        order(2, more="|5001=x"),
        order(3, more="|9999=x"),
        order(4, more="|10001=x"),
        order(5, more="|20000=x"),
        bye(6),
    ],
    "unknown version of the application": [
        LOGON,
        order(2, header="|1128=9"),
        order(3, header="|1128=6"),
        order(4, header="|1128=99"),
        bye(5),
    ],
    "bytes before a message": [LOGON, "raw:garbage|", test(2), bye(3)],
    "heartbeat with an identifier": [LOGON, beat(2, "|112=x"), test(3), bye(4)],
    "empty logon field": ["35=A|34=1|{h}|98=|108=30{A}"],
    "logon with a bad field": ["35=A|34=1|{h}|98=0|108=30|999=x{A}", test(2)],
    "logon encrypted": ["35=A|34=1|{h}|98=1|108=30{A}", test(2)],
    "logon negative heartbeat": ["35=A|34=1|{h}|98=0|108=-5{A}", test(2)],
    "sent twice": [LOGON, order(2, "a"), order(2, "a")],
    "message before logon": ["35=1|34=1|{h}|112=x"],
    "logout before logon": [bye(1)],
}
