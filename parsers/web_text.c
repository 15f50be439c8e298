/*
 * web_text.c - percent-encoding, forms, base64.
 */
#include "web_text.h"

struct span
web_decode(struct span s, bool plus, struct arena *mem)
{
    char *out, *to;

    if (s.n == 0 || (!memchr(s.p, '%', s.n) && !(plus && memchr(s.p, '+', s.n))))
        return s;
    out = to = arena_alloc(mem, s.n);
    for (size_t i = 0; i < s.n; i++) {
        int byte = s.p[i] == '%' && s.n - i > 2 ? hex_byte(s.p + i + 1) : -1;

        if (byte >= 0) {
            *to++ = (char)byte;
            i += 2;
        } else {
            *to++ = plus && s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return span_of(out, (size_t)(to - out));
}

static int
base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool
web_base64(struct span s, struct arena *mem, struct span *out)
{
    uint8_t *p = arena_alloc(mem, s.n + 1), *to = p;
    size_t i = 0, digits = 0;
    uint32_t bits = 0;

    for (; i < s.n && s.p[i] != '='; i++) {
        int v = base64_value(s.p[i]);

        if (s.p[i] == '\r' || s.p[i] == '\n')
            continue;
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (++digits % 4 != 1)
            *to++ = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    for (; i < s.n; i++)
        if (s.p[i] != '=' && s.p[i] != '\r' && s.p[i] != '\n')
            return false;
    *out = span_of((char *)p, (size_t)(to - p));
    return digits % 4 != 1;
}

bool
web_form_next(struct span *rest, struct arena *mem, struct span *name, struct span *value)
{
    const char *amp, *equals;
    struct span pair;

    if (rest->n == 0)
        return false;
    amp = memchr(rest->p, '&', rest->n);
    pair = span_of(rest->p, amp ? (size_t)(amp - rest->p) : rest->n);
    rest->p += pair.n + (amp != NULL);
    rest->n -= pair.n + (amp != NULL);
    equals = memchr(pair.p, '=', pair.n);
    *name = equals ? span_of(pair.p, (size_t)(equals - pair.p)) : pair;
    *value = equals ? span_of(equals + 1, pair.n - name->n - 1) : SPAN("");
    *name = web_decode(*name, true, mem);
    *value = web_decode(*value, true, mem);
    return true;
}

bool
web_form_find(struct span form, const char *name, struct arena *mem, struct span *value)
{
    struct span key;

    while (web_form_next(&form, mem, &key, value))
        if (span_is(key, name))
            return true;
    return false;
}
