// view_segments.js - sizes of segments over time, who moves between them, what they mean and who
// is in them.

import {h, replace} from './dom.js';
import {params, setParams, viewAddress} from './address.js';
import {get, getAll} from './api.js';
import {ago, dayPlus, moment, num, percent, shortDay} from './format.js';
import {t, word} from './i18n.js';
import {behind, choice, empty, load, panel, table, toolbar} from './parts.js';
import {asQuery, period, periodPicker, today} from './period.js';
import {bar} from './heat.js';
import {series} from './series.js';
import {flow} from './flow.js';
import {evidenceOf} from './evidence.js';
import {ruleText} from './reason.js';

const colours = ['s1', 's2', 's3', 's4', 's5', 's6'];

// "rfm:champion" is of the dimension rfm, a name of the configuration of `segment`.
const dimensionOf = (segment) => (/^[a-z_]+:/.test(segment) ? segment.split(':')[0] : 'segment');

export function show(place, ctx) {
    const bars = toolbar();
    const sizes = panel({title: t('segments.sizes'), what: t('segments.sizes.what')});
    const course = panel({title: t('segments.course'), what: t('segments.course.what')});
    const flows = panel({title: t('segments.flows'), what: t('segments.flows.what'), wide: true});
    const one = panel({title: t('segments.one'), wide: true, id: 'one'});
    let segments = [];
    let shown = '';
    let member = '';

    place.append(ctx.heading(), bars, h('div.grid', null, sizes, course, flows, one));

    function refresh() {
        const p = period(90);
        const dimensions = [...new Set(segments.map((s) => dimensionOf(s.segment)))].sort(
            (a, b) => (a === 'segment') - (b === 'segment'),
        );
        const dimension =
            params().kind ?? (params().segment ? dimensionOf(params().segment) : dimensions[0]);
        const rows = segments.filter((s) => dimensionOf(s.segment) === dimension);
        const chosen = params().segment ?? rows[0]?.segment;
        replace(
            bars,
            choice({
                label: t('segments.dimension'),
                value: dimension,
                options: dimensions.map((d) => [d, word('dimension', d)]),
                change: (v) => setParams({kind: v, segment: null}),
            }),
            h('span.push', null, periodPicker(p, [28, 90, 365])),
        );
        sizes.setCsv('v1/segments');
        replace(
            sizes.body,
            rows.length
                ? sizesTable(rows, chosen)
                : empty(t('segments.none'), t('segments.none.hint')),
        );
        const key = JSON.stringify([dimension, p]);
        if (dimension && key !== shown) {
            shown = key;
            // Changes are moments: the days that are meant are UTC's, as everywhere here.
            const query = {kind: dimension, ...asQuery(p), zone: 'UTC', limit: 1000};
            course.setCsv('v1/segment_changes', {...query, limit: null});
            load(
                course.body,
                (signal) =>
                    getAll(
                        'v1/segment_changes',
                        {kind: dimension, from: p.from, zone: 'UTC', limit: 1000},
                        signal,
                    ),
                (answer) => courseOf(rows, answer.rows, p),
            );
            flows.setCsv('v1/segment_flows', {...query, limit: null});
            load(
                flows.body,
                (signal) => getAll('v1/segment_flows', query, signal),
                (answer) => flowsOf(answer.rows, dimension, begunIn(p, rows)),
            );
        }
        if (chosen && chosen !== member) {
            member = chosen;
            showOne(one, chosen);
        }
    }
    const ask = () =>
        load(
            sizes.body,
            (signal) => getAll('v1/segments', {limit: 1000}, signal),
            (answer) => {
                segments = answer.rows;
                shown = '';
                queueMicrotask(refresh);
                return null;
            },
        );
    ask();
    ctx.on('passed', ask);
    return {update: refresh};
}

function sizesTable(rows, chosen) {
    const top = Math.max(...rows.map((r) => r.customers), 1);
    const all = rows.reduce((n, r) => n + r.customers, 0);
    return table({
        caption: t('segments.sizes'),
        rows,
        marked: chosen,
        rowKey: (r) => r.segment,
        select: (r) => setParams({segment: r.segment}),
        columns: [
            {
                title: t('segment'),
                cell: (r) =>
                    h(
                        'a',
                        {
                            href: viewAddress('segments', {...params(), segment: r.segment}),
                            'data-view': '',
                            'data-key': `segment-${r.segment}`,
                        },
                        word('segment', r.segment),
                    ),
            },
            {title: '', cell: (r) => bar({value: r.customers, top})},
            {
                title: t('customers'),
                num: true,
                cell: (r) => [
                    num(r.customers),
                    h('span.soft.small', null, ` ${percent(r.customers / Math.max(1, all))}`),
                ],
            },
            {title: t('segments.new'), num: true, cell: (r) => num(r.new_7_days)},
            {title: t('hours30'), num: true, cell: (r) => num(r.hours_30_days)},
        ],
    });
}

