// view_staffing.js - how many people, of which kind, when: required, rostered, gap; forecast and
// what came.

import {h, icon, replace} from './dom.js';
import {params, setParams} from './address.js';
import {get, getAll} from './api.js';
import {
    about,
    clock,
    daysBetween,
    dayPlus,
    local,
    minuteText,
    moment,
    num,
    percent,
    weekdayClock,
    weekdayDay,
    zone,
} from './format.js';
import {t} from './i18n.js';
import {behind, choice, empty, figure, figures, load, panel, select, toolbar} from './parts.js';
import {asQuery, period} from './period.js';
import {heat} from './heat.js';
import {series} from './series.js';
import {whatIfPanel} from './what_if.js';
import {rosterPanel} from './roster.js';
import {backtestPanel, movesPanel} from './backtest.js';

const measures = ['scheduled', 'required', 'rostered', 'gap', 'forecast'];

export function show(place, ctx) {
    const bar = toolbar();
    const top = h('div.top-figures');
    const map = panel({title: t('staffing.map'), what: t('staffing.map.what'), wide: true});
    const course = panel({
        title: t('staffing.course'),
        what: t('staffing.course.what'),
        wide: true,
    });
    const backtest = backtestPanel();
    const moves = movesPanel();
    const whatIf = whatIfPanel();
    const roster = rosterPanel(() => {
        shown = '';
        refresh();
    });
    let shown = '';
    let services = [];

    place.append(
        ctx.heading(),
        bar,
        top,
        h(
            'div.grid',
            null,
            map,
            course,
            whatIf,
            h('div.stack-panels', null, backtest, moves, roster),
        ),
    );
    const chosen = () => params().service || services[0]?.service;

    async function refresh() {
        const p = period(-7);
        const measure = measures.includes(params().show) ? params().show : 'scheduled';
        const service = chosen();
        const query = {service, ...asQuery(p), zone: zone()};

        replace(bar, barParts(services, service, measure, p));
        if (!service) return;
        backtest.show(service);
        moves.show(service);
        whatIf.show(service);
        const key = JSON.stringify(query);
        if (key === shown && map.rows) {
            paint(map, top, measure, p);
            return;
        }
        shown = key;
        map.setCsv('v1/staffing', query);
        course.setCsv('v1/service_intervals', {
            service,
            from: dayPlus(p.from, -7),
            to: dayPlus(p.to, 1),
            zone: zone(),
        });
        load(
            map.body,
            (signal) => getAll('v1/staffing', {...query, limit: 1000}, signal),
            (answer) => {
                map.rows = answer.rows;
                map.answer = answer;
                return paint(map, top, measure, p);
            },
        );
        load(
            course.body,
            (signal) => askCourse(service, p, signal),
            (got) => showCourse(service, p, got),
        );
    }

    load(
        top,
        (signal) => get('v1/services', {limit: 1000}, signal),
        (answer) => {
            services = answer.rows;
            if (!services.length && !params().service)
                return empty(t('staffing.none'), t('staffing.none.hint'));
            refresh();
            return null;
        },
    );
    ctx.on('passed', () => {
        shown = '';
        refresh();
    });
    return {update: refresh};
}

function barParts(services, service, measure, p) {
    const move = (days) => setParams({from: dayPlus(p.from, days), to: dayPlus(p.to, days)});
    const names = [...new Set([...services.map((s) => s.service), service].filter(Boolean))];
    return [
        select({
            label: t('service'),
            id: 'service',
            value: service,
            options: names.map((n) => [n, n]),
            change: (v) => setParams({service: v}),
        }),
        choice({
            label: t('staffing.show'),
            value: measure,
            options: measures.map((m) => [m, t(`staffing.${m}`)]),
            change: (v) => setParams({show: v}),
        }),
        h(
            'div.period.push',
            {role: 'group', 'aria-label': t('period')},
            h(
                'button',
                {
                    type: 'button',
                    'data-key': 'earlier',
                    'aria-label': t('earlier'),
                    onclick: () => move(-p.days),
                },
                icon('back'),
            ),
            h(
                'button',
                {
                    type: 'button',
                    'data-key': 'today',
                    onclick: () => setParams({from: null, to: null}),
                },
                t('this-week'),
            ),
            h(
                'button',
                {
                    type: 'button',
                    'data-key': 'later',
                    'aria-label': t('later'),
                    onclick: () => move(p.days),
                },
                icon('forward'),
            ),
            h(
                'span.soft.nowrap',
                null,
                `${weekdayDay(`${p.from}T12:00:00`)} – ${weekdayDay(`${p.to}T12:00:00`)}`,
            ),
        ),
    ];
}

