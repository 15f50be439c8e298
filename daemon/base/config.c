/*
 * config.c - reads a configuration file with libconfuse into struct config, by the rows.
 *
 * All options are text to libconfuse; config_value.c turns text into values, so that ranges,
 * units and messages are ours. libconfuse calls back without a pointer of the caller's, which
 * is why the loader of this thread is found through a thread-local variable while it parses.
 */
#include "config.h"

#include <unistd.h>
#include <confuse.h>
#include <stdlib.h>
#include <string.h>

#include "config_rows.h"
#include "config_text.h"
#include "nearest.h"

struct loader {
    struct config *c;
    struct config_text text;
    cfg_opt_t *opts; /* the top level, then the sections' own, in one allocation */
    struct error *err;
    bool failed;
};

static _Thread_local struct loader *loading;

/* --- what libconfuse has to say --- */

/* What could be there instead: the name that was probably meant, or else all of them, as far as
 * there is room. */
static void
add_known(struct buf *b, const cfg_t *cfg, const char *given)
{
    static const char more[] = " ... (see callswell.conf(5))";
    const size_t room = sizeof((struct error *)0)->text;
    struct nearest near = nearest_to(given);

    for (const cfg_opt_t *o = cfg->opts; o->name; o++)
        if (o->name[0] != '_')
            nearest_offer(&near, o->name);
    buf_str(b, nearest_hint(&near));
    if (near.best)
        return;
    buf_str(b, "; expected one of:");
    for (const cfg_opt_t *o = cfg->opts; o->name; o++) {
        if (o->name[0] == '_')
            continue;
        if (b->n + 1 + strlen(o->name) + sizeof more > room) {
            buf_str(b, more);
            return;
        }
        buf_printf(b, " %s", o->name);
    }
}

/* The first error counts; what follows from it does not help. */
static void __attribute__((format(printf, 2, 0))) on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    struct loader *ld = loading;
    struct buf b = {0};
    va_list again;

    if (ld->failed)
        return;
    ld->failed = true;
    va_copy(again, ap);
    buf_printf(&b, "%s:%d: ", config_short_path(ld->text.file), cfg ? cfg->line : 1);
    buf_vprintf(&b, fmt, ap);
    if (cfg && strcmp(fmt, "no such option '%s'") == 0)
        add_known(&b, cfg, va_arg(again, const char *));
    else if (strncmp(fmt, "missing title", 13) == 0)
        buf_str(&b, "; expected a name in quotes after it");
    else if (strncmp(fmt, "unexpected token", 16) == 0)
        buf_str(&b, "; expected a value (in quotes unless it is one plain word)");
    va_end(again);
    fail(ld->err, ST_BAD_CONFIG, "%s", b.p);
    buf_clear(&b);
}

/* --- rows to libconfuse's tables --- */

static size_t
count_rows(const struct option_row *rows)
{
    size_t n = 0;

    while (rows[n].key)
        n++;
    return n;
}

static cfg_opt_t *
add_options(cfg_opt_t *at, const struct option_row *rows)
{
    for (; rows->key; rows++)
        if (rows->type == V_LIST)
            *at++ = (cfg_opt_t)CFG_STR_LIST(rows->key, NULL, CFGF_NODEFAULT);
        else
            *at++ = (cfg_opt_t)CFG_STR(rows->key, NULL, CFGF_NODEFAULT);
    return at;
}

/* only_formats: the shipped ones may describe formats and nothing else. */
static void
make_options(struct loader *ld, bool only_formats)
{
    static const cfg_opt_t end = CFG_END();
    size_t room = SECTION_COUNT;
    cfg_opt_t *top, *sub;

    for (int i = 0; i < SECTION_COUNT; i++)
        room += count_rows(config_sections[i].rows) + 1;
    ld->opts = xcalloc(room, sizeof *ld->opts);
    top = ld->opts;
    sub = top + count_rows(config_sections[SECTION_MAIN].rows) + SECTION_COUNT;
    if (!only_formats)
        top = add_options(top, config_sections[SECTION_MAIN].rows);
    for (int i = SECTION_MAIN + 1; i < SECTION_COUNT; i++) {
        const struct section_row *s = &config_sections[i];
        cfg_flag_t titled = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;

        if (only_formats && i != SECTION_FORMAT)
            continue;
        *top++ = (cfg_opt_t)CFG_SEC(s->name, sub, s->title ? titled : CFGF_NODEFAULT);
        sub = add_options(sub, s->rows);
        *sub++ = end;
    }
    *top = end;
}

/* --- libconfuse's values to ours --- */

