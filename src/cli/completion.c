/* `pave completion`: made from the table of commands, so that it cannot lag behind. */
#include "cli/cli_internal.h"
#include "cli/commands.h"
#include <string.h>

/* First words, or the second words of one of them, each once; separated by spaces. */
static char *words(const char *first)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *list = g_string_new(NULL);

    for (const Command *command = cli_commands; command->name; command++) {
        g_auto(GStrv) parts = g_strsplit(command->name, " ", 2);
        const char *word = first ? parts[1] : parts[0];

        if (!command->summary || !word || (first && !g_str_equal(parts[0], first)) ||
            !g_hash_table_add(seen, g_strdup(word)))
            continue;
        g_string_append_printf(list, "%s%s", list->len ? " " : "", word);
    }
    return g_string_free(list, FALSE);
}

static const char GETTABLE[] =
    "components apis systems domains resources groups users templates locations entities "
    "repositories environments services deployments workspaces modules";

static void print_cases(const char *format)
{
    g_autofree char *all = words(NULL);
    g_auto(GStrv) firsts = g_strsplit(all, " ", -1);

    for (guint i = 0; firsts[i]; i++) {
        g_autofree char *seconds = words(firsts[i]);

        if (seconds[0])
            g_print(format, firsts[i], seconds);
    }
    g_print(format, "get", GETTABLE);
    g_print(format, "completion", "bash zsh fish");
}

static void print_bash(void)
{
    g_autofree char *all = words(NULL);

    g_print(
        "_pave() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
        "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
        "        words=\"%s help version\"\n"
        "    elif [[ $word == -* ]]; then\n"
        "        words=$(pave \"${COMP_WORDS[1]}\" --help 2>/dev/null | grep -o -- '--[a-z-]*')\n"
        "    elif [ \"$COMP_CWORD\" = 2 ]; then\n"
        "        case ${COMP_WORDS[1]} in\n",
        all);
    print_cases("        %s) words=\"%s\" ;;\n");
    g_print("        create) words=$(pave get templates 2>/dev/null | awk 'NR > 1 {print $1}') ;;\n"
            "        esac\n"
            "    fi\n"
            "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
            "}\n"
            "complete -o default -F _pave pave\n");
}

static void print_zsh(void)
{
    g_print("#compdef pave\nautoload -U +X bashcompinit && bashcompinit\n");
    print_bash();
}

static void print_fish(void)
{
    g_print("complete -c pave -f\n");
    for (const Command *command = cli_commands; command->name; command++) {
        g_auto(GStrv) parts = g_strsplit(command->name, " ", 2);

        if (command->summary && !parts[1])
            g_print("complete -c pave -n __fish_use_subcommand -a %s -d \"%s\"\n", parts[0],
                    command->summary);
    }
    print_cases("complete -c pave -n '__fish_seen_subcommand_from %s' -a '%s'\n");
    g_print("complete -c pave -n '__fish_seen_subcommand_from create' -a "
            "\"(pave get templates 2>/dev/null | awk 'NR > 1 {print \\$1}')\"\n");
}

int command_completion(int argc, char **argv)
{
    g_auto(GStrv) rest = NULL;

    if (!cli_parse(argc, argv, NULL, &rest))
        return EXIT_USAGE;
    if (g_strcmp0(rest[0], "bash") == 0)
        print_bash();
    else if (g_strcmp0(rest[0], "zsh") == 0)
        print_zsh();
    else if (g_strcmp0(rest[0], "fish") == 0)
        print_fish();
    else
        return cli_usage("completion takes bash, zsh or fish");
    return EXIT_OK;
}
