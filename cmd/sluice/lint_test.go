package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/check"
	"github.com/sluiceproxy/sluice/runtime/lint"
)

// TestShippedConfigurationIsClean holds that check and lint have nothing to say about the configuration that ships, nor
// about any of its snippets in the places that they are made for.
func TestShippedConfigurationIsClean(t *testing.T) {
	home := t.TempDir()
	if err := unpack(home); err != nil {
		t.Fatal(err)
	}
	clean := func(t *testing.T, main string) {
		o := runtime.Options{ConfPath: main, Prefix: home + "/"}
		in := runtime.Inspect(o, nil)
		for _, f := range lint.Run(in, lint.Default()) {
			t.Errorf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Message)
		}
		for _, p := range check.Run(o).Problems {
			// What a snippet needs may not be there yet, and -t says so.
			if !strings.Contains(p.Message+p.Hint, "not supported here") {
				t.Errorf("%s:%d: %s", p.File, p.Line, p.Message)
			}
		}
	}
	t.Run("nginx.conf", func(t *testing.T) { clean(t, filepath.Join(home, "nginx.conf")) })
	snippets, err := filepath.Glob(filepath.Join(home, "snippets", "*.conf"))
	if err != nil || len(snippets) == 0 {
		t.Fatal("no snippets", err)
	}
	for _, path := range snippets {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			places := snippetPlaces(string(data))
			if len(places) == 0 {
				t.Fatal(`a line "Context: ..." is missing`)
			}
			for _, place := range places {
				text := fmt.Sprintf(place, "include snippets/"+name+";")
				main := filepath.Join(home, "snippet.conf")
				if err := os.WriteFile(main, []byte("events {}\n"+text), 0o644); err != nil {
					t.Fatal(err)
				}
				clean(t, main)
			}
		})
	}
}

// snippetPlaces makes configurations of what the comment of a snippet says about where it belongs.
func snippetPlaces(text string) (places []string) {
	_, list, _ := strings.Cut(text, "Context: ")
	list, _, _ = strings.Cut(list, ".")
	words := strings.Split(list, ", ")
	maps := "map $http_upgrade $connection_upgrade { default upgrade; }\n"
	for context, place := range map[string]string{
		"http":     "http { " + maps + "%s }\n",
		"server":   "http { " + maps + "server { listen 80; server_name a.example; %s } }\n",
		"location": "http { " + maps + "server { listen 8080; location / { %s } } }\n",
	} {
		if slices.Contains(words, context) {
			places = append(places, place)
		}
	}
	return places
}
