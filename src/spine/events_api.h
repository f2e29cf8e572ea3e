/* The log's routes, /api/events/v1. Room: Events *. */
#pragma once
#include "net/http_server.h"
#include "spine/events.h"

extern const Route events_routes[];

/* Wakes the streams of the log ("events") after every commit. Before events_start(). */
void events_api_wake(Events *events, HttpServer *server);
