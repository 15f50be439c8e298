// views.mjs - every view shows what the daemon answers.

import {
    api,
    base,
    check,
    close,
    en,
    equal,
    holds,
    open,
    quiet,
    rowsBehind,
    rowsOf,
    settled,
    shot,
    text,
} from './harness.mjs';

const aboutEn = (v) => new Intl.NumberFormat('en-US', {maximumFractionDigits: 1}).format(v);

export const addresses = {
    now: '',
    staffing: 'staffing',
    features: 'features',
    customers: 'customers',
    customer: 'customer?id=',
    segments: 'segments',
    signals: 'signals',
};

async function now() {
    const page = await open('');
    const status = await api('status');
    equal(
        await text(page, '#quarantine .value'),
        en(status.quarantine.open),
        'records in quarantine',
    );
    equal(
        await text(page, '#open .value'),
        en(status.pairing.open_conferences),
        'open conferences',
    );
    holds(status.pairing.open_conferences > 0, 'somebody is in a conference');
    equal(
        (await rowsOf(page, 'Feeds')).map((r) => r[0].split('\n')[0]),
        status.feeds.map((f) => f.input),
        'feeds',
    );
    equal(
        (await rowsOf(page, 'Feeds')).map((r) => r[6]),
        status.feeds.map((f) => en(f.accepted)),
        'accepted',
    );
    const ignored = (await rowsOf(page, 'Feeds')).map((r) =>
        r[0].split('\n').filter((line) => line.startsWith('ignored')),
    );
    equal(
        ignored,
        status.feeds.map((f) => f.left_out.map((r) => `ignored ${en(r.records)}: ${r.why}`)),
        'why records were ignored',
    );
    holds(ignored.flat().length > 0, 'some were');
    const reasons = (await api('quarantine_reasons')).rows;
    equal(
        (await rowsOf(page, 'Refused records')).map((r) => [r[0], r[2]]),
        reasons.slice(0, 12).map((r) => [r.reason, en(r.records)]),
        'why records were refused',
    );
    const {completeness} = await api('feeds');
    await page.waitForFunction(
        () => document.querySelector('#completeness .value').textContent !== '–',
    );
    equal(await text(page, '#completeness .value'), `${en(100 * completeness)}%`, 'completeness');
    const live = await api('live');
    equal(
        (await rowsOf(page, 'In conferences now')).map((r) => [r[1], r[2]]),
        live.by_conference.slice(0, 12).map((c) => [c.customer, en(c.legs)]),
        'conferences',
    );
    equal(await text(page, '#ready .value'), 'Ready');
    await page.waitForFunction(() => document.querySelector('#rate .value').textContent !== '–');
    quiet(page);
    await shot(page, 'now');
    await close(page);
}

async function staffing() {
    const page = await open('staffing?service=operator');
    const from = await page.evaluate(() =>
        new Intl.DateTimeFormat('sv-SE', {timeZone: 'Europe/Berlin'}).format(Date.now()),
    );
    const plan = (
        await api(`staffing?service=operator&zone=Europe/Berlin&limit=1000&from=${from}`)
    ).rows.filter((r) => Date.parse(r.start) < Date.parse(from) + 7 * 86400000 - 3600000);
    const cells = await page.evaluate(() =>
        [...document.querySelectorAll('[role="grid"] tbody td:not(.none)')].map((c) =>
            c.innerText.trim(),
        ),
    );
    equal(
        cells,
        plan.map((r) => en(r.scheduled)),
        'the heat map, day by day',
    );
    holds(cells.length > 280, 'a week of intervals');
    await page.getByRole('button', {name: 'Gap'}).click();
    await settled(page);
    equal(
        await page.evaluate(() =>
            [...document.querySelectorAll('[role="grid"] tbody td:not(.none)')].map((c) =>
                c.innerText.trim(),
            ),
        ),
        plan.filter((r) => r.gap !== null).map((r) => en(r.gap)),
        'the gap',
    );
    holds(page.url().includes('show=gap'), 'the address says what is shown');
    const peak = Math.max(...plan.map((r) => r.scheduled));
    equal(await text(page, '#peak .value'), en(peak), 'most people at a time');
    const short = plan.reduce((n, r) => n + (Math.max(0, -(r.gap ?? 0)) * r.minutes) / 60, 0);
    equal(await text(page, '#short .value'), en(short), 'hours missing');
    const rows = await rowsBehind(page, 'Forecast against what came');
    const week = new Date(Date.parse(from) - 7 * 86400000).toISOString().slice(0, 10);
    const question = `service=operator&limit=1000&zone=Europe/Berlin&from=${week}`;
    const came = (await api(`service_intervals?${question}`)).rows;
    const sum = (list) => list.reduce((n, v) => n + v, 0);
    equal(
        sum(rows.map((r) => Number(r[4].replace('–', '0')))),
        sum(came.map((r) => r.offered)),
        'contacts that came',
    );
    holds((await page.locator('.chart canvas').count()) > 0, 'drawn by the library');
    quiet(page);
    await shot(page, 'staffing');
    await close(page);
}

