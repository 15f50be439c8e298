/*
 * test_signal_rules.c - every kind of signal has a rule that can be explained.
 */
#include "signal_rules.h"
#include "test.h"

#include <stdlib.h>

static void
must_have(const char *kind)
{
    const struct signal_rule *r = signal_rule_find(kind);

    if (!r || r->version < 1 || strlen(r->says) < 20)
        test_fail(__FILE__, __LINE__, "the kind %s has no row in signal_rules.c", kind);
}

/* The literal of each signals_begin(..., "kind", ...) in the sources. */
TEST(every_kind_that_is_raised_has_a_rule)
{
    char command[600], kind[80];
    int kinds = 0;
    FILE *f;

    snprintf(command, sizeof command,
             "grep -rhoE 'signals_begin\\([^\"]*\"[a-z_]+\"|signal_way\\([^\"]*\"[a-z_]+\"' '%s'"
             " --include='*.c' | sed 's/.*\"\\(.*\\)\"/\\1/'",
             test_path("daemon/store"));
    f = popen(command, "r");
    CHECK(f != NULL);
    while (fscanf(f, "%79s", kind) == 1) {
        must_have(kind);
        kinds++;
    }
    CHECK_INT(pclose(f), 0);
    CHECK(kinds >= 8);
}

TEST(rules_are_named_with_their_version)
{
    char name[64];

    signal_rule_name("decline", name, sizeof name);
    CHECK(strncmp(name, "decline/", 8) == 0 && atoi(name + 8) >= 1);
    signal_rule_name("decline_more", name, sizeof name);
    CHECK_STR(name, "more/1");
    signal_rule_name("nobody_knows", name, sizeof name);
    CHECK_STR(name, "nobody_knows/0");
    CHECK(signal_rule_find("nobody_knows") == NULL);
}
