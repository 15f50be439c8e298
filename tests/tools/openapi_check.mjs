// openapi_check.mjs - is /v1/openapi.json OpenAPI 3.1, and do real answers keep to it?
// usage: node openapi_check.mjs MODULES URL ID-OF-A-CUSTOMER ID-OF-A-SIGNAL FEATURE
// MODULES has @seriousme/openapi-schema-validator, ajv and ajv-formats. Prints what does not fit.
import { createRequire } from "node:module";

const [modules, url, customer, signal, feature] = process.argv.slice(2);
const require = createRequire(modules + "/");
const Ajv = require("ajv/dist/2020.js").default;
const formats = require("ajv-formats").default;
const { Validator } = await import(require.resolve("@seriousme/openapi-schema-validator"));
const ids = { "/v1/customers/": customer, "/v1/signals/": signal, "/v1/features/": feature, "/v1/export/": "salesforce" };
let wrong = 0, asked = 0;

function say(where, what) {
    wrong++;
    console.log(`${where}: ${typeof what === "string" ? what : JSON.stringify(what).slice(0, 600)}`);
}

const text = await (await fetch(url + "/v1/openapi.json")).text();
const api = JSON.parse(text);
if (JSON.stringify(api).length + 1 !== text.length)
    say("openapi.json", "a key stands twice");
const verdict = await new Validator().validate(structuredClone(api));
if (!verdict.valid)
    say("openapi.json", verdict.errors);

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
ajv.addSchema({ $id: "api", ...api });
// A schema of the description, whose references lead into it.
function compiled(schema) {
    return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));
}
const problem = compiled({ $ref: "#/components/schemas/problem" });

// A question with what has to be given, such as the description says.
async function ask(path, operation, query = "") {
    for (const p of operation.parameters?.filter((q) => q.in === "query" && q.required) ?? [])
        query += `${query ? "&" : "?"}${p.name}=${p.example}`;
    const known = Object.keys(ids).find((p) => path.startsWith(p));
    const at = path.replace(/{\w+}/, () => encodeURIComponent(ids[known]));
    const answer = await fetch(url + at + query);
    const type = (answer.headers.get("content-type") ?? "").split(";")[0];
    const media = operation.responses["200"].content[type];
    asked++;
    if (answer.status !== 200) return say(at + query, `${answer.status} ${await answer.text()}`);
    if (!media) return say(at + query, `type ${type} is not described`);
    if (type !== "application/json") return void (await answer.text());
    const body = await answer.json(), check = compiled(media.schema);
    if (!check(body)) say(at + query, check.errors);
}

for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
        if (!operation.responses.default) say(path, `${method}: errors are not described`);
        if (method !== "get" || path === "/v1/events") continue;
        await ask(path, operation);
        const forms = operation.responses["200"].content;
        if (forms["text/csv"] && forms["application/json"]) await ask(path, operation, "?format=csv");
        // Every parameter that is described is known; nothing else is.
        if (path.startsWith("/v1/") && operation.parameters?.some((p) => p.name === "sort")) {
            const bad = await fetch(url + path + "?no_such=1");
            if (bad.status !== 400 || !problem(await bad.json())) say(path, "a wrong parameter passes");
            for (const p of operation.parameters.filter((q) => q.in === "query")) {
                const value = p.schema.enum?.[0] ?? { from: "2026-01-01", to: "2036-01-01", limit: "1",
                    zone: "UTC", sort: Object.keys(schemaOf(path).properties)[0] }[p.name] ?? "x";
                const good = await fetch(`${url}${path}?${p.name}=${value}`);
                const fine = p.name === "after" ? 400 : 200; // x is no cursor
                if (good.status !== fine) say(path, `${p.name}=${value}: ${good.status}`);
                await good.text();
            }
        }
    }
}
function schemaOf(path) {
    return api.components.schemas[path.slice(4)];
}
const missing = await fetch(url + "/v1/nothing");
if (missing.status !== 404 || !problem(await missing.json())) say("/v1/nothing", "no problem");
console.log(`${asked} answers, ${wrong} wrong`);
process.exit(wrong === 0 && asked > 30 ? 0 : 1);
