// access.mjs - the page of a daemon that has tokens: login, session, who sees what, logout.
//
// TOKENS (environment): JSON {boss, ann}: the tokens of an administrator, and of a reader who sees
// the customers of "ann" alone; c1 is hers, c2 is bob's. {secret}: a word that is only in bob's.

import {axe, base, check, close, equal, holds, open, quiet, settled, shot} from './harness.mjs';

const tokens = JSON.parse(process.env.TOKENS ?? '{}');

// The form comes because the first questions were refused: those refusals are no mistakes.
async function begin(address, token) {
    const page = await open(address, {waits: false});
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    return page;
}

async function enter(address, token) {
    const page = await begin(address, token);
    await page.waitForFunction(() => !document.querySelector('dialog'));
    await settled(page);
    page.wrong.length = 0;
    return page;
}

// What the browser itself is told, with its cookie.
const answers = (page, path, options) =>
    page.evaluate(
        async ([p, o]) => {
            const answer = await fetch(p, o);
            return {status: answer.status, text: await answer.text()};
        },
        [path, options],
    );

async function wrong() {
    const page = await begin('customers', 'cswl_wrong');
    await page.waitForFunction(
        () => document.querySelector('dialog [role="alert"]').innerText.length > 5,
    );
    equal(await page.context().cookies(), [], 'no session');
    holds(!(await page.locator('main').innerText()).includes('c1'), 'nothing is shown behind it');
    await axe(page);
    await shot(page, 'login-refused');
    await close(page);
}

async function right() {
    const page = await enter('customers', tokens.boss);
    const [cookie, ...more] = await page.context().cookies();
    equal(more, [], 'one cookie');
    equal(
        [cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path],
        ['callswell_session', true, 'Strict', '/'],
        'the cookie',
    );
    holds(!cookie.value.includes(tokens.boss), 'the token is not in the cookie');
    equal(await page.evaluate(() => document.cookie), '', 'scripts do not see it');
    const kept = await page.evaluate(() => JSON.stringify({...localStorage, ...sessionStorage}));
    holds(!kept.includes('cswl_'), 'the token is kept nowhere');
    const names = await page.locator('main tbody').first().innerText();
    holds(names.includes('c1') && names.includes('c2'), 'everybody is shown');
    await page.reload();
    await settled(page);
    holds((await page.locator('dialog').count()) === 0, 'the session outlasts a reload');
    quiet(page);
    await close(page);
}

// Another site may make the browser send the cookie at most; the page's own header it cannot.
async function foreign() {
    const page = await enter('signals', tokens.boss);
    const [cookie] = await page.context().cookies();
    const post = (headers) =>
        fetch(`${base}/v1/roster`, {
            method: 'POST',
            headers: {Cookie: `callswell_session=${cookie.value}`, ...headers},
            body: 'service,start,minutes,scheduled\nx,2027-01-04T08:00:00Z,60,1\n',
        });
    equal((await post({Origin: 'http://evil.example'})).status, 403, 'a form of another site');
    equal((await post({})).status, 403, 'nobody who says where from');
    equal((await post({'X-Callswell': 'page'})).status, 200, 'the page itself');
    const plain = await answers(page, '/v1/signals?limit=1');
    equal(plain.status, 200, 'the page reads');
    await close(page);
}

async function owner() {
    const page = await enter('customers', tokens.ann);
    const list = await page.locator('main').innerText();
    holds(list.includes('c1') && !list.includes('c2'), `her customers alone: ${list}`);
    await page.goto(`${base}/signals`);
    await settled(page);
    const inbox = await page.locator('main').innerText();
    holds(inbox.includes('c1') && !inbox.includes('c2'), 'her signals alone');
    equal(await page.getByRole('button', {name: 'Acknowledge'}).count(), 0, 'she only reads');
    await page.goto(`${base}/customer?id=c2`);
    await settled(page);
    const other = await page.locator('main').innerText();
    holds(!other.includes(tokens.secret), `nothing of another's: ${other}`);
    for (const path of [
        '/v1/export/salesforce',
        '/v1/customers?format=csv',
        '/v1/signals?state=all&format=csv',
        '/v1/customer_days?customer=c2',
        '/v1/live',
        '/v1/status',
    ]) {
        const {status, text} = await answers(page, path);
        equal(status, 200, path);
        holds(!/\bc2\b/.test(text) && !text.includes(tokens.secret), `${path}: ${text}`);
    }
    for (const path of ['/v1/customers/c2', '/v1/why?name=c2', '/v1/customers/c2/hours'])
        equal((await answers(page, path)).status, 404, path);
    for (const path of ['/v1/quarantine', '/v1/audit', '/v1/tokens'])
        equal((await answers(page, path)).status, 403, path);
    const change = {method: 'POST', headers: {'X-Callswell': 'page'}, body: 'id\nc2\n'};
    equal((await answers(page, '/v1/customers', change)).status, 403, 'she changes nothing');
    const events = await page.evaluate(
        () =>
            new Promise((done) => {
                const source = new EventSource('/v1/events');
                source.addEventListener('status', (e) => {
                    source.close();
                    done(e.data);
                });
            }),
    );
    holds(!/\bc2\b/.test(events), 'nor in events');
    await close(page);
}

async function leave() {
    const page = await enter('', tokens.boss);
    const [before] = await page.context().cookies();
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.waitForFunction(() => document.querySelector('dialog'));
    equal(await page.context().cookies(), [], 'the cookie is gone');
    const again = await fetch(`${base}/v1/status`, {
        headers: {Cookie: `callswell_session=${before.value}`},
    });
    equal(again.status, 401, 'and worth nothing to who has kept it');
    await close(page);
}

export async function all() {
    await check('a wrong token', wrong);
    await check('login: the cookie, and nothing kept', right);
    await check('changes come from the page alone', foreign);
    await check('an owner sees her customers alone', owner);
    await check('logout', leave);
}
