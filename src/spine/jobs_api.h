/* The queue's routes, /api/jobs/v1. Room: Jobs *. */
#pragma once
#include "net/http_server.h"
#include "spine/jobs.h"

extern const Route jobs_routes[];

/* Wakes the streams of a job ("job:<id>") whenever it changes. Before jobs_start(). */
void jobs_api_wake(Jobs *jobs, HttpServer *server);
