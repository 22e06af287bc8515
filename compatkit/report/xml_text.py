"""JUnit documents, and the text that XML 1.0 can hold."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

# XML 1.0 cannot hold these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return the text with a mark in place of what XML cannot hold; the writer escapes the rest."""
    return _FORBIDDEN.sub("\ufffd", text)


def junit_text(suite: ET.Element) -> str:
    """Return the document of one test suite."""
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    # The writer leaves a carriage return in a text as it is, and every reader makes a newline of it.
    return ET.tostring(suites, encoding="unicode", xml_declaration=False).replace("\r", "&#13;")
