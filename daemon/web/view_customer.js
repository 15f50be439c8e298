// view_customer.js - one customer: days, hours of the week, features, history, signals, and why
// something changed.

import {h, icon, replace} from './dom.js';
import {params, setParams, viewAddress} from './address.js';
import {get, getAll} from './api.js';
import {
    ago,
    about,
    day,
    dayPlus,
    daysBetween,
    hours,
    moment,
    month,
    num,
    percent,
    shortDay,
    weekday,
    zone,
} from './format.js';
import {t, word} from './i18n.js';
import {
    badge,
    behind,
    choice,
    empty,
    figure,
    figures,
    load,
    panel,
    table,
    toolbar,
} from './parts.js';
import {evidenceOf} from './evidence.js';
import {asQuery, period, periodPicker, today} from './period.js';
import {bar, heat} from './heat.js';
import {series} from './series.js';
import {lastContact, rfmTone, trend} from './view_customers.js';
import {showWhy} from './why.js';
import {signalTable} from './view_signals.js';
import {ruleText, saying} from './reason.js';

const measures = ['legs', 'seconds', 'failed', 'participants'];

export function show(place, ctx) {
    const id = params().id ?? '';
    const head = h('div.customer-head');
    const bars = toolbar();
    const days = panel({title: t('customer.days'), what: t('customer.days.what'), wide: true});
    const why = panel({
        title: t('customer.why'),
        what: t('customer.why.what'),
        wide: true,
        id: 'why',
    });
    const calendar = panel({
        title: t('customer.calendar'),
        what: t('customer.calendar.what'),
        wide: true,
    });
    const rhythm = panel({
        title: t('customer.rhythm'),
        what: t('customer.rhythm.what', zone()),
        wide: true,
    });
    const features = panel({title: t('view.features'), what: t('customer.features.what')});
    const history = panel({
        title: t('customer.history'),
        what: t('customer.history.what'),
        csv: ['v1/stage_history', {customer: id}],
    });
    const signals = panel({
        title: t('view.signals'),
        wide: true,
        csv: ['v1/signals', {customer: id, state: 'all'}],
    });
    let shown = '';

    const grid = h('div.grid', null, days, why, calendar, rhythm, features, history, signals);
    const back = h(
        'a.back',
        {href: viewAddress('customers'), 'data-view': ''},
        icon('back'),
        t('view.customers'),
    );
    place.append(h('p', null, back), head, bars, grid);
    document.title = `${id} · callswell`;
    grid.hidden = bars.hidden = true;
    if (!id) return replace(head, empty(t('customer.nobody')));

    function refresh() {
        const p = period(90);
        const measure = measures.includes(params().show) ? params().show : 'legs';
        replace(
            bars,
            choice({
                label: t('customer.show'),
                value: measure,
                options: measures.map((m) => [m, t(`customer.${m}`)]),
                change: (v) => setParams({show: v}),
            }),
            h('span.push', null, periodPicker(p, [28, 90, 365])),
        );
        const key = JSON.stringify([p, measure]);
        if (key !== shown) {
            shown = key;
            askDays(p, measure);
            const query = {...asQuery(p), zone: zone()};
            rhythm.setCsv(`v1/customers/${encodeURIComponent(id)}/hours`, query);
            load(
                rhythm.body,
                (signal) => get(`v1/customers/${encodeURIComponent(id)}/hours`, query, signal),
                rhythmOf,
            );
            features.setCsv(`v1/customers/${encodeURIComponent(id)}/features`, query);
            load(
                features.body,
                (signal) => get(`v1/customers/${encodeURIComponent(id)}/features`, query, signal),
                featuresOf,
            );
        }
        showWhy(why, id, params().mark);
    }
    function askDays(p, measure) {
        const year = {customer: id, from: dayPlus(p.to, -370), to: dayPlus(p.to, 1), limit: 1000};
        days.setCsv('v1/customer_days', {customer: id, ...asQuery(p)});
        calendar.setCsv('v1/customer_days', {...year, limit: null});
        const asked = getAll('v1/customer_days', p.days > 370 ? {...year, from: p.from} : year);
        load(
            days.body,
            () => asked,
            (answer) => daysOf(answer.rows, p, measure),
        );
        load(
            calendar.body,
            () => asked,
            (answer) => calendarOf(answer.rows, p.to, measure),
        );
    }
    function showRest(customer) {
        load(
            history.body,
            (signal) => get('v1/stage_history', {customer: id, limit: 100}, signal),
            (answer) => [stageNow(customer), historyOf(answer)],
        );
        load(
            signals.body,
            (signal) => get('v1/signals', {customer: id, state: 'all', limit: 100}, signal),
            (answer) =>
                answer.rows.length
                    ? signalTable(answer.rows, {bare: true})
                    : empty(t('customer.no-signals')),
        );
        refresh();
    }
    load(
        head,
        (signal) => get('v1/customers', {customer: id, limit: 1}, signal),
        (answer) => {
            grid.hidden = bars.hidden = answer.rows.length === 0;
            if (answer.rows.length) showRest(answer.rows[0]);
            return headOf(id, answer.rows[0]);
        },
    );
    return {update: () => !grid.hidden && refresh()};
}

