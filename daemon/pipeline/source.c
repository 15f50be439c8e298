/*
 * source.c - streams of records, the feeds they belong to, and the checkpoints of inputs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "civil.h"
#include "clock.h"
#include "engine_internal.h"
#include "hash.h"
#include "log.h"

/* --- feeds --- */

static bool
is_pushed(const struct config *c, const char *input)
{
    for (size_t i = 0; i < c->input_count; i++)
        if (strcmp(c->inputs[i].title, input) == 0)
            return strcmp(c->inputs[i].type, "tail") != 0;
    return false;
}

struct feed_state *
engine_feed(struct engine *e, const char *input)
{
    struct feed_state *f;

    pthread_mutex_lock(&e->lock);
    for (f = e->feeds; f; f = f->next)
        if (strcmp(f->input, input) == 0)
            break;
    if (!f) {
        f = xcalloc(1, sizeof *f);
        snprintf(f->input, sizeof f->input, "%s", input);
        snprintf(f->report.input, sizeof f->report.input, "%s", input);
        /* Until an input says otherwise of itself; imports never do: positions guard them. */
        f->report.exact = true;
        if (strcmp(input, IMPORT_INPUT) == 0)
            snprintf(f->report.type, sizeof f->report.type, "import");
        pthread_mutex_init(&f->lock, NULL);
        f->next = e->feeds;
        e->feeds = f;
    }
    pthread_mutex_unlock(&e->lock);
    return f;
}

void
engine_report_feed(struct engine *e, const struct feed *report)
{
    struct feed_state *f = engine_feed(e, report->input);

    pthread_mutex_lock(&f->lock);
    memcpy(&f->report, report, offsetof(struct feed, left_out));
    pthread_mutex_unlock(&f->lock);
}

void
source_ignored(struct source *s, const char *why)
{
    pthread_mutex_lock(&s->feed->lock);
    left_out_add(&s->feed->report.left_out, why, 1);
    if (s->left_out)
        left_out_add(s->left_out, why, 1);
    pthread_mutex_unlock(&s->feed->lock);
}

/* An import says itself what became of its file, and the next one is another. */
static bool
is_judged(const struct feed_state *f)
{
    return strcmp(f->input, IMPORT_INPUT) != 0;
}

void
feed_unmatched(struct feed_state *f, const char *why)
{
    if (!is_judged(f))
        return;
    pthread_mutex_lock(&f->lock);
    matching_reason(&f->matching, why);
    pthread_mutex_unlock(&f->lock);
}

void
feed_matched(struct feed_state *f, uint64_t records, uint64_t matched, int64_t now)
{
    int64_t since, before;
    char why[MATCHING_WHY];

    if (!is_judged(f))
        return;
    pthread_mutex_lock(&f->lock);
    before = f->matching.since;
    matching_note(&f->matching, records, matched, now);
    since = f->matching.since;
    snprintf(why, sizeof why, "%s", matching_commonest(&f->matching));
    pthread_mutex_unlock(&f->lock);
    if (since && !before)
        log_warn("feed_stopped_matching", "input=%s reason=\"%s\"", f->input, why);
    else if (before && !since)
        log_info("feed_matches_again", "input=%s", f->input);
}

/* The feed's lock is held. */
static void
say_matching(struct feed *out, const struct matching *m)
{
    char time[CIVIL_TEXT];

    out->matching_known = m->windows > 0;
    out->stopped_matching = m->since;
    if (!m->since)
        return;
    out->matched = m->share;
    out->matched_before = m->past;
    snprintf(out->commonest, sizeof out->commonest, "%s", matching_commonest(m));
    if (!out->problem[0])
        snprintf(out->problem, sizeof out->problem,
                 "its format has not matched since %s (%.40s): callswell quarantine list"
                 " --input %.40s",
                 format_utc(time, m->since), out->commonest, out->input);
}

