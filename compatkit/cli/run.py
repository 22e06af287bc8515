"""`compatkit run`: a script or module, unmodified, with the shim in place."""

from __future__ import annotations

import click

from compatkit.cli._status import ExitStatus


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: compatkit run scripts/train.py --epochs 5",
)
@click.option("-m", "module", is_flag=True, help="TARGET is a module, as with `python -m`.")
@click.option("--migration", "chosen", multiple=True, metavar="ID_OR_PATH", help="The migration to use; repeatable.")
@click.argument("target")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, module: bool, chosen: tuple[str, ...], target: str, arguments: tuple[str, ...]) -> None:
    """Run a script or module with old imports and old record spellings kept working."""
    import runpy
    import sys
    import traceback
    from pathlib import Path

    from compatkit.errors import CompatkitError
    from compatkit.migration import load_project
    from compatkit.shim import install

    install(load_project(Path.cwd()).load(chosen))
    sys.argv = [target, *arguments]
    if not module and not Path(target).is_file():
        hint = "for a module, run: compatkit run -m NAME"
        raise CompatkitError(f"There is no script {target!r}.", where=str(Path.cwd()), hint=hint)
    # sys.path[0] is what the interpreter itself would have put there.
    sys.path.insert(0, str(Path.cwd() if module else Path(target).resolve().parent))
    try:
        if module:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(target, run_name="__main__")
    except CompatkitError:
        # It left the user's script: shown as Python shows it, since where it was raised is half of the answer.
        traceback.print_exc()
        ctx.exit(int(ExitStatus.FINDINGS))
