// duckdb.mjs - counts the same CSV with DuckDB, one thread: per customer and hour, and per day and
// feature with distinct people. Usage: node duckdb.mjs FOLDER-WITH-node_modules CSV
// Prints one line of JSON: {"cpu_seconds":..., "seconds":..., "peak_kilobytes":..., ...}
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, csv] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(folder, "package.json"))("@duckdb/node-api");

const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
const db = await instance.connect();
const number = async (sql) => Number((await db.runAndReadAll(sql)).getRows()[0][0]);

const begun = performance.now();
const before = process.cpuUsage();
// Times are RFC 3339 or epoch milliseconds; what cannot be read is left out, as a count would.
await db.run(`CREATE TEMP TABLE record AS
    SELECT customer, participant, outcome, features,
           CASE WHEN "start" LIKE '____-%' THEN try_cast("start" AS TIMESTAMP)
                ELSE epoch_ms(try_cast("start" AS BIGINT)) END AS begun,
           try_cast(duration AS BIGINT) AS seconds
    FROM read_csv('${csv.replaceAll("'", "''")}', header = true, all_varchar = true,
                  ignore_errors = true, null_padding = true, parallel = false)
    WHERE customer IS NOT NULL`);
const records = await number("SELECT count(*) FROM record WHERE begun IS NOT NULL");
const hours = await number(`SELECT count(*) FROM (
    SELECT customer, date_trunc('hour', begun) AS hour, count(*) FILTER (outcome = 'ok') AS legs,
           sum(seconds) AS seconds, count(*) FILTER (outcome <> 'ok') AS failed
    FROM record WHERE begun IS NOT NULL GROUP BY ALL)`);
const features = await number(`SELECT count(*) FROM (
    SELECT day, feature, count(*) AS uses, approx_count_distinct(participant) AS people
    FROM (SELECT date_trunc('day', begun) AS day, participant,
                 unnest(string_split(features, ';')) AS feature
          FROM record WHERE features IS NOT NULL) GROUP BY ALL)`);
const cpu = process.cpuUsage(before);

console.log(JSON.stringify({
    records, hours, features,
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    seconds: (performance.now() - begun) / 1e3,
    peak_kilobytes: process.resourceUsage().maxRSS,
}));
