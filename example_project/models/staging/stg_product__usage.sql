-- Typed; the product writes its lists as a|b|c.
select
    user_id,
    signup_email,
    plan,
    cast(seats_used as integer) as seats_used,
    cast(events_last_30d as integer) as events_last_30d,
    string_split(features_used, '|') as features_used,
    string_split(interests, '|') as interests,
    cast(last_active_at as timestamp) as last_active_at
from {{ ref('product_usage') }}