function headOf(id, c) {
    if (!c) return empty(t('customer.unknown', id), t('customer.unknown.hint'));
    document.title = `${c.name || id} · callswell`;
    return [
        h(
            'div.row',
            null,
            h('h1', null, c.name || id),
            c.rfm_segment && badge(word('segment', `rfm:${c.rfm_segment}`), rfmTone(c.rfm_segment)),
            c.stage && badge(word('segment', `stage:${c.stage}`), 'accent'),
            c.persona && badge(word('persona', c.persona)),
            c.name && h('span.soft', null, id),
            c.owner && h('span.soft', null, `${t('owner')}: ${c.owner}`),
        ),
        h(
            'div.top-figures',
            null,
            figures(
                figure(t('legs30'), num(c.legs_30d), {
                    id: 'legs30',
                    note: t('customer.in90', num(c.legs_90d)),
                }),
                figure(t('hours30'), hours(c.seconds_30d)),
                figure(t('people30'), num(c.participants_30d), {
                    note: t('customer.conferences', num(c.conferences_30d)),
                }),
                figure(t('failed30'), num(c.failed_30d), {
                    tone: c.failed_30d > 0.1 * c.legs_30d ? 'bad' : null,
                    note: percent(c.failed_30d / Math.max(1, c.legs_30d + c.failed_30d), 1),
                }),
                figure(t('trend'), trend(c.trend), {note: t('trend.what')}),
                figure(t('last-seen'), ago(c.last_seen), {
                    note: t('customer.active', num(c.active_days_30d)),
                }),
            ),
        ),
    ];
}

// Every day of the period: those without a row were without usage.
function daysOf(rows, p, measure) {
    const at = new Map(rows.map((r) => [r.day, r]));
    const names = Array.from({length: p.days}, (_, i) => dayPlus(p.from, i));
    const future = today();
    const value = (d, m) => (d > future ? null : (at.get(d)?.[m] ?? 0));
    const scale = measure === 'seconds' ? 1 / 3600 : 1;
    if (!rows.length) return empty(t('customer.no-usage'), t('customer.no-usage.hint'));
    const marked = params().mark;
    const spec = {
        label: t('customer.days'),
        days: true,
        x: names.map((d) => Date.parse(`${d}T00:00:00Z`) / 1000),
        height: 220,
        series: [
            {
                name: t(`customer.${measure}`),
                values: names.map((d) =>
                    value(d, measure) === null ? null : value(d, measure) * scale,
                ),
                colour: measure === 'failed' ? 's2' : 's1',
                digits: measure === 'seconds' ? 1 : 0,
            },
            ...(measure === 'legs'
                ? [
                      {
                          name: t('customer.failed'),
                          values: names.map((d) => value(d, 'failed')),
                          colour: 's2',
                          digits: 0,
                      },
                  ]
                : []),
        ],
        marks: marked
            ? [{at: Date.parse(`${marked}T00:00:00Z`) / 1000, name: shortDay(marked)}]
            : [],
        mark: (seconds) => markDay(new Date(seconds * 1000).toISOString().slice(0, 10)),
    };
    const input = h('input', {
        type: 'date',
        id: 'mark',
        'data-key': 'mark',
        value: marked ?? '',
        min: p.from,
        max: p.to,
        onchange: (e) => setParams({mark: e.target.value}, {quietly: true}),
    });
    return [
        series(spec),
        h(
            'div.row',
            null,
            h('label', null, t('customer.mark'), input),
            h('span.small.soft', null, t('customer.mark.how')),
        ),
        behind(
            t('customer.days'),
            dayColumns(),
            names.filter((d) => at.has(d)).map((d) => at.get(d)),
        ),
    ];
}

