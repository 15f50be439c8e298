/*
 * parse_freeswitch_xml.c - mod_xml_cdr of FreeSWITCH: one leg in one XML document.
 *
 *   <cdr core-uuid="..." switchname="...">
 *     <channel_data><direction>inbound</direction>...</channel_data>
 *     <variables><uuid>8018...</uuid><start_stamp>2026-03-01%2009%3A00%3A00</start_stamp>
 *                <nolocal:req_uuid>...</nolocal:req_uuid>...</variables>
 *     <callflow><caller_profile><caller_id_number>1001</caller_id_number>...</caller_profile>
 *               <times>...</times></callflow>
 *   </cdr>
 *
 * Texts under `variables` are percent-encoded, those under caller_profile are not. Names of
 * variables become names of elements as they are; one with several values is an element repeated,
 * of which the first is read. The first callflow is the newest.
 */
#include "freeswitch.h"
#include "web_text.h"
#include "xml_tree.h"

static size_t
frame_freeswitch_xml(struct span s, bool eof)
{
    size_t at = freeswitch_plain(s, '<'), n;

    if (at == SIZE_MAX)
        return frame_all(s, eof);
    n = frame_xml(span_of(s.p + at, s.n - at), eof);
    return n ? at + n : 0;
}

static void
add_children(struct named_values *v, const struct xml_node *parent, bool encoded)
{
    for (const struct xml_node *n = parent ? parent->first : NULL; n; n = n->next)
        values_add(v, n->name, encoded ? web_decode(n->text, false, v->mem) : n->text);
}

static enum status
freeswitch_xml_read(struct document *d, struct span frame, struct error *err)
{
    struct named_values v = {.mem = d->mem};
    struct xml_node *root;
    struct span text;
    bool form;
    enum status st = freeswitch_text(frame, '<', d->mem, &text, &form, err);

    if (st != ST_OK)
        return st;
    st = xml_parse(text, d->mem, &root, err);
    if (st != ST_OK)
        return st;
    if (!span_is(root->name, "cdr") || !xml_find(root, "variables"))
        return fail_at(err, ST_BAD_INPUT, 0, "cdr/variables: missing");
    add_children(&v, xml_find(root, "variables"), true);
    add_children(&v, xml_find(root, "callflow/caller_profile"), false);
    add_children(&v, xml_find(root, "callflow/times"), false);
    values_add(&v, SPAN("direction"), xml_text(root, "channel_data/direction"));
    values_add(&v, SPAN("switchname"), xml_attribute(root, "switchname"));
    values_add(&v, SPAN("core-uuid"), xml_attribute(root, "core-uuid"));
    values_add(&v, SPAN("video_packets"),
               xml_text(root, "call-stats/video/inbound/media_packet_count"));
    freeswitch_leg(d, &v);
    return ST_OK;
}

static const struct document_ops freeswitch_xml = {.frame = frame_freeswitch_xml,
                                                   .read = freeswitch_xml_read};

const struct parser_ops parser_freeswitch_xml =
    DOCUMENT_PARSER("freeswitch-xml", "FreeSWITCH call detail records in XML (mod_xml_cdr)",
                    &freeswitch_xml, document_prepare, document_release);
