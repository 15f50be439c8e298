/*
 * formats_test.c - `callswell formats test`: records as a format reads them, field by field.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "formats.h"
#include "json_write.h"
#include "trial.h"

#define MAX_REASONS 32

struct reason {
    char text[160];
    size_t count;
};

struct showing {
    size_t limit, whole_lines;
    struct json_writer *json; /* NULL: for people */
    struct reason refused[MAX_REASONS], left_out[MAX_REASONS];
};

/* --- values --- */

/* The field's value as it was understood, "" if the record does not have it. */
static void
understood(const struct record *r, enum field f, struct buf *out)
{
    char when[CIVIL_TEXT];

    buf_reset(out);
    if (f == FIELD_KIND)
        buf_str(out, kind_name(r->kind));
    else if (f == FIELD_OUTCOME)
        buf_str(out, outcome_name(r->outcome));
    else if (f == FIELD_START)
        buf_str(out, format_utc(when, r->start));
    else if (f == FIELD_FEATURES)
        for (uint32_t i = 0; i < r->feature_count; i++)
            buf_printf(out, "%s%.*s", i ? "; " : "", SPAN_ARG(r->features[i]));
    else if (!(r->has & FIELD_BIT(f)))
        return;
    else if (f == FIELD_END)
        buf_str(out, format_utc(when, r->start + r->duration));
    else if (f == FIELD_DURATION)
        buf_printf(out, "%u s", r->duration);
    else if (f == FIELD_WAIT || f == FIELD_HANDLE)
        buf_printf(out, "%u s", f == FIELD_WAIT ? r->wait : r->handle);
    else
        buf_span(out, r->text[f]);
}

/* Control characters and broken UTF-8 as \xNN, at most so many characters. */
static void
print_short(struct span s, size_t most)
{
    bool utf8 = span_is_utf8(s);
    size_t shown = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool goes_on = (c & 0xC0) == 0x80 && utf8;

        if (!goes_on && shown++ >= most) {
            fputs("\xE2\x80\xA6", stdout);
            return;
        }
        if ((c >= 0x20 && c < 0x7F) || (c >= 0x80 && utf8))
            putchar(c);
        else
            printf("\\x%02x", c);
    }
}

/* --- for people --- */

