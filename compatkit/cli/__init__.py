"""The command line: one module a command, imported only when that command is called."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from compatkit import __version__
from compatkit.cli._exit_status import ExitStatus
from compatkit.cli._lazy import LazyGroup
from compatkit.cli._streams import guard_streams, require_written
from compatkit.cli._verbosity import color_of_environment
from compatkit.errors import CompatkitError, WrongUse

# Name and one-line help; the module of the same name holds the click command `command`.
_COMMANDS = {
    "census": "Set what a run used under old names against what the source shows.",
    "compare": "Compare what two MLflow runs logged.",
    "demo": "See the crash, the shim, the rewrite and the proof on a real v1 code base.",
    "docs": "Show a page of the documentation.",
    "doctor": "Check the settings of a project, and this environment.",
    "explain": "Explain a code that a finding, a warning or a report names.",
    "init": "Look at a project, and propose its settings.",
    "lsp": "Show findings and rewrites in an editor.",
    "migrate": "Rewrite v1 code in a source tree to v2.",
    "migrations": "List the migrations there are, and write one of your own.",
    "presets": "Show the presets of the training stack side by side.",
    "run": "Run a script or module with the shim in place.",
    "shim": "Switch the shim on and off for every Python of this environment.",
    "snapshot": "Store what an MLflow run logged as a file.",
    "status": "Show what is left to migrate, by code, folder and owner.",
    "stubs": "Write type stubs for old modules that are gone.",
    "sweep": "Train every combination of presets, settings and seeds, as child runs.",
    "tracking": "Send what trainings could not send to the tracking server.",
    "train": "Train a model on the bundled stack, v1 or v2, and log the run to MLflow.",
    "verify": "Prove that the v1 and the v2 stack log the same to MLflow.",
}


_SECTIONS = {
    "Keep running": ("run", "shim", "census", "stubs"),
    "Migrate": ("init", "migrate", "status", "explain", "migrations", "lsp"),
    "Know": ("verify", "compare", "snapshot", "doctor", "docs", "demo"),
    "Train": ("train", "sweep", "presets", "tracking"),
}
# Commands in which other people's objects live: Python collects these as ever.
_LIVELY = frozenset({"run", "lsp", "verify", "compare", "snapshot", "demo", "train", "sweep", "tracking"})
_MADE = 50_000  # objects, between two searches for circles


class _Commands(LazyGroup):
    rows = _COMMANDS
    sections = _SECTIONS
    bare = frozenset({"run"})  # its options end where those of the user's program begin


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="compatkit")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Keep v1 training code running on a v2 stack, migrate it, and prove that nothing it logs changed.

    \b
    Start with: compatkit demo, or in your own project: compatkit init
    The help of a command: compatkit help COMMAND
    """
    ctx.color = color_of_environment()
    if ctx.invoked_subcommand not in _LIVELY:
        ctx.with_resource(_spared_collector())


@contextmanager
def _spared_collector() -> Iterator[None]:
    """Let Python look for circles of objects less often, and not once more at its end.

    Syntax trees have many parts and no circles. To look for some takes a tenth of a run, and at its end a twentieth
    of the shortest one.
    """
    atexit.register(gc.freeze)
    before = gc.get_threshold()
    gc.set_threshold(_MADE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def main() -> None:
    """Run the command line and exit with the status that the README documents."""
    # `run` belongs to the user's program, which gets what Python would give it.
    if sys.argv[1:2] != ["run"]:
        guard_streams()
    sys.exit(int(_run()))


def _run() -> int:
    try:
        status = cli.main(standalone_mode=False)
        require_written()
    except click.UsageError as error:
        error.show()
        return ExitStatus.USAGE
    except click.ClickException as error:
        error.show()
        return ExitStatus.FAILED
    except (click.Abort, KeyboardInterrupt) as error:
        # click takes any EOFError for the end of a terminal's input, such as that of a file that was cut.
        cut = error.__cause__ if isinstance(error.__cause__, EOFError) else None
        click.echo(f"error: {_unforeseen(cut)}" if cut else "Interrupted.", err=True)
        return ExitStatus.FAILED
    except WrongUse as error:
        click.echo(f"error: {error}", err=True)
        return ExitStatus.USAGE
    except CompatkitError as error:
        click.echo(f"error: {error}", err=True)
        return ExitStatus.FAILED
    except Exception as error:  # noqa: BLE001 - the last one: Python's own status, 1, means findings or differences
        click.echo(f"error: {_unforeseen(error)}", err=True)
        return ExitStatus.FAILED
    return status if isinstance(status, int) else ExitStatus.OK


def _unforeseen(error: Exception) -> CompatkitError:
    """Say what happened, where, and what to do about it; with COMPATKIT_DEBUG=1, show the traceback too."""
    # Only a failure waits for these.
    import traceback

    from compatkit.cli._extras import as_missing_extra

    if isinstance(error, ModuleNotFoundError) and (missing := as_missing_extra(error)):
        return missing
    if os.environ.get("COMPATKIT_DEBUG"):
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    if isinstance(error, OSError) and error.filename:
        what = f"{error.strerror or type(error).__name__}."
        return CompatkitError(what, where=str(error.filename), hint="check the path, permissions and free space")
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, EOFError):
        read = [frame for frame in frames if not frame.filename.startswith("<")][-1]
        return CompatkitError(
            f"A file that was read ends too early: {error or 'EOFError'}.",
            where=f"{read.filename}, line {read.lineno}: {read.line}",
            hint="a pickle or a compiled module was cut: write the first anew, delete the second (__pycache__)",
        )
    own = [frame for frame in frames if "compatkit" in frame.filename.replace(os.sep, "/").split("/")] or frames
    return CompatkitError(
        f"compatkit failed: {type(error).__name__}: {error}",
        where=f"{own[-1].filename}, line {own[-1].lineno}",
        hint=(
            "this is a fault of compatkit, not of your code: please report it, with the traceback that "
            "COMPATKIT_DEBUG=1 shows, and what compatkit --version says"
        ),
    )
