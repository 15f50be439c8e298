// app.js - the frame around the views: navigation, zone, language, theme, and which view is shown.

import {add, h, icon, replace} from './dom.js';
import {go, onAddress, param, params, root, setParams, viewAddress, viewName} from './address.js';
import {post, whenLoginIsNeeded} from './api.js';
import {getServerZone, setServerZone, viewerZone, zone, ago, isZone} from './format.js';
import {language, languages, setLanguage, t, word} from './i18n.js';
import {readSession, session} from './session.js';
import {showLogin} from './login.js';
import {hasLibrary, redrawAll} from './series.js';
import * as live from './live.js';
import {awayNote, keepThePage, showAway} from './away.js';

// Views and their modules; a customer belongs to the customers. page.c knows the paths.
const views = {
    now: () => import('./view_now.js'),
    staffing: () => import('./view_staffing.js'),
    features: () => import('./view_features.js'),
    customers: () => import('./view_customers.js'),
    customer: () => import('./view_customer.js'),
    segments: () => import('./view_segments.js'),
    signals: () => import('./view_signals.js'),
};
const inMenu = ['now', 'staffing', 'features', 'customers', 'segments', 'signals'];

let shown = null; // {name, update, leave}
let turn = 0;

function keep(name, value) {
    try {
        localStorage.setItem(`callswell.${name}`, value);
    } catch {
        // then it holds as long as the page is open
    }
}

function zonePicker() {
    const own = viewerZone();
    const known = [...new Set([own, getServerZone(), 'UTC'])];
    const all = (Intl.supportedValuesOf?.('timeZone') ?? []).filter((z) => !known.includes(z));
    const text = (z) =>
        z === own ? t('zone.viewer', z) : z === getServerZone() ? t('zone.server', z) : z;
    const pick = h(
        'select',
        {
            id: 'zone',
            'data-key': 'zone',
            onchange: () => {
                keep('zone', pick.value);
                setParams({zone: pick.value}, {quietly: true});
            },
        },
        known.map((z) => h('option', {value: z}, text(z))),
        h(
            'optgroup',
            {label: t('zone.all')},
            all.map((z) => h('option', {value: z}, z)),
        ),
    );
    if (isZone(zone()) && ![...pick.options].some((o) => o.value === zone()))
        pick.prepend(h('option', {value: zone()}, zone()));
    pick.value = zone();
    return h('label.zone', null, h('span.hidden-text', null, t('zone')), pick);
}

function languagePicker() {
    const pick = h(
        'select',
        {
            id: 'language',
            'data-key': 'language',
            onchange: () => {
                setLanguage(pick.value);
                build();
            },
        },
        Object.entries(languages).map(([code, name]) =>
            h('option', {value: code, lang: code}, name),
        ),
    );
    pick.value = language();
    return h('label', null, h('span.hidden-text', null, t('language')), pick);
}

function themeButton() {
    const dark = document.documentElement.dataset.theme === 'dark';
    return h(
        'button.plain.theme',
        {
            type: 'button',
            id: 'theme',
            'data-key': 'theme',
            'aria-pressed': String(dark),
            'aria-label': t('dark'),
            title: t('dark'),
            onclick: () => {
                const to = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
                document.documentElement.dataset.theme = to;
                keep('theme', to);
                document.getElementById('theme').replaceWith(themeButton());
                document.getElementById('theme').focus();
                redrawAll();
            },
        },
        icon(dark ? 'sun' : 'moon'),
    );
}

function menu() {
    const current = viewName() === 'customer' ? 'customers' : viewName();
    return h(
        'nav',
        {'aria-label': t('menu')},
        h(
            'ul',
            null,
            inMenu.map((name) =>
                h(
                    'li',
                    null,
                    h(
                        'a',
                        {
                            href: viewAddress(name),
                            'data-view': name,
                            'data-key': `menu-${name}`,
                            'aria-current': name === current ? 'page' : undefined,
                        },
                        icon(name),
                        h('span', null, t(`view.${name}`)),
                    ),
                ),
            ),
        ),
    );
}

function linkText() {
    const status = live.lastStatus();
    const state = live.linkState();
    if (state === 'lost') return t('link.lost');
    if (state === 'locked') return t('link.locked');
    if (state === 'waiting' || !status) return t('link.waiting');
    return status.analytics?.at ? t('link.live', ago(status.analytics.at)) : t('link.fresh');
}

function showLink() {
    const place = document.getElementById('link');
    if (!place) return;
    place.dataset.state = live.linkState();
    place.lastChild.textContent = linkText();
}

