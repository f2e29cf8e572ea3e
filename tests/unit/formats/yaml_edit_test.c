#include "formats/yaml_edit.h"

static const struct {
    const char *text;
    guint document;
    const char *pointer, *value;
    const char *wanted; /* NULL: refused */
} cases[] = {
    /* replaced in its place */
    {"a: x # why\nb: y\n", 0, "/a", "z", "a: z # why\nb: y\n"},
    {"spec:\n  owner:   old   # note\n", 0, "/spec/owner", "new",
     "spec:\n  owner:   new   # note\n"},
    {"a: \"x\"\n", 0, "/a", "z", "a: \"z\"\n"},
    {"a: 'it''s' # x\n", 0, "/a", "z", "a: 'z' # x\n"},
    {"a: \"q\\\"q\" # x\n", 0, "/a", "z", "a: \"z\" # x\n"},
    {"{a: x, b: y}\n", 0, "/b", "z", "{a: x, b: z}\n"},
    {"l:\n  - x\n  - y # 2\n", 0, "/l/1", "z", "l:\n  - x\n  - z # 2\n"},
    {"l: [x, y]\n", 0, "/l/0", "z", "l: [z, y]\n"},
    {"a: x\r\nb: y\r\n", 0, "/a", "z", "a: z\r\nb: y\r\n"},
    {"ä: ö\nü: {é: x}\n", 0, "/ü/é", "z", "ä: ö\nü: {é: z}\n"},
    {"m: {x/y: v}\n", 0, "/m/x~1y", "w", "m: {x/y: w}\n"},
    {"a: x\n---\na: x\n---\na: x\n", 1, "/a", "z", "a: x\n---\na: z\n---\na: x\n"},
    {"---\n---\na: x\n", 0, "/a", "z", "---\n---\na: z\n"},
    {"a: x", 0, "/a", "z", "a: z"},
    /* quoted where it has to be */
    {"a: x\n", 0, "/a", "yes: no", "a: \"yes: no\"\n"},
    {"a: x\n", 0, "/a", "7", "a: \"7\"\n"},
    {"l: [x]\n", 0, "/l/0", "a, b", "l: [\"a, b\"]\n"},
    {"a: 'x'\n", 0, "/a", "it's", "a: it's\n"},
    /* put in as a new member */
    {"spec:\n  type: service\n  lifecycle: x\n  system: y\n", 0, "/spec/owner", "me",
     "spec:\n  type: service\n  lifecycle: x\n  owner: me\n  system: y\n"},
    {"spec:\n    steps: []\n", 0, "/spec/owner", "me", "spec:\n    owner: me\n    steps: []\n"},
    {"spec:\r\n  a: b\r\n", 0, "/spec/owner", "me", "spec:\r\n  owner: me\r\n  a: b\r\n"},
    {"spec: {type: x}\n", 0, "/spec/owner", "me", "spec: {owner: me, type: x}\n"},
    {"spec: { type: x }\n", 0, "/spec/owner", "me", "spec: { owner: me, type: x }\n"},
    {"spec: {}\n", 0, "/spec/owner", "me", "spec: {owner: me}\n"},
    /* refused rather than broken */
    {"a: |\n  x\n", 0, "/a", "z", NULL},
    {"a: x\n  y\n", 0, "/a", "z", NULL},
    {"a: &i x\nb: *i\n", 0, "/a", "z", NULL},
    {"a: &i x\nb: *i\n", 0, "/b", "z", NULL},
    {"a: 7\n", 0, "/a", "z", NULL},
    {"a: x\n", 0, "/b/c", "z", NULL},
    {"a: x\n", 1, "/a", "z", NULL},
    {"l: [x]\n", 0, "/l/3", "z", NULL},
    {"a: [", 0, "/a", "z", NULL},
    {"a: x\n", 0, "", "z", NULL},
    {"", 0, "/a", "z", NULL},
};

static void only_what_was_asked_changes(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *got = yaml_set_string(cases[i].text, cases[i].document, cases[i].pointer,
                                               cases[i].value, &error);

        g_test_message("%s %s", cases[i].text, cases[i].pointer);
        g_assert_cmpstr(got, ==, cases[i].wanted);
        if (!cases[i].wanted)
            g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        else
            g_assert_no_error(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/formats/yaml-edit/only-what-was-asked-changes", only_what_was_asked_changes);
    return g_test_run();
}
