/*
 * test_mask.c - what is hidden of records: people for the eye, secrets for good, names by a hash.
 */
#include <sys/stat.h>

#include "../../daemon/pipeline/privacy.h"
#include "mask.h"
#include "test.h"

static const char *
people(const char *text)
{
    static char p[300];

    snprintf(p, sizeof p, "%s", text);
    mask_people(p, strlen(p));
    return p;
}

static const char *
secrets(const char *text, size_t want)
{
    static char p[300];

    snprintf(p, sizeof p, "%s", text);
    CHECK_INT(mask_secrets(p, strlen(p)), want);
    CHECK_INT(strlen(p), strlen(text));
    return p;
}

TEST(numbers_and_addresses_are_masked)
{
    CHECK_STR(people("+4930123456789"), "+***********89");
    CHECK_STR(people("tel 555-123-4567,x"), "tel ***-***-**67,x");
    CHECK_STR(people("(030) 1234 5678"), "(***) **** **78");
    CHECK_STR(people("sip:ann.example@pbx.example.com;x"), "sip:a**********@pbx.example.com;x");
    CHECK_STR(people("\"a@b.c\" and @ alone"), "\"a@b.c\" and @ alone");
    CHECK_STR(people("ann%40x"), "ann%40x");
    CHECK_STR(people("123456@example.com"), "1*****@example.com");
}

