// run.mjs BASE PACKAGES OUT CHROMIUM: all checks of the page; the last line counts them.

import {api, begin, counts, end} from './harness.mjs';
import * as views from './views.mjs';
import * as ways from './ways.mjs';

await begin();
try {
    const {rows} = await api('signals?severity=critical&kind=surge');
    const busy = (await api('customers?limit=1')).rows[0].customer;
    const id = rows[0]?.subject ?? busy;
    await views.all(id);
    await ways.all(id);
} finally {
    await end();
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
