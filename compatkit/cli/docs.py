"""`compatkit docs`: the pages that lie beside the code, in the terminal."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import click

from compatkit.errors import WrongUse, nearest

# Topic, package, file in it, and what it is about.
_PAGES = {
    "authoring": ("compatkit.authoring", "README.md", "migrations of your own"),
    "migrate": ("compatkit.migrate", "README.md", "forms, options, settings, editors, CI, what is left to a person"),
    "migrations": ("compatkit.codemods", "README.md", "the bundled migrations, before and after"),
    "record": ("compatkit.record", "README.md", "any trainer's history as v1 dicts and v2 objects at once"),
    "shim": ("compatkit.shim", "README.md", "ways in, census, type stubs"),
    "train": ("compatkit.training", "README.md", "the bundled stack, torchrun, Ray"),
    "tutorial": ("compatkit", "TUTORIAL.md", "from the crash to the merged upgrade"),
    "verify": ("compatkit.equivalence", "README.md", "what is compared, what may differ, many seeds"),
}
_SETTINGS = "settings"


@click.command("docs", epilog="\b\nExamples:\n  compatkit docs migrate\n  compatkit docs settings --schema")
@click.argument(
    "topic",
    metavar="[TOPIC]",
    required=False,
    shell_complete=lambda _ctx, _parameter, begun: [name for name in (*_PAGES, _SETTINGS) if name.startswith(begun)],
)
@click.option("--schema", "as_schema", is_flag=True, help="Of settings: print the JSON Schema of [tool.compatkit].")
def command(topic: str | None, *, as_schema: bool) -> None:
    """Show a page of the documentation, or, without a topic, which there are."""
    if as_schema and topic != _SETTINGS:
        raise click.UsageError("--schema goes with the topic settings")
    if topic is None:
        for name, about in sorted({**{name: page[2] for name, page in _PAGES.items()}, _SETTINGS: _ABOUT}.items()):
            click.echo(f"{name:12}{about}")
    elif topic == _SETTINGS:
        from compatkit.authoring.schema import settings_lines, settings_schema

        click.echo(json.dumps(settings_schema(), indent=2) if as_schema else "\n".join(settings_lines()))
    elif topic in _PAGES:
        click.echo_via_pager(_page(*_PAGES[topic][:2]))
    else:
        topics = sorted([*_PAGES, _SETTINGS])
        raise WrongUse(
            f"There is no page {topic!r}.", hint=nearest(topic.lower(), topics) or f"the pages are: {', '.join(topics)}"
        )


_ABOUT = "every key of [tool.compatkit], as a table or a JSON Schema"


def _page(package: str, file: str) -> str:
    # Found, not imported: the training stack would bring torch.
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (page := Path(folder) / file).is_file():
            return page.read_text(encoding="utf-8")
    raise WrongUse(f"The page {file} of {package} is not installed.", hint="install compatkit again")
