"""`QS5xx`: sync tests."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

TEST_CODES: tuple[CodeInfo, ...] = (
    CodeInfo(
        "QS501",
        "two tests of one name",
        "Two tests of one sync have the same name, so that nobody could tell which one failed.",
        "Rename one. Tests of different syncs may share a name.",
    ),
    CodeInfo(
        "QS502",
        "a test of a sync that is not declared",
        "`sync:` names no sync of the project: a typing error, or the sync was renamed or removed.",
        "Take the name the hint suggests, or remove the test.",
    ),
    CodeInfo(
        "QS503",
        "an object the sync does not write",
        "The test expects companies of a sync without a `company:` block, or leads of a sync with "
        "`object: company`.",
        "Expect what the sync writes: `leads`, and `companies` where there is a `company:` block.",
    ),
    CodeInfo(
        "QS504",
        "a field the sync does not map",
        "An expected field is none of the sync's for that object, so it can never be sent. Names "
        "are Qualified's, not the model's, and capitals count.",
        "Take the name the hint suggests, or map the field in the sync.",
    ),
    CodeInfo(
        "QS505",
        "a record is expected twice",
        "Two entries have the same match key, and a record is sent once.",
        "Put the fields into one entry.",
    ),
    CodeInfo(
        "QS506",
        "no row is given",
        "`given` is an empty list. An empty model stops its sync before anything is sent, so the "
        "test could say nothing.",
        "Give at least one row. To test what happens when a row leaves the model, name it in "
        "`before` and give another one.",
    ),
    CodeInfo(
        "QS507",
        "an invalid record that cannot be",
        "The entry names a row that is not given, both a lead and a company, or a reason that "
        "qsync never gives.",
        "Rows are counted from 1. The reasons are listed in the documentation of matching and of "
        "the field types.",
    ),
    CodeInfo(
        "QS510",
        "a column that the sync does not read",
        "A row (or `types`) names a column that the sync does not map and that, as far as dbt's "
        "manifest and catalog tell, the model does not have: a value there has no effect.",
        "Correct the name. A column of the model that is not mapped may stay, once it is "
        "documented.",
    ),
    CodeInfo(
        "QS511",
        "values of several types in one column",
        "No type of the column is known, and the given values have more than one: texts and "
        "numbers, say.",
        "Declare it, as `types: {a_column: varchar}`, or write the values alike: quotes make a "
        "text of a number.",
    ),
    CodeInfo(
        "QS512",
        "a type that DuckDB does not have",
        "A type under `types` is neither one of DuckDB's nor one of your warehouse's that has its "
        "like there.",
        "Write `varchar`, `bigint`, `decimal(12, 2)`, `double`, `boolean`, `date`, `timestamp`, "
        "`timestamptz`, `varchar[]` or `json`.",
    ),
    CodeInfo(
        "QS513",
        "a value that does not fit its column",
        "A given value cannot be cast to the column's type. The message says where the type is "
        "from.",
        "Correct the value, or declare the right type under `types`.",
    ),
    CodeInfo(
        "QS514",
        "an earlier row that could not have been sent",
        "A row of `before` is invalid, so that no run can have sent it.",
        "Correct it: `before` holds rows that were sent. Invalid rows belong into `given`.",
    ),
)
