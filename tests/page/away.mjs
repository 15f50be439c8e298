// away.mjs - the daemon goes, and comes back: the page says so, opens nevertheless, and goes on by
// itself. AWAY in the environment: {program, config} of a daemon that listens at the page's address.

import {spawn} from 'node:child_process';

import {axe, base, check, close, holds, open, rowsOf, settled, shot, text} from './harness.mjs';

const {program, config} = JSON.parse(process.env.AWAY ?? '{}');
let daemon = null;

const start = () =>
    new Promise((done, failed) => {
        let said = '';
        daemon = spawn(program, ['-c', config], {stdio: ['ignore', 'ignore', 'pipe']});
        daemon.on('exit', () => failed(new Error(`callswelld ended: ${said.slice(-400)}`)));
        daemon.stderr.on('data', (text) => {
            said += text;
            if (said.includes('event=ready')) done();
        });
    });

const stop = () =>
    new Promise((done) => {
        daemon.removeAllListeners('exit');
        if (daemon.exitCode !== null) done(); // a check failed while it was away
        daemon.on('exit', done);
        daemon.kill('SIGTERM');
    });

const isAway = (page) => page.waitForSelector('#away:not([hidden])');
const isBack = async (page) => {
    await page.waitForSelector('#away', {state: 'hidden'});
    await settled(page);
};

// Everything that is needed to open it again is with the browser: all or nothing is put there.
async function isKept(page) {
    const end = Date.now() + 30000;
    const has = () =>
        page.evaluate(async () => {
            await navigator.serviceWorker.ready;
            return Boolean(await (await caches.open('callswell')).match('./'));
        });
    while (!(await has())) holds(Date.now() < end, 'the page is kept');
}

async function goes() {
    const page = await open('customers?sort=-days_since_last');
    const before = await rowsOf(page, 'Customers');
    holds(before.length > 3, 'there are customers');
    await isKept(page);
    await stop();
    await isAway(page);
    holds((await text(page, '#away')).includes(new URL(base).host), 'who does not answer');
    holds(/as of \d\d:\d\d/.test(await text(page, '#away')), 'and since when');
    holds((await rowsOf(page, 'Customers')).length === before.length, 'what was there stays');
    await page.getByRole('link', {name: 'Signals'}).click();
    await page.waitForSelector('main h1:text("Signals")');
    await page.waitForSelector('main [role="alert"]');

    await page.reload();
    await isAway(page);
    holds((await text(page, 'main h1')) === 'Signals', 'the same view');
    holds((await text(page, '#away')).includes('Is callswelld running?'), 'nothing was seen yet');
    await page.goto(`${base}/features?sort=people`);
    await isAway(page);
    holds((await text(page, 'main h1')) === 'Features', 'another by its address');
    const answered = await page.evaluate(() =>
        fetch('v1/status').then(
            () => true,
            () => false,
        ),
    );
    holds(!answered, 'figures are never kept');
    await page.goto(`${base}/customers?sort=-days_since_last`);
    await isAway(page);
    await axe(page);
    await shot(page, 'away');

    await page.evaluate(() => {
        window.sameDocument = true;
    });
    await start();
    await isBack(page);
    holds(await page.evaluate(() => window.sameDocument), 'nobody had to load it again');
    const after = JSON.stringify((await rowsOf(page, 'Customers')).map((r) => r[0]));
    holds(after === JSON.stringify(before.map((r) => r[0])), 'all of it is there by itself');
    await close(page);
}

export async function all() {
    await start();
    try {
        await check('the daemon goes and comes back', goes);
    } finally {
        await stop();
    }
}
