// harness.mjs - a headless Chromium, pages of the daemon that are watched, and checks that are
// counted.

import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const [, , base, packages, out, chromiumPath] = process.argv;
const require = createRequire(path.join(packages, 'node_modules', 'x.js'));
const {chromium} = require('playwright-core');
const axeSource = fs.readFileSync(path.join(packages, 'node_modules/axe-core/axe.min.js'), 'utf8');

export {base};
export const counts = {passed: 0, failed: 0};
let browser = null;
const opened = [];

export async function begin() {
    fs.mkdirSync(out, {recursive: true});
    browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox', '--disable-gpu'],
    });
}
export const end = () => browser?.close();

// One test: passed when f does not throw. What it left open is closed; what went wrong in it is
// said.
export async function check(name, f) {
    const begun = Date.now();
    try {
        await f();
        counts.passed++;
        console.error(`${String(Date.now() - begun).padStart(6)} ms  ${name}`);
    } catch (error) {
        counts.failed++;
        const lines = String(error.message ?? error)
            .split('\n')
            .slice(0, 12);
        const wrong = opened.flatMap((page) => page.wrong).slice(0, 5);
        console.log([`FAILED: ${name}`, ...lines, ...wrong].join('\n  '));
    }
    for (const page of opened.splice(0)) await page.context().close();
}

export function equal(got, want, what = 'value') {
    const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
    if (a !== b) throw new Error(`${what}: got ${a?.slice(0, 400)}\nwant ${b?.slice(0, 400)}`);
}

export function holds(condition, what) {
    if (!condition) throw new Error(what);
}

// What the daemon itself answers: the truth that the page is held to.
export async function api(question) {
    const response = await fetch(`${base}/v1/${question}`);
    holds(response.ok, `${question}: ${response.status}`);
    return response.json();
}

// A page in a browser of its own: {locale, colorScheme, width, height, zone}. What goes wrong in
// it is kept
// in page.wrong: errors on the console, exceptions, answers that are refusals, requests to other
// hosts.
export async function open(
    address,
    {
        locale = 'en-US',
        colorScheme = 'light',
        width = 1440,
        height = 1000,
        zone = 'Europe/Berlin',
        before,
        waits = true,
    } = {},
) {
    const context = await browser.newContext({
        locale,
        colorScheme,
        viewport: {width, height},
        timezoneId: zone,
        reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.wrong = [];
    opened.push(page);
    page.on(
        'console',
        (m) =>
            ['error', 'warning'].includes(m.type()) &&
            page.wrong.push(`console: ${m.text()} ${m.location().url}`),
    );
    page.on('pageerror', (e) => page.wrong.push(`exception: ${e.message}`));
    page.on(
        'request',
        (r) =>
            !r.url().startsWith(`${base}/`) &&
            !r.url().startsWith('data:') &&
            page.wrong.push(`request to ${r.url()}`),
    );
    page.on('response', (r) => r.status() >= 400 && page.wrong.push(`${r.status()} ${r.url()}`));
    if (before) await before(page);
    await page.goto(`${base}/${address}`);
    if (waits) await settled(page);
    return page;
}

// Nothing is loading any more, and something was.
export async function settled(page) {
    await page.waitForFunction(
        () =>
            document.querySelector('main .view') &&
            !document.querySelector('[aria-busy="true"]') &&
            !document.querySelector('main .state.waiting'),
    );
}

export const close = (page) => {
    opened.splice(opened.indexOf(page), 1);
    return page.context().close();
};
export const shot = (page, name, fullPage = false) =>
    page.screenshot({path: path.join(out, `${name}.png`), fullPage});
export const text = async (page, selector) =>
    (await page.locator(selector).first().innerText()).trim();

// The table with this caption, as rows of texts.
export const rowsOf = (page, caption) =>
    page.evaluate((wanted) => {
        const table = [...document.querySelectorAll('table')].find(
            (t) => t.caption?.textContent === wanted,
        );
        return table
            ? [...table.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.innerText.trim()))
            : null;
    }, caption);

// The same behind a chart, where one has to ask for it.
export async function rowsBehind(page, caption) {
    await page.evaluate((wanted) => {
        for (const panel of document.querySelectorAll('section.panel'))
            if (panel.querySelector('h2').textContent === wanted)
                panel.querySelector('details.behind').open = true;
    }, caption);
    await page.waitForFunction(
        (wanted) =>
            [...document.querySelectorAll('details table caption')].some((c) =>
                c.textContent.startsWith(wanted),
            ),
        caption,
    );
    return page.evaluate((wanted) => {
        const table = [...document.querySelectorAll('details table')].find((t) =>
            t.caption.textContent.startsWith(wanted),
        );
        return [...table.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent.trim()));
    }, caption);
}

// What the page's English makes of a number.
export const en = (v, digits = 0) =>
    new Intl.NumberFormat('en-US', {
        maximumFractionDigits: digits,
        minimumFractionDigits: digits,
    }).format(v);

// Findings of axe that keep people from using the page.
export async function axe(page) {
    await page.evaluate(axeSource);
    const found = await page.evaluate(async () =>
        (await window.axe.run(document, {resultTypes: ['violations']})).violations
            .filter((v) => ['serious', 'critical'].includes(v.impact))
            .map(
                (v) =>
                    `${v.id} (${v.impact}): ${v.nodes
                        .slice(0, 3)
                        .map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`)
                        .join('; ')}`,
            ),
    );
    equal(found, [], 'findings of axe');
}

export const quiet = (page) => equal(page.wrong, [], 'what went wrong in the page');
