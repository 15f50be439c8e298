// ways.mjs - languages, colours, zones, screens, keys; what is there when something is missing.

import fs from 'node:fs';

import {addresses} from './views.mjs';
import {
    api,
    axe,
    base,
    check,
    close,
    en,
    equal,
    holds,
    open,
    quiet,
    rowsOf,
    settled,
    shot,
    text,
} from './harness.mjs';

const addressOf = (view, id) =>
    addresses[view] + (view === 'customer' ? encodeURIComponent(id) : '');

// What is offered for download is there.
async function downloads(page, view) {
    const links = await page.evaluate(() =>
        [...document.querySelectorAll('a.csv:not([hidden])')].map((a) => a.href),
    );
    holds(links.length > 0, `${view}: something can be taken away`);
    await Promise.all(
        links.map(async (link) => {
            const answer = await fetch(link);
            holds(answer.status === 200, `${view}: ${link}: ${answer.status}`);
            holds(answer.headers.get('content-type').startsWith('text/csv'), `${link}: is CSV`);
            holds((await answer.text()).split('\n').length > 1, `${link}: a head line`);
        }),
    );
}

// Each view in Chinese and dark, then narrow; each looked over by axe in both colours.
async function looks(view, id) {
    const page = await open(addressOf(view, id), {locale: 'zh-CN', colorScheme: 'dark'});
    equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN', 'language');
    holds(/[\u4e00-\u9fff]/.test(await text(page, 'nav')), 'the menu is Chinese');
    const english = await page.evaluate(() =>
        [...document.querySelectorAll('main h1, main h2, main thead th')]
            .map((e) => e.innerText.trim())
            .filter((s) => /^[A-Z][a-z]+( [a-z]+)*$/.test(s)),
    );
    equal(
        english.filter((s) => !['Redis'].includes(s)),
        [],
        'titles without Chinese',
    );
    equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'colours');
    await downloads(page, view);
    await axe(page);
    await shot(page, `${view}-zh-dark`);
    quiet(page);
    await page.evaluate(() => document.getElementById('theme').click());
    await axe(page);
    await page.setViewportSize({width: 360, height: 760});
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
    await page.reload(); // as a phone has it from the beginning
    await settled(page);
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
    await shot(page, `${view}-narrow`, true);
    await close(page);
}

// Reasons are said in Chinese from the same figures; the daemon's own sentence is kept at hand.
async function reasons() {
    const page = await open('signals', {locale: 'zh-CN'});
    const rows = (await api('signals?limit=100')).rows;
    const told = await page.evaluate(() =>
        [...document.querySelectorAll('main tbody tr')].map((r) => [
            r.querySelector('a').innerText,
            r.querySelector('.block').innerText,
            r.querySelector('.block [lang="en"]') !== null,
        ]),
    );
    equal(told.length, rows.length, 'all of them');
    for (const [i, [title, text, english]] of told.entries()) {
        const s = rows[i];
        holds(/[\u4e00-\u9fff]/.test(title), `the kind ${s.kind} has a word: ${title}`);
        holds(!english && /[\u4e00-\u9fff]/.test(text), `${s.kind} is said in Chinese: ${text}`);
        holds(!/undefined|NaN|null/.test(text), text);
        const figures = {
            overdue: [s.evidence.active_days_52w, s.value],
            understaffed: [s.evidence.rostered, s.evidence.scheduled],
            surge: [s.evidence.recent_legs],
            decline: [s.evidence.recent_legs],
        };
        for (const v of figures[s.kind] ?? [])
            holds(text.includes(` ${en(v)} `), `${s.kind} says ${v}: ${text}`);
    }
    await page.locator('main tbody a').first().click();
    await page.locator('details', {hasText: '原文'}).first().click();
    holds((await page.locator('details [lang="en"]').first().innerText()) === rows[0].reason, 'its own words');
    await page.getByRole('button', {name: '解释'}).click();
    await page.waitForFunction(() => document.querySelector('.explain h3'));
    holds((await page.locator('.explain [lang="en"]').count()) === 0, 'the rule is Chinese');
    await downloads(page, 'explain');
    await shot(page, 'signal-explained-zh', true);
    quiet(page);
    await close(page);
}

