/*
 * test_webhook_sign.c - signatures of senders, against published and independently made values.
 *
 * Twilio's are the examples of its documentation and of its libraries' tests; the others were made
 * with Python's hmac and hashlib.
 */
#include "../../daemon/serve/webhook_sign.h"
#include "test.h"

#define URL   SPAN("https://mycompany.com/myapp.php")
#define QUERY SPAN("foo=1&bar=2")
#define FORM                                                                                       \
    SPAN("Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&"                \
         "CallSid=CA1234567890ABCDE")
#define TOKEN SPAN("12345")
#define MATCH SPAN("RSOYDt4T1cUTdK1PDd93/VVr8B8=")

TEST(twilio_as_its_documentation_says)
{
    struct error err;

    CHECK_INT(sign_check_twilio(TOKEN, URL, QUERY, FORM, MATCH, NULL), ST_OK);
    CHECK_INT(sign_check_twilio(TOKEN, URL, QUERY,
                                SPAN("Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&"
                                     "Digits=1234"),
                                SPAN("IK+Dwps556ElfBT0I3Rgjkr1wJU="), NULL),
              ST_OK);
    CHECK_INT(sign_check_twilio(SPAN("12346"), URL, QUERY, FORM, MATCH, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "the signature is wrong");
    CHECK_INT(sign_check_twilio(TOKEN, URL, QUERY, SPAN("Digits=1234"), MATCH, &err), ST_BAD_INPUT);
    CHECK_INT(sign_check_twilio(TOKEN, URL, SPAN("foo=1"), FORM, MATCH, &err), ST_BAD_INPUT);
    CHECK_INT(sign_check_twilio(TOKEN, URL, QUERY, FORM, SPAN(""), &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "the signature is missing");
}

TEST(twilio_signs_a_body_that_is_no_form_by_its_digest)
{
    struct span query = SPAN("foo=1&bar=2&bodySHA256="
                             "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620");

    CHECK_INT(sign_check_twilio(TOKEN, URL, query,
                                SPAN("{\"property\": \"value\", \"boolean\": true}"),
                                SPAN("a9nBmqA0ju/hNViExpshrM61xv4="), NULL),
              ST_OK);
    CHECK_INT(sign_check_twilio(TOKEN, URL, query,
                                SPAN("{\"property\": \"other\", \"boolean\": true}"),
                                SPAN("a9nBmqA0ju/hNViExpshrM61xv4="), NULL),
              ST_BAD_INPUT);
}

TEST(a_form_without_end_is_no_reason_to_sort_it)
{
    char form[4100];
    struct error err;

    for (size_t i = 0; i + 4 <= sizeof form; i += 4)
        memcpy(form + i, "a=b&", 4);
    CHECK_INT(sign_check_twilio(TOKEN, URL, QUERY, span_of(form, sizeof form), MATCH, &err),
              ST_BAD_INPUT);
    CHECK_STR(err.text, "the form has too many values");
}

static enum status
zoom(const char *sent, const char *body, const char *given, int64_t now)
{
    return sign_check_zoom(SPAN("zoom-secret"), span_str(sent), span_str(body), span_str(given),
                           now, NULL);
}

TEST(zoom_for_five_minutes)
{
    static const char good[] =
        "v0=60c61bc1d0cf9b7e96eb07b81e1a8399349c53aff8b35acc9eddd826a49b6bc8";
    static const char body[] = "{\"event\":\"meeting.started\"}";

    CHECK_INT(zoom("1772366400", body, good, 1772366400), ST_OK);
    CHECK_INT(zoom("1772366400", body, good, 1772366700), ST_OK);
    CHECK_INT(zoom("1772366400", body, good, 1772366701), ST_BAD_INPUT);
    CHECK_INT(zoom("1772366400", body, good, 1772366100), ST_OK);
    CHECK_INT(zoom("1772366400", body, good, 1772366099), ST_BAD_INPUT);
    CHECK_INT(zoom("1772366401", body, good, 1772366400), ST_BAD_INPUT);
    CHECK_INT(zoom("1772366400", "{\"event\":\"meeting.ended\"}", good, 1772366400), ST_BAD_INPUT);
    CHECK_INT(zoom("1772366400", body, good + 3, 1772366400), ST_BAD_INPUT);
    CHECK_INT(zoom("", body, good, 1772366400), ST_BAD_INPUT);
    CHECK_INT(zoom("1772366400", body, "", 1772366400), ST_BAD_INPUT);
}

TEST(zoom_asks_whether_the_address_is_ours)
{
    char answer[ZOOM_ANSWER];

    sign_zoom_answer(SPAN("zoom-secret"), SPAN("qgg8vlvZRS6UYooatFL8Aw"), answer);
    CHECK_STR(answer, "b17f0320a1322a509340a1a835b3d9edbc491f0b0790ed2d20d0604d39dfe922");
}

TEST(bigbluebutton_by_checksum_of_any_length_or_by_its_secret)
{
    static const char *const good[] = {
        "checksum=99faa44315e6ef06eeb28767d4d691fe773f7506",
        "x=1&checksum=bd4b3505932c0b102aeb92862e101b81e630efdb614f1229761095fccdc19610",
        "checksum=f2853478c7ec8932537e511ce188d4885919513268bae8c2a7d447fe94a99a636dd11326b9c28d9e"
        "2d05f4498072fa4c",
        "checksum=fc3320b27e8f11beb626f0101a38fb4f302c1b1d8e35c8a1056b136fb36e2e5e080d3629cd5ad95f"
        "ae7e95a983e0d23f0d27a1955cf761bfb337464d10723534"};
    static const char *const bad[] = {"", "checksum=", "checksum=99faa4",
                                      "checksum=99faa44315e6ef06eeb28767d4d691fe773f7507"};
    struct span secret = SPAN("bbb-secret"), url = SPAN("https://c.example.com/v1/ingest/bbb?x=1");
    struct span body = SPAN("domain=bbb.example.com&event=%5B%5D&timestamp=1"), none = SPAN("");

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_INT(sign_check_bbb(secret, url, span_str(good[i]), body, none, NULL), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sign_check_bbb(secret, url, span_str(bad[i]), body, none, NULL), ST_BAD_INPUT);
    CHECK_INT(sign_check_bbb(secret, url, none, body, SPAN("Bearer bbb-secret"), NULL), ST_OK);
    CHECK_INT(sign_check_bbb(secret, url, span_str(good[0]), body, SPAN("Bearer no"), NULL),
              ST_BAD_INPUT);
}

static enum status
graph(const char *body, const char *why)
{
    struct error err = {0};
    enum status st = sign_check_graph(SPAN("s3cret"), span_str(body), &err);

    CHECK_STR(err.text, why);
    return st;
}

TEST(graph_by_the_client_state_of_every_notification)
{
#define OF(state) "{\"subscriptionId\":\"s\",\"clientState\":" state "}"
    static const char none[] = "these are no notifications of Microsoft Graph";
    static const char *const nothing[] = {
        "", "{", "[]", "{}", "{\"value\":[]}", "{\"value\":{}}", "{\"value\":\"s3cret\"}"};
    char *longest = calloc(1, GRAPH_MOST + 2);

    CHECK_INT(graph("{\"value\":[" OF("\"s3cret\"") "," OF("\"s3cret\"") "]}", ""), ST_OK);
    CHECK_INT(graph("{\"value\":[" OF("\"s3cret\"") "," OF("\"s3cres\"") "]}",
                    "a notification's clientState is another"),
              ST_BAD_INPUT);
    CHECK_INT(graph("{\"value\":[" OF("\"\"") "]}", "a notification's clientState is another"),
              ST_BAD_INPUT);
    CHECK_INT(graph("{\"value\":[" OF("null") "]}", "a notification has no clientState"),
              ST_BAD_INPUT);
    CHECK_INT(graph("{\"value\":[7]}", "a notification has no clientState"), ST_BAD_INPUT);
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        CHECK_INT(graph(nothing[i], none), ST_BAD_INPUT);
    memset(longest, ' ', GRAPH_MOST + 1);
    memcpy(longest, "{\"value\":[" OF("\"s3cret\"") "]}",
           sizeof "{\"value\":[" OF("\"s3cret\"") "]}" - 1);
    CHECK_INT(graph(longest, "notifications are no longer than 1048576 bytes"), ST_BAD_INPUT);
    longest[GRAPH_MOST] = '\0';
    CHECK_INT(graph(longest, ""), ST_OK);
    free(longest);
}

TEST(a_shared_secret_behind_bearer_basic_or_nothing)
{
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("Bearer s3cret"), NULL), ST_OK);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("bearer  s3cret"), NULL), ST_OK);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("s3cret"), NULL), ST_OK);
    CHECK_INT(sign_check_token(SPAN("user:pass"), SPAN("Basic dXNlcjpwYXNz"), NULL), ST_OK);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("Bearer s3cre"), NULL), ST_BAD_INPUT);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("Bearer "), NULL), ST_BAD_INPUT);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN("Basic !!"), NULL), ST_BAD_INPUT);
    CHECK_INT(sign_check_token(SPAN("s3cret"), SPAN(""), NULL), ST_BAD_INPUT);
}
