/* The formats of an entity's fields. */
#include "catalog/catalog_internal.h"
#include "formats/json.h"
#include <string.h>

#define DOCUMENTATION                                                                              \
    "To learn more about catalog file format, visit: "                                             \
    "https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/"              \
    "adr002-default-catalog-file-format.md"

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253

typedef struct {
    gboolean (*holds)(const char *text);
    const char *expected;
} Format;

/* ---- what text may look like ---- */

static gboolean all_in(const char *text, const char *others, gboolean upper)
{
    for (; *text; text++)
        if (!g_ascii_isdigit(*text) && !g_ascii_islower(*text) &&
            !(upper && g_ascii_isupper(*text)) && !strchr(others, *text))
            return FALSE;
    return TRUE;
}

static gboolean ends_in(const char *text, const char *others)
{
    gsize length = strlen(text);

    return strchr(others, text[0]) || strchr(others, text[length - 1]);
}

static gboolean is_sized(const char *text, gsize most)
{
    gsize length = strlen(text);

    return length >= 1 && length <= most;
}

static gboolean is_name(const char *text)
{
    return is_sized(text, LABEL_MAX) && all_in(text, "-_.", TRUE) && !ends_in(text, "-_.");
}

static gboolean is_dns_label(const char *text)
{
    return is_sized(text, LABEL_MAX) && all_in(text, "-", FALSE) && !ends_in(text, "-");
}

static gboolean is_dns_subdomain(const char *text)
{
    g_auto(GStrv) labels = g_strsplit(text, ".", -1);

    if (!is_sized(text, SUBDOMAIN_MAX))
        return FALSE;
    for (char **label = labels; *label; label++)
        if (!is_dns_label(*label))
            return FALSE;
    return TRUE;
}

/* "[<dns subdomain>/]<suffix>" */
static gboolean is_prefixed(const char *text, gboolean (*is_suffix)(const char *))
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 3);

    if (g_strv_length(parts) == 1)
        return is_suffix(parts[0]);
    return g_strv_length(parts) == 2 && is_dns_subdomain(parts[0]) && is_suffix(parts[1]);
}

static gboolean is_version(const char *text)
{
    return is_sized(text, LABEL_MAX) && all_in(text, "", TRUE);
}

static gboolean is_api_version(const char *text)
{
    return is_prefixed(text, is_version);
}

static gboolean is_kind(const char *text)
{
    return is_version(text) && g_ascii_isalpha(*text);
}

static gboolean is_key(const char *text)
{
    return is_prefixed(text, is_name);
}

static gboolean is_label_value(const char *text)
{
    return *text == '\0' || is_name(text);
}

static gboolean is_tag(const char *text)
{
    return is_sized(text, LABEL_MAX) && all_in(text, "-:+#", FALSE) && !ends_in(text, "-") &&
           !strstr(text, "--");
}

static gboolean is_url(const char *text)
{
    return g_uri_is_valid(text, G_URI_FLAGS_PARSE_RELAXED, NULL);
}

static gboolean is_not_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] != '\0';
}

static gboolean is_any(const char *text)
{
    return TRUE;
}

#define TOTAL ", at most 63 characters in total"
static const Format format_api_version = {
    is_api_version, "a string that is a sequence of [a-zA-Z0-9], optionally prefixed by a domain "
                    "and a slash" TOTAL};
static const Format format_kind = {is_kind,
                                   "a string that is a sequence of [a-zA-Z][a-z0-9A-Z]" TOTAL};
static const Format format_name = {
    is_name, "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.]" TOTAL};
static const Format format_namespace = {
    is_dns_label, "a string that is sequences of [a-z0-9] separated by [-]" TOTAL};
static const Format format_key = {
    is_key, "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], optionally "
            "prefixed by a domain and a slash" TOTAL};
static const Format format_label_value = {
    is_label_value, "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.]" TOTAL};
