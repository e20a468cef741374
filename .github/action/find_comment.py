"""The id of the comment that begins with a marker, out of what `gh api --paginate` prints.

Only a bot's comment counts: anybody may write the marker, and the token may change anybody's text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any


def pages(text: str) -> Iterator[Any]:
    """Every JSON document of a text; pages come one after another, or as one list."""
    decoder = json.JSONDecoder()
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        document, place = decoder.raw_decode(text, place)
        yield document


def find(text: str, marker: str) -> int | None:
    """The first such comment's id, or None."""
    for page in pages(text):
        for comment in page:
            by_bot = (comment.get("user") or {}).get("type") == "Bot"
            if by_bot and (comment.get("body") or "").startswith(marker):
                return int(comment["id"])
    return None


def main() -> int:
    """Print the id, or nothing."""
    found = find(sys.stdin.read(), sys.argv[1])
    if found is not None:
        sys.stdout.write(f"{found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
