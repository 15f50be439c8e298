/*
 * guess_map.c - which column is what: by its name, and by the look of its values.
 */
#include <stdio.h>

#include "clock.h"
#include "guess.h"

/* Names as systems write them, in small letters and digits only; the first fits best. */
static const struct {
    enum field field;
    const char *names;
} known[] = {
    {FIELD_START, "start starttime startdatetime startedat started begin begintime jointime joined "
                  "joinedat connecttime calldate setuptime answertime timestamp datetime time when "
                  "createdat date from"},
    {FIELD_END, "end endtime enddatetime endedat ended stop stoptime leavetime left leftat "
                "disconnecttime releasetime hanguptime finish until to"},
    {FIELD_DURATION, "duration durationsec durationseconds durationsecs durationms durationminutes "
                     "durationmin billsec secs seconds talktime callduration length elapsed "
                     "minutes mins"},
    {FIELD_CUSTOMER,
     "customer customerid customername client clientid clientname account accountid "
     "accountcode accountname tenant tenantid company companyname organization "
     "organisation org orgid subscriber billing cust"},
    {FIELD_ID, "id callid recordid legid uuid guid cdrid uniqueid globalcallid"},
    {FIELD_CONFERENCE,
     "conference conferenceid confid conferencenumber conf meeting meetingid room "
     "roomid bridge bridgeid session sessionid"},
    {FIELD_CONFERENCE_NAME, "conferencename meetingname roomname topic subject title"},
    {FIELD_PARTICIPANT, "participant participantid caller callerid callernumber callingnumber ani "
                        "src user userid email useremail phone phonenumber number who"},
    {FIELD_PARTICIPANT_NAME, "participantname callername username displayname name"},
    {FIELD_OUTCOME, "outcome result disposition status callstatus"},
    {FIELD_CAUSE, "cause hangupcause disconnectreason disconnectcause"},
    {FIELD_FEATURES, "features feature usedfeatures used"},
    {FIELD_WAIT, "wait waittime waiting queuetime"},
    {FIELD_HANDLE, "handle handletime servicetime"},
    {FIELD_AGENT, "agent agentid agentname operator"},
    {FIELD_SERVICE, "service servicetype queue queuename skill"},
    {FIELD_REGION, "region site location country"},
    {FIELD_MEDIA, "media mediatype codec"},
    {FIELD_DIRECTION, "direction calldirection"},
};
#define KNOWN (sizeof known / sizeof known[0])

/* --- names --- */

/* "Start Time" and "start_time" are "starttime". */
static void
fold(struct span name, char out[64])
{
    size_t n = 0;

    for (size_t i = 0; i < name.n && n < 63; i++) {
        char c = name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
    }
    out[n] = '\0';
}

/* How far down the list a name stands, from 1; 0: it is not there. */
static unsigned
rank_in(const char *names, const char *name)
{
    size_t length = strlen(name);
    unsigned rank = 1;

    for (; *names && length > 0; rank++) {
        size_t n = strcspn(names, " ");

        if (n == length && memcmp(names, name, n) == 0)
            return rank;
        names += n + (names[n] == ' ');
    }
    return 0;
}

/* Less is better; the end of a path counts less than the whole. 0: not by name. */
static unsigned
name_rank(const struct guess_column *c, const char *names)
{
    char text[64];
    unsigned rank;

    fold(c->name, text);
    rank = rank_in(names, text);
    if (rank)
        return rank;
    for (size_t i = 0; i < c->name.n; i++) {
        if (!strchr("./@", c->name.p[i]))
            continue;
        fold(span_of(c->name.p + i, c->name.n - i), text);
        rank = rank_in(names, text);
        if (rank)
            return rank + 4;
    }
    return 0;
}

/* --- looks --- */

static const char *const patterns[] = {
    NULL,
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%Y%m%d %H%M%S",
    "%Y%m%d %H%M",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
};
#define PATTERNS  (sizeof patterns / sizeof patterns[0])
#define YEAR_2000 INT64_C(946684800)

/* All of them are such times, of this century and not to come. */
static bool
are_times(const char *pattern, const struct span *values, size_t count, bool *floating)
{
    int64_t utc, latest = clock_now() + 366 * 86400;
    bool one = false;

    *floating = false;
    for (size_t i = 0; i < count; i++) {
        if (!format_reads_time(pattern, values[i], &utc, &one) || utc < YEAR_2000 || utc > latest)
            return false;
        *floating |= one;
    }
    return count > 0;
}

