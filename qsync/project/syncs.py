"""From one entry of `syncs:` that the schema found no fault with to a `Sync`, or to diagnostics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project.config import build_config, merge_config
from qsync.project.model import (
    COMPANY_NAME,
    CompanyBlock,
    FieldMapping,
    ModelRef,
    ObjectType,
    OnNull,
    Sync,
)
from qsync.project.refs import model_hint, parse_model
from qsync.yaml_nodes import DataPath, YamlDocument

_MATCH_KEYS = frozenset(kind.match_field for kind in ObjectType)


class SyncReader:
    """Reads one sync; `diagnostics` holds what is wrong with its meaning.

    Args:
        document: The file.
        index: Which entry of `syncs:`.
        defaults: The project's config defaults.
    """

    def __init__(self, document: YamlDocument, index: int, defaults: Mapping[str, Any]) -> None:
        self._document = document
        self._path: DataPath = ("syncs", index)
        self._data: Mapping[str, Any] = document.data["syncs"][index]
        self._defaults = defaults
        self.diagnostics: list[Diagnostic] = []

    def read(self) -> Sync | None:
        """The sync, or None when `diagnostics` holds an error."""
        data = self._data
        kind = ObjectType(data["object"])
        model = self._model(data["model"])
        match_column = self._match(kind)
        self._check_blocks(kind)
        config = build_config(merge_config(self._defaults, data.get("config", {})))
        fields = self._fields((), data, config.on_null, kind)
        company = self._company(config.on_null) if kind is ObjectType.LEAD else None
        if not fields and company is None and not self.diagnostics:
            message = "the sync maps no field"
            self._error("QS125", (), message, "add `fields:` with Qualified's name and a column")
        self._check_rename()
        if self.diagnostics or model is None or match_column is None:
            return None
        return Sync(
            name=data["name"],
            model=model,
            object=kind,
            match_column=match_column,
            fields=fields,
            company=company,
            config=config,
            position=self._at(),
            model_position=self._at("model"),
            match_position=self._at("match", kind.match_field),
            description=data.get("description", ""),
            renamed_from=data.get("renamed_from"),
        )

    def check_what_is_readable(self) -> None:
        """For a sync the schema refused: the checks of meaning that its sound parts allow."""
        data = self._data
        try:
            kind = ObjectType(data.get("object", ""))
        except (ValueError, TypeError):
            return
        self._check_blocks(kind)
        if isinstance(data.get("match"), dict):
            self._match(kind)
        if isinstance(data.get("model"), str) and data["model"]:
            self._model(data["model"])

    def _at(self, *steps: str | int, key: bool = False) -> Position:
        return self._document.position_of((*self._path, *steps), key=key)

    def _error(
        self, code: str, steps: DataPath, message: str, hint: str, *, key: bool = False
    ) -> None:
        position = self._at(*steps, key=key)
        name = self._data.get("name")
        self.diagnostics.append(
            Diagnostic(code, Severity.ERROR, position, message, hint, sync=name)
        )

    def _model(self, text: str) -> ModelRef | None:
        model = parse_model(text)
        if model is None:
            message = "`model` is no reference to a model, snapshot or seed"
            self._error("QS115", ("model",), message, model_hint(text))
        return model

    def _match(self, kind: ObjectType) -> str | None:
        match, wanted = self._data["match"], kind.match_field
        for name in match:
            if name != wanted and name in _MATCH_KEYS:  # any other is an unknown key to the schema
                message = f"a {kind.value} is matched by {wanted}, not by {name}"
                hint = f"write `match: {{{wanted}: a_column}}`"
                self._error("QS122", ("match", name), message, hint, key=True)
        if not match:
            message = f"the match key `{wanted}` is missing"
            hint = f"write `match: {{{wanted}: a_column}}`"
            self._error("QS122", ("match",), message, hint, key=True)
        column: str | None = match.get(wanted)
        return column

    def _check_blocks(self, kind: ObjectType) -> None:
        if kind is ObjectType.COMPANY and "company" in self._data:
            message = "`company:` belongs to a sync with `object: lead`"
            hint = "map company fields under `fields:` here"
            self._error("QS123", ("company",), message, hint, key=True)
        if kind is ObjectType.LEAD and COMPANY_NAME in self._data:
            message = f"`{COMPANY_NAME}` belongs in the `company:` block of a lead sync"
            hint = "move it under `company:`, beside `match`"
            self._error("QS127", (COMPANY_NAME,), message, hint, key=True)

    def _company(self, on_null: OnNull) -> CompanyBlock | None:
        block = self._data.get("company")
        if block is None:
            return None
        fields = self._fields(("company",), block, on_null, ObjectType.COMPANY)
        if not fields and not self.diagnostics:
            message = "`company:` maps no field"
            hint = "add `company_name:` or `fields:`, or remove the block"
            self._error("QS125", ("company",), message, hint, key=True)
        return CompanyBlock(
            match_column=block["match"]["domain"],
            fields=fields,
            position=self._at("company", key=True),
            match_position=self._at("company", "match", "domain"),
        )

    def _fields(
        self, steps: DataPath, data: Mapping[str, Any], on_null: OnNull, kind: ObjectType
    ) -> tuple[FieldMapping, ...]:
        """The mappings of one object, in the order written."""
        mappings: list[FieldMapping] = []
        for key, value in data.items():
            if key == COMPANY_NAME and kind is ObjectType.COMPANY:
                mappings.append(self._mapping((*steps, key), key, value, on_null))
            elif key == "fields":
                for name, line in value.items():
                    where = (*steps, key, name)
                    if name == COMPANY_NAME and kind is ObjectType.COMPANY:
                        message = f"`{COMPANY_NAME}` stands beside `fields`, not in it"
                        hint = "move the line out one level: the API does not count it as a field"
                        self._error("QS127", where, message, hint, key=True)
                    mappings.append(self._mapping(where, name, line, on_null))
        return tuple(mappings)

    def _mapping(self, where: DataPath, field: str, line: Any, on_null: OnNull) -> FieldMapping:
        position = self._at(*where, key=True)
        if isinstance(line, str):
            return FieldMapping(field, line, None, on_null, position, self._at(*where))
        if "value" in line:
            value = line["value"]
            if isinstance(value, float) and not math.isfinite(value):
                hint = "write a number, or a text in quotes"
                self._error("QS113", (*where, "value"), "`value` is not a finite number", hint)
            return FieldMapping(field, None, value, on_null, position, self._at(*where, "value"))
        own = OnNull(line["on_null"]) if "on_null" in line else on_null
        place = self._at(*where, "column")
        return FieldMapping(field, line["column"], None, own, position, place)

    def _check_rename(self) -> None:
        if self._data.get("renamed_from") == self._data["name"]:
            message = "`renamed_from` is the sync's own name"
            self._error("QS126", ("renamed_from",), message, "write its former name, or remove it")
