// evidence.js - the figures that decided about a stage, a segment or a signal, by their names.

import {h} from './dom.js';
import {about, day, duration, hours, minuteText, moment, percent} from './format.js';
import {hasText, t, word} from './i18n.js';
import {asSaid, saying} from './reason.js';

const isShare = /_share$|_p$|^chance_|^matched|^false_discovery_rate$/;
const isTime = /_seconds$|_s$/;
// Words and sentences of the daemon.
const named = {
    stage: (v) => word('segment', `stage:${v}`),
    rfm_segment: (v) => word('segment', `rfm:${v}`),
    usage_group: (v) => word('segment', `usage:${v}`),
    persona: (v) => word('persona', v),
    last_contact_kind: (v) => word('contact', v),
    stage_back: (v) => saying('back', v),
    commonest_reason: (v) => saying('refusal', v),
    problem: asSaid,
};

function textOf(key, v) {
    if (named[key]) return named[key](v);
    if (/^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(v)) return moment(v);
    return /^\d{4}-\d\d-\d\d$/.test(v) ? day(v) : v;
}

function numberOf(key, v) {
    if (key === 'dominant_quarter') return minuteText(15 * v);
    if (/^seconds_/.test(key)) return hours(v);
    if (isTime.test(key)) return duration(v);
    if (!isShare.test(key)) return about(v, Math.abs(v) < 1 ? 4 : 2);
    return v > 0 && v < 0.001 ? v.toExponential(1) : percent(v, 1);
}

const said = (key, v) =>
    typeof v === 'boolean'
        ? t(v ? 'yes' : 'no')
        : typeof v === 'number'
          ? numberOf(key, v)
          : textOf(key, String(v));

// kind: of the signal or of the change, for names that mean something else in it.
function nameOf(key, kind) {
    const own = `evidence.${kind}.${key}`;
    return hasText(own) ? t(own) : word('evidence', key);
}

export function evidenceOf(evidence, kind) {
    if (!evidence || typeof evidence !== 'object') return null;
    const plain = Object.entries(evidence).filter(([, v]) => v !== null && typeof v !== 'object');
    return plain.length
        ? h(
              'p.small.evidence',
              null,
              plain.map(([key, v]) =>
                  h(
                      'span',
                      null,
                      h('span.soft', null, `${nameOf(key, kind)}: `),
                      said(key, v),
                  ),
              ),
          )
        : null;
}
