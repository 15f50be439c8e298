/*
 * cmd_erlang.c - the calculator: the people that so many calls need, or what so many achieve.
 *
 * Calls are a steady state unless --in-progress says what the interval begins with.
 */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "erlang_calculator.h"
#include "options.h"
#include "table.h"

static void
print_json(const struct erlang_answer *a)
{
    struct json_writer w;
    struct buf b = {0};

    json_begin(&w, &b);
    erlang_write(&w, a);
    puts(b.p);
    buf_clear(&b);
}

static void
print_csv(const struct erlang_answer *a)
{
    struct table_column columns[ERLANG_OUTPUTS + 1];
    struct table *t;

    for (size_t i = 0; i < a->count; i++)
        columns[i] = (struct table_column){a->at[i].name, TABLE_NUMBER};
    columns[a->count] = (struct table_column){"state", TABLE_TEXT};
    t = table_new(columns, a->count + 1);
    table_row(t);
    for (size_t i = 0; i < a->count; i++)
        table_real(t, a->at[i].value, a->at[i].digits ? 10 : 0); /* people are whole */
    table_text(t, erlang_state(a));
    table_print(t, TABLE_CSV, stdout);
    table_free(t);
}

static void
print_people(const struct erlang_answer *a)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct erlang_output *o = &a->at[i];
        char value[32];

        snprintf(value, sizeof value, "%.*f", o->digits, o->value);
        printf("%-23s%14s  %s\n", o->name, isfinite(o->value) ? value : "endless", o->note);
    }
    if (a->overload)
        puts("OVERLOAD: more comes than these can answer, and who waits does not hang up.");
    if (a->capped)
        printf("CAPPED: not met by %u.\n", ERLANG_MAX_AGENTS);
}

static void
reply(const struct erlang_question *q, bool json, bool csv)
{
    struct erlang_answer a;

    erlang_answer(q, &a);
    if (json)
        print_json(&a);
    else if (csv)
        print_csv(&a);
    else
        print_people(&a);
}

#define INPUTS_MOST 30

/* The calculator's inputs as options. */
static size_t
input_options(struct erlang_question *q, struct option_row *rows)
{
    const struct erlang_input *in;
    size_t n = 0;

    for (; n < INPUTS_MOST && (in = erlang_input(n)); n++)
        rows[n] = (struct option_row){in->name, in->whole ? OPTION_INT : OPTION_REAL,
                                      (char *)q + in->offset, in->unit, in->what};
    return n;
}

int
command_erlang(int argc, char **argv)
{
    struct erlang_question q = erlang_usual();
    bool json = false, csv = false;
    int first, code = 0;
    struct option_row rows[INPUTS_MOST + 2];
    size_t count = input_options(&q, rows);
    const struct option_use use = {
        "callswell erlang --calls N --aht S [OPTION...]",
        "Required agents by Erlang C: callers wait for as long as it takes; by Erlang A\n"
        "with --patience. Or, with --agents, what so many achieve.",
        rows, count + 2,
        "  callswell erlang --calls 100 --aht 180\n"
        "  callswell erlang --calls 100 --aht 180 --patience 300 --abandon 0.05\n"
        "  callswell erlang --calls 0 --aht 3600 --in-progress 89.8 --agents 80"};
    const char *wrong;

    rows[count] = (struct option_row){"json", OPTION_FLAG, &json, NULL, "as JSON"};
    rows[count + 1] = (struct option_row){"csv", OPTION_FLAG, &csv, NULL, "as CSV"};
    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    wrong = erlang_wrong(&q);
    if (wrong || first != argc || (json && csv)) {
        fprintf(stderr, "callswell erlang: %s%s\n", wrong ? "--" : "",
                wrong         ? wrong
                : json && csv ? "--json or --csv, not both"
                              : "it takes options only");
        return EXIT_USAGE;
    }
    reply(&q, json, csv);
    return 0;
}
