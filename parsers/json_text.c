/*
 * json_text.c - the parts of the JSON reader that are not in everybody's way.
 */
#include "json_text.h"

/* --- strings --- */

/* Four hex digits at p, -1 if they are none. */
static long
hex4(const char *p)
{
    long v = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

static bool
is_high(long unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool
is_low(long unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Four hex digits at p (behind "\u"), with as many of them as there are. */
static bool
check_unit(struct json_text *t, const char *p, long *unit)
{
    for (int i = 0; i < 4; i++) {
        if (p + i == t->end)
            return json_wrong(t, t->end, "json: cut off");
        if (hex_digit(p[i]) < 0)
            return json_wrong(t, p + i, "json: expected four hex digits after \\u");
    }
    *unit = hex4(p);
    return true;
}

/* *at stands on a backslash; moves it behind the escape. */
static bool
check_escape(struct json_text *t, const char **at)
{
    const char *p = *at;
    long unit;

    if (p + 1 == t->end)
        return json_wrong(t, t->end, "json: cut off");
    *at = p + 2;
    if (p[1] != 'u')
        return p[1] != '\0' && strchr("\"\\/bfnrt", p[1])
                   ? true
                   : json_wrong(t, p + 1, "json: no such escape");
    if (!check_unit(t, p + 2, &unit))
        return false;
    *at = p + 6;
    if (unit == 0)
        return json_wrong(t, p, "json: NUL in a text");
    if (is_low(unit))
        return json_wrong(t, p, "json: half of a surrogate pair");
    if (!is_high(unit))
        return true;
    for (int i = 0; i < 2; i++) {
        if (p + 6 + i == t->end)
            return json_wrong(t, t->end, "json: cut off");
        if (p[6 + i] != "\\u"[i])
            return json_wrong(t, p, "json: half of a surrogate pair");
    }
    if (!check_unit(t, p + 8, &unit))
        return false;
    *at = p + 12;
    return is_low(unit) ? true : json_wrong(t, p, "json: half of a surrogate pair");
}

bool
json_string_rest(struct json_text *t, const char *start, const char *p, struct span *out,
                 enum json_string_kind *kind)
{
    bool beyond_ascii = false;

    *kind = JSON_UNICODE;
    while (p < t->end && *p != '"') {
        if (*p == '\\') {
            if (!check_escape(t, &p))
                return false;
            *kind = JSON_ESCAPED;
        } else if ((signed char)*p < 0 || *p == 0x7F) {
            beyond_ascii = true;
            p++;
        } else {
            return json_wrong(t, p, "json: control character in a text");
        }
        p = json_plain(t, p);
    }
    if (p >= t->end)
        return json_wrong(t, t->end, "json: cut off");
    *out = span_of(start, (size_t)(p - start));
    if (beyond_ascii && !span_is_utf8(*out))
        return json_wrong(t, start, "json: not UTF-8");
    t->p = p + 1;
    return true;
}

static size_t
put_utf8(char *to, long c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Each escape is longer than what it stands for: six bytes give at most three, twelve four. */
size_t
json_unescape(struct span s, char *to)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *p = s.p, *end = s.p + s.n;
    char *out = to;

    while (p < end) {
        long c;

        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (p[1] != 'u') {
            *out++ = bytes[strchr(names, p[1]) - names];
            p += 2;
            continue;
        }
        c = hex4(p + 2);
        p += 6;
        if (is_high(c)) {
            c = 0x10000 + ((c - 0xD800) << 10) + (hex4(p + 2) - 0xDC00);
            p += 6;
        }
        out += put_utf8(out, c);
    }
    return (size_t)(out - to);
}

/* --- numbers and words --- */

static bool
is_digit(const struct json_text *t, const char *p)
{
    return p < t->end && *p >= '0' && *p <= '9';
}

/* One digit or more at *at. */
static bool
digits(struct json_text *t, const char **at)
{
    if (!is_digit(t, *at))
        return json_wrong(t, *at, "json: expected a digit");
    while (is_digit(t, *at))
        ++*at;
    return true;
}

static bool
number(struct json_text *t, struct span *out)
{
    const char *start = t->p, *p = start;

    if (*p == '-')
        p++;
    if (p < t->end && *p == '0')
        p++; /* nothing may follow a leading zero */
    else if (!digits(t, &p))
        return false;
    if (p < t->end && *p == '.') {
        p++;
        if (!digits(t, &p))
            return false;
    }
    if (p < t->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < t->end && (*p == '+' || *p == '-'))
            p++;
        if (!digits(t, &p))
            return false;
    }
    *out = span_of(start, (size_t)(p - start));
    t->p = p;
    return true;
}

static bool
word(struct json_text *t, const char *text, struct span *out)
{
    const char *start = t->p, *p = start;

    for (; *text; text++, p++)
        if (p == t->end || *p != *text)
            return json_wrong(t, p, "json: expected a value");
    *out = span_of(start, (size_t)(p - start));
    t->p = p;
    return true;
}

bool
json_scalar(struct json_text *t, struct span *out)
{
    if (t->p == t->end)
        return json_wrong(t, t->p, "json: expected a value");
    switch (*t->p) {
    case 't':
        return word(t, "true", out);
    case 'f':
        return word(t, "false", out);
    case 'n':
        return word(t, "null", out);
    default:
        if (*t->p != '-' && !is_digit(t, t->p))
            return json_wrong(t, t->p, "json: expected a value");
        return number(t, out);
    }
}

/* --- passing over --- */

static bool
skip_key(struct json_text *t)
{
    enum json_string_kind kind;
    struct span key;

    if (t->p == t->end || *t->p != '"')
        return json_wrong(t, t->p, "json: expected a key in quotes");
    if (++t->keys > JSON_MAX_KEYS)
        return json_wrong(t, t->p, "json: more than 4096 keys");
    if (!json_string(t, &key, &kind))
        return false;
    json_space(t);
    if (!json_expect(t, ':', "json: expected a colon"))
        return false;
    json_space(t);
    return true;
}

static bool
skip_items(struct json_text *t, char close, const char *why)
{
    t->p++;
    json_space(t);
    if (t->p < t->end && *t->p == close) {
        t->p++;
        return true;
    }
    for (;;) {
        if (close == '}' && !skip_key(t))
            return false;
        if (!json_skip(t))
            return false;
        json_space(t);
        if (t->p < t->end && *t->p == close) {
            t->p++;
            return true;
        }
        if (!json_expect(t, ',', why))
            return false;
        json_space(t);
    }
}

bool
json_skip(struct json_text *t)
{
    enum json_string_kind kind;
    struct span value;
    bool ok;

    if (t->p < t->end && *t->p == '"')
        return json_string(t, &value, &kind);
    if (t->p == t->end || (*t->p != '{' && *t->p != '['))
        return json_scalar(t, &value);
    if (++t->depth > JSON_MAX_DEPTH)
        return json_wrong(t, t->p, "json: nested deeper than 32");
    ok = *t->p == '{' ? skip_items(t, '}', "json: expected a comma or }")
                      : skip_items(t, ']', "json: expected a comma or ]");
    t->depth--;
    return ok;
}
