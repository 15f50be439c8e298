/*
 * zoom_phone.c - calls of Zoom Phone, as Zoom posts them when they are over.
 *
 *   {"event":"phone.callee_call_log_completed","payload":{"account_id":"A1","object":{"call_logs":[
 *    {"call_id":"70","caller_number":"101","direction":"inbound","result":"Call connected",
 *    "date_time":"2026-02-02T09:00:00Z","duration":60,"waiting_time":5,"has_recording":true}]}}}
 *   {"event":"phone.caller_call_history_completed","payload":{...{"call_logs":[
 *    {"call_id":"70","caller_ext_number":"101","direction":"outbound","result":"answered",
 *    "start_time":"..","answer_time":"..","end_time":"..","talk_time":50,"wait_time":5}]}}}
 *
 * phone.*_call_element_completed, the newest, has what the second has in call_elements. A call is
 * told by both of its sides and by everybody whose telephone rang, with one call_id: they are one
 * record, in which who answered takes the place of those who did not, and the caller, who was there
 * all the time, that of all others.
 */
#include "zoom_phone.h"

#define NO_MEETING "a telephone call and no meeting"

/* Its words, without "Call " in front, "_" for blanks. */
static const struct {
    const char *word, *outcome;
} results[] = {
    {"answered", "ok"},         {"accepted", "ok"},        {"picked_up", "ok"},
    {"connected", "ok"},        {"succeeded", "ok"},       {"recorded", "ok"},
    {"auto_recorded", "ok"},    {"voicemail", "rejected"}, {"hang_up", "rejected"},
    {"cancel", "rejected"},     {"canceled", "rejected"},  {"rejected", "rejected"},
    {"busy", "rejected"},       {"missed", "rejected"},    {"ring_timeout", "rejected"},
    {"overflowed", "rejected"}, {"no_answer", "rejected"}, {"abandoned", "abandoned"},
};

static const char *const id_of[] = {"call_id", "id", "call_element_id", NULL};
static const char *const caller[] = {"caller_number", "caller_ext_number", "caller_did_number",
                                     "caller_ext_id", NULL};
static const char *const begun[] = {"start_time", "date_time", NULL};
static const char *const answered[] = {"answer_time", "answer_start_time", NULL};
static const char *const ended[] = {"end_time", "call_end_time", NULL};
static const char *const waited[] = {"wait_time", "waiting_time", NULL};
static const char *const lasted[] = {"talk_time", "duration", NULL};

static bool
is_word(struct span s, const char *word)
{
    if (s.n != strlen(word))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] == ' ' || s.p[i] == '-' ? '_' : s.p[i];

        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i])
            return false;
    }
    return true;
}

/* Of a word that is not known, whether somebody answered decides. */
static const char *
outcome_of(const struct json_value *call)
{
    struct span result = json_at_text(call, "result");

    if (result.n > 5 && span_eq_nocase(span_of(result.p, 5), SPAN("call ")))
        result = span_of(result.p + 5, result.n - 5);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (is_word(result, results[i].word))
            return results[i].outcome;
    return json_first_text(call, answered).n > 0 ? "ok" : "failed";
}

/* Talk is from the answer to the end; where one of the two is missing, what Zoom counted. */
static void
set_talk(struct fields *r, const struct json_value *call)
{
    struct span answer = json_first_text(call, answered), end = json_first_text(call, ended);

    fields_set(r, FIELD_START, answer.n ? answer : json_first_text(call, begun));
    if (answer.n > 0 && end.n > 0)
        fields_set(r, FIELD_END, end);
    else
        fields_set(r, FIELD_DURATION, json_first_text(call, lasted));
    if (!(r->has & (FIELD_BIT(FIELD_END) | FIELD_BIT(FIELD_DURATION))))
        fields_set(r, FIELD_END, end);
    if (json_at_true(call, "has_recording") || json_at_text(call, "recording_id").n > 0)
        fields_set(r, FIELD_FEATURES, SPAN("recording"));
}

static void
take_call(struct document *d, const struct json_value *payload, const struct json_value *call,
          bool by_caller)
{
    const char *outcome = outcome_of(call);
    bool ok = strcmp(outcome, "ok") == 0;
    struct span id = json_first_text(call, id_of);
    struct fields *r;

    if (id.n == 0) {
        document_refuse(d, "id: call_id is missing");
        return;
    }
    r = document_record(d);
    document_value(d, r, "payload.account_id", json_at_text(payload, "account_id"));
    document_object(d, r, "call", call);
    fields_set(r, FIELD_ID, DOCUMENT_ID(d, SPAN("phone"), id));
    fields_set(r, FIELD_VERSION, !ok ? SPAN("1") : by_caller ? SPAN("3") : SPAN("2"));
    fields_set(r, FIELD_PARTICIPANT, json_first_text(call, caller));
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(d, json_at_text(call, "caller_name")));
    fields_set(r, FIELD_OUTCOME, span_str(outcome));
    if (ok) {
        set_talk(r, call);
    } else {
        fields_set(r, FIELD_CAUSE, json_at_text(call, "result"));
        fields_set(r, FIELD_START, json_first_text(call, begun));
        fields_set(r, FIELD_DURATION, SPAN("0"));
    }
    fields_set(r, FIELD_WAIT, json_first_text(call, waited));
    fields_set(r, FIELD_DIRECTION, json_at_text(call, "direction"));
    fields_set(r, FIELD_REASON, SPAN(NO_MEETING));
}

static bool
ends_with(struct span s, const char *end)
{
    size_t n = strlen(end);

    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* An event in the middle of a call, or a call that became a meeting, tells no call that is over. */
void
zoom_phone_event(struct document *d, struct span name, const struct json_value *root)
{
    const struct json_value *payload = json_find(root, "payload"),
                            *list = json_at(payload, "object.call_logs");
    bool by_caller = name.n > 13 && memcmp(name.p, "phone.caller_", 13) == 0;

    if (!ends_with(name, "_call_log_completed") && !ends_with(name, "_call_history_completed") &&
        !ends_with(name, "_call_element_completed")) {
        document_ignore(d, "a telephone call that is not told whole");
        return;
    }
    if (!list)
        list = json_at(payload, "object.call_elements");
    if (!list || list->type != JSON_ARRAY) {
        document_refuse(d, "call_logs: missing");
        return;
    }
    for (const struct json_value *call = list->first; call; call = call->next)
        if (call->type == JSON_OBJECT)
            take_call(d, payload, call, by_caller);
        else
            document_refuse(d, "something in the list is no object");
}
