-- One row per person who used the product in the last 30 days. Who stopped using it leaves this model: that is what
-- qsync calls a removed row.
select
    user_id,
    signup_email as email,
    plan as product_plan,
    seats_used,
    events_last_30d,
    -- Activity counts for up to 80 points or so, each feature for 5.
    least(100, events_last_30d // 3 + 5 * len(features_used)) as product_score,
    features_used,
    interests,
    last_active_at
from {{ ref('stg_product__usage') }}
where events_last_30d > 0
