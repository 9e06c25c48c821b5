{{ config(materialized='table', post_hook="SELECT customer_ai.create_segment('marketing.called', 'repurchase',
    $$ percentile > 80 $$, 'those whom dbt has called', if_not_exists => true)") }}
SELECT s.customer_id, s.score, s.factors -> 0 ->> 'phrase' AS reason,
    (SELECT sum(o.amount) FROM shop.orders o WHERE o.customer_id = s.customer_id AND o.event = 'purchase') AS spent
FROM {{ source('marketing', 'repurchase_scores') }} s
WHERE s.percentile > 80
