/*
 * json_document.c - what readers of JSON documents share.
 */
#include "json_document.h"

#include "hash.h"
#include "timetext.h"

#define NAME_MOST 120 /* within limits.max_name as it is when nobody changes it */
#define PATH_MOST 200

/* --- objects --- */

bool
frame_is_json(struct span s)
{
    size_t i = s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n'))
        i++;
    return i < s.n && (s.p[i] == '{' || s.p[i] == '[');
}

static const struct json_value *
list_of(const struct json_value *v, const char *const *lists)
{
    if (v->type == JSON_ARRAY)
        return v;
    for (size_t i = 0; lists && lists[i]; i++) {
        const struct json_value *list = json_find(v, lists[i]);

        if (list && list->type == JSON_ARRAY)
            return list;
    }
    return NULL;
}

enum status
document_json(struct document *d, struct span frame, const char *const *lists,
              void (*each)(struct document *d, const struct json_value *object), struct error *err)
{
    bool mark = frame.n >= 3 && memcmp(frame.p, "\xEF\xBB\xBF", 3) == 0;
    struct span text = {frame.p + (mark ? 3 : 0), frame.n - (mark ? 3 : 0)};
    const struct json_value *list;
    struct json_value *root;
    enum status st = json_parse_foreign(text, d->mem, &root, err);

    if (st != ST_OK)
        return st;
    list = list_of(root, lists);
    if (!list && root->type != JSON_OBJECT)
        return fail(err, ST_BAD_INPUT, "neither an object nor a list of objects");
    if (!list)
        each(d, root);
    for (const struct json_value *v = list ? list->first : NULL; v; v = v->next) {
        if (v->type == JSON_OBJECT)
            each(d, v);
        else
            document_refuse(d, "something in the list is no object");
    }
    if (list && root->type == JSON_OBJECT && json_find(root, "@odata.nextLink"))
        document_ignore(d, "@odata.nextLink: further pages, which are to be fetched as well");
    return ST_OK;
}

/* --- paths --- */

const struct json_value *
json_at(const struct json_value *v, const char *path)
{
    while (v && *path) {
        size_t n = strcspn(path, ".");
        const struct json_value *child = v->type == JSON_OBJECT ? v->first : NULL;

        while (child && !span_eq(child->key, span_of(path, n)))
            child = child->next;
        v = child;
        path += n + (path[n] == '.');
    }
    return v;
}

struct span
json_text_of(const struct json_value *v)
{
    if (!v)
        return SPAN("");
    if (v->type == JSON_BOOL)
        return v->truth ? SPAN("true") : SPAN("false");
    return v->type == JSON_STRING || v->type == JSON_NUMBER ? v->text : SPAN("");
}

struct span
json_at_text(const struct json_value *v, const char *path)
{
    return json_text_of(json_at(v, path));
}

struct span
json_first_text(const struct json_value *v, const char *const *paths)
{
    struct span text = SPAN("");

    for (size_t i = 0; paths[i] && text.n == 0; i++)
        text = json_at_text(v, paths[i]);
    return text;
}

bool
json_at_true(const struct json_value *v, const char *path)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    struct span text = json_at_text(v, path);

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (span_eq_nocase(text, span_str(yes[i])))
            return true;
    return false;
}

/* `path` holds n bytes so far, and has room for PATH_MOST. */
static void
feed(struct document *d, struct fields *r, char *path, size_t n, const struct json_value *object)
{
    for (const struct json_value *v = object->first; v; v = v->next) {
        size_t dot = n > 0, length = n + dot + v->key.n;

        if (length > PATH_MOST)
            continue;
        path[n] = '.';
        if (v->key.n > 0)
            memcpy(path + n + dot, v->key.p, v->key.n);
        path[length] = '\0';
        if (v->type == JSON_OBJECT)
            feed(d, r, path, length, v);
        else
            document_value(d, r, path, json_text_of(v));
    }
}

void
document_object(struct document *d, struct fields *r, const char *prefix,
                const struct json_value *object)
{
    char path[PATH_MOST + 1];
    size_t n = strlen(prefix);

    if (!object || object->type != JSON_OBJECT || n > PATH_MOST)
        return;
    memcpy(path, prefix, n);
    feed(d, r, path, n, object);
}

/* --- ids, names and moments --- */

/* How many bytes of s are whole characters and no more than `most`. */
static size_t
characters_within(struct span s, size_t most)
{
    if (s.n <= most)
        return s.n;
    while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80)
        most--;
    return most;
}

struct span
document_id(struct document *d, const struct span *parts, size_t n)
{
    struct span all = document_join(d, parts, n, ':'), hash;

    if (all.n <= NAME_MOST)
        return all;
    hash = document_text(d, "%016llx", (unsigned long long)hash_bytes(all.p, all.n, 0));
    all.n = characters_within(all, NAME_MOST - 1 - hash.n);
    return document_join(d, (const struct span[]){all, hash}, 2, ':');
}

struct span
document_name(struct document *d, struct span text)
{
    char *copy;

    text.n = characters_within(text, NAME_MOST);
    if (!span_has_control(text))
        return text;
    copy = arena_alloc(d->mem, text.n);
    for (size_t i = 0; i < text.n; i++)
        copy[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7F ? ' ' : text.p[i];
    return span_of(copy, text.n);
}

struct span
document_moment(struct document *d, struct span text, const char *const *patterns)
{
    char moment[CIVIL_TEXT];
    bool floating;
    int64_t utc;

    for (size_t i = 0; patterns[i]; i++)
        if (timetext_read_pattern(patterns[i], text, &utc, &floating)) {
            format_utc(moment, utc);
            return document_text(d, "%.*s", (int)strlen(moment) - floating, moment);
        }
    return text;
}

struct span
document_mail_date(struct document *d, struct span text)
{
    static const char *const patterns[] = {"%d %b %Y %T %z", NULL};
    const char *comma = text.n ? memchr(text.p, ',', text.n) : NULL;
    size_t day = comma ? (size_t)(comma + 1 - text.p) : 0;
    struct span date = span_trim(span_of(text.p + day, text.n - day)), moment;

    moment = document_moment(d, date, patterns);
    return moment.p == date.p ? text : moment;
}

struct span
document_millis(struct document *d, struct span text)
{
    int64_t ms;

    if (!span_to_i64(text, &ms) || ms < 0)
        return SPAN("");
    return document_text(d, "%lld", (long long)ms / 1000);
}