// What the daemon can say, by its sources: each kind, its rule's version, its thresholds.
async function everyRule() {
    const source = fs.readFileSync(
        new URL('../../daemon/store/analyst/signal_rules.c', import.meta.url),
        'utf8',
    );
    const rules = [...source.matchAll(/\{"([a-z_]+)",\n\s+(\d+),/g)].map((m) => [m[1], Number(m[2])]);
    const words = [...source.matchAll(/\{"([^"]+)", [\d.e-]+, "([^"]*)"\}/g)];
    holds(rules.length > 10 && words.length > 20, 'the rules were found');
    const page = await open('signals', {locale: 'zh-CN'});
    const known = await page.evaluate(async () => {
        const zh = await import(new URL('page/reasons-zh-CN.js', document.baseURI).href);
        return {
            reasons: Object.keys(zh.reasons),
            rules: Object.entries(zh.rules).map(([kind, [version]]) => [kind, version]),
            thresholds: Object.keys(zh.thresholds),
        };
    });
    const sorted = (a) => [...a].sort();
    equal(sorted(known.rules.map(String)), sorted(rules.map(String)), 'rules and their versions');
    equal(sorted(known.reasons), sorted(rules.map(([kind]) => kind)), 'reasons');
    const used = new Set(words.flatMap((m) => [m[1], m[2]]).filter(Boolean));
    equal(sorted(known.thresholds), sorted(used), 'thresholds and their units');
    await close(page);
}

// Three plain words of English in a row: no name that anybody made up has them, nor has an id. Left
// out are a command to be typed, code, and what the daemon said itself, where that is announced.
const englishIn = (page) =>
    page.evaluate(() => {
        const found = new Set();
        const look = (text) => {
            const said = text.replace(/callswell [a-z-]+( [a-z-]+)*/g, '');
            if (/\b[a-z]{2,}[,:]? [a-z]{2,} [a-z]{2,}/i.test(said) && /[a-z]{3} [a-z]{2}/.test(said))
                found.add(text.trim().slice(0, 120));
        };
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode())
            if (!walk.currentNode.parentElement.closest('script, code, details [lang="en"]'))
                look(walk.currentNode.textContent);
        for (const e of document.querySelectorAll('.evidence .soft'))
            if (!/[\u4e00-\u9fff]/.test(e.textContent)) found.add(e.textContent);
        for (const e of document.querySelectorAll('[title], [aria-label], [placeholder]'))
            for (const name of ['title', 'aria-label', 'placeholder'])
                look(e.getAttribute(name) ?? '');
        return [...found];
    });

