// backtest.js - how good the forecasts of the last weeks were, and which people could go where.

import {h} from './dom.js';
import {get} from './api.js';
import {about, num, percent, weekdayClock} from './format.js';
import {t} from './i18n.js';
import {badge, behind, empty, figure, figures, load, panel, table} from './parts.js';

export function backtestPanel() {
    const box = panel({title: t('test.title'), what: t('test.what')});
    let shown = null;

    box.show = (service) => {
        if (service === shown) return;
        shown = service;
        box.setCsv('v1/forecast_scores', {service});
        load(
            box.body,
            (signal) => get('v1/forecast_scores', {service, limit: 100}, signal),
            (answer) => scores(answer.rows),
        );
    };
    return box;
}

function scores(rows) {
    const week = rows.find((r) => r.method === 'forecast' && r.horizon === 'week1');
    if (!week) return empty(t('test.none'), t('test.none.hint'));
    const better = week.naive_wape > 0 ? 1 - week.wape / week.naive_wape : null;
    return [
        figures(
            figure(t('test.off'), percent(week.wape), {
                note: t('test.floor', percent(week.floor)),
                id: 'wape',
            }),
            figure(t('test.better'), percent(better), {
                tone: better > 0 ? 'good' : 'bad',
                note: t('test.gone'),
            }),
            figure(t('test.covered'), percent(week.coverage80), {
                note: t('test.wanted', percent(0.8)),
                tone: Math.abs(week.coverage80 - 0.8) > 0.12 ? 'warn' : null,
            }),
        ),
        table({
            caption: t('test.title'),
            rows,
            columns: [
                {
                    title: t('test.method'),
                    cell: (r) => [
                        t(`test.${r.method}`),
                        r.method === 'forecast' && [' ', badge(t('test.ours'), 'accent')],
                    ],
                },
                {title: t('test.horizon'), cell: (r) => t(`test.${r.horizon}`)},
                {title: 'WAPE', num: true, help: t('test.wape'), cell: (r) => percent(r.wape, 1)},
                {title: 'MASE', num: true, help: t('test.mase'), cell: (r) => about(r.mase, 2)},
                {
                    title: '80%',
                    num: true,
                    help: t('test.coverage'),
                    cell: (r) => percent(r.coverage80),
                },
                {
                    title: '95%',
                    num: true,
                    help: t('test.coverage'),
                    cell: (r) => percent(r.coverage95),
                },
            ],
        }),
        h('p.small.soft', null, t('test.weeks', num(week.origins))),
    ];
}

// People to spare here who are missing there; hidden while there are none.
export function movesPanel() {
    const box = panel({title: t('moves.title'), what: t('moves.what'), csv: ['v1/staffing_moves']});
    let shown = null;

    box.hidden = true;
    box.show = (service) => {
        if (service === shown) return;
        shown = service;
        load(
            box.body,
            (signal) => get('v1/staffing_moves', {service, limit: 200}, signal),
            (answer) => {
                box.hidden = answer.rows.length === 0;
                const columns = [
                    {title: t('interval'), cell: (r) => weekdayClock(r.start)},
                    {title: t('people'), num: true, cell: (r) => num(r.people)},
                    {title: t('from'), cell: (r) => r.from_service},
                    {title: t('to'), cell: (r) => r.to_service},
                ];
                return [
                    table({caption: t('moves.title'), rows: answer.rows.slice(0, 8), columns}),
                    answer.rows.length > 8 && behind(t('moves.title'), columns, answer.rows),
                ];
            },
        );
    };
    return box;
}
