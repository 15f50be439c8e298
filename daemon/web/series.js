// series.js - values over time: drawn by uPlot, or plainly where the build had no charting library.

import uPlot from './charts.js';
import {h, replace, svg} from './dom.js';
import {language, t} from './i18n.js';
import {
    about,
    clock,
    clockSeconds,
    local,
    shortDay,
    weekdayClock,
    weekdayDay,
    zone,
    NONE,
} from './format.js';

export const hasLibrary = Boolean(uPlot);
const drawn = new Set();

const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// What the axis says of a moment (seconds), by how much of the past is shown.
function timeText(at, span, days) {
    const date = new Date(at * 1000);
    if (days) return shortDay(date.toISOString());
    if (span <= 900) return clockSeconds(date);
    if (span <= 2 * 86400) return clock(date);
    return local(date).minute === 0 ? weekdayDay(date) : weekdayClock(date);
}

/*
 * A chart. spec: {label, x: [seconds], days: x are UTC days, series: [{name, values, colour: "s1",
 * dash, step, points,
 * digits, band: [low, high]}], height, unit, marks: [{at, name}], mark: f(seconds), lines: [{at,
 * name}], least: the axis of values goes as far}.
 * What it returns has update(spec); it goes by itself when it leaves the document.
 */
export function series(spec) {
    const place = h('div.chart', {role: 'img', 'aria-label': `${spec.label}. ${t('chart.table')}`});
    const legend = h('ul.legend', {'aria-hidden': 'true'});
    const box = h('figure.series', null, legend, place);
    const chart = {box, place, legend, spec, plot: null};

    box.update = (next) => {
        chart.spec = next;
        draw(chart);
    };
    new ResizeObserver(() => {
        if (place.isConnected && place.clientWidth && place.clientWidth !== chart.width)
            draw(chart);
    }).observe(place);
    drawn.add(chart);
    return box;
}

export function redrawAll() {
    for (const chart of drawn)
        if (chart.place.isConnected) draw(chart);
        else if (chart.width) forget(chart);
}

function forget(chart) {
    chart.plot?.destroy();
    drawn.delete(chart);
}

function draw(chart) {
    const {spec, place, legend} = chart;
    chart.width = place.clientWidth;
    if (!chart.width) return;
    replace(
        legend,
        spec.series.map((s) =>
            h(
                'li',
                null,
                swatch(s),
                h('span', null, s.name),
                h('span.value', {'data-series': s.name}, ''),
            ),
        ),
    );
    place.style.height = `${spec.height ?? 220}px`;
    if (uPlot && chart.plot && chart.shape === shapeOf(spec) && chart.plot.width === chart.width) {
        chart.plot.setData(dataOf(spec));
        return;
    }
    chart.plot?.destroy();
    chart.plot = null;
    replace(place);
    if (uPlot) {
        chart.shape = shapeOf(spec);
        chart.plot = new uPlot(optionsOf(chart), dataOf(spec), place);
    } else {
        place.append(plainly(spec, chart.width, spec.height ?? 220));
    }
}

const shapeOf = (spec) =>
    JSON.stringify([
        spec.series.map((s) => [s.name, Boolean(s.band)]),
        spec.marks,
        spec.lines,
        spec.days,
        language(),
        zone(),
        document.documentElement.dataset.theme,
        spec.x.at(-1) - spec.x[0] > 2 * 86400,
    ]);

function swatch(s) {
    const line = svg('line', {
        x1: 1,
        y1: 5,
        x2: 17,
        y2: 5,
        'stroke-width': 3,
        'stroke-dasharray': s.dash ? '4 3' : null,
    });
    line.style.stroke = `var(--${s.colour})`;
    return svg('svg.swatch', {viewBox: '0 0 18 10', 'aria-hidden': 'true'}, line);
}

// A band is two more series, low and high.
function dataOf(spec) {
    const data = [spec.x];
    for (const s of spec.series) {
        data.push(s.values);
        if (s.band) data.push(s.band[0], s.band[1]);
    }
    return data;
}

function optionsOf(chart) {
    const {spec} = chart;
    const lines = [{}];
    const bands = [];
    const names = [null];
    for (const s of spec.series) {
        const stroke = colour(s.colour);
        lines.push({
            stroke,
            width: s.points ? 0 : 2,
            dash: s.dash ? [6, 4] : undefined,
            spanGaps: false,
            points: {show: Boolean(s.points), size: 4, fill: stroke},
            paths: s.step ? uPlot.paths.stepped({align: 1}) : s.points ? () => null : undefined,
        });
        names.push(s);
        if (s.band) {
            const i = lines.length;
            lines.push({width: 0, points: {show: false}}, {width: 0, points: {show: false}});
            bands.push({series: [i + 1, i], fill: colour('band')});
            names.push(null, null);
        }
    }
    const span = spec.x.length ? spec.x.at(-1) - spec.x[0] : 0;
    const axis = {
        stroke: colour('soft'),
        grid: {stroke: colour('grid'), width: 1},
        ticks: {show: false},
        font: '11px system-ui, sans-serif',
    };
    return {
        width: chart.width,
        height: spec.height ?? 220,
        series: lines,
        bands,
        legend: {show: false},
        padding: [10, 12, 6, 0], // without a value below there is no axis to hold the last label
        cursor: {points: {size: 7}, drag: {x: false, y: false}, y: false},
        scales: {
            x: {time: true},
            y: {range: (_u, low, high) => [Math.min(0, low ?? 0), topOf(spec, high ?? 0)]},
        },
        axes: [
            {
                ...axis,
                space: spec.days ? 64 : 90,
                size: 30,
                values: (_u, at) => at.map((v) => timeText(v, span, spec.days)),
            },
            {...axis, size: 52, values: (_u, at) => at.map((v) => about(v, 2))},
        ],
        tzDate: (ts) => (spec.days ? utcDate(ts) : uPlot.tzDate(new Date(ts * 1000), zone())),
        hooks: {
            setCursor: [(u) => readout(chart, u, names)],
            draw: [(u) => drawMarks(u, spec)],
            ready: [
                (u) => {
                    if (spec.mark)
                        u.over.addEventListener(
                            'click',
                            () => u.cursor.idx !== null && spec.mark(spec.x[u.cursor.idx]),
                        );
                },
            ],
        },
    };
}

