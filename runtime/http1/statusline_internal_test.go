package http1

import "testing"

func TestStatusLine(t *testing.T) {
	for code, want := range map[int]string{
		200: "HTTP/1.1 200 OK\r\n", 507: "HTTP/1.1 507 Insufficient Storage\r\n",
		// nginx has no phrases for these: where one stands as the status of a response, it stands alone.
		103: "HTTP/1.1 103 \r\n", 199: "HTTP/1.1 199 \r\n", 599: "HTTP/1.1 599 \r\n", 700: "HTTP/1.1 700 \r\n", 5: "HTTP/1.1 005 \r\n",
	} {
		if got := string(appendStatusLine(nil, code)); got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
}