// Who is signed in, and the way out; nothing where nobody has to sign in.
async function showSession() {
    await readSession();
    const place = document.getElementById('session');
    if (!place) return;
    const leaveIt = async () => {
        await post('v1/logout');
        location.reload();
    };
    replace(
        place,
        session.login_needed &&
            session.name && [
                h(
                    'p.small',
                    null,
                    session.name,
                    h('span.soft', null, ` (${word('role', session.role)})`),
                ),
                h('button.plain.small', {type: 'button', onclick: leaveIt}, t('logout')),
            ],
    );
}

function build() {
    const main = h('main', {id: 'main', tabindex: '-1'});
    const link = h(
        'p.link.small',
        {id: 'link', 'data-state': live.linkState()},
        h('span.dot', {'aria-hidden': 'true'}),
        h('span', null, linkText()),
    );
    document.title = 'callswell';
    leave();
    replace(
        document.body,
        h(
            'a.skip',
            {
                href: '#main',
                onclick: (e) => {
                    e.preventDefault();
                    main.focus();
                },
            },
            t('skip'),
        ),
        h(
            'div.frame',
            null,
            h(
                'header.side',
                null,
                h(
                    'a.brand',
                    {href: viewAddress('now'), 'data-view': 'now'},
                    h('img', {
                        src: new URL('page/icon.svg', root).href,
                        alt: '',
                        width: 24,
                        height: 24,
                    }),
                    h('span', null, 'callswell'),
                ),
                menu(),
                h(
                    'div.foot',
                    null,
                    h('div', {id: 'session'}),
                    link,
                    !hasLibrary && h('p.small.soft', null, t('plain-charts')),
                ),
            ),
            h(
                'div.side-tools',
                {role: 'group', 'aria-label': t('settings')},
                zonePicker(),
                languagePicker(),
                themeButton(),
            ),
            main,
        ),
        awayNote(),
        h('p.hidden-text', {id: 'announcer', role: 'status', 'aria-live': 'polite'}),
    );
    showSession();
    showAway();
    show();
}

function leave() {
    shown?.leave?.();
    shown = null;
}

// Shows what the address says: the view anew, or the same one with other values.
async function show() {
    const name = viewName();
    const mine = ++turn;
    const main = document.getElementById('main');

    if (shown && shown.name === name && shown.zone === zone()) {
        shown.update?.(params());
        return;
    }
    for (const a of document.querySelectorAll('nav a')) {
        const on = a.dataset.view === (name === 'customer' ? 'customers' : name);
        a.toggleAttribute('aria-current', on);
        if (on) a.setAttribute('aria-current', 'page');
        a.href = viewAddress(a.dataset.view);
    }
    leave();
    if (!views[name]) {
        replace(
            main,
            h(
                'div.state',
                null,
                h('h1', null, t('error.404')),
                h('a', {href: viewAddress('now'), 'data-view': 'now'}, t('view.now')),
            ),
        );
        return;
    }
    main.setAttribute('aria-busy', 'true');
    const view = await views[name]();
    if (mine !== turn) return;
    document.title = `${t(`view.${name}`)} · callswell`;
    replace(main);
    const place = h('div.view', {'data-name': name});
    add(main, [place]);
    const cleanups = [];
    const kept = view.show(place, {
        params: params(),
        heading: (...more) => heading(name, ...more),
        on: (event, f) => cleanups.push(live.on(event, f)),
        after: (f) => cleanups.push(f),
    });
    main.setAttribute('aria-busy', 'false');
    shown = {name, zone: zone(), update: kept?.update, leave: () => cleanups.forEach((f) => f())};
}

const heading = (name, ...more) =>
    h(
        'div.heading',
        null,
        h('h1', null, t(`view.${name}`)),
        h('p.soft', null, t(`view.${name}.what`)),
        more,
    );

onAddress(() => {
    const before = shown?.name;
    show();
    const select = document.getElementById('zone');
    if (select && select.value !== zone()) select.closest('label').replaceWith(zonePicker());
    if (before && before !== viewName())
        document.getElementById('main').focus({preventScroll: true});
});
live.on('status', (status) => {
    const before = getServerZone();
    setServerZone(status.timezone);
    if (getServerZone() !== before) document.querySelector('label.zone')?.replaceWith(zonePicker());
    showLink();
});
live.on('link', showLink);
live.on('link', showAway);
live.on('back', showSession);
whenLoginIsNeeded(() =>
    showLogin(() => {
        showSession();
        live.start();
        leave();
        go(location.href);
    }),
);
new MutationObserver(redrawAll).observe(document.documentElement, {
    attributeFilter: ['data-theme'],
});
if (param('lang') && param('lang') in languages) setLanguage(param('lang'));
build();
live.start();
// All views, so that one gets to each of them while the daemon is away.
Promise.all(Object.values(views).map((load) => load())).then(keepThePage, () => {});
setInterval(showLink, 10000);
