/*
 * http_framing.c - strict framing of HTTP/1.x requests, byte by byte.
 *
 * Known ways to smuggle that are closed here: two Content-Length (also equal ones, also as a
 * list), a sign, 0x or blank in a number, Content-Length beside Transfer-Encoding, any coding
 * but `chunked`, a blank before the colon, folded lines, bare LF or CR, NUL, missing CRLF after
 * a chunk, an endless chunk size, an HTTP/1.0 request with a coding.
 */
#include "http_framing.h"

#define MAX_METHOD    24
#define MAX_DIGITS    12
#define MAX_EXTENSION 64

void
http_limits_default(struct http_limits *l)
{
    *l = (struct http_limits){
        .max_connections = 1024,
        .max_per_address = 64,
        .max_requests = 1000,
        .max_request_line = 2048,
        .max_head = 8192,
        .max_name = 64,
        .max_headers = 64,
        .max_body = 8 << 20,
        .max_memory = 256 << 20,
        .idle_ms = 30000,
        .head_ms = 5000,
        .linger_ms = 2000,
        .body_ms = 10000,
        .body_rate = 64 << 10,
    };
}

/* RFC 9110 section 5.6.2. */
static bool
is_token_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_byte((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static int
refuse(int status, const char **why, const char *text)
{
    *why = text;
    return status;
}

static struct span
take_until(struct span *rest, char c)
{
    const char *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;
    struct span part = {rest->p, at ? (size_t)(at - rest->p) : rest->n};

    rest->p += at ? part.n + 1 : part.n;
    rest->n -= at ? part.n + 1 : part.n;
    return part;
}

static bool
is_version(struct span v)
{
    return v.n == 8 && memcmp(v.p, "HTTP/", 5) == 0 && v.p[5] >= '0' && v.p[5] <= '9' &&
           v.p[6] == '.' && v.p[7] >= '0' && v.p[7] <= '9';
}

/* POST /v1/ingest/hooks HTTP/1.1 */
static int
check_request_line(struct http_head *h, struct span line, const char **why)
{
    struct span rest = line, method = take_until(&rest, ' '), target = take_until(&rest, ' ');

    if (!is_token(method) || method.n > MAX_METHOD)
        return refuse(400, why, "The request line does not begin with a method.");
    if (target.n == 0)
        return refuse(400, why, "The request line has no target.");
    for (size_t i = 0; i < target.n; i++)
        if ((unsigned char)target.p[i] <= 0x20 || (unsigned char)target.p[i] >= 0x7F ||
            target.p[i] == '#')
            return refuse(400, why, "The request target holds a byte that must be encoded.");
    if (!is_version(rest))
        return refuse(400, why, "The request line does not end with an HTTP version.");
    if (!span_is(rest, "HTTP/1.1") && !span_is(rest, "HTTP/1.0"))
        return refuse(505, why, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    h->old = rest.p[7] == '0';
    h->may_bring = span_is(method, "POST") || span_is(method, "PUT") || span_is(method, "PATCH");
    return HTTP_MORE;
}

static int
check_length(struct http_head *h, const struct http_limits *l, struct span v, const char **why)
{
    (void)l;
    if (h->lengths++ || v.n == 0 || v.n > MAX_DIGITS)
        return refuse(400, why, "Content-Length must be there once, with 1 to 12 digits.");
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return refuse(400, why, "Content-Length must be digits only.");
        h->length = h->length * 10 + (uint64_t)(v.p[i] - '0');
    }
    return HTTP_MORE;
}

static int
check_coding(struct http_head *h, const struct http_limits *l, struct span v, const char **why)
{
    (void)l;
    if (h->codings++ || !span_is(v, "chunked"))
        return refuse(400, why, "Transfer-Encoding must be there once, as chunked.");
    h->chunked = true;
    return HTTP_MORE;
}

static int
check_host(struct http_head *h, const struct http_limits *l, struct span v, const char **why)
{
    (void)l;
    if (h->hosts++ || v.n == 0)
        return refuse(400, why, "Host must be there exactly once.");
    for (size_t i = 0; i < v.n; i++)
        if (!is_token_byte((unsigned char)v.p[i]) && !strchr("[]:(),;=", v.p[i]))
            return refuse(400, why, "Host is no host name.");
    return HTTP_MORE;
}

static int
check_expect(struct http_head *h, const struct http_limits *l, struct span v, const char **why)
{
    (void)l;
    if (h->expects++ || !span_eq_nocase(v, SPAN("100-continue")))
        return refuse(417, why, "Only the expectation 100-continue can be met.");
    h->expect_continue = true;
    return HTTP_MORE;
}

static const struct {
    struct span name;
    int (*check)(struct http_head *h, const struct http_limits *l, struct span v, const char **why);
} checks[] = {
    {{"content-length", 14}, check_length},
    {{"transfer-encoding", 17}, check_coding},
    {{"host", 4}, check_host},
    {{"expect", 6}, check_expect},
};

/* Content-Type: application/x-ndjson */
static int
check_header_line(struct http_head *h, const struct http_limits *l, struct span line,
                  const char **why)
{
    struct span value = line, name;

    if (line.p[0] == ' ' || line.p[0] == '\t')
        return refuse(400, why, "A header line is folded.");
    if (++h->headers > l->max_headers)
        return refuse(431, why, "There are too many header lines.");
    name = take_until(&value, ':');
    if (name.n == line.n || !is_token(name))
        return refuse(400, why, "A header line does not begin with a name and a colon.");
    if (name.n > l->max_name)
        return refuse(431, why, "A header name is too long.");
    value = span_trim(value);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (span_eq_nocase(name, checks[i].name))
            return checks[i].check(h, l, value, why);
    return HTTP_MORE;
}

static int
check_whole(struct http_head *h, const struct http_limits *l, const char **why)
{
    if (h->hosts != 1)
        return refuse(400, why, "Host must be there exactly once.");
    if (h->lengths && h->codings)
        return refuse(400, why, "Content-Length and Transfer-Encoding exclude each other.");
    if (h->codings && h->old)
        return refuse(400, why, "HTTP/1.0 knows no Transfer-Encoding.");
    /* Of HTTP/1.1 there is no body then (RFC 9112, 6.3); an older one could end by closing. */
    h->unmeasured = h->may_bring && !h->lengths && !h->codings;
    if (h->unmeasured && h->old)
        return refuse(411, why, "The request needs a Content-Length.");
    if (h->length > l->max_body)
        return refuse(413, why, "The body is longer than this server takes.");
    h->has_body = h->chunked || h->length > 0;
    return HTTP_DONE;
}

static bool
in_request_line(const struct http_head *h)
{
    return h->line == h->skipped;
}

static int
check_line(struct http_head *h, const struct http_limits *l, struct span line, const char **why)
{
    if (line.n > 0 && in_request_line(h)) {
        h->fields = h->line + line.n + 2;
        return check_request_line(h, line, why);
    }
    if (line.n > 0)
        return check_header_line(h, l, line, why);
    if (!in_request_line(h))
        return check_whole(h, l, why);
    /* RFC 9112 section 2.2: one blank line before the request is old clients' habit. */
    if (h->skipped)
        return refuse(400, why, "Blank lines stand before the request.");
    h->skipped = 2;
    return HTTP_MORE;
}

/* The limits hold for what is there, whether or not its end has come. The line end counts in
 * the header lines, but not in the request line. */
static int
check_sizes(const struct http_head *h, const struct http_limits *l, size_t at, bool line_ends,
            const char **why)
{
    if (in_request_line(h) && !line_ends && at + 1 - h->line > l->max_request_line)
        return refuse(414, why, "The request line is too long.");
    if (!in_request_line(h) && at + 1 + line_ends - h->fields > l->max_head)
        return refuse(431, why, "The header lines are too long.");
    return HTTP_MORE;
}

int
http_frame_head(struct http_head *h, const struct http_limits *l, struct span bytes,
                const char **why)
{
    int status;

    for (; h->scanned < bytes.n; h->scanned++) {
        unsigned char c = (unsigned char)bytes.p[h->scanned];
        size_t at = h->scanned;

        status = check_sizes(h, l, at, c == '\r', why);
        if (status != HTTP_MORE)
            return status;
        if (c == '\r') {
            if (at + 1 == bytes.n)
                return HTTP_MORE; /* whether LF follows is not known yet */
            if (bytes.p[at + 1] != '\n')
                return refuse(400, why, "A CR stands without LF.");
            status = check_line(h, l, span_of(bytes.p + h->line, at - h->line), why);
            h->line = at + 2;
            h->n = at + 2 - h->skipped;
            h->scanned++;
            if (status != HTTP_MORE)
                return status;
        } else if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return refuse(400, why, "A control character stands in the head.");
        }
    }
    return HTTP_MORE;
}

/* --- chunked bodies, RFC 9112 section 7.1 --- */

enum chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    TRAILER_END_LF,
};

