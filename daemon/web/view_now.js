// view_now.js - is everything alive: records per second, feeds, who is in conferences, health,
// what was refused.

import {h, replace} from './dom.js';
import {get} from './api.js';
import {about, ago, bytes, clockSeconds, duration, moment, num, percent, short} from './format.js';
import {t, word} from './i18n.js';
import {viewAddress} from './address.js';
import {badge, behind, empty, figure, figures, load, panel, table} from './parts.js';
import {series} from './series.js';
import {lastStatus} from './live.js';
import {saying} from './reason.js';

const KEEP = 300; // seconds of the rate that are drawn
const REASONS = 3; // for which records of an input were ignored, that are shown

// Rates between looks outlive the view, so that coming back does not begin anew.
const history = [];
let before = null;
// What only the analyst knows: how complete the input was, and who fell silent.
let known = {completeness: null, rows: []};

function remember(status) {
    const at = Date.parse(status.now) / 1000;
    const seen = status.records.seen;
    if (
        before &&
        at > before.at &&
        seen >= before.seen &&
        status.ledger.incarnation === before.incarnation
    )
        history.push({
            at,
            rate: (seen - before.seen) / (at - before.at),
            legs: status.pairing.open_legs,
        });
    before = {at, seen, incarnation: status.ledger.incarnation};
    while (history.length && history[0].at < at - KEEP) history.shift();
}

export function show(place, ctx) {
    const top = h('div.top-figures');
    const rate = panel({title: t('now.rate'), what: t('now.rate.what')});
    const feeds = panel({
        title: t('now.feeds'),
        what: t('now.feeds.what'),
        wide: true,
        csv: ['v1/feeds'],
    });
    const live = panel({title: t('now.live'), what: t('now.live.what')});
    const health = panel({title: t('now.health'), what: t('now.health.what')});
    const refused = panel({
        title: t('now.refused'),
        what: t('now.refused.what'),
        csv: ['v1/quarantine_reasons'],
    });
    const chart = series(rateSpec());

    place.append(ctx.heading(), top, h('div.grid', null, rate, live, feeds, health, refused));
    rate.body.append(chart);
    const loadLive = () => load(live.body, (signal) => get('v1/live', null, signal), showLive);
    const loadRefused = () =>
        load(
            refused.body,
            (signal) => get('v1/quarantine_reasons', {limit: 200}, signal),
            showRefused,
        );
    let quarantined = null;
    let looked = 0;
    const take = (status) => {
        remember(status);
        replace(top, topFigures(status));
        replace(health.body, healthRows(status));
        load(feeds.body, async () => status.feeds, showFeeds);
        chart.update(rateSpec());
        if (Date.now() - looked > 4000) {
            looked = Date.now();
            loadLive();
        }
        if (status.quarantine.open !== quarantined) {
            quarantined = status.quarantine.open;
            loadRefused();
        }
    };
    const askKnown = async () => {
        try {
            known = await get('v1/feeds', {limit: 1000});
            if (lastStatus()) take(lastStatus());
        } catch {
            // then it stays unknown; the panels say what is wrong
        }
    };
    askKnown();
    ctx.on('passed', askKnown);
    ctx.on('status', take);
    if (lastStatus()) take(lastStatus());
    else replace(top, h('div.state.waiting', null, t('loading')));
}

// All of the five minutes, however much of them was seen; one look alone has no course.
function rateSpec() {
    const until = before?.at ?? Date.now() / 1000;
    const drawn = history.length > 1 ? history : [{at: until, rate: null}];
    return {
        label: t('now.rate'),
        x: [until - KEEP - 1, ...drawn.map((p) => p.at)],
        height: 180,
        least: 10,
        series: [
            {
                name: t('now.records-s'),
                values: [null, ...drawn.map((p) => p.rate)],
                colour: 's1',
                digits: 1,
            },
        ],
    };
}

function topFigures(s) {
    const latest = history.at(-1);
    const behindBytes = s.feeds.reduce((n, f) => n + f.behind, 0);
    const problems = s.feeds.filter((f) => f.problem || f.stopped_matching).length;
    return figures(
        figure(t('now.records-s'), latest ? about(latest.rate, latest.rate < 10 ? 1 : 0) : '–', {
            note: t('now.seen', short(s.records.seen)),
            id: 'rate',
        }),
        figure(t('now.conferences'), num(s.pairing.open_conferences), {
            note: t('now.people', num(s.pairing.open_legs)),
            id: 'open',
        }),
        figure(t('now.behind'), bytes(behindBytes), {
            note: t('now.feeds-n', s.feeds.length, problems),
            tone: problems ? 'bad' : null,
            id: 'behind',
        }),
        figure(t('completeness'), percent(known.completeness), {
            note: t('completeness.what'),
            tone: known.completeness < 0.9 ? 'warn' : null,
            id: 'completeness',
        }),
        figure(t('now.quarantine'), num(s.quarantine.open), {
            note: bytes(s.quarantine.bytes),
            tone: s.quarantine.open ? 'warn' : null,
            id: 'quarantine',
        }),
        figure(t('now.daemon'), s.ready ? t('now.ready') : t('now.stalled'), {
            tone: s.ready ? 'good' : 'bad',
            note: t('now.up', duration(s.uptime), s.version),
            id: 'ready',
        }),
    );
}

