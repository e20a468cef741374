"""`QS3xx`: fields and mapping, given by planning."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

FIELD_CODES: tuple[CodeInfo, ...] = (
    CodeInfo(
        "QS301",
        "a field that is not in the catalog",
        "Qualified has no field of that API name: a typing error, other capitals (names are "
        "case-sensitive), the label instead of the name, or a field made after the last "
        "`qsync catalog pull`.",
        "Take the name the hint suggests. Fields cannot be created through Qualified's API: an "
        "admin adds them in Qualified, then run `qsync catalog pull`.",
    ),
    CodeInfo(
        "QS302",
        "a field of the other object",
        "A company field is mapped for a lead, or a lead field for a company.",
        "Map company fields under `company: fields:` or in a sync with `object: company`, lead "
        "fields in a sync with `object: lead`.",
    ),
    CodeInfo(
        "QS303",
        "a column's type does not fit the field's",
        "No value of that warehouse type can be written to a field of that type, for example a "
        "text column to a boolean field.",
        "Cast the column in the dbt model. The table of types is in the documentation of the field "
        "types.",
    ),
    CodeInfo(
        "QS304",
        "a column that is not in the model",
        "The relation in the warehouse has no column of that name.",
        "Correct the name, or add the column to the model and run dbt.",
    ),
    CodeInfo(
        "QS305",
        "a column that is not documented",
        "`validate` asks no warehouse and knows only the columns that the model's properties file "
        "documents; this one is not among them.",
        "Correct the name, or document the column. `qsync plan` asks the warehouse.",
    ),
    CodeInfo(
        "QS306",
        "a field with two writers",
        "Two enabled syncs write one field of one object, so that each would overwrite the other. "
        "A `company:` block writes companies like a company sync does.",
        "Union the two models in dbt, keep one row per match key, and map the field from there "
        "once. The message shows both lines and the beginning of such a model. Where both syncs "
        "read the same rows, leave one of the lines out.",
    ),
    CodeInfo(
        "QS307",
        "a constant that does not fit the field",
        "`{value: …}` cannot be written to a field of that type.",
        "Write a value of the type in the hint. Lists cannot be constants: map a column.",
    ),
    CodeInfo(
        "QS308",
        "a constant that is no option of the picklist",
        "The field takes one of its options only.",
        "Take one of the options in the hint, spelt exactly so.",
    ),
    CodeInfo(
        "QS309",
        "a field of a type qsync does not know",
        "Qualified has a new field type since this qsync was made.",
        "Leave the field out, or upgrade qsync.",
    ),
    CodeInfo(
        "QS311",
        "a match key that is no text",
        "Emails and domains are texts; the column is of another type.",
        "Cast it in the dbt model.",
    ),
)
