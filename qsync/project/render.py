"""One entry of `syncs:` as text, for `qsync new`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qsync.project.matching import ColumnMatch
from qsync.project.model import COMPANY_NAME, ObjectType
from qsync.yaml_scalars import quote


@dataclass(frozen=True, slots=True)
class Layout:
    """Spaces before an entry's `-`, before its keys, and by which a mapping is indented."""

    dash: int
    body: int
    step: int


STANDARD = Layout(dash=2, body=4, step=2)
"""As in every file qsync writes itself."""


def render_entry(
    name: str, reference: str, kind: ObjectType, match: ColumnMatch, layout: Layout = STANDARD
) -> str:
    """The entry's lines.

    Args:
        name: The sync's name.
        reference: The model, as `ref('dim_leads')`.
        kind: Lead or company.
        match: Which columns go where; those without a field become comments.
        layout: How far lines are indented.
    """
    lines = list(_lines(name, reference, kind, match, " " * layout.step))
    first = f"{' ' * layout.dash}-".ljust(layout.body) + lines[0]
    return "\n".join([first, *(f"{' ' * layout.body}{line}" for line in lines[1:])]) + "\n"


def _lines(
    name: str, reference: str, kind: ObjectType, match: ColumnMatch, step: str
) -> Iterator[str]:
    yield f"name: {name}"
    yield f"model: {reference}"
    yield f"object: {kind.value}"
    yield f"match: {{{kind.match_field}: {quote(match.match_column or '')}}}"
    if match.company_name is not None:
        yield f"{COMPANY_NAME}: {quote(match.company_name)}"
    if not match.fields:
        # The comments must not stand between `fields:` and nothing.
        yield "fields: {} # no column's name is a field's: map them here, field: column"
    else:
        yield "fields:"
    for field, column in match.fields.items():
        yield f"{step}{quote(field)}: {quote(column)}"
    if match.unmatched:
        yield f"{step}# Columns without a field of that name:"
        yield from (f"{step}#   {_comment(column)}" for column in match.unmatched)
    for column, (field, sync) in match.taken.items():
        yield f"{step}# {_comment(column)}: the sync `{sync}` writes {_comment(field)}"


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
