"""What one diagnostic code means, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """What one code means.

    Attributes:
        code: `QS` and three digits.
        title: A few words.
        cause: How it comes about.
        cure: What to do.
    """

    code: str
    title: str
    cause: str
    cure: str
