// i18n.js - the language of the page: t('name', ...) is a text of en*.js or zh-CN*.js.

import enTexts from './en.js';
import enEvidence from './en-evidence.js';
import enViews from './en-views.js';
import enWords from './en-words.js';
import zhTexts from './zh-CN.js';
import zhEvidence from './zh-CN-evidence.js';
import zhViews from './zh-CN-views.js';
import zhWords from './zh-CN-words.js';

export const languages = {en: 'English', 'zh-CN': '简体中文'};
const en = {...enTexts, ...enViews, ...enWords, ...enEvidence};
const texts = {en, 'zh-CN': {...zhTexts, ...zhViews, ...zhWords, ...zhEvidence}};

export const language = () =>
    document.documentElement.lang in texts ? document.documentElement.lang : 'en';

export function setLanguage(lang) {
    document.documentElement.lang = lang;
    try {
        localStorage.setItem('callswell.lang', lang);
    } catch {
        // then it holds as long as the page is open
    }
}

export const hasText = (name) => name in en;

// A text is a string, or a function of what it is about ("3 rows", "1 row").
export function t(name, ...about) {
    const text = texts[language()][name] ?? en[name];
    if (text === undefined) return name;
    return typeof text === 'function' ? text(...about) : text;
}

// "evening + chat, peak 20:00": a group of customers as the daemon calls it, by its hours.
function usageGroup(name) {
    const parts = /^(\w+)(?: \+ (.+?))?(?:, peak (\d\d:\d\d))?(?:, group (\d+))?$/.exec(name);
    if (!parts) return name;
    const [, base, feature, peak, number] = parts;
    return [
        word('persona', base) + (feature ? ` + ${feature}` : ''),
        peak && t('usage.peak', peak),
        number && t('usage.group', number),
    ]
        .filter(Boolean)
        .join(t('usage.and'));
}

// Words that the daemon uses for itself (states, severities, kinds, segments): shown as it says
// them
// where there is no word in this language.
export const word = (kind, name) => {
    const key = `${kind}.${name}`;
    const text = texts[language()][key] ?? en[key];
    if (kind === 'kind' && String(name).endsWith('_more'))
        return t('kind.more', word('kind', name.slice(0, -5)));
    if (text === undefined && String(name).startsWith('usage:')) return usageGroup(name.slice(6));
    return text ?? String(name ?? '');
};

// Customers and features have names of their own; other parts of a change may be words.
export const whyPart = (dimension, name) =>
    ['customer', 'feature'].includes(dimension) ? name : word('whypart', name);
