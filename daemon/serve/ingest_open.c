/*
 * ingest_open.c - the http inputs of a configuration, and the thread that works for them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ingest_internal.h"

struct entrance *
ingest_entrance(const struct ingest *in, struct span path)
{
    for (size_t i = 0; i < in->count; i++)
        if (span_is(path, in->entrances[i].input->path))
            return &in->entrances[i];
    return NULL;
}

static enum status
add_entrance(struct ingest *in, const struct config *config, const struct config_input *input,
             struct error *err)
{
    struct entrance *e = &in->entrances[in->count];
    const struct format_options *format = config_format(config, input->format);
    struct error why;

    if (!format) {
        config_no_format(config, input->format, &why);
        return fail(err, ST_BAD_CONFIG, "input \"%.60s\": %s", input->title, why.text);
    }
    if (ingest_entrance(in, span_str(input->path)))
        return fail(err, ST_BAD_CONFIG, "input \"%.60s\": another input has the path %.100s",
                    input->title, input->path);
    e->input = input;
    e->family = media_of_parser(format->type);
    e->by_query = strcmp(format->type, "twilio-conference") == 0;
    e->notified = strcmp(format->type, "teams-callrecord") == 0;
    snprintf(e->feed.input, sizeof e->feed.input, "%s", input->title);
    snprintf(e->feed.type, sizeof e->feed.type, "http");
    snprintf(e->feed.detail, sizeof e->feed.detail, "%s", input->path);
    e->feed.exact = true;
    e->feed.promise = FEED_WITH_IDS;
    in->count++;
    engine_report_feed(in->engine, &e->feed);
    return ST_OK;
}

static enum status
add_entrances(struct ingest *in, const struct config *config, struct error *err)
{
    enum status st = ST_OK;

    in->entrances = xcalloc(config->input_count + 1, sizeof *in->entrances);
    in->count = 0;
    for (size_t i = 0; i < config->input_count && st == ST_OK; i++)
        if (strcmp(config->inputs[i].type, "http") == 0)
            st = add_entrance(in, config, &config->inputs[i], err);
    return st;
}

enum status
ingest_open(struct ingest **out, struct engine *engine, const struct config *config,
            struct error *err)
{
    struct ingest *in = xcalloc(1, sizeof *in);
    enum status st;

    in->engine = engine;
    in->unpack = (struct unpack_limits){config->limits.max_unpacked, config->limits.max_ratio};
    in->max_records = config->limits.max_records;
    in->last = &in->first;
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->wake, NULL);
    st = add_entrances(in, config, err);
    if (st == ST_OK && pthread_create(&in->thread, NULL, ingest_run, in) != 0)
        st = fail(err, ST_IO, "cannot start the ingest thread");
    in->started = st == ST_OK;
    if (st == ST_OK)
        *out = in;
    else
        ingest_close(in);
    return st;
}

enum status
ingest_change(struct ingest *in, const struct config *wanted, struct error *err)
{
    struct entrance *old = in->entrances;
    size_t count = in->count;
    enum status st = add_entrances(in, wanted, err);

    if (st != ST_OK) {
        free(in->entrances);
        in->entrances = old;
        in->count = count;
        return st;
    }
    in->former = xrealloc(in->former, (in->former_count + 1) * sizeof *in->former);
    in->former[in->former_count++] = old;
    return ST_OK;
}

void
ingest_stop(struct ingest *in)
{
    if (!in->started)
        return;
    in->started = false;
    pthread_mutex_lock(&in->lock);
    in->stopping = true;
    pthread_cond_signal(&in->wake);
    pthread_mutex_unlock(&in->lock);
    pthread_join(in->thread, NULL);
}

void
ingest_close(struct ingest *in)
{
    if (!in)
        return;
    ingest_stop(in);
    pthread_cond_destroy(&in->wake);
    pthread_mutex_destroy(&in->lock);
    for (size_t i = 0; i < in->former_count; i++)
        free(in->former[i]);
    free(in->former);
    free(in->entrances);
    free(in);
}