const markDay = (d) => {
    setParams({mark: d}, {quietly: true});
    document.getElementById('why')?.scrollIntoView({block: 'nearest', behavior: 'smooth'});
};

const dayColumns = () => [
    {title: t('day'), cell: (r) => day(r.day)},
    ...['legs', 'failed', 'participants', 'conferences'].map((m) => ({
        title: t(`customer.${m}`),
        num: true,
        cell: (r) => num(r[m]),
    })),
    {title: t('customer.seconds'), num: true, cell: (r) => about(r.seconds / 3600, 1)},
];

// A year of days: weeks from left to right, Monday on top.
function calendarOf(rows, to, measure) {
    const at = new Map(rows.map((r) => [r.day, r]));
    const end = dayPlus(to, 6 - ((new Date(`${to}T00:00:00Z`).getUTCDay() + 6) % 7));
    const wide = matchMedia('(max-width: 760px)').matches ? 20 : 53;
    const first = dayPlus(end, 1 - 7 * wide);
    const weeks = Array.from({length: wide}, (_, i) => {
        const key = dayPlus(first, 7 * i);
        // The first month has its name only where the next one leaves room for it.
        const begins =
            i === 0
                ? month(key) === month(dayPlus(key, 14))
                : month(key) !== month(dayPlus(key, -7));
        return {key, name: day(key), short: begins && i < wide - 1 ? month(key) : ''};
    });
    const weekdays = Array.from({length: 7}, (_, i) => ({
        key: i,
        name: weekday(dayPlus(first, i)),
    }));
    const value = (r, c) => {
        const d = dayPlus(c.key, r.key);
        return d > to || d > today() ? null : (at.get(d)?.[measure] ?? 0);
    };
    return heat({
        caption: t('customer.calendar'),
        rows: weekdays,
        columns: weeks,
        small: true,
        value,
        high: busy(rows.map((r) => r[measure])),
        pick: (r, c) => value(r, c) !== null && markDay(dayPlus(c.key, r.key)),
        about: (r, c) => {
            const v = measure === 'seconds' ? hours(value(r, c)) : num(value(r, c));
            return `${day(dayPlus(c.key, r.key))}: ${v} ${t(`customer.${measure}`)}`;
        },
    });
}

// One day that towers over all others shall not make them look alike: what 95 of 100 do not pass.
function busy(values) {
    const sorted = values.filter((v) => v > 0).sort((a, b) => a - b);
    return sorted.length ? Math.max(1, sorted[Math.floor(0.95 * (sorted.length - 1))]) : 1;
}