function feedState(f) {
    if (f.problem) return badge(f.problem, 'bad');
    if (f.stopped_matching) return badge(t('now.unlike', moment(f.stopped_matching)), 'bad');
    const silent = known.rows.find((k) => k.input === f.input)?.silent_since;
    if (silent) return badge(t('now.silent', moment(silent)), 'bad');
    if (f.lost) return badge(t('now.lost', num(f.lost)), 'warn');
    return badge(t('now.fine'), 'good');
}

// For which reasons records were ignored, the commonest first.
function leftOut(reasons) {
    const all = [...reasons].sort((a, b) => b.records - a.records);
    const lines = all
        .slice(0, REASONS)
        .map((r) => [t('now.left-out', num(r.records)), saying('ignored', r.why)]);
    if (all.length > REASONS) lines.push(t('now.left-out.more', num(all.length - REASONS)));
    return lines.map((line) => h('span.soft.small.block', null, line));
}

function showFeeds(feeds) {
    if (!feeds.length) return empty(t('now.no-feeds'), t('now.no-feeds.hint'));
    return table({
        caption: t('now.feeds'),
        rows: feeds,
        rowKey: (f) => `feed-${f.input}`,
        columns: [
            {
                title: t('input'),
                cell: (f) => [
                    f.input,
                    h('span.soft.small.block', null, f.detail || f.type),
                    leftOut(f.left_out ?? []),
                ],
                wrap: true,
            },
            {title: t('state'), cell: feedState, wrap: true},
            {
                title: t('now.lag'),
                num: true,
                help: t('now.lag.what'),
                cell: (f) => (f.last_record ? ago(f.last_record) : '–'),
            },
            {
                title: t('now.arrived'),
                num: true,
                cell: (f) => (f.last_arrival ? ago(f.last_arrival) : '–'),
            },
            {title: t('now.behind'), num: true, cell: (f) => bytes(f.behind)},
            {title: t('records'), num: true, cell: (f) => num(f.records)},
            {title: t('accepted'), num: true, cell: (f) => num(f.accepted)},
            {title: t('duplicates'), num: true, cell: (f) => num(f.duplicates)},
            {title: t('quarantined'), num: true, cell: (f) => num(f.quarantined)},
            {title: t('ignored'), num: true, cell: (f) => num(f.ignored)},
            {title: t('promise'), cell: (f) => word('promise', f.promise)},
        ],
    });
}

function showLive(l) {
    if (!l.legs && !l.conferences) return empty(t('now.nobody'), t('now.nobody.hint'));
    return [
        figures(
            figure(t('now.conferences'), num(l.conferences)),
            figure(t('now.people-now'), num(l.legs)),
        ),
        table({
            caption: t('now.live'),
            rows: l.by_conference.slice(0, 12),
            columns: [
                {title: t('conference'), cell: (c) => c.conference_name || c.conference},
                {
                    title: t('customer'),
                    cell: (c) =>
                        h(
                            'a',
                            {href: viewAddress('customer', {id: c.customer}), 'data-view': ''},
                            c.customer,
                        ),
                },
                {title: t('people'), num: true, cell: (c) => num(c.legs)},
                {title: t('since'), num: true, cell: (c) => clockSeconds(c.since)},
            ],
        }),
    ];
}

function healthRows(s) {
    const lag = s.ledger.batch - s.redis.applied;
    const rows = [
        [
            t('now.ledger'),
            s.ledger.stalled || s.ledger.problem,
            t(
                'now.ledger.is',
                num(s.ledger.batch),
                num(s.ledger.commit_ms_last),
                bytes(s.ledger.bytes),
                bytes(s.ledger.disk_free),
            ),
        ],
        [
            'Redis',
            s.redis.problem || (s.redis.connected ? '' : t('now.redis.away')),
            t('now.redis.is', num(s.redis.pending), num(Math.max(0, lag)), num(s.redis.mended)),
        ],
        [
            t('now.analytics'),
            s.analytics.problem,
            s.analytics.at
                ? t(
                      'now.analytics.is',
                      ago(s.analytics.at, Date.parse(s.now)),
                      num(s.ledger.batch - s.analytics.batch),
                  )
                : t('now.analytics.none'),
        ],
        [
            t('now.memory'),
            '',
            t('now.memory.is', bytes(s.memory.resident), bytes(s.memory.accounted)),
        ],
        [t('now.newest'), '', s.records.newest ? moment(s.records.newest) : '–'],
    ];
    return h(
        'ul.health',
        null,
        rows.map(([name, problem, text]) =>
            h(
                'li',
                null,
                h(problem ? 'span.dot.bad' : 'span.dot.good', {
                    role: 'img',
                    'aria-label': problem ? t('bad') : t('good'),
                }),
                h(
                    'div',
                    null,
                    h('h3', null, name),
                    h('p.small.soft', null, text),
                    problem && h('p.small.bad-text', null, problem),
                ),
            ),
        ),
    );
}

// Refused records, by what was wrong with them.
function showRefused(answer) {
    const {rows} = answer;
    if (!rows.length) return empty(t('now.none-refused'), t('now.none-refused.hint'));
    const columns = [
        {title: t('reason'), cell: (r) => saying('refusal', r.reason), wrap: true},
        {title: t('input'), cell: (r) => r.input},
        {title: t('records'), num: true, cell: (r) => num(r.records)},
        {title: t('now.last'), num: true, cell: (r) => ago(r.last_arrived)},
    ];
    return [
        table({caption: t('now.refused'), rows: rows.slice(0, 12), columns}),
        h('p.small.soft', null, t('now.refused.how')),
        rows.length > 12 && behind(t('now.refused'), columns, rows),
    ];
}
