"""A census as text for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from compatkit.migrate.census import Census, Place
from compatkit.migrate.census_file import Use


def census_lines(census: Census) -> Iterator[str]:
    """Yield the three groups, each with what it means and its entries; a group without entries is left out."""
    if census.found:
        yield f"Used in the run, and found in the source ({len(census.found)}):"
        yield from map(_used, census.found)
    if census.missed:
        yield f"Used in the run, but not found in the source ({len(census.missed)}); a person has to look:"
        yield from map(_used, census.missed)
    if census.unseen:
        yield f"Found in the source, but not used in the run ({len(census.unseen)}); unused, or not exercised:"
        yield from (f"  {place.file}:{place.line} {place.code} {place.message}" for place in census.unseen)


def census_json(census: Census) -> str:
    """Return the three groups as a JSON object."""
    groups = {
        "found": [asdict(use) for use in census.found],
        "missed": [asdict(use) for use in census.missed],
        "unseen": [_place(place) for place in census.unseen],
    }
    return json.dumps({"schema": 1, **groups}, indent=2)


def _used(use: Use) -> str:
    place = f"{use.file}:{use.line}" if use.line else use.file
    return f"  {place} {use.code} {use.old}, {'once' if use.count == 1 else f'{use.count} times'}"


def _place(place: Place) -> dict[str, str | int]:
    return {"file": place.file, "line": place.line, "code": place.code, "message": place.message}
