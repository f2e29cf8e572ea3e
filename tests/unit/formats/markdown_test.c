#include "formats/markdown.h"

#include <string.h>

static const struct {
    const char *name, *markdown, *html;
} CASES[] = {
    {"headings/have-ids-as-github-makes-them", "# Getting Started!\n## A `b` c\n# Getting Started",
     "<h1 id=\"getting-started\">Getting Started!</h1>\n<h2 id=\"a-b-c\">A <code>b</code> c</h2>\n"
     "<h1 id=\"getting-started-1\">Getting Started</h1>\n"},
    {"html/is-text", "<script>alert(1)</script> **b**",
     "<p>&lt;script&gt;alert(1)&lt;/script&gt; <strong>b</strong></p>\n"},
    {"links/http", "[a](https://x.example/?a=1&b=2 \"t\")",
     "<p><a href=\"https://x.example/?a=1&amp;b=2\" title=\"t\" rel=\"noopener noreferrer\">a</a>"
     "</p>\n"},
    {"links/relative", "[a](../b.md#c)",
     "<p><a href=\"../b.md#c\" rel=\"noopener noreferrer\">a</a></p>\n"},
    {"links/javascript-goes-nowhere", "[a](javascript:alert(1)) [b](JaVaScRiPt:x)",
     "<p><a href=\"#\" rel=\"noopener noreferrer\">a</a> "
     "<a href=\"#\" rel=\"noopener noreferrer\">b</a></p>\n"},
    {"links/an-entity-makes-no-scheme", "[a](javascript&colon;alert)",
     "<p><a href=\"javascript&amp;colon;alert\" rel=\"noopener noreferrer\">a</a></p>\n"},
    {"links/a-tab-hides-no-scheme", "[a](<java\tscript:alert>)",
     "<p><a href=\"#\" rel=\"noopener noreferrer\">a</a></p>\n"},
    {"images/data-is-refused", "![x *y* \"](data:text/html,1)",
     "<p><img src=\"#\" alt=\"x y &quot;\"></p>\n"},
    {"code/is-escaped", "```c\"x\na < b\n```",
     "<pre><code class=\"language-c&quot;x\">a &lt; b\n</code></pre>\n"},
    {"lists/tasks", "- [x] done\n- [ ] open",
     "<ul>\n<li><input type=\"checkbox\" disabled checked> done</li>\n"
     "<li><input type=\"checkbox\" disabled> open</li>\n</ul>\n"},
    {"tables", "|a|b|\n|---|:---:|\n|1|2|",
     "<table>\n<thead>\n<tr><th>a</th><th align=\"center\">b</th></tr>\n</thead>\n"
     "<tbody>\n<tr><td>1</td><td align=\"center\">2</td></tr>\n</tbody>\n</table>\n"},
};

static void test_case(const void *data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *html = markdown_to_html(CASES[i].markdown, strlen(CASES[i].markdown));

    g_assert_cmpstr(html, ==, CASES[i].html);
}

static void test_invalid_utf8(void)
{
    g_autofree char *html = markdown_to_html("# \xff\xfe", 4);

    g_assert_true(g_utf8_validate(html, -1, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/markdown/", CASES[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/markdown/bytes-that-are-no-text-become-some", test_invalid_utf8);
    return g_test_run();
}
