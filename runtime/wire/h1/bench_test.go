package h1

import "testing"

const (
	benchLine   = "GET /1k.html HTTP/1.1\r\n"
	benchHeader = "Host: www.example.com\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
		"Accept-Language: en-US,en;q=0.5\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
		"Connection: keep-alive\r\n" +
		"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n" +
		"\r\n"
	benchComplex = "/static/./css/../images//logo%20large.png?v=3"
)

// parseHeader goes through a header section.
func parseHeader(b []byte, f *HeaderLine) (fields int) {
	for {
		n, st := ParseHeaderLine(b, f, HeaderOptions{})
		if st != OK {
			return fields
		}
		b = b[n:]
		fields++
	}
}

func TestAllocs(t *testing.T) {
	line, header, target := []byte(benchLine), []byte(benchHeader), []byte(benchComplex)
	status, host, date := []byte("HTTP/1.1 200 OK\r\n"), []byte("WWW.Example.com:80"), []byte("Sun, 06 Nov 1994 08:49:37 GMT")
	scratch := make([]byte, 0, 256)
	var (
		rl RequestLine
		f  HeaderLine
		p  Path
		sl StatusLine
	)
	if n := testing.AllocsPerRun(100, func() {
		ParseRequestLine(line, &rl)
		if parseHeader(header, &f) != 7 {
			t.Error("fields are missing")
		}
		NormalizePath(scratch, target, true, &p)
		ParseUnsafeURI(scratch, target)
		ParseStatusLine(status, &sl)
		ValidateHost(scratch, host)
		ParseHTTPDate(date)
		AppendHTTPDate(scratch, 784111777)
		AppendCookieDate(scratch, 784111777)
		EscapeURI(scratch, target, ForURI)
		UnescapeURI(scratch, target, UnescapePlain)
		EscapeHTML(scratch, target)
		EscapeJSON(scratch, target)
		ListValue(target, "v", ';')
		ArgValue(target, "v")
		HasToken(target, "v")
		ConnectionOption(target)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseRequestLine(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"short", benchLine},
		{"args", "GET /api/v1/users/1234/orders.json?sort=date&page=3&limit=50 HTTP/1.1\r\n"},
		{"absolute", "GET http://www.example.com/1k.html HTTP/1.1\r\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			in := []byte(c.line)
			var rl RequestLine
			b.ReportAllocs()
			for b.Loop() {
				if _, st := ParseRequestLine(in, &rl); st != OK {
					b.Fatal(st)
				}
			}
		})
	}
}

func BenchmarkParseHeader(b *testing.B) {
	in := []byte(benchHeader)
	var f HeaderLine
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		parseHeader(in, &f)
	}
}

func BenchmarkLookupField(b *testing.B) {
	names := [][]byte{[]byte("Host"), []byte("accept-encoding"), []byte("X-Forwarded-For"), []byte("X-Unknown")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		LookupField(names[i&3])
	}
}

func BenchmarkNormalizePath(b *testing.B) {
	in := []byte(benchComplex)
	dst := make([]byte, 0, len(in))
	var p Path
	b.ReportAllocs()
	for b.Loop() {
		NormalizePath(dst, in, true, &p)
	}
}

func BenchmarkParseStatusLine(b *testing.B) {
	in := []byte("HTTP/1.1 200 OK\r\n")
	var sl StatusLine
	b.ReportAllocs()
	for b.Loop() {
		ParseStatusLine(in, &sl)
	}
}

func BenchmarkValidateHost(b *testing.B) {
	in := []byte("www.example.com:8080")
	b.ReportAllocs()
	for b.Loop() {
		ValidateHost(nil, in)
	}
}

func BenchmarkParseHTTPDate(b *testing.B) {
	in := []byte("Sun, 06 Nov 1994 08:49:37 GMT")
	b.ReportAllocs()
	for b.Loop() {
		ParseHTTPDate(in)
	}
}

func BenchmarkAppendHTTPDate(b *testing.B) {
	buf := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		AppendHTTPDate(buf, 784111777)
	}
}
