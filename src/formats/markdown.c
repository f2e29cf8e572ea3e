/* md4c parses; what it found is written here, so that every link and every byte passes one place.
 */
#include "formats/markdown.h"

#include <stdbool.h>

#include <md4c.h>
#include <string.h>

enum { MARKDOWN_BYTES_MAX = 8 * 1024 * 1024 };

typedef struct {
    GString *out;
    GString *heading;      /* the HTML inside the heading that is open */
    GString *heading_text; /* and its text, for the id */
    GHashTable *ids;       /* id → how often it was wanted */
    guint images;          /* open ones: only text counts inside */
    GString *alt;
} Page;

static GString *target(Page *page)
{
    return page->heading ? page->heading : page->out;
}

static void append_escaped(GString *out, const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        switch (text[i]) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        default:
            g_string_append_c(out, text[i]);
        }
    }
}

/* ---- links ---- */

static bool scheme_is(const char *url, gsize length, const char *scheme)
{
    return strlen(scheme) == length && g_ascii_strncasecmp(url, scheme, length) == 0;
}

/* Relative, or of a scheme that runs nothing. */
static bool is_safe(const char *url, gsize length, bool image)
{
    for (gsize i = 0; i < length; i++) {
        if (strchr("/?#", url[i]))
            return true;
        if (url[i] == ':')
            return scheme_is(url, i, "http") || scheme_is(url, i, "https") ||
                   (!image && scheme_is(url, i, "mailto"));
        /* Browsers skip these inside a scheme; nobody else needs them there. */
        if ((guchar)url[i] <= ' ' || url[i] == '\\')
            return false;
    }
    return true;
}

/* Entities in a URL stay text: "javascript&colon;…" must not become a scheme in the browser. */
static void append_url(GString *out, const MD_ATTRIBUTE *url, bool image)
{
    if (!is_safe(url->text, url->size, image)) {
        g_string_append_c(out, '#');
        return;
    }
    for (gsize i = 0; i < url->size; i++) {
        char c = url->text[i];

        if (c == '&')
            g_string_append(out, "&amp;");
        else if (g_ascii_isalnum(c) || (c && strchr("-_.+!*(),%#@?=;:/$~[]", c)))
            g_string_append_c(out, c);
        else
            g_string_append_printf(out, "%%%02X", (guchar)c);
    }
}

static void append_title(GString *out, const MD_ATTRIBUTE *title)
{
    if (!title->text)
        return;
    g_string_append(out, " title=\"");
    append_escaped(out, title->text, title->size);
    g_string_append_c(out, '"');
}

/* ---- headings ---- */

/* As GitHub makes them: lower case, blanks to dashes, punctuation gone, a number where it repeats.
 */
static char *heading_id(Page *page, const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    g_autoptr(GString) id = g_string_new(NULL);

    for (const char *at = lower; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == ' ')
            g_string_append_c(id, '-');
        else if (g_unichar_isalnum(c) || c == '-' || c == '_')
            g_string_append_unichar(id, c);
    }
    gpointer seen = g_hash_table_lookup(page->ids, id->str);

    g_hash_table_insert(page->ids, g_strdup(id->str), GUINT_TO_POINTER(GPOINTER_TO_UINT(seen) + 1));
    if (seen)
        g_string_append_printf(id, "-%u", GPOINTER_TO_UINT(seen));
    return g_string_free(g_steal_pointer(&id), FALSE);
}

static void close_heading(Page *page, unsigned level)
{
    g_autoptr(GString) html = g_steal_pointer(&page->heading);
    g_autoptr(GString) text = g_steal_pointer(&page->heading_text);
    g_autofree char *id = heading_id(page, text->str);

    g_string_append_printf(page->out, "<h%u id=\"", level);
    append_escaped(page->out, id, strlen(id));
    g_string_append_printf(page->out, "\">%s</h%u>\n", html->str, level);
}

/* ---- blocks ---- */

static void open_code(GString *out, const MD_BLOCK_CODE_DETAIL *code)
{
    g_string_append(out, "<pre><code");
    if (code->lang.text && code->lang.size > 0) {
        g_string_append(out, " class=\"language-");
        append_escaped(out, code->lang.text, code->lang.size);
        g_string_append_c(out, '"');
    }
    g_string_append_c(out, '>');
}

static void open_item(GString *out, const MD_BLOCK_LI_DETAIL *item)
{
    g_string_append(out, "<li>");
    if (item->is_task)
        g_string_append_printf(out, "<input type=\"checkbox\" disabled%s> ",
                               strchr("xX", item->task_mark) ? " checked" : "");
}

