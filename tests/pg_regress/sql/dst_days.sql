-- Days on which clocks change, in Berlin: 30 March 2025 has 23 hours, 26 October 25. The values are worked out by hand;
-- the session's time zone means nothing.
SET timezone = 'Pacific/Apia';
CREATE TABLE wall (profile text, at timestamp);
INSERT INTO wall VALUES ('spring', '2025-03-29 12:00'), ('spring', '2025-03-30 12:00'), ('no such hour', '2025-03-30 02:30'),
    ('autumn', '2025-10-25 12:00'), ('autumn', '2025-10-26 12:00'), ('hour twice', '2025-10-26 02:30');
CREATE TABLE instant AS SELECT profile, at AT TIME ZONE 'Europe/Berlin' AS at FROM wall;
CREATE TABLE day AS SELECT profile, at::date AS at FROM wall;
CREATE FUNCTION found(model text) RETURNS TABLE (profile text, feature text, hours numeric) LANGUAGE sql AS $$
    SELECT profile, feature, round(24 * value::numeric, 6)
    FROM (VALUES (timestamptz '2025-03-31 12:00 Europe/Berlin'), ('2025-10-27 12:00 Europe/Berlin')) c(cutoff), LATERAL customer_ai.features(model, cutoff)
    WHERE feature IN ('rec_any', 'gap_last', 'ten_first') AND value IS NOT NULL ORDER BY profile COLLATE "C", feature COLLATE "C" $$;
SELECT customer_ai.create_model(name, name::regclass, 'true', '4 days', 'profile', 'at', eligible_window => '5 days',
    options => '{"timezone": "Europe/Berlin"}') IS NOT NULL AS defined FROM (VALUES ('wall'), ('instant'), ('day')) t(name);
SELECT * FROM found('wall');
SELECT * FROM found('wall') EXCEPT SELECT * FROM found('instant');
SELECT * FROM found('day');

-- A window of a day is a day of the calendar, one of 24 hours is 24 hours.
CREATE TABLE late AS SELECT n || ' hours' AS profile, timestamptz '2025-03-30 12:00 Europe/Berlin' - n * interval '1 hour' AS at FROM unnest(ARRAY[22.5, 23.5, 24.5]) n
UNION ALL SELECT n || ' hours', timestamptz '2025-10-26 12:00 Europe/Berlin' - n * interval '1 hour' FROM unnest(ARRAY[23.5, 24.5, 25.5]) n;
SELECT customer_ai.create_model(name, 'late', 'true', '4 days', 'profile', 'at', eligible_window => eligible,
    options => '{"timezone": "Europe/Berlin"}') IS NOT NULL AS defined FROM (VALUES ('calendar', interval '1 day'), ('clock', '24 hours')) t(name, eligible);
SELECT model, cutoff, string_agg(DISTINCT profile, ', ' ORDER BY profile) AS eligible
FROM (VALUES ('calendar'), ('clock')) m(model), (VALUES (timestamptz '2025-03-30 12:00 Europe/Berlin'), ('2025-10-26 12:00 Europe/Berlin')) c(cutoff),
    LATERAL customer_ai.features(model, cutoff)
GROUP BY model, cutoff ORDER BY model, cutoff;

SELECT count(customer_ai.drop_model(model)) AS dropped FROM customer_ai.models;
DROP TABLE wall, instant, day, late;
DROP FUNCTION found;
