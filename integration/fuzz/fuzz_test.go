package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// TestSeeds plays some seeds, which show that the command works, and that what it compares still is alike.
func TestSeeds(t *testing.T) {
	lab, err := harness.NewLab(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lab.Close() }) // only files that are left
	p, err := newPlayer(lab, "differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{4, 8, 9, 10, 22, 23} {
		trial := newTrial(seed, 6)
		found, _, err := p.steady(t.Context(), trial)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		for _, d := range found {
			t.Errorf("seed %d, request %s: %s\n%s", seed, d.request, d.kind, strings.Join(d.lines, "\n"))
		}
	}
}

// TestTrials: a seed makes the same trial each time, and leaves no word of the grammar behind.
func TestTrials(t *testing.T) {
	left := regexp.MustCompile(`<([a-z0-9]+)>`)
	for seed := range uint64(200) {
		text := newTrial(seed, 20).archive()
		if text != newTrial(seed, 20).archive() {
			t.Fatalf("seed %d makes two trials", seed)
		}
		_, conf, _ := strings.Cut(text, world)
		for _, m := range left.FindAllStringSubmatch(conf, -1) {
			if m[1] != "h1" { // a text of sub_filter
				t.Errorf("seed %d leaves <%s>", seed, m[1])
			}
		}
	}
}
