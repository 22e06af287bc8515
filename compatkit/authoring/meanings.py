"""What each key of a `migration.toml` means, in a sentence or two: the words of the JSON Schema's descriptions.

What the loader reads, and what is right there, is found out from the loader (`study`); what it means is said here.
"""

from __future__ import annotations

# Of keys that mean the same wherever they stand.
_EVERYWHERE = {
    "code": "Capital letters and at least three digits, such as ACME101; permanent, and given once. Warnings, findings,"
    " --select and `# compatkit: ignore[…]` name it.",
    "confidence": '"safe": made by default. "review": made with --confidence review, else reported. "manual": only'
    " reported.",
    "why": "The reason, in a few words; users read it.",
    "since": "The release that deprecated the old form.",
    "remove": "The release that took the old form away.",
    "link": "Where the library itself says so.",
    "say": "What a person is to do. Then nothing is rewritten; every use is reported with these words.",
}
_ROOT = {
    "schema": "The version of this format.",
    "id": "The name by which commands know the migration; an installed one registers its entry point under it.",
    "summary": "A sentence: what moves, from where to where.",
    "versions": "The two releases, as text.",
    "moves": "Classes, functions, constants and whole modules that have a new home, a new name, or both.",
    "fields": "Keys of a record that are called otherwise in v2. Those that keep their name are not listed.",
    "arguments": "Flat v1 arguments that became settings of a configuration object in v2. Else, [[calls]].",
    "producers": "Functions and methods that return records. The shim wraps what they return; the rewrite follows it.",
    "configs": "The classes that hold what [[arguments]] lists, with their sections, defaults and presets.",
    "calls": "Functions, methods and classes that are called otherwise: with other arguments, or under another name.",
    "members": "Methods, attributes, constants and values of enumerations that have a new name, or none. They are found"
    " where the class of the object is known in the file.",
    "removed": "Modules, classes and functions that are gone. Each import and use is reported with `say`.",
    "keys": "Keys of YAML, TOML and JSON files that are renamed, gone, or hold a callable's arguments.",
    "transform": "Says that a transform.py beside this file does what no table can say; see `compatkit.transform`.",
    "loaded": "Modules that come with their package, so that `package.module.name` needs no other import.",
    "types": 'Classes that cannot be seen in a user\'s file: "shop.Client.info" = "shop.Info" for an attribute,'
    ' "shop.connect()" = "shop.Client" for what a call returns.',
    "equivalence": "What may differ between what v1 and v2 log to MLflow, each with its reason.",
    "record": 'The class of v2\'s records, if they are objects with attributes: then `r["old"]` and `r.get("old")`'
    " become `r.new`. Leave it out where v2 returns dicts.",
    "unhandled": "Changes of the library's interface that the migration leaves to people; `migrations audit` reads it.",
}
_OF_TABLES = {
    "versions.v1": "The old release.",
    "versions.v2": "The new release.",
    "moves.kind": '"module" takes all that is in a module, its submodules too.',
    "moves.old": "The dotted name that users import today. A re-export is another name: give it a row of its own.",
    "moves.new": "The dotted name in v2.",
    "fields.v1": "The key in v1.",
    "fields.v2": "The key, or the attribute, in v2.",
    "arguments.of": "The v1 callable, by dotted name.",
    "arguments.v1": "The argument's v1 name.",
    "arguments.v2": "The dotted path in the configuration where v2 keeps it.",
    "arguments.position": "Its place among v1's positional arguments, from 0.",
    "producers.function": "A function or method by its dotted name in v2. A re-export of its class is another name:"
    " give it a row of its own.",
    "producers.returns": 'Where in what it returns the list of records lies: .history, [1], ["history"]. Left out: it'
    " is that list.",
    "producers.records": "Where single records lie, for the rewrite; [*] stands for each element. Left out: the list's"
    " elements.",
    "configs.of": "The v1 callable whose flat arguments [[arguments]] lists.",
    "configs.class": "The class of the configuration.",
    "configs.argument": "The argument of v2's callable that takes it; `config` if left out.",
    "configs.preset_argument": "The argument that takes the name of a preset.",
    "configs.sections": "For each section of the configuration, the dotted name of its class.",
    "configs.defaults": "The defaults of what the presets set.",
    "configs.presets": "For each preset, what it sets.",
    "calls.of": "The callable as users name it: one dotted name, or a list with all its re-exports; a * stands for one"
    " part.",
    "calls.to": "Its new dotted name, if it has one. The import changes with the call.",
    "calls.v1": "The positional parameters in v1, in order: needed to rename, drop or name what is given by position.",
    "calls.v2": "The positional parameters in v2, in order; what is left out is given by name. Left out altogether:"
    " positions stay as they are. Where the name stays, it must be a beginning of v1.",
    "calls.rename": "v1's name of an argument = v2's name.",
    "calls.add": "Arguments that every call gets.",
    "calls.pin": "Defaults that changed: a call that does not give the argument gets the old default written out.",
    "calls.drop": "Arguments that are gone. A call whose value does something when it is evaluated is reported.",
    "calls.values": 'By argument, pairs of what was given in v1 and what says the same: [["card", "contactless"]].',
    "calls.when": "By argument, values of which one must be given as a literal, or the row is none of the call.",
    "calls.asks": "Arguments of which at least one must be given, or the row is none of the call.",
    "calls.literal": "Arguments that must be written as literals; a call with a variable there is reported.",
    "calls.unless_mentioned": "Words that make the change uncertain wherever they stand in a file.",
    "calls.decorator": "True if it is also used as a decorator without being called.",
    "members.of": "The class, under every dotted name by which users reach it.",
    "members.v1": "The member's name in v1.",
    "members.v2": "Its name in v2; left out if it is gone, and `say` tells what to do.",
    "members.defined": "True for a hook that subclasses define and the library calls: definitions are renamed as well.",
    "removed.name": "The dotted name of what is gone, or a list of them; of a module, all that is in it.",
    "removed.confidence": "What is gone is always reported.",
    "keys.v1": "The path of the key from the top of the file, with dots: trainer.gpus. A * stands for one part.",
    "keys.beside": "Paths, from the top as well, that a file must have too to be one of those that are meant.",
    "keys.v2": "The key's new name, without a path; it stays where it is. Give one of `v2`, `of` and `say`.",
    "keys.of": "A callable: what lies under the key are its arguments, and changes as [[calls]] says.",
    "keys.confidence": '"review", if left out: what reads a file cannot be seen in it.',
    "transform.words": "transform.py is given the files that contain one of these words, and no others.",
    "transform.confidence": '"review", if left out: made with --confidence review, else reported. "safe": by default.',
    "equivalence.rtol": "Relative tolerance of all metrics that no row names.",
    "equivalence.atol": "Absolute tolerance of all metrics that no row names.",
    "equivalence.metric_prefixes": "Prefixes under which a record's field is also logged: final_ for final_loss.",
    "equivalence.tolerances": "How far single values may lie apart; the first row that names a metric decides.",
    "equivalence.margins": "How far the means over many seeds may lie apart.",
    "equivalence.ignore": "What is not compared.",
    "equivalence.added_in_v2": "What v2 alone logs.",
    "equivalence.removed_in_v2": "What v1 alone logged.",
    "equivalence.tolerances.metric": "A pattern, such as val_*.",
    "equivalence.tolerances.rtol": "A share of the larger of the two values.",
    "equivalence.tolerances.atol": "A distance.",
    "equivalence.tolerances.ulps": "A number of neighbouring doubles.",
    "equivalence.margins.metric": "A pattern, such as *_loss.",
    "equivalence.margins.absolute": "A distance of the means. Give this or `relative`.",
    "equivalence.margins.relative": "A share of the mean before, 0.01 for a percent. Give this or `absolute`.",
    "equivalence.margins.value": "Which value of a run counts.",
    "unhandled.name": "A dotted name; * stands for anything, and pkg.function(argument) is an argument.",
}
_ALLOWED = {
    "metric": "A pattern of metrics.",
    "param": "A pattern of params.",
    "tag": "A pattern of tags.",
    "artifact": "A pattern of artifacts.",
    "model": "A pattern of models.",
    "dataset": "A pattern of dataset inputs.",
    "child": "A pattern of child runs: fold *.",
    "until": "The last day on which it is allowed, such as 2027-01-31, without quotes.",
    "optional": "True if it may match nothing; else an entry that nothing needs fails.",
}
_ALLOWANCES = frozenset(f"equivalence.{name}" for name in ("added_in_v2", "ignore", "removed_in_v2"))


def meaning_of(table: str, key: str) -> str:
    """Return what a key of the table with this dotted path means; the outermost table has an empty one."""
    if not table:
        return _ROOT[key]
    if found := _OF_TABLES.get(f"{table}.{key}"):
        return found
    return _ALLOWED[key] if table in _ALLOWANCES and key in _ALLOWED else _EVERYWHERE[key]


def all_meanings() -> frozenset[str]:
    """Return the dotted path of every key that has a meaning of its own."""
    return frozenset(_ROOT) | frozenset(_OF_TABLES)
