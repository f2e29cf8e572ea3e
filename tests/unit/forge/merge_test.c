/* What a template was, what it is and what the repository became, brought together. */
#include "test_forge.h"

#define LONG_TEXT "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"

typedef struct {
    const char *path;
    const char *base, *ours, *theirs; /* NULL: not there */
} Side;

static const char *folder_of(TestForge *room, const char *name, const Side *sides, gsize count,
                             gsize offset)
{
    for (gsize i = 0; i < count; i++) {
        const char *text = *(const char *const *)((const char *)&sides[i] + offset);

        if (text)
            test_write(room, arena_printf(room->arena, "%s/%s", name, sides[i].path), text);
    }
    return test_path(room, name);
}

static const ForgeLocation at = {.host = "github.com", .owner = "acme-corp", .name = "orders"};

static ForgeMerge prepare(TestForge *room, const Side *sides, gsize count)
{
    g_autoptr(GError) error = NULL;
    ForgePublish publish = {.host = "github.com",
                            .owner = "acme-corp",
                            .name = "orders",
                            .default_branch = "main",
                            .folder =
                                folder_of(room, "ours", sides, count, G_STRUCT_OFFSET(Side, ours)),
                            .actor = "user:default/ada",
                            .intent_id = "i"};

    forge_publish(room->forge, room->arena, &publish, &error);
    g_assert_no_error(error);
    return (ForgeMerge){.at = &at,
                        .base = folder_of(room, "base", sides, count, G_STRUCT_OFFSET(Side, base)),
                        .theirs =
                            folder_of(room, "theirs", sides, count, G_STRUCT_OFFSET(Side, theirs)),
                        .label = "the template",
                        .branch = "pave/upgrade",
                        .message = "Upgrade",
                        .actor = "user:default/ada",
                        .intent_id = "the-intent"};
}

static const Value *file_of(const Value *outcome, const char *path)
{
    const Value *files = value_get(outcome, "files");

    for (guint i = 0; i < value_count(files); i++)
        if (g_str_equal(value_path_string(value_item(files, i), "path", ""), path))
            return value_item(files, i);
    return NULL;
}

#define IN_REPOSITORY(room, ...)                                                                   \
    test_git(room, test_path(room, "data/repositories/acme-corp/orders.git"),                      \
             (const char *const[]){__VA_ARGS__, NULL}, NULL)

