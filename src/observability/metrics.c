#include "observability/observability_internal.h"

#include "spine/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Prometheus' text format. Labels come from names people chose, so they are escaped. */

static void append_label(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s%s=\"", out->str[out->len - 1] == '{' ? "" : ",", name);
    for (const char *at = value ? value : ""; *at; at++) {
        if (*at == '\n')
            g_string_append(out, "\\n");
        else if (*at == '"' || *at == '\\')
            g_string_append_printf(out, "\\%c", *at);
        else
            g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

static void append_head(GString *out, const char *name, const char *type, const char *help)
{
    g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_number(GString *out, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(out, g_ascii_dtostr(text, sizeof(text), number));
    g_string_append_c(out, '\n');
}

static void append_plain(GString *out, const char *name, const char *type, const char *help,
                         double number)
{
    append_head(out, name, type, help);
    g_string_append_printf(out, "%s ", name);
    append_number(out, number);
}

/* ---- Pave itself ---- */

static guint open_files(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    while (dir && g_dir_read_name(dir))
        count++;
    return count;
}

static void write_process(GString *out)
{
    g_autofree char *memory = NULL, *status = NULL;
    unsigned long pages = 0, user = 0, system = 0;
    double ticks = (double)sysconf(_SC_CLK_TCK);

    if (g_file_get_contents("/proc/self/statm", &memory, NULL, NULL) &&
        sscanf(memory, "%*u %lu", &pages) == 1)
        append_plain(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
                     (double)pages * (double)sysconf(_SC_PAGESIZE));
    if (g_file_get_contents("/proc/self/stat", &status, NULL, NULL) &&
        sscanf(strrchr(status, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
               &user, &system) == 2)
        append_plain(out, "process_cpu_seconds_total", "counter", "Processor time used.",
                     (double)(user + system) / ticks);
    append_plain(out, "process_open_fds", "gauge", "Open file descriptors.", open_files());
}

static void write_build(GString *out)
{
    append_head(out, "pave_build_info", "gauge", "The version that runs.");
    g_string_append(out, "pave_build_info{");
    append_label(out, "version", PAVE_VERSION);
    g_string_append(out, "} 1\n");
}

/* ---- jobs and deployments ---- */

static void append_job_count(const char *kind, const char *state, int64_t count, void *data)
{
    GString *out = data;

    g_string_append(out, "pave_jobs{");
    append_label(out, "kind", kind);
    append_label(out, "state", state);
    g_string_append_printf(out, "} %" G_GINT64_FORMAT "\n", count);
}

static void append_deployment_count(const char *environment, const char *state, int64_t count,
                                    void *data)
{
    GString *out = data;

    g_string_append(out, "pave_deployments{");
    append_label(out, "environment", environment);
    append_label(out, "state", state);
    g_string_append_printf(out, "} %" G_GINT64_FORMAT "\n", count);
}

/* ---- what runs ---- */

typedef struct {
    GString *up, *restarts, *latency;
} Running;

static void append_place(GString *out, const char *name, const RunningVersion *running)
{
    g_string_append_printf(out, "%s{", name);
    append_label(out, "service", running->service);
    append_label(out, "environment", running->environment);
}

static void append_running(const RunningVersion *running, void *data)
{
    Running *lists = data;

    append_place(lists->up, "pave_service_up", running);
    append_label(lists->up, "commit", running->commit);
    g_string_append(lists->up, strcmp(running->state, "healthy") == 0 ? "} 1\n" : "} 0\n");
    append_place(lists->restarts, "pave_service_restarts", running);
    g_string_append_printf(lists->restarts, "} %d\n", running->restarts);
    append_place(lists->latency, "pave_service_probe_seconds", running);
    g_string_append(lists->latency, "} ");
    append_number(lists->latency, running->latency_ms / 1000);
}

static void write_running(Observability *observability, GString *out)
{
    g_autoptr(GString) up = g_string_new(NULL), restarts = g_string_new(NULL);
    g_autoptr(GString) latency = g_string_new(NULL);
    Running lists = {up, restarts, latency};

    append_head(up, "pave_service_up", "gauge", "1 where the live version is healthy.");
    append_head(restarts, "pave_service_restarts", "gauge",
                "How often the live version was started again.");
    append_head(latency, "pave_service_probe_seconds", "gauge",
                "How long the last health check took.");
    deployments_each_running(observability->deployments, append_running, &lists);
    g_string_append(out, up->str);
    g_string_append(out, restarts->str);
    g_string_append(out, latency->str);
}

gboolean metrics_write(Observability *observability, GString *out, GError **error)
{
    DbConn *conn = db_reader(observability->db);

    write_build(out);
    write_process(out);
    if (observability->server)
        http_server_metrics(observability->server, out);
    append_head(out, "pave_jobs", "gauge", "Jobs by kind and state.");
    if (!jobs_count(conn, append_job_count, out, error))
        return FALSE;
    append_head(out, "pave_deployments", "gauge", "Deployments by environment and state.");
    if (!deployments_count(observability->deployments, append_deployment_count, out, error))
        return FALSE;
    write_running(observability, out);
    return TRUE;
}