size_t
engine_feeds(struct engine *e, struct feed *out, size_t max)
{
    size_t n = 0;

    pthread_mutex_lock(&e->lock);
    for (struct feed_state *f = e->feeds; f && n < max; f = f->next) {
        pthread_mutex_lock(&f->lock);
        out[n] = f->report;
        say_matching(&out[n], &f->matching);
        pthread_mutex_unlock(&f->lock);
        if (!out[n].type[0] && f->records == 0)
            continue; /* known from old refused records only */
        out[n].records = f->records;
        out[n].accepted = f->accepted;
        out[n].duplicates = f->duplicates;
        out[n].quarantined = f->quarantined;
        out[n].ignored = f->ignored;
        out[n].last_record = f->last_record;
        out[n].last_arrival = f->last_arrival;
        if (f->quarantine_bytes >= engine_quarantine_share(e))
            snprintf(out[n].problem, sizeof out[n].problem,
                     "its share of the quarantine is full (limits.quarantine_bytes): nothing more"
                     " is read until records are replayed or dropped");
        else if (engine_names_wait_ms(e, f) > 0)
            snprintf(out[n].problem, sizeof out[n].problem,
                     "it brought %u new names within a minute (limits.max_new_names): nothing more"
                     " is taken until the minute is over",
                     e->config->limits.max_new_names);
        n++;
    }
    pthread_mutex_unlock(&e->lock);
    return n;
}

/* --- sources --- */

static void
source_free(struct source *s)
{
    if (s->layout)
        s->parser->layout_free(s->layout);
    format_free(s->format);
    free(s->header);
    free(s->input);
    free(s->format_name);
    free(s->timezone);
    free(s->source);
    free(s->name);
    free(s);
}

enum status
engine_source(struct engine *e, struct source **out, const struct source_options *opt,
              struct error *err)
{
    const struct format_options *described = config_format(e->config, opt->format);
    struct format_options own;
    struct source *s;
    enum status result;

    if (!described)
        return config_no_format(e->config, opt->format, err);
    own = *described;
    if (opt->timezone && opt->timezone[0])
        own.timezone = opt->timezone;
    if (opt->json_array)
        own.type = "json-array";
    if (format_in_syslog(opt->format))
        own.envelope = "syslog";
    s = xcalloc(1, sizeof *s);
    result = format_new(&s->format, &own, err);
    if (result != ST_OK) {
        free(s);
        return result;
    }
    if (opt->identity == IDENTITY_POSITION && format_wants_arrival(s->format)) {
        format_free(s->format);
        free(s);
        return fail(err, ST_BAD_CONFIG,
                    "format \"%s\" has times without a day, which only the arrival of a record"
                    " tells: it is for connections and posts, not for files",
                    opt->format);
    }
    atomic_init(&s->references, 1);
    s->engine = e;
    s->parser = format_parser(s->format);
    s->feed = engine_feed(e, opt->input);
    atomic_store(&s->feed->push, is_pushed(e->config, opt->input));
    s->input = xstrdup(opt->input);
    s->format_name = xstrdup(opt->format);
    s->timezone = xstrdup(opt->timezone ? opt->timezone : "");
    s->source = xstrdup(opt->source ? opt->source : "");
    s->name = xstrdup(opt->name ? opt->name : "");
    s->identity = opt->identity;
    s->left_out = opt->left_out;
    s->identity_seed = hash_bytes(s->source, strlen(s->source), e->identity_key);
    *out = s;
    return ST_OK;
}

struct source *
source_ref(struct source *s)
{
    atomic_fetch_add(&s->references, 1);
    return s;
}

void
source_unref(struct source *s)
{
    if (s && atomic_fetch_sub(&s->references, 1) == 1)
        source_free(s);
}

const struct format *
source_format(const struct source *s)
{
    return s->format;
}

bool
source_needs_header(const struct source *s)
{
    return !s->layout && s->parser->wants_header && s->parser->wants_header(s->format);
}

enum status
source_header(struct source *s, struct span line, struct error *err)
{
    struct layout *layout;
    enum status result;

    if (!source_needs_header(s))
        return ST_OK;
    result = s->parser->read_header(s->format, line, &layout, err);
    if (result != ST_OK)
        return result;
    s->layout = layout;
    s->header = xstrndup(line.p, line.n);
    s->header_n = line.n;
    return ST_OK;
}

enum status
source_header_of(struct source *s, const struct source *other, struct error *err)
{
    if (!source_needs_header(s))
        return ST_OK;
    if (!other->header)
        return fail(err, ST_BAD_INPUT, "format \"%s\" wants a header line, which it did not send",
                    s->format_name);
    return source_header(s, span_of(other->header, other->header_n), err);
}

size_t
source_max_record(const struct source *s)
{
    const struct config_limits *limits = &s->engine->config->limits;

    return parser_takes_documents(s->parser) ? limits->max_document : limits->max_record;
}

