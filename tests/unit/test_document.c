/*
 * test_document.c - what parsers of documents stand on: frames, XML trees, texts of the web.
 */
#include "../../parsers/document.h"
#include "../../parsers/web_text.h"
#include "xml_tree.h"
#include "test.h"

TEST(a_frame_ends_where_its_document_does)
{
    struct {
        size_t (*frame)(struct span, bool);
        const char *text;
        size_t open, last; /* with more to come, and with nothing behind it */
    } cases[] = {
        {frame_line, "one\ntwo\n", 4, 4},
        {frame_line, "one", 0, 3},
        {frame_json, "{\"a\":\"}\\\"]\",\"b\":[1,{}]}\n{}", 23, 23},
        {frame_json, "  [ 1, 2 ] ", 10, 10},
        {frame_json, "\xEF\xBB\xBF{}", 5, 5},
        {frame_json, "{\"a\":", 0, 5},
        {frame_json, " \n", 0, 2},
        {frame_json, "no json\n{}", 8, 8},
        {frame_json, "] {}\n", 5, 5},
        {frame_xml, "<?xml version=\"1.0\"?><!-- <b/> -->\n<cdr a=\"1\"><x/></cdr >\n", 57, 57},
        {frame_xml, "<cdr><x></x>", 0, 12},
        {frame_xml, "<alone a='1'/><b></b>", 14, 14},
        {frame_xml, "GET / HTTP/1.1\r\n", 0, 16},
        {frame_packet, "A: 1\r\nB: 2\r\n\r\nA: 2\r\n", 14, 14},
        {frame_packet, "A: 1\n\nA", 6, 6},
        {frame_packet, "A: 1\r\n", 0, 6},
        {frame_all, "anything", 0, 8},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(cases[i].frame(span_str(cases[i].text), false), cases[i].open);
        CHECK_INT(cases[i].frame(span_str(cases[i].text), true), cases[i].last);
    }
}

TEST(xml_becomes_a_tree)
{
    struct arena mem;
    struct xml_node *root = NULL;
    const struct xml_node *n;
    struct error err;

    arena_init(&mem);
    CHECK_INT(xml_parse(SPAN("<cdr core='x&amp;y'> <v><a>1</a><nolocal:b>&#228;</nolocal:b></v>"
                             "<m><id> 7 </id></m><m>t</m></cdr>"),
                        &mem, &root, &err),
              ST_OK);
    CHECK_SPAN(root->name, "cdr");
    CHECK_SPAN(xml_attribute(root, "core"), "x&y");
    CHECK_SPAN(xml_attribute(root, "none"), "");
    CHECK_SPAN(xml_text(root, "v/a"), "1");
    CHECK_SPAN(xml_text(root, "v/nolocal:b"), "\xC3\xA4");
    CHECK_SPAN(xml_text(root, "m/id"), "7");
    n = xml_find(root, "m");
    CHECK(n && (n = xml_again(n)) != NULL);
    CHECK_SPAN(n->text, "t");
    CHECK(!xml_again(n));
    CHECK(!xml_find(root, "v/none/at/all"));
    arena_clear(&mem);
}

TEST(xml_without_entities_and_not_deeper_than_its_limit)
{
    char deep[XML_TREE_DEPTH * 3 + 4] = "";
    struct arena mem;
    struct xml_node *root;
    struct error err;

    arena_init(&mem);
    CHECK_INT(xml_parse(SPAN("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), &mem, &root, &err),
              ST_BAD_INPUT);
    CHECK_STR(err.text, "xml: a document type is not allowed");
    for (int i = 0; i <= XML_TREE_DEPTH; i++)
        strcat(deep, "<a>");
    CHECK_INT(xml_parse(span_str(deep), &mem, &root, &err), ST_BAD_INPUT);
    CHECK_STR(err.text, "xml: nested too deep");
    CHECK_INT(xml_parse(SPAN("<a><b></a>"), &mem, &root, &err), ST_BAD_INPUT);
    CHECK_INT(err.pos, 8);
    arena_clear(&mem);
}

TEST(texts_of_the_web)
{
    struct span form = SPAN("cdr=%7B%22a%22%3A1%7D&x=a+b%2&&empty"), name, value;
    struct arena mem;

    arena_init(&mem);
    CHECK(web_form_next(&form, &mem, &name, &value));
    CHECK_SPAN(name, "cdr");
    CHECK_SPAN(value, "{\"a\":1}");
    CHECK(web_form_find(form, "x", &mem, &value));
    CHECK_SPAN(value, "a b%2");
    CHECK(web_form_find(form, "empty", &mem, &value));
    CHECK_SPAN(value, "");
    CHECK(!web_form_find(form, "cdr", &mem, &value));
    CHECK_SPAN(web_decode(SPAN("a+b%2B%zz%"), false, &mem), "a+b+%zz%");
    CHECK(web_base64(SPAN("eyJhIjoxfQ=="), &mem, &value));
    CHECK_SPAN(value, "{\"a\":1}");
    CHECK(web_base64(SPAN("Zm9v\r\nYmE"), &mem, &value));
    CHECK_SPAN(value, "fooba");
    CHECK(!web_base64(SPAN("Zm9vY"), &mem, &value));
    CHECK(!web_base64(SPAN("%7B"), &mem, &value));
    arena_clear(&mem);
}
