/*
 * engine_names.c - bounds for the names that records bring: in all, and new ones in a minute.
 *
 * What the ledger knows is read by a thread of its own after the start, name by name, so that no
 * start waits for it; until it is through nothing is bounded. Afterwards the workers look at each
 * record's names only while the next few could be too many: else it is enough to take note of the
 * cells that they have made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "engine_internal.h"
#include "intake_part.h"
#include "log.h"

#define MINUTE_MS 60000

static enum status
remember(void *arg, enum cell_kind kind, struct span name, struct error *err)
{
    struct engine *e = arg;

    (void)err;
    if (name_kind_of(kind) != NAME_KINDS)
        names_add(e->names, name_kind_of(kind), name);
    return atomic_load(&e->names_stop) ? ST_RETRY : ST_OK;
}

static void *
load_main(void *arg)
{
    struct engine *e = arg;
    char *path = config_state_path(e->config, "ledger.db");
    struct ledger_reader *r = NULL;
    struct error err;
    enum status st;

    pthread_setname_np(pthread_self(), "names");
    st = ledger_reader_open(&r, path, &err);
    if (st == ST_OK)
        st = ledger_scan_names(r, remember, e, &err);
    if (st != ST_OK && !atomic_load(&e->names_stop))
        log_warn("names_not_read", "error=\"%s\" effect=\"known names count as new\"", err.text);
    atomic_store(&e->names_known, true);
    ledger_reader_close(r);
    free(path);
    return NULL;
}

/* What the log brought at the start is not among the ledger's totals yet. */
static void
take_log(struct engine *e)
{
    size_t count;
    struct cell **cells = totals_dirty(e->totals, &count);

    for (size_t i = 0; i < count; i++)
        remember(e, (enum cell_kind)cells[i]->kind, cells[i]->name, NULL);
    free(cells);
}

static void
forget(void *arg, enum cell_kind kind, struct span name)
{
    struct engine *e = arg;

    if (name_kind_of(kind) != NAME_KINDS)
        names_remove(e->names, name_kind_of(kind), name);
    ways_forget(e, kind, name); /* the ledger's are gone with the totals: it is noted again */
}

/* One that comes again just now has totals in memory, at the latest by the next call; if its batch
 * is open for longer, it is known again from the batch after that. */
void
engine_names_forget(struct engine *e)
{
    bool any = ledger_gone(e->ledger, forget, e);

    if (any || e->names_forgot)
        take_log(e);
    e->names_forgot = any;
}

void
engine_names_open(struct engine *e)
{
    const struct config_limits *l = &e->config->limits;
    const uint32_t most[NAME_KINDS] = {[NAME_CUSTOMER] = l->max_customers,
                                       [NAME_FEATURE] = l->max_features,
                                       [NAME_SERVICE] = l->max_services,
                                       [NAME_REGION] = l->max_regions};

    e->names = names_new(most);
    e->ways = names_new(most);
    take_log(e);
    if (!e->dry_run && pthread_create(&e->names_thread, NULL, load_main, e) == 0)
        e->names_loading = true;
    else
        atomic_store(&e->names_known, true);
}

void
engine_names_close(struct engine *e)
{
    atomic_store(&e->names_stop, true);
    if (e->names_loading)
        pthread_join(e->names_thread, NULL);
    names_free(e->names);
    names_free(e->ways);
}

/* --- in all --- */

bool
engine_names_tight(const struct engine *e, size_t records)
{
    uint64_t each = records * e->worker_count;
    const uint64_t more[NAME_KINDS] = {
        [NAME_CUSTOMER] = each,
        [NAME_FEATURE] = each * RECORD_MAX_FEATURES,
        [NAME_SERVICE] = each,
        [NAME_REGION] = each,
    };

    return atomic_load_explicit(&e->names_known, memory_order_acquire) &&
           names_tight(e->names, more);
}

