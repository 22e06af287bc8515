"""Run by `site` in every Python that `compatkit verify --base` starts; standard library only.

It has the tree's own code imported where an editable install or PYTHONPATH points at another checkout of it, and tells
at the end where top-level modules came from. Then the `sitecustomize` runs that it stands before, if there is one.
"""

import atexit
import importlib
import importlib.util
import json
import os
import sys


def _start() -> None:
    told = json.loads(os.environ.get("COMPATKIT_TREE", "null"))
    if told is None:
        return
    tree, other = told["tree"], told["other"]
    if other:
        sys.path[:] = [_moved(place, other, tree) for place in sys.path]
        sys.meta_path[:] = [one if _is_pythons_own(one) else _Moved(one, other, tree) for one in sys.meta_path]
    atexit.register(_tell, told["report"])


def _is_pythons_own(finder: object) -> bool:
    return getattr(finder, "__module__", "").startswith("_frozen_importlib")


def _moved(place: str, other: str, tree: str) -> str:
    """Return the same place in the tree, but for that of an environment that lies in the other checkout."""
    real = os.path.realpath(place)
    kept = [tree, *(os.path.realpath(root) for root in (sys.prefix, sys.base_prefix) if root != other)]
    if _is_in(real, other) and not any(_is_in(real, root) for root in kept):
        return os.path.join(tree, os.path.relpath(real, other))
    return place


def _is_in(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder + os.sep)


class _Moved:
    """Stands before the finder of an editable install."""

    def __init__(self, finder: object, other: str, tree: str) -> None:
        self._finder, self._other, self._tree = finder, other, tree

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        find = getattr(self._finder, "find_spec", None)
        found = find(name, path, target) if find else None
        if found is None or not found.origin or not found.has_location:
            return found
        origin = _moved(found.origin, self._other, self._tree)
        if origin == found.origin:
            return found
        if not os.path.exists(origin):
            return None
        folders = found.submodule_search_locations
        inside = None if folders is None else [_moved(folder, self._other, self._tree) for folder in folders]
        return importlib.util.spec_from_file_location(name, origin, submodule_search_locations=inside)

    def __getattr__(self, name: str) -> object:
        return getattr(self._finder, name)


def _tell(report: str) -> None:
    places = {}
    for name, module in list(sys.modules.items()):
        if "." in name or name in sys.stdlib_module_names:
            continue
        file = getattr(module, "__file__", None)
        try:
            found = [file] if file else list(getattr(module, "__path__", ()))
        except Exception:  # noqa: BLE001 - a lazy module may do anything; it is not worth the command's end
            continue
        if found:
            places[name] = [os.path.abspath(one) for one in found]
    with open(os.path.join(report, f"{os.getpid()}-{os.urandom(4).hex()}.json"), "w", encoding="utf-8") as file:
        json.dump(places, file)


def _run_the_next() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    ours = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)
    except ModuleNotFoundError as error:
        if error.name != __name__:
            raise
    finally:
        sys.modules.setdefault(__name__, ours)


_start()
_run_the_next()
