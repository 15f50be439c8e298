/*
 * parse_cisco_cucm.c - files of Cisco Unified Communications Manager: CDR, one record for each leg
 * of a call, and CMR, one for each stream.
 *
 *   "cdrRecordType","globalCallID_callManagerId","globalCallID_callId",...
 *   INTEGER,INTEGER,INTEGER,...
 *   1,2,25447,47874239,1744993928,...
 *
 * Columns are found by their names (cucm_file.c), because each release adds some. What a leg is
 * follows from the codes "on behalf of": a bridge has numbers of its own (b00...), but recordings
 * have them, too. All legs of one conference lead into the bridge and carry the same
 * destConversationId.
 */
#include <stdlib.h>

#include "cucm_file.h"
#include "json_document.h"
#include "named_values.h"
#include "show.h"

/* The "on behalf of" codes that matter here. */
enum behalf {
    BEHALF_CONFERENCE = 4,
    BEHALF_MEET_ME = 6,
    BEHALF_CONFERENCE_NOW = 7, /* and meet-me, of newer releases */
    BEHALF_RECORDING = 27,
    BEHALF_MONITORING = 28,
};

#define LEFT_OF_CONFERENCE 98 /* redirect reason of the call of the two who stayed */

struct leg {
    struct document *d;
    struct fields *r;
    const struct span *col; /* by enum column */
};

/* --- small helpers --- */

/* Numbers are of 32 bits; releases write them with a sign or without. */
static uint32_t
number(struct span s)
{
    int64_t v;

    return span_to_i64(s, &v) ? (uint32_t)v : 0;
}

static bool
begins(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && span_eq_nocase(span_of(s.p, n), span_str(text));
}

static bool
ends(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && span_eq_nocase(span_of(s.p + s.n - n, n), span_str(text));
}

static bool
on_behalf(const struct leg *l, uint32_t code)
{
    return number(l->col[COL_JOIN_BEHALF]) == code || number(l->col[COL_LAST_BEHALF]) == code ||
           number(l->col[COL_REDIRECT_BEHALF]) == code;
}

/* The value of "ConfControllerDn=1000;...". Cisco's own texts differ in spelling, and write "-" for
 * "=" in places, so keys are known by how they begin and end. */
static struct span
in_comment(struct span comment, const char *begin, const char *end)
{
    while (comment.n > 0) {
        const char *stop = memchr(comment.p, ';', comment.n);
        size_t n = stop ? (size_t)(stop - comment.p) : comment.n, i = 0;
        struct span key;

        while (i < n && comment.p[i] != '=' && comment.p[i] != '-')
            i++;
        key = span_trim(span_of(comment.p, i));
        if (i < n && begins(key, begin) && ends(key, end))
            return span_trim(span_of(comment.p + i + 1, n - i - 1));
        comment = span_of(comment.p + n + (stop != NULL), comment.n - n - (stop != NULL));
    }
    return comment;
}

static struct span
either(struct span a, struct span b)
{
    return a.n > 0 ? a : b;
}

/* --- CDR --- */

/* Q.850, but for causes of Cisco's own; of SIP's answers it is the low part. */
static uint32_t
cause_of(const struct leg *l)
{
    uint32_t cause = number(l->col[COL_DEST_CAUSE]);

    if (cause == 0)
        cause = number(l->col[COL_ORIG_CAUSE]);
    return cause >> 24 ? cause & 0xFFFFFF : cause;
}

/* Did somebody decide that a call does not come about, or did something break? */
static bool
is_refusal(uint32_t cause)
{
    static const uint32_t decided[] = {0,  1,  16, 17, 18,  19,  20,     21,     22,
                                       23, 28, 31, 87, 126, 128, 262144, 393216, 458752};

    for (size_t i = 0; i < sizeof decided / sizeof *decided; i++)
        if (cause == decided[i])
            return true;
    return false;
}

static void
give_result(struct leg *l)
{
    bool connected = number(l->col[COL_CONNECT]) != 0;
    uint32_t cause = cause_of(l);

    fields_set(l->r, FIELD_START, connected ? l->col[COL_CONNECT] : l->col[COL_ORIGINATION]);
    if (connected)
        fields_set(l->r, FIELD_END, l->col[COL_DISCONNECT]);
    else
        fields_set(l->r, FIELD_DURATION, SPAN("0"));
    fields_set(l->r, FIELD_OUTCOME,
               connected           ? SPAN("ok")
               : is_refusal(cause) ? SPAN("rejected")
                                   : SPAN("failed"));
    if (cause != 0 && !(connected && cause == 16))
        fields_set(l->r, FIELD_CAUSE, document_text(l->d, "%u", cause));
}