static const Format format_tag = {
    is_tag, "a string that is sequences of [a-z0-9+#] separated by [-]" TOTAL};
static const Format format_url = {is_url, "a string that is a valid url"};
static const Format format_text = {is_any, "a string"};
static const Format format_filled = {is_not_blank, "a string that is not blank"};

/* ---- the fields ---- */

typedef struct {
    Arena *arena;
    const char *reason; /* of the first field that is wrong */
    const Value *at;
} Checker;

static void refuse(Checker *checker, const char *path, const Value *value, const Format *format)
{
    const char *found = json_to_arena(checker->arena, value, JSON_COMPACT);

    checker->at = value;
    checker->reason = arena_printf(checker->arena,
                                   "\"%s\" is not valid; expected %s but found %s. " DOCUMENTATION,
                                   path, format->expected, value ? found : "\"undefined\"");
}

static void check_text(Checker *checker, const char *path, const Value *value, const Format *format)
{
    if (checker->reason)
        return;
    if (!value_is(value, VALUE_STRING) || !format->holds(value_string(value, "")))
        refuse(checker, path, value, format);
}

static void check_optional(Checker *checker, const char *path, const Value *value,
                           const Format *format)
{
    if (value)
        check_text(checker, path, value, format);
}

static void check_key(Checker *checker, const char *path, const char *key, const Value *value)
{
    Value *text;

    if (checker->reason || is_key(key))
        return;
    text = value_string_new(checker->arena, key);
    value_set_position(text, value_line(value), value_column(value));
    refuse(checker, path, text, &format_key);
}

static void check_map(Checker *checker, const Value *metadata, const char *name,
                      const Format *format)
{
    const Value *map = value_get(metadata, name);

    for (guint i = 0; i < value_count(map) && !checker->reason; i++) {
        const char *key = value_key_at(map, i);
        const char *path = arena_printf(checker->arena, "metadata.%s.%s", name, key);

        check_key(checker, path, key, value_value_at(map, i));
        check_text(checker, path, value_value_at(map, i), format);
    }
}

static void check_tags(Checker *checker, const Value *tags)
{
    for (guint i = 0; i < value_count(tags) && !checker->reason; i++)
        check_text(checker, arena_printf(checker->arena, "tags.%u", i), value_item(tags, i),
                   &format_tag);
}

static void check_links(Checker *checker, const Value *links)
{
    static const char *const optional[] = {"title", "icon", "type"};

    for (guint i = 0; i < value_count(links) && !checker->reason; i++) {
        const Value *link = value_item(links, i);

        check_text(checker, arena_printf(checker->arena, "links.%u.url", i), value_get(link, "url"),
                   &format_url);
        for (gsize j = 0; j < G_N_ELEMENTS(optional); j++)
            check_optional(checker, arena_printf(checker->arena, "links.%u.%s", i, optional[j]),
                           value_get(link, optional[j]), &format_filled);
    }
}

const char *format_check(Arena *arena, const Value *entity, const Value **at)
{
    Checker checker = {.arena = arena};
    const Value *metadata = value_get(entity, "metadata");

    check_text(&checker, "apiVersion", value_get(entity, "apiVersion"), &format_api_version);
    check_text(&checker, "kind", value_get(entity, "kind"), &format_kind);
    check_text(&checker, "metadata.name", value_get(metadata, "name"), &format_name);
    check_optional(&checker, "metadata.namespace", value_get(metadata, "namespace"),
                   &format_namespace);
    check_optional(&checker, "metadata.title", value_get(metadata, "title"), &format_filled);
    check_optional(&checker, "metadata.description", value_get(metadata, "description"),
                   &format_text);
    check_map(&checker, metadata, "labels", &format_label_value);
    check_map(&checker, metadata, "annotations", &format_text);
    check_tags(&checker, value_get(metadata, "tags"));
    check_links(&checker, value_get(metadata, "links"));
    *at = checker.at;
    return checker.reason;
}
