-- The alarm bell: a line for each sync and object in trouble. A warning, because a build of the models is not at
-- fault; a team points its alerting at it, or drops the config line to make the scheduled build fail.
{{ config(severity='warn') }}

select sync, object, last_status, hours_since_last_complete, reject_share
from {{ ref('qsync_health') }}
where health = 'failing'
