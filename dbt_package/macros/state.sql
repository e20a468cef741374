{#- A table of qsync's state schema, or none as long as there is none: before the first `qsync apply` to a destination
    the schema is empty, and a build must not fail for that. -#}
{%- macro state_table(name) -%}
  {%- if execute -%}
    {{ return(load_relation(source('qsync', name))) }}
  {%- endif -%}
  {%- do source('qsync', name) -%}
  {{ return(none) }}
{%- endmacro -%}
