/*
 * json_read.c - strict JSON into a tree in an arena.
 */
#include "json_read.h"

#include <stdlib.h>

struct reader {
    const char *p, *end, *start;
    struct arena *mem;
    struct error *err;
    unsigned depth, max_depth;
    size_t values, max_values;
    bool repeats; /* a key may come again */
    bool raw;     /* strings were not escaped */
};

static enum status read_value(struct reader *r, struct json_value *out);

static enum status
refuse(struct reader *r, const char *why)
{
    return fail_at(r->err, ST_BAD_INPUT, (long)(r->p - r->start), "not JSON: %s", why);
}

static void
skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool
take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static bool
read_hex4(struct reader *r, unsigned *out)
{
    unsigned v = 0;

    if (r->end - r->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *r->p++;

        if (c >= '0' && c <= '9')
            v = v << 4 | (unsigned)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v << 4 | (unsigned)((c | 32) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

static size_t
put_utf8(char *out, unsigned code)
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (n == 1) {
        out[0] = (char)code;
        return 1;
    }
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[n] | code);
    return n;
}

/* After "\u". A high surrogate must be followed by a low one (RFC 8259 section 7). */
static bool
read_unicode(struct reader *r, char *out, size_t *n)
{
    unsigned code, low;

    if (!read_hex4(r, &code) || code == 0 || (code >= 0xDC00 && code <= 0xDFFF))
        return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (!take(r, '\\') || !take(r, 'u') || !read_hex4(r, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *n += put_utf8(out + *n, code);
    return true;
}

static bool
read_escape(struct reader *r, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at;

    if (r->p == r->end)
        return false;
    if (take(r, 'u'))
        return read_unicode(r, out, n);
    at = memchr(from, *r->p, sizeof from - 1);
    if (!at)
        return false;
    r->p++;
    out[(*n)++] = to[at - from];
    return true;
}

/* Of strings that nobody escaped a quote is the end only where something may follow a string. */
static const char *
raw_close(const struct reader *r, const char *p)
{
    for (; p < r->end; p++) {
        const char *next = p + 1;

        if (*p == '\\' && next < r->end)
            p++;
        if (*p != '"' || p + 1 != next)
            continue;
        while (next < r->end && strchr(" \t\r\n", *next) && *next)
            next++;
        if (next == r->end || (*next && strchr(",:}]", *next)))
            break;
    }
    return p;
}

static enum status
read_raw_string(struct reader *r, struct span *out)
{
    const char *close = raw_close(r, ++r->p);
    char *text;
    size_t n = 0;

    if (close >= r->end)
        return refuse(r, "a string does not end");
    text = arena_alloc(r->mem, (size_t)(close - r->p) + 1);
    while (r->p < close) {
        const char *from = r->p;

        if (*r->p++ == '\\' && read_escape(r, text, &n) && r->p <= close)
            continue;
        r->p = from + 1; /* no escape: a byte as any other */
        text[n++] = *from;
    }
    r->p = close + 1;
    text[n] = '\0';
    *out = span_of(text, n);
    return ST_OK;
}

/* At the opening quote. Escapes only shrink, so the raw length is room enough. */
static enum status
read_string(struct reader *r, struct span *out)
{
    const char *close;
    char *text;
    size_t n = 0;

    if (r->raw)
        return read_raw_string(r, out);
    close = ++r->p;
    while (close < r->end && *close != '"')
        close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    if (close >= r->end)
        return refuse(r, "a string does not end");
    text = arena_alloc(r->mem, (size_t)(close - r->p) + 1);
    while (r->p < close) {
        unsigned char c = (unsigned char)*r->p++;

        if (c < 0x20)
            return refuse(r, "a control character in a string");
        if (c != '\\')
            text[n++] = (char)c;
        else if (!read_escape(r, text, &n))
            return refuse(r, "a wrong escape");
    }
    r->p = close + 1;
    text[n] = '\0';
    *out = span_of(text, n);
    return span_is_utf8(*out) ? ST_OK : refuse(r, "a string is not UTF-8");
}

static bool
read_digits(struct reader *r)
{
    const char *from = r->p;

    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > from;
}

static enum status
read_number(struct reader *r, struct span *out)
{
    const char *from = r->p;
    bool ok;

    take(r, '-');
    ok = take(r, '0') || read_digits(r);
    if (ok && take(r, '.'))
        ok = read_digits(r);
    if (ok && (take(r, 'e') || take(r, 'E'))) {
        if (!take(r, '+'))
            take(r, '-');
        ok = read_digits(r);
    }
    if (!ok)
        return refuse(r, "a wrong number or word");
    *out = arena_copy(r->mem, span_of(from, (size_t)(r->p - from)));
    return ST_OK;
}

static bool
read_word(struct reader *r, struct json_value *out)
{
    static const struct {
        const char *word;
        enum json_type type;
        bool truth;
    } words[] = {
        {"true", JSON_BOOL, true}, {"false", JSON_BOOL, false}, {"null", JSON_NULL, false}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);

        if ((size_t)(r->end - r->p) < n || memcmp(r->p, words[i].word, n) != 0)
            continue;
        r->p += n;
        out->type = words[i].type;
        out->truth = words[i].truth;
        return true;
    }
    return false;
}

static bool
has_key(const struct json_value *object, struct span key)
{
    for (const struct json_value *v = object->first; v; v = v->next)
        if (span_eq(v->key, key))
            return true;
    return false;
}

static enum status
read_key(struct reader *r, const struct json_value *object, struct span *key)
{
    enum status st;

    skip_blanks(r);
    if (r->p == r->end || *r->p != '"')
        return refuse(r, "a key is missing");
    st = read_string(r, key);
    if (st != ST_OK)
        return st;
    if (!r->repeats && has_key(object, *key))
        return refuse(r, "a key appears twice");
    skip_blanks(r);
    return take(r, ':') ? ST_OK : refuse(r, "a colon is missing");
}

/* After the opening bracket. */
static enum status
read_members(struct reader *r, struct json_value *out, char close)
{
    struct json_value **tail = &out->first;
    enum status st = ST_OK;

    skip_blanks(r);
    if (take(r, close))
        return ST_OK;
    do {
        struct json_value *v = arena_alloc(r->mem, sizeof *v);

        memset(v, 0, sizeof *v);
        if (close == '}')
            st = read_key(r, out, &v->key);
        if (st == ST_OK)
            st = read_value(r, v);
        if (st != ST_OK)
            return st;
        *tail = v;
        tail = &v->next;
        skip_blanks(r);
    } while (take(r, ','));
    return take(r, close) ? ST_OK : refuse(r, "a comma or closing bracket is missing");
}

static enum status
read_value(struct reader *r, struct json_value *out)
{
    enum status st;

    skip_blanks(r);
    if (r->p == r->end)
        return refuse(r, "it ends too early");
    if (++r->values > r->max_values)
        return refuse(r, "too many values");
    if (*r->p == '"') {
        out->type = JSON_STRING;
        return read_string(r, &out->text);
    }
    if (*r->p == '{' || *r->p == '[') {
        bool object = *r->p++ == '{';

        if (++r->depth > r->max_depth)
            return refuse(r, "nested too deeply");
        out->type = object ? JSON_OBJECT : JSON_ARRAY;
        st = read_members(r, out, object ? '}' : ']');
        r->depth--;
        return st;
    }
    if (read_word(r, out))
        return ST_OK;
    out->type = JSON_NUMBER;
    return read_number(r, &out->text);
}

static enum status
read_all(struct reader *r, struct json_value **out)
{
    struct json_value *v = arena_alloc(r->mem, sizeof *v);
    enum status st;

    memset(v, 0, sizeof *v);
    st = read_value(r, v);
    if (st != ST_OK)
        return st;
    skip_blanks(r);
    if (r->p != r->end)
        return refuse(r, "something follows the value");
    *out = v;
    return ST_OK;
}

enum status
json_parse(struct span text, struct arena *mem, struct json_value **out, struct error *err)
{
    struct reader r = {.p = text.p,
                       .end = text.p + text.n,
                       .start = text.p,
                       .mem = mem,
                       .err = err,
                       .max_depth = JSON_READ_DEPTH,
                       .max_values = SIZE_MAX};

    return read_all(&r, out);
}

static enum status
parse_foreign(struct span text, bool raw, struct arena *mem, struct json_value **out,
              struct error *err)
{
    struct reader r = {.p = text.p,
                       .end = text.p + text.n,
                       .start = text.p,
                       .mem = mem,
                       .err = err,
                       .max_depth = JSON_READ_FOREIGN_DEPTH,
                       .max_values = JSON_READ_FOREIGN_VALUES,
                       .repeats = true,
                       .raw = raw};

    return read_all(&r, out);
}

enum status
json_parse_foreign(struct span text, struct arena *mem, struct json_value **out, struct error *err)
{
    return parse_foreign(text, false, mem, out, err);
}

enum status
json_parse_unescaped(struct span text, struct arena *mem, struct json_value **out,
                     struct error *err)
{
    return parse_foreign(text, true, mem, out, err);
}

const struct json_value *
json_find(const struct json_value *v, const char *key)
{
    if (!v || v->type != JSON_OBJECT)
        return NULL;
    for (v = v->first; v; v = v->next)
        if (span_is(v->key, key))
            return v;
    return NULL;
}

static const struct json_value *
find_typed(const struct json_value *v, const char *key, enum json_type type)
{
    v = json_find(v, key);
    return v && v->type == type ? v : NULL;
}

const char *
json_get_text(const struct json_value *v, const char *key, const char *otherwise)
{
    v = find_typed(v, key, JSON_STRING);
    return v ? v->text.p : otherwise;
}

int64_t
json_get_i64(const struct json_value *v, const char *key, int64_t otherwise)
{
    int64_t out;

    v = find_typed(v, key, JSON_NUMBER);
    return v && span_to_i64(v->text, &out) ? out : otherwise;
}

bool
json_get_bool(const struct json_value *v, const char *key, bool otherwise)
{
    v = find_typed(v, key, JSON_BOOL);
    return v ? v->truth : otherwise;
}
