/*
 * parse_twilio_call.c - calls of Twilio's REST API, and participants of its Conference Insights.
 *
 *   {"sid":"CA...","account_sid":"AC...","from":"+1..","to":"+1..","status":"completed",
 *    "start_time":"Fri, 18 Oct 2019 17:02:00 +0000","duration":"4","price":null, ...}
 *   {"participant_sid":"CP...","conference_sid":"CF...","join_time":"2021-10-08T02:58:59Z", ...}
 *
 * One object, or a page of the API with a list of them. The same call comes again when its price is
 * known, the same participant when his figures are complete: those are later versions.
 */
#include "json_document.h"
#include "named_values.h"
#include "timetext.h"
#include "twilio_words.h"

static struct span
other_party(const struct json_value *v, struct span direction)
{
    bool outbound = direction.n >= 8 && memcmp(direction.p, "outbound", 8) == 0;

    return json_at_text(v, outbound ? "to" : "from");
}

static bool
goes_on(struct span status)
{
    static const char *const states[] = {"queued", "initiated", "ringing", "in-progress"};

    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (span_is(status, states[i]))
            return true;
    return false;
}

/* When it was changed last, twice, and one more with a price: that may come without a change. */
static struct span
call_version(struct document *d, struct span updated, bool priced)
{
    struct span moment = document_mail_date(d, updated);
    bool floating;
    int64_t utc;

    if (!timetext_read_auto(moment, &utc, &floating))
        utc = 0;
    return document_text(d, "%lld", (long long)utc * 2 + priced);
}

/* What is charged stands there as negative, what is given back as positive. */
static struct span
amount_of(struct document *d, struct span price)
{
    if (price.n > 1 && *price.p == '-')
        return span_of(price.p + 1, price.n - 1);
    for (size_t i = 0; i < price.n; i++)
        if (price.p[i] >= '1' && price.p[i] <= '9')
            return document_text(d, "-%.*s", price.n > 40 ? 40 : SPAN_ARG(price));
    return price;
}

static void
take_call(struct document *d, const struct json_value *v)
{
    static const char *const begun[] = {"start_time", "date_created", NULL};
    struct span status = json_at_text(v, "status"), price = json_at_text(v, "price");
    struct span outcome = twilio_outcome(status);
    struct fields *r;

    if (goes_on(status)) {
        document_ignore(d, "a call that goes on");
        return;
    }
    r = document_record(d);
    document_object(d, r, "", v);
    fields_set(r, FIELD_ID, json_at_text(v, "sid"));
    fields_set(r, FIELD_VERSION, call_version(d, json_at_text(v, "date_updated"), price.n > 0));
    fields_set(r, FIELD_START, document_mail_date(d, json_first_text(v, begun)));
    fields_set(r, FIELD_PARTICIPANT, other_party(v, json_at_text(v, "direction")));
    fields_set(r, FIELD_OUTCOME, outcome);
    if (outcome.n > 0) {
        fields_set(r, FIELD_CAUSE, status);
        fields_set(r, FIELD_DURATION, SPAN("0"));
    } else if (json_at_text(v, "duration").n == 0) {
        fields_set(r, FIELD_END, document_mail_date(d, json_at_text(v, "end_time")));
    }
    fields_set(r, FIELD_WAIT, document_millis(d, json_at_text(v, "queue_time")));
    fields_set(r, FIELD_AMOUNT, amount_of(d, price));
    fields_set(r, FIELD_CURRENCY, json_at_text(v, "price_unit"));
}

static struct span
state_version(struct span state)
{
    return span_is(state, "complete")  ? SPAN("3")
           : span_is(state, "timeout") ? SPAN("2")
                                       : SPAN("1");
}

/* duration_seconds is rounded up, so the two times are better. */
static void
set_stay(struct fields *r, const struct json_value *v)
{
    struct span left = json_at_text(v, "leave_time"), status = json_at_text(v, "call_status");
    struct span outcome = twilio_outcome(status);

    fields_set(r, FIELD_START, json_at_text(v, "join_time"));
    if (outcome.n > 0) {
        fields_set(r, FIELD_OUTCOME, outcome);
        fields_set(r, FIELD_CAUSE, status);
        fields_set(r, FIELD_DURATION, SPAN("0"));
        return;
    }
    fields_set(r, FIELD_END, left);
    if (left.n == 0)
        fields_set(r, FIELD_DURATION, json_at_text(v, "duration_seconds"));
}

static void
take_participant(struct document *d, const struct json_value *v)
{
    static const char *const place[] = {"conference_region", "participant_region", NULL};
    struct span status = json_at_text(v, "call_status"), label = json_at_text(v, "label");
    struct span direction = json_at_text(v, "call_direction");
    const struct json_value *mute = json_at(v, "events.mute");
    struct fields *r;

    if (json_at_text(v, "join_time").n == 0) {
        document_ignore(d, goes_on(status) ? "a call that goes on"
                                           : "a participant who never came, without a time");
        return;
    }
    r = document_record(d);
    document_object(d, r, "", v);
    fields_set(r, FIELD_ID, json_at_text(v, "participant_sid"));
    fields_set(r, FIELD_VERSION, state_version(json_at_text(v, "processing_state")));
    fields_set(r, FIELD_CONFERENCE, json_at_text(v, "conference_sid"));
    fields_set(r, FIELD_LEG, json_at_text(v, "call_sid"));
    fields_set(r, FIELD_PARTICIPANT, label.n ? label : other_party(v, direction));
    set_stay(r, v);
    fields_set(r, FIELD_DIRECTION, direction);
    fields_set(r, FIELD_MEDIA, json_at_text(v, "call_type"));
    fields_set(r, FIELD_REGION, json_first_text(v, place));
    fields_set(r, FIELD_WAIT, document_millis(d, json_at_text(v, "outbound_time_in_queue")));
    if (mute && mute->type == JSON_ARRAY && mute->first)
        fields_feature(d, r, "mute");
    if (json_at_true(v, "is_coach"))
        fields_feature(d, r, "coaching");
}

static void
twilio_object(struct document *d, const struct json_value *v)
{
    struct span sid = json_at_text(v, "sid");

    if (json_at_text(v, "participant_sid").n > 0)
        take_participant(d, v);
    else if (sid.n > 2 && memcmp(sid.p, "CA", 2) == 0)
        take_call(d, v);
    else if (json_at_text(v, "call_sid").n > 0 && json_at_text(v, "conference_sid").n > 0)
        document_ignore(d, "a participant who is there: no times, which Insights have");
    else if ((sid.n > 2 && memcmp(sid.p, "CF", 2) == 0) || json_at_text(v, "conference_sid").n > 0)
        document_ignore(d, "a conference: its participants are records of their own");
    else if (sid.n > 0)
        document_ignore(d, "neither a call nor a participant");
    else
        document_refuse(d, "id: sid is missing");
}

static enum status
twilio_read(struct document *d, struct span frame, struct error *err)
{
    static const char *const lists[] = {"calls", "participants", "conferences", NULL};

    return document_json(d, frame, lists, twilio_object, err);
}

static const struct document_ops twilio = {.frame = frame_json, .read = twilio_read};
const struct parser_ops parser_twilio_call = DOCUMENT_PARSER(
    "twilio-call", "calls of Twilio's REST API, participants of Conference Insights", &twilio,
    document_prepare, document_release);
