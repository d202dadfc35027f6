package soak

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// asked is a request that a client has made, and what came of it.
type asked struct {
	id, method, path string
	began, ended     time.Time
	status           int
	// wrong is what the client can tell is wrong with the response: empty for a whole one, which begins and ends as it should.
	// A status that is not 200 is no wrong.
	wrong string
	// cut: the head came, and less of the body than it says.
	cut bool
}

// chaosLoad is clients that send one request after the other, each of another kind.
type chaosLoad struct {
	addr    string
	stop    chan struct{}
	clients sync.WaitGroup

	mu    sync.Mutex
	asked []asked
}

func startChaosLoad(addr string, seed uint64, name string, clients int) *chaosLoad {
	l := &chaosLoad{addr: addr, stop: make(chan struct{})}
	for i := range clients {
		l.clients.Go(func() { l.client(fmt.Sprintf("%s%d", name, i), rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	return l
}

// end lets the clients finish what they are about and returns what they have asked.
func (l *chaosLoad) end() []asked {
	close(l.stop)
	l.clients.Wait()
	return l.asked
}

func (l *chaosLoad) client(name string, random *rand.Rand) {
	var conn net.Conn
	var in *bufio.Reader
	for n := 0; ; n++ {
		select {
		case <-l.stop:
			if conn != nil {
				_ = conn.Close() // it has served
			}
			return
		case <-time.After(time.Duration(random.IntN(10)) * time.Millisecond):
		}
		q := asked{id: fmt.Sprintf("%s-%d", name, n), began: time.Now()}
		again := false
		if conn == nil {
			var err error
			if conn, err = net.DialTimeout("tcp", l.addr, answerLimit); err != nil {
				q.wrong = "connect: " + kindOf(err)
			}
			in = bufio.NewReader(conn)
		}
		if conn != nil {
			again = q.play(conn, in, random)
		}
		q.ended = time.Now()
		l.mu.Lock()
		l.asked = append(l.asked, q)
		l.mu.Unlock()
		if !again && conn != nil {
			_ = conn.Close() // it has served
			conn = nil
		}
	}
}

// play sends the request and reads the response. again: the connection can be used for the next.
func (q *asked) play(conn net.Conn, in *bufio.Reader, random *rand.Rand) (again bool) {
	_ = conn.SetDeadline(time.Now().Add(answerLimit)) // it is open
	q.method = http.MethodGet
	body, size := "", random.IntN(2000)
	switch kind := random.IntN(20); {
	case kind < 6:
		q.path = fmt.Sprintf("/cached/%d", random.IntN(chaosKeys))
		size = 1000
	case kind < 9:
		q.path = "/off/"
		size = random.IntN(200 << 10)
	case kind < 12:
		q.path, q.method = "/post/", http.MethodPost
		body = strings.Repeat("b", random.IntN(20<<10))
	case kind < 13:
		q.path, q.method = "/head/", http.MethodHead
	case kind < 16:
		q.path = "/large/"
		size = random.IntN(400 << 10)
	default:
		q.path = "/small/"
	}
	uri := fmt.Sprintf("%s?id=%s&size=%d", q.path, q.id, size)
	if random.IntN(3) == 0 {
		uri += "&chunked=1"
	}
	if random.IntN(4) == 0 {
		uri += fmt.Sprintf("&wait=%d", random.IntN(60))
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\n", q.method, uri)
	if q.method == http.MethodPost {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(conn, head+"\r\n"+body); err != nil {
		q.wrong = "write: " + kindOf(err)
		return false
	}
	resp, err := http.ReadResponse(in, &http.Request{Method: q.method})
	if err != nil {
		q.wrong = "read: " + kindOf(err)
		return false
	}
	defer resp.Body.Close()
	q.status = resp.StatusCode
	got, err := io.ReadAll(resp.Body)
	want := subject(q.path, q.id)
	switch {
	case err != nil:
		q.wrong, q.cut = "body: "+kindOf(err), kindOf(err) == "closed"
		return false
	case q.status != http.StatusOK, q.method == http.MethodHead:
	case !strings.HasPrefix(string(got), want) || len(got) != len(want)+size || strings.Trim(string(got[len(want):]), "x") != "":
		q.wrong = fmt.Sprintf("%d bytes, want %d: %.60q", len(got), len(want)+size, got)
		return false
	}
	return !resp.Close
}
