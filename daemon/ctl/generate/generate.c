/*
 * generate.c - `callswell generate`: usage records of a conference company that never was.
 *
 * Records come out in order of their start, apart from the late ones; memory grows with the
 * customers, the days and one quarter hour's records, not with all of them (with --truth it
 * holds every counter). The seed decides everything.
 */
#include "../commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"
#include "generate_text.h"
#include "generate_truth.h"

#define EXIT_BAD_USAGE 64
#define RECENT         1024 /* a repeated record repeats one of so many before it */
#define WRITE_BYTES    (256 * 1024)

struct options {
    struct world_options world;
    uint64_t lines; /* asked for, broken and repeated ones included */
    double broken, duplicates, late;
    enum text_format format;
    const char *truth, *out;
};

/* Late records wait here for their time. */
struct late {
    struct planned *p;
    size_t from, count, cap; /* a ring */
};

struct generator {
    struct world *world;
    struct truth *truth; /* NULL unless asked for */
    struct text_writer text;
    struct buf out;
    struct dice dice;
    struct planned recent[RECENT];
    uint64_t good, good_left, duplicates_left, broken_left;
    uint32_t late_per_million;
    struct late late;
    int fd;
    bool failed;
};

static const char usage_text[] =
    "Usage: callswell generate [OPTION]...\n"
    "Writes usage records of a made-up conference company, the same for the same\n"
    "options.\n\n"
    "  --records N            records to write (100000)\n"
    "  --days N               days they cover (90)\n"
    "  --until DATE|now       last day, UTC; a day that is not over ends now (now)\n"
    "  --customers N          customers (2000)\n"
    "  --seed N               any number (1)\n"
    "  --format csv|ndjson    csv has a header line (csv)\n"
    "  --contacts FRACTION    share of contacts with the services (0.06)\n"
    "  --duplicates FRACTION  share of exact repetitions (0.005)\n"
    "  --late FRACTION        share that comes days late (0.002)\n"
    "  --broken FRACTION      share of lines that must be refused (0.001)\n"
    "  --truth FILE           also write what a right count comes to, as JSON\n"
    "  --out FILE|-           where to (-, standard output)\n"
    "  --help                 this text\n";

/* --- writing --- */

static void
write_out(struct generator *g)
{
    size_t at = 0;

    while (at < g->out.n && !g->failed) {
        ssize_t n = write(g->fd, g->out.p + at, g->out.n - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            g->failed = true;
        else
            at += (size_t)n;
    }
    buf_reset(&g->out);
}

static void
write_line(struct generator *g)
{
    if (g->out.n >= WRITE_BYTES)
        write_out(g);
}

/* True for `some` of the `left` records still to come, so that in the end it was said just
 * so often. */
static bool
is_due(struct generator *g, uint64_t some)
{
    return some > 0 && dice_below(&g->dice, g->good_left) < some;
}

/* Writes a good record, and beside it what is due of repeated and broken ones. */
static void
write_good(struct generator *g, const struct planned *p)
{
    g->recent[g->good++ % RECENT] = *p;
    text_record(&g->text, &g->out, p);
    if (g->truth)
        truth_record(g->truth, p);
    write_line(g);
    while (is_due(g, g->duplicates_left)) {
        uint64_t known = g->good < RECENT ? g->good : RECENT;

        text_record(&g->text, &g->out, &g->recent[dice_below(&g->dice, known)]);
        g->duplicates_left--;
        if (g->truth)
            truth_duplicate(g->truth);
        write_line(g);
    }
    while (is_due(g, g->broken_left)) {
        struct planned broken = *p;

        broken.serial = UINT64_C(1) << 62 | g->broken_left; /* an id of its own */
        text_broken(&g->text, &g->out, &broken, &g->dice);
        g->broken_left--;
        if (g->truth)
            truth_broken(g->truth);
        write_line(g);
    }
    g->good_left--;
}

/* --- late records --- */

static void
late_put(struct late *l, const struct planned *p)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct planned *bigger = xmalloc(cap * sizeof *bigger);

        for (size_t i = 0; i < l->count; i++)
            bigger[i] = l->p[(l->from + i) % l->cap];
        free(l->p);
        l->p = bigger;
        l->from = 0;
        l->cap = cap;
    }
    l->p[(l->from + l->count++) % l->cap] = *p;
}

/* Writes what has waited for its one to five days, first come first served. */
static void
write_late(struct generator *g, int64_t now)
{
    struct late *l = &g->late;

    while (l->count > 0) {
        const struct planned *p = &l->p[l->from];

        if (p->start + (1 + p->looks % 5) * DAY_SECONDS > now)
            return;
        write_good(g, p);
        l->from = (l->from + 1) % l->cap;
        l->count--;
    }
}

static void
write_all(struct generator *g)
{
    const struct planned *p;
    size_t count;

    text_header(&g->text, &g->out);
    while (!g->failed && world_next(g->world, &p, &count))
        for (size_t i = 0; i < count; i++) {
            if (dice_below(&g->dice, 1000000) < g->late_per_million) {
                late_put(&g->late, &p[i]);
                continue;
            }
            write_late(g, p[i].start);
            write_good(g, &p[i]);
        }
    write_late(g, INT64_MAX);
    write_out(g);
}

