/*
 * parse_twilio_conference.c - Twilio's status callbacks of conferences: a form for each event.
 *
 *   ConferenceSid=CF...&FriendlyName=standup&AccountSid=AC...&SequenceNumber=2&CallSid=CA...&
 *   Timestamp=Thu%2C+1+Jun+2017+20%3A48%3A32+%2B0000&StatusCallbackEvent=participant-join
 *
 * As the body of a POST or the query of a GET. Events come in any order; a conference's
 * SequenceNumber tells them apart. conference-start comes when a moderator does, so people may
 * have joined before it.
 */
#include "json_document.h"
#include "named_values.h"
#include "twilio_words.h"
#include "web_text.h"

struct twilio_event {
    const char *name;
    const char *kind; /* NULL: left out */
    const char *what; /* of a feature its name; else why it is left out */
    const char *outcome;
};

static const struct twilio_event events[] = {
    {"conference-start", "conference_start", NULL, NULL},
    {"conference-end", "conference_end", NULL, NULL},
    {"participant-join", "join", NULL, NULL},
    {"participant-leave", "leave", NULL, NULL},
    {"participant-mute", "feature", "mute", NULL},
    {"participant-hold", "feature", "hold", NULL},
    {"announcement-end", "feature", "announcement", NULL},
    {"announcement-fail", "feature", "announcement", "failed"},
    {"participant-unmute", NULL, "the end of a feature", NULL},
    {"participant-unhold", NULL, "the end of a feature", NULL},
    {"participant-modify", NULL, "a change of a participant", NULL},
    {"participant-speech-start", NULL, "who speaks", NULL},
    {"participant-speech-stop", NULL, "who speaks", NULL},
};

static struct named_values
read_form(struct document *d, struct span frame)
{
    struct named_values form = {.mem = d->mem};
    struct span name, value;

    while (web_form_next(&frame, d->mem, &name, &value))
        values_add(&form, name, value);
    return form;
}

/* Twilio writes some of its words with hyphens and others with underscores. */
static bool
is_word(struct span s, const char *word)
{
    size_t i = 0;

    while (i < s.n && word[i] && (s.p[i] == '_' ? '-' : s.p[i]) == word[i])
        i++;
    return i == s.n && !word[i];
}

static const struct twilio_event *
find_event(struct span name)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (is_word(name, events[i].name))
            return &events[i];
    return NULL;
}

static bool
is_one_of(struct span s, const char *const *words)
{
    while (*words && !span_is(s, *words))
        words++;
    return *words != NULL;
}

/* The map's, and what all records have. */
static struct fields *
new_record(struct document *d, const struct named_values *form)
{
    struct fields *r = document_record(d);
    struct span label = values_get(form, "ParticipantLabel");

    values_map(d, r, form);
    fields_set(r, FIELD_CONFERENCE, values_get(form, "ConferenceSid"));
    fields_set(r, FIELD_CONFERENCE_NAME, document_name(d, values_get(form, "FriendlyName")));
    fields_set(r, FIELD_PARTICIPANT, label.n ? label : values_get(form, "CallSid"));
    fields_set(r, FIELD_LEG, values_get(form, "CallSid"));
    return r;
}

/* A recording is one use, however often its state is told. */
static void
take_recording(struct document *d, const struct named_values *form)
{
    struct fields *r = new_record(d, form);
    struct span begun = values_get(form, "RecordingStartTime");

    fields_set(r, FIELD_KIND, SPAN("feature"));
    fields_set(r, FIELD_FEATURES, SPAN("recording"));
    fields_set(r, FIELD_ID, values_get(form, "RecordingSid"));
    fields_set(r, FIELD_START,
               document_mail_date(d, begun.n ? begun : values_get(form, "Timestamp")));
    if (is_one_of(values_get(form, "RecordingStatus"),
                  (const char *const[]){"failed", "absent", NULL}))
        fields_set(r, FIELD_OUTCOME, SPAN("failed"));
}

/* Whoever was called and never came is a leg that was wanted and not had. Without the state of the
 * call the reason says so. */
static void
take_leave(struct fields *r, const struct named_values *form)
{
    struct span call = values_get(form, "ParticipantCallStatus");
    struct span reason = values_get(form, "ReasonParticipantLeft");
    struct span outcome = twilio_outcome(call);

    fields_set(r, FIELD_REASON, reason);
    if (call.n == 0 && is_word(reason, "participant-add-failed"))
        outcome = SPAN("failed");
    if (outcome.n == 0) {
        fields_set(r, FIELD_KIND, SPAN("leave"));
        return;
    }
    fields_set(r, FIELD_KIND, SPAN("leg"));
    fields_set(r, FIELD_DURATION, SPAN("0"));
    fields_set(r, FIELD_OUTCOME, outcome);
    fields_set(r, FIELD_CAUSE, call);
}

static void
take_event(struct document *d, const struct twilio_event *e, const struct named_values *form)
{
    struct fields *r = new_record(d, form);

    fields_set(
        r, FIELD_ID,
        DOCUMENT_ID(d, values_get(form, "ConferenceSid"), values_get(form, "SequenceNumber")));
    fields_set(r, FIELD_START, document_mail_date(d, values_get(form, "Timestamp")));
    fields_set(r, FIELD_OUTCOME, span_str(e->outcome));
    if (strcmp(e->kind, "leave") == 0)
        take_leave(r, form);
    fields_set(r, FIELD_KIND, span_str(e->kind));
    fields_set(r, FIELD_REASON, values_get(form, "ReasonConferenceEnded"));
    if (e->what)
        fields_feature(d, r, e->what);
    if (strcmp(e->kind, "join") == 0 && span_is(values_get(form, "Coaching"), "true"))
        fields_feature(d, r, "coaching");
}

static enum status
twilio_read(struct document *d, struct span frame, struct error *err)
{
    struct named_values form = read_form(d, frame);
    const struct twilio_event *e = find_event(values_get(&form, "StatusCallbackEvent"));

    if (values_get(&form, "ConferenceSid").n == 0)
        return fail(err, ST_BAD_INPUT, "conference: missing");
    if (values_get(&form, "RecordingSid").n > 0)
        take_recording(d, &form);
    else if (!e)
        document_ignore(d, "an event that is no usage");
    else if (!e->kind)
        document_ignore(d, e->what);
    else if (values_get(&form, "SequenceNumber").n == 0)
        return fail(err, ST_BAD_INPUT, "id: SequenceNumber is missing");
    else
        take_event(d, e, &form);
    return ST_OK;
}

static const struct document_ops twilio = {.frame = frame_line, .read = twilio_read};
const struct parser_ops parser_twilio_conference =
    DOCUMENT_PARSER("twilio-conference", "Twilio's status callbacks of conferences", &twilio,
                    document_prepare, document_release);
