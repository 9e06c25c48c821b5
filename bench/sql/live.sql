-- What live predictions need: an index, and scores, whose instant they are made at.
SET client_min_messages = error;
CREATE INDEX ON bench.events (profile, at);
VACUUM bench.events;
SELECT max(profile) AS most FROM bench.events;
