"""Errors in a configuration, named by its dotted path."""

from __future__ import annotations

from collections.abc import Iterable

from compatkit.errors import CompatkitError, nearest


class ConfigError(CompatkitError):
    """A configuration that names something unknown, or holds a value that cannot be."""

    @classmethod
    def invalid(cls, path: str, value: object, expected: str, known: Iterable[str] = ()) -> ConfigError:
        where = f"OrchestratorConfig, at {path}"
        hint = nearest(value, known) if isinstance(value, str) else ""
        return cls(f"{path} is {value!r}; it must be {expected}.", where=where, hint=hint)

    @classmethod
    def unknown_key(cls, path: str, value: object, known: Iterable[str]) -> ConfigError:
        return cls(
            f"There is no setting {path!r} (given: {value!r}).",
            where="OrchestratorConfig",
            hint=_v2_spelling(path) or nearest(path, known),
        )

    @classmethod
    def contradiction(cls, path: str, other: str, value: str, allowed: str) -> ConfigError:
        return cls(
            f"{path} and {other} = {value!r} do not go together.",
            where=f"OrchestratorConfig, at {path}",
            hint=f"set {path} to {allowed}, or choose another {other}",
        )

    @classmethod
    def no_assignment(cls, text: str) -> ConfigError:
        return cls(
            f"{text!r} sets nothing.",
            where="the overrides",
            hint="write path=value, such as optimizer.learning_rate=0.01",
        )

    @classmethod
    def bad_file(cls, path: object, problem: object) -> ConfigError:
        return cls(
            f"The configuration cannot be read: {problem}",
            where=str(path),
            hint="see `compatkit presets --format toml NAME`",
        )

    @classmethod
    def unwritable(cls, path: object, name: str, value: str) -> ConfigError:
        return cls(
            f"{name} is {value!r}, which holds a byte or half a character that is no text.",
            where=f"{path}, which was not written",
            hint="give it a value in UTF-8",
        )

    @classmethod
    def unknown_suffix(cls, path: object, known: Iterable[str]) -> ConfigError:
        return cls(f"{path} has no known ending.", where=str(path), hint=f"known: {', '.join(sorted(known))}")

    @classmethod
    def bad_preset(cls, name: str, where: str, problem: object) -> ConfigError:
        return cls(f"The preset {name!r} cannot be used: {problem}", where=where)

    @classmethod
    def no_checkpoints(cls) -> ConfigError:
        return cls(
            "A training without checkpoints cannot be resumed.",
            where="OrchestratorConfig, at checkpoints.folder",
            hint="set checkpoints.folder",
        )

    @classmethod
    def preset_twice(cls, name: str, where: str) -> ConfigError:
        return cls(f"The preset {name!r} is there already.", where=where, hint="give it another name")

    @classmethod
    def unsupported(cls, trainer: str, paths: Iterable[str]) -> ConfigError:
        return cls(
            f"The trainer {trainer} cannot carry out {', '.join(sorted(paths))}.",
            where="TrainingOrchestratorV2",
            hint="leave them at their defaults, or use ModelTrainerV2",
        )

    @classmethod
    def not_shared(cls, trainer: str, processes: int) -> ConfigError:
        return cls(
            f"The trainer {trainer} trains in one process, and {processes} were started.",
            where="TrainingOrchestratorV2",
            hint="start it without torchrun, or use ModelTrainerV2",
        )

    @classmethod
    def two_engines(cls) -> ConfigError:
        return cls(
            "torchrun started this process, and scale.engine is 'ray', which starts processes itself.",
            where="OrchestratorConfig, at scale.engine",
            hint="start it without torchrun, or set scale.engine to local",
        )

    @classmethod
    def unknown_preset(cls, name: object, known: Iterable[str]) -> ConfigError:
        return cls(f"There is no preset {name!r}.", hint=nearest(str(name), known))

    @classmethod
    def same_training(cls, one: str, other: str) -> ConfigError:
        return cls(
            f"Two combinations are the same training: {one!r} and {other!r}.",
            where="the sweep",
            hint="give each value once",
        )

    @classmethod
    def seeds_twice(cls) -> ConfigError:
        return cls(
            "Seeds were given as a number and as values of runtime.seed.", where="the sweep", hint="give one of them"
        )

    @classmethod
    def two_sources(cls, preset: str) -> ConfigError:
        return cls(
            f"A config and the preset {preset!r} were both given.",
            where="TrainingOrchestratorV2",
            hint=f"start from preset_config({preset!r}) and change it with with_overrides",
        )

    @classmethod
    def unknown_argument(cls, name: str, value: object, known: Iterable[str]) -> ConfigError:
        return cls(
            f"There is no argument {name!r} (given: {value!r}).", where="the v1 arguments", hint=nearest(name, known)
        )

    @classmethod
    def argument_twice(cls, name: str) -> ConfigError:
        return cls(
            f"The argument {name!r} was given by position and by name.", where="the v1 arguments", hint="give it once"
        )

    @classmethod
    def not_in_v1(cls, paths: Iterable[str]) -> ConfigError:
        return cls(
            f"v1 has no argument for {', '.join(sorted(paths))}.",
            where="OrchestratorConfig",
            hint="leave them at their defaults, or train on v2",
        )

    @classmethod
    def too_many(cls, given: int, known: int) -> ConfigError:
        return cls(
            f"{given} arguments were given by position; v1 knows {known}.",
            where="the v1 arguments",
            hint="give them by name, or as an OrchestratorConfig",
        )


def _v2_spelling(path: str) -> str:
    """Return a hint for a setting that is spelled as v1's argument was: the migration knows where v2 keeps it."""
    from compatkit.migration import find_migration

    spelled = {row.v1: row.v2 for row in find_migration().arguments}
    found = spelled.get(path.rpartition(".")[2], path)
    return f"did you mean {found!r}?" if found != path else ""
