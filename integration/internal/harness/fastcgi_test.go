package harness

import (
	"strings"
	"testing"
)

// TestFastCGI: a request with its records in order is understood, another one is an error; a reply has the records that its
// text asks for.
func TestFastCGI(t *testing.T) {
	begin := FastCGIRecord(fcgiBegin, "\x00\x01\x01\x00\x00\x00\x00\x00")
	params := FastCGIRecord(fcgiParams, "\x0b\x02SCRIPT_NAME/a\x01\x80\x00\x00\x80V"+strings.Repeat("v", 128))
	request := begin + params + FastCGIRecord(fcgiParams, "") + FastCGIRecord(fcgiStdin, "bo") + FastCGIRecord(fcgiStdin, "dy") + FastCGIRecord(fcgiStdin, "")
	q, err := ReadFastCGI(strings.NewReader(request))
	if want := "keep=true\nSCRIPT_NAME=/a\nV=" + strings.Repeat("v", 128) + "\n\nbody"; err != nil || q.String() != want || q.path() != "/a" {
		t.Errorf("%v %v", q, err)
	}
	for _, wrong := range []string{
		"", request[:len(request)-1], params, begin + begin, begin + FastCGIRecord(fcgiStdin, ""), "\x02" + request[1:],
		begin + FastCGIRecord(fcgiParams, "\x05\x00ab") + FastCGIRecord(fcgiParams, ""),
	} {
		if q, err := ReadFastCGI(strings.NewReader(wrong)); err == nil {
			t.Errorf("%q: %v", wrong, q)
		}
	}
	for text, want := range map[string]string{
		"A: b":                   FastCGIAnswer("A: b"),
		"%%STDERR%%oops%%OPEN%%": "\x01\x07\x00\x01\x00\x04\x04\x00oops\x00\x00\x00\x00",
		"A%%STDOUT%%B%%PAUSE_5%%C%%RAW%%\x02%%OPEN%%": FastCGIRecord(fcgiStdout, "A") + FastCGIRecord(fcgiStdout, "B") + "%%PAUSE_5%%" + FastCGIRecord(fcgiStdout, "C") + "\x02",
	} {
		if got := string(fastCGIReply([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
