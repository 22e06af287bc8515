"""List the calls, keys and settings that take a string: some load code by it, for others it is plain text."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from compatkit.rewrite.rules.strings.old_names import TextSpelling


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# These load what the string names: nothing else can be meant, whatever else the file names.
LOADS = _words(
    "autodiscover_tasks delattr get_callable import_attribute import_class import_from_string import_module",
    "import_object import_string importorskip load_class load_object locate patch resolve_name run_module setattr",
    "symbol_by_name",
)
# Of loggers and warnings, which are named as the module that makes them.
NAMED_AS_MODULES = _words("filterwarnings getChild getLogger get_logger")
# What the string names is replaced where it is looked up.
PATCHES = _words("delattr patch setattr")
PATCHING = PATCHES | _words("multiple object spy")
# What is done below these is about the old home as such.
WATCHES = _words(
    "assertRaises assertRaisesRegex assertWarns assertWarnsRegex catch_warnings deprecated_call raises suppress warns"
)
# These log it: another spelling is another metric, run or logger, which nobody's dashboard knows.
_LOGS = _words(
    "create_experiment decr decrement delete_tag gauge getChild getLogger get_experiment_by_name get_logger histogram",
    "incr increment log_artifact log_dict log_figure log_image log_metric log_metrics log_model log_param log_params",
    "log_text register_model set_experiment set_tag set_tags start_as_current_span start_run start_span timer timing",
)
# These take it for the name of something else, or for a text.
_TEXT = WATCHES | _words(
    "compile count critical debug dumps echo endswith error exception fail filterwarnings find findall finditer format",
    "fullmatch index info join log match partition print removeprefix removesuffix replace rfind rindex rpartition",
    "rsplit search secho simplefilter skip split startswith strip sub warn warning write xfail",
)
_TYPES = _words("ForwardRef NamedTuple NewType TypeAliasType TypeVar TypedDict cast")
# Below these keys of a table or a configuration, every text is loaded, whoever reads it.
_KEYS = _words(
    "DJANGO_SETTINGS_MODULE ROOT_URLCONF WSGI_APPLICATION _target_ class_path console_scripts entry-points",
    "entry_points gui-scripts gui_scripts pytest11 scripts",
)
# As `logging.config` reads them, in a table or in an INI file.
_LOGGING_KEYS = _words("() class")
_LOGGING_TABLES = ("handler", "formatter", "filter")
# Settings of Django and Celery whose texts are imported.
_SETTINGS = _words(
    "ASGI_APPLICATION AUTHENTICATION_BACKENDS AUTH_PASSWORD_VALIDATORS CACHES CELERY_IMPORTS CELERY_INCLUDE",
    "CSRF_FAILURE_VIEW DATABASES DATABASE_ROUTERS DEFAULT_AUTO_FIELD DEFAULT_FILE_STORAGE EMAIL_BACKEND",
    "FILE_UPLOAD_HANDLERS FORM_RENDERER INSTALLED_APPS MESSAGE_STORAGE MIDDLEWARE MIDDLEWARE_CLASSES PASSWORD_HASHERS",
    "REST_FRAMEWORK ROOT_URLCONF SESSION_ENGINE SESSION_SERIALIZER STATICFILES_FINDERS STATICFILES_STORAGE STORAGES",
    "TEMPLATES TEMPLATE_LOADERS TEST_RUNNER WSGI_APPLICATION",
)
# A task of Celery is called by the name of its function, so that these go with it.
_OF_TASKS = _words(
    "CELERYBEAT_SCHEDULE CELERY_BEAT_SCHEDULE CELERY_ROUTES CELERY_TASK_ROUTES task_routes beat_schedule"
)


def called(call: ast.Call) -> str:
    """Return the last part of what is called."""
    return named(call.func)


def named(expression: ast.expr) -> str:
    """Return the last part of a dotted name; nothing for other expressions."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def not_loaded(call: ast.Call, spelling: TextSpelling) -> str:
    """Say why a call does not load what a string names, or nothing where it may."""
    name = called(call)
    if name in _TYPES:
        return f"for {name}() it is an expression, and needs an import"
    if name in _LOGS:
        return f"{name}() takes it for a name of its own, which others look up"
    if name in _TEXT:
        return f"{name}() takes it for a text or the name of something else"
    if name == "__import__":
        return "__import__ returns the top-level package, and what follows depends on that"
    if name == "multiple" and spelling.names_home:
        return "what is patched in the module is named by the other arguments"
    return ""


def is_data(call: ast.Call) -> bool:
    """Tell whether what a call takes is a text for it, whatever it spells."""
    return called(call) in _LOGS | _TEXT


def loads_below(path: Iterable[object], declared: frozenset[str]) -> bool:
    """Tell whether a value at a path of keys, the outermost first, is loaded as code by whatever reads it."""
    keys = [key for key in path if isinstance(key, str)]
    if any(key in _KEYS or key in declared for key in keys):
        return True
    is_logging = any(key.startswith(_LOGGING_TABLES) for key in keys[:-1])
    return is_logging and keys[-1] in _LOGGING_KEYS


def loads_setting(name: str, *, is_key: bool) -> bool:
    """Tell whether the texts of a setting are loaded, or its keys where `is_key`."""
    return name in _OF_TASKS or (name in _SETTINGS and not is_key)
