/*
 * generate_planted.c - what is hidden in generated records, for those who look for signals.
 */
#include "civil.h"
#include "generate_plan.h"
#include "generate_text.h"

static void
customer_string(struct buf *out, uint32_t customer)
{
    struct buf name = {0};

    world_customer_name(&name, customer);
    text_json_string(out, name.p, name.n, false);
    buf_clear(&name);
}

void
world_planted(const struct world *w, struct buf *out)
{
    char from[CIVIL_TEXT], to[CIVIL_TEXT];
    const char *between = "\n";
    int32_t first = world_first_day(w);

    buf_str(out, ",\n\"surges\":[");
    for (size_t i = 0; i < w->surge_count; i++) {
        const struct world_surge *s = &w->surges[i];

        buf_str(out, i ? ",\n{\"customer\":" : "\n{\"customer\":");
        customer_string(out, s->customer);
        buf_printf(out,
                   ",\"dimension\":\"%s\",\"element\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
                   "\"permille\":%u}",
                   world_cause_name(s), world_cause_element(s),
                   format_day(from, first + s->first_day), format_day(to, first + s->last_day),
                   s->permille);
    }
    buf_str(out, "],\n\"trends\":{");
    for (uint32_t i = 0; i < w->opt.customers; i++) {
        enum trend trend = (enum trend)w->customers[i].trend;

        if (trend == TREND_NONE)
            continue;
        buf_str(out, between);
        customer_string(out, i);
        buf_printf(out, ":\"%s\"", world_trend_name(trend));
        between = ",";
    }
    buf_char(out, '}');
}
