/*
 * generate_json.c - JSON strings, plain or in ASCII only.
 */
#include "generate_text.h"

static void
add_unicode_escape(struct buf *out, uint32_t c)
{
    if (c >= 0x10000) {
        c -= 0x10000;
        buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF));
    } else {
        buf_printf(out, "\\u%04x", c);
    }
}

/* The character at p; *n is how many bytes it has. Names here are valid UTF-8. */
static uint32_t
read_utf8(const char *p, size_t *n)
{
    unsigned char c = (unsigned char)*p;
    uint32_t v;

    *n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    v = c & (0xFFu >> (*n + 1));
    for (size_t i = 1; i < *n; i++)
        v = v << 6 | ((unsigned char)p[i] & 0x3F);
    return v;
}

void
text_json_string(struct buf *out, const char *p, size_t n, bool ascii_only)
{
    size_t step;

    buf_char(out, '"');
    for (size_t i = 0; i < n; i += step) {
        step = 1;
        if (p[i] == '"' || p[i] == '\\') {
            buf_char(out, '\\');
            buf_char(out, p[i]);
        } else if ((unsigned char)p[i] >= 0x80 && ascii_only) {
            add_unicode_escape(out, read_utf8(p + i, &step));
        } else {
            buf_char(out, p[i]);
        }
    }
    buf_char(out, '"');
}