static enum name_kind
name_kind_at(const struct cells *cells, size_t i)
{
    const struct cell *c = cells_at(cells, i);

    return c ? name_kind_of((enum cell_kind)c->kind) : NAME_KINDS;
}

/* Where names are noted is seldom in the processor's cache: all places are asked for before the
 * first is looked at. */
uint64_t
engine_names_take(struct engine *e, const struct cells *cells, size_t from)
{
    uint64_t added = 0;

    for (size_t i = from; i < cells_slots(cells); i++) {
        enum name_kind kind = name_kind_at(cells, i);

        if (kind != NAME_KINDS)
            names_prefetch(e->names, kind, cells_at(cells, i)->name);
    }
    for (size_t i = from; i < cells_slots(cells); i++) {
        enum name_kind kind = name_kind_at(cells, i);

        if (kind != NAME_KINDS)
            added += names_add(e->names, kind, cells_at(cells, i)->name);
    }
    return added;
}

static bool
admits(struct engine *e, enum name_kind kind, struct span name, struct names_answer *a)
{
    static const char *const words[NAME_KINDS] = {"customer", "feature", "service", "region"};

    if (names_admit(e->names, kind, name, &a->added))
        return true;
    snprintf(a->why, sizeof a->why, "%s: there are %u already, as many as limits.max_%ss allows",
             words[kind], names_most(e->names, kind), words[kind]);
    return false;
}

bool
engine_names_admit(struct engine *e, const struct record *r, struct names_answer *a)
{
    if (r->kind == KIND_CONTACT)
        return admits(e, NAME_SERVICE, r->text[FIELD_SERVICE], a);
    if (r->has & FIELD_BIT(FIELD_CUSTOMER) && !admits(e, NAME_CUSTOMER, r->text[FIELD_CUSTOMER], a))
        return false;
    if (r->kind != KIND_FEATURE && (r->has & FIELD_BIT(FIELD_REGION)) &&
        r->text[FIELD_REGION].n > 0 && !admits(e, NAME_REGION, r->text[FIELD_REGION], a))
        return false;
    for (uint32_t i = 0; i < r->feature_count; i++)
        if (!admits(e, NAME_FEATURE, r->features[i], a))
            return false;
    return true;
}

void
engine_names_status(const struct engine *e, struct engine_status *out)
{
    out->names_known = atomic_load(&e->names_known);
    out->customers = names_count(e->names, NAME_CUSTOMER);
    out->features = names_count(e->names, NAME_FEATURE);
    out->services = names_count(e->names, NAME_SERVICE);
    out->regions = names_count(e->names, NAME_REGION);
}

/* --- in a minute --- */

void
engine_names_note(struct engine *e, struct feed_state *f, uint64_t new_names)
{
    int64_t now = clock_mono_ms();

    if (!new_names || !f->push || !atomic_load(&e->names_known))
        return;
    pthread_mutex_lock(&f->lock);
    if (now - f->names_since_ms >= MINUTE_MS) {
        f->names_since_ms = now;
        f->new_names = 0;
    }
    f->new_names += new_names;
    if (f->new_names >= e->config->limits.max_new_names &&
        f->new_names - new_names < e->config->limits.max_new_names)
        log_warn("too_many_new_names",
                 "input=%s names=%llu action=\"nothing is taken until the minute is over\"",
                 f->input, (unsigned long long)f->new_names);
    pthread_mutex_unlock(&f->lock);
}

int64_t
engine_names_wait_ms(const struct engine *e, struct feed_state *f)
{
    int64_t left = 0;

    if (!f->push)
        return 0;
    pthread_mutex_lock(&f->lock);
    if (f->new_names >= e->config->limits.max_new_names)
        left = f->names_since_ms + MINUTE_MS - clock_mono_ms();
    pthread_mutex_unlock(&f->lock);
    return left > 0 ? left : 0;
}

int64_t
source_wait_ms(const struct source *s)
{
    return engine_names_wait_ms(s->engine, s->feed);
}
