package soak

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// peerVariable makes the program of the tests a peer that listens at its value.
const peerVariable = "SLUICE_SOAK_PEER"

// servePeer is the life of such a peer. A response begins with what the request is known by, so that nobody can take one for
// another's, and is as long as the request says.
func servePeer(addr string) error {
	server := http.Server{Addr: addr, ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a client that has gone gets no response
		q := r.URL.Query()
		size, _ := strconv.Atoi(q.Get("size")) // none is 0
		wait, _ := strconv.Atoi(q.Get("wait"))
		first := subject(r.URL.Path, q.Get("id"))
		if q.Get("chunked") == "" {
			w.Header().Set("Content-Length", strconv.Itoa(len(first)+size))
		}
		_, _ = io.WriteString(w, first)
		if wait > 0 {
			_ = http.NewResponseController(w).Flush() // the same
			time.Sleep(time.Duration(wait) * time.Millisecond)
		}
		block := strings.Repeat("x", min(size, 16<<10))
		for size > 0 && r.Method != http.MethodHead {
			n, err := io.WriteString(w, block[:min(size, len(block))])
			if size -= n; err != nil {
				return
			}
		}
	})}
	return server.ListenAndServe()
}

// subject is how the body of a response begins: what is cached is the same for all requests.
func subject(path, id string) string {
	if strings.HasPrefix(path, "/cached/") {
		id = "for all"
	}
	return path + " " + id + "\n"
}
