#include "spine/secrets.h"

#include <string.h>

static void assert_masked(const char *secret, const char *text, const char *wanted)
{
    g_autoptr(Masker) masker = masker_new();
    g_autofree char *got = NULL;

    masker_add(masker, secret);
    got = masker_mask(masker, text, strlen(text));
    g_assert_cmpstr(got, ==, wanted);
}

static void test_forms(void)
{
    static const struct {
        const char *secret, *text, *wanted;
    } cases[] = {
        {"hunter22", "password hunter22!", "password ***!"},
        {"hunter22", "hunter22hunter22", "******"},
        {"hunter22", "hunter2", "hunter2"},
        {"p@ss w/rd", "url p%40ss%20w%2Frd", "url ***"},
        {"p@ss w/rd", "url p%40ss%20w%2frd", "url ***"},
        {"p@ss w/rd", "form p%40ss+w%2Frd", "form ***"},
        {"p@ss w/rd", "path p%40ss%20w/rd", "path ***"},
        {"say \"hi\"\\n", "json \"say \\\"hi\\\"\\\\n\"", "json \"***\""},
        {"a<b&c>d", "go \"a\\u003cb\\u0026c\\u003ed\"", "go \"***\""},
        {"gr\xc3\xbc\xc3\x9f"
         "e",
         "python gr\\u00fc\\u00dfe", "python ***"},
        {"ab", "ab stays", "ab stays"},
        {"", "nothing", "nothing"},
        {"line one\nline two\n", "got line two only", "got *** only"},
        {"line one\nline two", "line one\nline two", "***"},
        {"trailing\n", "echo trailing", "echo ***"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_masked(cases[i].secret, cases[i].text, cases[i].wanted);
}

static void test_base64_alignment(void)
{
    static const char SECRET[] = "s3cr3t-value-of-some-length";

    for (guint lead = 0; lead < 6; lead++) {
        for (guint tail = 0; tail < 4; tail++) {
            g_autofree char *before = g_strnfill(lead, 'x'), *after = g_strnfill(tail, 'y');
            g_autofree char *plain = g_strconcat(before, SECRET, after, NULL);
            g_autofree char *encoded = g_base64_encode((const guchar *)plain, strlen(plain));
            g_autofree char *masked = NULL;
            g_autoptr(Masker) masker = masker_new();

            masker_add(masker, SECRET);
            masked = masker_mask(masker, encoded, strlen(encoded));
            g_assert_nonnull(strstr(masked, "***"));
            /* What is left is the neighbours' own and the two shared characters at most. */
            g_assert_cmpuint(strlen(masked), <=, 3 + (lead + tail) * 4 / 3 + 8);
        }
    }
}

static void test_wrapped_base64(void)
{
    g_autofree char *secret = g_strnfill(200, 'k');
    g_autofree char *encoded = NULL, *first = NULL, *masked = NULL;
    g_autoptr(Masker) masker = masker_new();

    for (guint i = 0; i < 200; i++)
        secret[i] = (char)('a' + i % 23);
    encoded = g_base64_encode((const guchar *)secret, 200);
    masker_add(masker, secret);
    first = g_strndup(encoded + 76, 76);
    masked = masker_mask(masker, first, 76);
    g_assert_cmpstr(masked, ==, "***");
}

static void test_overlap(void)
{
    g_autoptr(Masker) masker = masker_new();
    g_autofree char *masked = NULL;

    masker_add(masker, "abcdef");
    masker_add(masker, "defghi");
    masker_add(masker, "cd12");
    masked = masker_mask(masker, "-abcdefghi-", 11);
    g_assert_cmpstr(masked, ==, "-***-");
}

static void test_longest(void)
{
    g_autoptr(Masker) masker = masker_new();

    g_assert_cmpuint(masker_longest(masker), ==, 0);
    masker_add(masker, "a b c");
    g_assert_cmpuint(masker_longest(masker), >=, strlen("a%20b%20c"));
}

/* Whoever sends a secret chooses its size. */
static void test_huge(void)
{
    g_autoptr(Masker) masker = masker_new();
    g_autofree char *secret = g_malloc0((2 << 20) + 1);
    g_autofree char *masked = NULL;

    for (gsize i = 0; i < 2 << 20; i++)
        secret[i] = (char)('a' + g_random_int_range(0, 26));
    masker_add(masker, secret);
    masked = masker_mask(masker, secret + (2 << 20) - 8192, 8192);
    g_assert_cmpuint(strspn(masked, "*"), ==, strlen(masked));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/masker/every-form-is-replaced", test_forms);
    g_test_add_func("/masker/base64-at-any-alignment", test_base64_alignment);
    g_test_add_func("/masker/base64-wrapped-into-lines", test_wrapped_base64);
    g_test_add_func("/masker/overlapping-secrets-leave-nothing", test_overlap);
    g_test_add_func("/masker/a-secret-of-any-size-is-hidden", test_huge);
    g_test_add_func("/masker/longest-covers-the-widest-form", test_longest);
    return g_test_run();
}
