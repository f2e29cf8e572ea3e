#include "catalog/model/format.h"
#include <string.h>

#define DOCUMENTATION                                                                              \
    "To learn more about catalog file format, visit: "                                             \
    "https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/"              \
    "adr002-default-catalog-file-format.md"

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253

typedef struct {
    gboolean (*holds)(const char *text, gsize length);
    const char *expected;
} Format;

/* ---- what text may look like ---- */

enum { LOWER = 1 << 0, UPPER = 1 << 1, DIGIT = 1 << 2, DASH = 1 << 3, DOT = 1 << 4, SIGN = 1 << 5 };

#define ALPHANUMERIC (LOWER | UPPER | DIGIT)

/* Every entity is checked with these: a look into a table a byte, and nothing is allocated. */
static const guint8 classes[256] = {
    ['a' ... 'z'] = LOWER, ['A' ... 'Z'] = UPPER, ['0' ... '9'] = DIGIT, ['-'] = DASH, ['_'] = DOT,
    ['.'] = DOT,           [':'] = SIGN,          ['+'] = SIGN,          ['#'] = SIGN,
};

static gboolean all_of(const char *text, gsize length, unsigned allowed)
{
    for (gsize i = 0; i < length; i++)
        if (!(classes[(guchar)text[i]] & allowed))
            return FALSE;
    return TRUE;
}

static gboolean is_sized(gsize length)
{
    return length >= 1 && length <= LABEL_MAX;
}

static gboolean ends_in(const char *text, gsize length, unsigned allowed)
{
    return classes[(guchar)text[0]] & allowed && classes[(guchar)text[length - 1]] & allowed;
}

static gboolean is_name(const char *text, gsize length)
{
    return is_sized(length) && ends_in(text, length, ALPHANUMERIC) &&
           all_of(text, length, ALPHANUMERIC | DASH | DOT);
}

static gboolean is_dns_label(const char *text, gsize length)
{
    return is_sized(length) && ends_in(text, length, LOWER | DIGIT) &&
           all_of(text, length, LOWER | DIGIT | DASH);
}

static gboolean is_dns_subdomain(const char *text, gsize length)
{
    const char *end = text + length;

    if (length < 1 || length > SUBDOMAIN_MAX)
        return FALSE;
    for (;;) {
        const char *dot = memchr(text, '.', (gsize)(end - text));

        if (!is_dns_label(text, (gsize)((dot ? dot : end) - text)))
            return FALSE;
        if (!dot)
            return TRUE;
        text = dot + 1;
    }
}

/* "[<dns subdomain>/]<suffix>" */
static gboolean is_prefixed(const char *text, gsize length,
                            gboolean (*is_suffix)(const char *, gsize))
{
    const char *slash = memchr(text, '/', length);
    gsize prefix = slash ? (gsize)(slash - text) : 0;

    if (!slash)
        return is_suffix(text, length);
    return is_dns_subdomain(text, prefix) && is_suffix(slash + 1, length - prefix - 1);
}

static gboolean is_version(const char *text, gsize length)
{
    return is_sized(length) && all_of(text, length, ALPHANUMERIC);
}

static gboolean is_api_version(const char *text, gsize length)
{
    return is_prefixed(text, length, is_version);
}

static gboolean is_kind(const char *text, gsize length)
{
    return is_version(text, length) && !(classes[(guchar)*text] & DIGIT);
}

static gboolean is_key(const char *text, gsize length)
{
    return is_prefixed(text, length, is_name);
}

static gboolean is_label_value(const char *text, gsize length)
{
    return length == 0 || is_name(text, length);
}

static gboolean is_tag(const char *text, gsize length)
{
    return is_sized(length) && ends_in(text, length, LOWER | DIGIT | SIGN) &&
           all_of(text, length, LOWER | DIGIT | SIGN | DASH) && !memmem(text, length, "--", 2);
}

static gboolean is_url(const char *text, gsize length)
{
    return strlen(text) == length && format_is_url(text);
}

static gboolean is_not_blank(const char *text, gsize length)
{
    return text[strspn(text, " \t\r\n\v\f")] != '\0';
}

gboolean format_is_api_version(const char *text)
{
    return is_api_version(text, strlen(text));
}

