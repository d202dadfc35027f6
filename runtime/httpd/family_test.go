package httpd

import "testing"

// TestFamilyQueue: a queue that is never empty stays as large as it was at its longest, and keeps its order.
func TestFamilyQueue(t *testing.T) {
	const longest, turns = 50, 100_000
	f := &family{}
	var all [longest]*Request
	for i := range all {
		all[i] = &Request{member: &member{f: f, turn: make(chan struct{}, 1), begun: true}}
		f.line(all[i])
	}
	for i := range turns {
		f.leave()
		next := all[i%longest]
		select {
		case <-next.member.turn:
		default:
			t.Fatalf("turn %d went to another", i)
		}
		f.line(next)
	}
	if cap(f.queue) > 8*longest {
		t.Errorf("room for %d", cap(f.queue))
	}
}
