"""`compatkit run`: a script or module, unmodified, with the shim in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from compatkit.cli._status import ExitStatus
from compatkit.errors import CompatkitError


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: compatkit run scripts/train.py --epochs 5",
)
@click.option("-m", "module", is_flag=True, help="TARGET is a module, as with `python -m`.")
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to use; repeatable.")
@click.option(
    "--census",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write which old names were used, and where, to this file; see `compatkit census`.",
)
@click.argument("target")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(
    ctx: click.Context,
    module: bool,
    chosen: tuple[str, ...],
    census: Path | None,
    target: str,
    arguments: tuple[str, ...],
) -> None:
    """Run a script or module with old imports and old record spellings kept working.

    Python processes that it starts have the shim, too.
    """
    import sys
    import traceback

    from compatkit.migration import load_project
    from compatkit.shim import install
    from compatkit.shim.census import log_of
    from compatkit.shim.startup import hand_down

    install(load_project(Path.cwd()).load(chosen), named=chosen)
    if not module and not Path(target).is_file():
        hint = "for a module, run: compatkit run -m NAME"
        raise CompatkitError(f"There is no script {target!r}.", where=str(Path.cwd()), hint=hint)
    hand_down(Path.cwd(), chosen, census=log_of(census) if census else None)
    sys.argv = [target, *arguments]
    # sys.path[0] is what the interpreter itself would have put there.
    sys.path.insert(0, str(Path.cwd() if module else Path(target).resolve().parent))
    with _counted(census):
        try:
            _run(target, as_module=module)
        except CompatkitError:
            # It left the user's script: shown as Python shows it, since where it was raised is half of the answer.
            traceback.print_exc()
            ctx.exit(int(ExitStatus.FINDINGS))


def _run(target: str, *, as_module: bool) -> None:
    import runpy

    if as_module:
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(target, run_name="__main__")


@contextmanager
def _counted(file: Path | None) -> Iterator[None]:
    """Write the census however the script ends."""
    if file is None:
        yield
        return
    from compatkit.shim.census import Census, log_of, write_census

    log = log_of(file.resolve())
    try:
        log.write_text("", encoding="utf-8")
    except OSError as error:
        hint = "give a file in a folder that exists and can be written"
        raise CompatkitError(f"The census cannot be written: {error}.", where=str(file), hint=hint) from error
    census = Census(log)
    census.start()
    try:
        yield
    finally:
        census.stop()
        write_census(file.resolve())
