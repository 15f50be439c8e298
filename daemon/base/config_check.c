/*
 * config_check.c - what can only be judged when the whole configuration is read.
 */
#include "config_rows.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "config_text.h"
#include "listen.h"
#include "zone.h"

#define NAME_BYTES   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define MAX_NODE     32
#define MAX_TITLE    63
#define MAX_SUBJECT  128
#define INGEST       "/v1/ingest/"
#define FEATURE_WORD "feature:"

struct check {
    const struct config *c;
    const struct config_text *t;
    struct error *err;
};

__attribute__((format(printf, 5, 6))) static enum status
wrong(const struct check *k, enum section_id section, int nth, const char *key, const char *fmt,
      ...)
{
    struct buf b = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    fail(k->err, ST_BAD_CONFIG, "%s:%d: %s", config_short_path(k->t->file),
         config_text_line(k->t, config_sections[section].name, nth, key), b.p);
    buf_clear(&b);
    return ST_BAD_CONFIG;
}

/* --- addresses --- */

/* Splits "127.0.0.1:80" or "[::1]:80"; false if it is neither. host has room for 64. */
static bool
split_address(const char *text, char *host, bool *six)
{
    const char *colon = strrchr(text, ':'), *end = colon;
    int64_t port;

    *six = text[0] == '[';
    if (!colon || !span_to_i64(span_str(colon + 1), &port) || port < 0 || port > 65535 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    if (*six && (end == text || *--end != ']'))
        return false;
    text += *six;
    if (end < text || end - text > 63)
        return false;
    memcpy(host, text, (size_t)(end - text));
    host[end - text] = '\0';
    return true;
}

static bool
is_address(const char *text)
{
    unsigned char bytes[16];
    char host[64];
    bool six;

    if (!split_address(text, host, &six))
        return false;
    return inet_pton(six ? AF_INET6 : AF_INET, host, bytes) == 1 ||
           (!six && strcmp(host, "localhost") == 0);
}

static bool
is_loopback(const char *text)
{
    static const unsigned char one[16] = {[15] = 1};
    unsigned char bytes[16];
    char host[64];
    bool six;

    if (!split_address(text, host, &six))
        return false;
    if (six)
        return inet_pton(AF_INET6, host, bytes) == 1 && memcmp(bytes, one, 16) == 0;
    return strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, bytes) == 1 && bytes[0] == 127);
}

enum status
config_check_listen(const struct config *c, struct error *err)
{
    if (c->http_listen[0] == '\0' || is_loopback(c->http_listen))
        return ST_OK;
    return fail(err, ST_BAD_CONFIG,
                "%s:%d: listen: expected a loopback address such as \"127.0.0.1:8460\"",
                config_short_path(c->file ? c->file : "configuration"), c->http_listen_line);
}

#define ADDRESS_WANTED                                                                             \
    "listen: expected ADDRESS:PORT such as \"127.0.0.1:8460\" or \"[::1]:0\", not \"%.60s\""

/* --- the top level and the untitled sections --- */

static enum status
check_zone(const struct check *k, enum section_id section, int nth, const char *name)
{
    const struct zone *z;
    struct error e;

    if (!name || zone_load(&z, name, &e) == ST_OK)
        return ST_OK;
    return wrong(k, section, nth, "timezone",
                 "timezone: expected a name of the IANA database such as \"Europe/Berlin\", not "
                 "\"%.40s\"",
                 name);
}

static bool
starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum status
check_main(const struct check *k)
{
    const struct config *c = k->c;
    size_t n = strlen(c->node);
    unsigned days;

    if (n < 1 || n > MAX_NODE || strspn(c->node, NAME_BYTES) != n)
        return wrong(k, SECTION_MAIN, 0, "node",
                     "node: expected 1 to 32 of A-Z a-z 0-9 _ and -, not \"%.40s\"", c->node);
    if (strcmp(c->redis_url, "managed") != 0 && !starts(c->redis_url, "redis://") &&
        !starts(c->redis_url, "unix:///"))
        return wrong(k, SECTION_REDIS, 0, "url",
                     "url: expected \"managed\", \"redis://HOST:PORT/DB\" or \"unix:///PATH\"");
    if (!starts(c->store_url, "sqlite:") || c->store_url[strlen("sqlite:")] == '\0')
        return wrong(k, SECTION_STORE, 0, "url", "url: expected \"sqlite:FILE\", not \"%.60s\"",
                     c->store_url);
    if (c->http_listen[0] != '\0' && !is_address(c->http_listen))
        return wrong(k, SECTION_HTTP, 0, "listen", ADDRESS_WANTED, c->http_listen);
    if (c->limits.max_unpacked < c->limits.max_body)
        return wrong(k, SECTION_LIMITS, 0, "max_unpacked",
                     "max_unpacked: expected at least max_body (%llu)",
                     (unsigned long long)c->limits.max_body);
    if (!weekdays_read(c->weekend, &days))
        return wrong(k, SECTION_MAIN, 0, "weekend",
                     "weekend: expected days such as \"sat sun\", not \"%.40s\"", c->weekend);
    return check_zone(k, SECTION_MAIN, 0, c->timezone);
}

