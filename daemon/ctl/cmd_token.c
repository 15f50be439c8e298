/*
 * cmd_token.c - tokens for programs and people: add, list, revoke.
 *
 * They are in the CRM store, which this process edits itself; a running daemon sees it there.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "options.h"
#include "report.h"
#include "token_desk.h"
#include "work.h"

static int
add(struct store *s, const char *name, const char *role, const char *owner)
{
    char text[TOKEN_TEXT];
    struct error err;
    enum role r;

    if (!role || !role_named(role, &r)) {
        fprintf(stderr, "callswell: --role ingest, read or admin\n");
        return EXIT_USAGE;
    }
    if (owner && r == ROLE_INGEST) {
        fprintf(stderr, "callswell: --owner limits what is seen; ingest sees nothing\n");
        return EXIT_USAGE;
    }
    if (token_add(s, name, r, owner, work_user(), clock_now(), text, &err) != ST_OK) {
        if (err.code != ST_BAD_INPUT)
            return work_failed(&err);
        fprintf(stderr, "callswell: %s\n", err.text);
        return EXIT_USAGE;
    }
    printf("Token %s with the role %s%s%s. It is shown this once:\n%s\n", name, role,
           owner ? " for customers of " : "", owner ? owner : "", text);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int
revoke_one(struct store *s, const char *name)
{
    struct error err;

    if (token_revoke(s, name, work_user(), clock_now(), &err) != ST_OK) {
        fprintf(stderr, "callswell: %s\n", err.text);
        return err.code == ST_NOT_FOUND ? 1 : work_failed(&err);
    }
    printf("Token %s proves nothing any more.\n", name);
    return 0;
}

static int
list(struct store *s, const struct config *c, enum table_style style, bool all)
{
    struct report r = {.store = s, .config = c, .style = style, .out = stdout};
    struct error err;

    r.query.param[ANSWER_STATE] = all ? "all" : NULL;
    return report_answer(&r, answer_find("tokens"), &err) == ST_OK ? 0 : work_failed(&err);
}

static int
run(const struct config *c, const char *verb, const char *name, const char *role, const char *owner,
    enum table_style style, bool all)
{
    bool listing = strcmp(verb, "list") == 0;
    struct store *s = NULL;
    struct error err;
    int code;

    if (work_store(&s, c, listing ? STORE_READ : STORE_EDIT, &err) != ST_OK)
        return work_failed(&err);
    if (listing)
        code = list(s, c, style, all);
    else if (strcmp(verb, "add") == 0)
        code = add(s, name, role, owner);
    else
        code = revoke_one(s, name);
    store_close(s);
    return code;
}

int
command_token(int argc, char **argv)
{
    const char *path = NULL, *role = NULL, *owner = NULL, *verb;
    bool json = false, csv = false, all = false;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"role", OPTION_TEXT, &role, "ROLE", "add: ingest, read or admin"},
        {"owner", OPTION_TEXT, &owner, "NAME", "add: sees customers of this owner only"},
        {"all", OPTION_FLAG, &all, NULL, "list: revoked ones, too"},
        {"json", OPTION_FLAG, &json, NULL, "list as JSON"},
        {"csv", OPTION_FLAG, &csv, NULL, "list as CSV"},
    };
    const struct option_use use = {
        "callswell token add --role ROLE [--owner NAME] NAME | list | revoke NAME",
        "Tokens by which programs and people prove over HTTP who they are. From the first\n"
        "one on nobody gets anything without; a running daemon heeds it within a second.\n"
        "A new token is printed alone on the last line, this once; only its hash is kept.",
        rows, sizeof rows / sizeof rows[0],
        "  callswell token add --role ingest switch-berlin\n"
        "  callswell token add --role read --owner 'Ann Miller' ann\n"};
    struct config *c;
    bool listing;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    verb = first < argc ? argv[first] : "list";
    listing = strcmp(verb, "list") == 0;
    if ((!listing && strcmp(verb, "add") != 0 && strcmp(verb, "revoke") != 0) ||
        argc > first + (listing ? 1 : 2) || (!listing && argc != first + 2)) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    code = run(c, verb, listing ? NULL : argv[first + 1], role, owner,
               json  ? TABLE_JSON
               : csv ? TABLE_CSV
                     : TABLE_ALIGNED,
               all);
    config_free(c);
    return code;
}