// Every view, with what can be chosen in it, in Chinese.
async function allChinese(id) {
    const changed = (await api('stage_history?limit=1000')).rows;
    const moved = changed.find((r) => r.from_stage && r.dimension === 'stage')?.customer ?? id;
    const ways = [
        ...Object.keys(addresses).map((view) => addressOf(view, id)),
        addressOf('customer', moved),
        ...['rfm', 'stage', 'usage', 'segment'].map((kind) => `segments?kind=${kind}`),
        'features?region=atlantis',
        'customers?q=nobody-at-all',
        'signals?state=all',
    ];
    for (const way of ways) {
        const page = await open(way, {locale: 'zh-CN'});
        equal(await englishIn(page), [], `English in ${way || 'now'}`);
        await close(page);
    }
    // A signal that is held back, opened and explained.
    const said = 'input calls has been silent since 2026-11-22T09:14:00Z; 61 % of what usually comes is there';
    const page = await open('signals', {
        locale: 'zh-CN',
        before: (p) =>
            p.route('**/v1/signals?*', async (route) => {
                const answer = await route.fetch();
                const body = await answer.json();
                if (body.rows[0]) body.rows[0].held = said;
                return route.fulfill({response: answer, json: body});
            }),
    });
    await page.locator('main tbody a').first().click();
    await page.waitForFunction(() => document.getElementById('held'));
    holds((await text(page, '#held')).includes('61%'), 'why it is held back');
    await page.getByRole('button', {name: '解释'}).click();
    await page.waitForFunction(() => document.querySelector('.explain h3'));
    equal(await englishIn(page), [], 'English in a signal that is held back');
    holds((await page.locator('#evidence .soft').count()) > 1, 'the figures that decided');
    // All that this daemon has said of changes and of refused records has its words.
    const ignored = (await api('status')).feeds.flatMap((f) => f.left_out.map((r) => r.why));
    holds(ignored.length > 0, 'some records were ignored');
    const reasons = (await api('quarantine_reasons?limit=1000')).rows.map((r) => r.reason);
    holds(changed.length > 100 && reasons.length > 5, 'there is something to say');
    const unknown = await page.evaluate(
        async ([changed, reasons, ignored]) => {
            const {sayings} = await import(
                new URL('page/sayings-zh-CN.js', document.baseURI).href
            );
            const others = changed.filter((r) => r.dimension !== 'segment');
            return [
                ...others.filter((r) => !sayings.rule(r.rule)).map((r) => r.rule),
                ...changed.filter((r) => r.back && !sayings.back(r.back)).map((r) => r.back),
                ...reasons.filter((r) => !sayings.refusal(r)),
                ...ignored.filter((r) => !sayings.ignored(r)),
            ];
        },
        [changed, reasons, ignored],
    );
    equal([...new Set(unknown)], [], 'sentences without Chinese');
    await close(page);
}

async function switches() {
    const page = await open('customers');
    await page.locator('#language').selectOption('zh-CN');
    await page.waitForFunction(() => document.querySelector('nav').innerText.includes('客户'));
    await page.getByRole('button', {name: '深色'}).click();
    await page.reload();
    await settled(page);
    equal(
        await page.evaluate(() => [
            document.documentElement.lang,
            document.documentElement.dataset.theme,
        ]),
        ['zh-CN', 'dark'],
        'kept over a reload',
    );
    quiet(page);
    await close(page);
}

async function zones() {
    const page = await open('staffing?service=operator&zone=UTC');
    const first = () =>
        page.evaluate(() => {
            const cell = document.querySelector('[role="grid"] tbody td:not(.none)');
            return cell.closest('table').tHead.rows[0].cells[cell.cellIndex].textContent.trim();
        });
    const utc = await first();
    await page.locator('#zone').selectOption('Asia/Shanghai');
    await page.waitForURL('**zone=Asia%2FShanghai*');
    await settled(page);
    const there = await first();
    const minutes = (s) => Number(s.slice(-5, -3)) * 60 + Number(s.slice(-2));
    holds(utc !== there, `the heat map is in the zone: ${utc}, ${there}`);
    holds(
        [480, 0].includes((((minutes(there) - minutes(utc)) % 1440) + 1440) % 1440) ||
            minutes(there) === 0,
        'eight hours later',
    );
    await close(page);
}

// Nothing but keys: to a view, past the menu, along a heat map, through the inbox.
async function keys() {
    const page = await open('');
    await page.keyboard.press('Tab');
    equal(
        await page.evaluate(() => document.activeElement.className),
        'skip',
        'the first stop is the way past the menu',
    );
    await page.keyboard.press('Enter');
    equal(await page.evaluate(() => document.activeElement.id), 'main', 'past the menu');
    await page.reload();
    await settled(page);
    for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
    equal(
        await page.evaluate(() => document.activeElement.dataset.view),
        'staffing',
        'the third stop after it',
    );
    await page.keyboard.press('Enter');
    await page.waitForURL('**/staffing*');
    await settled(page);
    for (
        let i = 0;
        i < 40 && !(await page.evaluate(() => document.activeElement.tagName === 'TD'));
        i++
    )
        await page.keyboard.press('Tab');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const chosen = await text(page, '#interval');
    holds(/\d\d:\d\d: .* at desks/.test(chosen), `an interval is read out: ${chosen}`);
    holds(
        await page.evaluate(() => {
            const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        }),
        'one sees where one is',
    );
    await close(page);
}

