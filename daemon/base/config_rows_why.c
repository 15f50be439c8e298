/*
 * config_rows_why.c - the rows of section why; see config_rows.c.
 */
#include "config_rows.h"

#define MAIN(member) offsetof(struct config, member)
#define DAY          86400.0

const struct option_row config_why_rows[] = {
    {"dimensions", V_BOOL, MAIN(why_dimensions), "yes", .reloadable = true,
     .help = "Count legs of a customer and day also by region and by what their people are known "
             "by, so that `callswell why` can tell a change by these. It costs a few hundredths "
             "of the work of counting, and a tenth of the ledger's size."},
    {"service_alarm", V_SECONDS, MAIN(why_service_alarm), "90d", 1 * DAY, 3660 * DAY,
     .reloadable = true,
     .help = "How long it takes on average until a service whose demand is as forecast is said to "
             "have shifted: the longer, the surer, and the later a real shift is told."},
    {0}};
