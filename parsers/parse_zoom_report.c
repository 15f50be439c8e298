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
 * is says its first line where that is English, else the order of the tables and of their columns,
 * which is told. Newer files have other names for the columns, and other places of the meeting's:
 *
 *   Topic,ID,Host,Duration (minutes),Start time,End time,Participants
 *   Weekly,812 3456 7890,Ann Ex (host@acme.com),60,"08/12/2026 10:00:00 AM",...
 *
 * Minutes are rounded up; they count only where the two times are missing.
 */
#include "csv_table.h"
#include "json_document.h"

enum { MEETING_ID, TOPIC, BEGUN, HOST, MEETING_COLUMNS };
enum { NAME, EMAIL, JOINED, LEFT, STAYED, WAITING, PERSON_COLUMNS };

#define NO_COLUMN CSV_TABLE_CELLS
#define MOST      2 /* names of a column */

static const char *const meeting_names[MEETING_COLUMNS][MOST] = {
    {"Meeting ID", "ID"}, {"Topic"}, {"Start Time"}, {"User Email", "Host"}};
static const char *const person_names[PERSON_COLUMNS][MOST] = {
    {"Name (Original Name)"},
    {"User Email", "Email"},
    {"Join Time"},
    {"Leave Time"},
    {"Duration (Minutes)", "Total Duration (Minutes)"},
    {"In Waiting Room"}};

/* Where the columns are in other languages; of the meeting's in older files and in newer ones. */
static const size_t meeting_usual[2][MEETING_COLUMNS] = {{0, 1, 2, 4}, {1, 0, 4, 2}};
static const size_t person_usual[PERSON_COLUMNS] = {0, 1, 2, 3, 4, NO_COLUMN};
/* With everybody once. */
static const size_t once_usual[PERSON_COLUMNS] = {0, 1, NO_COLUMN, NO_COLUMN, 2, NO_COLUMN};

struct report {
    struct document *d;
    struct span meeting[MEETING_COLUMNS]; /* n of MEETING_ID 0: no meeting so far */
    size_t meeting_at[MEETING_COLUMNS];   /* where they are, if the header said so */
    size_t at[PERSON_COLUMNS];            /* of the table at hand; NO_COLUMN: not there */
    bool told, in_people, used;           /* told: meeting_at; used: somebody was there */
    bool foreign;                         /* the people's header is not English */
};

/* Where the header has one of the names, or NO_COLUMN. */
static size_t
column_of(const struct csv_table *t, const char *const names[MOST])
{
    for (size_t k = 0; k < MOST && names[k]; k++)
        for (size_t i = 0; i < t->n; i++)
            if (span_eq_nocase(t->cell[i], span_str(names[k])))
                return i;
    return NO_COLUMN;
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

    const char *own = format_options(d->format)->time_format;

    return own && strcmp(own, "auto") != 0 ? text : document_moment(d, text, forms);
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

/* "31" */
static bool
is_minutes(struct span s)
{
    int64_t n;

    return span_to_i64(s, &n) && n >= 0;
}

/* --- the tables' first lines --- */

/* True: it is the first line of a table of people. What has no English names follows a meeting and
 * an empty line, and has the usual order. */
static bool
begins_people(struct report *p, const struct csv_table *t, bool after_gap)
{
    bool foreign = column_of(t, person_names[NAME]) == NO_COLUMN;

    if (foreign && !(after_gap && !p->in_people && p->meeting[MEETING_ID].n > 0))
        return false;
    for (size_t i = 0; i < PERSON_COLUMNS; i++)
        p->at[i] = foreign ? person_usual[i] : column_of(t, person_names[i]);
    if (foreign)
        document_ignore(p->d,
                        "a header that is not English: columns are taken in their usual order");
    p->foreign = foreign;
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

/* True: it is the first line of a table of meetings. */
static bool
begins_meetings(struct report *p, const struct csv_table *t)
{
    size_t id = column_of(t, meeting_names[MEETING_ID]);

    if (id == NO_COLUMN || column_of(t, meeting_names[TOPIC]) == NO_COLUMN)
        return false;
    leave_meeting(p);
    for (size_t i = 0; i < MEETING_COLUMNS; i++)
        p->meeting_at[i] = column_of(t, meeting_names[i]);
    p->told = true;
    return true;
}

/* "Ann Ex (ann@acme.com)": the address. */
static struct span
address_of(struct span host)
{
    const char *open = host.n && host.p[host.n - 1] == ')' ? memrchr(host.p, '(', host.n) : NULL;
    struct span inside = open ? span_of(open + 1, (size_t)(host.p + host.n - open) - 2) : SPAN("");

    return inside.n && memchr(inside.p, '@', inside.n) ? inside : host;
}

/* True: it was a meeting. Where the header did not say it, the number's place tells the order. */
static bool
take_meeting(struct report *p, const struct csv_table *t)
{
    const size_t *at =
        p->told ? p->meeting_at : meeting_usual[!is_meeting_number(cell(t, 0)) && t->n > 1];

    if (p->in_people || t->n < 6 || !is_meeting_number(cell(t, at[MEETING_ID])))
        return false;
    leave_meeting(p);
    for (size_t i = 0; i < MEETING_COLUMNS; i++)
        p->meeting[i] = cell(t, at[i]);
    p->meeting[MEETING_ID] = without_blanks(p->d, p->meeting[MEETING_ID]);
    p->meeting[HOST] = address_of(p->meeting[HOST]);
    return true;
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
    struct fields *r;

    p->used = true;
    if (span_eq_nocase(cell(t, p->at[WAITING]), SPAN("Yes"))) {
        document_ignore(p->d, "time in the waiting room");
        return;
    }
    r = document_record(p->d);
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
}

/* In another language only the rows tell whether it is everybody once. */
static void
take_row(struct report *p, const struct csv_table *t)
{
    if (p->foreign && is_minutes(cell(t, person_usual[JOINED])))
        memcpy(p->at, once_usual, sizeof p->at);
    take_person(p, t);
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
        if (!begins_meetings(&p, &t) && !take_meeting(&p, &t) &&
            !begins_people(&p, &t, after_gap)) {
            if (p.in_people)
                take_row(&p, &t);
            else if (any)
                document_refuse(d, "neither a meeting nor a participant");
        }
        any = true;
    }
    leave_meeting(&p);
    return any ? ST_OK : fail(err, ST_SKIP, "nothing is there");
}

static const struct document_ops zoom = {.frame = frame_all, .read = zoom_read};
const struct parser_ops parser_zoom_report =
    DOCUMENT_PARSER("zoom-report", "participants of a Zoom meeting, as its portal exports them",
                    &zoom, document_prepare, document_release);
