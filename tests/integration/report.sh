#!/usr/bin/env bash
# The page about a model, opened in a browser as its reader would: nothing on the console, nothing wider than the screen at 1280
# and at 390 pixels, a text for every picture; made in under three seconds by an unprivileged role, without a transaction id.
# A second page has markup as every name and value there is.
source tests/integration/lib.sh

if ! command -v chromium >/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "chromium is not installed"; exit 77; }
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; } \
        >/dev/null 2>&1 || { echo "chromium cannot be installed"; exit 77; }
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

browse() { # what the browser is to do, address
    local profile=$folder/profile.$RANDOM
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$profile" --hide-scrollbars \
        --virtual-time-budget=2000 "$@"
    rm -rf "$profile"
}

PGOPTIONS='-c client_min_messages=error' query >/dev/null <<'SQL'
CREATE EXTENSION customer_ai;
CREATE ROLE page_ana LOGIN;
SQL
query -c 'GRANT CREATE ON DATABASE '"$(query -c 'SELECT quote_ident(current_database())')"' TO page_ana'

# A shop of people who buy more or less often, and one where everything has a name that no browser may take for markup.
PGOPTIONS='-c client_min_messages=error' query -U page_ana >/dev/null <<'SQL'
CREATE SCHEMA shop;
CREATE TABLE shop.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event, (p * d) % 97 AS amount
    FROM generate_series(1, 600) p, generate_series(0, 240, 4) d
    WHERE (p * 13 + d * 7) % 11 < 3 + p % 5 AND (p % 3 > 0 OR d < 60 + p % 170);
SELECT customer_ai.create_model('repurchase', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'at', 'event',
    description => 'Who will buy in the next 30 days?', options => '{"algorithm": "logistic"}');
SELECT customer_ai.train('repurchase'), customer_ai.score('repurchase');
SELECT customer_ai.create_segment('shop.likely_buyers', 'repurchase', $$ percentile > 90 $$, 'those to call first');

CREATE SCHEMA "<script>alert(1)</script>";
CREATE TABLE "<script>alert(1)</script>"."<img src=x onerror=alert(2)>" AS
    SELECT '</style><script>' || customer_id AS "<b>who", at AS "&when",
        event || '</title><script>alert(3)</script>' AS "type""<", amount AS "<i>amount"
    FROM shop.orders;
SELECT customer_ai.create_model('hostile', '"<script>alert(1)</script>"."<img src=x onerror=alert(2)>"',
    $$ "type""<" LIKE 'purchase%<script>%' $$, '30 days', '<b>who', '&when', 'type"<', kind => 'churn',
    description => '<script>alert(4)</script>',
    options => '{"algorithm": "logistic", "scores": "shop.hostile_scores", "goal_name": "<u>goal"}');
SELECT customer_ai.train('hostile'), customer_ai.score('hostile');
SELECT customer_ai.create_segment('shop.hostile', 'hostile', $$ '<script>' < bucket $$, '<script>alert(5)</script>');
SQL

for model in repurchase hostile; do
    said=$(query -U page_ana <<SQL
BEGIN;
SELECT clock_timestamp() AS started \gset
SELECT customer_ai.report('$model') AS page \gset
\o $folder/$model.html
SELECT :'page';
\o
SELECT pg_current_xact_id_if_assigned() IS NULL AND clock_timestamp() - :'started' < interval '3 seconds';
SQL
    )
    [ "$said" = t ] || fail "report('$model') took a transaction id or more than three seconds"
    grep -q '^<!DOCTYPE html>' "$folder/$model.html" || fail "the page of $model is none"
done

# Markup in values is text: as many tags of each kind as the template has, none of the values'.
! grep -qE '<(script|img|b|i|u)[ >]' "$folder/hostile.html" || fail "a value became markup"
grep -q '&lt;script&gt;alert(4)' "$folder/hostile.html" || fail "the description is not on the page"

for model in repurchase hostile; do
    console=$(browse --enable-logging=stderr --v=0 --window-size=1280,900 --screenshot="$folder/$model.png" \
        "file://$folder/$model.html" 2>&1 | grep CONSOLE || true)
    [ -z "$console" ] || fail "on the console of $model: $console"
    [ -s "$folder/$model.png" ] || fail "the browser shows nothing of $model"
    # The page's own policy lets no script run: a copy without it measures itself in a frame of each width.
    sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' "$folder/$model.html" >"$folder/measured.html"
    cat >>"$folder/measured.html" <<'HTML'
<script>
const mute = [...document.querySelectorAll('svg, img')].filter(image =>
    image.localName === 'img' ? !image.alt : image.getAttribute('role') !== 'img' || !image.querySelector('title')?.textContent.trim());
const root = document.documentElement;
const loaded = performance.getEntriesByType('resource').length;
parent.postMessage([innerWidth, root.scrollWidth <= innerWidth ? 'fits' : 'overflows by ' + (root.scrollWidth - innerWidth),
    document.querySelectorAll('svg').length > 3 ? 'pictures' : 'no pictures', mute.length + ' mute', loaded + ' loaded'].join(' '), '*');
</script>
HTML
    cat >"$folder/frames.html" <<'HTML'
<!DOCTYPE html><body><iframe src="measured.html" style="width:1280px;height:900px;border:0"></iframe>
<iframe src="measured.html" style="width:390px;height:844px;border:0"></iframe>
<script>onmessage = message => { document.body.dataset['w' + message.data.split(' ')[0]] = message.data }</script>
HTML
    seen=$(browse --dump-dom --window-size=1400,900 "file://$folder/frames.html" 2>/dev/null)
    for width in 1280 390; do
        grep -q "data-w$width=\"$width fits pictures 0 mute 0 loaded\"" <<<"$seen" ||
            fail "$model at $width pixels: $(grep -o "data-w[^ ]*=\"[^\"]*\"" <<<"$seen" || echo 'the page did not answer')"
    done
done
echo "two pages of $(stat -c %s "$folder/repurchase.html") and $(stat -c %s "$folder/hostile.html") bytes, nothing on the console, no overflow at 1280 and 390 pixels"
