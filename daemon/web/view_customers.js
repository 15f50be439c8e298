// view_customers.js - the list: searched, sorted and narrowed by the daemon, a page at a time.

import {h, replace} from './dom.js';
import {params, setParams, viewAddress} from './address.js';
import {get, getAll} from './api.js';
import {ago, hours, about, num} from './format.js';
import {t, word} from './i18n.js';
import {announce, badge, empty, load, panel, select, table, toolbar} from './parts.js';

const PAGE = 100;
const EVERYBODY = 'v1/customers';
const STALE = 'v1/stale'; // who waits for an answer, or was not spoken to for long

export function show(place, ctx) {
    const bar = toolbar();
    const list = panel({title: t('customers.list'), what: t('customers.list.what'), wide: true});
    const more = h('button', {type: 'button', hidden: true, onclick: () => next()}, t('more'));
    const count = h('p.small.soft', {role: 'status'});
    let route = EVERYBODY;
    let rows = [];
    let cursor = null;
    let query = {};
    let typing = null;
    let shown = '';

    const search = h('input', {
        type: 'search',
        id: 'search',
        placeholder: t('customers.search'),
        'aria-label': t('customers.search'),
        oninput: () => {
            clearTimeout(typing);
            typing = setTimeout(() => setParams({q: search.value.trim()}, {quietly: true}), 250);
        },
    });
    const which = select({
        label: t('customers.show'),
        id: 'list',
        value: params().list ?? '',
        options: [
            ['', t('everybody')],
            ['stale', t('customers.stale')],
        ],
        change: (v) => setParams({list: v, sort: ''}),
    });
    const segment = h('span');
    const owner = h('input', {
        type: 'text',
        id: 'owner',
        placeholder: t('owner'),
        'aria-label': t('owner'),
        onchange: () => setParams({owner: owner.value.trim()}),
    });
    bar.append(search, which, segment, owner, h('span.push', null, count));
    place.append(ctx.heading(), bar, list);
    list.body.after(h('div.panel-foot', null, more));

    function paint() {
        const sort = query.sort;
        const known = new Set(rows.map((r) => r.customer));
        count.textContent = cursor
            ? t('customers.first', num(known.size))
            : t('customers.all', num(known.size));
        more.hidden = !cursor;
        return rows.length ? listTable(rows, sort, route === STALE) : nobody();
    }
    function nobody() {
        if (query.q || query.segment || query.owner)
            return empty(
                t('customers.no-match'),
                query.q || query.segment ? t('customers.no-match.hint') : null,
            );
        return route === STALE
            ? empty(t('customers.stale.none'), t('customers.stale.none.hint'))
            : empty(t('customers.none'), t('customers.none.hint'));
    }
    function ask() {
        const p = params();
        route = p.list === 'stale' ? STALE : EVERYBODY;
        query = {
            q: p.q,
            segment: p.segment,
            owner: p.owner,
            sort: p.sort || (route === STALE ? null : '-legs_30d'),
            limit: PAGE,
        };
        which.querySelector('select').value = p.list ?? '';
        list.setWhat(t(route === STALE ? 'customers.stale.what' : 'customers.list.what'));
        if (document.activeElement !== search) search.value = p.q ?? '';
        owner.value = p.owner ?? '';
        const pick = segment.querySelector('select');
        if (pick) pick.value = p.segment ?? '';
        const key = JSON.stringify([route, query]);
        if (key === shown) return;
        shown = key;
        list.setCsv(route, {...query, limit: null});
        load(
            list.body,
            (signal) => get(route, query, signal),
            (answer) => {
                rows = answer.rows;
                cursor = answer.next;
                return paint();
            },
        );
    }
    async function next() {
        more.disabled = true;
        try {
            const mine = shown;
            const answer = await get(route, {...query, after: cursor});
            if (mine !== shown) return;
            const at = rows.length;
            rows.push(...answer.rows);
            cursor = answer.next;
            addRows(list.body, answer.rows, query.sort, route === STALE);
            paint();
            announce(t('customers.first', num(rows.length)));
            list.body.querySelectorAll('tbody tr')[at]?.querySelector('a')?.focus();
        } catch (error) {
            announce(error.message);
            count.textContent = error.message;
        } finally {
            more.disabled = false;
        }
    }
    getAll('v1/segments', {limit: 1000}).then(
        (answer) =>
            replace(
                segment,
                select({
                    label: t('segment'),
                    id: 'segment',
                    value: params().segment ?? '',
                    options: [
                        ['', t('everybody')],
                        ...answer.rows.map((s) => [
                            s.segment,
                            `${word('segment', s.segment)} (${num(s.customers)})`,
                        ]),
                    ],
                    change: (v) => setParams({segment: v}),
                }),
            ),
        () => {},
    );
    ask();
    return {update: ask};
}

