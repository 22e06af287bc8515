"""`compatkit verify` on commands: run the scenarios, show the results, keep what a person has to look at."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compatkit.cli._exit_status import ExitStatus, status_of_proof
from compatkit.cli._extras import require
from compatkit.cli._outputs import write_and_show
from compatkit.cli._policy import chosen_policy
from compatkit.cli._progress import ProgressBar, QuietLine
from compatkit.cli._runs import read_margin
from compatkit.cli._settings import are_settings_given
from compatkit.cli._verdict_page import write_results
from compatkit.cli._verify_options import VerifyCliOptions, of_commands
from compatkit.equivalence.commands import CommandScenario, Result, ended_by_signals, verify_commands
from compatkit.equivalence.commands.temporary import temporary_folder
from compatkit.errors import CompatkitError, nearest
from compatkit.migration import Equivalence
from compatkit.migration.registry import seen_from
from compatkit.report.provenance import how_results_were_made
from compatkit.report.verdict_formats import render_results
from compatkit.report.verdict_text import explanations_lines

if TYPE_CHECKING:
    from compatkit.equivalence import Policy
    from compatkit.migration import Project


def chosen_scenarios(given: VerifyCliOptions, declared: Iterable[CommandScenario]) -> Sequence[CommandScenario]:
    """Return the declared scenarios that were asked for, with the command line's options set before theirs."""
    by_name = {one.name: one for one in declared}
    for name in given["scenarios"]:
        if name not in by_name:
            hint = nearest(name, by_name) or "none is declared in [tool.compatkit.verify]"
            raise click.UsageError(f"There is no scenario {name!r}; {hint}")
    wanted = given["scenarios"] or tuple(by_name)
    return [overridden(by_name[name], given) for name in dict.fromkeys(wanted)]


def direct_scenario(given: VerifyCliOptions, shared: Mapping[str, Any]) -> CommandScenario | None:
    """Return the scenario that the command line itself names; the `shared` settings of the project hold for it too."""
    if given["before"] is not None and given["after"] is not None:
        before, after = _words("--before", given["before"]), _words("--after", given["after"])
        scenario = CommandScenario("commands", Path.cwd(), before=before, after=after)
    elif given["base"] is not None:
        scenario = CommandScenario(
            f"against {given['base']}",
            Path.cwd(),
            base=given["base"],
            command=given["arguments"],
            shim=given["shim"],
            migrate=given["migrate"],
        )
    else:
        return None
    return overridden(replace(scenario, **shared), given)


def overridden(scenario: CommandScenario, given: VerifyCliOptions) -> CommandScenario:
    """Set what was given on the command line before what is declared."""
    names = {*of_commands(given), *(["migration"] if given["migration"] else [])} - {"margins"}
    said: dict[str, Any] = {name: value for name, value in given.items() if name in names}
    margins = Equivalence(margins=tuple(map(read_margin, given["margins"])))
    return replace(scenario, **said, equivalence=(*scenario.equivalence, margins))


def verify_scenarios(scenarios: Sequence[CommandScenario], given: VerifyCliOptions, project: Project) -> ExitStatus:
    """Run and compare each scenario; one that fails does not keep the others from being run."""
    require("mlflow", "numpy", "yaml", extra="verify")
    if any(scenario.seeds > 1 for scenario in scenarios):
        require("scipy", extra="verify")
    if are_settings_given() and any(scenario.shim or scenario.migrate for scenario in scenarios):
        raise click.UsageError("--config and --isolated do not reach the sides of --shim and --migrate: leave them out")
    # Before anything is run: a policy that cannot be read is wrong use, not a failed scenario.
    policies = [_policy(scenario, project) for scenario in scenarios]
    results: list[Result] = []
    is_kept = given["store"] is not None
    with ExitStack() as stack:
        folder = given["store"] or stack.enter_context(temporary_folder("compatkit-verify-"))
        try:
            with ended_by_signals():
                for number, (scenario, policy) in enumerate(zip(scenarios, policies, strict=True)):
                    # A name may hold what no file name can; the number tells apart what is left of two.
                    own = folder if len(scenarios) == 1 else folder / f"{number + 1}-{_file_name(scenario.name)}"
                    results.append(_verified(scenario, policy, own))
            is_kept = is_kept or (not all(result.is_equivalent for result in results) and _holds_anything(folder))
        finally:
            if not is_kept:
                shutil.rmtree(folder, ignore_errors=True)
    made = how_results_were_made(results)
    write_and_show(lambda form: render_results(results, form, made=made), given["form"], given["outputs"])
    if given["form"] in {"junit", "github"}:
        click.echo("".join(explanations_lines(results)), err=True, nl=False)
    write_results(given["html"], results, policies)
    if is_kept:
        click.echo(f"The stores and outputs of these runs: {folder.resolve()}", err=True)
    return _status(results)


def _words(option: str, command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise click.UsageError(f"{option} cannot be read: {error}") from error
    if not words:
        raise click.UsageError(f"{option} is empty")
    return words


def _holds_anything(folder: Path) -> bool:
    """Tell whether a command left anything to look at: where none ran, no folder is left behind."""
    return any(path.is_file() and path.stat().st_size for path in folder.rglob("*"))


def _verified(scenario: CommandScenario, policy: Policy, folder: Path) -> Result:
    bar, line = ProgressBar(what="runs"), QuietLine(scenario.name)

    def say(text: str) -> None:
        bar.clear()
        line.moved(text)
        click.echo(text, err=True)

    def read(done: int, total: int) -> None:
        line.moved()
        bar.update(done, total)

    try:
        with line:
            result = verify_commands(scenario, policy, store=folder, progress=say, reading=read)
    except CompatkitError as error:
        result = Result(scenario.name, failure=str(error))
    finally:
        bar.clear()
    return replace(result, policy=policy.title)


def _policy(scenario: CommandScenario, project: Project) -> Policy:
    """Return the policy that decides a scenario, and what the scenario itself allows."""
    named = seen_from(scenario.folder, scenario.migration) if scenario.migration else None
    policy = chosen_policy(
        project, named, scenario.equivalence, is_exact=scenario.exact, is_under_test=scenario.is_migration
    )
    return replace(policy, accepts_unread=scenario.accept_unread)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)[:60]


def _status(results: Sequence[Result]) -> ExitStatus:
    return status_of_proof(
        has_differences=any(result.has_differences for result in results),
        has_failures=any(result.is_open for result in results),
        is_proven=all(result.is_equivalent for result in results),
    )
