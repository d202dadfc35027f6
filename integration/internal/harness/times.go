package harness

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// step is what times are compared in: two servers on one machine are not quicker than that by chance.
const step = 100 * time.Millisecond

// stopwatch reads a connection as bytes come, also before they are wanted, and knows when each came.
type stopwatch struct {
	begun    time.Time
	incoming chan moment
	now      moment // what is being read; its time is that of the bytes read last
}

// moment is what one read of the connection brought.
type moment struct {
	at   time.Duration // since begun
	text []byte
	err  error
}

// timeReads begins to read; what comes is bounded by what a test's server sends.
func timeReads(conn net.Conn) *stopwatch {
	w := &stopwatch{begun: time.Now(), incoming: make(chan moment, 1<<16)}
	go func() {
		for {
			buf := make([]byte, 16<<10)
			n, err := conn.Read(buf)
			w.incoming <- moment{time.Since(w.begun), buf[:n], err}
			if err != nil {
				return
			}
		}
	}()
	return w
}

// Read implements io.Reader. It returns what came at one time.
func (w *stopwatch) Read(p []byte) (int, error) {
	for len(w.now.text) == 0 {
		if w.now.err != nil {
			return 0, w.now.err
		}
		w.now = <-w.incoming
	}
	n := copy(p, w.now.text)
	w.now.text = w.now.text[n:]
	return n, nil
}

// tenths is when the bytes read last came.
func (w *stopwatch) tenths() int { return int((w.now.at + step/2) / step) }

// A Piece is a part of a response that came within one step of time.
type Piece struct {
	Tenths int // of a second since the client began to send
	Bytes  int // of the body, chunked framing taken off
}

// times of a response, of a request that asks for them.
type times struct {
	watch *stopwatch // nil where the times are not asked for
	head  int
	body  []Piece
}

// came notes n more bytes of the body.
func (t *times) came(n int) {
	if t.watch == nil || n == 0 {
		return
	}
	now := t.watch.tenths()
	if last := len(t.body) - 1; last >= 0 && t.body[last].Tenths == now {
		t.body[last].Bytes += n
		return
	}
	t.body = append(t.body, Piece{now, n})
}

// read reads up to limit bytes and notes when they came.
func (t *times) read(r io.Reader, limit int64) (all []byte) {
	if t.watch == nil {
		return drain(r, limit)
	}
	r = io.LimitReader(r, limit)
	for {
		all = slices.Grow(all, 4<<10)
		n, err := r.Read(all[len(all):cap(all)])
		all = all[:len(all)+n]
		t.came(n)
		if err != nil {
			return all // what was read before an error counts
		}
	}
}

// lines writes the times down. A compressed body has no lengths: the two servers need not compress alike.
func (t *times) lines(compressed bool) (lines Transcript) {
	if t.watch == nil {
		return nil
	}
	lines = append(lines, fmt.Sprintf("[head after %s]", seconds10(t.head)))
	for _, p := range t.body {
		if compressed {
			lines = append(lines, fmt.Sprintf("[more after %s]", seconds10(p.Tenths)))
		} else {
			lines = append(lines, fmt.Sprintf("[%d bytes after %s]", p.Bytes, seconds10(p.Tenths)))
		}
	}
	return lines
}

func seconds10(tenths int) string { return fmt.Sprintf("%d.%d s", tenths/10, tenths%10) }

// timed tells whether a case asks for times.
func (c *Case) timed() bool {
	return slices.ContainsFunc(c.Requests, func(r Request) bool { return r.Times })
}

// better returns what was found in the last run, and for a request that was in time only before, what was found then.
func better(before, last []Finding) []Finding {
	for i, f := range before {
		if i < len(last) && last[i].Name == f.Name && !inTime(last[i:i+1]) && inTime(before[i:i+1]) {
			last[i] = f
		}
	}
	return last
}

// inTime tells whether everything came at the same times on both sides. One step is not a difference: the tested side gets the
// other's time then.
func inTime(found []Finding) bool {
	same := true
	for _, f := range found {
		oracle, tested := timesOf(f.Oracle), timesOf(f.Tested)
		if len(oracle) != len(tested) {
			same = false
			continue
		}
		for i, o := range oracle {
			t := tested[i]
			if d := t.tenths - o.tenths; d < -1 || d > 1 {
				same = false
				continue
			}
			f.Tested[t.line] = strings.Replace(f.Tested[t.line], seconds10(t.tenths), seconds10(o.tenths), 1)
		}
	}
	return same
}

// timeLine is a line of a transcript that says a time.
type timeLine struct{ line, tenths int }

// timesOf returns the times that a transcript has.
func timesOf(t Transcript) (all []timeLine) {
	for i, line := range t {
		if m := afterTime.FindStringSubmatch(line); m != nil {
			tenths, _ := strconv.Atoi(m[1] + m[2]) // digits, the expression says
			all = append(all, timeLine{i, tenths})
		}
	}
	return all
}

var afterTime = regexp.MustCompile(`^\[.* after ([0-9]+)\.([0-9]) s\]$`)