function rhythmOf(answer) {
    const at = new Map(answer.rows.map((r) => [`${r.weekday} ${r.hour}`, r]));
    const monday = '2024-01-01'; // any will do
    if (!answer.rows.some((r) => r.legs))
        return empty(t('customer.no-usage'), t('customer.no-usage.hint'));
    return heat({
        caption: t('customer.rhythm'),
        rows: Array.from({length: 7}, (_, i) => ({key: i, name: weekday(dayPlus(monday, i))})),
        columns: Array.from({length: 24}, (_, i) => ({
            key: i,
            name: `${i}:00`,
            short: i % 3 ? '' : `${i}`,
        })),
        value: (r, c) => at.get(`${r.key} ${c.key}`)?.legs ?? 0,
        high: busy(answer.rows.map((r) => r.legs)),
        about: (r, c) =>
            t(
                'customer.hour',
                r.name,
                c.name,
                num(at.get(`${r.key} ${c.key}`)?.legs ?? 0),
                num(at.get(`${r.key} ${c.key}`)?.failed ?? 0),
            ),
    });
}

function featuresOf(answer) {
    if (!answer.rows.length) return empty(t('customer.no-features'));
    const top = Math.max(...answer.rows.map((r) => r.used + r.failed));
    return table({
        caption: t('view.features'),
        rows: answer.rows,
        columns: [
            {
                title: t('features.feature'),
                cell: (r) =>
                    h(
                        'a',
                        {href: viewAddress('features', {feature: r.feature}), 'data-view': ''},
                        r.feature,
                    ),
            },
            {title: '', cell: (r) => bar({value: r.used, top})},
            {title: t('features.uses'), num: true, cell: (r) => num(r.used)},
            {
                title: t('features.fails'),
                num: true,
                cell: (r) => (r.used === 0 ? badge(num(r.failed), 'bad') : num(r.failed)),
            },
            {title: t('customer.on-days'), num: true, cell: (r) => num(r.days)},
            {title: t('now.last'), num: true, cell: (r) => shortDay(r.last_day)},
        ],
    });
}

// What holds now, which is not what was written when the customer came to its stage.
function stageNow(c) {
    if (!c.stage) return null;
    const line = (name, ...what) => [h('dt', null, name), h('dd', null, ...what)];
    return h(
        'dl.facts',
        {id: 'stage-now'},
        line(
            t('customer.stage'),
            h('strong', null, word('segment', `stage:${c.stage}`)),
            c.stage_since && ` ${t('customer.since', day(c.stage_since))}`,
        ),
        c.stage_back && line(t('customer.back'), saying('back', c.stage_back)),
        c.last_contact && line(t('customers.contact'), lastContact(c)),
        c.asked_since &&
            line(
                t('customer.waits'),
                t('customer.waits.since', day(c.asked_since), t('days', c.days_unanswered)),
            ),
        c.expected_days_4w !== null &&
            line(
                t('customer.expected'),
                t(
                    'customer.expected.days',
                    about(c.expected_days_4w),
                    about(c.expected_days_13w),
                    num(c.active_days_52w),
                ),
            ),
        c.due_by &&
            line(
                t('customer.due'),
                `${day(c.due_by)} (UTC)`,
                c.silence_p !== null && `; ${t('customer.silence', percent(c.silence_p, 1))}`,
            ),
    );
}

function historyOf(answer) {
    if (!answer.rows.length) return empty(t('customer.no-history'));
    const name = (r, stage) =>
        stage
            ? word('segment', r.dimension === 'segment' ? stage : `${r.dimension}:${stage}`)
            : t('outside');
    return h(
        'ol.timeline',
        {tabindex: '0'}, // it scrolls, and has nothing in it that takes the focus
        answer.rows.map((r) =>
            h(
                'li',
                null,
                h('p.small.soft', null, moment(r.at)),
                h(
                    'p',
                    null,
                    r.from_stage && [h('span.soft', null, name(r, r.from_stage)), ' → '],
                    h('strong', null, name(r, r.to_stage)),
                ),
                r.rule && h('p.small.soft', null, ruleText(r.dimension, r.rule)),
                evidenceOf(r.evidence, r.dimension),
                r.back &&
                    h('p.small.soft', null, `${t('customer.back.then')}: `, saying('back', r.back)),
            ),
        ),
    );
}
