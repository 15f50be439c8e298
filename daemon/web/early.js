// early.js - what must be known before anything is painted: light or dark, and the language.
'use strict';
(function () {
    const root = document.documentElement;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const kept = (name) => {
        try {
            return localStorage.getItem('callswell.' + name);
        } catch {
            return null; // storage may be forbidden; then the browser's own wishes count
        }
    };
    const paint = () => {
        root.dataset.theme = kept('theme') || (dark.matches ? 'dark' : 'light');
    };
    paint();
    dark.addEventListener('change', paint);
    const chinese = (navigator.language || 'en').toLowerCase().startsWith('zh');
    root.lang = kept('lang') || (chinese ? 'zh-CN' : 'en');
})();