static bool
are_numbers(const struct guess_column *c)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->values[i].n; k++)
            if (!strchr("0123456789.", c->values[i].p[k]))
                return false;
    return c->count > 0;
}

static bool
are_clocks(const struct guess_column *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!memchr(c->values[i].p, ':', c->values[i].n))
            return false;
        for (size_t k = 0; k < c->values[i].n; k++)
            if (!strchr("0123456789.:", c->values[i].p[k]))
                return false;
    }
    return c->count > 0;
}

/* Names, not each another one, and not numbers: somebody who comes again. */
static bool
come_again(const struct guess_column *c)
{
    size_t fresh = 0;

    for (size_t i = 0; i < c->count; i++) {
        size_t k = 0;

        while (k < i && !span_eq(c->values[k], c->values[i]))
            k++;
        fresh += k == i;
    }
    return c->count > 1 && fresh * 3 <= c->count * 2 && !are_numbers(c) && !are_clocks(c);
}

/* --- finding --- */

static bool
may_be(const struct guess *g, const struct guess_column *c, enum field field)
{
    bool floating;

    if (c->taken || c->count == 0)
        return false;
    if (field == FIELD_START || field == FIELD_END)
        return are_times(g->opt.time_format, c->values, c->count, &floating);
    if (field == FIELD_DURATION || field == FIELD_WAIT || field == FIELD_HANDLE)
        return are_numbers(c) || are_clocks(c);
    return true;
}

static struct guess_column *
by_name(struct guess *g, enum field field)
{
    struct guess_column *best = NULL;
    unsigned best_rank = UINT32_MAX;
    const char *names = "";

    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].field == field)
            names = known[i].names;
    for (size_t i = 0; i < g->column_count; i++) {
        unsigned rank = name_rank(&g->column[i], names);

        if (rank > 0 && rank < best_rank && may_be(g, &g->column[i], field)) {
            best = &g->column[i];
            best_rank = rank;
        }
    }
    return best;
}

static void
feed(struct guess *g, struct guess_column *c, enum field field)
{
    if (g->maps + 1 >= sizeof g->map / sizeof g->map[0])
        return;
    g->map[g->maps++] = guess_print(g, "%s=%.*s", field_name(field), SPAN_ARG(c->name));
    c->taken = true;
}

/* --- times --- */

/* The pattern that fits most columns whole; the number of them, of which *first is one. */
static size_t
choose_pattern(struct guess *g, struct guess_column **first)
{
    size_t most = 0;

    for (size_t p = 0; p < PATTERNS; p++) {
        struct guess_column *one = NULL;
        size_t fitting = 0;
        bool floating;

        for (size_t i = g->column_count; i-- > 0;)
            if (are_times(patterns[p], g->column[i].values, g->column[i].count, &floating)) {
                fitting++;
                one = &g->column[i];
            }
        if (fitting > most) {
            most = fitting;
            *first = one;
            g->opt.time_format = patterns[p];
        }
    }
    return most;
}

/* "2026-03-01" in one column and "09:00:00" in the next one. */
static bool
join_date_and_time(struct guess *g)
{
    for (size_t i = 0; i + 1 < g->column_count; i++) {
        struct guess_column *d = &g->column[i], *t = &g->column[i + 1];
        size_t n = d->count < t->count ? d->count : t->count;
        struct span texts[GUESS_SAMPLES];
        bool floating;

        for (size_t k = 0; k < n; k++)
            texts[k] = span_str(
                guess_print(g, "%.*s %.*s", SPAN_ARG(d->values[k]), SPAN_ARG(t->values[k])));
        for (size_t p = 1; p < PATTERNS; p++) {
            if (!strchr(patterns[p], ' ') || !are_times(patterns[p], texts, n, &floating))
                continue;
            g->opt.time_format = patterns[p];
            g->join[0] = guess_print(g, "start=%.*s+%.*s", SPAN_ARG(d->name), SPAN_ARG(t->name));
            g->opt.join = g->join;
            d->taken = t->taken = true;
            return true;
        }
    }
    return false;
}

