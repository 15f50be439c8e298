/*
 * test_customers.c - whose usage it is, rule by rule.
 */
#include "test.h"

#include "cell.h"
#include "customers.h"

static struct directory *
make_directory(void)
{
    struct directory_builder *b = directory_builder_new();

    directory_builder_id(b, SPAN("acme"));
    directory_builder_id(b, SPAN("beta"));
    directory_builder_id(b, SPAN("4930"));
    directory_builder_alias(b, SPAN("Acme GmbH"), SPAN("acme"));
    directory_builder_alias(b, SPAN("beta"), SPAN("acme")); /* ids come first */
    directory_builder_alias(b, SPAN("555-1000"), SPAN("beta"));
    directory_builder_alias(b, SPAN("moved"), SPAN("acme"));
    directory_builder_alias(b, SPAN("MOVED"), SPAN("beta"));
    directory_builder_number(b, SPAN("+49"), SPAN("germany"));
    directory_builder_number(b, SPAN("+49 (30)"), SPAN("berlin"));
    directory_builder_number(b, SPAN("+49-30-12345"), SPAN("acme"));
    directory_builder_number(b, SPAN("none"), SPAN("nobody"));
    directory_builder_domain(b, SPAN("example.com"), SPAN("example"));
    directory_builder_domain(b, SPAN("@Sales.Example.com"), SPAN("sales"));
    directory_builder_domain(b, SPAN("*.beta.example."), SPAN("beta"));
    directory_builder_domain(b, SPAN(""), SPAN("nobody"));
    return directory_build(b);
}

static struct record
record_of(const char *customer, const char *participant)
{
    struct record r = {0};

    if (customer) {
        r.text[FIELD_CUSTOMER] = span_str(customer);
        r.has |= FIELD_BIT(FIELD_CUSTOMER);
    }
    if (participant) {
        r.text[FIELD_PARTICIPANT] = span_str(participant);
        r.has |= FIELD_BIT(FIELD_PARTICIPANT);
    }
    return r;
}

static const struct {
    const char *customer, *participant, *want;
} cases[] = {
    {"acme", NULL, "acme"},
    {"beta", NULL, "beta"},
    {"ACME", NULL, "ACME"}, /* ids are exact */
    {"acme gmbh", NULL, "acme"},
    {"ACME GMBH", "+49301", "acme"},
    {"moved", NULL, "beta"},
    {"4930", NULL, "4930"},
    {"555-1000", NULL, "beta"},
    {"+4930 12345-67", NULL, "acme"},
    {"493012345", NULL, "acme"},
    {"tel:+49301234", NULL, "berlin"},
    {"(49) 30/1234", NULL, "berlin"},
    {"+49.89.1", NULL, "germany"},
    {"49", NULL, "germany"},
    {"4", NULL, "4"},
    {"+1 49 30", NULL, "+1 49 30"},
    {"49x30", NULL, "49x30"},
    {"4+930", NULL, "4+930"},
    {"49000000000000000000000000000000000000000000000000000000000000000000000000000000", NULL,
     "germany"},
    {"ann@example.com", NULL, "example"},
    {"ann@EXAMPLE.com", NULL, "example"},
    {"sip:ann@eu.sales.example.com:5060;transport=tls", NULL, "sales"},
    {"\"Ann, B\" <sips:ann@x.beta.example>;tag=7", NULL, "beta"},
    {"sip:example.com", NULL, "example"},
    {"example.com", NULL, "example.com"}, /* a name, not an address */
    {"ann@notexample.com", NULL, "ann@notexample.com"},
    {"ann@example.com.", NULL, "example"},
    {"ann@", NULL, "ann@"},
    {"sip:", NULL, "sip:"},
    {"@", NULL, "@"},
    {"unknown", "ann@example.com", "unknown"},
    {NULL, "ann@example.com", "example"},
    {NULL, "+49 30 9", "berlin"},
    {"", "+49 30 9", "berlin"},
    {NULL, "acme", NULL}, /* a participant's name is no account */
    {NULL, "+33 1", NULL},
    {NULL, NULL, NULL},
};