// The heat map; the figures above it are of the same rows.
function paint(map, top, measure, p) {
    const {rows} = map;
    replace(top, rows.length ? topFigures(rows, map.answer) : null);
    const content = rows.length
        ? heatOf(rows, measure, p)
        : empty(t('staffing.no-plan'), t('staffing.no-plan.hint'));
    replace(map.body, content);
    return content;
}

function topFigures(rows, answer) {
    const top = rows.reduce((a, b) => (b.scheduled > a.scheduled ? b : a));
    const hoursOf = (f) => rows.reduce((n, r) => n + (f(r) * r.minutes) / 60, 0);
    const rostered = rows.some((r) => r.rostered !== null);
    const short = rows.filter((r) => r.gap !== null && r.gap < 0);
    const worst = short.length ? short.reduce((a, b) => (b.gap < a.gap ? b : a)) : null;
    return figures(
        figure(t('staffing.peak'), num(top.scheduled), {note: weekdayClock(top.start), id: 'peak'}),
        figure(t('staffing.hours'), num(hoursOf((r) => r.scheduled)), {
            note: t('staffing.at-desks', num(hoursOf((r) => r.required))),
            id: 'hours',
        }),
        figure(t('staffing.contacts'), num(rows.reduce((n, r) => n + r.forecast, 0)), {
            note: t('staffing.expected'),
        }),
        rostered
            ? figure(t('staffing.short'), num(hoursOf((r) => Math.max(0, -(r.gap ?? 0)))), {
                  tone: short.length ? 'bad' : 'good',
                  note: worst
                      ? t('staffing.worst', num(-worst.gap), weekdayClock(worst.start))
                      : t('staffing.enough'),
                  id: 'short',
              })
            : figure(t('staffing.short'), '–', {note: t('staffing.no-roster'), id: 'short'}),
        figure(t('completeness'), percent(rows[0].completeness ?? answer.completeness), {
            note: t('completeness.what'),
        }),
    );
}

// Interval by day: days below each other where there is room, else beside each other.
function heatOf(rows, measure, p) {
    const at = new Map();
    const minutes = new Set();
    for (const r of rows) {
        const place = local(r.start);
        at.set(`${place.day} ${place.minute}`, r);
        minutes.add(place.minute);
    }
    const days = Array.from({length: Math.min(p.days, 31)}, (_, i) => {
        const key = dayPlus(p.from, i);
        return {key, name: weekdayDay(`${key}T12:00:00`), day: key};
    });
    const times = [...minutes]
        .sort((a, b) => a - b)
        .map((m) => ({
            key: m,
            name: minuteText(m),
            minute: m,
            short: m % 120 === 0 ? minuteText(m) : '',
        }));
    const narrow = matchMedia('(max-width: 900px)').matches;
    const row = (r, c) => at.get(`${r.day ?? c.day} ${r.minute ?? c.minute}`);
    const detail = h('p.small', {'aria-live': 'polite', id: 'interval'}, t('staffing.choose'));
    const high = Math.max(1, ...rows.map((r) => Math.abs(r[measure] ?? 0)));
    const map = heat({
        caption: `${t('staffing.map')}: ${t(`staffing.${measure}`)}`,
        rows: narrow ? times.map((m) => ({...m, name: m.name})) : days,
        columns: narrow ? days.map((d) => ({...d, short: d.name.split(/[ ,]/)[0]})) : times,
        kind: measure === 'gap' ? 'gap' : 'much',
        high,
        value: (r, c) => row(r, c)?.[measure] ?? null,
        text: (v) => (measure === 'forecast' ? about(v, v < 10 ? 1 : 0) : num(v)),
        about: (r, c) => (row(r, c) ? sentence(row(r, c)) : ''),
        pick: (r, c) => row(r, c) && replace(detail, sentence(row(r, c))),
    });
    return [
        map,
        detail,
        behind(
            t('staffing.map'),
            [
                {title: t('interval'), cell: (r) => moment(r.start)},
                ...['forecast', 'low', 'high', 'required', 'scheduled', 'rostered', 'gap'].map(
                    (key) => ({title: t(`staffing.${key}`), num: true, cell: (r) => about(r[key])}),
                ),
                {title: t('staffing.level'), num: true, cell: (r) => percent(r.service_level)},
                {title: t('staffing.occupancy'), num: true, cell: (r) => percent(r.occupancy)},
            ],
            rows,
        ),
    ];
}

