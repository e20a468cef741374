"""GitHub's expressions, as far as our workflows use them: `github.ref == 'x' && !cancelled()`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*)(?P<call>\()?"
    r"|(?P<sign>&&|\|\||==|!=|[!(),]))"
)
_SIGNS = {"&&": " and ", "||": " or ", "==": "==", "!=": "!=", "!": " not ", ",": ","}
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(?:always|cancelled|success|failure)\(")


@dataclass
class Contexts:
    """What expressions are about; what is not there is the empty text, as on GitHub.

    Attributes:
        values: By the first word: `github`, `inputs`, `secrets`, `vars`, `steps`.
        failed: Whether an earlier step failed.
        read: The names of `secrets` that were read, in order.
    """

    values: Mapping[str, Any]
    failed: bool = False
    read: list[str] = field(default_factory=list)

    def get(self, name: str) -> Any:
        """The value at `github.event.number`."""
        words = name.split(".")
        if words[0] == "secrets":
            self.read.append(name)
        found: Any = self.values
        for word in words:
            found = found.get(word) if isinstance(found, Mapping) else None
        return "" if found is None else found

    def evaluate(self, expression: str) -> Any:
        """The value of an expression without its braces."""
        code, place, text = [], 0, expression.strip()
        names: list[str] = []
        while place < len(text):
            match = _TOKEN.match(text, place)
            assert match is not None, f"not understood: {text[place:]}"
            place = match.end()
            if match["text"] is not None:
                code.append(repr(match["text"][1:-1].replace("''", "'")))
            elif match["call"] is not None:
                code.append(f"call_{match['name']}(")
            elif match["name"] is not None:
                code.append(f"get({len(names)})")
                names.append(match["name"])
            else:
                code.append(_SIGNS.get(match["sign"], match["sign"]))
        scope = {
            "get": lambda index: self.get(names[index]),
            "call_always": lambda: True,
            "call_cancelled": lambda: False,
            "call_success": lambda: not self.failed,
            "call_failure": lambda: self.failed,
            "call_startsWith": lambda value, start: str(value).startswith(start),
        }
        return eval("".join(code).strip(), {"__builtins__": {}}, scope)

    def fill(self, text: str) -> str:
        """A text with its expressions replaced by their values."""
        return _WHOLE.sub(lambda found: _written(self.evaluate(found[1])), str(text))

    def holds(self, condition: object) -> bool:
        """Whether an `if:` holds; one that asks for no status wants that nothing failed."""
        if condition is None:
            return not self.failed
        text = str(condition).strip()
        whole = _WHOLE.fullmatch(text)
        text = whole[1] if whole else text
        return bool(self.evaluate(text)) and (bool(_STATUS.search(text)) or not self.failed)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
