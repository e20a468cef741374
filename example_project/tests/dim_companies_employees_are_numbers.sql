-- Rows whose head count is no number as a computer writes it. One is there on purpose ("1,200").
{{ config(severity='warn') }}

select account_id, employees
from {{ ref('dim_companies') }}
where employees is not null and try_cast(employees as integer) is null
