/*
 * asked.c - queries, paths and wishes of requests.
 */
#include "asked.h"

#include "../../parsers/web_text.h"

static const struct asked_param *
find(const struct asked_param *params, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(name, params[i].name))
            return &params[i];
    return NULL;
}

static char *
ended(struct span s, struct arena *memory)
{
    char *text = arena_alloc(memory, s.n + 1);

    if (s.n)
        memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return text;
}

static enum status
refuse(struct span name, struct error *err)
{
    return fail(err, ST_BAD_INPUT, "\"%.*s\" is no parameter of this path",
                (int)(name.n < 40 ? name.n : 40), name.p);
}

enum status
asked_names(struct span query, bool (*known)(const void *arg, struct span name), const void *arg,
            struct error *err)
{
    struct span name, value;
    enum status st = ST_OK;
    struct arena memory;

    arena_init(&memory);
    while (st == ST_OK && web_form_next(&query, &memory, &name, &value))
        if (!known(arg, name))
            st = refuse(name, err);
    arena_clear(&memory);
    return st;
}

/* Where the value of a name goes. */
static enum status
place_of(struct span name, const struct asked_param *params, size_t count,
         const struct asked_list *lists, size_t list_count, const char ***out, struct error *err)
{
    const struct asked_param *p = find(params, count, name);

    if (p && *p->out)
        return fail(err, ST_BAD_INPUT, "%s is given twice", p->name);
    *out = p ? p->out : NULL;
    for (size_t i = 0; !p && i < list_count; i++) {
        size_t n = 0;

        if (!span_is(name, lists[i].name))
            continue;
        while (n < lists[i].most && lists[i].out[n])
            n++;
        if (n == lists[i].most)
            return fail(err, ST_BAD_INPUT, "%s is given more than %zu times", lists[i].name, n);
        *out = &lists[i].out[n];
    }
    return *out ? ST_OK : refuse(name, err);
}

enum status
asked_query_lists(struct span query, const struct asked_param *params, size_t count,
                  const struct asked_list *lists, size_t list_count, struct arena *memory,
                  struct error *err)
{
    struct span name, value;

    while (web_form_next(&query, memory, &name, &value)) {
        const char **out = NULL;
        enum status st = place_of(name, params, count, lists, list_count, &out, err);

        if (st != ST_OK)
            return st;
        if (!span_is_utf8(value) || span_has_control(value))
            return fail(err, ST_BAD_INPUT, "%.*s is no text", SPAN_ARG(name));
        *out = ended(value, memory);
    }
    return ST_OK;
}

enum status
asked_query(struct span query, const struct asked_param *params, size_t count, struct arena *memory,
            struct error *err)
{
    return asked_query_lists(query, params, count, NULL, 0, memory, err);
}

bool
asked_path(const char *pattern, struct span path, struct arena *memory, const char **id)
{
    const char *brace = strchr(pattern, '{'), *after;
    size_t before, behind, n;
    struct span value;

    if (!brace)
        return span_is(path, pattern);
    after = strchr(brace, '}') + 1;
    before = (size_t)(brace - pattern);
    behind = strlen(after);
    if (path.n <= before + behind || memcmp(path.p, pattern, before) != 0 ||
        memcmp(path.p + path.n - behind, after, behind) != 0)
        return false;
    n = path.n - before - behind;
    if (memchr(path.p + before, '/', n))
        return false;
    if (!memory)
        return true;
    value = web_decode(span_of(path.p + before, n), false, memory);
    *id = ended(value, memory);
    return true;
}

/* Where a type is named among those that are accepted; NULL: it is not. */
static const char *
accepted(const struct http_request *r, const char *type)
{
    struct span accept = http_request_field(r, "Accept");

    return accept.n ? memmem(accept.p, accept.n, type, strlen(type)) : NULL;
}

bool
asked_accepts_csv(const struct http_request *r)
{
    const char *csv = accepted(r, "text/csv"), *json = accepted(r, "json");

    return csv && (!json || csv < json);
}

enum status
asked_csv(const struct http_request *r, const char *format, bool *csv, struct error *err)
{
    *csv = format ? strcmp(format, "csv") == 0 : asked_accepts_csv(r);
    if (format && !*csv && strcmp(format, "json") != 0)
        return fail(err, ST_BAD_INPUT, "format \"%.20s\": expected json or csv", format);
    return ST_OK;
}

bool
asked_accepts_plain_metrics(const struct http_request *r)
{
    return accepted(r, "text/plain") && !accepted(r, "openmetrics");
}

bool
asked_accepts_gzip(const struct http_request *r)
{
    struct span rest = http_request_field(r, "Accept-Encoding");

    while (rest.n > 0) {
        const char *comma = memchr(rest.p, ',', rest.n);
        struct span one = span_of(rest.p, comma ? (size_t)(comma - rest.p) : rest.n), q;
        const char *semicolon = memchr(one.p, ';', one.n);

        q = semicolon ? span_of(semicolon, (size_t)(one.p + one.n - semicolon)) : span_of("", 0);
        if (semicolon)
            one.n = (size_t)(semicolon - one.p);
        if (span_eq_nocase(span_trim(one), span_str("gzip")))
            return !memmem(q.p, q.n, "q=0", 3) || memmem(q.p, q.n, "q=0.", 4);
        rest = comma ? span_of(comma + 1, (size_t)(rest.p + rest.n - comma - 1)) : span_of("", 0);
    }
    return false;
}

bool
asked_knows(const struct http_request *r, const char *etag)
{
    struct span tags = http_request_field(r, "If-None-Match");

    return memmem(tags.p, tags.n, etag, strlen(etag)) || span_is(tags, "*");
}