/* --- titles --- */

/* Inputs and formats are named on the command line and in URLs; the others are names of
 * things in the world, which may have blanks in them. */
static enum status
check_titles(const struct check *k, enum section_id id)
{
    const struct section_row *s = &config_sections[id];
    bool plain = id == SECTION_INPUT || id == SECTION_FORMAT;
    size_t count, shipped;
    char *items = config_items(s, k->c, &count);

    /* Shipped formats come first and are not in this file. */
    shipped = count - (size_t)config_text_count(k->t, s->name);
    for (size_t i = shipped; i < count; i++) {
        const char *title;
        size_t n;

        memcpy(&title, items + i * s->item_size + s->name_offset, sizeof title);
        n = strlen(title);
        if (n < 1 || n > (plain ? MAX_TITLE : MAX_SUBJECT) || span_has_control(span_str(title)) ||
            (plain && strspn(title, NAME_BYTES ".") != n))
            return wrong(k, id, (int)(i - shipped), NULL, "%s: expected a title of 1 to %d %s",
                         s->name, plain ? MAX_TITLE : MAX_SUBJECT,
                         plain ? "of A-Z a-z 0-9 . _ and -" : "bytes of text");
    }
    return ST_OK;
}

/* --- inputs --- */

static unsigned
input_type(const struct config_input *in)
{
    static const struct {
        const char *name;
        unsigned type;
    } types[] = {{"tail", FOR_TAIL}, {"tcp", FOR_TCP},       {"udp", FOR_UDP}, {"http", FOR_HTTP},
                 {"relp", FOR_RELP}, {"stream", FOR_STREAM}, {"ami", FOR_AMI}, {"esl", FOR_ESL},
                 {"dial", FOR_DIAL}, {"radius", FOR_RADIUS}};
    size_t i = 0;

    while (strcmp(types[i].name, in->type) != 0)
        i++;
    return types[i].type;
}

/* An option that does nothing is a mistake. */
static enum status
check_for_type(const struct check *k, const struct config_input *in, int nth)
{
    unsigned type = input_type(in);

    for (const struct option_row *row = config_sections[SECTION_INPUT].rows; row->key; row++)
        if (row->inputs && !(row->inputs & type) && config_text_has(k->t, "input", nth, row->key))
            return wrong(k, SECTION_INPUT, nth, row->key, "%s: not an option of %s inputs",
                         row->key, in->type);
    return ST_OK;
}

/* Inputs that connect to a server. What they say to it are lines. */
static enum status
check_dialing(const struct check *k, const struct config_input *in, int nth, unsigned type)
{
    const char *const words[] = {in->user, in->secret, in->password};
    char host[HOST_TEXT], port[PORT_TEXT];

    if (type == FOR_AMI && (!in->address || !in->user || !in->secret))
        return wrong(k, SECTION_INPUT, nth, NULL,
                     "input \"%s\": expected the options address, user and secret", in->title);
    if (type == FOR_ESL && (!in->address || !in->password))
        return wrong(k, SECTION_INPUT, nth, NULL,
                     "input \"%s\": expected the options address and password", in->title);
    if (type == FOR_DIAL && !in->address)
        return wrong(k, SECTION_INPUT, nth, NULL, "input \"%s\": expected the option address",
                     in->title);
    if (in->ca && !in->tls)
        return wrong(k, SECTION_INPUT, nth, "ca", "ca: expected the option tls beside it");
    if (in->address && !host_split(in->address, host, port))
        return wrong(k, SECTION_INPUT, nth, "address",
                     "address: expected HOST:PORT such as \"pbx.example.com:5038\", not \"%.60s\"",
                     in->address);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && span_has_control(span_str(words[i])))
            return wrong(k, SECTION_INPUT, nth, NULL,
                         "input \"%s\": user, secret and password cannot have line ends in them",
                         in->title);
    return ST_OK;
}

