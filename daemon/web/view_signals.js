// view_signals.js - the inbox: what changed beyond chance, by severity and owner; seen to, closed,
// explained.

import {h, icon, replace} from './dom.js';
import {params, setParams, viewAddress} from './address.js';
import {get, post} from './api.js';
import {about, ago, day, moment, num, percent} from './format.js';
import {t, word} from './i18n.js';
import {announce, badge, choice, empty, load, panel, select, table, toolbar} from './parts.js';
import {spark} from './heat.js';
import {explanation} from './explain.js';
import {isAnew, reasonOf, saying} from './reason.js';
import {mayChange} from './session.js';

const PAGE = 100;
const tones = {critical: 'bad', warning: 'warn', info: 'accent'};
const views = {
    customer: ['customer', 'id'],
    feature: ['features', 'feature'],
    service: ['staffing', 'service'],
};

export function show(place, ctx) {
    const bars = toolbar();
    const list = panel({title: t('signals.inbox'), what: t('signals.inbox.what')});
    const one = panel({title: t('signals.one'), id: 'one'});
    const more = h('button', {type: 'button', hidden: true}, t('more'));
    let rows = [];
    let cursor = null;
    let shown = '';
    let query = {};

    const inbox = h('div.inbox', null, list, one);
    place.append(ctx.heading(), bars, inbox);
    list.body.after(h('div.panel-foot', null, more));

    function filters() {
        const p = params();
        const owner = h('input', {
            type: 'text',
            id: 'owner',
            'data-key': 'owner',
            placeholder: t('owner'),
            'aria-label': t('owner'),
            value: p.owner ?? '',
            onchange: () => setParams({owner: owner.value.trim(), id: null}),
        });
        const search = h('input', {
            type: 'search',
            id: 'search',
            'data-key': 'search',
            placeholder: t('signals.search'),
            'aria-label': t('signals.search'),
            value: p.q ?? '',
            onchange: () => setParams({q: search.value.trim(), id: null}),
        });
        replace(
            bars,
            choice({
                label: t('severity'),
                value: p.severity ?? '',
                options: [
                    ['', t('all')],
                    ...['critical', 'warning', 'info'].map((s) => [s, word('severity', s)]),
                ],
                change: (v) => setParams({severity: v, id: null}),
            }),
            select({
                label: t('state'),
                id: 'state',
                value: p.state ?? 'active',
                options: ['active', 'open', 'acked', 'closed', 'all'].map((s) => [
                    s,
                    word('signalstate', s),
                ]),
                change: (v) => setParams({state: v === 'active' ? null : v, id: null}),
            }),
            owner,
            search,
        );
    }
    const picked = () => rows.find((r) => r.id === params().id) ?? rows[0];
    function paint() {
        more.hidden = !cursor;
        const now = picked();
        showOne(one, now, reload);
        inbox.classList.toggle('chosen', Boolean(params().id && now));
        return rows.length
            ? signalTable(rows, {
                  chosen: now?.id,
                  pick: (r) => setParams({id: r.id}, {quietly: true}),
              })
            : empty(t('signals.none'), t('signals.none.hint'));
    }
    function refresh() {
        const p = params();
        query = {
            severity: p.severity,
            owner: p.owner,
            q: p.q,
            kind: p.kind,
            state: p.state || 'active',
            limit: PAGE,
        };
        const key = JSON.stringify(query);
        if (key === shown) {
            replace(list.body, paint());
            return;
        }
        shown = key;
        filters();
        list.setCsv('v1/signals', {...query, limit: null});
        load(
            list.body,
            (signal) => get('v1/signals', query, signal),
            (answer) => {
                rows = answer.rows;
                cursor = answer.next;
                return paint();
            },
        );
    }
    const reload = () => {
        shown = '';
        refresh();
    };
    more.addEventListener('click', async () => {
        const answer = await get('v1/signals', {...query, after: cursor});
        rows.push(...answer.rows);
        cursor = answer.next;
        replace(list.body, paint());
    });
    place.addEventListener('keydown', (e) => {
        const step = {ArrowDown: 1, ArrowUp: -1, j: 1, k: -1}[e.key];
        if (!step || e.target.closest('input, select, textarea, dialog')) return;
        const at = rows.indexOf(picked()) + step;
        if (rows[at]) {
            e.preventDefault();
            setParams({id: rows[at].id}, {quietly: true});
            list.body.querySelector(`[data-key="open-${rows[at].id}"]`)?.focus();
        }
    });
    refresh();
    ctx.on('signal', reload);
    return {update: refresh};
}

// bare: where the subject is known already.
export function signalTable(rows, {chosen, pick, bare} = {}) {
    return table({
        caption: t('signals.inbox'),
        rows,
        marked: chosen,
        rowKey: (r) => r.id,
        select: pick,
        columns: [
            {
                title: t('severity'),
                cell: (r) => badge(word('severity', r.severity), tones[r.severity]),
            },
            {
                title: t('signals.what'),
                wrap: true,
                cell: (r) => [
                    h(
                        'a',
                        {
                            href: viewAddress(
                                'signals',
                                bare
                                    ? {id: r.id, q: r.subject, state: 'all'}
                                    : {...params(), id: r.id},
                            ),
                            'data-view': '',
                            'data-key': `open-${r.id}`,
                        },
                        bare ? word('kind', r.kind) : `${word('kind', r.kind)}: ${r.subject}`,
                    ),
                    h('span.small.soft.block', null, reasonOf(r)),
                ],
            },
            ...(bare ? [] : [{title: t('owner'), cell: (r) => r.owner ?? '–'}]),
            {title: t('state'), cell: (r) => h('span.nowrap', null, word('signalstate', r.state))},
            {title: t('signals.since'), num: true, cell: (r) => ago(r.first_seen)},
        ],
    });
}

