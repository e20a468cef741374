"""A sealed plan in its file: whole, unedited, and of this version, or refused."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsync.errors import UserError
from qsync.execution.sealed_file import read_sealed, sealed_document
from qsync.planning.seal import Base, Seal, StreamSeal, SyncSeal
from qsync.views.documents import plan_document
from tests.support.any_plan import all_plans
from tests.support.plans import second_day

AT = datetime(2026, 11, 3, 5, tzinfo=UTC)
words = st.text(max_size=12)
seals = st.builds(
    Seal,
    st.builds(
        Base,
        *[words] * 6,
        st.dictionaries(words, st.builds(SyncSeal, words, words, words), max_size=2),
    ),
    st.dictionaries(
        words,
        st.builds(
            StreamSeal,
            words,
            st.none() | words,
            st.dictionaries(words, st.integers(0, 10**9), max_size=2),
            st.none() | words,
            st.booleans(),
        ),
        max_size=2,
    ),
    st.booleans(),
)


def _document(seal: Seal | None = None) -> dict[str, Any]:
    base = Base("1", "shop", "prod", "api.qualified.com", "s", "c", {})
    return sealed_document(
        seal or Seal(base, {}, keyed=False),
        plan_document(second_day()),
        created_at=AT,
        limit=None,
        full_refresh=False,
    )


@given(seals, all_plans, st.none() | st.integers(1, 9), st.booleans())
@settings(max_examples=40)
def test_what_is_written_is_read_back(
    seal: Seal, plan: Any, limit: int | None, full_refresh: bool
) -> None:
    shown = plan_document(plan)
    written = orjson.dumps(
        sealed_document(seal, shown, created_at=AT, limit=limit, full_refresh=full_refresh)
    )
    sealed, document = read_sealed(orjson.loads(written), "plan.json")
    assert (sealed.seal, sealed.limit, sealed.full_refresh) == (seal, limit, full_refresh)
    assert sealed.created_at == AT.timestamp()
    assert document == orjson.loads(orjson.dumps(shown))


def test_the_file_satisfies_its_schema(repository: Path) -> None:
    schema = orjson.loads((repository / "schemas" / "sealed-plan.schema.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(orjson.loads(orjson.dumps(_document())))


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    found = []
    for key, inner in items:
        found.append((*path, key))
        if isinstance(inner, dict | list) and len(path) < 3:
            found += _places(inner, (*path, key))
    return found


@pytest.mark.parametrize("with_new_id", [False, True])
def test_whatever_is_edited_or_missing_is_refused_and_never_a_traceback(with_new_id: bool) -> None:
    whole = _document()
    for *path, last in _places(whole):
        for value in (None, "x", -1, [], {}):
            edited = copy.deepcopy(whole)
            place: Any = edited
            for key in path:
                place = place[key]
            if place[last] == value:
                continue
            place[last] = value
            if with_new_id:
                # Who makes the id anew may change what is compared; apply finds that out.
                from qsync.execution.sealed_file import _id

                edited["id"] = _id({k: v for k, v in edited.items() if k != "id"})
                try:
                    read_sealed(edited, "plan.json")
                except UserError:
                    continue
            else:
                with pytest.raises(UserError, match="cannot be used"):
                    read_sealed(edited, "plan.json")


@pytest.mark.parametrize("other", [None, [], "text", {}, {"format": 1}, {"sealed_format": 2}])
def test_what_is_no_plan_of_this_version_is_refused(other: object) -> None:
    with pytest.raises(UserError) as raised:
        read_sealed(other, "plan.json")
    assert raised.value.where == "plan.json"
    assert "qsync plan --out FILE" in str(raised.value.hint)