static size_t
terminal_width(struct span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static void
print_sources(const struct trial_record *r, enum field f, struct span value, int gap)
{
    for (size_t i = 0; i < r->column_count; i++) {
        const struct trial_column *c = &r->columns[i];

        if (c->field != f || c->text.n == 0)
            continue;
        printf("%*s  <- ", gap, "");
        print_short(c->name, 22);
        if (!span_eq(span_trim(c->text), value)) {
            printf(" \"");
            print_short(c->text, 20);
            putchar('"');
        }
        return;
    }
}

static void
print_field(const struct trial_record *r, enum field f, struct span value)
{
    size_t width = terminal_width(value);

    printf("  %-17s", field_name(f));
    print_short(value, 34);
    print_sources(r, f, value, width < 22 ? (int)(22 - width) : 0);
    putchar('\n');
}

/* What a refused record's fields were, as far as the parser found any. */
static void
print_found(const struct trial_record *r)
{
    for (int f = 0; r->fields && f < FIELD_COUNT; f++)
        if (r->fields->has & FIELD_BIT(f))
            print_field(r, (enum field)f, span_trim(r->fields->v[f]));
}

static void
print_rest(const struct trial_record *r)
{
    size_t at = 0;

    for (size_t i = 0; i < r->column_count; i++) {
        const struct trial_column *c = &r->columns[i];
        size_t n;

        if (c->field != FIELD_COUNT || c->text.n == 0)
            continue;
        n = terminal_width(c->name);
        n = n > 40 ? 41 : n;
        if (at == 0)
            at = (size_t)printf("  not used:");
        else if (at + n + 2 > 78)
            at = (size_t)printf(",\n           ") - 2;
        else
            at += (size_t)printf(",");
        putchar(' ');
        print_short(c->name, 40);
        at += n + 1;
    }
    if (at > 0)
        putchar('\n');
}

static void
print_record(const struct trial_record *r)
{
    struct buf value = {0};

    printf("record %zu, line %zu: ", r->number, r->line);
    if (r->st == ST_OK)
        printf("read\n");
    else if (r->st == ST_IGNORE)
        printf("left out\n  %s\n", r->why);
    else
        printf("refused at its byte %zu\n  %s\n", r->pos, r->why);
    for (int f = 0; r->record && f < FIELD_COUNT; f++) {
        understood(r->record, (enum field)f, &value);
        if (value.n > 0)
            print_field(r, (enum field)f, span_of(value.p, value.n));
    }
    if (!r->record)
        print_found(r);
    print_rest(r);
    putchar('\n');
    buf_clear(&value);
}

/* --- for programs --- */

static void
write_record(struct json_writer *w, const struct trial_record *r)
{
    struct buf value = {0};

    json_object(w, NULL);
    json_u64(w, "record", r->number);
    json_u64(w, "line", r->line);
    json_u64(w, "offset", r->offset);
    json_text(w, "result", r->st == ST_OK ? "read" : r->st == ST_IGNORE ? "left_out" : "refused");
    if (r->why)
        json_text(w, "reason", r->why);
    if (r->st == ST_BAD_INPUT)
        json_u64(w, "position", r->pos);
    json_object(w, "fields");
    for (int f = 0; r->record && f < FIELD_COUNT; f++) {
        understood(r->record, (enum field)f, &value);
        if (value.n > 0)
            json_span(w, field_name((enum field)f), span_of(value.p, value.n));
    }
    json_close(w);
    json_array(w, "columns");
    for (size_t i = 0; i < r->column_count; i++) {
        json_object(w, NULL);
        json_span(w, "name", r->columns[i].name);
        json_span(w, "text", r->columns[i].text);
        json_text(w, "field",
                  r->columns[i].field < FIELD_COUNT   ? field_name(r->columns[i].field)
                  : r->columns[i].field > FIELD_COUNT ? "join"
                                                      : NULL);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    buf_clear(&value);
}

/* --- all --- */

/* Positions and numbers in reasons make each one different: beyond MAX_REASONS they are one. */
static void
count_reason(struct reason *list, const char *why)
{
    size_t i = 0;

    while (i < MAX_REASONS - 1 && list[i].count > 0 && strncmp(list[i].text, why, 159) != 0)
        i++;
    if (list[i].count++ == 0)
        snprintf(list[i].text, sizeof list[i].text, "%s",
                 i == MAX_REASONS - 1 ? "other reasons" : why);
}

static bool
visit(void *arg, const struct trial_record *r)
{
    struct showing *s = arg;

    if (r->st == ST_IGNORE)
        count_reason(s->left_out, r->why);
    else if (r->st != ST_OK)
        count_reason(s->refused, r->why);
    if (r->number > s->limit)
        return true;
    if (s->json)
        write_record(s->json, r);
    else
        print_record(r);
    return true;
}

static void
print_reasons(const char *what, const struct reason *list)
{
    for (size_t i = 0; i < MAX_REASONS && list[i].count > 0; i++)
        printf("  %s %zu: %s\n", what, list[i].count, list[i].text);
}

static void
print_summary(const struct showing *s, const struct trial_count *n, bool whole)
{
    size_t all = n->read + n->left_out + n->refused;

    if (n->header_problem[0])
        printf("nothing is read: %s\n", n->header_problem);
    else if (all == 0)
        printf("there is no record in it\n");
    else
        printf("%zu record%s%s: %zu read, %zu left out, %zu refused\n", all, all == 1 ? "" : "s",
               whole ? "" : " in the first part of the file", n->read, n->left_out, n->refused);
    print_reasons("left out", s->left_out);
    print_reasons("refused", s->refused);
}

static void
run_json(struct showing *s, const struct format *f, struct span text, bool whole,
         struct trial_count *n)
{
    struct buf b = {0};
    struct json_writer w;

    json_begin(&w, &b);
    json_object(&w, NULL);
    json_text(&w, "format", format_name(f));
    json_bool(&w, "whole", whole);
    json_array(&w, "records");
    s->json = &w;
    trial_run(f, text, whole, s->limit, visit, s, n);
    json_close(&w);
    json_u64(&w, "read", n->read);
    json_u64(&w, "left_out", n->left_out);
    json_u64(&w, "refused", n->refused);
    json_text(&w, "header_problem", n->header_problem[0] ? n->header_problem : NULL);
    json_close(&w);
    puts(b.p);
    buf_clear(&b);
}

int
formats_test(const struct config *c, const char *path, const char *name, size_t limit, bool json)
{
    const struct format_options *o = config_format(c, name);
    struct showing s = {.limit = limit};
    struct trial_count n;
    struct format *f = NULL;
    struct error err;
    struct span text;
    bool whole;

    if (!o) {
        fprintf(stderr, "callswell: there is no format \"%s\"; `callswell formats` lists them\n",
                name);
        return 1;
    }
    if (format_new(&f, o, &err) != ST_OK ||
        trial_file(path, FORMATS_SAMPLE, &text, &whole, &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        format_free(f);
        return 1;
    }
    if (json) {
        run_json(&s, f, text, whole, &n);
    } else {
        trial_run(f, text, whole, limit, visit, &s, &n);
        print_summary(&s, &n, whole);
    }
    free((void *)(uintptr_t)text.p);
    format_free(f);
    return n.read > 0 ? 0 : 1;
}