// Tab until what has the focus matches, and one sees it; nothing else is used to get anywhere.
async function tabTo(page, selector, most = 150) {
    for (let i = 0; i < most; i++) {
        await page.keyboard.press('Tab');
        const seen = await page.evaluate((wanted) => {
            const at = document.activeElement;
            if (!at?.matches(wanted)) return null;
            const style = getComputedStyle(at);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        }, selector);
        if (seen === null) continue;
        holds(seen, `one sees that ${selector} has the focus`);
        return;
    }
    throw new Error(`no way to ${selector} by keys`);
}
const focused = (page) => page.evaluate(() => document.activeElement.dataset.key ?? null);

async function featureKeys() {
    const page = await open('features');
    await tabTo(page, '[data-key="sort-people"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**sort=*people*');
    equal(await focused(page), 'sort-people', 'the focus stays');
    const second = (await rowsOf(page, 'Ranking'))[1][0];
    await tabTo(page, `[data-key="feature-${second}"]`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**feature=${second}*`);
    await settled(page);
    equal(await text(page, '.toolbar h3'), second, 'another feature over time');
    await tabTo(page, '#use-region');
    await page.keyboard.press('ArrowDown');
    await page.waitForURL('**region=*');
    await settled(page);
    equal(await focused(page), 'use-region', 'the focus stays on the choice');
    holds((await text(page, '#use-rule')).includes('more than half'), 'the region is shown');
    quiet(page);
    await close(page);
}

async function customerKeys() {
    const page = await open('customers');
    await tabTo(page, '#search');
    await page.keyboard.type('c0000');
    await page.waitForURL('**q=c0000*');
    await page.waitForFunction(
        () => document.querySelectorAll('main tbody tr').length < 20,
    );
    await settled(page);
    await tabTo(page, '[data-key="sort-customer"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**sort=customer*');
    await settled(page);
    equal(await focused(page), 'sort-customer', 'the focus stays');
    await tabTo(page, '[data-key^="customer-"]');
    const id = (await focused(page)).slice('customer-'.length);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/customer?id=${id}*`);
    await settled(page);
    // One customer: another measure, a day of the calendar, the reason for what changed since then.
    await tabTo(page, '.choice button[aria-pressed="false"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**show=*');
    await settled(page);
    await tabTo(page, '[role="grid"] td');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL('**mark=*');
    await settled(page);
    await tabTo(page, 'ol.timeline');
    quiet(page);
    await close(page);
}

async function segmentKeys() {
    const page = await open('segments');
    await tabTo(page, '.choice button[aria-pressed="false"]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**kind=*');
    await settled(page);
    const chosen = await text(page, '#one h2');
    await tabTo(page, '[data-key^="segment-"]');
    await page.keyboard.press('Tab');
    const key = await focused(page);
    holds(key?.startsWith('segment-'), `the next segment: ${key}`);
    await page.keyboard.press('Enter');
    await page.waitForURL('**segment=*');
    await settled(page);
    holds((await text(page, '#one h2')) !== chosen, 'another segment');
    await tabTo(page, '#one a[data-view]');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/customer?id=*');
    await settled(page);
    quiet(page);
    await close(page);
}

