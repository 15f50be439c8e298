// reason.js - what the daemon says in English, in the language of the page where that is known.

import {h} from './dom.js';
import {language} from './i18n.js';
import * as zh from './reasons-zh-CN.js';
import {sayings as zhSayings} from './sayings-zh-CN.js';

const said = {'zh-CN': zh};
const sayings = {'zh-CN': zhSayings};
// What has no other words than the daemon's.
export const asSaid = (text) => (language() === 'en' ? text : h('span', {lang: 'en'}, text));
const base = (kind) => (kind.endsWith('_more') ? 'more' : kind);

// The sentence of a signal in the page's language, or null where the daemon's own is the one.
function anew(s) {
    try {
        return said[language()]?.reasons[base(s.kind)]?.(s, s.evidence ?? {}) ?? null;
    } catch {
        return null; // an older signal, whose evidence has other figures
    }
}

// A sentence whose figures are not all there says less than the one in English.
const isWhole = (text) => text !== null && !/–|NaN|undefined|Infinity/.test(text);

export function reasonOf(s) {
    const text = anew(s);
    if (isWhole(text)) return text;
    return asSaid(s.reason);
}

// Whether the sentence is another one than the daemon's.
export const isAnew = (s) => isWhole(anew(s));

// What a rule says, of the version that is known here.
export function ruleSays(kind, rule) {
    const [version, text] = said[language()]?.rules[base(kind)] ?? [];
    if (version === rule.current_version) return text;
    return asSaid(rule.says);
}

// A short sentence (kind: rule, back, held, refusal) in the page's language where it is known.
export function saying(kind, text) {
    if (!text || language() === 'en') return text;
    return sayings[language()]?.[kind](text) ?? asSaid(text);
}

// The rule of a change: a sentence, or the condition of a segment.
export const ruleText = (dimension, rule) =>
    dimension === 'segment' && !sayings['zh-CN'].rule(rule)
        ? h('code', null, rule)
        : saying('rule', rule);

const one = (table, text) => said[language()]?.[table][text] ?? text;
export const threshold = (text) => one('thresholds', text);
export function whyNote(text) {
    const known = one('notes', text);
    return known === text ? asSaid(text) : known;
}