TEST(customers_are_matched_in_the_order_of_the_rules)
{
    struct directory *d = make_directory();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record r = record_of(cases[i].customer, cases[i].participant);

        CHECK_INT(directory_match(d, &r, NULL), cases[i].want != NULL);
        if (cases[i].want) {
            CHECK_SPAN(r.text[FIELD_CUSTOMER], cases[i].want);
            CHECK(r.has & FIELD_BIT(FIELD_CUSTOMER));
        }
    }
    directory_unref(d);
}

TEST(customers_without_a_directory_keep_their_names)
{
    struct directory *empty = directory_build(directory_builder_new());
    struct record r = record_of("acme", NULL), none = record_of(NULL, "+4930");

    CHECK(directory_match(NULL, &r, NULL));
    CHECK(directory_match(empty, &r, NULL));
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "acme");
    CHECK(!directory_match(NULL, &none, NULL));
    CHECK(!directory_match(empty, &none, NULL));
    directory_unref(empty);
    directory_unref(NULL);
}

TEST(customers_stay_until_the_last_reader_has_moved_on)
{
    struct directory_builder *b = directory_builder_new();
    struct directory *d, *again;
    char id[32], alias[32];

    for (int i = 0; i < 50000; i++) {
        struct span who = span_of(id, (size_t)snprintf(id, sizeof id, "customer %d", i));

        directory_builder_id(b, who);
        directory_builder_alias(b, span_of(alias, (size_t)snprintf(alias, sizeof alias, "A%d", i)),
                                who);
        directory_builder_number(b, span_of(alias, (size_t)snprintf(alias, sizeof alias, "%d", i)),
                                 who);
    }
    d = directory_build(b);
    again = directory_ref(d);
    directory_unref(d);
    for (int i = 0; i < 50000; i += 7) {
        struct record r;

        snprintf(alias, sizeof alias, "a%d", i);
        snprintf(id, sizeof id, "customer %d", i);
        r = record_of(alias, NULL);
        CHECK(directory_match(again, &r, NULL));
        CHECK_SPAN(r.text[FIELD_CUSTOMER], id);
    }
    directory_unref(again);
}

static uint8_t
people_of(const struct directory *d, const char *customer, const char *participant)
{
    struct record r = {.has = FIELD_BIT(FIELD_CUSTOMER)};

    r.text[FIELD_CUSTOMER] = span_str(customer);
    if (participant) {
        r.has |= FIELD_BIT(FIELD_PARTICIPANT);
        r.text[FIELD_PARTICIPANT] = span_str(participant);
    }
    return directory_people(d, &r);
}

TEST(people_are_told_apart_by_what_they_are_known_by)
{
    struct directory_builder *b = directory_builder_new();
    struct directory *d;

    directory_builder_domain(b, SPAN("acme.example"), SPAN("acme"));
    directory_builder_number(b, SPAN("+49 30 123"), SPAN("acme"));
    d = directory_build(b);
    CHECK_INT(people_of(d, "acme", "ann@acme.example"), PEOPLE_OWN);
    CHECK_INT(people_of(d, "acme", "+4930123-45"), PEOPLE_OWN);
    CHECK_INT(people_of(d, "other", "ann@acme.example"), PEOPLE_ADDRESS);
    CHECK_INT(people_of(d, "acme", "+1 555 0100"), PEOPLE_TELEPHONE);
    CHECK_INT(people_of(d, "acme", "ann"), PEOPLE_NAME);
    CHECK_INT(people_of(d, "acme", NULL), PEOPLE_NONE);
    CHECK_INT(people_of(NULL, "acme", "sip:ann@x"), PEOPLE_ADDRESS);
    directory_unref(d);
}
