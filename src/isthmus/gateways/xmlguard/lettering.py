"""Letters that look like other letters: one word in two scripts, a word that only pretends, compatibility forms.

The idea of a single script a word and of confusables is that of Unicode Technical Standard 39, sections 4 and 5.1;
the table of confusables is cut down to Greek and Cyrillic letters that are drawn as Latin ones.
"""

from __future__ import annotations

import re

_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_GREEK = "\u0370-\u0373\u0376-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1fff"
_CYRILLIC = "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f"
_ARMENIAN_AND_CHEROKEE = "\u0531-\u0556\u0561-\u0587\u13a0-\u13ff\uab70-\uabbf"
_OTHERS = _GREEK + _CYRILLIC + _ARMENIAN_AND_CHEROKEE
_MIXED = re.compile(rf"[{_LATIN}][0-9_'’\u0300-\u036f]*[{_OTHERS}]|[{_OTHERS}][0-9_'’\u0300-\u036f]*[{_LATIN}]")
_TWO_OTHERS = re.compile(rf"[{_GREEK}][{_CYRILLIC}]|[{_CYRILLIC}][{_GREEK}]")
_LETTERS = "АВЕЅІЈКМНОРСТУХԚԜаеѕіјорсухԛԝһӏ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧορυνχ"
_PRETENDING = re.compile(rf"(?<!\w)[{_LETTERS}]{{3,}}(?!\w)")
_FOREIGN_LETTER = re.compile(rf"[{_OTHERS}]")
_LATIN_WORD = re.compile(rf"[{_LATIN}]{{2,}}")
_LEGAL_FORMS = frozenset({"ООО", "ОАО", "НАО"})
_MATHEMATICAL = re.compile(
    "[\u017f\u0251\u0261\u2102\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212a-\u2131\u2133\u2134\u2145-\u2149\u2160-\u217f\u1d2c-\u1d6a\u2070-\u209c\u2460-\u24ff\u2c7c\u2c7d\ua7f8\ua7f9\U0001d400-\U0001d7ff\U0001f130-\U0001f189]"
)
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff66-\uff9f]")
_HEAPED = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
_SUPERSCRIPTS = re.compile("[\u2070-\u209c]")


def fault_of_letters(text: str) -> tuple[str, str] | None:
    """(rule, reason) of the first fault; None for text that is what it looks like."""
    if text.isascii():
        return None
    if _MIXED.search(text) or _TWO_OTHERS.search(text):
        return "homoglyph", "one word mixes letters of two scripts"
    found = _PRETENDING.search(text)
    if found is not None and found[0] not in _LEGAL_FORMS and _only_pretends(text, found[0]):
        return "homoglyph", "a word looks Latin and is not"
    found = _MATHEMATICAL.search(text)
    if found is not None and not _SUPERSCRIPTS.match(found[0]):
        return "compatibility-character", f"U+{ord(found[0]):04X} only looks like a letter or digit"
    found = _WIDE.search(text)
    if found is not None and not _EAST_ASIAN.search(text):
        return "compatibility-character", f"the full-width U+{ord(found[0]):04X} stands in text that is not East Asian"
    if _HEAPED.search(text):
        return "combining-marks", "more than three combining marks on one letter"
    return None


def _only_pretends(text: str, word: str) -> bool:
    """Beside Latin words, and with no letter of its script that could not be a Latin one."""
    rest = text.replace(word, "")
    return _LATIN_WORD.search(rest) is not None and all(letter in _LETTERS for letter in _FOREIGN_LETTER.findall(rest))
