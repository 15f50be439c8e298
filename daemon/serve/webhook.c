/*
 * webhook.c - whether a request comes from who may send: what an input asks, by its `signature`.
 */
#include "webhook.h"

#include "clock.h"
#include "json_read.h"
#include "json_write.h"
#include "webhook_sign.h"

#define QUESTION_MOST 4096 /* bytes; Zoom's has 150 */

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
    return sign_check_token(secret, authorization, err);
}

int
webhook_refusal(const struct config_input *input)
{
    return signs(input, "bbb") ? 403 : 401;
}

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
