package harness

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Request is what a client does on one connection.
type Request struct {
	// Name tells it from the others of its case: the table row, or the name of the file.
	Name string
	// Port is the number in %%PORT_n%%, 1 for %%PORT%%.
	Port int
	// TLS is how to speak TLS, nil for plain TCP.
	TLS *TLSClient
	// Preface is sent before the TLS handshake: a PROXY protocol header.
	Preface string
	// Parts are the texts to send. Before each but the first, the client waits for the answers to those before it.
	Parts []Part
	// Answers is how many final responses end the exchange; the client then closes its side.
	Answers int
	// Times has the transcript say when what came.
	Times bool
	// Abort has the client close at once after the last part, without waiting for an answer.
	Abort bool
	// Reset has an abort reset the connection.
	Reset bool
	// Limit bounds the exchange where it is longer than exchangeLimit.
	Limit time.Duration
}

// A Part is text that is sent in one write.
type Part struct {
	// Text has placeholders and plain newlines; wire makes bytes of it.
	Text string
	// Pause is how long the client waits before it sends the part, after the rest of what it waits for. Above zero it also waits
	// until the server has read what was sent before.
	Pause time.Duration
	// Answers, Interim and Bytes say what the client waits for before it sends the part: so many final responses, 1xx
	// responses, bytes after an upgrade, counted from the start of the connection.
	Answers, Interim, Bytes int
	// Ended has the client wait for the end of what the server sends.
	Ended bool
}

// TLSClient is how a client speaks TLS. Certificates of servers are reported, not verified.
type TLSClient struct {
	// ServerName is sent as SNI; empty for none.
	ServerName string
	// Certificate names a client certificate of the folder certs: client for certs/client.pem. Empty for none.
	Certificate string
	// MaxVersion is 1.2 or empty.
	MaxVersion string
	// Protocols are offered by ALPN.
	Protocols []string
}

// methodsOf finds the methods of the requests in what a client sends, for a response to HEAD has no body.
var methodsOf = regexp.MustCompile(`(?m)^([A-Za-z]+) [^ \r\n]+ HTTP/[0-9.]+\r?$`)

// lines returns the request lines the client sends as they stand in an access log.
func (r *Request) lines() []string {
	var lines []string
	for _, p := range r.Parts {
		// One that is not in order, too.
		first, _, _ := bytes.Cut(wire(p.Text), []byte("\r\n"))
		lines = append(lines, logged(first))
		for _, m := range methodsOf.FindAll(wire(p.Text), -1) {
			lines = append(lines, logged(bytes.TrimSuffix(m, []byte("\r"))))
		}
	}
	return lines
}

// logged escapes what a log line may not have, in the default way of log_format.
func logged(text []byte) string {
	var b strings.Builder
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// parseRow reads a request from a row of a table:
//
//	[times] [port=N] [tls] [sni=NAME] [cert=NAME] [max=1.2] METHOD TARGET [HTTP/1.0] [| Name: value]... [| = body]
//
// Host (localhost) and Connection (close) are added, unless the row has them; `| -Host` leaves one out. `| = body` adds
// Content-Length.
func parseRow(line string) (Request, error) {
	r := Request{Name: line, Port: 1, Answers: 1}
	cells := strings.Split(line, " | ")
	words := strings.Fields(cells[0])
	for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == "tls" || words[0] == "times") {
		if err := r.option(words[0]); err != nil {
			return r, err
		}
		words = words[1:]
	}
	if len(words) < 2 || len(words) > 3 {
		return r, fmt.Errorf("want METHOD TARGET [HTTP/x.y]")
	}
	version := "HTTP/1.1"
	if len(words) == 3 {
		version = words[2]
	}
	lower := strings.ToLower(line)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\n", words[0], words[1], version)
	if !strings.Contains(lower, "| host:") && !strings.Contains(lower, "| -host") {
		b.WriteString("Host: localhost\n")
	}
	body := ""
	for _, cell := range cells[1:] {
		cell = strings.TrimSpace(cell)
		if text, ok := strings.CutPrefix(cell, "= "); ok {
			body = text
			b.WriteString("Content-Length: %%LEN%%\n")
		} else if !strings.HasPrefix(cell, "-") {
			b.WriteString(cell + "\n")
		}
	}
	if version == "HTTP/1.1" && !strings.Contains(lower, "| connection:") && !strings.Contains(lower, "| -connection") {
		b.WriteString("Connection: close\n")
	}
	b.WriteString("\n" + body + "%%END%%")
	r.Parts = []Part{{Text: b.String()}}
	return r, nil
}

// parseScript reads a request that is written out. Lines that start with @ are instructions, all others are sent:
//
//	@port N, @tls, @sni NAME, @cert NAME, @max 1.2, @alpn A,B   how to connect
//	@preface TEXT     sent before the TLS handshake, with CR LF
//	@answers N        responses that end the exchange; else one for each part
//	@wait             send what comes next after one more final response
//	@wait-interim     ... after one more 1xx response
//	@wait-bytes N     ... after N more bytes following a 101 response
//	@wait-end         ... after the server has ended its side
//	@pause MS         ... when the server has read what was sent, and after so many milliseconds
//	@times            the transcript says when the head, the parts of the body and the end came, in tenths of a second after
//	                  the last part was sent
//	@abort            close after the last part without waiting
//	@reset            the same, and the server's end is reset
func parseScript(name, text string) (Request, error) {
	r := Request{Name: name, Port: 1}
	answers := 0
	part := Part{}
	cut := func() {
		r.Parts = append(r.Parts, part)
		part.Text, part.Pause = "", 0
	}
	for line := range strings.Lines(text) {
		instruction, ok := strings.CutPrefix(line, "@")
		if !ok {
			part.Text += line
			continue
		}
		word, arg, _ := strings.Cut(strings.TrimSpace(instruction), " ")
		n, _ := strconv.Atoi(arg)
		switch word {
		case "wait":
			cut()
			part.Answers++
		case "wait-interim":
			cut()
			part.Interim++
		case "wait-bytes":
			cut()
			part.Bytes += n
		case "wait-end":
			cut()
			part.Ended = true
		case "pause":
			cut()
			part.Pause = time.Duration(n) * time.Millisecond
		case "answers":
			answers = n
		case "abort":
			r.Abort = true
		case "reset":
			r.Abort, r.Reset = true, true
		case "preface":
			r.Preface = arg + "\n"
		default:
			if err := r.option(word + "=" + arg); err != nil {
				return r, err
			}
		}
	}
	cut()
	r.Answers = part.Answers + 1
	if answers > 0 {
		r.Answers = answers
	}
	return r, nil
}

// option sets what a word like port=2 or tls says.
func (r *Request) option(word string) error {
	key, value, _ := strings.Cut(word, "=")
	if key == "port" {
		n, err := strconv.Atoi(value)
		r.Port = n
		return err
	}
	if key == "times" {
		r.Times = true
		return nil
	}
	if r.TLS == nil {
		r.TLS = &TLSClient{}
	}
	switch key {
	case "tls":
	case "sni":
		r.TLS.ServerName = value
	case "cert":
		r.TLS.Certificate = value
	case "max":
		r.TLS.MaxVersion = value
	case "alpn":
		r.TLS.Protocols = strings.Split(value, ",")
	default:
		return fmt.Errorf("unknown option %q", word)
	}
	return nil
}
