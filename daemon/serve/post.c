/*
 * post.c - one message posted to one receiver.
 */
#include "post.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MOST 65536 /* of an answer that nobody reads */

struct poster {
    const struct config_webhook *hook;
    CURL *curl;
    char reason[CURL_ERROR_SIZE];
    bool refused; /* the address is private */
    size_t answered;
};

/* --- signatures --- */

static void
sign_with(const char *secret, size_t n, struct span text, struct buf *out)
{
    unsigned char key[512], digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    size_t key_n = n < sizeof key ? n : sizeof key;
    unsigned digest_n = 0;

    if (n > 6 && strncmp(secret, "whsec_", 6) == 0 && n - 6 <= sizeof key) {
        char *coded = xstrndup(secret + 6, n - 6);
        int got;

        while (strlen(coded) % 4) /* EVP wants it padded */
            coded = xrealloc(coded, strlen(coded) + 2), strcat(coded, "=");
        got = EVP_DecodeBlock(key, (const unsigned char *)coded, (int)strlen(coded));
        key_n = got > 0 ? (size_t)got : 0;
        for (size_t i = strlen(coded); key_n > 0 && i > 0 && coded[i - 1] == '='; i--)
            key_n--;
        free(coded);
    } else {
        memcpy(key, secret, key_n);
    }
    HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)text.p, text.n, digest, &digest_n);
    EVP_EncodeBlock(base64, digest, (int)digest_n);
    buf_printf(out, "%sv1,%s", out->n ? " " : "", (const char *)base64);
}

void
post_sign(const char *secrets, const char *id, int64_t timestamp, struct span body, struct buf *out)
{
    struct buf text = {0};

    buf_printf(&text, "%s.%lld.", id, (long long)timestamp);
    buf_add(&text, body.p, body.n);
    for (const char *p = secrets + strspn(secrets, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");

        sign_with(p, n, span_of(text.p, text.n), out);
        p += n;
    }
    buf_clear(&text);
}

/* --- addresses --- */

static bool
is_public_4(const unsigned char *a)
{
    return !(a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
             (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
             (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
             (a[0] == 192 && a[1] == 0 && (a[2] == 0 || a[2] == 2)) ||
             (a[0] == 198 && (a[1] & 0xfe) == 18) || (a[0] == 198 && a[1] == 51 && a[2] == 100) ||
             (a[0] == 203 && a[1] == 0 && a[2] == 113));
}

/* Of version 6: global unicast (2000::/3) alone, and of that neither documentation nor what leads
 * back into version 4 (6to4, Teredo); addresses of version 4 in their clothes count as those. */
bool
post_is_public(const unsigned char *a, size_t n)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};

    if (n == 4)
        return is_public_4(a);
    if (n != 16)
        return false;
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return is_public_4(a + 12);
    return (a[0] & 0xe0) == 0x20 && !(a[0] == 0x20 && a[1] == 0x02) &&
           !(a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0) &&
           !(a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8);
}

static bool
may_connect(const struct poster *p, const struct sockaddr *to)
{
    const struct sockaddr_in *four = (const void *)to;
    const struct sockaddr_in6 *six = (const void *)to;

    if (p->hook->private_addresses)
        return to->sa_family == AF_INET || to->sa_family == AF_INET6;
    if (to->sa_family == AF_INET)
        return post_is_public((const unsigned char *)&four->sin_addr, 4);
    return to->sa_family == AF_INET6 && post_is_public(six->sin6_addr.s6_addr, 16);
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct poster *p = arg;

    (void)purpose;
    if (!may_connect(p, &to->addr)) {
        p->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* --- posting --- */

static size_t
ignore_answer(char *data, size_t size, size_t n, void *arg)
{
    struct poster *p = arg;

    (void)data;
    p->answered += size * n;
    return p->answered > ANSWER_MOST ? 0 : size * n;
}

static int
is_stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = arg;

    (void)a, (void)b, (void)c, (void)d;
    return stop && atomic_load(stop);
}

struct poster *
poster_new(const struct config_webhook *h)
{
    struct poster *p = xcalloc(1, sizeof *p);
    CURL *c = curl_easy_init();

    if (!c)
        abort(); /* out of memory */
    p->hook = h;
    p->curl = c;
    curl_easy_setopt(c, CURLOPT_URL, h->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, h->private_addresses ? "http,https" : "https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)h->timeout_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)h->timeout_ms);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (h->ca && h->ca[0])
        curl_easy_setopt(c, CURLOPT_CAINFO, h->ca);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "callswell/" CALLSWELL_VERSION);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->reason);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, p);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore_answer);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, p);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    return p;
}

void
poster_free(struct poster *p)
{
    if (!p)
        return;
    curl_easy_cleanup(p->curl);
    free(p);
}

__attribute__((format(printf, 2, 3))) static void
add_header(struct curl_slist **list, const char *fmt, ...)
{
    struct curl_slist *longer;
    struct buf b = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    longer = curl_slist_append(*list, b.p);
    if (!longer)
        abort(); /* out of memory */
    *list = longer;
    buf_clear(&b);
}

static struct curl_slist *
make_headers(const struct poster *p, const char *id, struct span body, int64_t now)
{
    struct curl_slist *list = NULL;
    struct buf signature = {0};

    post_sign(p->hook->secret, id, now, body, &signature);
    add_header(&list, "content-type: application/json");
    add_header(&list, "expect:");
    add_header(&list, "webhook-id: %s", id);
    add_header(&list, "webhook-timestamp: %lld", (long long)now);
    add_header(&list, "webhook-signature: %s", signature.p);
    buf_clear(&signature);
    return list;
}

static void
judge(struct poster *p, CURLcode code, struct posted *out)
{
    curl_off_t after = 0;
    long status = 0;

    curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &after);
    out->status = (int)status;
    out->retry_after = (int64_t)after;
    if (p->refused && code != CURLE_OK) /* a name may have other addresses, too */
        snprintf(out->error, sizeof out->error,
                 "its address is private (webhook.private is \"no\")");
    else if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status >= 200 && status < 300))
        snprintf(out->error, sizeof out->error, "%.190s",
                 p->reason[0] ? p->reason : curl_easy_strerror(code));
    else if (status < 200 || status >= 300)
        snprintf(out->error, sizeof out->error, "HTTP status %ld%s", status,
                 status >= 300 && status < 400 ? ": redirects are not followed" : "");
}

bool
poster_post(struct poster *p, const char *id, struct span body, int64_t now,
            const atomic_bool *stop, struct posted *out)
{
    struct curl_slist *headers = make_headers(p, id, body, now);
    CURLcode code;

    *out = (struct posted){0};
    p->reason[0] = '\0';
    p->refused = false;
    p->answered = 0;
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(p->curl, CURLOPT_XFERINFODATA, (void *)(uintptr_t)stop);
    code = curl_easy_perform(p->curl);
    judge(p, code, out);
    curl_slist_free_all(headers);
    return out->error[0] == '\0';
}
