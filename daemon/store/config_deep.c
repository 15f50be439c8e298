/*
 * config_deep.c - trying out every part of a configuration.
 */
#include "config_deep.h"

#include <stdlib.h>
#include <string.h>

#include "analyst.h"
#include "format.h"
#include "parser.h"
#include "store.h"
#include "tls.h"
#include "token_desk.h"

static enum status
check_formats(const struct config *c, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < c->format_count && st == ST_OK; i++) {
        struct format *f = NULL;
        struct error why;

        if (format_new(&f, &c->formats[i], &why) != ST_OK)
            st = fail(err, ST_BAD_CONFIG, "%s: format \"%s\": %.160s",
                      c->file ? c->file : "built in", c->formats[i].name, why.text);
        format_free(f);
    }
    return st;
}

/* What these inputs read never begins with a line that names the columns. */
static const struct {
    const char *type, *why;
} headless[] = {
    {"udp", "datagrams cannot carry"},
    {"dial", "servers that are connected to do not send"},
    {"relp", "a session that goes on after another does not repeat"},
    {"stream", "entries of a stream do not have"},
    {"radius", "RADIUS packets do not have"},
    {"ami", "events do not have"},
    {"esl", "events do not have"},
};

static enum status
check_header(const struct config_input *in, const struct format *f, struct error *err)
{
    bool wanted = format_parser(f)->wants_header && format_parser(f)->wants_header(f);

    for (size_t i = 0; wanted && i < sizeof headless / sizeof headless[0]; i++)
        if (strcmp(in->type, headless[i].type) == 0)
            return fail(err, ST_BAD_CONFIG,
                        "format \"%.40s\" has a header line, which %s; list its columns in a format"
                        " section of your own",
                        in->format, headless[i].why);
    return ST_OK;
}

static enum status
check_arrival(const struct config_input *in, const struct format *f, struct error *err)
{
    bool late = strcmp(in->type, "tail") == 0 || strcmp(in->type, "stream") == 0;

    if (!late || !format_wants_arrival(f))
        return ST_OK;
    return fail(err, ST_BAD_CONFIG,
                "format \"%.40s\" has times without a day; records of a %s may be old, so their day"
                " has to be in them",
                in->format, strcmp(in->type, "tail") == 0 ? "file" : "stream");
}

/* The format as the input will have it. */
static enum status
check_inputs(const struct config *c, struct error *err)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < c->input_count && st == ST_OK; i++) {
        const struct config_input *in = &c->inputs[i];
        struct format_options own = *config_format(c, in->format);
        struct format *f = NULL;
        struct error why;

        if (format_in_syslog(in->format))
            own.envelope = "syslog";
        st = format_new(&f, &own, &why);
        if (st == ST_OK)
            st = check_header(in, f, &why);
        if (st == ST_OK)
            st = check_arrival(in, f, &why);
        if (st != ST_OK)
            st = fail(err, ST_BAD_CONFIG, "%s:%d: input \"%s\": %.200s", c->file, in->line,
                      in->title, why.text);
        format_free(f);
    }
    return st;
}

static enum status
check_rules(const struct config *c, struct error *err)
{
    struct rules *r = NULL;
    enum status st = ST_OK;

    if (c->feature_count)
        st = rules_new(&r, c->features, c->feature_count, err);
    rules_free(r);
    for (size_t i = 0; i < c->service_count && st == ST_OK; i++) {
        struct rule_option one = {c->services[i].name, c->services[i].match};

        if (!one.match || strncmp(one.match, "feature:", 8) == 0)
            continue;
        r = NULL;
        st = rules_new(&r, &one, 1, err);
        rules_free(r);
    }
    return st;
}

static enum status
check_certificate(const struct tls_files *files, struct error *err)
{
    struct ssl_ctx_st *tls = NULL;
    enum status st = files->certificate ? tls_load(&tls, files, err) : ST_OK;

    tls_free(tls);
    return st;
}

static enum status
check_certificates(const struct config *c, struct error *err)
{
    const struct tls_files http = {.certificate = c->http_certificate, .key = c->http_key};
    struct error why;

    if (check_certificate(&http, &why) != ST_OK)
        return fail(err, ST_BAD_CONFIG, "%s: http %.180s", c->file ? c->file : "defaults",
                    why.text);
    for (size_t i = 0; i < c->input_count; i++) {
        const struct config_input *in = &c->inputs[i];
        const struct tls_files files = {in->certificate, in->key, in->client_ca};
        struct ssl_ctx_st *trust = NULL;
        enum status st = in->tls ? tls_load_trust(&trust, in->ca, &why) : ST_OK;

        tls_free(trust);
        if (st != ST_OK || check_certificate(&files, &why) != ST_OK)
            return fail(err, ST_BAD_CONFIG, "%s:%d: input \"%s\": %.180s", c->file, in->line,
                        in->title, why.text);
    }
    return ST_OK;
}

static bool
may_have_tokens(const struct config *c)
{
    struct error err;
    char *path = NULL;
    bool may = store_path(&path, c->store_url, c->state_dir, &err) == ST_OK && token_exists(path);

    free(path);
    return may;
}

enum status
config_check_doors(const struct config *c, struct error *err)
{
    struct error why;

    if (config_check_listen(c, &why) == ST_OK || may_have_tokens(c))
        return ST_OK;
    return fail(err, ST_BAD_CONFIG, "%s; or tokens: callswell token add --role admin NAME",
                why.text);
}

enum status
config_check_deep(const struct config *c, struct error *err)
{
    enum status st = config_check_doors(c, err);

    if (st == ST_OK)
        st = check_formats(c, err);
    if (st == ST_OK)
        st = check_inputs(c, err);
    if (st == ST_OK)
        st = check_rules(c, err);
    if (st == ST_OK)
        st = check_certificates(c, err);
    for (size_t i = 0; i < c->segment_count && st == ST_OK; i++) {
        struct error why;

        if (segment_check(c->segments[i].name, c->segments[i].where, &why) != ST_OK)
            st = fail(err, ST_BAD_CONFIG, "%s:%d: %.180s", c->file ? c->file : "defaults",
                      c->segments[i].line, why.text);
    }
    return st;
}
