/*
 * config_example.c - the annotated example, from the rows.
 *
 * Options outside titled sections stand with their defaults. Titled sections are examples and
 * switched off: a "#" right before the first letter or the indent. Prose has "# ".
 */
#include <stdlib.h>
#include <string.h>

#include "config_rows.h"

#define WIDTH 96

/* Words wrapped into lines that begin with `lead`. */
static void
add_prose(struct buf *out, const char *lead, const char *words)
{
    size_t column = strlen(lead);

    buf_str(out, lead);
    while (*words) {
        size_t n = strcspn(words, " ");

        if (column + 1 + n > WIDTH) {
            buf_char(out, '\n');
            buf_str(out, lead);
            column = strlen(lead);
        }
        buf_char(out, ' ');
        buf_add(out, words, n);
        column += 1 + n;
        words += n + (words[n] == ' ');
    }
    buf_char(out, '\n');
}

/* Single quotes leave backslashes alone; no example has one inside. */
static void
add_quoted(struct buf *out, const char *text, size_t n)
{
    char quote = memchr(text, '"', n) || memchr(text, '\\', n) ? '\'' : '"';

    buf_char(out, quote);
    buf_add(out, text, n);
    buf_char(out, quote);
}

/* "a|b" is shown as { "a", "b" }. */
static void
add_list(struct buf *out, const char *text)
{
    const char *gap = "{ ";

    for (; *text; gap = ", ") {
        size_t n = strcspn(text, "|");

        buf_str(out, gap);
        add_quoted(out, text, n);
        text += n + (text[n] == '|');
    }
    buf_str(out, " }");
}

static void
add_option(struct buf *out, const struct option_row *row, const char *lead)
{
    const char *text = row->example ? row->example : row->initial;

    buf_printf(out, "%s%s = ", lead, row->key);
    if (row->type == V_LIST)
        add_list(out, text);
    else if (row->type == V_BOOL || row->type == V_INT || row->type == V_REAL ||
             row->type == V_COUNT32 || row->type == V_COUNT)
        buf_str(out, text);
    else
        add_quoted(out, text, strlen(text));
    buf_char(out, '\n');
}

static void
add_row(struct buf *out, const struct option_row *row, const char *lead)
{
    char prose[16], code[16];
    char *help = xasprintf("%s%s", row->help, row->reloadable ? " [reload]" : "");

    strcat(strcpy(prose, lead), "#");
    strcat(strcpy(code, lead), row->elsewhere ? "# " : "");
    add_prose(out, prose, help);
    add_option(out, row, code);
    free(help);
}

static void
add_section(struct buf *out, const struct section_row *s)
{
    const char *off = s->title ? "#" : "", *lead = s->title ? "#    " : "    ";

    add_prose(out, "#", s->help);
    if (s->title)
        buf_printf(out, "#%s \"%s\" {\n", s->name, s->title);
    else
        buf_printf(out, "%s {\n", s->name);
    for (const struct option_row *row = s->rows; row->key; row++)
        add_row(out, row, lead);
    buf_printf(out, "%s}\n", off);
}

void
config_print_example(struct buf *out)
{
    add_prose(out, "#",
              "callswelld.conf - the configuration of callswelld, with every option; see "
              "callswell.conf(5).");
    buf_str(out, "#\n");
    add_prose(
        out, "#",
        "What stands here is the default, so a file needs only what differs. Sections with a "
        "title are examples: take away the # before each of their lines to use one. Double "
        "quotes expand ${NAME} from the environment and read backslashes; single quotes do "
        "neither. Durations: \"250ms\" \"45s\" \"30m\" \"12h\" \"35d\"; sizes: \"64KiB\" "
        "\"8MiB\" \"1GiB\" or plain bytes. callswelld -t -c FILE tests a file. Options marked "
        "[reload] take effect on SIGHUP, the others at a restart.");
    for (const struct option_row *row = config_sections[SECTION_MAIN].rows; row->key; row++) {
        buf_char(out, '\n');
        add_row(out, row, "");
    }
    for (int i = SECTION_MAIN + 1; i < SECTION_COUNT; i++) {
        buf_char(out, '\n');
        add_section(out, &config_sections[i]);
    }
}