static enum status
take_option(struct loader *ld, cfg_t *from, const struct option_row *row, void *base,
            const char *section, int nth)
{
    cfg_opt_t *opt = cfg_getopt(from, row->key);
    unsigned n = cfg_opt_size(opt);
    const char **texts;
    struct error e;
    enum status st;

    if (n == 0)
        return ST_OK;
    texts = xcalloc(n, sizeof *texts);
    for (unsigned i = 0; i < n; i++)
        texts[i] = cfg_opt_getnstr(opt, i);
    st = config_value_set(row, base, texts, n, &e);
    free(texts);
    if (st != ST_OK)
        fail(ld->err, st, "%s:%d: %s", config_short_path(ld->text.file),
             config_text_line(&ld->text, section, nth, row->key), e.text);
    return st;
}

static enum status
take_section(struct loader *ld, cfg_t *from, const struct section_row *s, void *base, int nth)
{
    for (const struct option_row *row = s->rows; row->key; row++) {
        enum status st = take_option(ld, from, row, base, s->name, nth);

        if (st != ST_OK)
            return st;
        if (s->title && row->needed && cfg_size(from, row->key) == 0)
            return fail(ld->err, ST_BAD_CONFIG, "%s:%d: %s \"%.40s\": expected the option %s",
                        config_short_path(ld->text.file),
                        config_text_line(&ld->text, s->name, nth, NULL), s->name, cfg_title(from),
                        row->key);
    }
    return ST_OK;
}

/* A format of the file takes the place of a shipped one of its name. */
static void
drop_shipped(struct config *c, const char *name)
{
    for (size_t i = 0; i < c->format_count; i++)
        if (strcmp(c->formats[i].name, name) == 0) {
            config_item_free(&config_sections[SECTION_FORMAT], &c->formats[i]);
            memmove(&c->formats[i], &c->formats[i + 1],
                    (--c->format_count - i) * sizeof *c->formats);
            return;
        }
}

