/*
 * cmd_export.c - `callswell export CRM`: customers as a file for that CRM (crm_export.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "crm_export.h"
#include "options.h"
#include "work.h"

static enum status
write_part(void *arg, struct span part, struct error *err)
{
    FILE *to = arg;

    fwrite(part.p, 1, part.n, to);
    if (fflush(to) != 0 || ferror(to))
        return fail(err, ST_IO, "%s", strerror(errno));
    return ST_OK;
}

static int
export_to(FILE *to, const struct config *c, const struct crm *crm, const struct crm_choice *choice)
{
    struct crm_sink sink = {write_part, to};
    struct store *s = NULL;
    struct buf id = {0};
    struct error err;
    uint64_t rows = 0;
    enum status st = work_store(&s, c, STORE_READ, &err);

    if (st == ST_OK)
        st = crm_export(s, crm, choice, &sink, &rows, &err);
    store_close(s);
    if (st != ST_OK)
        return work_failed(&err);
    crm_id(crm, &id);
    fprintf(stderr, "%llu customers for %s (%s), external id: %.*s\n", (unsigned long long)rows,
            crm_name(crm), crm_way(crm), (int)id.n, id.p);
    buf_clear(&id);
    return 0;
}

int
command_export(int argc, char **argv)
{
    const char *path = NULL, *out = "-";
    struct crm_choice choice = {0};
    const struct crm *crm;
    int first, code = 0;
    const struct option_row rows[] = {
        {"config", OPTION_TEXT, &path, "FILE", "the configuration"},
        {"out", OPTION_TEXT, &out, "FILE|-", "where to (-, standard output)"},
        {"owner", OPTION_TEXT, &choice.owner, "NAME", "customers of this owner only"},
        {"segment", OPTION_TEXT, &choice.segment, "NAME", "members of this segment only"},
    };
    const struct option_use use = {
        "callswell export salesforce|dynamics|suitecrm|espocrm [OPTION...]",
        "Customers with profile, segments and signals as CSV, ready to be loaded in bulk:\n"
        "one column is an external id, so that the same file twice changes nothing.",
        rows, sizeof rows / sizeof rows[0], NULL};
    struct config *c;
    FILE *to = stdout;

    if (!options_parse(&use, argc, argv, &first, &code))
        return code;
    crm = argc == first + 1 ? crm_find(argv[first]) : NULL;
    if (!crm) {
        fprintf(stderr, "usage: %s\n", use.usage);
        return EXIT_USAGE;
    }
    c = options_config(path, &code);
    if (!c)
        return code;
    if (strcmp(out, "-") != 0)
        to = fopen(out, "w");
    if (!to) {
        fprintf(stderr, "callswell: %s: %s\n", out, strerror(errno));
        code = 1;
    } else {
        code = export_to(to, c, crm, &choice);
        if (to != stdout && fclose(to) != 0 && code == 0) {
            fprintf(stderr, "callswell: %s: %s\n", out, strerror(errno));
            code = 1;
        }
    }
    config_free(c);
    return code;
}
