"""Documents: made from the code where they can be, complete where they must be, and clean."""

from __future__ import annotations

import ast
import re
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib import admin

from payments.pipeline import points
from tests.house import tree

DOCS = tree.ROOT / "docs"
STATES = {"done", "replaced", "rejected", "open"}
NUMBERED = {"0": (1, 75), "1": (1, 29), "2": (1, 49), "3": (1, 25), "4": (1, 37), "C": (1, 9)}
LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(
    r"(?<![\w/.-])((?:bin|config|billing|engine|ops|payments|sandbox|tests|docs|deploy|benchmarks)/[\w/.-]+\.\w+)"
)
TEST = re.compile(r"tests/[\w/]+\.py::\w+")
SECRETS = {
    "a live or test key of a gateway": r"\b[sr]k_(live|test)_[0-9A-Za-z]{10,}",
    "a cloud access key": r"\bAKIA[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "an access token": r"\b(gh[pousr]_[A-Za-z0-9]{30,}|xox[abp]-[A-Za-z0-9-]{10,})",
    "a Fernet key": r"(?<![\w-])[\w-]{43}=(?![\w=])",
    "a Solana key pair": r"(?<![1-9A-HJ-NP-Za-km-z])[1-9A-HJ-NP-Za-km-z]{87,88}(?![1-9A-HJ-NP-Za-km-z])",
}
# Built from pieces, so that this file does not find itself.
PLACES = "|".join(("work", "root", "home"))
MACHINE_PATH = re.compile(rf"(?<![\w.:/-])/({PLACES})/\w")
STRANGE_WORDS = re.compile("|".join(("anth" + "ropic", r"\bcla" + r"ude\b", "chat" + "gpt", "sub" + "agent",
                                     r"issues " + "show", r"\bthe " + r"brief\b")), re.IGNORECASE)  # fmt: skip


def test_documents_made_from_the_code_are_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "make.py"))["pages"]()
    found = [name for name, text in made.items() if (DOCS / name).read_text() != text]
    tree.none_of(found, "The code changed: run `python docs/make.py`:")


def test_every_named_point_is_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text()
    found = [point for point in points.ALL if f"`{point}`" not in text]
    tree.none_of(found, "Put the new point into the table of docs/architecture.md:")


def test_decisions_have_their_four_parts() -> None:
    found = []
    for path in sorted((DOCS / "decisions").glob("*.md")):
        text = path.read_text()
        parts = ("## Context", "## Decision", "## Consequences", "## Alternatives")
        found += [f"{path.name}: {part}" for part in parts if part not in text]
        if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name) or len(text.splitlines()) > 60:
            found.append(f"{path.name}: one page, named 0001-what-was-decided.md")
    tree.none_of(found, "A decision record is one page with these parts:")


def test_coverage_has_every_row_once() -> None:
    rows = [row[0] for row in _coverage()]
    wanted = [f"{source}.{n}" for source, (low, high) in NUMBERED.items() for n in range(low, high + 1)]
    wanted += [f"D{n}" for n in range(1, 39)]
    found = [f"{row}: {rows.count(row)} times" for row in wanted if rows.count(row) != 1]
    found += [f"{row}: is no row of the checklist" for row in rows if row not in wanted]
    tree.none_of(found, "docs/coverage.md has each row of the checklist exactly once:")


def test_coverage_says_how_and_shows_it() -> None:
    found = []
    for row, _, state, where, tests in _coverage():
        named = TEST.findall(tests)
        if state not in STATES:
            found.append(f"{row}: {state!r} is no state")
        if state != "open" and not where:
            found.append(f"{row}: says not where (done) or why (replaced, rejected)")
        if state == "done" and not named:
            found.append(f"{row}: done without a test is open")
        found += [f"{row}: {name} is not there" for name in named if not _is_test(name)]
    tree.none_of(found, "A row is done when a test shows it (tests/room/test_file.py::test_name):")


def test_the_design_cards_libraries_are_pinned_and_used() -> None:
    pinned = (tree.ROOT / "requirements.in").read_text()
    settings = (tree.ROOT / "config/settings.py").read_text()
    parts = "".join(path.read_text() for path in tree.python("sandbox"))
    imports = {name.split(".")[0] for path in tree.python() for _, name in tree.imported(path)}
    used = {
        "celery": "celery" in imports,
        "redis": "redis" in imports,
        "django": "django" in imports,
        "djangorestframework": '"rest_framework"' in settings,
        "django-celery-beat": '"django_celery_beat"' in settings,
        "django-celery-results": '"django_celery_results"' in settings,
        "solana": "spl" in imports or "solana" in imports,
        "requests": "requests" in imports,
        "flower": '"flower"' in parts and find_spec("flower") is not None,
    }
    found = [name for name in used if not re.search(rf"^{name}(\[\w+\])?==\S+$", pinned, re.MULTILINE)]
    found += [f"{name} is pinned and not used" for name, is_used in used.items() if not is_used]
    tree.none_of(found, "The card's library is pinned, and imported, installed or started:")