const utcDate = (ts) => uPlot.tzDate(new Date(ts * 1000), 'UTC');
const topOf = (spec, high) => Math.max(high * 1.06, spec.least ?? 0) || 1;

function readout(chart, u, names) {
    const at = u.cursor.idx;
    names.forEach((s, i) => {
        if (!s) return;
        const place = chart.legend.querySelector(`[data-series="${CSS.escape(s.name)}"]`);
        const v = at === null || at === undefined ? null : u.data[i][at];
        const band =
            s.band && v !== null && v !== undefined
                ? ` (${about(s.band[0][at])}–${about(s.band[1][at])})`
                : '';
        if (place)
            place.textContent = v === null || v === undefined ? '' : about(v, s.digits ?? 1) + band;
    });
    let when = chart.legend.querySelector('.when');
    if (!when) {
        when = h('li.when');
        chart.legend.append(when);
    }
    when.textContent =
        at === null || at === undefined
            ? ''
            : timeText(u.data[0][at], chart.spec.days ? 0 : 7 * 86400, chart.spec.days);
}

function drawMarks(u, spec) {
    const {ctx, bbox} = u;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    for (const m of spec.marks ?? []) {
        const x = u.valToPos(m.at, 'x', true);
        ctx.strokeStyle = ctx.fillStyle = colour(m.colour ?? 's2');
        ctx.setLineDash([4, 4]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        // Beside its line, on the side where there is room.
        const gap = 4 * devicePixelRatio;
        const room = x + gap + ctx.measureText(m.name).width <= bbox.left + bbox.width;
        ctx.textAlign = room ? 'left' : 'right';
        ctx.fillText(m.name, room ? x + gap : x - gap, bbox.top + 11 * devicePixelRatio);
    }
    ctx.textAlign = 'left';
    for (const l of spec.lines ?? []) {
        const y = u.valToPos(l.at, 'y', true);
        ctx.strokeStyle = ctx.fillStyle = colour('bad');
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        ctx.fillText(l.name, bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
    }
    ctx.restore();
}

// Without the library: the same lines, bands and ends of axes as SVG.
function plainly(spec, width, height) {
    const left = 46;
    const low = spec.x[0] ?? 0;
    const high = spec.x.at(-1) ?? 1;
    const all = spec.series
        .flatMap((s) => [...s.values, ...(s.band?.[1] ?? [])])
        .filter(Number.isFinite);
    const top = topOf(spec, Math.max(0, ...all, ...(spec.lines ?? []).map((l) => l.at)));
    const px = (v) => left + (width - left - 10) * (high > low ? (v - low) / (high - low) : 0.5);
    const py = (v) => height - 24 - ((height - 36) * v) / top;
    const path = (values) => {
        let pen = 'M';
        return values
            .map((v, i) => {
                if (!Number.isFinite(v)) {
                    pen = 'M';
                    return '';
                }
                const step = `${pen}${px(spec.x[i]).toFixed(1)},${py(v).toFixed(1)}`;
                pen = 'L';
                return step;
            })
            .join('');
    };
    const picture = svg('svg.plain-series', {
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        'aria-hidden': 'true',
    });
    for (const v of [0, top / 2, top])
        picture.append(
            svg('line.grid', {x1: left, x2: width - 10, y1: py(v), y2: py(v)}),
            svg('text', {x: left - 6, y: py(v) + 4, 'text-anchor': 'end'}, about(v, 1)),
        );
    const span = high - low;
    for (const [v, anchor] of [
        [low, 'start'],
        [high, 'end'],
    ])
        picture.append(
            svg(
                'text',
                {x: px(v), y: height - 6, 'text-anchor': anchor},
                spec.x.length ? timeText(v, span, spec.days) : NONE,
            ),
        );
    for (const s of spec.series) {
        if (s.band) {
            const back = s.band[0]
                .map((v, i) => [spec.x[i], v])
                .filter(([, v]) => Number.isFinite(v))
                .reverse()
                .map(([x, v]) => `L${px(x).toFixed(1)},${py(v).toFixed(1)}`)
                .join('');
            picture.append(svg('path.band', {d: `${path(s.band[1])}${back}Z`}));
        }
        const line = svg('path.line', {
            d: path(s.values),
            'stroke-dasharray': s.dash ? '6 4' : null,
        });
        line.style.stroke = `var(--${s.colour})`;
        picture.append(line);
    }
    for (const m of spec.marks ?? [])
        picture.append(svg('line.mark', {x1: px(m.at), x2: px(m.at), y1: 10, y2: height - 24}));
    for (const l of spec.lines ?? [])
        picture.append(svg('line.mark', {x1: left, x2: width - 10, y1: py(l.at), y2: py(l.at)}));
    if (spec.mark)
        picture.addEventListener('click', (e) => {
            const at = low + ((e.offsetX - left) / (width - left - 10)) * (high - low);
            spec.mark(spec.x.reduce((a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a)));
        });
    return picture;
}
