/*
 * route_export.c - GET /v1/export/CRM: customers as a file for that CRM (crm_export.h).
 */
#include <stdio.h>

#include "asked.h"
#include "crm_export.h"
#include "serve_internal.h"

#define BYTES_MOST (256u << 20)

static enum status
keep_part(void *arg, struct span part, struct error *err)
{
    struct buf *out = arg;

    if (out->n + part.n > BYTES_MOST)
        return fail(err, ST_FULL, "more than %u MiB: ask for one owner or segment",
                    BYTES_MOST >> 20);
    buf_span(out, part);
    return ST_OK;
}

static enum status
read_question(const struct reader *rd, const struct http_request *r, const struct crm **crm,
              struct crm_choice *choice, struct error *err)
{
    const struct asked_param params[] = {{"owner", &choice->owner}, {"segment", &choice->segment}};
    const char *name = "";
    enum status st = asked_query(r->query, params, sizeof params / sizeof *params, rd->memory, err);

    choice->viewer = rd->viewer;
    asked_path(EXPORT, r->path, rd->memory, &name);
    *crm = crm_find(name);
    if (st == ST_OK && !*crm)
        st =
            fail(err, ST_NOT_FOUND, "There is no export for \"%.40s\"; there is: " CRM_NAMES, name);
    return st;
}

void
route_export(struct reader *rd, struct http_request *r)
{
    const struct crm *crm;
    struct crm_choice choice = {0};
    struct buf out = {0};
    struct crm_sink sink = {keep_part, &out};
    struct error err;
    uint64_t rows;
    enum status st = read_question(rd, r, &crm, &choice, &err);

    if (st == ST_OK)
        st = crm_export(rd->store, crm, &choice, &sink, &rows, &err);
    if (st != ST_OK) {
        buf_clear(&out);
        reader_problem(r, &err);
        return;
    }
    reader_reply_csv(r, crm_name(crm), &out);
}
