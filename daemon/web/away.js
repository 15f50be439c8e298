// away.js - while the daemon does not answer: saying so, and a page that opens nevertheless.

import {root} from './address.js';
import {h, replace} from './dom.js';
import {clock} from './format.js';
import {t} from './i18n.js';
import * as live from './live.js';
import {askAgain} from './parts.js';

// Where it says so. It lies over the view, which stays as it was.
export const awayNote = () =>
    h('div.away', {id: 'away', role: 'status', 'aria-live': 'polite', hidden: true});

export function showAway() {
    const place = document.getElementById('away');
    if (!place) return;
    const lost = live.linkState() === 'lost';
    const at = live.lastHeard();
    if (place.hidden === !lost) return;
    place.hidden = !lost;
    replace(
        place,
        lost && [
            h('strong', null, t('away.title', root.host)),
            h('span', null, at ? t('away.since', clock(at)) : t('away.never')),
        ],
    );
}

live.on('back', askAgain);

/*
 * From now on the page's files are kept by a service worker (worker.js), where the browser lets a
 * page have one: on this computer and through TLS. What was loaded before it was there is put aside
 * for it, the document under the root.
 */
export async function keepThePage() {
    if (!navigator.serviceWorker) return;
    try {
        await navigator.serviceWorker.register(new URL('page/worker.js', root), {
            scope: root.pathname,
        });
        const files = performance
            .getEntriesByType('resource')
            .map((e) => e.name)
            .filter((name) => name.startsWith(new URL('page/', root).href));
        const kept = await caches.open('callswell');
        await kept.addAll([root.href, ...new Set(files)]);
    } catch {
        // the daemon went meanwhile, or the browser forbids it: then the page is as without
    }
}
