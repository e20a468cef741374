"""One HTML file from the report's document: styles, script, chart library and numbers inside.

The page may load nothing and run nothing but what is in it: its policy allows its own two scripts
and its own style by their digests. Every text is escaped by the templates, and control characters
are replaced as they are on a terminal.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from qsync.views.entries import JsonObject
from qsync.views.layout import clean
from qsync.views.plan_counts import hidden_counts
from qsync.views.plan_notes import gate_notes, plan_notes, stream_notes
from qsync.views.reasons import REASONS, reason_cure, reason_words, split_reason
from qsync.views.report import words
from qsync.views.report.charts import chart_data
from qsync.views.report.picture import picture_of

FOLDER = Path(__file__).parent
VENDOR = FOLDER / "vendor"


def report_page(document: JsonObject) -> str:
    """The whole file.

    Args:
        document: As `schemas/report.schema.json` describes it.
    """
    library, script, style = _library(), _own("report.js"), _own("report.css")
    page: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=document,
            vendored=vendored(),
            licences=(VENDOR / "LICENSES.txt").read_text(encoding="utf-8"),
            policy=policy(scripts=(library, script), style=style),
            library=Markup(library),  # noqa: S704 - files of this package
            script=Markup(script),  # noqa: S704
            style=Markup(style),  # noqa: S704
            data=_embedded(chart_data(document)),
        )
    )
    return page


def policy(*, scripts: tuple[str, ...], style: str) -> str:
    """What the page may load and run: nothing but these texts."""
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(data: JsonObject) -> Markup:
    """Data for the script: JSON in which no markup can begin."""
    text = orjson.dumps(data).decode()
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return Markup(text)  # noqa: S704 - made harmless above


@cache
def vendored() -> Mapping[str, Any]:
    """What is known of the chart library: its version, licence and digests."""
    known: Mapping[str, Any] = orjson.loads((VENDOR / "vendored.json").read_bytes())
    return known


@cache
def _library() -> str:
    return (VENDOR / str(vendored()["file"])).read_text(encoding="utf-8")


@cache
def _own(name: str) -> str:
    return (FOLDER / "assets" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters.update(
        number=words.number,
        share=words.share,
        minute=words.minute,
        day=words.date,
        clock=words.clock,
        prose=_prose,
        gravest_first=_gravest_first,
        iso=words.iso,
        status=words.status_words,
        health=words.HEALTH_WORDS.__getitem__,
        picture=picture_of,
        reason=_reason,
    )
    environment.globals.update(
        health_line=words.health_line,
        hidden_counts=hidden_counts,
        plan_notes=plan_notes,
        stream_notes=stream_notes,
        gate_notes=gate_notes,
        reason_words=reason_words,
        reason_cure=reason_cure,
    )
    return environment


def _finalized(value: object) -> object:
    """No control character of a name or a server's message reaches the page."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A sentence, what stands in backquotes as code."""
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:  # a backquote too many: none of them quotes
        return escape("`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def _gravest_first(syncs: Sequence[JsonObject]) -> list[JsonObject]:
    """The syncs as somebody looks for them: what needs a hand comes first."""
    order = list(words.HEALTH_WORDS)
    return sorted(syncs, key=lambda sync: order.index(sync["health"]))


def _reason(reason: str) -> str:
    """A reject's reason: Qualified's words as they are, a code of qsync's in words."""
    code, field = split_reason(reason)
    return reason_words(code, field) if code in REASONS else reason
