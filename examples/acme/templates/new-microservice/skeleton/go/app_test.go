package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func TestGreets(t *testing.T) {
	reply := ask("/")
	if reply.Code != http.StatusOK || !strings.Contains(reply.Body.String(), "Hello from") {
		t.Fatalf("got %d %s", reply.Code, reply.Body)
	}
}

func TestHealthyWithoutDatabase(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	if reply := ask("/health"); reply.Code != http.StatusOK {
		t.Fatalf("got %d", reply.Code)
	}
}

func TestUnknownPathIsNotFound(t *testing.T) {
	if reply := ask("/nowhere"); reply.Code != http.StatusNotFound {
		t.Fatalf("got %d", reply.Code)
	}
}