static enum status
check_radius(const struct check *k, const struct config_input *in, int nth)
{
    struct network network;

    if (!in->listen || ((!in->secret || !in->secret[0]) && !in->nas))
        return wrong(k, SECTION_INPUT, nth, NULL,
                     "input \"%s\": expected the options listen, and secret or nas", in->title);
    for (char **n = in->nas; n && *n; n++) {
        size_t name = strcspn(*n, "=");

        if (!network_parse(span_of(*n, name), &network) || (*n)[name] == '\0' ||
            (*n)[name + 1] == '\0')
            return wrong(k, SECTION_INPUT, nth, "nas",
                         "nas: expected \"ADDRESS=SECRET\" or \"ADDRESS/BITS=SECRET\"");
    }
    return ST_OK;
}

static enum status
check_signature(const struct check *k, const struct config_input *in, int nth)
{
    bool over_url = in->signature &&
                    (strcmp(in->signature, "twilio") == 0 || strcmp(in->signature, "bbb") == 0);

    if (in->signature && (!in->secret || !in->secret[0]))
        return wrong(k, SECTION_INPUT, nth, "signature",
                     "input \"%s\": a signature needs the option secret, and that is empty",
                     in->title);
    if (in->secret && !in->signature)
        return wrong(k, SECTION_INPUT, nth, "secret",
                     "input \"%s\": expected the option signature beside secret", in->title);
    if (over_url && !in->url)
        return wrong(k, SECTION_INPUT, nth, "signature",
                     "input \"%s\": expected the option url, which is signed", in->title);
    if (in->signature && strcmp(in->signature, "graph") == 0 &&
        strcmp(config_format(k->c, in->format)->type, "teams-callrecord") != 0)
        return wrong(k, SECTION_INPUT, nth, "signature",
                     "input \"%s\": \"graph\" is for formats of type \"teams-callrecord\"",
                     in->title);
    if (in->url && !starts(in->url, "https://") && !starts(in->url, "http://"))
        return wrong(k, SECTION_INPUT, nth, "url", "url: expected \"https://HOST/PATH\"");
    return ST_OK;
}

static enum status
check_input(const struct check *k, const struct config_input *in, int nth)
{
    unsigned type = input_type(in);
    struct error why;
    enum status st =
        type == FOR_RADIUS ? check_radius(k, in, nth) : check_dialing(k, in, nth, type);

    if (st != ST_OK)
        return st;
    if (type == FOR_TAIL && (!in->path || !in->path[0]))
        return wrong(k, SECTION_INPUT, nth, "path", "input \"%s\": expected the option path",
                     in->title);
    if (type == FOR_HTTP && in->path &&
        (!starts(in->path, INGEST) || !in->path[strlen(INGEST)] ||
         strspn(in->path + strlen(INGEST), NAME_BYTES ".") != strlen(in->path + strlen(INGEST))))
        return wrong(k, SECTION_INPUT, nth, "path", "path: expected " INGEST "NAME, not \"%.60s\"",
                     in->path);
    if ((type & (FOR_TCP | FOR_UDP | FOR_RELP)) && !in->listen)
        return wrong(k, SECTION_INPUT, nth, NULL, "input \"%s\": expected the option listen",
                     in->title);
    if ((in->key || in->client_ca) && !in->certificate)
        return wrong(k, SECTION_INPUT, nth, in->key ? "key" : "client_ca",
                     "input \"%s\": expected the option certificate, too", in->title);
    if (type == FOR_STREAM && (!in->url || !in->stream || !in->stream[0]))
        return wrong(k, SECTION_INPUT, nth, NULL,
                     "input \"%s\": expected the options url and stream", in->title);
    if (type == FOR_STREAM && !starts(in->url, "redis://") && !starts(in->url, "unix://"))
        return wrong(k, SECTION_INPUT, nth, "url",
                     "url: expected \"redis://HOST:PORT/DB\" or \"unix:///PATH\"");
    if (in->listen && !is_address(in->listen))
        return wrong(k, SECTION_INPUT, nth, "listen", ADDRESS_WANTED, in->listen);
    if (!config_format(k->c, in->format)) {
        config_no_format(k->c, in->format, &why);
        return wrong(k, SECTION_INPUT, nth, "format", "format: %s", why.text);
    }
    if (type == FOR_HTTP && check_signature(k, in, nth) != ST_OK)
        return ST_BAD_CONFIG;
    return check_zone(k, SECTION_INPUT, nth, in->timezone);
}

