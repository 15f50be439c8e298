/*
 * config_text.c - walks the text of a configuration before libconfuse parses it.
 *
 * The grammar, as far as it matters here:
 *
 *     file      = { option | section }
 *     section   = word [ title ] "{" { option } "}"
 *     option    = word ( "=" | "+=" ) ( value | "{" value { "," value } "}" )
 *     value     = word | 'text' | "text"
 *     comment   = "#" ... | "//" ... | "/" "*" ... "*" "/"
 */
#include "config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "span.h"

#define SHOWN_PATH   90
#define MAX_SIBLINGS 256

enum token { T_END, T_WORD, T_EQUALS, T_APPEND, T_OPEN, T_CLOSE, T_OTHER };

struct walk {
    struct config_text *t;
    size_t at;
    int line;
    int token_line;
    struct span word;          /* of T_WORD: without quotes, escapes as written */
    struct span first, second; /* the statement's words so far */
    int first_line, words;
    int section; /* mark of the open section, -1 */
    int list;    /* inside a list of values */
    enum token before;
    struct error *err;
};

const char *
config_short_path(const char *path)
{
    size_t n = strlen(path);

    return n > SHOWN_PATH ? path + n - SHOWN_PATH : path;
}

static enum status
wrong(struct walk *w, int line, const char *what)
{
    return fail_at(w->err, ST_BAD_CONFIG, (long)w->at, "%s:%d: %s", config_short_path(w->t->file),
                   line, what);
}

static int
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Blanks [from, w->at), but keeps line ends. */
static void
blank(struct walk *w, size_t from)
{
    for (size_t i = from; i < w->at; i++)
        if (w->t->p[i] != '\n')
            w->t->p[i] = ' ';
}

static enum status
skip_blanks(struct walk *w)
{
    const char *p = w->t->p;

    for (;;) {
        size_t from = w->at;
        int line = w->line;

        if (is_space(p[w->at])) {
            w->line += p[w->at++] == '\n';
        } else if (p[w->at] == '#' || (p[w->at] == '/' && p[w->at + 1] == '/')) {
            w->at += strcspn(p + w->at, "\n");
            blank(w, from);
        } else if (p[w->at] == '/' && p[w->at + 1] == '*') {
            const char *end = strstr(p + w->at + 2, "*/");

            if (!end)
                return wrong(w, line, "this comment is never closed: */ is missing");
            for (; p + w->at < end + 2; w->at++)
                w->line += p[w->at] == '\n';
            blank(w, from);
        } else {
            return ST_OK;
        }
    }
}

/* "${NAME}" or "${NAME:-value when unset}" at w->at; an unset name must not quietly become an
 * empty password. */
static enum status
check_variable(struct walk *w)
{
    const char *p = w->t->p + w->at + 2;
    size_t n = strcspn(p, "}\n");
    size_t name = strcspn(p, "}:\n");
    char *text;
    int set;

    if (p[n] != '}')
        return wrong(w, w->line, "expected } after ${NAME");
    if (name == n) {
        text = xstrndup(p, name);
        set = getenv(text) != NULL;
        free(text);
        if (!set)
            return fail_at(w->err, ST_BAD_CONFIG, (long)w->at,
                           "%s:%d: the environment variable %.*s is not set; ${%.*s:-value} "
                           "would give a default",
                           config_short_path(w->t->file), w->line, (int)(name < 40 ? name : 40), p,
                           (int)(name < 40 ? name : 40), p);
    }
    w->at += 2 + n;
    return ST_OK;
}

static enum status
check_escape(struct walk *w)
{
    char c = w->t->p[++w->at];

    w->line += c == '\n';
    if (c != '\0' && strchr("\\\"'$ntr\n", c))
        return ST_OK;
    if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7F)
        return wrong(w, w->line, "a backslash in double quotes is written \\\\");
    return fail_at(w->err, ST_BAD_CONFIG, (long)w->at,
                   "%s:%d: \\%c has no meaning in double quotes: write \\\\%c, or use single "
                   "quotes",
                   config_short_path(w->t->file), w->line, c, c);
}

static enum status
take_string(struct walk *w)
{
    const char *p = w->t->p;
    char quote = p[w->at++];
    size_t from = w->at;
    enum status st = ST_OK;

    for (; p[w->at] != quote && st == ST_OK; w->at++) {
        char c = p[w->at];

        if (c == '\0')
            return wrong(w, w->token_line, "this text is never closed: a quote is missing");
        if (c == '\n')
            w->line++;
        else if (c == '\\' && quote == '"')
            st = check_escape(w);
        else if (c == '\\' && p[w->at + 1] != '\0')
            w->line += p[++w->at] == '\n';
        else if (c == '$' && p[w->at + 1] == '{' && quote == '"')
            st = check_variable(w);
    }
    if (st != ST_OK)
        return st;
    w->word = span_of(p + from, w->at++ - from);
    return ST_OK;
}

