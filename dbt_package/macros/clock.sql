{#- Now, in UTC and without a zone, as the ledger keeps its times. The var `qsync_as_of` ("2026-11-03 06:00:00") puts
    another moment in its place: to ask how things stood then. -#}
{%- macro as_of() -%}
  {%- set asked = var('qsync_as_of', none) -%}
  {%- if asked is none -%}
    {{ return(adapter.dispatch('utc_now', 'qsync')()) }}
  {%- endif -%}
  cast('{{ asked }}' as {{ dbt.type_timestamp() }})
{%- endmacro -%}

{%- macro default__utc_now() -%}
  cast(current_timestamp at time zone 'UTC' as timestamp)
{%- endmacro -%}

{%- macro snowflake__utc_now() -%}
  cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)
{%- endmacro -%}

{#- A TIMESTAMP of BigQuery's is a moment, and so are the ledger's there. -#}
{%- macro bigquery__utc_now() -%}
  current_timestamp()
{%- endmacro -%}

{#- Redshift's clock without a zone is UTC. -#}
{%- macro redshift__utc_now() -%}
  getdate()
{%- endmacro -%}

{#- Spark keeps moments; qsync sets its sessions to UTC, and dbt's own should be. -#}
{%- macro spark__utc_now() -%}
  current_timestamp()
{%- endmacro -%}

{#- Hours from one moment to another, to a tenth. -#}
{%- macro hours_between(earlier, later) -%}
  round(cast({{ dbt.datediff(earlier, later, 'minute') }} as {{ dbt.type_numeric() }}) / 60, 1)
{%- endmacro -%}
