/*
 * parse_freeswitch_json.c - mod_json_cdr of FreeSWITCH: one leg in one JSON object.
 *
 *   {"core-uuid": "...", "channel_data": {"direction": "inbound", ...},
 *    "callStats": {"audio": {...}, "video": {"inbound": {"media_packet_count": 90, ...}}},
 *    "variables": {"uuid": "3da8...", "start_epoch": "1772355600", "conference_uuid": "...",
 *                  "sip_full_from": "%22Ann%22%20%3Csip...", "DP_MATCH": "ARRAY::1|:2"},
 *    "callflow": [{"caller_profile": {"caller_id_number": "1001", ...},
 *                  "times": {"created_time": "1772355600250413", "answered_time": "0", ...}}]}
 *
 * All values are texts, percent-encoded within the JSON, and decoded here after parsing; not so
 * when the whole body was percent-encoded, because undoing that has undone both. It may also
 * have made quotes and backslashes bare inside of strings: such a text is read a second time by
 * json_parse_unescaped. The first callflow is the newest; times are microseconds, "0" is never.
 */
#include "freeswitch.h"
#include "json_document.h"
#include "web_text.h"

static size_t
frame_freeswitch_json(struct span s, bool eof)
{
    size_t at = freeswitch_plain(s, '{'), n;

    if (at == SIZE_MAX)
        return frame_all(s, eof);
    n = frame_json(span_of(s.p + at, s.n - at), eof);
    return n ? at + n : 0;
}

/* Every member of an object that is a text or a number. */
static void
add_members(struct named_values *v, const struct json_value *object, bool encoded)
{
    for (const struct json_value *m = object ? object->first : NULL; m; m = m->next) {
        struct span text = m->text;

        if (m->type != JSON_STRING && m->type != JSON_NUMBER)
            continue;
        if (encoded)
            text = web_decode(text, false, v->mem);
        values_add(v, m->key, freeswitch_first(text));
    }
}

static void
take_down(struct document *d, const struct json_value *root, bool form)
{
    struct named_values v = {.mem = d->mem};
    const struct json_value *flow = json_find(root, "callflow");

    if (flow && flow->type == JSON_ARRAY)
        flow = flow->first;
    add_members(&v, json_find(root, "variables"), !form);
    add_members(&v, json_find(flow, "caller_profile"), false);
    add_members(&v, json_find(flow, "times"), false);
    values_add(&v, SPAN("direction"), json_at_text(root, "channel_data.direction"));
    values_add(&v, SPAN("switchname"), json_at_text(root, "switchname"));
    values_add(&v, SPAN("core-uuid"), json_at_text(root, "core-uuid"));
    values_add(&v, SPAN("video_packets"),
               json_at_text(root, "callStats.video.inbound.media_packet_count"));
    freeswitch_leg(d, &v);
}

static enum status
freeswitch_json_read(struct document *d, struct span frame, struct error *err)
{
    struct json_value *root = NULL;
    struct span text;
    bool form;
    enum status st = freeswitch_text(frame, '{', d->mem, &text, &form, err);

    if (st != ST_OK)
        return st;
    st = json_parse_foreign(text, d->mem, &root, err);
    if (st != ST_OK && json_parse_unescaped(text, d->mem, &root, NULL) != ST_OK)
        return st;
    if (!json_find(root, "variables"))
        return fail_at(err, ST_BAD_INPUT, 0, "variables: missing");
    take_down(d, root, form);
    return ST_OK;
}

static const struct document_ops freeswitch_json = {.frame = frame_freeswitch_json,
                                                    .read = freeswitch_json_read};

const struct parser_ops parser_freeswitch_json =
    DOCUMENT_PARSER("freeswitch-json", "FreeSWITCH call detail records in JSON (mod_json_cdr)",
                    &freeswitch_json, document_prepare, document_release);