static enum status
take_word(struct walk *w)
{
    const char *p = w->t->p;
    size_t from = w->at;

    if (p[w->at] == '$' && p[w->at + 1] == '{') {
        enum status st = check_variable(w);

        if (st != ST_OK)
            return st;
        w->at++;
    } else {
        do
            w->at++;
        while (p[w->at] && !is_space(p[w->at]) && !strchr("\"'#{}()=,", p[w->at]) &&
               !(p[w->at] == '+' && p[w->at + 1] == '='));
    }
    w->word = span_of(p + from, w->at - from);
    return ST_OK;
}

static enum status
next_token(struct walk *w, enum token *out)
{
    static const char single[] = "={}(),";
    static const enum token kind[] = {T_EQUALS, T_OPEN, T_CLOSE, T_OTHER, T_OTHER, T_OTHER};
    const char *p = w->t->p, *hit;
    enum status st = skip_blanks(w);

    if (st != ST_OK)
        return st;
    w->token_line = w->line;
    if (p[w->at] == '\0') {
        *out = T_END;
    } else if (p[w->at] == '+' && p[w->at + 1] == '=') {
        w->at += 2;
        *out = T_APPEND;
    } else if ((hit = strchr(single, p[w->at])) != NULL) {
        w->at++;
        *out = kind[hit - single];
    } else {
        *out = T_WORD;
        return p[w->at] == '"' || p[w->at] == '\'' ? take_string(w) : take_word(w);
    }
    return ST_OK;
}

/* --- what the tokens mean --- */

/* An option or an untitled section may be there once. No section has so many options that the
 * search could grow long: beyond MAX_SIBLINGS one is unknown, which the parser will say. */
static enum status
check_once(struct walk *w, struct span name, int line, int is_section)
{
    const struct config_mark *m;
    int seen = 0;

    for (int i = w->section + 1; i < w->t->mark_count && seen < MAX_SIBLINGS; i++) {
        m = &w->t->marks[i];
        if (m->section != w->section || m->has_title)
            continue;
        seen++;
        if (m->is_section == is_section && span_is(name, m->name))
            return fail(w->err, ST_BAD_CONFIG,
                        "%s:%d: %.40s is given twice; the first is on line %d",
                        config_short_path(w->t->file), line, m->name, m->line);
    }
    return ST_OK;
}

static enum status
add_mark(struct walk *w, struct span name, int line, int is_section, int has_title)
{
    struct config_text *t = w->t;
    enum status st = has_title ? ST_OK : check_once(w, name, line, is_section);

    if (st != ST_OK)
        return st;
    if (t->mark_count == t->mark_room) {
        t->mark_room = t->mark_room ? t->mark_room * 2 : 64;
        t->marks = xrealloc(t->marks, (size_t)t->mark_room * sizeof *t->marks);
    }
    t->marks[t->mark_count++] = (struct config_mark){.name = xstrndup(name.p, name.n),
                                                     .section = w->section,
                                                     .line = line,
                                                     .is_section = is_section,
                                                     .has_title = has_title};
    return ST_OK;
}

static enum status
open_brace(struct walk *w)
{
    enum status st;

    if (w->before == T_EQUALS || w->before == T_APPEND) {
        w->list = 1;
        return ST_OK;
    }
    if (w->words == 0 || w->section >= 0)
        return ST_OK; /* the parser will say what it expected */
    st = add_mark(w, w->first, w->first_line, 1, w->words > 1);
    w->section = w->t->mark_count - 1;
    w->words = 0;
    return st;
}

static void
close_brace(struct walk *w)
{
    if (w->list)
        w->list = 0;
    else
        w->section = -1;
    w->words = 0;
}

static enum status
take_token(struct walk *w, enum token token)
{
    switch (token) {
    case T_WORD:
        if (w->list || w->before == T_EQUALS || w->before == T_APPEND) {
            w->words = 0;
            return ST_OK;
        }
        if (w->words++ == 0) {
            w->first = w->word;
            w->first_line = w->token_line;
        }
        return ST_OK;
    case T_EQUALS:
        return w->words && !w->list ? add_mark(w, w->first, w->first_line, 0, 0) : ST_OK;
    case T_OPEN:
        return open_brace(w);
    case T_CLOSE:
        close_brace(w);
        return ST_OK;
    default:
        return ST_OK;
    }
}