static struct span
leg_key(const struct leg *l, struct span identifier)
{
    return DOCUMENT_ID(l->d, l->col[COL_CLUSTER], l->col[COL_MANAGER], l->col[COL_CALL],
                       identifier);
}

static void
give_person(struct leg *l)
{
    fields_set(l->r, FIELD_PARTICIPANT, l->col[COL_CALLING]);
    fields_set(l->r, FIELD_PARTICIPANT, l->col[COL_CALLING_URI]);
    fields_set(l->r, FIELD_PARTICIPANT, l->col[COL_ORIG_DEVICE]);
    fields_set(l->r, FIELD_PARTICIPANT_NAME, l->col[COL_CALLING_USER]);
    if (number(l->col[COL_ORIG_VIDEO]) != 0)
        fields_set(l->r, FIELD_MEDIA, SPAN("video"));
    else if (number(l->col[COL_ORIG_CODEC]) != 0)
        fields_set(l->r, FIELD_MEDIA, SPAN("audio"));
}

/* How the conference came about; its name is what people know it by. */
static void
give_conference(struct leg *l)
{
    struct span comment = l->col[COL_COMMENT], name = l->col[COL_ORIGINAL_CALLED];
    struct span meeting = in_comment(comment, "ConferenceNowMeeting", "Number");
    const char *feature = "meet_me";

    if (on_behalf(l, BEHALF_CONFERENCE)) {
        feature = "ad_hoc_conference";
        name = in_comment(comment, "ConfControl", "Dn");
    } else if (meeting.n > 0) {
        feature = "conference_now";
        name = meeting;
    }
    if (number(l->col[COL_CONVERSATION]) != 0)
        fields_set(l->r, FIELD_CONFERENCE,
                   DOCUMENT_ID(l->d, l->col[COL_CLUSTER], l->col[COL_CONVERSATION]));
    fields_set(l->r, FIELD_CONFERENCE_NAME, document_name(l->d, name));
    fields_set(l->r, FIELD_FEATURES, span_str(feature));
}

/* A leg leads into a bridge. Who was not let in has no conversation. */
static bool
is_conference_leg(const struct leg *l)
{
    bool behalf = on_behalf(l, BEHALF_CONFERENCE) || on_behalf(l, BEHALF_MEET_ME) ||
                  on_behalf(l, BEHALF_CONFERENCE_NOW);

    return behalf &&
           (number(l->col[COL_CONVERSATION]) != 0 || begins(l->col[COL_FINAL_CALLED], "b00"));
}

/* Why a leg is no usage at all; NULL: it is. */
static const char *
no_usage(const struct leg *l)
{
    if (on_behalf(l, BEHALF_RECORDING))
        return "recording leg";
    if (on_behalf(l, BEHALF_MONITORING))
        return "monitoring leg";
    if (begins(l->col[COL_FINAL_CALLED], "c00"))
        return "announcement leg";
    if (is_conference_leg(l) && begins(l->col[COL_CALLING], "b00"))
        return "link between two conferences";
    return NULL;
}

/* Calls of two. `reason` is there for the format's `ignore`. */
static const char *
two_party(const struct leg *l)
{
    if (number(l->col[COL_ORIG_TERMINATION]) == BEHALF_CONFERENCE ||
        number(l->col[COL_DEST_TERMINATION]) == BEHALF_CONFERENCE)
        return "call that became a conference";
    if (number(l->col[COL_LAST_REASON]) == LEFT_OF_CONFERENCE &&
        begins(l->col[COL_LAST_REDIRECT_DN], "b00"))
        return "call left of a conference";
    return "two-party call";
}

static enum status
read_cdr(struct leg *l, struct error *err)
{
    const char *why = no_usage(l);

    if (why)
        return fail(err, ST_IGNORE, "%s", why);
    fields_set(l->r, FIELD_ID, l->col[COL_PKID]);
    fields_set(l->r, FIELD_LEG, leg_key(l, l->col[COL_ORIG_LEG]));
    give_result(l);
    give_person(l);
    if (is_conference_leg(l))
        give_conference(l);
    else
        fields_set(l->r, FIELD_REASON, span_str(two_party(l)));
    return ST_OK;
}

/* --- CMR --- */

#define LOSS_PERCENT      3   /* of the packets: everybody hears it */
#define JITTER_MS         30  /* on average; more is beyond what Cisco designs networks for */
#define MOS_HUNDREDTHS    360 /* below 3.6 many users are dissatisfied (ITU-T G.107, annex B) */
#define CONCEALED_PERCENT 7  /* of the seconds were severely concealed: Cisco calls that poor ... */
#define CONCEALED_FROM    20 /* ... if the stream was at least this long, in seconds */

