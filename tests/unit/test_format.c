/*
 * test_format.c - format options: what is refused, and which column feeds which field.
 */
#include "parsing.h"

TEST(mistakes_in_options_are_named)
{
    const struct {
        struct format_options o;
        const char *begins;
    } bad[] = {
        {{.type = "csv", .map = LIST("customer")}, "map: \"customer\" is not of the form"},
        {{.type = "csv", .map = LIST("client=Account")},
         "map: there is no field called \"client\""},
        {{.type = "csv", .map = LIST("customer=A", "service=A")}, "map: \"A\" is mapped twice"},
        {{.type = "csv", .map = LIST("customer=")}, "map: "},
        {{.type = "csv", .defaults = LIST("kind=thing")}, "defaults: \"kind=thing\""},
        {{.type = "csv", .defaults = LIST("outcome=maybe")}, "defaults: "},
        {{.type = "csv", .null = LIST("x=0")}, "null: there is no field"},
        {{.type = "csv", .ignore = LIST("x=0")}, "ignore: there is no field"},
        {{.type = "csv", .outcome = LIST("A=good")}, "outcome: \"A=good\" does not end in a known"},
        {{.type = "csv", .outcome = LIST("A")}, "outcome: \"A\" is not of the form"},
        {{.type = "csv", .kind = LIST("A=ok")}, "kind: "},
        {{.type = "csv", .time_format = "%Q"}, "time_format: \"%Q\" is none of"},
        {{.type = "csv", .time_format = "%Y-%m-%d %"}, "time_format: "},
        {{.type = "csv", .time_format = "%d. %H:%M"}, "time_format: \"%d. %H:%M\" gives no year"},
        {{.type = "csv", .time_format = "%F %I:%M"}, "time_format: %I and %p"},
        {{.type = "csv", .timezone = "Mars/Olympus"}, "timezone: "},
        {{.type = "csv", .separator = ",,"}, "separator: "},
        {{.type = "csv", .separator = "\n"}, "separator: "},
        {{.type = "csv", .separator = "\xC2\xA6"}, "separator: "},
        {{.type = "csv", .separator = "'", .quote = "'"}, "quote: "},
        {{.type = "csv", .quote = "''"}, "quote: "},
        {{.type = "csv", .columns = LIST("a", "b")}, "columns: "},
        {{.type = "csv", .features_separator = "::"}, "features_separator: "},
        {{.type = "pdf"}, "type: there is no parser called \"pdf\""},
        {{.type = NULL}, "type: "},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *text = refused_option(bad[i].o);

        if (strncmp(text, bad[i].begins, strlen(bad[i].begins)) != 0)
            test_fail(__FILE__, __LINE__, "\"%s\" does not begin with \"%s\"", text, bad[i].begins);
    }
}

TEST(columns_find_their_fields)
{
    struct format *f = make_format((struct format_options){
        .type = "csv", .map = LIST("customer=Account", "service=start", "participant=ACCOUNT")});

    CHECK_INT(format_field_of(f, SPAN("Account")), FIELD_CUSTOMER);
    CHECK_INT(format_field_of(f, SPAN("ACCOUNT")), FIELD_PARTICIPANT);
    CHECK_INT(format_field_of(f, SPAN("account")), FIELD_CUSTOMER);
    CHECK_INT(format_field_of(f, SPAN("customer")), FIELD_COUNT);
    CHECK_INT(format_field_of(f, SPAN("start")), FIELD_SERVICE);
    CHECK_INT(format_field_of(f, SPAN("End")), FIELD_END);
    CHECK_INT(format_field_of(f, SPAN("service")), FIELD_COUNT);
    CHECK_INT(format_field_of(f, SPAN("")), FIELD_COUNT);
    CHECK_INT(format_field_of(f, SPAN("nothing of the kind")), FIELD_COUNT);
    CHECK_STR(format_name(f), "test");
    CHECK_STR(format_options(f)->map[0], "customer=Account");
    format_free(f);
}
