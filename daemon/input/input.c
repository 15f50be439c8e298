/*
 * input.c - the table of inputs.
 */
#include "input.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 22

extern const struct input_ops input_tail, input_tcp, input_udp, input_relp, input_stream, input_ami,
    input_esl, input_dial, input_radius;

const struct input_ops *const inputs[] = {&input_tail,   &input_tcp, &input_udp, &input_relp,
                                          &input_stream, &input_ami, &input_esl, &input_dial,
                                          &input_radius, NULL};

const struct input_ops *
input_find(const char *type)
{
    for (size_t i = 0; inputs[i]; i++)
        if (strcmp(inputs[i]->name, type) == 0)
            return inputs[i];
    return NULL;
}

/* Every text of a section. */
static void
texts_of(struct config_input *cfg, char **texts[TEXTS])
{
    texts[0] = &cfg->title;
    texts[1] = &cfg->type;
    texts[2] = &cfg->format;
    texts[3] = &cfg->timezone;
    texts[4] = &cfg->source;
    texts[5] = &cfg->path;
    texts[6] = &cfg->listen;
    texts[7] = &cfg->framing;
    texts[8] = &cfg->url;
    texts[9] = &cfg->stream;
    texts[10] = &cfg->group;
    texts[11] = &cfg->consumer;
    texts[12] = &cfg->field;
    texts[13] = &cfg->signature;
    texts[14] = &cfg->secret;
    texts[15] = &cfg->address;
    texts[16] = &cfg->user;
    texts[17] = &cfg->password;
    texts[18] = &cfg->ca;
    texts[19] = &cfg->certificate;
    texts[20] = &cfg->key;
    texts[21] = &cfg->client_ca;
}

static char **
list_copy(char **list)
{
    size_t n = 0;
    char **copy;

    while (list && list[n])
        n++;
    copy = n ? xcalloc(n + 1, sizeof *copy) : NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(list[i]);
    return copy;
}

struct config_input *
input_config_copy(const struct config_input *cfg)
{
    struct config_input *copy = xcalloc(1, sizeof *copy);
    char **texts[TEXTS];

    *copy = *cfg;
    texts_of(copy, texts);
    for (size_t i = 0; i < TEXTS; i++)
        *texts[i] = xstrdup(*texts[i]);
    copy->nas = list_copy(cfg->nas);
    return copy;
}

void
input_config_free(struct config_input *cfg)
{
    char **texts[TEXTS];

    if (!cfg)
        return;
    texts_of(cfg, texts);
    for (size_t i = 0; i < TEXTS; i++)
        free(*texts[i]);
    for (char **n = cfg->nas; n && *n; n++)
        free(*n);
    free(cfg->nas);
    free(cfg);
}

bool
input_unfinished(const char *path)
{
    static const char *const ends[] = {".tmp", ".part", ".partial", NULL};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name);

    if (*name == '_' || (*name == '.' && n > 1) || strncmp(name, "temp-", 5) == 0)
        return true;
    for (const char *const *e = ends; *e; e++)
        if (n > strlen(*e) && strcmp(name + n - strlen(*e), *e) == 0)
            return true;
    return false;
}
