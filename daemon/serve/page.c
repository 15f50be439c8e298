/*
 * page.c - the web page: which paths are its, and their answers.
 *
 * Every view has a path of its own and all of them are one document, which fetches /page/NAME. The
 * files hold no data, so anybody who may connect gets them; what they show comes from /v1.
 */
#include "page.h"

#include "body.h"
#include "serve_internal.h"

#define FOLDER "/page/"

/* The page runs nothing but its own files and talks to nobody but this server. */
static const char policy[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\r\n"
    "Referrer-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n";

/* app.js has a row for each, too. */
static const char *const views[] = {"/",         "/staffing", "/features", "/customers",
                                    "/customer", "/segments", "/signals"};

static const struct page_file *
file_named(struct span name)
{
    for (size_t i = 0; i < page_file_count; i++)
        if (span_is(name, page_files[i].name))
            return &page_files[i];
    return NULL;
}

static const struct page_file *
file_of(struct span path)
{
    size_t n = sizeof FOLDER - 1;

    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (span_is(path, views[i]))
            return file_named(span_str("index.html"));
    if (path.n <= n || memcmp(path.p, FOLDER, n) != 0)
        return NULL;
    return file_named(span_of(path.p + n, path.n - n));
}

bool
page_has(struct span path)
{
    return file_of(path) != NULL;
}

/* "gzip" among what it accepts; without regard to preferences, but "q=0" is a no. */
static bool
takes_gzip(const struct http_request *r)
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

static bool
has_it(const struct http_request *r, const char *etag)
{
    struct span tags = http_request_field(r, "If-None-Match");

    return memmem(tags.p, tags.n, etag, strlen(etag)) || span_is(tags, "*");
}

void
page_request(struct http_request *r)
{
    const struct page_file *f = file_of(r->path);
    static const struct unpack_limits any = {1u << 24, 1000};
    struct buf body = {0}, extra = {0};
    bool packed = takes_gzip(r), known = has_it(r, f->etag);
    struct error err;

    buf_printf(&extra, "ETag: %s\r\nCache-Control: no-cache\r\nVary: Accept-Encoding\r\n", f->etag);
    if (strncmp(f->type, "text/html", 9) == 0)
        buf_str(&extra, policy);
    if (packed && !known)
        buf_str(&extra, "Content-Encoding: gzip\r\n");
    if (!known)
        buf_add(&body, f->gzip, f->size);
    if (!known && !packed && body_unpack(&body, CODING_GZIP, &any, &err) != ST_OK)
        http_problem(r, 500, NULL, "%s: %s", f->name, err.text);
    else
        http_reply(r, known ? 304 : 200, f->type, &body, extra.p);
    buf_clear(&extra);
    buf_clear(&body);
}
