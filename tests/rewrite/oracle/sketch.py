"""A module and a project in the making."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.rewrite.oracle.library import Name


@dataclass(slots=True)
class Module:
    """One file in the making; `bound` are the local names at its top level, and what each stands for."""

    name: str
    is_package: bool = False
    head: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)
    gets: list[str] = field(default_factory=list)
    offers: list[tuple[str, Name, str]] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def text(self) -> str:
        exported = [f"__all__ = {self.exported!r}"] if self.exported else []
        return "\n".join([*self.head, "", *exported, "", *self.body, *self.tail, ""])

    def bind(self, local: str, meaning: str) -> bool:
        """Bind a name once; tell whether it is free, or stands for the same."""
        return self.bound.setdefault(local, meaning) == meaning

    def get(self, number: int, *lines: str) -> str:
        """Add a function that a program calls, and print."""
        name = f"get{number}"
        self.body += [f"def {name}():", *(f"    {line}" for line in lines), ""]
        self.gets.append(name)
        return name


class Sketch:
    """One project in the making, with short ways to draw."""

    def __init__(self, draw: st.DrawFn, about: str) -> None:
        self.drawing = draw
        self.about = about
        self.files: dict[str, str] = {}
        self.is_inside = self.one_in(5)
        self.top = "acme.app" if self.is_inside else "app"
        self.modules: list[Module] = []
        self.test = Module("test_app")
        self.main: list[str] = []
        self.drawn: list[str] = []
        self.number = 0

    def one(self, *of: object) -> object:
        return self.drawing(st.sampled_from(of))

    def choice(self, *of: str) -> str:
        return self.drawing(st.sampled_from(of))

    def one_in(self, count: int) -> bool:
        return self.drawing(st.integers(1, count)) == 1

    def few(self, most: int) -> int:
        """Return a small number, in most draws one: what is wrong is seen best where there is little else."""
        return self.drawing(st.sampled_from([1] * most + list(range(1, most + 1))))

    def next(self) -> int:
        self.number += 1
        return self.number
