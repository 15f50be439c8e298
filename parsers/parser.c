/*
 * parser.c - the table of parsers, and the frame rule of line formats.
 */
#include "parser.h"

extern const struct parser_ops parser_csv, parser_ndjson, parser_json_array, parser_regex,
    parser_fixed, parser_xml, parser_json, parser_asterisk_cdr, parser_zoom_webhook, parser_sip_acc,
    parser_cisco_cucm, parser_cisco_ios, parser_3cx, parser_avaya_smdr, parser_asterisk_ami,
    parser_freeswitch_esl, parser_radius, parser_freeswitch_json, parser_freeswitch_xml,
    parser_freeswitch_conference, parser_asterisk_cel, parser_twilio_conference, parser_twilio_call,
    parser_bbb_webhook, parser_bbb_events, parser_jitsi_event_sync, parser_pexip_event_sink,
    parser_teams_pstn, parser_teams_callrecord, parser_zoom_report, parser_freeswitch_csv,
    parser_cisco_meeting_server, parser_ipoffice_smdr;

const struct parser_ops *const parsers[] = {
    &parser_csv,
    &parser_ndjson,
    &parser_json_array,
    &parser_regex,
    &parser_fixed,
    &parser_xml,
    &parser_json,
    &parser_asterisk_cdr,
    &parser_zoom_webhook,
    &parser_sip_acc,
    &parser_cisco_cucm,
    &parser_cisco_ios,
    &parser_3cx,
    &parser_avaya_smdr,
    &parser_ipoffice_smdr,
    &parser_asterisk_ami,
    &parser_freeswitch_esl,
    &parser_radius,
    &parser_freeswitch_json,
    &parser_freeswitch_xml,
    &parser_freeswitch_conference,
    &parser_asterisk_cel,
    &parser_twilio_conference,
    &parser_twilio_call,
    &parser_bbb_webhook,
    &parser_bbb_events,
    &parser_jitsi_event_sync,
    &parser_pexip_event_sink,
    &parser_teams_pstn,
    &parser_teams_callrecord,
    &parser_zoom_report,
    &parser_freeswitch_csv,
    &parser_cisco_meeting_server,
    NULL,
};

const struct parser_ops *
parser_find(const char *name)
{
    for (size_t i = 0; parsers[i]; i++)
        if (strcmp(parsers[i]->name, name) == 0)
            return parsers[i];
    return NULL;
}

size_t
cut_lines(struct span buf, size_t max_frame, bool eof)
{
    const char *nl;

    (void)max_frame; /* a longer line is whole at its newline all the same */
    if (eof || buf.n == 0)
        return buf.n;
    nl = memrchr(buf.p, '\n', buf.n);
    return nl ? (size_t)(nl - buf.p) + 1 : 0;
}

enum status
take_line(struct span *rest, const char *nl, size_t max_frame, struct span *line, struct error *err)
{
    size_t n = nl ? (size_t)(nl - rest->p) : rest->n, taken = nl ? n + 1 : n;

    if (n > 0 && rest->p[n - 1] == '\r')
        n--;
    *line = span_of(rest->p, n);
    rest->p += taken;
    rest->n -= taken;
    if (n > max_frame)
        return fail_at(err, ST_BAD_INPUT, (long)max_frame, "record: longer than %zu bytes",
                       max_frame);
    return ST_OK;
}

enum status
next_line(struct span *rest, size_t max_frame, struct span *line, struct error *err)
{
    return take_line(rest, memchr(rest->p, '\n', rest->n), max_frame, line, err);
}
