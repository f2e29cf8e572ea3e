package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func send(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// reachDatabase dials the database the platform made. Use your driver's ping once you have one.
func reachDatabase(address string) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return err
	}
	connection, err := net.DialTimeout("tcp", parsed.Host, 2*time.Second)
	if err != nil {
		return err
	}
	return connection.Close()
}

func health(w http.ResponseWriter, _ *http.Request) {
	version := env("VERSION", "development")
	address := os.Getenv("DATABASE_URL")
	if address == "" {
		send(w, http.StatusOK, map[string]string{"status": "ok", "version": version, "database": "none"})
		return
	}
	if err := reachDatabase(address); err != nil {
		send(w, http.StatusServiceUnavailable, map[string]string{"status": "failing", "version": version, "database": "unreachable"})
		return
	}
	send(w, http.StatusOK, map[string]string{"status": "ok", "version": version, "database": "ok"})
}

func home(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		send(w, http.StatusNotFound, map[string]string{"error": "There is nothing at " + r.URL.Path})
		return
	}
	service := env("SERVICE_NAME", "${{ values.name }}")
	send(w, http.StatusOK, map[string]string{
		"message": "Hello from " + service, "service": service,
		"environment": env("ENVIRONMENT", "local"), "version": env("VERSION", "development"),
	})
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", health)
	mux.HandleFunc("/", home)
	return mux
}