function showOne(one, s, changed) {
    one.hidden = !s;
    // What somebody is writing is not taken away because the list was read again.
    const same = s && JSON.stringify([s.id, s.version, s.state, s.note]);
    if (same && same === one.shown) return;
    one.shown = same;
    if (!s) return;
    const [view, key] = views[s.subject_type] ?? [];
    one.querySelector('h2').textContent = `${word('kind', s.kind)}: ${s.subject}`;
    const note = h('textarea', {
        id: 'note',
        rows: 2,
        'aria-label': t('signals.note'),
        placeholder: t('signals.note'),
    });
    const problem = h('p.small.bad-text', {role: 'alert'});
    const act = (what) =>
        h(
            what === 'ack' ? 'button.primary' : 'button',
            {
                type: 'button',
                'data-key': what,
                onclick: async (e) => {
                    e.target.disabled = true;
                    try {
                        await post(`v1/signals/${encodeURIComponent(s.id)}/${what}`, {
                            note: note.value.trim() || undefined,
                        });
                        announce(t(`signals.${what}.done`));
                        one.tabIndex = -1;
                        one.focus({preventScroll: true}); // the button goes
                        changed();
                    } catch (error) {
                        replace(problem, error.message);
                        e.target.disabled = false;
                    }
                },
            },
            t(`signals.${what}`),
        );
    const values = s.evidence?.daily_legs ?? s.evidence?.daily ?? null;
    replace(
        one.body,
        h(
            'div.row',
            null,
            badge(word('severity', s.severity), tones[s.severity]),
            badge(word('signalstate', s.state)),
            h('span.small.soft.mono', null, s.id),
            view &&
                h(
                    'a',
                    {href: viewAddress(view, {[key]: s.subject}), 'data-view': ''},
                    t('signals.look'),
                    icon('forward'),
                ),
        ),
        h('p.reason', null, reasonOf(s)),
        s.held &&
            h(
                'p.small',
                {id: 'held'},
                badge(t('signals.held'), 'warn'),
                ' ',
                saying('held', s.held),
            ),
        isAnew(s) &&
            h(
                'details.small.soft',
                null,
                h('summary', null, t('signals.original')),
                h('p', {lang: 'en'}, s.reason),
            ),
        Array.isArray(values) &&
            typeof values[0] === 'number' &&
            h(
                'figure',
                null,
                spark(values, {width: 420, height: 64}),
                h('figcaption.small.soft', null, t('signals.daily', values.length)),
            ),
        h(
            'dl.facts',
            null,
            facts(s).flatMap(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
        ),
        s.state !== 'closed' &&
            mayChange() &&
            h(
                'div.stack',
                null,
                note,
                h('div.row', null, s.state === 'open' && act('ack'), act('close')),
                problem,
            ),
        explained(one, s),
    );
}

// What was opened stays open when the signal is drawn again with another state or note.
function explained(one, s) {
    const key = JSON.stringify([s.id, s.reason, s.last_seen]); // not the version: marking raises it
    if (one.explained?.key !== key) one.explained = {key, element: explanation(s)};
    return one.explained.element;
}

// With the range that was to be expected, which may be open on one side.
function usual(s, unit) {
    const is = `${about(s.baseline)}${unit}`;
    if (s.low !== null && s.high !== null)
        return t('signals.usual.range', is, about(s.low), about(s.high));
    if (s.high !== null) return t('signals.usual.most', is, about(s.high));
    return s.low !== null ? t('signals.usual.least', is, about(s.low)) : is;
}

// What the value of a signal counts.
const units = {
    surge: 'legs',
    decline: 'legs',
    service_shift: 'contacts',
    overdue: 'days',
    stuck: 'days',
    called_twice: 'people',
    understaffed: 'people',
    overstaffed: 'people',
    feature_demand: 'people',
    feed_silent: 'records',
};
const kindUnit = (kind) => (units[kind] ? ` ${word('unit', units[kind])}` : '');

function facts(s) {
    const unit = kindUnit(s.kind);
    return [
        s.value !== null && [t('signals.value'), `${about(s.value, 2)}${unit}`],
        s.baseline !== null && [t('signals.usual'), usual(s, unit)],
        s.p_value !== null && [
            t('signals.chance'),
            s.p_value < 1e-4 ? s.p_value.toExponential(1) : about(s.p_value, 4),
        ],
        s.window_start && [t('signals.window'), `${day(s.window_start)} – ${day(s.window_end)}`],
        s.completeness !== null && [t('completeness'), percent(s.completeness)],
        [t('owner'), s.owner ?? '–'],
        [t('signals.first'), moment(s.first_seen)],
        [t('signals.last'), moment(s.last_seen)],
        s.acked_by && [t('signals.acked'), `${s.acked_by}, ${moment(s.acked_at)}`],
        s.state === 'closed' && [
            t('signals.closed'),
            `${s.closed_by ?? t('signals.by-itself')}, ${moment(s.closed_at)}`,
        ],
        s.note && [t('signals.note'), s.note],
        [t('signals.version'), num(s.version)],
    ].filter(Boolean);
}