async function features() {
    const page = await open('features');
    const rows = (await api('features?limit=1000')).rows;
    const shown = await rowsOf(page, 'Ranking');
    equal(
        shown.map((r) => [r[0], r[2], r[3], r[6], r[7]]),
        rows.map((r) => [r.feature, en(r.people), en(r.customers), en(r.uses), en(r.failed)]),
        'the ranking',
    );
    holds(
        shown.some((r) => /\(\d+–\d+\)/.test(r[1])) ===
            rows.some((r) => r.rank_low !== null && r.rank_low !== r.rank_high),
        'ties are shown',
    );
    const course = await api(`features/${encodeURIComponent(rows[0].feature)}?by=week`);
    const behind = await rowsBehind(page, 'Over time');
    equal(
        behind.slice(-3).map((r) => [r[1], r[2], r[4]]),
        course.rows.slice(-3).map((r) => [en(r.people), en(r.customers), en(r.failed)]),
        'weeks',
    );
    const last = course.rows.at(-1);
    equal(
        await page.getByText('has today in it').count(),
        Date.parse(last.day) + last.days * 86400e3 > Date.now() ? 1 : 0,
        'that today is not over',
    );
    const wanted = rows
        .filter((r) => r.failed > 0)
        .sort((a, b) => b.failed / (b.uses + b.failed) - a.failed / (a.uses + a.failed));
    equal(
        (await rowsOf(page, 'Wanted, but failed'))[0][0].split(' ')[0].split('\n')[0],
        wanted[0].feature,
        'what fails most',
    );
    await page.getByRole('button', {name: 'People', exact: true}).click();
    await settled(page);
    equal(
        (await rowsOf(page, 'Ranking')).map((r) => r[0]),
        [...rows].sort((a, b) => b.people - a.people || a.rank - b.rank).map((r) => r.feature),
        'sorted by people',
    );
    quiet(page);
    await shot(page, 'features', true);
    await close(page);
}

// One chooses a segment and a region; the address keeps both, and the rule stands beside.
async function featureUse() {
    const page = await open('features?from=2026-01-01&to=2027-12-31');
    const cells = (rows) =>
        rows.map((r) => [
            r.feature,
            r.people === null && r.people_low !== r.people_high
                ? `${en(r.people_low)}–${en(r.people_high)}`
                : en(r.people ?? r.people_low),
            en(r.customers),
            en(r.uses),
            en(r.failed),
            `${en(r.customers_denied)} / ${en(r.customers_wanting)}`,
        ]);
    const shown = async () =>
        (await rowsOf(page, 'Who wants what')).map((r) => [0, 1, 2, 4, 5, 6].map((i) => r[i]));
    const days = 'from=2026-01-01&to=2028-01-01';
    const everybody = await api(`feature_use?${days}`);
    equal(await shown(), cells(everybody.rows), 'of all');
    const [region] = (await api(`regions?${days}`)).rows.filter((r) => r.region !== null);
    await page.locator('#use-region').selectOption(region.region);
    await page.waitForURL(`**region=${region.region}*`);
    await settled(page);
    const there = await api(`feature_use?${days}&region=${region.region}`);
    holds(there.rows.length > 3 && there.customers < everybody.customers, 'some, not all');
    equal(await shown(), cells(there.rows), 'of a region');
    equal(
        await text(page, '#use-here .value'),
        `${en(100 * there.region_here, 1)}%`,
        'how many of their attempts came from there',
    );
    holds(
        (await text(page, '#use-rule')).startsWith(`${region.region}: ${there.rule}`),
        'the rule stands beside it',
    );
    await page.locator('#use-segment').selectOption('power user');
    await page.waitForURL('**segment=power+user*');
    await settled(page);
    const both = await api(`feature_use?${days}&region=${region.region}&segment=power%20user`);
    equal(await shown(), cells(both.rows), 'of both');
    const csv = await page.locator('#use a.csv').getAttribute('href');
    holds(csv.includes(`region=${region.region}`) && csv.includes('segment=power'), 'as CSV, too');
    await page.goto(`${base}/features?region=atlantis`);
    await settled(page);
    holds((await text(page, '#use')).includes('Nobody of these'), 'a region that there is not');
    quiet(page);
    await close(page);
}

