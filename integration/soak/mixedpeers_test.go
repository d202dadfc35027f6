package soak

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/fcgi"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A response of the peers of TestMixed is made of its URI, of a field of the request where it varies, and of a version, which
// changes now and then: each of its bytes can be told from those of all others.

// mixedID is what the bytes of a response begin with.
func mixedID(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// mixedSize is how long a response is: up to 200 KB, half of them at most 8.
func mixedSize(id string, version int) int {
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d", id, version))
	n := int(binary.LittleEndian.Uint32(sum[:]) >> 1)
	if n%2 == 0 {
		return n % 8192
	}
	return n % 200000
}

// mixedBody is n bytes of a response.
func mixedBody(id string, version, from, n int) []byte {
	const line = 32
	var b bytes.Buffer
	for i := from / line; b.Len() < from%line+n; i++ {
		fmt.Fprintf(&b, "%-16.16s v%04d %07d\n\n", id, version%10000, i)
	}
	return b.Bytes()[from%line:][:n]
}

// mixedPeers are a server of HTTP and an application of FastCGI.
type mixedPeers struct {
	http, fastcgi string

	mu       sync.Mutex
	random   *rand.Rand
	versions map[string]int
	wrong    []string
}

func newMixedPeers(t *testing.T, seed uint64) *mixedPeers {
	t.Helper()
	p := &mixedPeers{random: rand.New(rand.NewPCG(seed, seed)), versions: map[string]int{}}
	listen := func(serve func(l net.Listener)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		go serve(l)
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().String()
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, true) })}
	p.http = listen(func(l net.Listener) { _ = server.Serve(l) })
	p.fastcgi = listen(func(l net.Listener) {
		_ = fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, false) }))
	})
	t.Cleanup(func() { _ = server.Close() })
	return p
}

func (p *mixedPeers) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wrong) < 10 {
		p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
	}
}

// draw returns a number below n.
func (p *mixedPeers) draw(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

// version is that of a response now. Those of slices change rarely: a response with two versions breaks off.
func (p *mixedPeers) version(id string, every int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.versions[id] == 0 || p.random.IntN(every) == 0 {
		p.versions[id]++
	}
	return p.versions[id]
}

// serve answers a request. A peer that mayDie closes the connection inside some of the responses.
func (p *mixedPeers) serve(w http.ResponseWriter, r *http.Request, mayDie bool) {
	uri := r.RequestURI
	if uri == "" { // of FastCGI
		uri = r.URL.RequestURI()
	}
	if sum := r.Header.Get("Sum"); sum != "" {
		body, err := io.ReadAll(r.Body)
		if err == nil && mixedID(string(body)) != sum {
			p.complain("%s: a request body of %d bytes is not the client's", uri, len(body))
		}
	}
	sliced := strings.HasPrefix(uri, "/sliced/")
	id, every, h := mixedID(uri), 10, w.Header()
	switch {
	case sliced:
		every = 1000
	case strings.Contains(uri, "cached/") && id[0] < '4':
		id = mixedID(uri + r.Header.Get("Variant"))
		h.Set("Vary", "Variant")
	}
	version := p.version(id, every)
	from, to, whole := 0, mixedSize(id, version), mixedSize(id, version)
	h.Set("Id", id)
	h.Set("Version", strconv.Itoa(version))
	h.Set("Etag", fmt.Sprintf(`"%s-%d"`, id, version))
	status := http.StatusOK
	switch {
	case r.Header.Get("If-None-Match") == h.Get("Etag"):
		w.WriteHeader(http.StatusNotModified)
		return
	case p.draw(40) == 0:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case sliced:
		n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		if to = min(to+1, whole); n == 2 && from < to {
			status = http.StatusPartialContent
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, whole))
		} else {
			from, to = 0, whole
		}
	}
	if p.draw(2) == 0 {
		h.Set("Content-Length", strconv.Itoa(to-from))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		p.write(w, mixedBody(id, version, from, to-from), mayDie && p.draw(15) == 0)
	}
}

// write sends a body in pieces. dies: not all of it.
func (p *mixedPeers) write(w http.ResponseWriter, body []byte, dies bool) {
	most, until := 1+p.draw(40000), len(body)
	if dies && until > 0 {
		until = p.draw(until)
	}
	most = max(most, len(body)/100)
	for off := 0; off < until; {
		n, err := w.Write(body[off:min(off+most, until)])
		if err != nil {
			return
		}
		if off += n; p.draw(4) == 0 {
			_ = http.NewResponseController(w).Flush() // FastCGI's has none
			time.Sleep(time.Duration(p.draw(3)) * time.Millisecond)
		}
	}
	if dies {
		panic(http.ErrAbortHandler)
	}
}
