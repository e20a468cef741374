"""What makes two rejections of a record the same one, in SQL.

Error texts are free (API.md, "Writing in bulk"): there is no code to go by. Two rejections are the
same if they are about the same field and say the same, whatever numbers or ids they say it with.
"""

from __future__ import annotations

from sqlglot import exp

from qsync.warehouse.sql import Expression, concat, replace_matches, text

WORD_WITH_A_DIGIT = "[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*"
"""A place in the batch, a time, an id of the request: what differs each time it is said."""


def rejection(reason: Expression, field: Expression) -> Expression:
    """A text that is equal for two rejections exactly if they are the same.

    Args:
        reason: The stored reason: redacted, values of the record are cut out of it.
        field: The stored field, NULL where there is none. It tells apart what names of fields
            with digits in them would not.
    """
    about = exp.Coalesce(this=field.copy(), expressions=[text("")])
    return concat([about, text(": "), replace_matches(reason, WORD_WITH_A_DIGIT, "#")])
