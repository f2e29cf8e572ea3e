#include "catalog/findings/codeowners.h"
#include <string.h>

static char *owners(const char *text, const char *path)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    int line = 0;
    const char *const *list = codeowners_of(codeowners_parse(arena, text), path, &line);
    g_autofree char *joined = list ? g_strjoinv(" ", (char **)list) : NULL;

    return list ? g_strdup_printf("%d:%s", line, joined) : g_strdup("none");
}

/* The example of GitHub's documentation, and what it says of each line. */
static const char EXAMPLE[] = "# comment\n"
                              "*       @global-owner1 @global-owner2\n"
                              "\n"
                              "*.js    @js-owner #This is an inline comment.\n"
                              "*.go docs@example.com\n"
                              "*.txt @octo-org/octocats\n"
                              "/build/logs/ @doctocat\n"
                              "docs/* docs@example.com\n"
                              "apps/ @octocat\n"
                              "/docs/ @doctocat\n"
                              "/scripts/ @doctocat @octocat\n"
                              "**/logs @octocat\n"
                              "/apps/ @octocat\n"
                              "/apps/github\n";

static void the_last_line_that_matches_wins(void)
{
    static const struct {
        const char *text, *path, *wanted;
    } cases[] = {
        {EXAMPLE, "catalog-info.yaml", "2:@global-owner1 @global-owner2"},
        {EXAMPLE, "deep/er/x", "2:@global-owner1 @global-owner2"},
        {EXAMPLE, "a/b.js", "4:@js-owner"},
        {EXAMPLE, "b.go", "5:docs@example.com"},
        {EXAMPLE, "notes.txt", "6:@octo-org/octocats"},
        {EXAMPLE, "build/logs/x/y", "12:@octocat"},
        {EXAMPLE, "sub/docs/a", "2:@global-owner1 @global-owner2"},
        {EXAMPLE, "docs/a/b", "10:@doctocat"},
        {EXAMPLE, "sub/apps/x", "9:@octocat"},
        {EXAMPLE, "scripts/x", "11:@doctocat @octocat"},
        {EXAMPLE, "deeply/nested/logs", "12:@octocat"},
        {EXAMPLE, "apps/x", "13:@octocat"},
        {EXAMPLE, "apps/github/x", "14:"},
        {EXAMPLE, "apps/github", "14:"},
        {"docs/* @a\n", "docs/x", "1:@a"},
        {"docs/* @a\n", "docs/x/y", "none"},
        {"docs/** @a\n", "docs/x/y", "1:@a"},
        {"apps/ @a\n", "apps", "none"},
        {"/a @x\n", "b/a", "none"},
        {"a\\ b/ @x\n", "a b/c", "1:@x"},
        {"\\#x @x\n", "#x", "1:@x"},
        {"!a @x\n[ab] @x\n", "a", "none"},
        {"* @x\r\n", "a", "1:@x"},
        {"*", "a", "1:"},
        {"", "a", "none"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = owners(cases[i].text, cases[i].path);

        g_test_message("%s", cases[i].path);
        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/codeowners/the-last-line-that-matches-wins",
                    the_last_line_that_matches_wins);
    return g_test_run();
}
