-- One row per record that Qualified rejected as it is now: which, why, how often. Empty before the first run.
--
-- Straight from the state schema, not from the seed: it holds match keys (emails, domains), which no file of the
-- project may. Whoever may read this model may read those.
{%- set rejects = qsync.state_table('qsync_rejects') %}
{%- set streams = qsync.state_table('qsync_streams') %}

{%- if rejects is none or streams is none %}

select
    cast(null as {{ dbt.type_string() }}) as sync,
    cast(null as {{ dbt.type_string() }}) as object,
    cast(null as {{ dbt.type_string() }}) as match_key,
    cast(null as {{ dbt.type_string() }}) as field,
    cast(null as {{ dbt.type_string() }}) as reason,
    cast(null as {{ dbt.type_bigint() }}) as attempts,
    1 = 0 as resting,
    cast(null as {{ dbt.type_timestamp() }}) as first_at,
    cast(null as {{ dbt.type_timestamp() }}) as last_at,
    cast(null as {{ dbt.type_string() }}) as run_id
from (select 1 as nothing) as nothing
where 1 = 0

{%- else %}

select
    streams.sync,
    streams.object,
    rejects.key as match_key,
    rejects.field,
    rejects.reason,
    rejects.attempts,
    rejects.attempts >= 2 as resting,
    cast(rejects.first_at as {{ dbt.type_timestamp() }}) as first_at,
    cast(rejects.last_at as {{ dbt.type_timestamp() }}) as last_at,
    rejects.run_id
from {{ rejects }} as rejects
inner join {{ streams }} as streams on rejects.stream_id = streams.stream_id
where streams.project = '{{ var('qsync_project', project_name) }}'

{%- endif %}