size_t
source_cut(const struct source *s, struct span buf, bool eof)
{
    return s->parser->cut(s->format, buf, source_max_record(s), eof);
}

/* --- claims --- */

bool
engine_claim(struct engine *e, const char *name)
{
    struct claim *c;

    pthread_mutex_lock(&e->lock);
    for (c = e->claims; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            break;
    if (!c) {
        struct claim *made = xcalloc(1, sizeof *made);

        made->name = xstrdup(name);
        made->next = e->claims;
        e->claims = made;
    }
    pthread_mutex_unlock(&e->lock);
    return c == NULL;
}

void
engine_disclaim(struct engine *e, const char *name)
{
    pthread_mutex_lock(&e->lock);
    for (struct claim **at = &e->claims; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0) {
            struct claim *c = *at;

            *at = c->next;
            free(c->name);
            free(c);
            break;
        }
    pthread_mutex_unlock(&e->lock);
}

/* --- checkpoints --- */

/* The list keeps every file that was seen and not forgotten; those that are being read are in
 * front. The place that points to it, or the end of the list. */
static struct checkpoint **
place_of(struct engine *e, const char *input, const char *identity)
{
    struct checkpoint **at = &e->checkpoints;

    while (*at &&
           (strcmp((*at)->cursor.identity, identity) != 0 || strcmp((*at)->input, input) != 0))
        at = &(*at)->next;
    return at;
}

struct checkpoint *
engine_find_checkpoint(struct engine *e, const char *input, const char *identity)
{
    return *place_of(e, input, identity);
}

void
engine_remove_checkpoint(struct engine *e, struct checkpoint *p)
{
    *place_of(e, p->input, p->cursor.identity) = p->next;
    free(p);
}

bool
engine_note_checkpoint(struct engine *e, const char *input, const struct cursor *c,
                       struct cursor *before)
{
    struct checkpoint **at = place_of(e, input, c->identity), *p = *at;
    bool known = p != NULL;

    if (p) {
        *at = p->next;
        if (before)
            *before = p->cursor;
    } else {
        p = xcalloc(1, sizeof *p);
        snprintf(p->input, sizeof p->input, "%s", input);
    }
    p->next = e->checkpoints;
    e->checkpoints = p;
    p->cursor = *c;
    p->gone = false;
    p->order = ++e->checkpoint_order;
    return known;
}

bool
engine_checkpoint(struct engine *e, const char *input, const char *identity, struct cursor *out)
{
    struct checkpoint *p;

    pthread_mutex_lock(&e->lock);
    p = engine_find_checkpoint(e, input, identity);
    if (p)
        *out = p->cursor;
    pthread_mutex_unlock(&e->lock);
    return p != NULL;
}

static int
newest_first(const void *a, const void *b)
{
    const struct checkpoint *x = a, *y = b;

    return (x->order < y->order) - (x->order > y->order);
}

void
engine_checkpoints(struct engine *e, const char *input,
                   void (*visit)(void *arg, const struct cursor *c), void *arg)
{
    struct checkpoint *copy = NULL;
    size_t n = 0;

    pthread_mutex_lock(&e->lock);
    for (struct checkpoint *p = e->checkpoints; p; p = p->next)
        if (strcmp(p->input, input) == 0) {
            copy = xrealloc(copy, (n + 1) * sizeof *copy);
            copy[n++] = *p;
        }
    pthread_mutex_unlock(&e->lock);
    if (n)
        qsort(copy, n, sizeof *copy, newest_first);
    for (size_t i = 0; i < n; i++)
        visit(arg, &copy[i].cursor);
    free(copy);
}

void
engine_followed(struct engine *e, const char *format, const char *source,
                void (*visit)(void *arg, const struct cursor *c), void *arg)
{
    const struct config *c;

    pthread_mutex_lock(&e->lock);
    c = e->config; /* one that a reload replaces is kept */
    pthread_mutex_unlock(&e->lock);
    for (size_t i = 0; i < c->input_count; i++) {
        const struct config_input *in = &c->inputs[i];

        if (strcmp(in->type, "tail") == 0 && strcmp(in->format, format) == 0 &&
            strcmp(in->source ? in->source : "", source ? source : "") == 0)
            engine_checkpoints(e, in->title, visit, arg);
    }
}
