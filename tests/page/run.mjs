// run.mjs BASE PACKAGES OUT CHROMIUM: all checks of the page; the last line counts them. With TOKENS
// in the environment: those of a daemon that has tokens. With AWAY: of one that goes and comes.

import {api, begin, counts, end} from './harness.mjs';
import * as access from './access.mjs';
import * as away from './away.mjs';
import * as views from './views.mjs';
import * as ways from './ways.mjs';

async function everything() {
    const {rows} = await api('signals?severity=critical&kind=surge');
    const busy = (await api('customers?limit=1')).rows[0].customer;
    const id = rows[0]?.subject ?? busy;
    await views.all(id);
    await ways.all(id);
}

await begin();
try {
    if (process.env.AWAY) await away.all();
    else if (process.env.TOKENS) await access.all();
    else await everything();
} finally {
    await end();
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
