/*
 * matching.c - does a feed's format still match what comes?
 */
#include "matching.h"

#include <stdio.h>
#include <string.h>

#define MINUTE        60
#define NEARLY_ALL    0.9
#define NEARLY_ALL_OF 10   /* records are enough where so many match */
#define STOPS_BELOW   0.25 /* of what should have matched, */
#define GOES_ON_ABOVE 0.5  /* and this */
#define SLOWEST       8    /* windows by which the past goes along */

/* --- reasons --- */

/* The table keeps what comes often: a new reason takes the place of the rarest, and its number. */
void
matching_reason(struct matching *m, const char *why)
{
    size_t rarest = 0, i;

    for (i = 0; i < MATCHING_REASONS; i++) {
        if (m->reasons[i].records == 0 || strncmp(m->reasons[i].why, why, MATCHING_WHY - 1) == 0)
            break;
        if (m->reasons[i].records < m->reasons[rarest].records)
            rarest = i;
    }
    if (i == MATCHING_REASONS)
        i = rarest;
    snprintf(m->reasons[i].why, MATCHING_WHY, "%s", why);
    m->reasons[i].records++;
}

const char *
matching_commonest(const struct matching *m)
{
    size_t most = 0;

    for (size_t i = 1; i < MATCHING_REASONS; i++)
        if (m->reasons[i].records > m->reasons[most].records)
            most = i;
    return m->reasons[most].why;
}

/* --- windows --- */

/* Is it so many that a quarter of what should match could not be chance? */
static bool
can_tell(const struct matching *m)
{
    return m->past * (double)m->records >= MATCHING_EXPECTED ||
           (m->past >= NEARLY_ALL && m->records >= NEARLY_ALL_OF);
}

static bool
is_enough(const struct matching *m, int64_t now)
{
    if (m->windows == 0)
        return m->records >= MATCHING_FIRST;
    return m->records >= MATCHING_WINDOW || (now - m->began >= MINUTE && can_tell(m));
}

/* The first windows make the past, later ones take it along slowly. */
static void
learn(struct matching *m, double share)
{
    if (m->windows < SLOWEST)
        m->windows++;
    m->past += (share - m->past) / m->windows;
}

static void
stop(struct matching *m, double share)
{
    m->since = m->began;
    m->share = share;
}

static void
judge(struct matching *m, double share)
{
    if (m->windows == 0 && share == 0 && !m->ever) {
        stop(m, share); /* and past, 0, is all that is known */
        m->windows = 1;
    } else if (m->since == 0 && can_tell(m) && share <= m->past * STOPS_BELOW) {
        stop(m, share);
    } else if (m->since == 0 || (m->past > 0 && share >= m->past * GOES_ON_ABOVE)) {
        m->since = 0;
        learn(m, share);
    }
}

void
matching_note(struct matching *m, uint64_t records, uint64_t matched, int64_t now)
{
    if (records == 0)
        return;
    if (m->records == 0)
        m->began = now;
    m->records += records;
    m->matched += matched;
    m->ever |= matched > 0;
    if (m->since && m->past == 0 && matched > 0) {
        *m = (struct matching){.ever = true}; /* what its past is like is yet to be seen */
        return;
    }
    if (!is_enough(m, now))
        return;
    judge(m, (double)m->matched / (double)m->records);
    m->records = m->matched = 0;
    if (!m->since)
        memset(m->reasons, 0, sizeof m->reasons);
}