static bool
is_text_byte(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7F);
}

static int
size_byte(struct http_chunks *c, unsigned char byte, const char **why)
{
    int digit = hex_digit(byte);

    if (digit >= 0 && c->digits < 8) {
        c->digits++;
        c->left = c->left << 4 | (unsigned)digit;
        return HTTP_MORE;
    }
    if (c->digits == 0 || (byte != ';' && byte != '\r'))
        return refuse(400, why, "A chunk size is not 1 to 8 hexadecimal digits.");
    c->state = byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
    return HTTP_MORE;
}

static int
extension_byte(struct http_chunks *c, unsigned char byte, const char **why)
{
    if (byte == '\r')
        c->state = CHUNK_SIZE_LF;
    else if (!is_text_byte(byte) || ++c->extension > MAX_EXTENSION)
        return refuse(400, why, "A chunk extension is too long or broken.");
    return HTTP_MORE;
}

static int
size_ends(struct http_chunks *c, const struct http_limits *l, const char **why)
{
    c->total += c->left;
    if (c->total > l->max_body)
        return refuse(413, why, "The body is longer than this server takes.");
    c->state = c->left ? CHUNK_DATA : TRAILER_START;
    c->digits = c->extension = 0;
    return HTTP_MORE;
}

static int
trailer_byte(struct http_chunks *c, const struct http_limits *l, unsigned char byte,
             const char **why)
{
    if (++c->trailer > l->max_head)
        return refuse(431, why, "The trailer lines are too long.");
    if (c->state == TRAILER_START && byte == '\r')
        c->state = TRAILER_END_LF;
    else if (c->state == TRAILER_NAME && byte == ':')
        c->state = TRAILER_VALUE;
    else if (c->state == TRAILER_VALUE && byte == '\r')
        c->state = TRAILER_LF;
    else if (c->state != TRAILER_VALUE && is_token_byte(byte))
        c->state = TRAILER_NAME;
    else if (c->state != TRAILER_VALUE || !is_text_byte(byte))
        return refuse(400, why, "A trailer line is broken.");
    return HTTP_MORE;
}

