"""Records of a change set with their values: for a person's eyes, and for nothing else.

They are part of no plan, no document and no file.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldSample:
    """One field of a sampled record; values are canonical texts, None for none.

    Attributes:
        name: Qualified's API name.
        before: The acknowledged value.
        after: What would be sent; None where the field is cleared.
        unknown: Whether it holds something this sync sent and nobody knows what.
    """

    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One record: `added`, `changed`, `cleared` or `removed`, and the fields that differ."""

    kind: str
    key: str = field(repr=False)
    fields: tuple[FieldSample, ...] = ()
