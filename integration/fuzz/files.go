package main

// world is what every configuration serves: files, and what the applications answer.
const world = `
fill: html/big.txt 20000
mkdir: html/none.d
link: html/link.txt a.txt
chmod: html/noperm.txt 000
gzip: html/pre.txt.gz
-- html/index.html --
<html><head></head><body>
<h1>index</h1> a line
</body></html>
-- html/a.txt --
line a
-- html/b.html --
<html><body>b<h1>x</h1></body></html>
-- html/dir/c.txt --
line c, a longer one
-- html/dir/index.html --
dir index
-- html/dir/sub/d.html --
<p>d</p>
-- html/page.shtml --
<!--#set var="x" value="$arg_a" -->[<!--#echo var="x" default="none" -->]<!--#include virtual="/a.txt" -->
<!--#if expr="$arg_a = /b/" -->yes<!--#else -->no<!--#endif --><!--#echo var="uri" encoding="url" -->
-- html/404.html --
not here
-- html/empty.txt --
%%END%%
-- html/noperm.txt --
secret
-- html/.hidden --
hidden
-- html/data.json --
{"a": 1}
-- html/img.png --
%%HEX_89504e470d0a1a0a00ff%%%%END%%
-- html/style.css --
a { color: red }
-- html/up.php --
<?php a ?>
-- html/pre.txt --
plain of pre
-- html/pre.txt.gz --
packed of pre
-- html/sp ace.txt --
space
-- html/x/a.txt --
x a
-- other/a.txt --
other a
-- other/index.html --
other index
-- other/b.html --
other b
-- dav/dav/old.txt --
old
-- users --
user:{PLAIN}pass
-- upstream/len --
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: %%LEN%%
X-Up: yes

a line of length%%END%%
-- upstream/chunked --
HTTP/1.1 200 OK
Content-Type: text/html
Transfer-Encoding: chunked

5
hello
7
 <h1> a
0

-- upstream/unframed --
HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8

<html><body>line a</body></html>%%END%%
-- upstream/headers --
HTTP/1.1 200 Fine
Server: app
Date: Mon, 01 Jan 2024 00:00:00 GMT
Content-Type: text/plain
Cache-Control: max-age=5
Expires: Mon, 01 Jan 2024 00:00:05 GMT
Last-Modified: Tue, 05 Mar 2024 12:34:56 GMT
ETag: "up"
X-Up: one
X-Up: two
x-lower: z
Vary: Accept
Link: </a>; rel=x
Content-Length: 4

head%%END%%
-- upstream/cookies --
HTTP/1.1 200 OK
Set-Cookie: a=1; Path=/; Domain=app.test
Set-Cookie: b=2; path=/x; HttpOnly
Content-Length: 2

ck%%END%%
-- upstream/redirect --
HTTP/1.1 302 Moved
Location: http://app.test/next?x=1
Content-Length: 0

-- upstream/relative --
HTTP/1.1 301 Moved
Location: /next
Content-Type: text/plain
Content-Length: 5

moved%%END%%
-- upstream/404 --
HTTP/1.1 404 Nothing
Content-Type: text/plain
Content-Length: 7
X-Up: 404

nothing%%END%%
-- upstream/500 --
HTTP/1.1 500 Oops
Content-Length: 4

oops%%END%%
-- upstream/503 --
HTTP/1.1 503 Busy
Retry-After: 5
Content-Length: 4

busy%%END%%
-- upstream/204 --
HTTP/1.1 204 No Content
X-Up: 204

-- upstream/304 --
HTTP/1.1 304 Not Modified
ETag: "up"

-- upstream/206 --
HTTP/1.1 206 Partial Content
Content-Range: bytes 0-3/10
Content-Length: 4

part%%END%%
-- upstream/gzip --
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Encoding: gzip
Content-Length: %%LEN%%

%%HEX_1f8b08000000000002ffcbc9cc4b5548e40200789c057007000000%%%%END%%
-- upstream/close --
@close
-- upstream/badhead --
nonsense
-- upstream/accel --
HTTP/1.1 200 OK
X-Accel-Redirect: /a.txt
Content-Type: text/x-accel
Set-Cookie: k=v
Content-Length: 3

acc%%END%%
-- upstream/accelbuf --
HTTP/1.1 200 OK
X-Accel-Buffering: no
X-Accel-Charset: koi8-r
X-Accel-Expires: 5
Content-Type: text/html
Content-Length: 3

buf%%END%%
-- upstream/accelname --
HTTP/1.1 404 Accel
X-Accel-Redirect: @named
Content-Length: 3

nam%%END%%
-- upstream/noctype --
HTTP/1.1 200 OK
Content-Length: 4

none%%END%%
-- upstream/html --
HTTP/1.1 200 OK
Content-Type: text/html
Last-Modified: Tue, 05 Mar 2024 12:34:56 GMT
Content-Length: %%LEN%%

<html><head><title>a</title></head><body><h1>line</h1><!--#echo var="uri" --></body></html>
-- upstream/echo --
@echo
-- upstream/trailer --
HTTP/1.1 200 OK
Transfer-Encoding: chunked
Trailer: X-T

3
tra
0
X-T: y

-- upstream/interim --
HTTP/1.1 103 Early Hints
Link: </s.css>; rel=preload

HTTP/1.1 200 OK
Content-Length: 3

int%%END%%
-- upstream/big --
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: %%LEN%%

%%FILL_30000%%%%END%%
-- upstream/zero --
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: 0

-- upstream/bad-chunk --
HTTP/1.1 200 OK
Transfer-Encoding: chunked

zz
abc
0

-- upstream/short --
HTTP/1.1 200 OK
Content-Length: 10

short%%END%%
-- upstream/http10 --
HTTP/1.0 200 OK
Content-Type: text/plain

ten%%END%%
-- upstream/dup --
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Type: text/html
Content-Length: 3

dup%%END%%
-- upstream/conn --
HTTP/1.1 200 OK
Connection: close, X-Up
Keep-Alive: timeout=5
X-Up: 1
Content-Length: 3

con%%END%%
-- upstream/date --
HTTP/1.1 200 OK
Last-Modified: nonsense
Expires: 0
Content-Length: 3

dat%%END%%
-- upstream/ranges --
HTTP/1.1 200 OK
Accept-Ranges: bytes
ETag: "65e71170-6"
Content-Type: text/plain
Content-Length: 10

0123456789%%END%%
-- upstream/latin --
HTTP/1.1 200 OK
Content-Type: text/html; charset=iso-8859-1
Content-Length: 3

%%HEX_e4f6fc%%%%END%%
-- upstream/refresh --
HTTP/1.1 200 OK
Refresh: 3; url=http://app.test/r
Content-Length: 3

ref%%END%%
-- upstream/200 --
HTTP/1.1 200 OK
X-Auth: ok
Content-Length: 0

-- upstream/auth/200 --
HTTP/1.1 200 OK
X-Auth: ok
Content-Length: 0

-- upstream/auth/204 --
HTTP/1.1 204 OK

-- upstream/auth/401 --
HTTP/1.1 401 Who
WWW-Authenticate: Basic realm="up"
Content-Length: 3

who%%END%%
-- upstream/auth/403 --
HTTP/1.1 403 No
Content-Length: 0

-- upstream/auth/404 --
HTTP/1.1 404 No
Content-Length: 0

-- upstream/auth/500 --
HTTP/1.1 500 No
Content-Length: 0

-- upstream2/len --
HTTP/1.1 200 OK
Content-Length: 6

second%%END%%
-- upstream2/headers --
@close
`