static void what_each_side_did_stays(TestDb *test)
{
    static const Side sides[] = {
        {"same.txt", "a\n", "a\n", "a\n"},
        {"theirs.txt", "a\n", "a\n", "b\n"},
        {"ours.txt", "a\n", "c\n", "a\n"},
        {"both.txt", LONG_TEXT, "zero\n" LONG_TEXT, LONG_TEXT "nine\n"},
        {"conflict.txt", "a\n", "c\n", "b\n"},
        {"new.txt", NULL, NULL, "n\n"},
        {"own.txt", NULL, "o\n", NULL},
        {"dropped.txt", "a\n", "a\n", NULL},
        {"deleted.txt", "a\n", NULL, "b\n"},
        {"dropped-but-changed.txt", "a\n", "c\n", NULL},
    };
    static const char *const expected[][2] = {
        {"theirs.txt", "modified"},          {"both.txt", "modified"},
        {"conflict.txt", "conflict"},        {"new.txt", "added"},
        {"dropped.txt", "deleted"},          {"deleted.txt", "kept"},
        {"dropped-but-changed.txt", "kept"},
    };
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *both = NULL, *conflict = NULL, *list = NULL;
    ForgeMerge merge;
    const Value *seen, *made;

    test_forge_open(&room, test, "");
    merge = prepare(&room, sides, G_N_ELEMENTS(sides));
    seen = forge_merge_preview(room.forge, room.arena, &merge, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpstr(value_path_string(file_of(seen, expected[i][0]), "status", "(none)"), ==,
                        expected[i][1]);
    g_assert_null(file_of(seen, "same.txt"));
    g_assert_null(file_of(seen, "own.txt"));
    list = IN_REPOSITORY(&room, "branch", "--format=%(refname:short)");
    g_assert_cmpstr(list, ==, "main");
    made = forge_merge(room.forge, room.arena, &merge, &error);
    g_assert_no_error(error);
    g_assert_true(value_equal(value_get(made, "files"), value_get(seen, "files")));
    both = IN_REPOSITORY(&room, "show", "pave/upgrade:both.txt");
    g_assert_cmpstr(both, ==, "zero\n" LONG_TEXT "nine");
    conflict = IN_REPOSITORY(&room, "show", "pave/upgrade:conflict.txt");
    g_assert_cmpstr(conflict, ==, "<<<<<<< main\nc\n=======\nb\n>>>>>>> the template");
}

static void a_rename_is_followed(TestDb *test)
{
    static const Side sides[] = {
        {"README.md", LONG_TEXT, NULL, LONG_TEXT "nine\n"},
        {"GUIDE.md", NULL, LONG_TEXT, NULL},
    };
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *guide = NULL, *list = NULL;
    ForgeMerge merge;

    test_forge_open(&room, test, "");
    merge = prepare(&room, sides, G_N_ELEMENTS(sides));
    g_assert_nonnull(forge_merge(room.forge, room.arena, &merge, &error));
    g_assert_no_error(error);
    guide = IN_REPOSITORY(&room, "show", "pave/upgrade:GUIDE.md");
    g_assert_cmpstr(guide, ==, LONG_TEXT "nine");
    list = IN_REPOSITORY(&room, "ls-tree", "--name-only", "pave/upgrade");
    g_assert_cmpstr(list, ==, "GUIDE.md");
}

static void what_is_found_again_is_not_made_again(TestDb *test)
{
    static const Side sides[] = {{"a.txt", "a\n", "a\n", "b\n"}};
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    ForgeMerge merge;
    const Value *made;
    const char *tip;
    gboolean found;

    test_forge_open(&room, test, "");
    merge = prepare(&room, sides, G_N_ELEMENTS(sides));
    g_assert_true(forge_merge_probe(room.forge, room.arena, &merge, &tip, &found, &error));
    g_assert_null(tip);
    made = forge_merge(room.forge, room.arena, &merge, &error);
    g_assert_true(forge_merge_probe(room.forge, room.arena, &merge, &tip, &found, &error));
    g_assert_no_error(error);
    g_assert_true(found);
    g_assert_cmpstr(tip, ==, value_path_string(made, "commit", ""));
    merge.intent_id = "another";
    g_assert_true(forge_merge_probe(room.forge, room.arena, &merge, &tip, &found, &error));
    g_assert_false(found);
}

static void where_nothing_changes_there_is_no_branch(TestDb *test)
{
    static const Side sides[] = {{"a.txt", "a\n", "c\n", "a\n"}, {"b.txt", "b\n", "d\n", "d\n"}};
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *list = NULL;
    ForgeMerge merge;
    const Value *made;

    test_forge_open(&room, test, "");
    merge = prepare(&room, sides, G_N_ELEMENTS(sides));
    merge.path = ".pave/provenance.yaml";
    merge.content = "version: 2\n";
    made = forge_merge(room.forge, room.arena, &merge, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(made, "commit", "?"), ==, "");
    list = IN_REPOSITORY(&room, "branch", "--format=%(refname:short)");
    g_assert_cmpstr(list, ==, "main");
}

static void what_is_kept_comes_back(TestDb *test)
{
    static const Side sides[] = {{"dir/a.txt", "a\n", NULL, NULL}};
    g_auto(TestForge) room = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *first = NULL, *second = NULL, *text = NULL;
    const char *folder;

    test_forge_open(&room, test, "");
    folder = folder_of(&room, "base", sides, 1, G_STRUCT_OFFSET(Side, base));
    first = forge_keep(room.forge, folder, &error);
    second = forge_keep(room.forge, folder, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(first, ==, second);
    g_assert_true(forge_kept(room.forge, first, test_path(&room, "again"), &error));
    g_assert_true(g_file_get_contents(test_path(&room, "again/dir/a.txt"), &text, NULL, &error));
    g_assert_cmpstr(text, ==, "a\n");
    g_assert_false(forge_kept(room.forge, "0123456789012345678901234567890123456789",
                              test_path(&room, "never"), &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/forge/merge/what-each-side-did-stays", what_each_side_did_stays);
    test_db_add("/forge/merge/a-rename-is-followed", a_rename_is_followed);
    test_db_add("/forge/merge/what-is-found-again-is-not-made-again",
                what_is_found_again_is_not_made_again);
    test_db_add("/forge/merge/where-nothing-changes-there-is-no-branch",
                where_nothing_changes_there_is_no_branch);
    test_db_add("/forge/merge/what-is-kept-comes-back", what_is_kept_comes_back);
    return test_db_run();
}
