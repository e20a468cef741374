"""How a sync names its model: `dim_leads`, `ref('dim_leads')`, `ref('pkg', 'dim_leads', v=2)`."""

from __future__ import annotations

import re

from qsync.project.model import ModelRef

_QUOTED = r"""(?:'([^'"\s{}]+)'|"([^'"\s{}]+)")"""
_REF = re.compile(
    rf"""ref\(\s*{_QUOTED}\s*
         (?:,\s*{_QUOTED}\s*)?
         (?:,\s*(?:v|version)\s*=\s*(?:([0-9]+(?:\.[0-9]+)?)|{_QUOTED})\s*)?
         ,?\s*\)\Z""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"""([^\s'"(){}\[\],.]+)(?:\.v([0-9A-Za-z_.]+))?\Z""")

HOW = (
    "write `dim_leads`, `ref('dim_leads')`, `ref('a_package', 'dim_leads')` "
    "or `ref('dim_leads', v=2)`"
)
"""What to write, for hints."""


def parse_model(text: str) -> ModelRef | None:
    """The reference, or None when the text is none of the forms above."""
    text = text.strip()
    if found := _REF.match(text):
        first = found[1] or found[2]
        second = found[3] or found[4]
        version = found[5] or found[6] or found[7]
        if second is None:
            return ModelRef(first, version=version)
        return ModelRef(second, package=first, version=version)
    if found := _PLAIN.match(text):
        return ModelRef(found[1], version=found[2])
    return None


def model_hint(text: str) -> str:
    """What to do about a text that `parse_model` does not know."""
    if text.strip().startswith("{{"):
        return "leave the braces away: no Jinja is rendered here; " + HOW
    if text.strip().startswith("source("):
        return "qsync reads models, snapshots and seeds; put a model over the source"
    return HOW