static void open_cell(GString *out, const char *tag, const MD_BLOCK_TD_DETAIL *cell)
{
    static const char *const align[] = {"", " align=\"left\"", " align=\"center\"",
                                        " align=\"right\""};

    g_string_append_printf(out, "<%s%s>", tag, align[cell->align]);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    Page *page = data;
    GString *out = target(page);

    switch (type) {
    case MD_BLOCK_QUOTE:
        g_string_append(out, "<blockquote>\n");
        break;
    case MD_BLOCK_UL:
        g_string_append(out, "<ul>\n");
        break;
    case MD_BLOCK_OL:
        g_string_append_printf(out, "<ol start=\"%u\">\n", ((MD_BLOCK_OL_DETAIL *)detail)->start);
        break;
    case MD_BLOCK_LI:
        open_item(out, detail);
        break;
    case MD_BLOCK_HR:
        g_string_append(out, "<hr>\n");
        break;
    case MD_BLOCK_H:
        page->heading = g_string_new(NULL);
        page->heading_text = g_string_new(NULL);
        break;
    case MD_BLOCK_CODE:
        open_code(out, detail);
        break;
    case MD_BLOCK_P:
        g_string_append(out, "<p>");
        break;
    case MD_BLOCK_TABLE:
        g_string_append(out, "<table>\n");
        break;
    case MD_BLOCK_THEAD:
        g_string_append(out, "<thead>\n");
        break;
    case MD_BLOCK_TBODY:
        g_string_append(out, "<tbody>\n");
        break;
    case MD_BLOCK_TR:
        g_string_append(out, "<tr>");
        break;
    case MD_BLOCK_TH:
        open_cell(out, "th", detail);
        break;
    case MD_BLOCK_TD:
        open_cell(out, "td", detail);
        break;
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML:
        break;
    }
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    static const char *const ends[] = {
        [MD_BLOCK_QUOTE] = "</blockquote>\n",
        [MD_BLOCK_UL] = "</ul>\n",
        [MD_BLOCK_OL] = "</ol>\n",
        [MD_BLOCK_LI] = "</li>\n",
        [MD_BLOCK_CODE] = "</code></pre>\n",
        [MD_BLOCK_P] = "</p>\n",
        [MD_BLOCK_TABLE] = "</table>\n",
        [MD_BLOCK_THEAD] = "</thead>\n",
        [MD_BLOCK_TBODY] = "</tbody>\n",
        [MD_BLOCK_TR] = "</tr>\n",
        [MD_BLOCK_TH] = "</th>",
        [MD_BLOCK_TD] = "</td>",
    };
    Page *page = data;

    if (type == MD_BLOCK_H)
        close_heading(page, ((MD_BLOCK_H_DETAIL *)detail)->level);
    else if (ends[type])
        g_string_append(target(page), ends[type]);
    return 0;
}

/* ---- spans ---- */

static void open_link(GString *out, const MD_SPAN_A_DETAIL *link)
{
    g_string_append(out, "<a href=\"");
    append_url(out, &link->href, false);
    g_string_append_c(out, '"');
    append_title(out, &link->title);
    g_string_append(out, " rel=\"noopener noreferrer\">");
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data)
{
    static const char *const tags[] = {
        [MD_SPAN_EM] = "<em>",
        [MD_SPAN_STRONG] = "<strong>",
        [MD_SPAN_CODE] = "<code>",
        [MD_SPAN_DEL] = "<del>",
    };
    Page *page = data;

    if (type == MD_SPAN_IMG && page->images++ == 0)
        page->alt = g_string_new(NULL);
    if (page->images > 0)
        return 0;
    if (type == MD_SPAN_A)
        open_link(target(page), detail);
    else if (type <= MD_SPAN_DEL && tags[type])
        g_string_append(target(page), tags[type]);
    return 0;
}

static void write_image(Page *page, const MD_SPAN_IMG_DETAIL *image)
{
    GString *out = target(page);
    g_autoptr(GString) alt = g_steal_pointer(&page->alt);

    g_string_append(out, "<img src=\"");
    append_url(out, &image->src, true);
    g_string_append(out, "\" alt=\"");
    g_string_append(out, alt->str);
    g_string_append_c(out, '"');
    append_title(out, &image->title);
    g_string_append_c(out, '>');
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data)
{
    static const char *const tags[] = {
        [MD_SPAN_EM] = "</em>",     [MD_SPAN_STRONG] = "</strong>", [MD_SPAN_A] = "</a>",
        [MD_SPAN_CODE] = "</code>", [MD_SPAN_DEL] = "</del>",
    };
    Page *page = data;

    if (type == MD_SPAN_IMG) {
        if (--page->images == 0)
            write_image(page, detail);
        return 0;
    }
    if (page->images == 0 && type <= MD_SPAN_DEL && tags[type])
        g_string_append(target(page), tags[type]);
    return 0;
}

/* ---- text ---- */

static int text(MD_TEXTTYPE type, const MD_CHAR *bytes, MD_SIZE length, void *data)
{
    Page *page = data;
    GString *out = page->images > 0 ? page->alt : target(page);

    if (page->heading_text)
        g_string_append_len(page->heading_text, bytes, length);
    switch (type) {
    case MD_TEXT_NULLCHAR:
        g_string_append(out, "\xEF\xBF\xBD");
        break;
    case MD_TEXT_BR:
        g_string_append(out, page->images > 0 ? " " : "<br>\n");
        break;
    case MD_TEXT_SOFTBR:
        g_string_append_c(out, '\n');
        break;
    case MD_TEXT_ENTITY:
        g_string_append_len(out, bytes, length);
        break;
    default:
        append_escaped(out, bytes, length);
    }
    return 0;
}

char *markdown_to_html(const char *source, gsize length)
{
    Page page = {.out = g_string_new(NULL)};
    MD_PARSER parser = {.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
                        .enter_block = enter_block,
                        .leave_block = leave_block,
                        .enter_span = enter_span,
                        .leave_span = leave_span,
                        .text = text};
    g_autofree char *valid = g_utf8_make_valid(source, (gssize)MIN(length, MARKDOWN_BYTES_MAX));

    page.ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    /* Our callbacks never fail and memory that runs out ends the process, so neither does this. */
    md_parse(valid, (MD_SIZE)strlen(valid), &parser, &page);
    g_hash_table_unref(page.ids);
    return g_string_free(page.out, FALSE);
}
