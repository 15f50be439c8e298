/*
 * engine_retire.c - days of which nothing is kept any more leave the ledger.
 *
 * A total that was begun anew for a day whose true one is gone would be a small number in the
 * place of a large one. So:
 *
 *   announce   from now on workers refuse records that begin before the day (e->oldest_day)
 *   wait       until each batch that may hold such a record is committed, folded and analysed
 *   retire     the ledger's floor moves to that day, and the totals below it go, in steps
 *
 * The floor is in the ledger and never moves back: neither a clock that is set back nor another
 * retention makes a day known again. A start that finds a floor refuses what lies below it at once.
 */
#include "civil.h"
#include "clock.h"
#include "engine_internal.h"
#include "log.h"

static int64_t
longest(const struct config_retention *r)
{
    const int64_t all[] = {r->quarter, r->day, r->people, r->feature_people, r->service, r->load};
    int64_t max = (int64_t)ANALYST_DAYS * DAY_SECONDS;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] == 0)
            return 0; /* for ever */
        max = all[i] > max ? all[i] : max;
    }
    return max;
}

/* The first day that the ledger has to know: the first of a month, because a month's key lives
 * until the retention after the month's end. A clock that runs ahead of all records is no reason
 * to forget them. 0: everything is kept. */
static int32_t
oldest_kept(const struct engine *e)
{
    int64_t keep = longest(&e->config->retention), now = clock_now();
    int64_t newest = ledger_state(e->ledger)->newest_record;
    int year, month, day;

    now = newest < now ? newest : now;
    if (e->config->clock_data || keep == 0 || now <= keep)
        return 0;
    civil_from_days(day_of(now - keep), &year, &month, &day);
    return days_from_civil(year, month, 1);
}

static void
announce(struct engine *e, int32_t day)
{
    char text[CIVIL_TEXT];

    pthread_mutex_lock(&e->lock);
    atomic_store(&e->oldest_day, day);
    /* Whatever is submitted later is worked on by somebody who knows of it. */
    e->retire_number = e->open->blocks ? e->open->number : e->open->number - 1;
    e->retire_seq = 0;
    pthread_mutex_unlock(&e->lock);
    log_info("totals_retire", "before=%s", format_day(text, day));
}

/* Is everything that may hold an older day where totals are made of it, and in the store? */
static bool
is_settled(struct engine *e)
{
    const struct ledger_state *s = ledger_state(e->ledger);
    bool settled;

    pthread_mutex_lock(&e->lock);
    settled = e->committed_number >= e->retire_number;
    if (settled && e->retire_seq == 0)
        e->retire_seq = s->last_batch;
    settled &= s->folded_batch >= e->retire_seq && e->analysed >= e->retire_seq;
    pthread_mutex_unlock(&e->lock);
    return settled;
}

void
engine_retire(struct engine *e)
{
    int32_t day = oldest_kept(e), floor = ledger_state(e->ledger)->floor;
    bool more = false;
    struct error err;
    enum status st;

    if (day > atomic_load(&e->oldest_day))
        announce(e, day);
    if (!is_settled(e))
        return;
    st = ledger_retire(e->ledger, atomic_load(&e->oldest_day), &more, &err);
    if (st == ST_IO || st == ST_CORRUPT)
        engine_die(e, st, "retire", &err);
    if (st != ST_OK)
        log_warn("expiry_postponed", "error=\"%s\"", err.text);
    engine_names_forget(e);
    if (ledger_state(e->ledger)->floor != floor)
        engine_publish_state(e);
}
