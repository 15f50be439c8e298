/*
 * formats_guess.c - `callswell formats guess`: the format that reads a file, or one made for it.
 *
 * All formats are tried; the one that reads the largest share of the records it finds is best, and
 * of equals the one that fills most fields. Where none reads most of them, a section is proposed,
 * and tried as well before it is shown. A format that leaves all of a file out, or understands its
 * records and misses something in them (who the customer is), has recognised it, unless it leaves
 * out any text whatever. One that finds fields in any text, because it goes by positions alone, has
 * understood a record only if all of its values are right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "guess.h"
#include "json_write.h"
#include "trial.h"

#define TRIED     (512u << 10) /* bytes that every format is tried on */
#define SHOWN     3
#define GOOD      0.9 /* share of records from which on a format is an answer */
#define FAIR      0.5 /* the same where nothing better can be proposed */
#define LONG      200 /* bytes of a line that any format by positions finds all of its fields in */
#define CELLS     30  /* of a line that any format of listed columns finds all of its own in */
#define KNOWN     4   /* fields in a record that is refused from which on it is understood */
#define BEYOND_BY 0.5 /* fields a record that an own section must read more to be preferred */

struct attempt {
    const char *name;
    struct trial_count n;
    double share, fields; /* of the records that it finds; filled in each */
    bool recognised;      /* it leaves out, or understands and refuses, nearly all but a few */
    bool anything;        /* it finds fields in any text whatever */
    bool wants_arrival;   /* its times have no day */
    size_t understood;    /* of those that are refused */
    char why[200];        /* the first of these, or else the first that it left out */
};

static bool
note_reason(void *arg, const struct trial_record *r)
{
    struct attempt *a = arg;

    bool understood = r->st == ST_BAD_INPUT && r->fields &&
                      __builtin_popcountll(r->fields->has) >= KNOWN && (r->right || !a->anything);

    a->understood += understood;
    if (understood ? a->understood == 1 : r->st == ST_IGNORE && a->why[0] == '\0')
        snprintf(a->why, sizeof a->why, "%s", r->why);
    return true;
}

/* What it makes of lines and documents that are no records of anything. */
static struct attempt
try_nothing(const struct format *f)
{
    char lines[2 * LONG], cells[2 * CELLS];
    const struct span nothing[] = {
        SPAN("nothing of this\nis a record\n\nof anything\n\n"),
        SPAN("<nothing><of>this</of></nothing>"),
        SPAN("{\"nothing\":{\"of\":\"this\"}}"),
        span_of(lines, sizeof lines),
        span_of(cells, sizeof cells),
    };
    struct attempt all = {0};

    memset(lines, 'a', LONG); /* a word of few formats, and of none */
    memset(lines + LONG, 'z', LONG);
    lines[LONG - 1] = lines[2 * LONG - 1] = '\n';
    for (size_t i = 0; i < CELLS; i++) {
        cells[2 * i] = 'z';
        cells[2 * i + 1] = i + 1 < CELLS ? ',' : '\n';
    }
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        struct trial_count n;

        trial_run(&(struct trial_input){f, nothing[i], true, "file", false}, note_reason, &all, &n);
        all.n.left_out += n.left_out;
    }
    return all;
}

static double
share_of(size_t records, const struct trial_count *all)
{
    return (double)records / (double)(all->read + all->left_out + all->refused);
}

static struct attempt
try_format(const struct format_options *o, struct trial_input in)
{
    struct attempt a = {.name = o->name}, nothing;
    struct format *f;
    size_t known;

    if (format_new(&f, o, NULL) != ST_OK)
        return a;
    nothing = try_nothing(f);
    a.anything = nothing.understood > 0;
    in.format = f;
    a.wants_arrival = format_wants_arrival(f);
    trial_run(&in, note_reason, &a, &a.n);
    if (a.n.read > 0) {
        a.share = (double)a.n.read / (double)(a.n.read + a.n.refused);
        a.fields = (double)a.n.fields / (double)a.n.read;
    }
    known = a.n.read + a.understood;
    if (a.share < FAIR && a.understood > 0 && share_of(known, &a.n) >= GOOD)
        a.recognised = true;
    else if (a.share < FAIR && known + a.n.left_out > a.n.read)
        a.recognised = share_of(known + a.n.left_out, &a.n) >= GOOD && nothing.n.left_out == 0;
    format_free(f);
    return a;
}

static int
better_first(const void *x, const void *y)
{
    const struct attempt *a = x, *b = y;

    if (a->share != b->share)
        return a->share < b->share ? 1 : -1;
    if (a->recognised != b->recognised)
        return a->recognised ? -1 : 1;
    if (a->understood != b->understood)
        return a->understood < b->understood ? 1 : -1;
    return (a->fields < b->fields) - (a->fields > b->fields);
}

/* Best first; the caller frees. */
static struct attempt *
try_all(const struct config *c, struct trial_input in)
{
    struct attempt *all = xcalloc(c->format_count + 1, sizeof *all);

    if (in.text.n > TRIED) {
        in.text.n = TRIED;
        in.whole = false;
    }
    for (size_t i = 0; i < c->format_count; i++)
        all[i] = try_format(&c->formats[i], in);
    qsort(all, c->format_count, sizeof *all, better_first);
    return all;
}

