package netio

import "testing"

// TestQueue: a queue that is never empty stays as large as it was at its longest, and keeps its order.
func TestQueue(t *testing.T) {
	const longest, rounds = 50, 100_000
	var q queue
	var all [longest]*Conn
	for i := range all {
		all[i] = new(Conn)
		q.push(all[i])
	}
	for i := range rounds {
		c := q.pop()
		if c != all[i%longest] {
			t.Fatalf("round %d: another", i)
		}
		q.push(c)
	}
	if cap(q.all) > 8*longest {
		t.Errorf("room for %d", cap(q.all))
	}
}
