/*
 * parse_zoom_report.c - participants of a Zoom meeting, as its web portal exports them.
 *
 *   Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants,
 *   812 3456 7890,Weekly,08/12/2026 10:00:00 AM,08/12/2026 11:00:00 AM,host@acme.com,60,3,
 *
 *   Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest
 *   Ann,ann@acme.com,08/12/2026 10:00:05 AM,08/12/2026 10:30:10 AM,31,No
 *
 * Two tables in one file, times of the user's own zone, and headers in his language: what a table
 * is says its first line where that is English, else the order of the tables. Minutes are rounded
 * up; they count only where the two times are missing.
 */
#include "csv_table.h"
#include "json_document.h"

enum { MEETING_ID, TOPIC, BEGUN, ENDED, HOST, MINUTES, MEETING_COLUMNS }; /* in any language */
enum { NAME, EMAIL, JOINED, LEFT, STAYED, PERSON_COLUMNS };

static const char *const person_names[PERSON_COLUMNS] = {
    "Name (Original Name)", "User Email", "Join Time", "Leave Time", "Duration (Minutes)"};
/* Of an export with everybody once. */
static const char *const unique_names[PERSON_COLUMNS] = {"Name (Original Name)", "User Email", NULL,
                                                         NULL, "Total Duration (Minutes)"};

struct report {
    struct document *d;
    struct span meeting[MEETING_COLUMNS]; /* n of MEETING_ID 0: no meeting so far */
    size_t at[PERSON_COLUMNS];            /* of the table at hand; CSV_TABLE_CELLS: not there */
    bool in_people, used;                 /* used: somebody of the meeting was there */
};

static size_t
column_of(const struct csv_table *t, const char *name)
{
    size_t i = 0;

    while (name && i < t->n && !span_eq_nocase(t->cell[i], span_str(name)))
        i++;
    return name && i < t->n ? i : CSV_TABLE_CELLS;
}

static struct span
cell(const struct csv_table *t, size_t column)
{
    return column < t->n ? t->cell[column] : SPAN("");
}

static struct span
moment(struct document *d, struct span text)
{
    static const char *const forms[] = {
        "%m/%d/%Y %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p",
        "%b %d, %Y %I:%M %p",   "%Y-%m-%d %H:%M:%S",     "%Y/%m/%d %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",    "%d/%m/%Y %H:%M:%S",     NULL};

    return document_moment(d, text, forms);
}

/* "812 3456 7890" */
static bool
is_meeting_number(struct span s)
{
    size_t digits = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9')
            digits++;
        else if (s.p[i] != ' ')
            return false;
    }
    return digits >= 9 && digits <= 12;
}