/* --- what to type --- */

#define WIDE 80 /* columns of a screen */

/* As a shell takes it for one word. */
static void
print_word(const char *text)
{
    if (text[0] &&
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                          "_-./:,+@%=")] == '\0') {
        fputs(text, stdout);
        return;
    }
    putchar('\'');
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    putchar('\'');
}

/* "callswell formats test PATH ..." in comments, to be copied line by line: a long path stands in
 * one of its own. */
static void
say_test(const char *path, const char *format, const char *more)
{
    bool apart = strlen("#   callswell formats test  --format ") + strlen(path) + strlen(format) +
                     strlen(more) >
                 WIDE - 1;

    fputs(apart ? "#   F=" : "#   callswell formats test ", stdout);
    print_word(path);
    if (apart)
        fputs("\n#   callswell formats test \"$F\"", stdout);
    printf(" --format %s%s\n", format, more);
}

/* --- answers --- */

struct answer {
    const struct attempt *known; /* best first: that read it, that recognise it, all others */
    bool good;                   /* the first of them is the answer */
    struct attempt own;          /* of the section; share 0: there is none */
    struct buf section;
};

static void
say_json(const struct answer *a)
{
    struct buf b = {0};
    struct json_writer w;

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_text(&w, "format", a->good ? a->known[0].name : NULL);
    json_array(&w, "tried");
    for (size_t i = 0; a->known[i].share > 0 || a->known[i].recognised; i++) {
        json_object(&w, NULL);
        json_text(&w, "format", a->known[i].name);
        json_u64(&w, "read", a->known[i].n.read);
        json_u64(&w, "refused", a->known[i].n.refused);
        json_u64(&w, "left_out", a->known[i].n.left_out);
        if (a->known[i].recognised)
            json_text(&w, "why", a->known[i].why);
        json_close(&w);
    }
    json_close(&w);
    json_text(&w, "section", a->own.share > 0 ? a->section.p : NULL);
    json_u64(&w, "read", a->own.n.read);
    json_u64(&w, "refused", a->own.n.refused);
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

/* True: there is one. */
static bool
say_who_leaves_it_out(const struct answer *a, const char *path)
{
    const struct attempt *one = a->known;
    size_t said = 0;

    for (; one->share > 0 || one->recognised; one++) {
        if (!one->recognised || said++ >= SHOWN)
            continue;
        printf("# %s recognises it and %s %zu of its %zu records.\n"
               "# The first one's reason:\n#   %s\n"
               "# What it makes of them, and how to change that:\n"
               "#   callswell formats show %s\n",
               one->name, one->understood ? "refuses" : "leaves out",
               one->understood ? one->n.refused : one->n.left_out,
               one->n.read + one->n.left_out + one->n.refused, one->why, one->name);
        say_test(path, one->name, "");
    }
    return said > 0;
}

/* In comments, so that all that is printed can be pasted. */
static void
say(const struct answer *a, const char *path)
{
    for (size_t i = 0; i < SHOWN && a->known[i].share > 0; i++)
        printf("# %s reads %zu of %zu records\n", a->known[i].name, a->known[i].n.read,
               a->known[i].n.read + a->known[i].n.refused);
    if (a->good && a->known[0].wants_arrival)
        printf(
            "#\n# It has no day, which only its arrival tells: for connections, not for files\n");
    if (a->good) {
        printf("#\n# An input or import with format = \"%s\" reads it; this shows how:\n",
               a->known[0].name);
        say_test(path, a->known[0].name, "");
        return;
    }
    if (!say_who_leaves_it_out(a, path) && a->known[0].share == 0)
        printf("# no known format reads it\n");
    if (a->own.share == 0) {
        if (!a->known[0].recognised)
            printf("# and nothing in it looks like times of records\n");
        return;
    }
    printf("#\n# This section reads %zu of %zu records. With it in the configuration FILE:\n",
           a->own.n.read, a->own.n.read + a->own.n.refused);
    say_test(path, "mine", " --config FILE");
    fputs(a->section.p, stdout);
}

static void
propose(struct answer *a, const struct trial_input *in)
{
    struct guess g;

    guess_begin(&g);
    if (guess_text(&g, in->text, in->whole) && guess_map(&g)) {
        a->own = try_format(&g.opt, *in);
        buf_span(&a->section, span_of(g.notes.p, g.notes.n));
        config_print_format(&a->section, &g.opt);
    }
    guess_clear(&g);
}

int
formats_guess(const struct config *c, const char *path, bool json)
{
    struct answer a = {0};
    struct attempt *all;
    struct trial_input in;
    struct error err;
    int status;

    if (trial_file(path, FORMATS_SAMPLE, &in, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return 1;
    }
    a.known = all = try_all(c, in);
    propose(&a, &in);
    if (a.own.share > 0)
        a.good = all[0].share >= GOOD && all[0].share >= a.own.share &&
                 all[0].fields + BEYOND_BY >= a.own.fields;
    else
        a.good = all[0].share >= FAIR;
    if (json)
        say_json(&a);
    else
        say(&a, path);
    status = a.good || a.own.share > 0 || all[0].recognised ? 0 : 1;
    buf_clear(&a.section);
    free(all);
    free((void *)(uintptr_t)in.text.p);
    return status;
}
