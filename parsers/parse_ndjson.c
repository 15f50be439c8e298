/*
 * parse_ndjson.c - JSON, one object a line.
 *
 *   {"customer":"acme","start":"2026-03-01T09:00:00Z","duration":1800,"features":["video"]}
 *
 * Strict by RFC 8259; numbers keep their text, null and "" are absent, of a repeated key the
 * last counts. A bad line costs that line.
 */
#include "json_record.h"
#include "show.h"

static size_t
ndjson_cut(const struct format *f, struct span buf, size_t max_frame, bool eof)
{
    (void)f;
    return cut_lines(buf, max_frame, eof);
}

/* Some editors begin a file with this mark. */
static void
skip_mark(struct json_text *t)
{
    if (t->end - t->p >= 3 && memcmp(t->p, "\xEF\xBB\xBF", 3) == 0)
        t->p += 3;
}

/* Nearly all lines are an object from their first byte to their last. */
static enum status
ndjson_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
            struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
            struct error *err)
{
    struct json_text t = {.p = rest->p, .limit = rest->p + rest->n};
    bool object = *t.p == '{', good = object && json_record(&t, state, f, mem, out);
    const char *seen = t.end ? t.end : t.p; /* up to here there is no LF */
    enum status st =
        take_line(rest, memchr(seen, '\n', (size_t)(t.limit - seen)), max_frame, raw, err);

    (void)layout;
    if (st != ST_OK)
        return st;
    t.end = raw->p + raw->n;
    if (!object) {
        skip_mark(&t);
        json_space(&t);
        if (t.p == t.end)
            return ST_SKIP;
        object = *t.p == '{';
        good = object && json_record(&t, state, f, mem, out);
    }
    if (good) {
        json_space(&t);
        if (t.p == t.end)
            return ST_OK;
        t.why = "json: text after the object";
    } else if (!object) {
        t.why = "json: expected an object";
    }
    return fail_at(err, ST_BAD_INPUT, t.p - raw->p, "%s", t.why);
}

const struct parser_ops parser_ndjson = {
    .name = "ndjson",
    .summary = "JSON, one object a line",
    .prepare = json_paths_new,
    .release = json_paths_free,
    .open = json_worker_new,
    .close = json_worker_free,
    .wants_header = json_no_header,
    .read_header = json_read_header,
    .layout_free = json_layout_free,
    .cut = ndjson_cut,
    .next = ndjson_next,
    .show = show_json,
};
