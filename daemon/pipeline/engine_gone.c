/*
 * engine_gone.c - positions in files that are gone, or were imported, are forgotten, once they
 * guard nothing.
 *
 * A file that is read again from its beginning counts twice what its position would have kept
 * from being read. That cannot be any more when the position last moved before the ledger's floor:
 * whatever had been read by then began before the floor, and such records are refused. So a file
 * may even turn up again.
 */
#include <stdlib.h>

#include "civil.h"
#include "engine_internal.h"
#include "log.h"

#define AT_ONCE     200
#define MARGIN_DAYS 31 /* a day's audits are one row, also where the clock was set back in it */

void
engine_forget_gone(struct engine *e, const char *input,
                   bool (*gone)(void *arg, const struct cursor *c), void *arg)
{
    pthread_mutex_lock(&e->lock);
    for (struct checkpoint *p = e->checkpoints; p; p = p->next)
        if (strcmp(p->input, input) == 0 && gone(arg, &p->cursor))
            p->gone = e->files_gone = true;
    pthread_mutex_unlock(&e->lock);
}

static bool
wherever_it_is(void *arg, const struct cursor *c)
{
    (void)arg, (void)c;
    return true;
}

/* When the floor has moved: what is not idle by it now will not be before it moves again. */
static void
ask_of_imports(struct engine *e)
{
    int32_t floor = ledger_state(e->ledger)->floor;

    if (floor != e->imports_asked)
        engine_forget_gone(e, IMPORT_INPUT, wherever_it_is, NULL);
    e->imports_asked = floor;
}

struct going {
    char input[64];
    struct cursor_row row;
    bool idle;
};

static size_t
collect(struct engine *e, struct going *out)
{
    size_t n = 0;

    pthread_mutex_lock(&e->lock);
    for (struct checkpoint *p = e->files_gone ? e->checkpoints : NULL; p && n < AT_ONCE;
         p = p->next)
        if (p->gone) {
            memcpy(out[n].input, p->input, sizeof out[n].input);
            out[n].row = (struct cursor_row){.input = out[n].input, .cursor = p->cursor};
            out[n++].idle = false;
        }
    e->files_gone &= n == AT_ONCE;
    pthread_mutex_unlock(&e->lock);
    return n;
}

/* Batches up to this one were committed before anything that the ledger may still count began. */
static enum status
find_last(struct engine *e, uint64_t *upto, struct error *err)
{
    int64_t floor = (int64_t)ledger_state(e->ledger)->floor - MARGIN_DAYS;

    floor = floor * DAY_SECONDS - e->config->limits.max_future;
    return ledger_last_before(e->ledger, floor * 1000000, upto, err);
}

/* Out of memory go those that are idle. What has moved since it was said to be gone is not, and
 * the others are asked about another time. */
static size_t
take_out(struct engine *e, struct going *g, size_t count)
{
    size_t n = 0;

    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < count; i++) {
        struct checkpoint *p = engine_find_checkpoint(e, g[i].input, g[i].row.cursor.identity);

        g[i].idle &= p && p->gone;
        if (p)
            p->gone = false;
        if (!g[i].idle)
            continue;
        engine_remove_checkpoint(e, p);
        g[n++] = g[i];
        g[n - 1].row.input = g[n - 1].input;
    }
    pthread_mutex_unlock(&e->lock);
    return n;
}

static void
put_back(struct engine *e, const struct going *g, size_t count)
{
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < count; i++)
        if (!engine_find_checkpoint(e, g[i].input, g[i].row.cursor.identity))
            engine_note_checkpoint(e, g[i].input, &g[i].row.cursor, NULL);
    pthread_mutex_unlock(&e->lock);
}

static enum status
forget(struct engine *e, struct going *g, size_t count, struct error *err)
{
    struct cursor_row rows[AT_ONCE];
    uint64_t upto;
    enum status st = find_last(e, &upto, err);

    for (size_t i = 0; i < count && st == ST_OK && upto > 0; i++)
        st = ledger_is_idle(e->ledger, &g[i].row, upto, &g[i].idle, err);
    count = take_out(e, g, st == ST_OK ? count : 0);
    for (size_t i = 0; i < count; i++)
        rows[i] = g[i].row;
    if (count == 0)
        return st;
    st = ledger_forget_checkpoints(e->ledger, rows, count, err);
    if (st == ST_OK)
        log_info("checkpoints_forgotten", "files=%zu", count);
    else
        put_back(e, g, count);
    return st;
}

void
engine_forget_files(struct engine *e)
{
    struct going *g = xcalloc(AT_ONCE, sizeof *g);
    struct error err;
    enum status st = ST_OK;
    size_t count;

    ask_of_imports(e);
    count = collect(e, g);
    if (count)
        st = forget(e, g, count, &err);
    if (st == ST_IO || st == ST_CORRUPT)
        engine_die(e, st, "forget", &err);
    if (st != ST_OK)
        log_warn("expiry_postponed", "error=\"%s\"", err.text);
    free(g);
}