const sentence = (r) =>
    t('staffing.cell', {
        when: weekdayClock(r.start),
        forecast: about(r.forecast),
        low: about(r.low),
        high: about(r.high),
        required: num(r.required),
        scheduled: num(r.scheduled),
        rostered: num(r.rostered),
        gap: r.gap,
        level: percent(r.service_level),
    });

// --- forecast against what came ---

async function askCourse(service, p, signal) {
    const span = {
        service,
        from: dayPlus(p.from, -7),
        to: dayPlus(p.to, 1),
        zone: zone(),
        limit: 1000,
    };
    const [plan, came] = await Promise.all([
        getAll('v1/staffing', span, signal),
        getAll('v1/service_intervals', span, signal),
    ]);
    return {plan: plan.rows, came: came.rows};
}

function showCourse(service, p, {plan, came}) {
    if (!plan.length && !came.length) return empty(t('staffing.no-course'));
    const minutes = plan[0]?.minutes ?? 30;
    const step = minutes * 60;
    const key = (at) => Math.floor(Date.parse(at) / 1000 / step) * step;
    const offered = new Map();
    for (const r of came) offered.set(key(r.start), (offered.get(key(r.start)) ?? 0) + r.offered);
    const planned = new Map(plan.map((r) => [key(r.start), r]));
    const last = Math.max(...offered.keys(), 0);
    const first = Math.min(...offered.keys(), ...planned.keys());
    const end = Math.max(last, ...planned.keys());
    const x = [];
    for (let at = first; at <= end; at += step) x.push(at);
    const of = (name) => x.map((at) => planned.get(at)?.[name] ?? null);
    // Quarter hours without a contact have no row: before the newest one that is nothing, not
    // unknown.
    const actual = x.map((at) => offered.get(at) ?? (at < last ? 0 : null));
    const spec = {
        label: `${t('staffing.course')}: ${service}`,
        x,
        height: 240,
        series: [
            {
                name: t('staffing.forecast'),
                values: of('forecast'),
                colour: 's1',
                band: [of('low'), of('high')],
            },
            {name: t('staffing.offered'), values: actual, colour: 's2'},
        ],
        marks:
            last && last < end
                ? [{at: Date.now() / 1000, name: t('now.mark'), colour: 'soft'}]
                : [],
    };
    const chart = series(spec);
    const both = x.filter((at) => planned.has(at) && offered.has(at));
    return [
        chart,
        h('p.small.soft', null, t('staffing.band')),
        behind(
            t('staffing.course'),
            [
                {title: t('interval'), cell: (i) => moment(x[i] * 1000)},
                {
                    title: t('staffing.forecast'),
                    num: true,
                    cell: (i) => about(planned.get(x[i])?.forecast),
                },
                {title: t('staffing.low'), num: true, cell: (i) => about(planned.get(x[i])?.low)},
                {title: t('staffing.high'), num: true, cell: (i) => about(planned.get(x[i])?.high)},
                {title: t('staffing.offered'), num: true, cell: (i) => about(actual[i])},
            ],
            x.map((_, i) => i),
        ),
        both.length > 0 &&
            h(
                'p.small',
                null,
                t(
                    'staffing.hits',
                    both.length,
                    both.filter(
                        (at) =>
                            offered.get(at) >= planned.get(at).low &&
                            offered.get(at) <= planned.get(at).high,
                    ).length,
                ),
            ),
    ];
}
