{#- A threshold of qsync_health for the sync of a row: its own from the var `qsync_thresholds`, else everybody's.
    name: stale_after_hours or max_reject_share. -#}
{%- macro threshold(name, column='sync') -%}
  {%- set everybody = var('qsync_' ~ name) -%}
  {%- set own = [] -%}
  {%- for sync, set_of in var('qsync_thresholds').items() if name in set_of -%}
    {%- do own.append((sync, set_of[name])) -%}
  {%- endfor -%}
  {%- if not own -%}
    {{ return(everybody | string) }}
  {%- endif -%}
  case {{ column }}
  {%- for sync, value in own %} when '{{ sync }}' then {{ value }}{% endfor %} else {{ everybody }} end
{%- endmacro -%}
