"""Every class of attack ends early: in less than 50 ms of processor time and 50 MB, however large it is."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from tests.unit.gateways.xmlguard.documents import ORDER, PAYMENT, TRANSFER

from isthmus.gateways.xmlguard.inspecting import verdict_of

MILLISECONDS_MAX = 50
MEGABYTES_MAX = 50
MILLION = 1_000_000
SIZES: dict[str, Callable[[], str | bytes]] = {
    "billion laughs": lambda: '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
    "quadratic blow-up": lambda: f'<!DOCTYPE x [<!ENTITY a "{"a" * 200_000}">]><x>{"&a;" * 100_000}</x>',
    "references": lambda: f"<Document>{'&amp;' * MILLION}</Document>",
    "a large text": lambda: f"<Document>{'a' * 4 * MILLION}</Document>",
    "a large remittance text": lambda: PAYMENT.replace("Invoice 42", "a" * 4 * MILLION),
    "a large attribute": lambda: f'<Document a="{"a" * 4 * MILLION}"/>',
    "many attributes": lambda: "<Document " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>",
    "a long name": lambda: f"<{'a' * MILLION}/>",
    "many names": lambda: f"<Document>{''.join(f'<a{n}/>' for n in range(200_000))}</Document>",
    "depth": lambda: "<a>" * MILLION,
    "depth of known names": lambda: PAYMENT.partition("<PmtInf>")[0] + "<PmtInf>" * 300_000,
    "many elements": lambda: f"<Document>{'<a/>' * MILLION}</Document>",
    "many transfers that nobody announced": lambda: PAYMENT.replace(TRANSFER, TRANSFER * 8_000),
    "many empty transfers": lambda: PAYMENT.replace(TRANSFER, "<CdtTrfTxInf/>" * 250_000),
    "a large comment": lambda: f"<Document><!--{'a' * 4 * MILLION}--></Document>",
    "many comments": lambda: f"<Document>{'<!-- -->' * 400_000}</Document>",
    "a large CDATA section": lambda: f"<Document><![CDATA[{'a' * 4 * MILLION}]]></Document>",
    "many CDATA sections": lambda: f"<Document>{'<![CDATA[a]]>' * 300_000}</Document>",
    "many namespaces": lambda: "<Document " + " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(100_000)) + "/>",
    "space": lambda: " " * 4 * MILLION + ORDER,
    "too large": lambda: b"<Document>" + b"a" * 64 * MILLION,
    "too large of wide letters": lambda: "<Document>" + "\U0001f600" * 3 * MILLION,
    "an unclosed tag": lambda: "<Document " + "a " * MILLION,
    "open brackets": lambda: "<" * 4 * MILLION,
    "ampersands": lambda: "<Document>" + "&" * 4 * MILLION,
    "an open comment": lambda: "<Document><!--" + "-" * 4 * MILLION,
    "a large order": lambda: ORDER.replace("open", "a" * MILLION),
    "a comment of quotes": lambda: ORDER.replace("open", "' or ''=" * 30),
    "a comment of selects": lambda: ORDER.replace("open", "select a " * 27 + ";select * from x"),
    "a large declaration": lambda: f'<?xml version="1.0" {" " * MILLION}?><x/>',
    "UTF-16 in large": lambda: ("<Document>" + "a" * MILLION).encode("utf-16"),
}


@pytest.mark.parametrize("what", SIZES)
def test_an_attack_by_size_is_refused_in_less_than_50_ms(what: str) -> None:
    document = SIZES[what]()
    verdict_of(PAYMENT), verdict_of(ORDER)
    took = []
    for _ in range(3):
        started = time.process_time_ns()
        verdict = verdict_of(document)
        took.append((time.process_time_ns() - started) / 1e6)
        assert verdict.verdict == "reject"
    assert min(took) < MILLISECONDS_MAX


MEASURED = """
import resource, sys
sys.path.insert(0, {tests!r})
from unit.gateways.xmlguard.test_cost import SIZES
from isthmus.gateways.xmlguard.inspecting import verdict_of
from unit.gateways.xmlguard.documents import ORDER, PAYMENT
verdict_of(PAYMENT), verdict_of(ORDER)
document = SIZES[{what!r}]()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
verdict_of(document)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "what",
    ["quadratic blow-up", "a large text", "many elements", "depth", "too large of wide letters", "many comments"],
)
def test_an_attack_by_size_is_refused_in_less_than_50_mb(what: str) -> None:
    code = MEASURED.format(tests=str(__import__("pathlib").Path(__file__).parents[3]), what=what)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) / 1024 < MEGABYTES_MAX