static struct span
without_blanks(struct document *d, struct span s)
{
    char *out = arena_alloc(d->mem, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ')
            out[n++] = s.p[i];
    return span_of(out, n);
}

/* --- the tables' first lines --- */

/* True: it is the first line of a table. What has no English names has their usual order. */
static bool
begins_people(struct report *p, const struct csv_table *t, bool after_gap)
{
    const char *const *names = person_names;
    bool english = column_of(t, person_names[NAME]) < t->n;

    if (english && column_of(t, person_names[JOINED]) == CSV_TABLE_CELLS)
        names = unique_names;
    if (!english && !(after_gap && !p->in_people && p->meeting[MEETING_ID].n > 0))
        return false;
    for (size_t i = 0; i < PERSON_COLUMNS; i++)
        p->at[i] = english ? column_of(t, names[i]) : i;
    p->in_people = true;
    return true;
}

static void
leave_meeting(struct report *p)
{
    if (p->meeting[MEETING_ID].n > 0 && !p->used)
        document_ignore(p->d, "a meeting without its participants");
    p->meeting[MEETING_ID].n = 0;
    p->used = p->in_people = false;
}

static void
take_meeting(struct report *p, const struct csv_table *t)
{
    leave_meeting(p);
    for (size_t i = 0; i < MEETING_COLUMNS; i++)
        p->meeting[i] = cell(t, i);
    p->meeting[MEETING_ID] = without_blanks(p->d, p->meeting[MEETING_ID]);
}

/* --- people --- */

static void
feed_map(struct report *p, struct fields *r, struct span email)
{
    struct span host = p->meeting[MEETING_ID].n ? p->meeting[HOST] : SPAN("");
    const char *at = host.n ? memchr(host.p, '@', host.n) : NULL;

    document_value(p->d, r, "meeting.host", host);
    if (at)
        document_value(p->d, r, "meeting.host_domain",
                       span_of(at + 1, (size_t)(host.p + host.n - at - 1)));
    document_value(p->d, r, "meeting.topic",
                   p->meeting[MEETING_ID].n ? p->meeting[TOPIC] : SPAN(""));
    document_value(p->d, r, "participant.email", email);
}

/* Somebody who is there once for all his stays has minutes, and no times. */
static void
set_minutes(struct report *p, struct fields *r, struct span minutes)
{
    int64_t n;

    if (!span_to_i64(minutes, &n) || n < 0 || n > INT32_MAX)
        return;
    fields_set(r, FIELD_START, moment(p->d, p->meeting[BEGUN]));
    fields_set(r, FIELD_DURATION, document_text(p->d, "%lld", (long long)n * 60));
    fields_set(r, FIELD_STATE, SPAN("estimated"));
}

static void
take_person(struct report *p, const struct csv_table *t)
{
    struct span name = cell(t, p->at[NAME]), email = cell(t, p->at[EMAIL]);
    struct span joined = cell(t, p->at[JOINED]), left = cell(t, p->at[LEFT]);
    bool known = p->meeting[MEETING_ID].n > 0;
    struct fields *r = document_record(p->d);

    feed_map(p, r, email);
    if (known) {
        fields_set(r, FIELD_CONFERENCE,
                   DOCUMENT_ID(p->d, p->meeting[MEETING_ID], moment(p->d, p->meeting[BEGUN])));
        fields_set(r, FIELD_CONFERENCE_NAME, document_name(p->d, p->meeting[TOPIC]));
    }
    fields_set(r, FIELD_ID,
               DOCUMENT_ID(p->d,
                           r->has & FIELD_BIT(FIELD_CONFERENCE) ? r->v[FIELD_CONFERENCE] : SPAN(""),
                           email.n ? email : document_name(p->d, name), moment(p->d, joined),
                           moment(p->d, left)));
    fields_set(r, FIELD_PARTICIPANT, document_name(p->d, email.n ? email : name));
    fields_set(r, FIELD_PARTICIPANT_NAME, document_name(p->d, name));
    if (joined.n > 0) {
        fields_set(r, FIELD_START, moment(p->d, joined));
        fields_set(r, FIELD_END, moment(p->d, left));
    } else if (known) {
        set_minutes(p, r, cell(t, p->at[STAYED]));
    }
    p->used = true;
}

static enum status
zoom_read(struct document *d, struct span frame, struct error *err)
{
    struct report p = {.d = d};
    struct csv_table t = csv_table_of(frame, d->mem);
    bool gap = false, any = false;
    struct error wrong;
    enum status st;

    while ((st = csv_table_next(&t, &wrong)) != ST_NOT_FOUND) {
        bool after_gap = gap;

        gap = st == ST_SKIP;
        if (st == ST_BAD_INPUT)
            document_refuse(d, wrong.text);
        if (st != ST_OK)
            continue;
        if (column_of(&t, "Meeting ID") < t.n)
            leave_meeting(&p);
        else if (!p.in_people && is_meeting_number(t.cell[0]) && t.n >= MEETING_COLUMNS)
            take_meeting(&p, &t);
        else if (!begins_people(&p, &t, after_gap) && p.in_people)
            take_person(&p, &t);
        else if (!p.in_people && any)
            document_refuse(d, "neither a meeting nor a participant");
        any = true;
    }
    leave_meeting(&p);
    return any ? ST_OK : fail(err, ST_SKIP, "nothing is there");
}

static const struct document_ops zoom = {.frame = frame_all, .read = zoom_read};
const struct parser_ops parser_zoom_report =
    DOCUMENT_PARSER("zoom-report", "participants of a Zoom meeting, as its portal exports them",
                    &zoom, document_prepare, document_release);