static int
generate(const struct options *opt)
{
    struct generator *g = xcalloc(1, sizeof *g);
    struct world_options world = opt->world;
    struct error err;
    int code = 0;

    g->duplicates_left = (uint64_t)((double)opt->lines * opt->duplicates);
    g->broken_left = (uint64_t)((double)opt->lines * opt->broken);
    world.records = g->good_left = opt->lines - g->duplicates_left - g->broken_left;
    g->late_per_million = (uint32_t)(opt->late * 1e6);
    g->text = (struct text_writer){.format = opt->format, .seed = world.seed, .day = INT32_MIN};
    dice_seed(&g->dice, dice_mix(world.seed + 0xF11E));
    g->world = world_new(&world);
    if (opt->truth)
        g->truth = truth_new(g->world, &world);
    g->fd = STDOUT_FILENO;
    if (strcmp(opt->out, "-") != 0)
        g->fd = open(opt->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (g->fd < 0)
        g->failed = true;
    else
        write_all(g);
    if (g->failed || (g->fd != STDOUT_FILENO && close(g->fd) != 0)) {
        fprintf(stderr, "callswell generate: cannot write %s: %s\n", opt->out, strerror(errno));
        code = 1;
    } else if (g->truth && truth_write(g->truth, opt->truth, &err) != ST_OK) {
        fprintf(stderr, "callswell generate: %s\n", err.text);
        code = 1;
    }
    truth_free(g->truth);
    world_free(g->world);
    text_clear(&g->text);
    buf_clear(&g->out);
    free(g->late.p);
    free(g);
    return code;
}

/* --- options --- */

enum option_code {
    OPT_RECORDS = 256,
    OPT_DAYS,
    OPT_UNTIL,
    OPT_CUSTOMERS,
    OPT_SEED,
    OPT_FORMAT,
    OPT_CONTACTS,
    OPT_DUPLICATES,
    OPT_LATE,
    OPT_BROKEN,
    OPT_TRUTH,
    OPT_OUT,
    OPT_HELP
};

static const struct option long_options[] = {
    {"records", required_argument, NULL, OPT_RECORDS},
    {"days", required_argument, NULL, OPT_DAYS},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"customers", required_argument, NULL, OPT_CUSTOMERS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"contacts", required_argument, NULL, OPT_CONTACTS},
    {"duplicates", required_argument, NULL, OPT_DUPLICATES},
    {"late", required_argument, NULL, OPT_LATE},
    {"broken", required_argument, NULL, OPT_BROKEN},
    {"truth", required_argument, NULL, OPT_TRUTH},
    {"out", required_argument, NULL, OPT_OUT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0}};

static bool
read_number(const char *text, int64_t low, int64_t high, int64_t *out)
{
    return span_to_i64(span_str(text), out) && *out >= low && *out <= high;
}

static bool
read_fraction(const char *text, double high, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == 0 && *out >= 0 && *out <= high;
}

static bool
read_until(const char *text, int64_t *out)
{
    int64_t now = clock_now();
    int32_t day;

    *out = now;
    if (strcmp(text, "now") == 0)
        return true;
    if (!parse_day(span_str(text), &day) || day < 366 || day > day_of(now))
        return false;
    if (day < day_of(now))
        *out = ((int64_t)day + 1) * DAY_SECONDS;
    return true;
}

static bool
read_format(const char *text, enum text_format *out)
{
    *out = strcmp(text, "ndjson") == 0 ? TEXT_NDJSON : TEXT_CSV;
    return *out == TEXT_NDJSON || strcmp(text, "csv") == 0;
}

static bool
read_contacts(const char *text, uint32_t *permille)
{
    double v;

    if (!read_fraction(text, 1, &v))
        return false;
    *permille = (uint32_t)(v * 1000 + 0.5);
    return true;
}

static bool
read_option(struct options *opt, int which, const char *text)
{
    int64_t n = 0;
    bool good;

    switch (which) {
    case OPT_RECORDS:
        good = read_number(text, 1, INT64_C(1000000000000), &n);
        opt->lines = (uint64_t)n;
        return good;
    case OPT_DAYS:
        good = read_number(text, 1, 3650, &n);
        opt->world.days = (uint32_t)n;
        return good;
    case OPT_CUSTOMERS:
        good = read_number(text, 1, 1000000, &n);
        opt->world.customers = (uint32_t)n;
        return good;
    case OPT_SEED:
        good = read_number(text, 0, INT64_MAX, &n);
        opt->world.seed = (uint64_t)n;
        return good;
    case OPT_UNTIL:
        return read_until(text, &opt->world.until);
    case OPT_FORMAT:
        return read_format(text, &opt->format);
    case OPT_CONTACTS:
        return read_contacts(text, &opt->world.contact_permille);
    case OPT_DUPLICATES:
        return read_fraction(text, 0.4, &opt->duplicates);
    case OPT_LATE:
        return read_fraction(text, 0.5, &opt->late);
    case OPT_BROKEN:
        return read_fraction(text, 0.4, &opt->broken);
    case OPT_TRUTH:
        opt->truth = text;
        return true;
    default:
        opt->out = text;
        return true;
    }
}

int
command_generate(int argc, char **argv)
{
    struct options opt = {.world = {.seed = 1,
                                    .customers = 2000,
                                    .days = 90,
                                    .contact_permille = 60,
                                    .until = clock_now()},
                          .lines = 100000,
                          .broken = 0.001,
                          .duplicates = 0.005,
                          .late = 0.002,
                          .out = "-"};
    int which;

    optind = 0; /* another command's options may have been read before */
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (which == OPT_HELP) {
            fputs(usage_text, stdout);
            return 0;
        }
        if (which == '?')
            return EXIT_BAD_USAGE;
        if (!read_option(&opt, which, optarg)) {
            fprintf(stderr, "callswell generate: --%s: \"%s\" is not possible; see --help\n",
                    long_options[which - OPT_RECORDS].name, optarg);
            return EXIT_BAD_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "callswell generate: unexpected \"%s\"; see --help\n", argv[optind]);
        return EXIT_BAD_USAGE;
    }
    return generate(&opt);
}