// A signal is opened, explained, given a note and closed.
async function signalKeys() {
    const page = await open('signals');
    const id = (await api('signals?limit=100')).rows[0].id;
    await tabTo(page, `[data-key="open-${id}"]`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**id=${id}*`);
    await settled(page);
    await tabTo(page, '[data-key="explain"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.explain h3'));
    await tabTo(page, '#note');
    await page.keyboard.type('by keys alone');
    await tabTo(page, '[data-key="close"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
        () => document.getElementById('announcer').textContent === 'Closed.',
    );
    const now = (await api('signals?state=all&limit=1000')).rows.find((s) => s.id === id);
    equal([now.state, now.note], ['closed', 'by keys alone'], 'closed in the store');
    await settled(page);
    holds(
        await page.evaluate(() => document.activeElement.matches('section.panel')),
        'the focus is where the signal was',
    );
    quiet(page);
    await close(page);
}

async function inbox() {
    const page = await open('signals');
    const before = (await api('signals?limit=100')).rows;
    const id = before[1].id;
    await page.locator(`[data-key="open-${before[0].id}"]`).focus();
    await page.keyboard.press('j');
    await page.waitForURL(`**id=${id}*`);
    await page.getByRole('button', {name: 'Explain'}).click();
    await page.waitForFunction(() => document.querySelector('.explain h3'));
    const told = await api(`signals/${id}/explain`);
    holds((await text(page, '.explain')).includes(told.rule.says), 'the rule is explained');
    await page.getByLabel('Note').fill('seen in a test');
    await page.getByRole('button', {name: 'Acknowledge'}).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(
        () => document.getElementById('announcer').textContent === 'Acknowledged.',
    );
    await page.waitForFunction(
        () => document.querySelector('[data-key="close"]') && !document.querySelector('[data-key="ack"]'),
    );
    holds((await text(page, '.explain')).includes(told.rule.says), 'and stays explained');
    await axe(page);
    let now = (await api('signals?state=all&limit=1000')).rows.find((s) => s.id === id);
    equal([now.state, now.note], ['acked', 'seen in a test'], 'acknowledged in the store');
    await settled(page);
    await page.getByRole('button', {name: 'Close'}).click();
    await page.waitForFunction(
        () => document.getElementById('announcer').textContent === 'Closed.',
    );
    now = (await api('signals?state=all&limit=1000')).rows.find((s) => s.id === id);
    equal(now.state, 'closed', 'closed in the store');
    quiet(page);
    await close(page);
}

// The sliders ask the daemon, the address keeps them; a roster is taken over from a file.
async function plans() {
    const page = await open('staffing?service=operator&if_volume=50');
    const rows = (await api('what-if?service=operator&volume=%2B50%25')).rows.filter(
        (r) => r.skill === null,
    );
    const shown = await rowsOf(page, 'What if?');
    equal(
        shown[0].slice(1, 3),
        rows.map((r) => en(r.contacts)),
        'contacts as they are and then',
    );
    equal(
        shown[3].slice(1, 3),
        rows.map((r) => en(r.scheduled_hours)),
        'hours',
    );
    await page.locator('#if_aht').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**if_aht=5*');
    const tests = (await api('forecast_scores?service=operator&limit=100')).rows;
    holds(tests.length > 0, 'forecasts were tested');
    equal(
        (await rowsOf(page, 'How good forecasts were')).map((r) => r[2]),
        tests.map((r) => (r.wape === null ? '–' : `${en(100 * r.wape, 1)}%`)),
        'by how much they were off',
    );
    const roster = 'service,start,minutes,scheduled\nsales,2027-01-04T08:00:00Z,60,7\n';
    const file = {name: 'r.csv', mimeType: 'text/csv', buffer: Buffer.from(roster)};
    await page.locator('#roster-file').setInputFiles(file);
    await page.waitForFunction(() => document.querySelector('#roster .good-text'));
    const taken = (await api('roster?service=sales&from=2027-01-04&to=2027-01-05')).rows;
    equal(
        taken.map((r) => r.scheduled),
        [7],
        'the roster in the store',
    );
    quiet(page);
    await page
        .locator('#roster-file')
        .setInputFiles({...file, buffer: Buffer.from('no,roster\n1,2\n')});
    await page.waitForFunction(() => document.querySelector('#roster .bad-text'));
    await close(page);
}

// A skill's people by interval, as they are and if twice as much came and more were promised.
async function skills() {
    const page = await open('staffing?service=operator&if_volume=100&if_sl=99');
    const from = await page.evaluate(() =>
        new Intl.DateTimeFormat('sv-SE', {timeZone: 'Europe/Berlin'}).format(Date.now()),
    );
    const end = Date.parse(from) + 7 * 86400000 - 3600000;
    const question = `service=operator&zone=Europe/Berlin&limit=1000&from=${from}`;
    const plan = (await api(`staffing_skills?${question}`)).rows.filter(
        (r) => r.skill === 'french' && Date.parse(r.start) < end,
    );
    const asked = (
        await api('what-if?service=operator&volume=%2B100%25&sl=0.99&by=interval')
    ).rows.filter((r) => r.skill === 'french');
    const cells = async (name) => {
        const button = page.getByRole('button', {name, exact: true});
        const pressed = async () => (await button.getAttribute('aria-pressed')) === 'true';
        // News may draw it anew between a click's two halves.
        for (let tries = 0; tries < 5 && !(await pressed()); tries++) {
            await button.click();
            await settled(page);
        }
        return page.evaluate(() =>
            [...document.querySelectorAll('[role="grid"] tbody td:not(.none)')]
                .map((c) => Number(c.innerText.trim().replace('−', '-')))
                .sort((a, b) => a - b),
        );
    };
    const sorted = (rows, key) =>
        rows
            .map((r) => r[key])
            .filter((v) => v !== null)
            .sort((a, b) => a - b);
    await page.getByRole('button', {name: 'french'}).click();
    holds(sorted(plan, 'rostered').length > 100, 'the skill has a roster');
    equal(await cells('Scheduled'), sorted(plan, 'scheduled'), 'people of the skill');
    equal(await cells('Rostered'), sorted(plan, 'rostered'), 'who is there');
    equal(await cells('Gap'), sorted(plan, 'gap'), 'who is missing');
    const known = new Set(plan.map((r) => Date.parse(r.start)));
    const then = asked.filter((r) => known.has(Date.parse(r.start)));
    equal(await cells('Scheduled, what if'), sorted(then, 'scheduled_then'), 'people then');
    equal(await cells('Gap, what if'), sorted(then, 'gap_then'), 'who would be missing');
    holds(
        sorted(then, 'gap_then').some((v, i) => v !== sorted(then, 'gap')[i]),
        'it changes something',
    );
    const totals = (await rowsOf(page, 'Skills, each planned for itself')).map((r) => r[0]);
    equal(totals, ['french', 'Others'], 'a row for each skill');
    await axe(page);
    quiet(page);
    await shot(page, 'skills', true);
    await close(page);
}

// On a phone: nothing that one chooses from is cut off, the names of rows stay when the rest is
// moved, and the inbox comes before what is in it.
async function phone() {
    const size = {width: 390, height: 844};
    for (const address of ['staffing?service=operator', 'segments', 'features', 'customers']) {
        const page = await open(address, size);
        const cut = await page.evaluate(() =>
            [...document.querySelectorAll('.choice')]
                .filter((c) => c.scrollWidth > c.clientWidth)
                .map((c) => c.innerText),
        );
        equal(cut, [], `choices that are cut off in ${address}`);
        const moved = await page.evaluate(() =>
            [...document.querySelectorAll('.scroller')]
                .filter((s) => s.querySelector('table:not(.heat)'))
                .filter((s) => s.scrollWidth > s.clientWidth + 20)
                .map((s) => {
                    const name = s.querySelector('tbody th');
                    const before = name.getBoundingClientRect().left;
                    s.scrollLeft = 1000;
                    return [s.scrollLeft > 0, name.getBoundingClientRect().left - before];
                }),
        );
        holds(moved.length > 0 || address === 'staffing?service=operator', `${address} is moved`);
        for (const [far, by] of moved) equal([far, by], [true, 0], `names of rows in ${address}`);
        quiet(page);
        await close(page);
    }
    const page = await open('signals', size);
    const one = page.locator('#one');
    holds(!(await one.isVisible()), 'the inbox alone');
    await page.locator('main tbody a').first().click();
    await page.waitForURL('**id=*');
    await one.waitFor({state: 'visible'});
    const top = (selector) => page.locator(selector).evaluate((e) => e.getBoundingClientRect().top);
    holds((await top('#one')) < (await top('.inbox > :first-child')), 'then the one that is chosen');
    quiet(page);
    await close(page);
}

async function troubles() {
    const page = await open('features');
    await page.route('**/v1/features?*', (route) => route.abort());
    await page.evaluate(() => dispatchEvent(new Event('popstate')));
    await page.getByRole('link', {name: 'Segments'}).click();
    await page.getByRole('link', {name: 'Features'}).click();
    await page.waitForFunction(() =>
        document.querySelector('[role="alert"]')?.innerText.includes('does not answer'),
    );
    await page.unroute('**/v1/features?*');
    await page.getByRole('button', {name: 'Try again'}).click();
    await settled(page);
    holds((await rowsOf(page, 'Ranking')).length > 3, 'it goes on');
    await close(page);
    const unknown = await open('customer?id=nobody%20%3Cimg%20src%3Dx%3E');
    holds((await unknown.locator('main').innerText()).includes('<img src=x>'), 'names are text');
    equal(await unknown.locator('main img').count(), 0, 'names are never elements');
    quiet(unknown);
    await close(unknown);
}

async function locked() {
    let open401 = true;
    const page = await open('customers', {
        before: async (p) => {
            await p.route('**/v1/**', (route) => {
                if (route.request().url().endsWith('/v1/login')) {
                    open401 = route.request().postDataJSON().token !== 'right';
                    return route.fulfill({
                        status: open401 ? 401 : 200,
                        contentType: 'application/json',
                        body: '{}',
                    });
                }
                return open401
                    ? route.fulfill({
                          status: 401,
                          contentType: 'application/problem+json',
                          body: '{"detail":"no"}',
                      })
                    : route.continue();
            });
        },
    });
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
        () => document.querySelector('dialog [role="alert"]').innerText.length > 5,
    );
    await axe(page);
    await shot(page, 'login');
    await page.getByLabel('Token').fill('right');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
        () =>
            document.querySelectorAll('main tbody tr').length > 50 &&
            !document.querySelector('dialog'),
    );
    await close(page);
}

// A build that had no registry at hand.
async function plain(id) {
    const page = await open(addressOf('customer', id), {
        before: (p) =>
            p.route('**/page/charts.js', (route) =>
                route.fulfill({contentType: 'text/javascript', body: 'export default null;'}),
            ),
    });
    holds(
        (await page.locator('.plain-series .line').count()) > 0,
        'lines are drawn without the library',
    );
    holds((await text(page, '.foot')).includes('plain'), 'and it is said');
    quiet(page);
    await shot(page, 'customer-plain');
    await close(page);
}

async function policy() {
    const answer = await fetch(`${base}/`);
    const says = answer.headers.get('content-security-policy');
    for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
    ])
        holds(says.includes(part), part);
    holds(!says.includes('unsafe'), 'nothing unsafe');
    const scope = async (file) =>
        (await fetch(`${base}/page/${file}`)).headers.get('service-worker-allowed');
    equal([await scope('worker.js'), await scope('app.js')], ['..', null], 'one sees to all views');
    const page = await open('');
    await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.broken = true';
        document.body.append(script);
    });
    equal(await page.evaluate(() => window.broken), undefined, 'scripts from elsewhere do not run');
    await close(page);
}

export async function all(id) {
    for (const view of Object.keys(addresses))
        await check(`${view}: Chinese, dark, narrow, accessible`, () => looks(view, id));
    await check('reasons in Chinese', reasons);
    await check('every rule in Chinese', everyRule);
    await check('no English in Chinese', () => allChinese(id));
    await check('language and colours are switched and kept', switches);
    await check('times are in the chosen zone', zones);
    await check('keys are enough', keys);
    await check('features by keys alone', featureKeys);
    await check('customers by keys alone', customerKeys);
    await check('segments by keys alone', segmentKeys);
    await check('the inbox: explain, acknowledge and close', inbox);
    await check('signals by keys alone', signalKeys);
    await check('what-if and roster', plans);
    await check('skills', skills);
    await check('on a phone', phone);
    await check('errors help', troubles);
    await check('a login is asked for', locked);
    await check('charts without the library', () => plain(id));
    await check('the policy', policy);
}
