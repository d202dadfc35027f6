// Package h1test holds the table of requests whose answers were taken from
// nginx 1.31.5: odd request lines, targets, headers, host names, message
// framings and chunked bodies. The tests of the codecs run it against the
// parsers, those of the engine over a connection.
//
// The answers are those of this server, on one line per case of requests.tsv
// (name, status, input, then the values):
//
//	server {
//	    location / {
//	        return 200 "$request_method|$request_uri|$uri|$args|$host|
//	                    $server_protocol|$http_x_test|$request_length";
//	    }
//	    location = /body/ {                # the cases in chunked/
//	        client_max_body_size 100;
//	        proxy_pass http://backend;     # answers 200
//	        add_header X-Body $request_body always;
//	    }
//	}
//
// with the bytes sent at once and the connection left open.
package h1test

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Case is one request and what nginx answers.
type Case struct {
	// Name is "group/what is odd".
	Name string
	// Input is everything the client sends.
	Input string
	// Status is the code of the response, 0 if nginx waits for more.
	Status int
	// Bare: the response has no header, as for HTTP/0.9.
	Bare bool
	// Values is what the server above sees, nil unless Status is 200 and the
	// response has a body.
	Values *Values
	// Body is the decoded body of a case in chunked/ with Status 200.
	Body string
}

// Values are nginx's variables.
type Values struct {
	Method, RequestURI, URI, Args, Host, Protocol, XTest string
	// Length is $request_length.
	Length int
}

//go:embed requests.tsv
var table string

// Cases returns the table.
func Cases() ([]Case, error) {
	var cases []Case
	for i, line := range strings.Split(strings.TrimSuffix(table, "\n"), "\n") {
		c, err := parseCase(strings.Split(line, "\t"))
		if err != nil {
			return nil, fmt.Errorf("requests.tsv:%d: %w", i+1, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func parseCase(cols []string) (c Case, err error) {
	if len(cols) < 3 {
		return c, fmt.Errorf("%d columns", len(cols))
	}
	c.Name = cols[0]
	status, bare := strings.CutSuffix(cols[1], "/0.9")
	c.Bare = bare
	if status != "wait" {
		if c.Status, err = strconv.Atoi(status); err != nil {
			return c, err
		}
	}
	texts := make([]string, len(cols)-2)
	for i, col := range cols[2:] {
		if texts[i], err = strconv.Unquote(col); err != nil {
			return c, fmt.Errorf("column %d: %w", i+3, err)
		}
	}
	c.Input = texts[0]
	switch len(texts) {
	case 1:
	case 2:
		c.Body = texts[1]
	case 9:
		length, err := strconv.Atoi(texts[8])
		if err != nil {
			return c, err
		}
		c.Values = &Values{
			texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], texts[7], length,
		}
	default:
		return c, fmt.Errorf("%d columns", len(cols))
	}
	return c, nil
}
