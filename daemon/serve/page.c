/*
 * page.c - the web page: which paths are its, and their answers.
 *
 * Every view has a path of its own and all of them are one document, which fetches /page/NAME. The
 * files hold no data, so anybody who may connect gets them; what they show comes from /v1.
 */
#include "page.h"

#include "asked.h"
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

void
page_request(struct http_request *r)
{
    const struct page_file *f = file_of(r->path);
    static const struct unpack_limits any = {1u << 24, 1000};
    struct buf body = {0}, extra = {0};
    bool packed = asked_accepts_gzip(r), known = asked_knows(r, f->etag);
    struct error err;

    buf_printf(&extra, "ETag: %s\r\nCache-Control: no-cache\r\nVary: Accept-Encoding\r\n", f->etag);
    if (strncmp(f->type, "text/html", 9) == 0)
        buf_str(&extra, policy);
    if (strcmp(f->name, "worker.js") == 0) /* sees to all views, which lie a folder above it */
        buf_str(&extra, "Service-Worker-Allowed: ..\r\n");
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
