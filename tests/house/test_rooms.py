"""Who may know whom inside an app; the floors between apps are .importlinter's."""

from __future__ import annotations

from tests.house import tree

DOORS = {"tasks", "admin", "api"}


def test_verbs_never_import_doors() -> None:
    """Rooms return work, doors enqueue it: so a verb can be called from any door, and rows stay the truth."""
    found = []
    for path in tree.python():
        inside = {*path.parts, path.stem}
        is_door = bool(inside & (DOORS | {"urls", "commands", "config"}))
        for number, name in tree.imported(path):
            parts = name.split(".")
            if parts[0] in tree.PRODUCT and DOORS & set(parts[1:]) and not is_door:
                found.append(f"{tree.where(path, number)} imports {name}")
    tree.none_of(found, "Return the work (a Wake, a count) and let the door enqueue it:")


def test_models_know_states_alone() -> None:
    found = []
    for path in tree.python():
        room = ".".join(path.relative_to(tree.ROOT).parts[:-1])
        for number, name in tree.imported(path):
            own = name.startswith(f"{room}.")
            if (
                path.name == "models.py"
                and own
                and not name.startswith((f"{room}.states", f"{room}.solana.models", f"{room}.edge.models"))
            ):
                found.append(f"{tree.where(path, number)} imports {name}")
            if path.name == "states.py" and own:
                found.append(f"{tree.where(path, number)} imports {name}")
    tree.none_of(found, "Models hold columns, constraints and predicates; what acts is a verb file:")


def test_names_say_what_is_inside() -> None:
    vague = {
        "utils",
        "util",
        "helpers",
        "helper",
        "services",
        "service",
        "manager",
        "managers",
        "common",
        "misc",
    }
    found = [str(path.relative_to(tree.ROOT)) for path in tree.python(*tree.ALL) if path.stem in vague]
    tree.none_of(found, "A file is named after its verb or noun (charge, cycle, collect):")


def test_the_product_never_imports_its_sandbox_or_tests() -> None:
    found = []
    for path in tree.python():
        names = tree.imported(path)
        found += [
            tree.where(path, n)
            for n, name in names
            if name.split(".")[0] in ("sandbox", "tests", "benchmarks")
        ]
    tree.none_of(found, "The product can't lean on its scaffolding:")
