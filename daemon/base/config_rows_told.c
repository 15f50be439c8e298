/*
 * config_rows_told.c - the rows of what is told to people and programs: signals, webhooks.
 */
#include "config_rows.h"

#define MAIN(member)    offsetof(struct config, member)
#define WEBHOOK(member) offsetof(struct config_webhook, member)
#define DAY             86400.0

const struct option_row config_signal_rows[] = {
    {"complete", V_REAL, MAIN(signals.complete), "0.9", 0, 1, .reloadable = true,
     .help = "A signal about customers, services or features is held as long as less than this "
             "share of what usually comes by their inputs is there; 0 holds none."},
    {"most", V_COUNT32, MAIN(signals.most), "200", 0, 1e6, .reloadable = true,
     .help = "Most signals of one kind that are open: the most important ones. One more says how "
             "many others there are; \"callswell signal list --rest\" shows them. 0: no limit."},
    {0}};

const struct option_row config_webhook_rows[] = {
    {"url", V_TEXT, WEBHOOK(url), NULL, .example = "https://crm.example.com/hooks/callswell",
     .reloadable = true, .needed = true, .help = "Where messages are posted."},
    {"secret", V_TEXT, WEBHOOK(secret), NULL, .example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
     .reloadable = true, .needed = true,
     .help =
         "Signs every message: whsec_ and base64, or any text of 16 characters or more. Several, "
         "separated by blanks, sign each: so one is replaced without a gap."},
    {"kinds", V_LIST, WEBHOOK(kinds), NULL, .example = "surge|decline", .reloadable = true,
     .help = "Kinds of signals; all if none is named."},
    {"severity", V_CHOICE, WEBHOOK(severity), "info", .choices = "info warning critical",
     .reloadable = true, .help = "The least severe ones."},
    {"events", V_LIST, WEBHOOK(events), NULL, .example = "raised|closed", .reloadable = true,
     .help = "What about them: raised, changed, acked, closed; all if none is named."},
    {"timeout", V_MILLIS, WEBHOOK(timeout_ms), "10s", 0.1, 300, .reloadable = true,
     .help = "How long a request may take."},
    {"retry", V_MILLIS, WEBHOOK(retry_ms), "5s", 0.01, 3600, .reloadable = true,
     .help = "Pause after the first try that failed; each later one is twice as long, with up to "
             "a half by chance."},
    {"retry_most", V_MILLIS, WEBHOOK(retry_most_ms), "1h", 0.01, DAY, .reloadable = true,
     .help = "But no longer than this."},
    {"give_up", V_SECONDS, WEBHOOK(give_up), "3d", 1, 366 * DAY, .reloadable = true,
     .help = "A message that nobody took for so long is dead: \"callswell webhook replay\" tries "
             "again."},
    {"private", V_BOOL, WEBHOOK(private_addresses), "no", .reloadable = true,
     .help = "The receiver may have a loopback or private address, and be reached without TLS."},
    {"ca", V_TEXT, WEBHOOK(ca), "", .reloadable = true,
     .help = "File of certificates to trust instead of the system's."},
    {0}};