def test_every_link_leads_somewhere() -> None:
    found = []
    for path in tree.tracked():
        if path.suffix != ".md":
            continue
        for link in LINK.findall(FENCE.sub("", path.read_text())):
            name, _, anchor = link.partition("#")
            there = (path.parent / name).resolve() if name else path
            if not there.exists():
                found.append(f"{path.relative_to(tree.ROOT)}: {link}")
            elif anchor and anchor not in _anchors(there):
                found.append(f"{path.relative_to(tree.ROOT)}: {link}: no such heading")
    tree.none_of(found, "A link leads to a file of the tree and to a heading of it:")


def test_every_file_that_a_document_names_is_there() -> None:
    found = []
    for path in tree.tracked():
        # The design is the plan as it was agreed, with names that became others.
        if path.suffix == ".md" and path != DOCS / "design.md":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                names = NAMED_FILE.findall(line)
                found += [
                    f"{tree.where(path, number)} {name}" for name in names if not (tree.ROOT / name).exists()
                ]
    tree.none_of(found, "A document names a file that is not there:")


def test_operators_find_every_command_and_every_verb() -> None:
    text = (DOCS / "operations.md").read_text()
    commands = {path.stem for path in (tree.ROOT / "ops/management/commands").glob("[a-z]*.py")}
    verbs = {str(each.short_description) for page in admin.site._registry.values() for each in _actions(page)}
    tables = "".join(re.findall(r"^\|.*\n", text, re.MULTILINE)), (tree.ROOT / "README.md").read_text()
    found = [
        name
        for name in sorted(commands)
        if not all(re.search(rf"^\|.*`[^`\n]*\b{name}\b", each, re.MULTILINE) for each in tables)
    ]
    found += [
        words for words in sorted(verbs) if f"*{words}*" not in text and f"*{words.lower()}*" not in text
    ]
    tree.none_of(
        found, "docs/operations.md tells what it is for; a command stands in its table and in README's:"
    )


def test_every_picture_is_shown() -> None:
    texts = "".join(path.read_text() for path in tree.tracked() if path.suffix == ".md")
    found = [path.name for path in (DOCS / "pictures").glob("*.png") if f"pictures/{path.name})" not in texts]
    tree.none_of(found, "A picture that no page shows is not made:")


def test_no_secret_is_in_the_tree() -> None:
    found = []
    for path, text in _texts():
        # Locks hold hashes; tests and the localnet hold throw-away keys and signatures.
        if path.name.endswith((".txt", ".ipynb")) or path.relative_to(tree.ROOT).parts[0] == "tests":
            continue
        found += [
            f"{path.relative_to(tree.ROOT)}: {what}"
            for what, form in SECRETS.items()
            if re.search(form, text)
        ]
    tree.none_of(found, "Secrets come from the environment; take it out, and change it where it was valid:")


def test_no_path_of_one_machine_is_in_the_tree() -> None:
    found = []
    for path, text in _texts():
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{tree.where(path, number)} {line.strip()[:80]}")
    tree.none_of(found, "Paths start at the checkout (Path(__file__)) or come from a setting:")


def test_the_tree_speaks_of_the_product_alone() -> None:
    found = []
    for path, text in _texts():
        for number, line in enumerate(text.splitlines(), 1):
            if STRANGE_WORDS.search(line):
                found.append(f"{tree.where(path, number)} {line.strip()[:80]}")
    tree.none_of(found, "A reader knows the product, not the tools it was written with:")


def test_nothing_that_is_made_is_tracked() -> None:
    made = {
        ".venv",
        ".run",
        ".run-test",
        "__pycache__",
        "staticfiles",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
    }
    found = [str(path) for path in tree.tracked() if made & set(path.relative_to(tree.ROOT).parts)]
    tree.none_of(found, "git rm -r --cached it; .gitignore names it:")


def _anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings, and those that were put by hand."""
    text = FENCE.sub("", path.read_text())
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return plain | set(re.findall(r'<a id="([^"]+)"', text))


def _actions(page: Any) -> list[Any]:
    """The verbs of a page that are ours."""
    return [each for each in page.actions or () if hasattr(each, "verb")]


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in tree.tracked():
        try:
            found.append((path, path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


def _coverage() -> list[list[str]]:
    """[row, item, state, where, test] of each line of the tables."""
    rows = []
    for line in (DOCS / "coverage.md").read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if re.fullmatch(r"([0-4]|C)\.\d+|D\d+", cells[0]):
            rows.append([*cells, "", "", "", ""][:5])
    return rows


def _is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    if not (tree.ROOT / path).is_file():
        return False
    nodes = tree.nodes(tree.ROOT / path)
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function for node in nodes
    )
