"""Characters that no document may hold, written out or by reference."""

from __future__ import annotations

import re

CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufff0-\uffff\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
)
"""Controls beyond tab and line ends, separators of lines, surrogates, non-characters, specials, private use."""

INVISIBLES = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|\ufe0f\ufe0f"
)
"""Zero-width, bidirectional and filling characters: what a person sees is not what a program compares."""
