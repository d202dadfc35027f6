package netio

import "sync"

// queue holds resumed connections in the order of their reports.
type queue struct {
	mu   sync.Mutex
	all  []*Conn
	head int
}

// push appends c. Under load the queue may never be empty: once more than half of it
// has been taken, what is left moves to the front.
func (q *queue) push(c *Conn) {
	q.mu.Lock()
	if q.head > len(q.all)/2 {
		n := copy(q.all, q.all[q.head:])
		clear(q.all[n:])
		q.all, q.head = q.all[:n], 0
	}
	q.all = append(q.all, c)
	q.mu.Unlock()
}

// pop takes the first, nil if there is none.
func (q *queue) pop() *Conn {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.all) {
		return nil
	}
	c := q.all[q.head]
	q.all[q.head] = nil
	if q.head++; q.head == len(q.all) {
		q.all, q.head = q.all[:0], 0
	}
	return c
}

func (q *queue) waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.head < len(q.all)
}
