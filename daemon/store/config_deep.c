/*
 * config_deep.c - trying out every part of a configuration.
 */
#include "config_deep.h"

#include <stdlib.h>

#include "analyst.h"
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