/* "4.1234" in hundredths; 0: not known. */
static uint32_t
hundredths(struct span s)
{
    const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
    size_t whole = dot ? (size_t)(dot - s.p) : s.n, digits = s.n - whole;
    uint32_t n = 100 * number(span_of(s.p, whole));

    if (digits > 1)
        n += 10 * number(span_of(dot + 1, 1));
    return digits > 2 ? n + number(span_of(dot + 2, 1)) : n;
}

/* What was poor in a stream, the features that it lacked: a list that NULL ends. */
static size_t
what_is_poor(const struct leg *l, const char *poor[5])
{
    struct span metrics = l->col[COL_METRICS];
    int64_t received = number(l->col[COL_RECEIVED]), lost = (int32_t)number(l->col[COL_LOST]);
    int64_t seconds = number(l->col[COL_DURATION]);
    int64_t concealed = number(in_comment(metrics, "SCS", "SCS"));
    uint32_t mos = hundredths(
        either(in_comment(metrics, "MLQKav", "MLQKav"), in_comment(metrics, "MLQK", "MLQK")));
    size_t n = 0;

    if (lost > 0 && lost * 100 >= (received + lost) * LOSS_PERCENT)
        poor[n++] = "low_packet_loss";
    if (number(l->col[COL_JITTER]) > JITTER_MS && received > 0)
        poor[n++] = "low_jitter";
    if (mos > 0 && mos < MOS_HUNDREDTHS)
        poor[n++] = "good_mos";
    if (seconds >= CONCEALED_FROM && concealed * 100 >= seconds * CONCEALED_PERCENT)
        poor[n++] = "few_concealed_seconds";
    poor[n] = NULL;
    return n;
}

/* Nobody asks for poor audio, so it is good audio that was wanted and not given. */
static enum status
read_cmr(struct leg *l, struct error *err)
{
    const char *poor[5];

    if (what_is_poor(l, poor) == 0)
        return fail(err, ST_IGNORE, "stream of good quality");
    fields_set(l->r, FIELD_KIND, SPAN("feature"));
    fields_feature(l->d, l->r, "good_audio");
    for (size_t i = 0; poor[i]; i++)
        fields_feature(l->d, l->r, poor[i]);
    fields_set(l->r, FIELD_OUTCOME, SPAN("failed"));
    fields_set(l->r, FIELD_ID, l->col[COL_PKID]);
    fields_set(l->r, FIELD_LEG, leg_key(l, l->col[COL_CALL_IDENTIFIER]));
    fields_set(l->r, FIELD_END, l->col[COL_TIME_STAMP]);
    fields_set(l->r, FIELD_DURATION, either(l->col[COL_DURATION], SPAN("0")));
    fields_set(l->r, FIELD_PARTICIPANT, l->col[COL_DIRECTORY_NUMBER]);
    fields_set(l->r, FIELD_PARTICIPANT, l->col[COL_DEVICE]);
    return ST_OK;
}

/* --- lines --- */

static enum status
cucm_next(void *state, const struct format *f, const struct layout *layout, size_t max_frame,
          struct span *rest, struct arena *mem, struct fields *out, struct span *raw,
          struct error *err)
{
    struct document d = {.format = f, .mem = mem};
    struct span col[COL_COUNT + 1] = {{"", 0}};
    struct leg l = {.d = &d, .r = out, .col = col};
    enum status st;

    (void)state;
    fields_begin(out);
    st = cucm_take(&d, layout, max_frame, rest, col, out, raw, err);
    if (st != ST_OK)
        return st;
    if (span_is(col[COL_RECORD_TYPE], "1"))
        return read_cdr(&l, err);
    if (span_is(col[COL_RECORD_TYPE], "2"))
        return read_cmr(&l, err);
    return fail_at(err, ST_BAD_INPUT, 0, "cdrRecordType: neither 1 nor 2");
}

static void *
cucm_open(const struct format *f)
{
    (void)f;
    return NULL; /* nothing is kept between records */
}

const struct parser_ops parser_cisco_cucm = {
    .name = "cisco-cucm",
    .summary = "Cisco Unified Communications Manager (CDR and CMR files)",
    .prepare = cucm_prepare,
    .release = free,
    .open = cucm_open,
    .close = document_release,
    .wants_header = cucm_wants_header,
    .read_header = cucm_read_header,
    .layout_free = cucm_layout_free,
    .cut = cucm_cut,
    .next = cucm_next,
    .show = show_csv,
    .names_apart = true,
    .leg_features = true,
};
