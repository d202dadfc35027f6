package limits

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// users have the password "password", each in another form.
const users = `
yescrypt:$y$j9T$abcdefghijklmnopqrstu.$HVfVmMMY7RAnAkeXQamvZ4ljXGsNvkHySO1yktkGQc8
sha512:$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/
sha256:$5$saltsalt$gOjOtoMpVhru2uyjeJSEc/JaLQWOXMNmlOnj6T4AtC.
`

// guarded asks for a password, whatever the path but /ping.
const guarded = `
-- server.conf --
large_client_header_buffers 4 128k;
location /x { auth_basic members; auth_basic_user_file users; try_files $uri =404; }
location /ping { return 200 here; }
-- users --` + users

func credentials(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// TestLongPassword: a password that is longer than the C library takes costs nothing, whatever the form of the stored one.
func TestLongPassword(t *testing.T) {
	for _, user := range []string{"sha512", "sha256", "yescrypt"} {
		t.Run(user, func(t *testing.T) {
			beside(t, setup{text: guarded}, 100*time.Millisecond, func(s *site) time.Duration {
				c := s.dial()
				before := s.cpu()
				c.send("GET /x HTTP/1.1\r\nHost: a\r\n" + credentials(user, strings.Repeat("p", 64<<10)) + "\r\nConnection: close\r\n\r\n")
				if got := c.receive(patience); got.status() != 401 {
					t.Errorf("%s: %q", s, got.text())
				}
				return s.cpu() - before
			})
		})
	}
}

// TestPasswordsTakeTurns: eight clients whose passwords are being hashed do not keep another waiting for long, and their
// hashes, of 16 MB each, do not all have memory at the same time.
func TestPasswordsTakeTurns(t *testing.T) {
	const clients, requests = 8, 3
	hash := func(s *site) {
		done := make(chan struct{})
		for range clients {
			c := s.dial()
			go func() {
				defer func() { done <- struct{}{} }()
				for range requests {
					c.send("GET /x HTTP/1.1\r\nHost: a\r\n" + credentials("yescrypt", "wrong") + "\r\n\r\n")
					c.receiveUntil("</html>\r\n", patience)
				}
			}()
		}
		for range clients {
			<-done
		}
	}
	beside(t, setup{text: guarded}, greedSlack, func(s *site) time.Duration {
		longest := s.ping("/ping")
		hashed := make(chan struct{})
		go func() {
			defer close(hashed)
			hash(s)
		}()
		usual := s.usualWait(true)
		<-hashed
		worst := longest()
		if harness.Generosity > 1 { // under the race detector a hash takes so long that one wait says nothing
			return max(usual, worst/10)
		}
		return worst
	})
	within(t, setup{text: guarded}, 96*mb, func(s *site) size {
		return s.growth(func() { hash(s) })
	})
}