async function customers() {
    const page = await open('customers');
    const ids = async () => (await rowsOf(page, 'Customers')).map((r) => r[0].split('\n')[0]);
    const want = async (question) =>
        (await api(`customers?limit=100&${question}`)).rows.map((r) => r.name || r.customer);
    const first = await api('customers?limit=100&sort=-legs_30d');
    equal(
        (await rowsOf(page, 'Customers')).map((r) => r[2]),
        first.rows.map((r) => en(r.legs_30d)),
        'legs',
    );
    await page.getByRole('button', {name: 'More'}).click();
    await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length > 100);
    const second = await api(`customers?limit=100&sort=-legs_30d&after=${first.next}`);
    equal(
        (await ids()).slice(100),
        second.rows.map((r) => r.name || r.customer),
        'the next hundred',
    );
    await page.getByRole('button', {name: 'Idle'}).click();
    await page.waitForURL('**sort=-days_since_last*');
    await settled(page);
    equal(await ids(), await want('sort=-days_since_last'), 'sorted by the daemon');
    const name = first.rows[3].customer;
    await page.getByLabel('Search customers').fill(name.slice(1));
    await page.waitForURL('**q=*');
    await settled(page);
    equal(
        await ids(),
        await want(`sort=-days_since_last&q=${encodeURIComponent(name.slice(1))}`),
        'found',
    );
    await page.getByLabel('Search customers').fill('nobody is called so');
    await page.waitForFunction(() =>
        document.querySelector('main').innerText.includes('No customer is like this'),
    );
    await page.goto(`${base}/customers?segment=power%20user`);
    await settled(page);
    equal(
        await ids(),
        await want('segment=power%20user&sort=-legs_30d'),
        'of a segment, by its address',
    );
    equal(await page.getByLabel('Segment').inputValue(), 'power user', 'the segment is chosen');
    await page.getByLabel('Segment').selectOption('');
    await page.getByLabel('Show').selectOption('stale');
    await page.waitForURL('**list=stale*');
    await settled(page);
    const stale = (await api('stale?limit=100')).rows;
    equal(stale.map((r) => r.customer).slice(0, 2), ['C00007', 'C00008'], 'who waits, then the others');
    equal(
        (await rowsOf(page, 'Customers')).map((r) => [r[0], r[1], r[2].split(',')[0], r[4]]),
        stale.map((r) => [
            r.name || r.customer,
            r.days_unanswered ? `${r.days_unanswered} days` : '–',
            r.last_contact_by ? `${r.last_contact_kind} by ${r.last_contact_by}` : r.last_contact_kind,
            en(r.legs_30d),
        ]),
        'who was not spoken to',
    );
    await shot(page, 'stale');
    await page.goBack();
    await settled(page);
    quiet(page);
    await shot(page, 'customers');
    await close(page);
}

async function customer(id) {
    const page = await open(`customer?id=${encodeURIComponent(id)}`);
    const known = (await api(`customers?customer=${encodeURIComponent(id)}`)).rows[0];
    equal(await text(page, '#legs30 .value'), en(known.legs_30d), 'legs of 30 days');
    const features = (await api(`customers/${encodeURIComponent(id)}/features`)).rows;
    equal(
        (await rowsOf(page, 'Features')).map((r) => [r[0], r[2], r[3]]),
        features.map((f) => [f.feature, en(f.used), en(f.failed)]),
        'features',
    );
    const first = new Date(Date.now() - 89 * 86400000).toISOString().slice(0, 10);
    const days = (
        await api(`customer_days?customer=${encodeURIComponent(id)}&limit=1000&from=${first}`)
    ).rows;
    equal(
        (await rowsBehind(page, 'Day by day')).map((r) => r[1]),
        days.map((d) => en(d.legs)),
        'days',
    );
    const said = await page.evaluate(() =>
        [...document.querySelectorAll('table.heat')].map((t) =>
            [...t.tBodies[0].querySelectorAll('td')].reduce(
                (n, c) => n + Number(c.said.replace(/,/g, '').match(/: (\d+)/)?.[1] ?? 0),
                0,
            ),
        ),
    );
    const hours = (await api(`customers/${encodeURIComponent(id)}/hours?zone=Europe/Berlin`)).rows;
    equal(
        said[1],
        hours.reduce((n, r) => n + r.legs, 0),
        'legs in the rhythm of the week',
    );
    equal(
        said[0],
        days.reduce((n, r) => n + r.legs, 0),
        'legs in the calendar',
    );
    holds((await text(page, '.timeline')).length > 10, 'the history is there');
    const mark = new Date(Date.now() - 6 * 86400000).toISOString().slice(0, 10);
    await page.locator('#mark').fill(mark);
    await page.waitForURL(`**mark=${mark}*`);
    await page.waitForFunction(() => document.querySelector('#why-change'));
    const why = await api(`why?kind=customer&name=${encodeURIComponent(id)}&from=${mark}`);
    const change = `${why.change > 0 ? '+' : ''}${aboutEn(why.change)}`;
    equal(await text(page, '#why-change .value'), change, 'the change');
    equal(await page.locator('.causes li').count(), why.causes.length, 'its causes');
    quiet(page);
    await shot(page, 'customer', true);
    await close(page);
}

