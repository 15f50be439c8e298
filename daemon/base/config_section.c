/*
 * config_section.c - formats as text: shipped ones as they were written, others from options.
 */
#include <stdlib.h>
#include <string.h>

#include "config_rows.h"

/* In single quotes a backslash stands for itself unless another or a quote follows. */
static void
add_quoted(struct buf *out, const char *text)
{
    if (!strpbrk(text, "\"\\$")) {
        buf_printf(out, "\"%s\"", text);
        return;
    }
    buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_char(out, '\\');
        buf_char(out, *text);
    }
    buf_char(out, '\'');
}

#define WIDTH 78

/* Broken into lines, whose first one begins at `line` of the text. */
static void
add_list(struct buf *out, const char *const *list, size_t line)
{
    buf_char(out, '{');
    for (; *list; list++) {
        if (out->n - line + strlen(*list) + 4 > WIDTH && out->p[out->n - 1] == ' ') {
            out->n--;
            line = out->n + 1;
            buf_str(out, "\n        ");
        }
        add_quoted(out, *list);
        buf_str(out, list[1] ? ", " : "}");
    }
}

/* False: the option says no more than its default. */
static bool
is_said(const struct option_row *row, const void *value)
{
    if (row->type == V_BOOL)
        return *(const bool *)value;
    if (row->type == V_LIST)
        return *(const char *const *const *)value && **(const char *const *const *)value;
    return *(const char *const *)value != NULL;
}

void
config_print_format(struct buf *out, const struct format_options *format)
{
    buf_str(out, "format ");
    add_quoted(out, format->name);
    buf_str(out, " {\n");
    for (const struct option_row *row = config_sections[SECTION_FORMAT].rows; row->key; row++) {
        const void *value = (const char *)format + row->offset;
        size_t line;

        if (!is_said(row, value))
            continue;
        line = out->n;
        buf_printf(out, "    %s = ", row->key);
        if (row->type == V_BOOL)
            buf_str(out, "yes");
        else if (row->type == V_LIST)
            add_list(out, *(const char *const *const *)value, line);
        else
            add_quoted(out, *(const char *const *)value);
        buf_char(out, '\n');
    }
    buf_str(out, "}\n");
}

/* From the comment right above a line of the text. */
static size_t
comment_above(struct span text, size_t at)
{
    while (at > 0) {
        const char *before = memrchr(text.p, '\n', at - 1);
        size_t line = before ? (size_t)(before - text.p) + 1 : 0;

        if (text.p[line] != '#')
            break;
        at = line;
    }
    return at;
}

struct span
config_shipped_format(const char *name)
{
    struct span all = span_of(formats_builtin, formats_builtin_size);
    char *head = xasprintf("format \"%s\" {\n", name);
    const char *p = memmem(all.p, all.n, head, strlen(head)), *end;
    size_t from;

    free(head);
    if (!p || (p > all.p && p[-1] != '\n'))
        return SPAN("");
    end = memmem(p, (size_t)(all.p + all.n - p), "\n}\n", 3);
    from = comment_above(all, (size_t)(p - all.p));
    return span_of(all.p + from, end ? (size_t)(end + 3 - all.p) - from : all.n - from);
}
