"""Texts that some formats change in transit, for tests of reading and writing."""

from __future__ import annotations

import re

from hypothesis import strategies as st

# What one format or another reads as a line end, a mark, a blank, another type, or not at all.
HARD = (
    *("\x85", "\u2028", "\u2029", "\ufeff", "\ufeffa", "\xa0", "\x00", "\x1b[31m", "\x7f", "\x0b", "\x1c", "\ufffe"),
    *("\ud800", "\udcff", "\U0001f600", "a\x85b", " \x85 ", "a\u2028 b", "é", "\ufffd"),
    *("", " ", " a ", "\ta\t", "a\r", "\r\n", "a\rb", "\n", "\n a\n", "a \n b", "x\n\n\ny"),
    *("yes", "off", "null", "~", "none", "None", "True", "1e-3", "0x1F", "0o7", "1_000", "1:30", "2024-01-01", ".inf"),
    *("NaN", "NA", "'", '"', "'''", "\\", "\\u0085", "#a", "a #b", "- a", "a: b", "?", "=", "<<", "{", "]", "|", ">"),
    *("!tag", "&x", "*x", "%", "---", "...", "@", "`", "]]>", "&#13;", "<a/>", "=a", ";b", "[c]", ",", "a,b"),
)
# Two halves of a character, one behind the other, come from no file name and no UTF-8: JSON makes one of them.
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ANY = st.text(st.characters(exclude_categories=()), max_size=9).filter(lambda text: not _HALVES.search(text))
TEXTS = st.sampled_from(HARD) | _ANY | st.text("\x85\u2028\r\n\t ü:#'\"", max_size=9)
