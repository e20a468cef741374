"""The functions statements may call on the warehouses qsync writes for by text, and who says so.

By the name that stands in the text; the value is the page of the vendor's reference.
"""

from __future__ import annotations

from collections.abc import Mapping


def _of(**pages: str) -> dict[str, str]:
    """Names of functions by page."""
    return {name: page for page, names in pages.items() for name in names.split()}


FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "snowflake": _of(
        aggregate_functions="COUNT LISTAGG MAX MIN SUM",
        conditional_expression_functions="COALESCE NULLIF",
        context_functions="CURRENT_TIMESTAMP",
        conversion_functions="CAST TO_CHAR TO_JSON",
        date_and_time_functions="CONVERT_TIMEZONE DATE_PART",
        string_and_binary_functions=(
            "COLLATE LENGTH LOWER MD5 REPLACE RTRIM SUBSTRING TRANSLATE TRIM"
        ),
        string_functions_regular_expressions="REGEXP_INSTR REGEXP_REPLACE",
        window_functions="ROW_NUMBER",
    ),
    "bigquery": _of(
        aggregate_functions="COUNT MAX MIN STRING_AGG SUM",
        array_functions="UNNEST",
        conditional_expressions="COALESCE NULLIF",
        conversion_functions="CAST",
        data_types="STRUCT",
        datetime_functions="FORMAT_DATETIME",
        hash_functions="MD5",
        json_functions="TO_JSON_STRING",
        numbering_functions="ROW_NUMBER",
        string_functions=(
            "COLLATE LENGTH LOWER REGEXP_CONTAINS REGEXP_REPLACE REPLACE RTRIM SUBSTRING TO_HEX "
            "TRANSLATE TRIM"
        ),
        timestamp_functions="CURRENT_TIMESTAMP FORMAT_TIMESTAMP UNIX_SECONDS",
    ),
    "redshift": _of(
        aggregate_functions="COUNT LISTAGG MAX MIN SUM",
        conditional_expressions="COALESCE NULLIF",
        data_type_formatting_functions="CAST TO_CHAR",
        date_and_time_functions="EXTRACT GETDATE",
        hash_functions="MD5",
        json_functions="JSON_SERIALIZE",
        string_functions=("COLLATE LENGTH LOWER REGEXP_REPLACE REPLACE SUBSTRING TRANSLATE TRIM"),
        window_functions="ROW_NUMBER",
    ),
    "databricks": _of(
        built_in_functions=(
            "ARRAY_JOIN CAST COALESCE COLLECT_LIST COUNT DATE_FORMAT LENGTH LOWER MAX MD5 MIN "
            "NULLIF REGEXP_LIKE REGEXP_REPLACE REPLACE ROW_NUMBER SORT_ARRAY SUBSTRING SUM TO_JSON "
            "TRANSLATE TRIM UNIX_TIMESTAMP"
        ),
    ),
}
