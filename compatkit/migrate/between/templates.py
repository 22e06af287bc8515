"""Find the members that the template files of a project may read from the objects they get: `{{ box.size }}`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from compatkit.migrate.between.importers import read_quietly
from compatkit.migrate.finding.find import FoundFile, list_folder
from compatkit.migration import Migration
from compatkit.rewrite.prefilter.interfaces import gives_to_templates

_SUFFIXES = (".htm", ".html", ".j2", ".jinja", ".jinja2", ".mako", ".tmpl", ".tpl")
# As Jinja, Django and Mako write them.
_BRACES = re.compile(rb"[{][{%](.*?)[%}][}]|[$][{](.*?)[}]", re.DOTALL)
_ATTRIBUTE = re.compile(rb"\.([^\W\d]\w*)")


class Templates:
    """Answers for one run over a tree; the templates are read once a file gives something to some."""

    def __init__(self, files: Sequence[FoundFile], migrations: Iterable[Migration]) -> None:
        self._tops = sorted({file.below for file in files})
        self._members = {member.v1.encode() for migration in migrations for member in migration.members}

    def asked_by(self, source: bytes) -> frozenset[str]:
        """Return the changed members for which a template asks, if a file may give objects to templates."""
        return self._asked if self._members and gives_to_templates(source) else frozenset()

    @cached_property
    def _asked(self) -> frozenset[str]:
        names = (os.path.join(top, name) for top in self._tops for name in list_folder(top, _is_template))  # noqa: PTH118
        inside = (part for name in names for pair in _BRACES.findall(read_quietly(Path(name))) for part in pair)
        asked = {attribute for part in inside for attribute in _ATTRIBUTE.findall(part)}
        return frozenset(name.decode() for name in asked & self._members)


def _is_template(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)
