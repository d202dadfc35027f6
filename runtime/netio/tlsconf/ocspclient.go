package tlsconf

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// An OCSPClient asks OCSP responders over HTTP/1.0, as RFC 6960, appendix A
// says. It is small enough not to need net/http.
type OCSPClient struct {
	// Dial opens a connection; address is host:port. Nil is package net's; a
	// server with a `resolver` gives one that looks hosts up there.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

var (
	errOCSPInvalid = errors.New("OCSP responder sent invalid response")
	errOCSPClosed  = errors.New("OCSP responder prematurely closed connection")
	errOCSPTimeout = errors.New("OCSP responder timed out")
)

// Fetch sends one request with GET and returns the response's body. The errors
// are nginx's messages.
func (c *OCSPClient) Fetch(ctx context.Context, responder *url.URL, request []byte) ([]byte, error) {
	dial := c.Dial
	if dial == nil {
		var d net.Dialer
		dial = d.DialContext
	}
	port := responder.Port()
	if port == "" {
		port = "80"
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(responder.Hostname(), port))
	if err != nil {
		return nil, ocspError(err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(ocspRequest(responder, request)); err != nil {
		return nil, ocspError(err)
	}
	data, err := io.ReadAll(io.LimitReader(conn, maxOCSPAnswer))
	if err != nil {
		return nil, ocspError(err)
	}
	return parseOCSPAnswer(data)
}

// ocspRequest is the head of the GET request.
func ocspRequest(responder *url.URL, request []byte) []byte {
	path := responder.EscapedPath()
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	encoded := url.QueryEscape(base64.StdEncoding.EncodeToString(request))
	return []byte("GET " + path + encoded + " HTTP/1.0\r\nHost: " + responder.Hostname() + "\r\n\r\n")
}

// parseOCSPAnswer takes the body out of an HTTP response that ended with its
// connection.
func parseOCSPAnswer(data []byte) ([]byte, error) {
	head, body, ok := cutHead(data)
	if !ok {
		return nil, errOCSPClosed
	}
	status, fields, _ := strings.Cut(string(head), "\n")
	status = strings.TrimSuffix(status, "\r")
	version, code, _ := strings.Cut(status, " ")
	if !strings.HasPrefix(version, "HTTP/1.") || code != "200" && !strings.HasPrefix(code, "200 ") {
		return nil, errOCSPInvalid
	}
	for field := range strings.SplitSeq(fields, "\n") {
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		if strings.EqualFold(name, "Content-Type") && !strings.EqualFold(value, "application/ocsp-response") {
			return nil, errors.New(`OCSP responder sent invalid "Content-Type" header: "` + value + `"`)
		}
		if strings.EqualFold(name, "Transfer-Encoding") {
			return nil, errOCSPInvalid
		}
	}
	return body, nil
}

// cutHead splits a response after the empty line; lines may end with a bare LF.
func cutHead(data []byte) (head, body []byte, ok bool) {
	for at := 0; ; {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			return nil, nil, false
		}
		if line := data[at : at+end]; at > 0 && (len(line) == 0 || string(line) == "\r") {
			return data[:at], data[at+end+1:], true
		}
		at += end + 1
	}
}

// ocspError words a failed exchange.
func ocspError(err error) error {
	var failed net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &failed) && failed.Timeout() {
		return errOCSPTimeout
	}
	return err
}