const who = () => ({
    title: t('customer'),
    sort: 'customer',
    cell: (r) => [
        h(
            'a',
            {
                href: viewAddress('customer', {id: r.customer}),
                'data-view': '',
                'data-key': `customer-${r.customer}`,
            },
            r.name || r.customer,
        ),
        r.name && r.name !== r.customer && h('span.soft.small.block', null, r.customer),
    ],
});

const legs = () => ({
    title: t('legs30'),
    num: true,
    sort: 'legs_30d',
    cell: (r) => num(r.legs_30d),
});

const whose = () => ({title: t('owner'), sort: 'owner', cell: (r) => r.owner ?? '–'});

const columns = () => [
    who(),
    {
        title: t('customers.rfm'),
        sort: 'rfm_segment',
        cell: (r) =>
            r.rfm_segment
                ? badge(word('segment', `rfm:${r.rfm_segment}`), rfmTone(r.rfm_segment))
                : '–',
    },
    legs(),
    {title: t('hours30'), num: true, sort: 'seconds_30d', cell: (r) => hours(r.seconds_30d)},
    {title: t('failed30'), num: true, sort: 'failed_30d', cell: (r) => num(r.failed_30d)},
    {
        title: t('people30'),
        num: true,
        sort: 'participants_30d',
        cell: (r) => num(r.participants_30d),
    },
    {
        title: t('trend'),
        num: true,
        sort: 'trend',
        help: t('trend.what'),
        cell: (r) => trend(r.trend),
    },
    {
        title: t('idle'),
        num: true,
        sort: 'days_since_last',
        cell: (r) => (r.days_since_last === null ? '–' : t('days', r.days_since_last)),
    },
    {title: t('persona'), sort: 'persona', cell: (r) => word('persona', r.persona ?? '–')},
    whose(),
    {title: t('last-seen'), num: true, sort: 'last_seen', cell: (r) => ago(r.last_seen)},
];

const staleColumns = () => [
    who(),
    {
        title: t('customers.waits'),
        num: true,
        sort: 'days_unanswered',
        help: t('customers.waits.what'),
        cell: (r) =>
            r.days_unanswered === null ? '–' : badge(t('days', r.days_unanswered), 'bad'),
    },
    {
        title: t('customers.contact'),
        sort: 'days_since_contact',
        cell: (r) => lastContact(r),
    },
    {
        title: t('customer.stage'),
        sort: 'stage',
        cell: (r) => (r.stage ? word('segment', `stage:${r.stage}`) : '–'),
    },
    legs(),
    {
        title: t('customers.expected'),
        num: true,
        sort: 'expected_days_4w',
        cell: (r) => (r.expected_days_4w === null ? '–' : about(r.expected_days_4w)),
    },
    whose(),
];

// "visit by Ann, 12 days ago".
export function lastContact(c) {
    if (c.last_contact === null) return t('customers.contact.none');
    const kind = word('contact', c.last_contact_kind);
    return [
        c.last_contact_by ? t('customers.contact.by', kind, c.last_contact_by) : kind,
        ', ',
        ago(c.last_contact),
    ];
}

const listTable = (rows, sort, stale) =>
    table({
        caption: t('customers.list'),
        rows,
        sort,
        change: (v) => setParams({sort: v}),
        rowKey: (r) => r.customer,
        columns: stale ? staleColumns() : columns(),
    });

// Rows behind those that are there: nothing above them is made again.
function addRows(body, rows, sort, stale) {
    const made = listTable(rows, sort, stale).querySelector('tbody');
    body.querySelector('tbody')?.append(...made.rows);
}

export const rfmTone = (name) =>
    /champion|loyal/.test(name)
        ? 'good'
        : /risk|lose/.test(name)
          ? 'bad'
          : /promis|new|attention/.test(name)
            ? 'accent'
            : null;

export function trend(v) {
    if (v === null || v === undefined) return h('span.soft', null, '–');
    const tone = v >= 1.25 ? 'span.good-text' : v <= 0.8 ? 'span.bad-text' : 'span';
    return h(tone, null, `${v >= 1.25 ? '▲ ' : v <= 0.8 ? '▼ ' : ''}×${about(v, 2)}`);
}