/* A byte that must be this one. */
static int
expect_byte(struct http_chunks *c, unsigned char byte, unsigned char want, int next,
            const char **why)
{
    if (byte != want)
        return refuse(400, why, "CRLF is missing around a chunk.");
    c->state = next;
    return HTTP_MORE;
}

static int
chunk_byte(struct http_chunks *c, const struct http_limits *l, unsigned char byte, const char **why)
{
    switch ((enum chunk_state)c->state) {
    case CHUNK_SIZE:
        return size_byte(c, byte, why);
    case CHUNK_EXTENSION:
        return extension_byte(c, byte, why);
    case CHUNK_SIZE_LF:
        return byte == '\n' ? size_ends(c, l, why)
                            : refuse(400, why, "CRLF is missing around a chunk.");
    case CHUNK_DATA_CR:
        return expect_byte(c, byte, '\r', CHUNK_DATA_LF, why);
    case CHUNK_DATA_LF:
        return expect_byte(c, byte, '\n', CHUNK_SIZE, why);
    case TRAILER_LF:
        return expect_byte(c, byte, '\n', TRAILER_START, why);
    case TRAILER_END_LF:
        return byte == '\n' ? HTTP_DONE : refuse(400, why, "CRLF is missing around a chunk.");
    default:
        return trailer_byte(c, l, byte, why);
    }
}

int
http_frame_chunks(struct http_chunks *c, const struct http_limits *l, struct span bytes,
                  size_t *used, const char **why)
{
    size_t at = 0;
    int status = HTTP_MORE;

    while (at < bytes.n && status == HTTP_MORE) {
        if (c->state == CHUNK_DATA) {
            size_t n = c->left < bytes.n - at ? (size_t)c->left : bytes.n - at;

            at += n;
            c->left -= n;
            if (c->left == 0)
                c->state = CHUNK_DATA_CR;
            continue;
        }
        status = chunk_byte(c, l, (unsigned char)bytes.p[at++], why);
    }
    *used = at;
    return status;
}
