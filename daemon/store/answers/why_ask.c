/*
 * why_ask.c - a question for a reason, as people and programs write it.
 */
#include <stdio.h>
#include <string.h>

#include "civil.h"
#include "clock.h"
#include "why_answer.h"

static enum status
take_day(const char *option, const char *text, int32_t *out, struct error *err)
{
    if (!text || parse_day(span_str(text), out))
        return ST_OK;
    return fail(err, ST_BAD_INPUT, "%s \"%.40s\": not a day such as 2026-11-22", option, text);
}

/* Two days, "2026-10-01..2026-10-28", or the first. */
static enum status
take_against(const char *text, struct why_ask *ask, struct error *err)
{
    const char *dots = text ? strstr(text, "..") : NULL;
    char first[CIVIL_TEXT];
    enum status st;

    if (!dots)
        return take_day("against", text, &ask->against, err);
    snprintf(first, sizeof first, "%.*s", (int)(dots - text < 20 ? dots - text : 20), text);
    st = take_day("against", first, &ask->against, err);
    if (st == ST_OK)
        st = take_day("against", dots + 2, &ask->against_to, err);
    if (st == ST_OK)
        ask->against_to++;
    return st;
}

static enum status
take_kind(const char *text, enum why_kind *out, struct error *err)
{
    static const char *const kinds[] = {
        [WHY_CUSTOMER] = "customer", [WHY_SERVICE] = "service", [WHY_FEATURE] = "feature"};

    for (size_t i = WHY_CUSTOMER; text && i <= WHY_FEATURE; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *out = (enum why_kind)i;
            return ST_OK;
        }
    return text ? fail(err, ST_BAD_INPUT, "kind \"%.40s\": customer, service or feature", text)
                : ST_OK;
}

/* As of what the store was last analysed for: with clock = "data" that may be years ago. */
static enum status
find_today(struct store *s, int32_t *today, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q, "SELECT as_of FROM analyst", err);
    bool has_offset;
    int64_t at;

    *today = day_of(clock_now());
    if (st != ST_OK)
        return st;
    st = query_next(q, err);
    if (st == ST_OK && parse_rfc3339(query_text(q, 0), &at, &has_offset))
        *today = day_of(at);
    query_free(q);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status
why_ask(struct why_ask *out, struct store *s, const struct why_wish *wish, struct error *err)
{
    enum status st;

    *out = (struct why_ask){.kind = wish->name ? WHY_ANY : WHY_ALL,
                            .name = span_str(wish->name),
                            .from = WHY_USUAL,
                            .to = WHY_USUAL,
                            .against = WHY_USUAL,
                            .against_to = WHY_USUAL};
    st = take_day("from", wish->from, &out->from, err);
    if (st == ST_OK)
        st = take_day("to", wish->to, &out->to, err);
    if (st == ST_OK && wish->to)
        out->to++; /* it is in the period */
    if (st == ST_OK)
        st = take_against(wish->against, out, err);
    if (st == ST_OK && wish->name)
        st = take_kind(wish->kind, &out->kind, err);
    return st == ST_OK ? find_today(s, &out->today, err) : st;
}
