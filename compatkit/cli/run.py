"""`compatkit run`: a script or module, unmodified, with the shim in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

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

    A folder or an archive with a `__main__.py` is run as well. Python processes that it starts have the shim, too.

    Exit status: that of the program; 1 after an error that it did not catch; 130 after Ctrl-C.
    """
    if target.startswith("-") and not Path(target).exists():
        raise click.NoSuchOption(target, ctx=ctx)
    from compatkit.cli._program import run_program
    from compatkit.migration import load_project
    from compatkit.shim import install
    from compatkit.shim.startup import hand_down

    install(load_project(Path.cwd()).load(chosen), named=chosen)
    if not module and not Path(target).exists():
        hint = "for a module, run: compatkit run -m NAME"
        raise CompatkitError(f"There is no script {target!r}.", where=str(Path.cwd()), hint=hint)
    with _counted(census) as log:
        hand_down(Path.cwd(), chosen, census=log)
        ctx.exit(run_program(target, arguments, as_module=module))


@contextmanager
def _counted(file: Path | None) -> Iterator[Path | None]:
    """Write the census however the script ends, and whatever it does to the folder; yield the log of all processes."""
    if file is None:
        yield None
        return
    import tempfile

    from compatkit.shim.census import Census, write_census

    file = file.resolve()
    try:
        file.write_text("", encoding="utf-8")
    except OSError as error:
        hint = "give a file in a folder that exists and can be written"
        raise CompatkitError(f"The census cannot be written: {error}.", where=str(file), hint=hint) from error
    with tempfile.TemporaryDirectory(prefix="compatkit-census-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "uses"
        log.touch()
        census = Census(log)
        census.start()
        try:
            yield log
        finally:
            census.stop()
            write_census(log, file)