gboolean format_is_kind(const char *text)
{
    return is_kind(text, strlen(text));
}

#define TOTAL ", at most 63 characters in total"
static const Format format_api_version = {is_api_version, "a valid prefix and/or suffix"};
static const Format format_kind = {is_kind,
                                   "a string that is a sequence of [a-zA-Z][a-z0-9A-Z]" TOTAL};
static const Format format_name = {
    is_name, "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.]" TOTAL};
static const Format format_namespace = {
    is_dns_label, "a string that is sequences of [a-z0-9] separated by [-]" TOTAL};
static const Format format_key = {is_key, "a valid prefix and/or suffix"};
static const Format format_label_value = {
    is_label_value, "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.]" TOTAL};
static const Format format_tag = {
    is_tag, "a string that is sequences of [a-z0-9+#] separated by [-]" TOTAL};
static const Format format_url = {is_url, "a string that is a valid url"};
static const Format format_not_blank = {is_not_blank, "a non empty string"};

/* ---- the fields ---- */

typedef struct {
    Arena *arena;
    const char *reason; /* of the first field that is wrong */
    const Value *at;
} Checker;

static gboolean holds(const Format *format, const Value *value)
{
    return value_is(value, VALUE_STRING) &&
           format->holds(value_string(value, ""), value_string_length(value));
}

/* The path is only written where the field is wrong. */
static void refuse(Checker *checker, const char *path, const Value *value, const Format *format)
{
    checker->at = value;
    checker->reason = arena_printf(
        checker->arena, "\"%s\" is not valid; expected %s but found \"%s\". " DOCUMENTATION, path,
        format->expected, value_string(value, "undefined"));
}

static void check_text(Checker *checker, const char *path, const Value *value, const Format *format)
{
    if (!checker->reason && value && !holds(format, value))
        refuse(checker, path, value, format);
}

static void check_labels(Checker *checker, const Value *map, const char *name, gboolean values)
{
    for (guint i = 0; i < value_count(map) && !checker->reason; i++) {
        const char *key = value_key_at(map, i);
        const Value *value = value_value_at(map, i);
        gboolean good_key = is_key(key, strlen(key));
        Value *text;

        if (good_key && (!values || holds(&format_label_value, value)))
            continue;
        text = value_string_new(checker->arena, key);
        value_set_position(text, value_key_line(map, key), value_key_column(map, key));
        refuse(checker, arena_printf(checker->arena, "%s.%s", name, key), good_key ? value : text,
               good_key ? &format_label_value : &format_key);
    }
}

static void check_tags(Checker *checker, const Value *tags)
{
    for (guint i = 0; i < value_count(tags) && !checker->reason; i++)
        if (!holds(&format_tag, value_item(tags, i)))
            refuse(checker, arena_printf(checker->arena, "tags.%u", i), value_item(tags, i),
                   &format_tag);
}

static void check_links(Checker *checker, const Value *links)
{
    static const char *const names[] = {"url", "title", "icon"};

    for (guint i = 0; i < value_count(links); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(names) && !checker->reason; j++) {
            const Value *value = value_get(value_item(links, i), names[j]);
            const Format *format = j == 0 ? &format_url : &format_not_blank;

            if (value && !holds(format, value))
                refuse(checker, arena_printf(checker->arena, "links.%u.%s", i, names[j]), value,
                       format);
        }
}

const char *format_check(Arena *arena, const Value *entity, const Value **at)
{
    Checker checker = {.arena = arena};
    const Value *metadata = value_get(entity, "metadata");

    check_text(&checker, "apiVersion", value_get(entity, "apiVersion"), &format_api_version);
    check_text(&checker, "kind", value_get(entity, "kind"), &format_kind);
    check_text(&checker, "metadata.name", value_get(metadata, "name"), &format_name);
    check_text(&checker, "metadata.namespace", value_get(metadata, "namespace"), &format_namespace);
    check_labels(&checker, value_get(metadata, "labels"), "labels", TRUE);
    check_labels(&checker, value_get(metadata, "annotations"), "annotations", FALSE);
    check_tags(&checker, value_get(metadata, "tags"));
    check_links(&checker, value_get(metadata, "links"));
    *at = checker.at;
    return checker.reason;
}