static enum status
walk_text(struct config_text *t, struct error *err)
{
    struct walk w = {.t = t, .line = 1, .section = -1, .err = err};
    enum token token = T_OTHER;
    enum status st;

    do {
        w.before = token;
        st = next_token(&w, &token);
        if (st == ST_OK)
            st = take_token(&w, token);
    } while (st == ST_OK && token != T_END);
    if (st == ST_OK && w.section >= 0)
        return fail(err, ST_BAD_CONFIG,
                    "%s:%d: section %.40s is never closed: } is missing at its end",
                    config_short_path(t->file), t->marks[w.section].line, t->marks[w.section].name);
    return st;
}

static enum status
check_bytes(struct config_text *t, struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* written first by some editors */
    const char *line_end, *p = t->p, *end = t->p + t->n;

    if (t->n >= 3 && memcmp(t->p, mark, 3) == 0)
        memset(t->p, ' ', 3);
    for (int line = 1; p < end; line++, p = line_end + 1) {
        line_end = memchr(p, '\n', (size_t)(end - p));
        if (!line_end)
            line_end = end;
        if (memchr(p, '\0', (size_t)(line_end - p)))
            return fail(err, ST_BAD_CONFIG, "%s:%d: expected text, found a NUL byte",
                        config_short_path(t->file), line);
        if (!span_is_utf8(span_of(p, (size_t)(line_end - p))))
            return fail(err, ST_BAD_CONFIG, "%s:%d: expected text in UTF-8",
                        config_short_path(t->file), line);
    }
    return ST_OK;
}

enum status
config_text_take(struct config_text *t, const char *file, const char *p, size_t n,
                 struct error *err)
{
    enum status st;

    t->file = file;
    t->p = xstrndup(p, n);
    t->n = n;
    st = check_bytes(t, err);
    return st == ST_OK ? walk_text(t, err) : st;
}

enum status
config_text_read(struct config_text *t, const char *file, struct error *err)
{
    char *p;
    size_t n = 0;
    ssize_t got = 0;
    enum status st;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail(err, ST_BAD_CONFIG, "%s: cannot open: %s", config_short_path(file),
                    strerror(errno));
    p = xmalloc(CONFIG_MAX_BYTES + 1);
    while (n <= CONFIG_MAX_BYTES && (got = read(fd, p + n, CONFIG_MAX_BYTES + 1 - n)) > 0)
        n += (size_t)got;
    if (got < 0)
        st = fail(err, ST_BAD_CONFIG, "%s: cannot read: %s", config_short_path(file),
                  strerror(errno));
    else if (n > CONFIG_MAX_BYTES)
        st = fail(err, ST_BAD_CONFIG, "%s:1: expected at most 1 MiB", config_short_path(file));
    else
        st = config_text_take(t, file, p, n, err);
    close(fd);
    free(p);
    return st;
}

void
config_text_clear(struct config_text *t)
{
    for (int i = 0; i < t->mark_count; i++)
        free(t->marks[i].name);
    free(t->marks);
    free(t->p);
    memset(t, 0, sizeof *t);
}

/* Mark of the nth section of that name, -1 for the top level, -2 if there is none. */
static int
find_section(const struct config_text *t, const char *section, int nth)
{
    if (!section)
        return -1;
    for (int i = 0; i < t->mark_count; i++)
        if (t->marks[i].is_section && strcmp(t->marks[i].name, section) == 0 && nth-- == 0)
            return i;
    return -2;
}

static const struct config_mark *
find_option(const struct config_text *t, int around, const char *key)
{
    for (int i = around + 1; i < t->mark_count && key && around > -2; i++) {
        if (around >= 0 && t->marks[i].is_section)
            break;
        if (!t->marks[i].is_section && t->marks[i].section == around &&
            strcmp(t->marks[i].name, key) == 0)
            return &t->marks[i];
    }
    return NULL;
}

int
config_text_line(const struct config_text *t, const char *section, int nth, const char *key)
{
    int around = find_section(t, section, nth);
    const struct config_mark *m = find_option(t, around, key);

    if (m)
        return m->line;
    return around >= 0 ? t->marks[around].line : 0;
}

bool
config_text_has(const struct config_text *t, const char *section, int nth, const char *key)
{
    return find_option(t, find_section(t, section, nth), key) != NULL;
}

int
config_text_count(const struct config_text *t, const char *section)
{
    int n = 0;

    for (int i = 0; i < t->mark_count; i++)
        n += t->marks[i].is_section && strcmp(t->marks[i].name, section) == 0;
    return n;
}
