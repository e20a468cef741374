{#- The newest run of each sync and object in a relation with the ledger's columns, among those that have ended or, with
    `complete`, that came to their end (succeeded, nothing_to_do, baselined, partial). sync, object, target: only
    theirs, if given. -#}
{%- macro last_runs(relation, complete=false, sync=none, object=none, target=none) -%}
  select *
  from (
      select
          runs.*,
          row_number() over (partition by sync, object order by started_at desc, run_id desc) as qsync_recency
      from {{ relation }} as runs
      where
          {% if complete -%}
          status in ({{ qsync.complete_statuses() }})
          {%- else -%}
          status != 'running'
          {%- endif %}
          and {{ qsync.asked_for(sync, object, target) }}
  ) as numbered
  where qsync_recency = 1
{%- endmacro -%}

{#- The condition for rows of a sync, an object and a target, each where it is given. -#}
{%- macro asked_for(sync=none, object=none, target=none) -%}
  1 = 1
  {%- for name, value in [('sync', sync), ('object', object), ('target', target)] if value is not none %}
  and {{ name }} = '{{ value }}'
  {%- endfor %}
{%- endmacro -%}

{#- How a run ends that found nothing amiss. -#}
{%- macro success_statuses() -%}
  'succeeded', 'nothing_to_do', 'baselined'
{%- endmacro -%}

{#- A partial run delivered all it could: one phone number that Qualified refuses for weeks must not make the sync look
    dead. -#}
{%- macro complete_statuses() -%}
  {{ qsync.success_statuses() }}, 'partial'
{%- endmacro -%}

{#- Rejected and resting records as a share of the records in the model. Not of those sent: after a quiet night two
    refused ones may be all that was sent. -#}
{%- macro reject_share() -%}
  coalesce(
      (coalesce(rows_rejected, 0) + coalesce(rows_resting, 0)) * 1.0 / nullif(rows_in_model, 0), 0
  )
{%- endmacro -%}
