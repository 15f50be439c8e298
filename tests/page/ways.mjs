// ways.mjs - languages, colours, zones, screens, keys; what is there when something is missing.

import {addresses} from './views.mjs';
import {
    api,
    axe,
    base,
    check,
    close,
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
    await shot(page, `${view}-narrow`, true);
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
    await check('language and colours are switched and kept', switches);
    await check('times are in the chosen zone', zones);
    await check('keys are enough', keys);
    await check('errors help', troubles);
    await check('a login is asked for', locked);
    await check('charts without the library', () => plain(id));
    await check('the policy', policy);
}
