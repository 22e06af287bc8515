"""The operations of programs and tests on the records that a survey returns: dicts in v1, objects in v2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a function, what stands before it, and a test of it; `#` is its number, `@` its module."""

    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


RUN = "history = Survey().run()"
RECORDS = (
    Piece((RUN, 'return history[-1]["temp"]')),
    Piece((RUN, 'return [one["temp"] for one in history]')),
    Piece((RUN, 'return history[0].get("temp")')),
    Piece((RUN, 'return history[0].get("temp", 7)')),
    Piece((RUN, 'return max(history, key=lambda one: one["temp"])["wind"]')),
    Piece((RUN, "return f\"{history[0]['temp']} degrees\"")),
    Piece((RUN, 'return "temp" in history[0]')),
    Piece((RUN, "return sorted(history[0])")),
    Piece((RUN, "return dict(history[0])")),
    Piece((RUN, 'return {**history[0]}["temp"]')),
    Piece((RUN, "try:", '    return history[-1]["temp"]', "except KeyError:", "    return None")),
    Piece((RUN, "try:", '    return history[-1]["rain"]', "except KeyError:", "    return None")),
    Piece((RUN, "try:", '    return history[-1]["rain"]', "except (KeyError, IndexError):", "    return None")),
    Piece((RUN, "try:", '    return history[-1]["rain"]', "except LookupError:", "    return None")),
    Piece(
        (RUN, "with suppress(KeyError):", '    return history[-1]["rain"]'), head=("from contextlib import suppress",)
    ),
    Piece((RUN, "match history[0]:", '    case {"temp": found, **rest}:', "        return found, rest")),
    Piece((RUN, "match history[0]:", '    case {"temp": found}:', "        return found")),
    Piece((RUN, 'history[0]["temp"] = 9', 'return history[0]["temp"]')),
    Piece((RUN, 'history.append({"temp": 0.5, "wind": 1})', 'return [one["temp"] for one in history]')),
    Piece((RUN, "grow(history)", 'return [one["temp"] for one in history]'), head=("from loading import grow",)),
    Piece(
        (RUN, "grow#(history)", 'return [one["temp"] for one in history]'),
        body=("def grow#(rows):", '    rows.append({"temp": 0.5})', ""),
    ),
    Piece((RUN, "return first#(history)"), body=("def first#(rows):", '    return rows[0]["temp"]', "")),
    Piece(
        ("keeper = Keeper#()", "keeper.grow()", 'return [one["temp"] for one in keeper.rows]'),
        body=(
            "class Keeper#:",
            "    def __init__(self):",
            "        self.rows = Survey().run()",
            "",
            "    def grow(self):",
            '        self.rows.append({"temp": 0.25})',
            "",
        ),
    ),
    Piece(
        ("return Keeper#().first()",),
        body=(
            "class Keeper#:",
            "    def __init__(self):",
            "        self.rows = Survey().run()",
            "",
            "    def first(self):",
            '        return self.rows[0]["temp"]',
            "",
        ),
    ),
    Piece(
        (RUN, 'return history[0]["temp"]'),
        test=('with mock.patch("acme.survey.Survey.run", return_value=[{"temp": 5}]):', "print(@.get#())"),
    ),
    Piece(
        (RUN, 'return history[0]["temp"]'),
        test=(
            'with mock.patch.object(@, "Survey", **{"return_value.run.return_value": [{"temp": 5}]}):',
            "print(@.get#())",
        ),
    ),
    Piece(
        (RUN, 'return history[0]["temp"]'),
        test=(
            'with mock.patch("@.Survey") as survey:',
            'survey.return_value.run.return_value = [{"temp": 5}]',
            "print(@.get#())",
        ),
    ),
    Piece(
        (RUN, 'return history[0]["temp"]'),
        test=('with mock.patch("acme.survey.Survey.run", side_effect=[[{"temp": 5}]]):', "print(@.get#())"),
    ),
    Piece(
        (RUN, 'return history[0]["temp"]'),
        test=('with mock.patch("acme.survey.Survey.run", lambda self: [{"temp": 5}]):', "print(@.get#())"),
    ),
    Piece((RUN, "return json.dumps(history)"), head=("import json",)),
    Piece((RUN, 'key = "temp"', "return history[0][key]")),
    Piece((RUN, "return list(history[0].values())")),
    Piece((RUN, "return list(map(itemgetter('temp'), history))"), head=("from operator import itemgetter",)),
    Piece((RUN, "return '{temp}'.format(**history[0])")),
    Piece((RUN, "first, *others = history", 'return first["temp"], len(others)')),
    Piece((RUN, 'return sum(one["temp"] for one in history) / len(history)')),
    Piece((RUN, "return show(history)"), head=("from loading import show",)),
)
