// flow.js - how many went from where to where: two columns of names and ribbons between them.

import {h, svg} from './dom.js';
import {num} from './format.js';
import {t} from './i18n.js';

const GAP = 10;
const TICK = 8;

// How wide it is drawn, and what of that is for the names on each side.
const shapes = {wide: {width: 900, column: 150}, narrow: {width: 328, column: 108}};

// rows: {from, to, n}.
export function flow(rows) {
    const size = matchMedia('(max-width: 760px)').matches ? 'narrow' : 'wide';
    const shape = shapes[size];
    const left = side(rows, 'from');
    const right = side(rows, 'to');
    const count = Math.max(left.size, right.size);
    const total = rows.reduce((n, r) => n + r.n, 0);
    const height = Math.max(160, count * 36);
    const scale = (height - GAP * (count + 1)) / total;

    place(left, scale, height);
    place(right, scale, height);
    const picture = svg(`svg.flow.${size}`, {
        viewBox: `0 0 ${shape.width} ${height}`,
        role: 'img',
        'aria-label': t('chart.table'),
    });
    for (const r of [...rows].sort((a, b) => b.n - a.n))
        picture.append(ribbon(left.get(r.from), right.get(r.to), {...r, scale, shape}));
    const [begin, end] = [shape.column, shape.width - shape.column];
    labels(picture, left, begin - TICK, begin - TICK - 8, 'end');
    labels(picture, right, end, end + TICK + 8, 'start');
    return h('div.scroller', null, picture);
}

function side(rows, key) {
    const nodes = new Map();
    for (const r of rows) nodes.set(r[key], {n: (nodes.get(r[key])?.n ?? 0) + r.n, used: 0});
    return new Map(
        [...nodes]
            .sort((a, b) => b[1].n - a[1].n)
            .map(([name, node], i) => [name, {...node, index: i}]),
    );
}

function place(nodes, scale, height) {
    const all = [...nodes.values()];
    const free = height - all.reduce((n, v) => n + v.n * scale, 0);
    let y = 0;
    for (const node of all) {
        y += free / (all.length + 1);
        node.y = y;
        node.height = Math.max(2, node.n * scale);
        y += node.n * scale;
    }
}

function ribbon(from, to, r) {
    const {scale, shape} = r;
    const thick = Math.max(1, r.n * scale);
    const [y0, y1] = [from.y + from.used, to.y + to.used];
    const [x0, x1] = [shape.column, shape.width - shape.column];
    const mid = (x0 + x1) / 2;
    from.used += thick;
    to.used += thick;
    return svg(
        `path.ribbon.r${from.index % 6}`,
        {
            d:
                `M${x0},${y0}C${mid},${y0} ${mid},${y1} ${x1},${y1}V${y1 + thick}` +
                `C${mid},${y1 + thick} ${mid},${y0 + thick} ${x0},${y0 + thick}Z`,
        },
        svg('title', null, `${r.from} → ${r.to}: ${num(r.n)}`),
    );
}

// Names stand beside their nodes, but never on each other.
function labels(picture, nodes, x, textX, anchor) {
    let free = 0;
    for (const [name, node] of nodes) {
        const y = Math.max(node.y + node.height / 2 + 4, free);
        free = y + 17;
        picture.append(
            svg('rect.node', {x, y: node.y, width: TICK, height: node.height, rx: 2}),
            svg(
                'text',
                {x: textX, y, 'text-anchor': anchor},
                `${name} `,
                svg('tspan.soft', null, num(node.n)),
            ),
        );
    }
}
