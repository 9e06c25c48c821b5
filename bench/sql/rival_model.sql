-- Our model of the Python pipeline's events; its predictions are judged on the thirty days after the cutoff.
SET client_min_messages = error;
SELECT customer_ai.drop_model(model) FROM customer_ai.models WHERE model = 'rival' \g /dev/null
SELECT customer_ai.create_model('rival', 'bench.rival', goal => $$ etype = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ts', type_column => 'etype', eligible_window => NULL) \g /dev/null