// Back from today's sizes, a day's changes at a time: so it is right however far the history goes.
function courseOf(rows, changes, p) {
    const last = p.to < today() ? p.to : today();
    const days = Array.from({length: p.days}, (_, i) => dayPlus(p.from, i)).filter(
        (d) => d <= last,
    );
    const begun = changes.reduce((a, c) => (c.day < a ? c.day : a), '9999');
    if (days.filter((d) => d >= begun).length < 2)
        return empty(t('segments.no-course'), t('segments.no-course.hint'));
    const shown = rows.slice(0, colours.length);
    const of = shown.map((s) => {
        const by = new Map();
        for (const c of changes.filter((c) => c.segment === s.segment))
            by.set(c.day, (by.get(c.day) ?? 0) + c.came - c.went);
        let size = s.customers;
        for (const [d, n] of by) size -= d > last ? n : 0;
        const values = [];
        for (const d of [...days].reverse()) {
            values.unshift(d < begun ? null : size);
            size -= by.get(d) ?? 0;
        }
        return values;
    });
    const spec = {
        label: t('segments.course'),
        days: true,
        x: days.map((d) => Date.parse(`${d}T00:00:00Z`) / 1000),
        height: 260,
        series: shown.map((s, i) => ({
            name: word('segment', s.segment),
            values: of[i],
            colour: colours[i],
            digits: 0,
            step: true,
            dash: i >= 4,
        })),
    };
    return [
        series(spec),
        rows.length > shown.length && h('p.small.soft', null, t('segments.largest', shown.length)),
        behind(
            t('segments.course'),
            [
                {title: t('day'), cell: (i) => shortDay(days[i])},
                ...shown.map((s, k) => ({
                    title: word('segment', s.segment),
                    num: true,
                    cell: (i) => num(of[k][i]),
                })),
            ],
            days.map((_, i) => i),
        ),
    ];
}

// When the history begins, if it does within the period: who was anywhere before is not known.
function begunIn(p, rows) {
    const since = rows[0]?.history_since;
    return since && since.slice(0, 10) >= p.from ? since : null;
}

function flowsOf(rows, dimension, begun) {
    const name = (stage) =>
        stage
            ? word('segment', dimension === 'segment' ? stage : `${dimension}:${stage}`)
            : t('outside');
    const moved = rows.filter((r) => r.from_stage !== r.to_stage);
    const between = moved.filter((r) => r.from_stage);
    const shown = dimension === 'segment' || between.length === 0 ? moved : between;
    const begins = begun && t('segments.begun', moment(begun));
    if (!moved.length)
        return begun
            ? empty(t('segments.no-flows.yet'), begins)
            : empty(t('segments.no-flows'), t('segments.no-flows.hint'));
    return [
        begins && h('p.small.soft', null, begins),
        flow(
            shown
                .slice(0, 24)
                .map((r) => ({from: name(r.from_stage), to: name(r.to_stage), n: r.customers})),
        ),
        shown.length < moved.length &&
            h(
                'p.small.soft',
                null,
                t(
                    'segments.entries',
                    num(moved.filter((r) => !r.from_stage).reduce((n, r) => n + r.customers, 0)),
                ),
            ),
        behind(
            t('segments.flows'),
            [
                {title: t('from'), cell: (r) => name(r.from_stage)},
                {title: t('to'), cell: (r) => name(r.to_stage)},
                {title: t('customers'), num: true, cell: (r) => num(r.customers)},
                {title: t('changes'), num: true, cell: (r) => num(r.changes)},
            ],
            moved,
        ),
    ];
}

// What the segment means, and who is in it.
function showOne(one, segment) {
    one.querySelector('h2').textContent = word('segment', segment);
    one.setCsv('v1/segment_members', {segment});
    const dimension = dimensionOf(segment);
    const stage = dimension === 'segment' ? segment : segment.slice(dimension.length + 1);
    load(
        one.body,
        async (signal) => {
            const [members, history] = await Promise.all([
                get('v1/segment_members', {segment, limit: 50}, signal),
                get('v1/stage_history', {segment: stage, kind: dimension, limit: 1}, signal),
            ]);
            return {members, history};
        },
        ({members, history}) => [
            history.rows[0]?.rule &&
                h(
                    'p',
                    null,
                    h('span.soft', null, `${t('segments.definition')}: `),
                    ruleText(dimension, history.rows[0].rule),
                ),
            members.rows.length
                ? table({
                      caption: t('segments.members'),
                      rows: members.rows,
                      columns: [
                          {
                              title: t('customer'),
                              cell: (r) =>
                                  h(
                                      'a',
                                      {
                                          href: viewAddress('customer', {id: r.customer}),
                                          'data-view': '',
                                      },
                                      r.name || r.customer,
                                  ),
                          },
                          {title: t('since'), cell: (r) => ago(r.since)},
                          {title: t('legs30'), num: true, cell: (r) => num(r.legs_30d)},
                          {title: t('owner'), cell: (r) => r.owner ?? '–'},
                          members.rows.some((r) => evidenceOf(r.evidence, dimension)) && {
                              title: t('evidence'),
                              cell: (r) => evidenceOf(r.evidence, dimension),
                              wrap: true,
                          },
                      ].filter(Boolean),
                  })
                : empty(t('segments.empty')),
            members.next &&
                h(
                    'p',
                    null,
                    h(
                        'a',
                        {href: viewAddress('customers', {segment}), 'data-view': ''},
                        t('segments.all'),
                    ),
                ),
        ],
    );
}
