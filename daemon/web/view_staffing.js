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
import {askIntervals, whatIfPanel} from './what_if.js';
import {rosterPanel} from './roster.js';
import {backtestPanel, movesPanel} from './backtest.js';

const measures = ['scheduled', 'required', 'rostered', 'gap', 'forecast'];
// While something is asked of the week: what would be.
const asked = ['scheduled_then', 'gap_then'];

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
        const service = chosen();
        const query = {service, ...asQuery(p), zone: zone()};
        const question = service ? whatIf.show(service) : null;
        const shows = question ? [...measures, ...asked] : measures;
        // As it is when something is drawn: another one may be chosen while plans are loaded.
        const measure = () => (shows.includes(params().show) ? params().show : 'scheduled');

        replace(bar, barParts(services, service, shows, measure(), p));
        if (!service) return;
        backtest.show(service);
        moves.show(service);
        const key = JSON.stringify([query, question]);
        if (key === shown && map.plans) {
            paint(map, top, measure(), p);
            return;
        }
        shown = key;
        course.setCsv('v1/service_intervals', {
            service,
            from: dayPlus(p.from, -7),
            to: dayPlus(p.to, 1),
            zone: zone(),
        });
        load(
            map.body,
            (signal) => askPlans(query, question, signal),
            (plans) => {
                map.plans = plans;
                return paint(map, top, measure(), p);
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

function barParts(services, service, shows, measure, p) {
    const move = (days) => setParams({from: dayPlus(p.from, days), to: dayPlus(p.to, days)});
    const names = [...new Set([...services.map((s) => s.service), service].filter(Boolean))];
    return [
        select({
            label: t('service'),
            id: 'service',
            value: service,
            options: names.map((n) => [n, n]),
            change: (v) => setParams({service: v, skill: null}),
        }),
        choice({
            label: t('staffing.show'),
            value: measure,
            options: shows.map((m) => [m, t(`staffing.${m}`)]),
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

// The service's plan and those of its skills, with what would be beside each interval.
async function askPlans(query, question, signal) {
    const [whole, parts, then] = await Promise.all([
        getAll('v1/staffing', {...query, limit: 1000}, signal),
        getAll('v1/staffing_skills', {...query, limit: 1000}, signal),
        question ? askIntervals(question, signal) : new Map(),
    ]);
    const skills = new Map();
    for (const r of parts.rows) skills.set(r.skill, [...(skills.get(r.skill) ?? []), r]);
    const joined = (rows, skill) =>
        rows.map((r) => ({
            scheduled_then: null,
            gap_then: null,
            ...then.get(`${Date.parse(r.start)} ${skill}`),
            ...r,
        }));
    for (const [skill, rows] of skills) skills.set(skill, joined(rows, skill));
    return {query, rows: joined(whole.rows, ''), skills, completeness: whole.completeness};
}

// The heat map; the figures above it are of the same rows.
function paint(map, top, measure, p) {
    const {plans} = map;
    const skill = plans.skills.has(params().skill) ? params().skill : '';
    const rows = skill ? plans.skills.get(skill) : plans.rows;
    map.setCsv(skill ? 'v1/staffing_skills' : 'v1/staffing', plans.query);
    replace(top, rows.length ? topFigures(rows, plans) : null);
    const content = rows.length
        ? [skillsBar(plans.skills, skill), heatOf(rows, measure, p)]
        : empty(t('staffing.no-plan'), t('staffing.no-plan.hint'));
    replace(map.body, content);
    return content;
}

// Whose people are shown: the service as one pool, or those of a skill.
function skillsBar(skills, skill) {
    if (!skills.size) return null;
    const name = (s) => (s === 'others' ? t('staffing.others') : s);
    return h('div.toolbar', null, [
        choice({
            label: t('staffing.skill'),
            value: skill,
            options: [['', t('staffing.pool')], ...[...skills.keys()].map((s) => [s, name(s)])],
            change: (v) => setParams({skill: v || null}),
        }),
        skill &&
            h(
                'span.small.soft',
                null,
                t('staffing.skill.share', percent(skills.get(skill)[0].share)),
            ),
    ]);
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
        kind: measure.startsWith('gap') ? 'gap' : 'much',
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
                ...[
                    ...['forecast', 'low', 'high', 'required', 'scheduled', 'rostered', 'gap'],
                    ...(rows.some((r) => r.scheduled_then !== null) ? asked : []),
                ].map((key) => ({
                    title: t(`staffing.${key}`),
                    num: true,
                    cell: (r) => about(r[key]),
                })),
                {title: t('staffing.level'), num: true, cell: (r) => percent(r.service_level)},
                {title: t('staffing.occupancy'), num: true, cell: (r) => percent(r.occupancy)},
            ],
            rows,
        ),
    ];
}

const sentence = (r) => {
    const is = t('staffing.cell', {
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
    if (r.scheduled_then === null) return is;
    return `${is} ${t('staffing.cell.then', num(r.scheduled_then), r.gap_then)}`;
};

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