TEST(dates_times_and_short_numbers_are_not_masked)
{
    static const char *const same[] = {
        "2026-03-01T09:00:00Z",
        "2026-03-01 09:00:00",
        "01.03.2026 09:00:00",
        "03/01/2026,4711",
        "12345",
        "duration=1800;room=8600",
        "10.0.0.7",
        "",
        "-",
        "v1.2.3",
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_STR(people(same[i]), same[i]);
}

TEST(values_of_secret_keys_are_written_over)
{
    CHECK_STR(secrets("{\"password\":\"geh\\\"eim\",\"x\":\"y\"}", 1),
              "{\"password\":\"xxxxxxxx\",\"x\":\"y\"}");
    CHECK_STR(secrets("{\"pin\": 1234, \"token\":null}", 1), "{\"pin\": 0000, \"token\":null}");
    CHECK_STR(secrets("<pin>1234</pin><moderator-pass>ab</moderator-pass>", 2),
              "<pin>xxxx</pin><moderator-pass>xx</moderator-pass>");
    CHECK_STR(secrets("<u password='ab' id='7'/>", 1), "<u password='xx' id='7'/>");
    CHECK_STR(secrets("a=1&access_token=abc&b=2", 1), "a=1&access_token=xxx&b=2");
    CHECK_STR(secrets("%22moderatorPass%22%3A%22abc%22%2C%22id%22", 1),
              "%22moderatorPass%22%3A%22xxx%22%2C%22id%22");
    CHECK_STR(secrets("{\\\"Api-Key\\\":\\\"abc\\\",\\\"n\\\":1}", 1),
              "{\\\"Api-Key\\\":\\\"xxx\\\",\\\"n\\\":1}");
    CHECK_STR(secrets("Authorization: Bearer", 1), "Authorization: xxxxxx");
    CHECK_STR(secrets("authorizationCodeValue=abc;authorizationCodeValues=abc", 1),
              "authorizationCodeValue=xxx;authorizationCodeValues=abc");
    CHECK_STR(secrets("\"secret\":\"never closed\nnext\":\"b\"", 1),
              "\"secret\":\"xxxxxxxxxxxx\nnext\":\"b\"");
}

/* {"topic":"Weekly","password":"geheim","pin":1234} and what is made of it, by base64(1). */
TEST(secrets_in_base64_are_written_over_there)
{
    CHECK_STR(
        secrets("cdr=eyJ0b3BpYyI6IldlZWtseSIsInBhc3N3b3JkIjoiZ2VoZWltIiwicGluIjoxMjM0fQ==", 2),
        "cdr=eyJ0b3BpYyI6IldlZWtseSIsInBhc3N3b3JkIjoieHh4eHh4IiwicGluIjowMDAwfQ==");
    CHECK_STR(
        secrets("cdr=eyJ0b3BpYyI6IldlZWtseSIsInBh\r\nc3N3b3JkIjoiZ2VoZWltIiwicGluIjoxMjM0fQ&x=1",
                2),
        "cdr=eyJ0b3BpYyI6IldlZWtseSIsInBh\r\nc3N3b3JkIjoieHh4eHh4IiwicGluIjowMDAwfQ&x=1");
    CHECK_STR(secrets("eyJhIjoiPz8/Pj4+fn5+IiwicGluIjo3fQ==", 1),
              "eyJhIjoiPz8/Pj4+fn5+IiwicGluIjowfQ==");
    CHECK_STR(secrets("eyJ0b3BpYyI6IldlZWtseSIsInBhc3N3b3JkIjoi", 0), /* cut off before the value */
              "eyJ0b3BpYyI6IldlZWtseSIsInBhc3N3b3JkIjoi");
    CHECK_STR(secrets("eyJwYXNzd29yZCI6IlNFQ1JFVA", 1), /* and in its midst: {"password":"SECRET */
              "eyJwYXNzd29yZCI6Inh4eHh4eA");
}

TEST(names_may_end_with_such_a_key)
{
    static const char *const yes[] = {"pin",         "PIN",       "Meeting Password",  "guest_pin",
                                      "accessToken", "hostPin",   "sip-auth-password", "start_url",
                                      "joinUrl",     "user.token"};
    static const char *const no[] = {"",         "spin",       "pinned",        "tokens",
                                     "shopping", "tokencount", "password hint", "mapin"};

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(is_secret_name(span_str(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!is_secret_name(span_str(no[i])));
    CHECK_STR(secrets("{\"meetingPassword\":\"abc\",\"sip_auth_password\":\"d\"}", 2),
              "{\"meetingPassword\":\"xxx\",\"sip_auth_password\":\"x\"}");
}

TEST(what_is_no_secret_stays)
{
    static const char *const same[] = {
        "{\"spin\":\"1\",\"pinned\":true,\"tokens\":3,\"pin\":{\"a\":1}}",
        "pin",
        "pin=",
        "password,pin,token\nx,y,z",
        "{\"customer\":\"token\",\"duration\":7}",
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_STR(secrets(same[i], 0), same[i]);
}

/* --- hashes --- */

static struct span
hash_of(const struct privacy *p, const char *name, struct arena *mem)
{
    struct record r = {0};

    r.has = FIELD_BIT(FIELD_PARTICIPANT) | FIELD_BIT(FIELD_CUSTOMER);
    r.text[FIELD_PARTICIPANT] = span_str(name);
    r.text[FIELD_CUSTOMER] = span_str(name);
    privacy_hide(p, &r, mem);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], name);
    return r.text[FIELD_PARTICIPANT];
}

TEST(the_same_name_is_the_same_hash_as_long_as_the_key_is_there)
{
    struct privacy *a = NULL, *b = NULL, *c = NULL;
    struct arena mem;
    struct stat st;

    arena_init(&mem);
    CHECK_INT(privacy_open(&a, ".", true, NULL), ST_OK);
    CHECK(stat("privacy.key", &st) == 0 && st.st_size == 32 && (st.st_mode & 0777) == 0600);
    CHECK_INT(privacy_open(&b, ".", true, NULL), ST_OK);
    CHECK(span_eq(hash_of(a, "ann", &mem), hash_of(b, "ann", &mem)));
    CHECK(!span_eq(hash_of(a, "ann", &mem), hash_of(a, "bob", &mem)));
    CHECK_INT(hash_of(a, "ann", &mem).n, 34);
    CHECK(!memmem(hash_of(a, "ann", &mem).p, 34, "ann", 3));
    CHECK_SPAN(hash_of(NULL, "ann", &mem), "ann");
    CHECK(remove("privacy.key") == 0);
    CHECK_INT(privacy_open(&c, ".", false, NULL), ST_OK);
    CHECK(stat("privacy.key", &st) != 0);
    CHECK(!span_eq(hash_of(a, "ann", &mem), hash_of(c, "ann", &mem)));
    privacy_close(a);
    privacy_close(b);
    privacy_close(c);
    arena_clear(&mem);
}

TEST(a_file_that_is_no_key_is_not_replaced)
{
    struct privacy *p = NULL;
    struct error err;
    FILE *f = fopen("privacy.key", "w");

    CHECK(f && fputs("short", f) >= 0 && fclose(f) == 0);
    CHECK_INT(privacy_open(&p, ".", true, &err), ST_CORRUPT);
    CHECK(p == NULL && strstr(err.text, "no key of 32 bytes"));
}