static bool
find_start(struct guess *g)
{
    struct guess_column *first = NULL, *named;
    bool floating = true;

    if (choose_pattern(g, &first) == 0) {
        if (!join_date_and_time(g))
            return false;
    } else {
        named = by_name(g, FIELD_START);
        first = named ? named : first;
        are_times(g->opt.time_format, first->values, first->count, &floating);
        feed(g, first, FIELD_START);
    }
    if (floating) {
        g->opt.timezone = "UTC";
        buf_str(&g->notes,
                "# Times carry no offset: timezone is to be where the sender's clock is.\n");
    }
    if (g->opt.time_format && strstr(g->opt.time_format, "/%Y"))
        buf_str(&g->notes, "# Look whether the day stands before the month.\n");
    return true;
}

/* --- the others --- */

/* The only column of lengths such as "00:10:00"; NULL: there is none, or several. */
static struct guess_column *
lone_clock(struct guess *g)
{
    struct guess_column *found = NULL;

    for (size_t i = 0; i < g->column_count; i++) {
        if (g->column[i].taken || !are_clocks(&g->column[i]))
            continue;
        if (found)
            return NULL;
        found = &g->column[i];
    }
    return found;
}

static void
find_length(struct guess *g, enum field field)
{
    struct guess_column *c = by_name(g, field);
    const char *unit = NULL;
    char name[64];

    if (!c && field == FIELD_DURATION)
        c = lone_clock(g);
    if (!c)
        return;
    fold(c->name, name);
    if (are_clocks(c))
        unit = "clock";
    else if (strlen(name) > 2 && strcmp(name + strlen(name) - 2, "ms") == 0)
        unit = "milliseconds";
    else if (strstr(name, "min"))
        unit = "minutes";
    feed(g, c, field);
    if (unit && g->unit_count < 3) {
        g->units[g->unit_count++] = guess_print(g, "%s=%s", field_name(field), unit);
        g->opt.units = g->units;
    }
}

static void
find_customer(struct guess *g)
{
    struct guess_column *c = by_name(g, FIELD_CUSTOMER);

    for (size_t i = 0; i < g->column_count && !c; i++)
        if (!g->column[i].taken && come_again(&g->column[i])) {
            c = &g->column[i];
            buf_printf(&g->notes,
                       "# No column is called like a customer; \"%.*s\" has names that come "
                       "again.\n",
                       SPAN_ARG(c->name));
        }
    if (c) {
        feed(g, c, FIELD_CUSTOMER);
        return;
    }
    g->defaults[0] = "customer=unknown";
    g->opt.defaults = g->defaults;
    buf_str(&g->notes,
            "# No column looks like a customer: map one, or let the customer list find it by\n"
            "# participant and take the default away.\n");
}

static const char *const outcome_words_known =
    "ok failed rejected abandoned completed complete answered success successful normal dropped "
    "busy "
    "noanswer cancelled canceled full denied error failure fail congestion hangup abandon";

/* A column of words that nobody knows would have every record refused. */
static void
find_outcome(struct guess *g)
{
    struct guess_column *c = by_name(g, FIELD_OUTCOME);
    char word[64];

    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        fold(c->values[i], word);
        if (rank_in(outcome_words_known, word))
            continue;
        buf_printf(&g->notes,
                   "# \"%.*s\" may be the outcome: map it, and say what its words mean, such as\n"
                   "# outcome = {\"%.*s=failed\"}.\n",
                   SPAN_ARG(c->name), SPAN_ARG(c->values[i]));
        feed(g, c, FIELD_STATE); /* not by its own name, either */
        return;
    }
    feed(g, c, FIELD_OUTCOME);
}

bool
guess_map(struct guess *g)
{
    static const enum field others[] = {
        FIELD_ID,
        FIELD_CONFERENCE,
        FIELD_CONFERENCE_NAME,
        FIELD_PARTICIPANT,
        FIELD_PARTICIPANT_NAME,
        FIELD_CAUSE,
        FIELD_FEATURES,
        FIELD_AGENT,
        FIELD_SERVICE,
        FIELD_REGION,
        FIELD_MEDIA,
        FIELD_DIRECTION,
    };
    struct guess_column *end;

    if (!find_start(g))
        return false;
    end = g->opt.join ? NULL : by_name(g, FIELD_END);
    if (end)
        feed(g, end, FIELD_END);
    find_length(g, FIELD_DURATION);
    find_customer(g);
    find_outcome(g);
    find_length(g, FIELD_WAIT);
    find_length(g, FIELD_HANDLE);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct guess_column *c = by_name(g, others[i]);

        if (c)
            feed(g, c, others[i]);
    }
    g->opt.map = g->map;
    return true;
}
