// npm pg: what types come out as, parameters, a pool, and errors with their code.
const assert = require('node:assert/strict');
const { Pool } = require('pg');

async function main() {
    const server = { host: process.env.CLIENT_HOST, user: 'bi', password: process.env.CLIENT_PASSWORD, max: 2 };
    const direct = new Pool({ ...server, port: process.env.CLIENT_PORT, database: 'postgres' });
    const pooled = new Pool({ ...server, port: process.env.BOUNCER, database: 'one' });
    for (const pool of [direct, pooled]) {
        const { rows: [score] } = await pool.query('SELECT * FROM marketing.repurchase_scores WHERE customer_id = $1', [5]);
        // Numbers are numbers, except bigint, which no number of JavaScript holds: that is a string, as pg has it everywhere.
        for (const name of ['customer_id', 'probability', 'score', 'percentile', 'version']) assert.equal(typeof score[name], 'number', name);
        assert.equal(typeof score.run, 'string');
        assert.ok(score.scored_at instanceof Date && Array.isArray(score.factors) && typeof score.factors[0].impact === 'number');
        for (const key of [5, '5']) {
            const { rows: [live] } = await pool.query('SELECT * FROM customer_ai.predict($1, $2)', ['repurchase', key]);
            assert.deepEqual([live.probability, live.factors], [score.probability, score.factors]);
        }
        const { rows: [supposed] } = await pool.query('SELECT probability FROM customer_ai.predict($1, $2, what_if => $3)',
            ['repurchase', 5, JSON.stringify([{ event: 'purchase', amount: 10 }])]);
        assert.notEqual(supposed.probability, score.probability);
        const { rows: tenths } = await pool.query("SELECT tenth, profiles, positives, rate FROM customer_ai.gains('repurchase')");
        const { rows: [all] } = await pool.query("SELECT value FROM customer_ai.evaluate('repurchase') WHERE metric = 'positives'");
        assert.equal(tenths.reduce((sum, tenth) => sum + Number(tenth.positives), 0), all.value);
        for (const tenth of tenths) assert.ok(Math.abs(tenth.rate - tenth.positives / tenth.profiles) < 1e-12);
        const { rows: [page] } = await pool.query("SELECT customer_ai.report('repurchase') AS html, customer_ai.plot('repurchase', 'tenths') AS svg");
        assert.ok(page.html.startsWith('<!DOCTYPE html>') && page.svg.startsWith('<svg '));
        await assert.rejects(pool.query("SELECT * FROM customer_ai.gains('nothing')"),
            error => error.code === '42704' && Boolean(error.detail) && Boolean(error.hint));
        await pool.end();
    }
}

main().catch(error => { console.error(error); process.exit(1); });