static enum status
take_titled(struct loader *ld, cfg_t *root, enum section_id id)
{
    const struct section_row *s = &config_sections[id];

    for (unsigned i = 0; i < cfg_size(root, s->name); i++) {
        cfg_t *from = cfg_getnsec(root, s->name, i);
        int line = config_text_line(&ld->text, s->name, (int)i, NULL);
        enum status st;
        void *item;

        if (id == SECTION_FORMAT)
            drop_shipped(ld->c, cfg_title(from));
        item = config_item_add(s, ld->c, cfg_title(from));
        if (id == SECTION_INPUT)
            ((struct config_input *)item)->line = line;
        else if (id == SECTION_SEGMENT)
            ((struct config_segment *)item)->line = line;
        st = take_section(ld, from, s, item, (int)i);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status
take_all(struct loader *ld, cfg_t *root, bool only_formats)
{
    enum status st = ST_OK;

    if (!only_formats)
        st = take_section(ld, root, &config_sections[SECTION_MAIN], ld->c, 0);
    for (int i = SECTION_MAIN + 1; i < SECTION_COUNT && st == ST_OK; i++) {
        const struct section_row *s = &config_sections[i];

        if (only_formats && i != SECTION_FORMAT)
            continue;
        if (s->title)
            st = take_titled(ld, root, (enum section_id)i);
        else if (cfg_size(root, s->name) > 0)
            st = take_section(ld, cfg_getsec(root, s->name), s, ld->c, 0);
    }
    return st;
}

static enum status
parse_text(struct loader *ld, bool only_formats)
{
    enum status st = ST_BAD_CONFIG;
    cfg_t *root;

    make_options(ld, only_formats);
    root = cfg_init(ld->opts, CFGF_NONE);
    cfg_set_error_function(root, on_error);
    loading = ld;
    if (cfg_parse_buf(root, ld->text.p) == CFG_SUCCESS)
        st = take_all(ld, root, only_formats);
    else if (!ld->failed)
        fail(ld->err, st, "%s:1: not a configuration", config_short_path(ld->text.file));
    loading = NULL;
    cfg_free(root);
    free(ld->opts);
    return st;
}

static enum status
load_shipped(struct config *c, struct error *err)
{
    struct loader ld = {.c = c, .err = err};
    enum status st =
        config_text_take(&ld.text, "shipped formats", formats_builtin, formats_builtin_size, err);

    if (st == ST_OK)
        st = parse_text(&ld, true);
    config_text_clear(&ld.text);
    return st;
}

/* What an option is when it depends on another. */
static void
complete(struct config *c)
{
    for (size_t i = 0; i < c->input_count; i++) {
        struct config_input *in = &c->inputs[i];

        if (strcmp(in->type, "http") == 0 && !in->path)
            in->path = xasprintf("/v1/ingest/%s", in->title);
        if (!in->group)
            in->group = xstrdup("callswell");
        if (!in->consumer)
            in->consumer = xstrdup(c->node);
        if (!in->field)
            in->field = xstrdup("data");
        if (strcmp(in->type, "tcp") == 0 && !in->framing)
            in->framing = xstrdup("auto");
    }
}

static enum status
load_file(struct config *c, const char *path, struct error *err)
{
    struct loader ld = {.c = c, .err = err};
    enum status st;

    c->file = xstrdup(path);
    st = config_text_read(&ld.text, path, err);
    if (st == ST_OK)
        st = parse_text(&ld, false);
    if (st == ST_OK) {
        c->http_listen_line = config_text_line(&ld.text, "http", 0, "listen");
        st = config_check(c, &ld.text, err);
    }
    config_text_clear(&ld.text);
    return st;
}

enum status
config_load(struct config **out, const char *path, struct error *err)
{
    struct config *c = xcalloc(1, sizeof *c);
    enum status st;

    for (int i = 0; i < SECTION_COUNT; i++)
        if (!config_sections[i].title)
            config_value_defaults(config_sections[i].rows, c);
    st = load_shipped(c, err);
    if (st == ST_OK && path)
        st = load_file(c, path, err);
    if (st != ST_OK) {
        config_free(c);
        return st;
    }
    complete(c);
    *out = c;
    return ST_OK;
}

void
config_free(struct config *c)
{
    if (!c)
        return;
    for (int i = 0; i < SECTION_COUNT; i++) {
        const struct section_row *s = &config_sections[i];
        size_t count;
        char *items;

        if (!s->title) {
            config_value_free(s->rows, c);
            continue;
        }
        items = config_items(s, c, &count);
        for (size_t k = 0; k < count; k++)
            config_item_free(s, items + k * s->item_size);
        free(items);
    }
    free(c->file);
    free(c);
}

/* --- small questions --- */

char *
config_state_path(const struct config *c, const char *name)
{
    return name[0] == '/' ? xstrdup(name) : xasprintf("%s/%s", c->state_dir, name);
}

const struct format_options *
config_format(const struct config *c, const char *name)
{
    const char *inner;

    for (size_t i = 0; i < c->format_count; i++)
        if (strcmp(c->formats[i].name, name) == 0)
            return &c->formats[i];
    inner = format_in_syslog(name);
    return inner && !format_in_syslog(inner) ? config_format(c, inner) : NULL;
}

static bool
equal_items(enum section_id id, const void *a, const void *b)
{
    for (const struct option_row *row = config_sections[id].rows; row->key; row++)
        if (!config_value_equal(row, a, b))
            return false;
    return true;
}

const struct config_input *
config_input(const struct config *c, const char *title)
{
    for (size_t i = 0; i < c->input_count; i++)
        if (strcmp(c->inputs[i].title, title) == 0)
            return &c->inputs[i];
    return NULL;
}

bool
config_input_equal(const struct config *a, const struct config *b, const char *title)
{
    const struct config_input *x = config_input(a, title), *y = config_input(b, title);
    const struct format_options *f, *g;

    if (!x || !y || !equal_items(SECTION_INPUT, x, y))
        return false;
    f = config_format(a, x->format);
    g = config_format(b, y->format);
    return f && g && config_format_equal(f, g);
}

bool
config_format_equal(const struct format_options *a, const struct format_options *b)
{
    return equal_items(SECTION_FORMAT, a, b);
}

char *
config_restart_option(const struct config *running, const struct config *wanted)
{
    for (int i = 0; i < SECTION_COUNT; i++) {
        const struct section_row *s = &config_sections[i];

        if (s->title)
            continue; /* inputs, rules and formats are all taken over */
        for (const struct option_row *row = s->rows; row->key; row++)
            if (!row->reloadable && !config_value_equal(row, running, wanted))
                return xasprintf("%s%s%s", s->name ? s->name : "", s->name ? "." : "", row->key);
    }
    return NULL;
}

void
config_keep_fixed(struct config *wanted, const struct config *running)
{
    for (int i = 0; i < SECTION_COUNT; i++)
        for (const struct option_row *row = config_sections[i].rows; row->key; row++)
            if (!config_sections[i].title && !row->reloadable)
                config_value_copy(row, wanted, running);
}

#define DEFAULT_FILE "/etc/callswell/callswelld.conf"

const char *
config_default_path(void)
{
    const char *path = getenv("CALLSWELL_CONFIG");

    if (path && path[0])
        return path;
    return access(DEFAULT_FILE, R_OK) == 0 ? DEFAULT_FILE : NULL;
}