// Of somebody whose days have moved since the stage began: what holds now is the daemon's, the
// history is as it was.
async function stages() {
    const customers = (await api('customers?segment=stage:repeat&limit=1000')).rows;
    let [who, then] = [null, null];
    for (const c of customers) {
        const {rows} = await api(`stage_history?customer=${encodeURIComponent(c.customer)}&kind=stage`);
        if (rows[0].back === c.stage_back) continue;
        [who, then] = [c, rows[0]];
        break;
    }
    holds(who?.stage_back.includes(who.due_by), 'somebody whose days have moved');
    const page = await open(`customer?id=${encodeURIComponent(who.customer)}`);
    holds((await text(page, '#stage-now')).includes(who.stage_back), 'as of now');
    holds(!(await text(page, '#stage-now')).includes(then.back), 'and nothing else');
    holds((await text(page, '.timeline')).includes(`as of then: ${then.back}`), 'as of then');
    quiet(page);
    await close(page);
}

async function segments() {
    const page = await open('segments');
    const rows = (await api('segments')).rows.filter((s) => s.segment.startsWith('stage:'));
    equal(
        (await rowsOf(page, 'Sizes')).map((r) => r[2].split(/\s/)[0]),
        rows.map((s) => en(s.customers)),
        'sizes',
    );
    const flows = (await api('segment_flows?kind=stage&limit=1000')).rows.filter(
        (r) => r.from_stage !== r.to_stage,
    );
    const between = flows.filter((r) => r.from_stage);
    holds(between.length > 2, 'somebody moved');
    equal(await page.locator('.ribbon').count(), Math.min(24, between.length), 'ribbons');
    equal(
        (await rowsBehind(page, 'Flows')).map((r) => r[2]),
        flows.map((r) => en(r.customers)),
        'flows',
    );
    const course = await rowsBehind(page, 'Sizes over time');
    equal(
        course.at(-1).slice(1),
        rows.slice(0, 6).map((s) => en(s.customers)),
        'the course ends at the sizes of now',
    );
    await page.goto(`${base}/segments?segment=power%20user`);
    await settled(page);
    const members = (await api('segment_members?segment=power%20user&limit=50')).rows;
    equal(
        (await rowsOf(page, 'Members')).map((r) => r[2]),
        members.map((m) => en(m.legs_30d)),
        'members',
    );
    holds(
        (await page.locator('main').innerText()).includes('legs_30d > 50'),
        'the definition is shown',
    );
    quiet(page);
    await shot(page, 'segments');
    await close(page);
}

async function signals() {
    const page = await open('signals');
    const all = (await api('signals?limit=100')).rows;
    holds(all.length > 3, 'there are signals');
    const keys = () =>
        page.evaluate(() =>
            [...document.querySelectorAll('main tbody tr')].map((r) => r.dataset.key),
        );
    equal(
        await keys(),
        all.map((s) => s.id),
        'the inbox',
    );
    await page.getByRole('button', {name: 'info'}).click();
    await page.waitForURL('**severity=info*');
    await settled(page);
    equal(
        await keys(),
        (await api('signals?severity=info&limit=100')).rows.map((s) => s.id),
        'by severity',
    );
    quiet(page);
    await shot(page, 'signals');
    await close(page);
}

export async function all(id) {
    await check('now', now);
    await check('staffing', staffing);
    await check('features', features);
    await check('features of a segment and a region', featureUse);
    await check('customers', customers);
    await check('customer', () => customer(id));
    await check('what holds now, and what held then', stages);
    await check('segments', segments);
    await check('signals', signals);
}
