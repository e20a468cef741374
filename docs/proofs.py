"""The tables of docs/reliability.md: which test proves which promise under which fault.

A test says so itself, `@pytest.mark.proves(fault="…", promise="…")`, with words of `Fault` and
`Promise`; its name, read as words, is the sentence in the table. The tests are parsed and not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.mutations.catalogue import MUTATIONS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"


class Fault(StrEnum):
    """What goes wrong. In the order of the page."""

    PROCESS_KILLED = "process killed"
    MACHINE_GONE = "machine gone"
    JOURNAL = "journal lost or damaged"
    ANSWER_LOST = "answer lost"
    NEVER_ENDS = "job never ends"
    EXPIRED = "job expired"
    ANY_ORDER = "jobs in any order"
    RESULTS = "results missing, doubled or foreign"
    ROW_REJECTED = "row rejected"
    POISON = "poison row"
    BATCH_REFUSED = "batch refused"
    KEY_REFUSED = "401 or 403"
    BUSY = "429 or 503"
    QUOTA_SPENT = "quota spent by others"
    GARBAGE = "garbage, HTML or truncated"
    REDIRECT = "redirect"
    NETWORK = "network fault"
    LOCK = "lock lost or rival run"
    CTRL_C = "Ctrl-C"
    WAREHOUSE = "warehouse refuses"
    BAD_INPUT = "bad input"


class Promise(StrEnum):
    """What holds all the same."""

    NO_ROW_LOST = "no row lost"
    NO_FALSE_SUCCESS = "no false success"
    NEWEST_WINS = "newest value wins"
    ACCOUNTED = "every row accounted for"
    QUOTA = "quota kept"
    CLEAN_END = "ends cleanly"
    NO_LEAK = "nothing leaks"


@dataclass(frozen=True, slots=True)
class Proof:
    """One test and one thing it proves.

    Attributes:
        test: The test's name as words.
        file: Below `tests/`.
        slow: Whether it runs with the slow tests only.
    """

    fault: Fault
    promise: Promise
    test: str
    file: str
    slow: bool


def words(name: str) -> str:
    """A test's name as a sentence."""
    return name.removeprefix("test_").replace("_", " ").replace("ctrl c", "Ctrl-C")


def proofs_in(source: str, file: str) -> Iterator[Proof]:
    """What the tests of a module say they prove.

    Raises:
        ValueError: A marker has another word, or lacks one.
    """
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = [_mark(decorator) for decorator in node.decorator_list]
        slow = "slow" in {name for name, _ in marks}
        for name, call in marks:
            if name != "proves":
                continue
            try:
                fault, promise = _said(call)
            except ValueError as error:
                raise ValueError(f"{file}: {node.name}: {error}") from None
            yield Proof(fault, promise, words(node.name), file, slow)


def _mark(decorator: ast.expr) -> tuple[str, ast.Call | None]:
    """The name of a `pytest.mark`, and its call."""
    call = decorator if isinstance(decorator, ast.Call) else None
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    match target:
        case ast.Attribute(
            value=ast.Attribute(value=ast.Name(id="pytest"), attr="mark"), attr=name
        ):
            return name, call
    return "", None


def _said(call: ast.Call | None) -> tuple[Fault, Promise]:
    said = {
        keyword.arg: keyword.value.value
        for keyword in (call.keywords if call is not None else ())
        if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }
    if call is None or call.args or set(said) != {"fault", "promise"}:
        raise ValueError("`proves` takes fault and promise, as keywords and as texts")
    return Fault(said["fault"]), Promise(said["promise"])


def proofs(tests: Path = ROOT / "tests") -> list[Proof]:
    """Every proof, by fault and promise in their order, then as the files have them."""
    found: list[Proof] = []
    for path in sorted(tests.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if "mark.proves" in source:
            found += proofs_in(source, path.relative_to(tests).as_posix())
    faults, promises = list(Fault), list(Promise)
    return sorted(found, key=lambda it: (faults.index(it.fault), promises.index(it.promise)))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _matrix(found: Sequence[Proof]) -> str:
    """How many tests there are for each fault and promise."""
    rows = []
    for fault in Fault:
        counts = [
            sum(1 for proof in found if (proof.fault, proof.promise) == (fault, promise))
            for promise in Promise
        ]
        rows.append([f"[{fault.value}](#{_anchor(fault)})", *(str(n) if n else "" for n in counts)])
    return _table(["", *Promise], rows)


def _anchor(fault: Fault) -> str:
    return f"fault-{fault.name.lower().replace('_', '-')}"


def _section(fault: Fault, found: Sequence[Proof]) -> str:
    title = f"{fault.value[0].upper()}{fault.value[1:]}"
    rows = [
        (
            proof.promise.value,
            f"{proof.test}{' (slow)' if proof.slow else ''}",
            f"`{proof.file}`",
        )
        for proof in found
        if proof.fault is fault
    ]
    table = _table(("promise", "test", "file below `tests/`"), rows)
    return f"({_anchor(fault)})=\n### {title}\n\n{table}"


def _mutations() -> str:
    rows = []
    for mutation in MUTATIONS:
        names = [test.partition("::")[2].partition("[")[0] for test in mutation.tests]
        files = [test.partition("::")[0].removeprefix("tests/") for test in mutation.tests]
        failing = "<br>".join(words(name) for name in names)
        where = "<br>".join(f"`{file}`" for file in dict.fromkeys(files))
        rows.append((mutation.name, f"`{mutation.file}`", failing, where))
    return _table(("changed so that", "where below `qsync/`", "fails", "file below `tests/`"), rows)


def _between(page: str, name: str, text: str) -> str:
    """The page with the text between the two comments of that name."""
    begin, end = f"<!-- {name}: from here on made by `make pages` -->\n", f"<!-- {name}: end -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has lost its comments of {name}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def reliability_page() -> str:
    """The page as it stands, with its tables made anew."""
    found = proofs()
    page = PAGE.read_text(encoding="utf-8")
    page = _between(page, "matrix", _matrix(found))
    page = _between(page, "proofs", "\n".join(_section(fault, found) for fault in Fault))
    return _between(page, "mutations", _mutations())
