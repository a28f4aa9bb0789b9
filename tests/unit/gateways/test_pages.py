"""The policies that pages are served under."""

from pathlib import Path

from isthmus.gateways.rest.http import Answer
from isthmus.gateways.rest.pages import POLICY, VERIFIER, StaticFiles


def policy(answer: Answer | None) -> str:
    """The policy that the answer is sent with."""
    assert answer is not None
    return dict(answer.headers)["content-security-policy"]


def test_the_verifier_keeps_the_narrower_policy_that_is_in_it_and_no_other_page_does(tmp_path: Path) -> None:
    for name in ("index.html", "verifier.html"):
        (tmp_path / name).write_text("<!doctype html>")
    files = StaticFiles(tmp_path)
    assert policy(files.answer("/", {})) == POLICY
    assert policy(files.answer(VERIFIER, {})) == "frame-ancestors 'none'"
    kept = files.answer(VERIFIER, {})
    assert kept is not None
    assert dict(kept.headers)["x-content-type-options"] == "nosniff"
