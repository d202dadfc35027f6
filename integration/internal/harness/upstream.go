package harness

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// reply is what an application answers for one path.
type reply struct {
	echo    bool // the request itself is the body
	close   bool // close without a byte
	reset   bool // the same, with a reset
	hang    bool // never answer
	keep    bool // do not close after the answer
	upgrade bool // send back every byte that follows
	text    string
}

// parseReply reads the reply of an application: the response as it goes over the wire, with plain newlines, closed at its
// end. Before it may stand one or several of these:
//
//	@echo      instead of a text: 200 with the request as the body, as the application received it
//	@close     instead of a text: close the connection without a byte; @reset the same, with a reset
//	@hang      instead of a text: never answer
//	@keep      the connection stays open for the next request
//	@upgrade   after the text, send back every byte that follows
//
// Where the text has %%PAUSE_N%%, the application waits until the server has read what stands before, and N milliseconds more.
func parseReply(text string) (reply, error) {
	var r reply
	for strings.HasPrefix(text, "@") {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		switch line {
		case "@echo":
			r.echo = true
		case "@close":
			r.close = true
		case "@reset":
			r.reset = true
		case "@hang":
			r.hang = true
		case "@keep":
			r.keep = true
		case "@upgrade":
			r.upgrade = true
		default:
			return r, fmt.Errorf("unknown instruction %q", line)
		}
	}
	r.text = text
	return r, nil
}

// An Upstream is an application server: it answers each path as told, and any other with the request it received.
type Upstream struct {
	replies map[string]reply
	app     func(net.Conn)
	speak   func(u *Upstream, c net.Conn) // the protocol of a connection
	subst   func(string) string
	listen  net.Listener
	wait    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Limits of one connection of an application: upstreamLimit where it answers with replies, appLimit where a test has it do what
// it likes, which may take its time on a busy machine.
const (
	upstreamLimit = 15 * time.Second
	appLimit      = 3 * time.Minute
)

// protocols are what applications speak, by the word behind `protocol:`; without one it is HTTP.
var protocols = map[string]func(u *Upstream, c net.Conn){
	"":          (*Upstream).serveHTTP,
	"fastcgi":   (*Upstream).serveFastCGI,
	"h2":        (*Upstream).serveH2,
	"memcached": (*Upstream).serveMemcached,
	"scgi":      (*Upstream).serveSCGI,
	"uwsgi":     (*Upstream).serveUWSGI,
}

// newUpstream starts an application of a protocol, which takes over the listener. With an app, that answers in place of the
// replies.
func newUpstream(l net.Listener, protocol string, replies map[string]reply, app func(net.Conn), subst func(string) string) *Upstream {
	u := &Upstream{replies: replies, app: app, speak: protocols[protocol], subst: subst, listen: l, conns: map[net.Conn]struct{}{}}
	u.wait.Go(u.accept)
	return u
}

// Close ends the application and its connections, and waits for them.
func (u *Upstream) Close() {
	_ = u.listen.Close()
	u.mu.Lock()
	for c := range u.conns {
		_ = c.Close()
	}
	u.mu.Unlock()
	u.wait.Wait()
}

func (u *Upstream) accept() {
	for {
		c, err := u.listen.Accept()
		if err != nil {
			return
		}
		u.mu.Lock()
		u.conns[c] = struct{}{}
		u.mu.Unlock()
		u.wait.Go(func() {
			u.serve(c)
			u.mu.Lock()
			delete(u.conns, c)
			u.mu.Unlock()
			_ = c.Close()
		})
	}
}

// serve answers the requests of one connection.
func (u *Upstream) serve(c net.Conn) {
	if u.app != nil {
		_ = c.SetDeadline(time.Now().Add(appLimit))
		u.app(c)
		return
	}
	_ = c.SetDeadline(time.Now().Add(upstreamLimit))
	u.speak(u, c)
}

// fails does what @close, @reset and @hang say, and reports whether one of them was given: then there is no answer.
func (r *reply) fails(c net.Conn, in io.Reader) bool {
	switch {
	case r.close:
	case r.reset:
		_ = c.(*net.TCPConn).SetLinger(0)
	case r.hang:
		_, _ = io.Copy(io.Discard, in)
	default:
		return false
	}
	return true
}

// goesOn reports whether another request follows on the connection (@keep). It sends back what follows after @upgrade.
func (r *reply) goesOn(c net.Conn, in io.Reader) bool {
	if r.upgrade {
		_, _ = io.Copy(c, in)
		return false
	}
	return r.keep
}

// serveHTTP answers requests of HTTP/1.
func (u *Upstream) serveHTTP(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		head, path, err := readHead(in)
		if err != nil {
			return
		}
		r, ok := u.replies[path]
		if !ok {
			r.echo = true
		}
		if r.fails(c, in) {
			return
		}
		body, err := readRequestBody(in, head)
		if err != nil {
			return
		}
		if !u.answer(c, &r, head+body) {
			return
		}
		if !r.goesOn(c, in) {
			return
		}
	}
}

// answer writes a reply, and tells whether that worked.
func (u *Upstream) answer(c net.Conn, r *reply, request string) bool {
	out := wire(u.subst(r.text))
	if r.echo {
		// Without a length: it would say again what the body says.
		out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n%s", request)
	}
	if r.echo && r.keep {
		out = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
			len(request), request)
	}
	return send(c, out)
}

// send writes bytes with pauses in them, and tells whether that worked.
func send(c net.Conn, out []byte) bool {
	for {
		pause := pauseMark.FindSubmatchIndex(out)
		if pause == nil {
			break
		}
		if _, err := c.Write(out[:pause[0]]); err != nil {
			return false
		}
		AwaitTaken(c)
		ms, _ := strconv.Atoi(string(out[pause[2]:pause[3]])) // digits, the expression says
		time.Sleep(time.Duration(ms) * time.Millisecond)
		out = out[pause[1]:]
	}
	_, err := c.Write(out)
	return err == nil
}

// pauseMark has the application wait.
var pauseMark = regexp.MustCompile(`%%PAUSE_([0-9]+)%%`)

// readHead reads a request up to its empty line and returns it with the path.
func readHead(in *bufio.Reader) (head, path string, err error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		b.WriteString(line)
		if strings.TrimRight(line, "\r\n") == "" {
			break
		}
	}
	head = b.String()
	if f := strings.Fields(head); len(f) > 1 {
		path, _, _ = strings.Cut(f[1], "?")
	}
	return head, path, nil
}

// readRequestBody reads a body by Content-Length or chunk by chunk, and returns it as it came.
func readRequestBody(in *bufio.Reader, head string) (string, error) {
	length := 0
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch strings.ToLower(name) {
		case "content-length":
			length, _ = strconv.Atoi(value)
		case "transfer-encoding":
			return readRequestChunks(in)
		}
	}
	b := make([]byte, length)
	_, err := io.ReadFull(in, b)
	return string(b), err
}

// readRequestChunks returns the data of a chunked body; where one chunk ends and the next begins is the proxy's choice.
func readRequestChunks(in *bufio.Reader) (string, error) {
	var b strings.Builder
	b.WriteString("[chunked]")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return "", err
		}
		if _, err := io.CopyN(&b, in, n); err != nil {
			return "", err
		}
		if _, err := in.ReadString('\n'); err != nil || n == 0 {
			return b.String(), err
		}
	}
}