static enum status
check_inputs(const struct check *k)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < k->c->input_count && st == ST_OK; i++) {
        st = check_for_type(k, &k->c->inputs[i], (int)i);
        if (st == ST_OK)
            st = check_input(k, &k->c->inputs[i], (int)i);
    }
    return st;
}

/* Two http inputs behind one path: the second would never see a record. */
static enum status
check_paths(const struct check *k)
{
    for (size_t i = 0; i < k->c->input_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct config_input *a = &k->c->inputs[j], *b = &k->c->inputs[i];
            const char *pa = a->path ? a->path + strlen(INGEST) : a->title;
            const char *pb = b->path ? b->path + strlen(INGEST) : b->title;

            if (strcmp(a->type, "http") == 0 && strcmp(b->type, "http") == 0 && strcmp(pa, pb) == 0)
                return wrong(k, SECTION_INPUT, (int)i, "path",
                             "path: input \"%s\" has the same path", a->title);
        }
    return ST_OK;
}

/* --- patterns and formats --- */

static enum status
check_rules(const struct check *k)
{
    const struct config *c = k->c;
    struct rule_option rule;
    struct rules *r;
    struct error e;

    for (size_t i = 0; i < c->feature_count; i++) {
        if (rules_new(&r, &c->features[i], 1, &e) != ST_OK)
            return wrong(k, SECTION_FEATURE, (int)i, "match", "%s", e.text);
        rules_free(r);
    }
    for (size_t i = 0; i < c->service_count; i++) {
        const char *key;

        if (config_service_check(&c->services[i], &key, &e) != ST_OK)
            return wrong(k, SECTION_SERVICE, (int)i, key, "%s", e.text);
        rule.name = c->services[i].name;
        rule.match = c->services[i].match;
        if (rule.match && starts(rule.match, FEATURE_WORD)) {
            if (rule.match[strlen(FEATURE_WORD)] == '\0')
                return wrong(k, SECTION_SERVICE, (int)i, "match",
                             "match: expected a feature's name after feature:");
            continue;
        }
        if (rules_new(&r, &rule, 1, &e) != ST_OK)
            return wrong(k, SECTION_SERVICE, (int)i, "match", "%s", e.text);
        rules_free(r);
    }
    return ST_OK;
}

static enum status
check_formats(const struct check *k)
{
    size_t own = (size_t)config_text_count(k->t, "format");

    for (size_t i = 0; i < own; i++) {
        const struct format_options *opt = &k->c->formats[k->c->format_count - own + i];
        struct format *f;
        struct error e;

        if (format_new(&f, opt, &e) != ST_OK) {
            /* The reason begins with the option's name, which has a line of its own. */
            char *key = xstrndup(e.text, strcspn(e.text, ": "));

            wrong(k, SECTION_FORMAT, (int)i, key, "format \"%s\": %s", opt->name, e.text);
            free(key);
            return ST_BAD_CONFIG;
        }
        format_free(f);
    }
    return ST_OK;
}

static enum status
check_webhooks(const struct check *k)
{
    for (size_t i = 0; i < k->c->webhook_count; i++) {
        const char *key, *why = config_webhook_objection(&k->c->webhooks[i], &key);

        if (why)
            return wrong(k, SECTION_WEBHOOK, (int)i, key, "%s: %s", key, why);
    }
    return ST_OK;
}

enum status
config_check(const struct config *c, const struct config_text *t, struct error *err)
{
    const struct check k = {c, t, err};
    enum status st = check_main(&k);

    for (int i = SECTION_INPUT; i < SECTION_COUNT && st == ST_OK; i++)
        st = check_titles(&k, (enum section_id)i);
    if (st == ST_OK)
        st = check_formats(&k);
    if (st == ST_OK)
        st = check_webhooks(&k);
    if (st == ST_OK)
        st = check_inputs(&k);
    if (st == ST_OK)
        st = check_paths(&k);
    return st == ST_OK ? check_rules(&k) : st;
}
