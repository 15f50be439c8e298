/*
 * webhook.c - whether a request comes from who may send: what an input asks, by its `signature`.
 */
#include "webhook.h"

#include "../../parsers/web_text.h"
#include "clock.h"
#include "json_read.h"
#include "json_write.h"
#include "webhook_sign.h"

#define QUESTION_MOST   4096 /* bytes; Zoom's has 150 */
#define VALIDATION_MOST 1024 /* bytes; Graph's has 120 */

static bool
signs(const struct config_input *input, const char *scheme)
{
    return input->signature && strcmp(input->signature, scheme) == 0;
}

static struct span
without_query(const char *url)
{
    return span_of(url, strcspn(url, "?"));
}

enum status
webhook_check(const struct config_input *input, const struct http_request *r, struct span body,
              struct error *err)
{
    struct span secret = span_str(input->secret);
    struct span authorization = http_request_field(r, "authorization");

    if (!input->signature)
        return ST_OK;
    if (signs(input, "zoom"))
        return sign_check_zoom(secret, http_request_field(r, "x-zm-request-timestamp"), body,
                               http_request_field(r, "x-zm-signature"), clock_now(), err);
    if (signs(input, "twilio"))
        return sign_check_twilio(secret, without_query(input->url), r->query,
                                 span_is(r->method, "GET") ? SPAN("") : body,
                                 http_request_field(r, "x-twilio-signature"), err);
    if (signs(input, "bbb"))
        return sign_check_bbb(secret, span_str(input->url), r->query, body, authorization, err);
    if (signs(input, "graph")) /* whose question comes before there is anything to sign */
        return body.n == 0 && webhook_validates(r->query) ? ST_OK
                                                          : sign_check_graph(secret, body, err);
    return sign_check_token(secret, authorization, err);
}

int
webhook_refusal(const struct config_input *input)
{
    return signs(input, "bbb") ? 403 : 401;
}

/* --- Microsoft Graph --- */

static bool
validation_token(struct span query, struct arena *mem, struct span *token)
{
    return web_form_find(query, "validationToken", mem, token);
}

bool
webhook_validates(struct span query)
{
    struct span token;
    struct arena mem;
    bool has;

    arena_init(&mem);
    has = validation_token(query, &mem, &token);
    arena_clear(&mem);
    return has;
}

/* Whoever reads the answer is shown what somebody else may have put into an address: plain words,
 * and nothing that a program could take for a page. */
static bool
is_plain(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '<' || s.p[i] == '>')
            return false;
    return s.n > 0 && s.n <= VALIDATION_MOST;
}

enum status
webhook_validation(struct span query, struct buf *reply, struct error *err)
{
    struct span token = SPAN("");
    enum status st = ST_OK;
    struct arena mem;

    arena_init(&mem);
    if (validation_token(query, &mem, &token) && is_plain(token))
        buf_add(reply, token.p, token.n);
    else
        st = fail(err, ST_BAD_INPUT,
                  "validationToken: expected 1 to %d printable ASCII characters without < and >",
                  VALIDATION_MOST);
    arena_clear(&mem);
    return st;
}

bool
webhook_notifies(struct span body)
{
    const struct json_value *list;
    struct json_value *root;
    struct arena mem;
    bool is;

    if (body.n > GRAPH_MOST || !memmem(body.p, body.n, "\"subscriptionId\"", 16))
        return false;
    arena_init(&mem);
    is = json_parse_foreign(body, &mem, &root, NULL) == ST_OK;
    list = is ? json_find(root, "value") : NULL;
    is = list && list->type == JSON_ARRAY && json_find(list->first, "subscriptionId");
    arena_clear(&mem);
    return is;
}

/* --- Zoom --- */

static void
write_answer(struct buf *reply, struct span secret, struct span token)
{
    char answer[ZOOM_ANSWER];
    struct json_writer w;

    sign_zoom_answer(secret, token, answer);
    json_begin(&w, reply);
    json_object(&w, NULL);
    json_span(&w, "plainToken", token);
    json_text(&w, "encryptedToken", answer);
    json_close(&w);
}

bool
webhook_question(const struct config_input *input, struct span body, struct buf *reply)
{
    const struct json_value *token;
    struct json_value *root;
    struct arena mem;
    bool is_one;

    if (!signs(input, "zoom") || body.n > QUESTION_MOST)
        return false;
    arena_init(&mem);
    is_one = json_parse_foreign(body, &mem, &root, NULL) == ST_OK &&
             strcmp(json_get_text(root, "event", ""), "endpoint.url_validation") == 0;
    token = is_one ? json_find(json_find(root, "payload"), "plainToken") : NULL;
    is_one = token && token->type == JSON_STRING && token->text.n <= ZOOM_TOKEN_MOST;
    if (is_one)
        write_answer(reply, span_str(input->secret), token->text);
    arena_clear(&mem);
    return is_one;
}
